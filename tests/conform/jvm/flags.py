# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes with certificates for access flags (JVMS 4.1, 4.5, 4.6): every combination of those that mean something, of classes, of
fields and of methods, in the versions between which HotSpot's rules change."""
from assembler import ABSTRACT, FINAL, INTERFACE, MODULE, NATIVE, PRIVATE, PROTECTED, PUBLIC, STATIC, SUPER, SYNTHETIC, Class

FORMAT, MISSED = "java/lang/ClassFormatError", "java/lang/NoClassDefFoundError"
ME = "p/Flags"
SYNCHRONIZED, VOLATILE, BRIDGE, TRANSIENT, STRICT, ANNOTATION, ENUM = 0x20, 0x40, 0x40, 0x80, 0x800, 0x2000, 0x4000
OK = ("ok", "")


def combinations(bits):
	for number in range(1 << len(bits)):
		yield sum(bit for at, bit in enumerate(bits) if number >> at & 1)


def visible(flags):
	"""At most one of public, private, protected"""
	return sum(bool(flags & each) for each in (PUBLIC, PRIVATE, PROTECTED)) <= 1


def class_fits(version, flags):
	if flags & INTERFACE and version < 50:
		flags |= ABSTRACT  # as compilers of the time left it out
	if flags & ABSTRACT and flags & FINAL or flags & INTERFACE and not flags & ABSTRACT:
		return False
	if version >= 49:
		return not (flags & (SUPER | ENUM) if flags & INTERFACE else flags & ANNOTATION)
	return True


def field_fits(version, flags, interface):
	if interface:
		shape = PUBLIC | STATIC | FINAL
		banned = PRIVATE | PROTECTED | VOLATILE | TRANSIENT | (ENUM if version >= 49 else 0)
		return flags & (shape | banned) == shape
	return visible(flags) and not (flags & FINAL and flags & VOLATILE)


def method_fits(version, flags, kind):
	strict = STRICT if version <= 60 else 0
	if kind == "interface":
		if version >= 52:
			if flags & (NATIVE | PROTECTED | FINAL | SYNCHRONIZED) or bool(flags & PUBLIC) == bool(flags & PRIVATE):
				return False
			return not (flags & ABSTRACT and flags & (PRIVATE | STATIC | strict))
		banned = STATIC | FINAL | NATIVE
		if version >= 49:
			banned |= PRIVATE | PROTECTED | SYNCHRONIZED | STRICT
		return flags & (PUBLIC | ABSTRACT | banned) == PUBLIC | ABSTRACT
	if not visible(flags):
		return False
	if kind == "constructor":
		return not flags & (STATIC | FINAL | SYNCHRONIZED | NATIVE | ABSTRACT | (BRIDGE if version >= 49 else 0))
	if flags & ABSTRACT:
		return not flags & (FINAL | NATIVE | PRIVATE | STATIC | (SYNCHRONIZED | strict if version >= 49 else 0))
	return True


def shell(version, interface):
	return Class(ME, version=version, access=PUBLIC | ABSTRACT | (INTERFACE if interface else SUPER))


def classes():
	for version in (48, 49, 50, 52, 53, 61):
		for flags in combinations((PUBLIC, FINAL, SUPER, INTERFACE, ABSTRACT, SYNTHETIC, ANNOTATION, ENUM, MODULE)):
			verdict = OK if class_fits(version, flags) else ("define", FORMAT)
			if flags & MODULE and version >= 53:
				verdict = "define", MISSED
			yield f"class in {version}: 0x{flags:04x}", Class(ME, version=version, access=flags).bytes(), verdict


def fields():
	for version in (48, 49, 61):
		for interface in (False, True):
			for flags in combinations((PUBLIC, PRIVATE, PROTECTED, STATIC, FINAL, VOLATILE, TRANSIENT, SYNTHETIC, ENUM)):
				made = shell(version, interface)
				made.field("v", "I", flags)
				fits = field_fits(version, flags, interface)
				yield f"{'interface' if interface else 'class'}'s field in {version}: 0x{flags:04x}", made.bytes(), OK if fits else ("define", FORMAT)


def methods():
	for version in (48, 49, 51, 52, 59, 60, 61):
		for kind in ("method", "constructor", "interface"):
			for flags in combinations((PUBLIC, PRIVATE, PROTECTED, STATIC, FINAL, SYNCHRONIZED, BRIDGE, NATIVE, ABSTRACT, STRICT)):
				made = shell(version, kind == "interface")
				lines = ["aload_0", f"invokespecial {made.parent} <init> ()V", "return"] if kind == "constructor" else ["return"]
				made.method("<init>" if kind == "constructor" else "f", "()V", None if flags & (NATIVE | ABSTRACT) else lines, flags, 1, 1)
				fits = method_fits(version, flags, kind)
				yield f"{kind}'s method in {version}: 0x{flags:04x}", made.bytes(), OK if fits else ("define", FORMAT)


def programs(one_in=1):
	"""yields (note, class, phase, error); one_in: leaves out all but every Nth, and which those are changes from kind to kind"""
	number = 0
	for part in (classes, fields, methods):
		for note, data, (phase, error) in part():
			number += 1
			if number * 0x9e3779b1 % 2 ** 32 * one_in < 2 ** 32:
				yield f"{ME} {note}", data, phase, error

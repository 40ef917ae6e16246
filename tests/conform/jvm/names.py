# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes with certificates for names and descriptors (JVMS 4.2, 4.3): of a class, a field, a method, and of what the constant pool
refers to, in versions 48, where names are Java's identifiers, 49 and 61. Below 49 HotSpot lets a slash stand at either end of a class's
name, though not twice in a row."""
from assembler import NATIVE, PUBLIC, STATIC, Class

FORMAT = "java/lang/ClassFormatError"
ME = "p/Names"
# name: is it one of a class, a field, a method, from version 49 on; and the same before
NAMES = {
	"a": (1, 1, 1, 1, 1, 1), "a-b": (1, 1, 1, 0, 0, 0), "a b": (1, 1, 1, 0, 0, 0), "": (0, 0, 0, 0, 0, 0), "1a": (1, 1, 1, 0, 0, 0),
	"a1": (1, 1, 1, 1, 1, 1), "a.b": (0, 0, 0, 0, 0, 0), "a;b": (0, 0, 0, 0, 0, 0), "a[b": (0, 0, 0, 0, 0, 0), "a/b": (1, 0, 0, 1, 0, 0),
	"/a": (0, 0, 0, 1, 0, 0), "a/": (0, 0, 0, 1, 0, 0), "a//b": (0, 0, 0, 0, 0, 0), "<a>": (1, 1, 0, 0, 0, 0), "a<b": (1, 1, 0, 0, 0, 0),
	"a>b": (1, 1, 0, 0, 0, 0), "<init": (1, 1, 0, 0, 0, 0), "\u00e9": (1, 1, 1, 1, 1, 1), "$": (1, 1, 1, 1, 1, 1), "_": (1, 1, 1, 1, 1, 1),
	"if": (1, 1, 1, 1, 1, 1), "(": (1, 1, 1, 0, 0, 0), ")V": (1, 1, 1, 0, 0, 0), "a/b/c": (1, 0, 0, 1, 0, 0), "p/a-b": (1, 0, 0, 0, 0, 0),
	"\u2028": (1, 1, 1, 0, 0, 0), "\u65e5\u672c": (1, 1, 1, 1, 1, 1), "a\u0301": (1, 1, 1, 1, 1, 1),
}
# descriptor: from 49 on, before
FIELDS = {
	"I": (1, 1), "Z": (1, 1), "V": (0, 0), "": (0, 0), "X": (0, 0), "II": (0, 0), "L;": (0, 0), "Lp/A": (0, 0), "Lp/A;": (1, 1), "Lp/A;I": (0, 0),
	"Lp.A;": (0, 0), "Lp//A;": (0, 0), "L/p;": (0, 1), "Lp/;": (0, 1), "La-b;": (1, 0), "L[I;": (0, 0), "[I": (1, 1), "[V": (0, 0), "[": (0, 0),
	"[Lp/A;": (1, 1), "[" * 255 + "I": (1, 1), "[" * 256 + "I": (0, 0), "[" * 256 + "Lp/A;": (0, 0), "()V": (0, 0), "i": (0, 0), "L<a>;": (1, 0),
}
METHODS = {
	"()V": (1, 1), "()I": (1, 1), "()": (0, 0), "": (0, 0), "(": (0, 0), "I": (0, 0), "(I": (0, 0), "I)V": (0, 0), "(V)V": (0, 0), "(I)VV": (0, 0),
	"(I)X": (0, 0), "(IJFD)Lp/A;": (1, 1), "(L;)V": (0, 0), "(Lp/A)V": (0, 0), "(Lp/A;)V": (1, 1), "(La-b;)V": (1, 0), "()La-b;": (1, 0),
	"([[I)[J": (1, 1), "([V)V": (0, 0), "(()V)V": (0, 0), "(" + "I" * 255 + ")V": (1, 1), "(" + "I" * 256 + ")V": (0, 0),
	"(" + "J" * 127 + "I)V": (1, 1), "(" + "J" * 128 + ")V": (0, 0), "(" + "[" * 256 + "I)V": (0, 0), "() V": (0, 0),
}


def made(version):
	return Class(ME, version=version)


def names(version):
	old = 3 * (version < 49)
	for name, fits in NAMES.items():
		yield f"class '{name}'", Class(name, version=version).bytes(), fits[old]
		case = made(version)
		case.field(name, "I")
		yield f"field '{name}'", case.bytes(), fits[old + 1]
		case = made(version)
		case.method(name, "()V", None, PUBLIC | STATIC | NATIVE)
		yield f"method '{name}'", case.bytes(), fits[old + 2]
		case = made(version)
		case.klass(name)
		yield f"reference to class '{name}'", case.bytes(), fits[old]
		case = made(version)
		case.member(9, "p/A", name, "I")
		yield f"reference to field '{name}'", case.bytes(), fits[old + 1]
		case = made(version)
		case.member(10, "p/A", name, "()V")
		yield f"reference to method '{name}'", case.bytes(), fits[old + 2]


def descriptors(version):
	old = version < 49
	for text, fits in FIELDS.items():
		case = made(version)
		case.field("v", text)
		yield f"field of '{text[:20]}', {len(text)}", case.bytes(), fits[old]
		case = made(version)
		case.member(9, "p/A", "v", text)
		yield f"reference to a field of '{text[:20]}', {len(text)}", case.bytes(), fits[old]
	for text, fits in METHODS.items():
		case = made(version)
		case.method("f", text, None, PUBLIC | STATIC | NATIVE)
		yield f"method of '{text[:20]}', {len(text)}", case.bytes(), fits[old]
	for text in ("(" + "I" * 255 + ")V", "(" + "J" * 127 + "I)V"):
		case = made(version)
		case.method("f", text, None, PUBLIC | NATIVE)
		yield f"method of '{text[:20]}' and this", case.bytes(), False
	for text, fits in (("()V", True), ("()I", False), ("(I)V", True)):
		case = made(version)
		case.member(10, "p/A", "<init>", text)
		yield f"reference to <init> of '{text}'", case.bytes(), fits


def programs():
	"""yields (note, class, phase, error)"""
	for version in (48, 49, 61):
		for part in (names, descriptors):
			for note, data, fits in part(version):
				yield f"{ME} {note} in {version}", data, *(("ok", "") if fits else ("define", FORMAT))

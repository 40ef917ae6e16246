# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes with certificates for what they inherit from (JVMS 4.1, 4.10, 5.3.5, 5.4.3): classes of java.base as superclasses and
interfaces, their final methods overridden or not, members twice, in versions 48, 49, 52 and 61."""
from assembler import ABSTRACT, FINAL, INTERFACE, PRIVATE, PROTECTED, PUBLIC, STATIC, SUPER, Class

CHANGE, FORMAT, MISSED = "java/lang/IncompatibleClassChangeError", "java/lang/ClassFormatError", "java/lang/NoClassDefFoundError"
ACCESS, CIRCLE = "java/lang/IllegalAccessError", "java/lang/ClassCircularityError"
ME, OBJECT = "p/Inheritance", "java/lang/Object"
OK = ""


def build(version, superclass=OBJECT, interfaces=(), access=PUBLIC | SUPER | ABSTRACT, methods=(), fields=(), name=ME):
	made = Class(name, superclass=superclass, version=version, access=access, interfaces=interfaces)
	for method, descriptor, flags in methods:
		made.method(method, descriptor, None if flags & ABSTRACT else ["aconst_null", "areturn"] if descriptor.endswith(";") else ["return"],
			    flags, 1, 4)
	for field, descriptor in fields:
		made.field(field, descriptor)
	return made.bytes()


def above(version):
	face = PUBLIC | INTERFACE | ABSTRACT
	yield "Object above", build(version), OK
	yield "an abstract class above", build(version, "java/util/AbstractList"), OK
	for name in ("java/lang/String", "java/lang/Integer", "java/lang/System", "java/lang/Math"):
		yield f"final {name} above", build(version, name), CHANGE
	yield "an enum above", build(version, "java/lang/Enum"), OK
	for name in ("java/lang/Runnable", "java/util/List", "java/lang/Comparable"):
		yield f"interface {name} above", build(version, name), CHANGE
		yield f"interface {name}", build(version, interfaces=[name]), OK
		yield f"interface {name} of an interface", build(version, interfaces=[name], access=face), OK
	for name in ("java/lang/Thread", OBJECT, "java/lang/String", "java/util/AbstractList"):
		yield f"class {name} as an interface", build(version, interfaces=[name]), CHANGE
	yield "an interface below a class", build(version, "java/lang/Thread", access=face), FORMAT
	yield "nothing above", build(version, None), FORMAT
	yield "an array above", build(version, "[I"), FORMAT
	yield "an array as an interface", build(version, interfaces=["[I"]), FORMAT
	yield "an interface twice", build(version, interfaces=["java/lang/Runnable", "java/lang/Runnable"]), FORMAT
	yield "two interfaces", build(version, interfaces=["java/lang/Runnable", "java/lang/Comparable"]), OK
	yield "nobody knows what is above", build(version, "p/Missing"), MISSED
	yield "nobody knows an interface", build(version, interfaces=["p/Missing"]), MISSED
	yield "itself above", build(version, ME), CIRCLE
	yield "itself as an interface", build(version, interfaces=[ME], access=face), CIRCLE
	yield "package-private class above", build(version, "java/lang/AbstractStringBuilder"), ACCESS
	yield "package-private interface", build(version, interfaces=["java/lang/LiveStackFrame"]), ACCESS
	yield "class of a package that is not exported above", build(version, "jdk/internal/misc/VM"), ACCESS
	yield "sealed interface", build(version, interfaces=["java/lang/constant/ConstantDesc"]), CHANGE


def overriding(version):
	final = ((OBJECT, "notify", "()V"), (OBJECT, "wait", "(J)V"), (OBJECT, "wait", "()V"), (OBJECT, "getClass", "()Ljava/lang/Class;"),
		 ("java/lang/Thread", "stop", "()V"), ("java/lang/Thread", "setPriority", "(I)V"), ("java/lang/Enum", "name", "()Ljava/lang/String;"))
	for owner, name, descriptor in final:
		for flags in (PUBLIC, PROTECTED, PUBLIC | FINAL, 0, PUBLIC | ABSTRACT):
			yield f"final {name}{descriptor} of {owner} by 0x{flags:x}", build(version, owner, methods=[(name, descriptor, flags)]), CHANGE
		for flags in (PRIVATE, PUBLIC | STATIC):  # these override nothing
			yield f"{name}{descriptor} of {owner} hidden by 0x{flags:x}", build(version, owner, methods=[(name, descriptor, flags)]), OK
		yield f"{name} of {owner} with another descriptor", build(version, owner, methods=[(name, "(Lp/Other;)V", PUBLIC)]), OK
	yield "a final method that is private above", build(version, "java/lang/Thread", methods=[("exit", "()V", PUBLIC)]), OK
	yield "a static final method above", build(version, "java/lang/Thread", methods=[("yield", "()V", PUBLIC | STATIC)]), OK


def members(version):
	yield "a method twice", build(version, methods=[("f", "()V", PUBLIC), ("f", "()V", PRIVATE)]), FORMAT
	yield "a method with two descriptors", build(version, methods=[("f", "()V", PUBLIC), ("f", "(I)V", PUBLIC)]), OK
	yield "a field twice", build(version, fields=[("v", "I"), ("v", "I")]), FORMAT
	yield "a field with two descriptors", build(version, fields=[("v", "I"), ("v", "J")]), OK
	yield "a constructor in an interface", build(version, access=PUBLIC | INTERFACE | ABSTRACT, methods=[("<init>", "()V", PUBLIC)]), FORMAT
	yield "a constructor with a result", build(version, methods=[("<init>", "()Ljava/lang/Object;", PUBLIC)]), FORMAT
	yield "an initialiser", build(version, methods=[("<clinit>", "()V", STATIC)]), OK
	yield "an initialiser that is not static", build(version, methods=[("<clinit>", "()V", 0)]), FORMAT if version > 50 else OK
	yield "an initialiser with a parameter", build(version, methods=[("<clinit>", "(I)V", STATIC)]), FORMAT if version > 50 else OK


def programs():
	"""yields (note, class, phase, error)"""
	for version in (48, 49, 52, 61):
		for part in (above, overriding, members):
			for note, data, error in part(version):
				yield f"{ME} {note} in {version}", data, "define" if error else "ok", error

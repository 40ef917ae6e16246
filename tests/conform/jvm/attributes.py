# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes with certificates for what a class is refused for when it is defined, in attributes and constants (JVMS 4.4, 4.7): each thing as it
should be, and with one thing wrong, in versions 52 and 61."""
import struct

from assembler import ABSTRACT, FINAL, PUBLIC, STATIC, SUPER, Class

FORMAT, MISSED = "java/lang/ClassFormatError", "java/lang/NoClassDefFoundError"
ME, OBJECT = "p/Attributes", "java/lang/Object"
OK = ""


def indices(*values):
	return struct.pack(f">{len(values)}H", *values)


def code(made, inner=(), body=b"\xb1"):
	"""A Code attribute, by its octets"""
	data = struct.pack(">HHI", 1, 1, len(body)) + body + indices(0, len(inner)) + b"".join(inner)
	return made.attribute("Code", data)


def with_method(version, attributes):
	"""attributes: makes those of the method f()V from the class"""
	made = Class(ME, version=version)
	made.method("f", "()V", None, PUBLIC | STATIC, attributes=attributes(made))
	return made.bytes()


def with_class(version, attributes, access=PUBLIC | SUPER):
	made = Class(ME, version=version, access=access)
	made.attributes += attributes(made)
	return made.bytes()


def methods(version):
	def one(note, attributes, error):
		return note, with_method(version, attributes), error

	yield one("code", lambda m: [code(m)], OK)
	yield one("no code in it", lambda m: [code(m, body=b"")], FORMAT)
	yield one("code twice", lambda m: [code(m), code(m)], FORMAT)
	yield one("code of another length", lambda m: [m.attribute("Code", struct.pack(">HHI", 1, 1, 1) + b"\xb1" + indices(0, 0) + b"\0")], FORMAT)
	yield one("frames twice", lambda m: [code(m, [m.attribute("StackMapTable", b"\0\0")] * 2)], FORMAT)
	for note, data, error in (("", indices(1, 0, 7), OK), (", outside the code", indices(1, 1, 7), FORMAT), (", cut", indices(2, 0, 7), FORMAT)):
		yield one(f"line numbers{note}", lambda m, data=data: [code(m, [m.attribute("LineNumberTable", data)])], error)
	yield one("exceptions", lambda m: [code(m), m.attribute("Exceptions", indices(1, m.klass("java/lang/Error")))], OK)
	yield one("exceptions: a text", lambda m: [code(m), m.attribute("Exceptions", indices(1, m.utf8("x")))], FORMAT)
	yield one("exceptions: too long", lambda m: [code(m), m.attribute("Exceptions", indices(0, 0))], FORMAT)
	yield one("exceptions twice", lambda m: [code(m)] + [m.attribute("Exceptions", indices(0))] * 2, FORMAT)
	yield one("names of parameters", lambda m: [code(m), m.attribute("MethodParameters", b"\1\0\0\0\0")], OK)
	yield one("names of parameters, too long", lambda m: [code(m), m.attribute("MethodParameters", b"\1\0\0\0\0\0")], FORMAT)
	yield one("names of parameters twice", lambda m: [code(m)] + [m.attribute("MethodParameters", b"\0")] * 2, FORMAT)
	for name in ("RuntimeVisibleAnnotations", "RuntimeInvisibleParameterAnnotations", "AnnotationDefault", "RuntimeVisibleTypeAnnotations"):
		yield one(f"{name} twice", lambda m, name=name: [code(m)] + [m.attribute(name, b"\0\0")] * 2, FORMAT)


def variables(version):
	"""Rows of a LocalVariableTable and of a LocalVariableTypeTable"""
	def one(note, rows, types, error):
		def attributes(m):
			name, other, what = m.utf8("x"), m.utf8("y"), m.utf8("I")
			names = {"x": name, "y": other}
			tables = [(title, [(start, length, names[which], what, local) for start, length, which, local in table])
				  for title, table in (("LocalVariableTable", rows), ("LocalVariableTypeTable", types)) if table]
			return [code(m, [m.attribute(title, indices(len(table)) + b"".join(indices(*row) for row in table)) for title, table in tables])]
		return f"variables: {note}", with_method(version, attributes), error

	yield one("one", [(0, 1, "x", 0)], [], OK)
	yield one("two names", [(0, 1, "x", 0), (0, 1, "y", 0)], [], OK)
	yield one("twice", [(0, 1, "x", 0), (0, 1, "x", 0)], [], FORMAT)
	yield one("behind max_locals", [(0, 1, "x", 1)], [], FORMAT)
	yield one("behind the code", [(0, 2, "x", 0)], [], FORMAT)
	yield one("with its type", [(0, 1, "x", 0)], [(0, 1, "x", 0)], OK)
	yield one("with another's type", [(0, 1, "x", 0)], [(0, 1, "y", 0)], FORMAT)
	yield one("with its type twice", [(0, 1, "x", 0)], [(0, 1, "x", 0)] * 2, FORMAT)
	yield one("a type alone", [], [(0, 1, "x", 0)], OK)


def classes(version):
	def one(note, attributes, error, access=PUBLIC | SUPER):
		return note, with_class(version, attributes, access), error

	def inner(*rows):
		return lambda m: [m.attribute("InnerClasses", indices(len(rows)) + b"".join(
			indices(m.klass(name), m.klass(outer) if outer else 0, 0, flags) for name, outer, flags in rows))]

	yield one("source", lambda m: [m.attribute("SourceFile", indices(m.utf8("x")))], OK)
	yield one("source twice", lambda m: [m.attribute("SourceFile", indices(m.utf8("x")))] * 2, FORMAT)
	yield one("source: too long", lambda m: [m.attribute("SourceFile", indices(m.utf8("x"), 0))], FORMAT)
	yield one("source: a class", lambda m: [m.attribute("SourceFile", indices(m.klass(OBJECT)))], FORMAT)
	yield one("synthetic", lambda m: [m.attribute("Synthetic", b"")], OK)
	yield one("synthetic, with content", lambda m: [m.attribute("Synthetic", b"\0")], FORMAT)
	yield one("an inner class", inner(("p/A", ME, PUBLIC)), OK)
	yield one("an inner class twice", inner(("p/A", ME, PUBLIC), ("p/A", ME, PUBLIC)), FORMAT)
	yield one("an inner class with other flags", inner(("p/A", ME, PUBLIC), ("p/A", ME, 0)), OK)
	yield one("an inner class, final and abstract", inner(("p/A", ME, FINAL | ABSTRACT)), FORMAT)
	yield one("an inner class of itself", inner((ME, ME, PUBLIC)), FORMAT)
	yield one("an inner class of an array", inner(("p/A", "[I", PUBLIC)), FORMAT)
	yield one("an inner module", inner(("p/A", ME, 0x8000)), MISSED if version > 52 else OK)
	yield one("an enclosing method", lambda m: [m.attribute("EnclosingMethod", indices(m.klass("p/A"), 0))], OK)
	yield one("an enclosing method, too short", lambda m: [m.attribute("EnclosingMethod", indices(m.klass("p/A")))], FORMAT)
	yield one("an enclosing method of a text", lambda m: [m.attribute("EnclosingMethod", indices(m.utf8("p/A"), 0))], FORMAT)
	later = FORMAT if version > 54 else OK
	yield one("a nest's host", lambda m: [m.attribute("NestHost", indices(m.klass("p/A")))], OK)
	yield one("a nest's host twice", lambda m: [m.attribute("NestHost", indices(m.klass("p/A")))] * 2, later)
	yield one("a nest's host and members", lambda m: [m.attribute("NestHost", indices(m.klass("p/A"))), m.attribute("NestMembers", indices(0))], later)
	yield one("a nest's members, too long", lambda m: [m.attribute("NestMembers", indices(0, 0))], later)
	later = FORMAT if version > 60 else OK
	yield one("permitted", lambda m: [m.attribute("PermittedSubclasses", indices(1, m.klass("p/A")))], OK)
	yield one("permitted by a final class", lambda m: [m.attribute("PermittedSubclasses", indices(0))], later, PUBLIC | SUPER | FINAL)
	yield one("a component", lambda m: [m.attribute("Record", indices(1, m.utf8("x"), m.utf8("I"), 0))], OK)
	yield one("a component without a name", lambda m: [m.attribute("Record", indices(1, m.utf8("a/b"), m.utf8("I"), 0))], later)
	yield one("a component, cut", lambda m: [m.attribute("Record", indices(1, m.utf8("x"), m.utf8("I"), 0, 0))], later)


def constants(version):
	def one(note, attributes, error):
		return note, with_class(version, attributes), error

	def bootstraps(rows, handle=None, arguments=()):
		def attributes(m):
			m.dynamic(18, 0, "x", "()V")
			method = handle(m) if handle else m.handle(6, m.member(10, ME, "b", "()V"))
			row = indices(method, len(arguments), *(argument(m) for argument in arguments))
			return [m.attribute("BootstrapMethods", indices(rows) + row * rows)] if rows is not None else []
		return attributes

	yield one("a bootstrap method", bootstraps(1), OK)
	yield one("no bootstrap methods", bootstraps(None), FORMAT)
	yield one("too few bootstrap methods", bootstraps(0), FORMAT)
	yield one("a bootstrap method that is a text", bootstraps(1, lambda m: m.utf8("x")), FORMAT)
	yield one("a bootstrap method with an argument", bootstraps(1, None, [lambda m: m.klass(OBJECT)]), OK)
	yield one("a bootstrap method with a text", bootstraps(1, None, [lambda m: m.utf8("x")]), FORMAT)
	for kind, tag, member, error in ((5, 10, "m", OK), (5, 10, "<init>", FORMAT), (8, 10, "<init>", OK), (8, 10, "m", FORMAT), (1, 10, "m", FORMAT),
					 (9, 11, "m", OK), (9, 10, "m", FORMAT), (0, 10, "m", FORMAT), (10, 10, "m", FORMAT), (6, 11, "m", OK)):
		yield one(f"handle of kind {kind} to {member}, {tag}",
			  lambda m, kind=kind, tag=tag, member=member: [] if m.handle(kind, m.member(tag, "p/A", member, "()V")) else [], error)
	for tag in (19, 20):
		yield one(f"constant {tag}", lambda m, tag=tag: [] if m.constant(struct.pack(">BH", tag, m.utf8("a"))) else [], FORMAT)


def programs():
	"""yields (note, class, phase, error)"""
	for version in (52, 61):
		for part in (methods, variables, classes, constants):
			for note, data, error in part(version):
				yield f"{ME} {part.__name__} in {version}: {note}", data, "define" if error else "ok", error

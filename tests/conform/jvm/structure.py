# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes with certificates for the rules that single instructions do not show: switches, tables of exceptions, frames and
variables, instructions cut or unknown, constructors, protected members, limits (JVMS 4.9.1, 4.10.1, 4.7.3 to 4.7.13). Each is made in
versions 48, 49, 52 and 61, with 0 to 9 nops before it, so that no rule depends on where it is."""
import struct

from assembler import ABSTRACT, PUBLIC, STATIC, Class

VERIFY, FORMAT = "java/lang/VerifyError", "java/lang/ClassFormatError"
ME, OBJECT = "p/Structure", "java/lang/Object"
OK, BAD, CUT = ("ok", ""), ("link", VERIFY), ("link", FORMAT)


class Maker:
	"""One version and one number of nops"""

	def __init__(self, version, nops):
		self.version, self.nops = version, nops
		self.new = version > 50

	def code(self, lines, stack=4, locals=4, descriptor="()V", frames=None, handlers=(), made=None, name="f", access=PUBLIC | STATIC):
		made = made or self.shell()
		lines = ["nop"] * self.nops + lines
		made.method(name, descriptor, lines, access, stack, locals, frames if self.new else None, handlers)
		return made.bytes()

	def shell(self, **rest):
		made = Class(ME, version=self.version, **rest)
		made.method("<init>", "()V", ["aload_0", f"invokespecial {made.parent} <init> ()V", "return"], PUBLIC, 1, 1)
		made.field("v", "I")
		return made

	def words(self, *values):
		"""s4 values as octets"""
		return [".byte " + " ".join(str(octet) for octet in struct.pack(f">{len(values)}i", *values))]

	def switch(self, opcode, *values, ahead=None, padding=0):
		"""A switch octet by octet, behind iconst_0; its default, if it is not among the values, is the instruction behind"""
		at = self.nops + 1
		pads = -(at + 1) % 4
		size = 1 + pads + 4 * (len(values) + 1)
		lines = ["iconst_0", f".byte {opcode}"] + [f".byte {padding}"] * pads
		return [*lines, *self.words(size if ahead is None else ahead, *values), "end:", "return"]

	def attribute(self, name, data, code=b"\xb1", handlers=b""):
		"""A method whose Code has one attribute, given by its octets"""
		made = self.shell()
		code = bytes(self.nops) + code
		body = struct.pack(">HHI", 4, 4, len(code)) + code + struct.pack(">H", len(handlers) // 8) + handlers
		body += struct.pack(">H", 1) + made.attribute(name, data(made) if callable(data) else data)
		made.method("f", "()V", None, PUBLIC | STATIC, attributes=[made.attribute("Code", body)])
		return made.bytes()


def switches(m):
	def one(note, verdict, opcode, *values, **rest):
		lines = m.switch(opcode, *values, **rest)
		return f"{note}", m.code(lines, frames=[("end", [], [])]), verdict

	def size(count):
		return 1 + -(m.nops + 2) % 4 + 4 * (count + 1)

	yield one("tableswitch", OK, 0xaa, 0, 0, size(3))
	yield one("tableswitch, low above high", BAD, 0xaa, 1, 0, size(3))
	yield one("tableswitch, all keys there are", BAD, 0xaa, -2 ** 31, 2 ** 31 - 1, size(3))
	yield one("tableswitch, more keys than code", BAD, 0xaa, 0, 1000, size(3))
	yield one("tableswitch, a target outside", BAD, 0xaa, 0, 0, 1000)
	yield one("tableswitch, a target inside an instruction", BAD, 0xaa, 0, 0, 1)
	yield one("tableswitch, default outside", BAD, 0xaa, 0, 0, size(3), ahead=-1000)
	yield one("lookupswitch", OK, 0xab, 2, 1, size(5), 7, size(5))
	yield one("lookupswitch, nothing but default", OK, 0xab, 0)
	yield one("lookupswitch, keys out of order", BAD, 0xab, 2, 7, size(5), 1, size(5))
	yield one("lookupswitch, a key twice", BAD, 0xab, 2, 7, size(5), 7, size(5))
	yield one("lookupswitch, fewer than no keys", BAD, 0xab, -1)
	yield one("lookupswitch, more keys than code", BAD, 0xab, 100, 1, size(5))
	yield one("lookupswitch, default outside", BAD, 0xab, 0, ahead=1000)
	yield from padding(m)


def padding(m):
	pads = -(m.nops + 2) % 4
	lines = m.switch(0xaa, 0, 0, 1 + pads + 16, padding=1)
	if pads:
		yield "padding", m.code(lines, frames=[("end", [], [])]), OK if m.version > 50 else BAD


def instructions(m):
	deep = "[" * 255 + "I"
	yield "anewarray, 255 dimensions and one", m.code(["iconst_1", f"anewarray {deep}", "pop", "return"]), BAD
	yield "anewarray, 255 dimensions", m.code(["iconst_1", f"anewarray {deep[1:]}", "pop", "return"]), OK
	yield "multianewarray of no array", m.code(["iconst_1", f"multianewarray {OBJECT} 1", "pop", "return"]), BAD
	yield "multianewarray of fewer dimensions", m.code(["iconst_1", "iconst_1", "multianewarray [I 2", "pop", "return"]), BAD
	yield "multianewarray of 0", m.code(["multianewarray [[I 0", "pop", "return"]), BAD
	yield "new of an array", m.code(["new [I", "pop", "return"]), BAD
	for type_ in (0, 3, 12, 255):
		yield f"newarray {type_}", m.code(["iconst_1", f"newarray {type_}", "pop", "return"]), BAD
	for opcode in (202, 203, 220, 254, 255):
		yield f"opcode {opcode}", m.code([f".byte {opcode}", "return"]), BAD
	yield "wide of iadd", m.code([".byte 0xc4 0x60 0 0", "return"]), BAD
	yield "wide of wide", m.code([".byte 0xc4 0xc4 0x15 0", "return"]), BAD
	yield "cut in an operand", m.code(["return", "sipush 1", "pop", ".byte 0x11 0"], frames=[(m.nops + 1, [], [])]), BAD
	yield "goto into an operand", m.code([f"goto {m.nops + 4}", "sipush 1", "pop", "return"], frames=[(m.nops + 3, [], [])]), BAD
	yield "goto out of the code", m.code(["goto 999"]), BAD
	yield "ldc of a name", m.code([".byte 0x12 1", "pop", "return"]), BAD
	yield "ldc outside the pool", m.code([".byte 0x12 255", "pop", "return"]), BAD
	yield "ldc2_w of an int", m.code(["ldc2_w int 5", "pop2", "return"]), BAD
	yield "ldc of a long", m.code(["ldc long 5", "pop2", "return"]), BAD
	yield "ldc_w of a double", m.code(["ldc_w double 5", "pop2", "return"]), BAD
	yield "ldc of a class", m.code([f"ldc class {OBJECT}", "pop", "return"]), OK if m.version > 48 else BAD
	made = m.shell()
	index = made.member(10, OBJECT, "hashCode", "()I")
	yield "getfield of a method", m.code(["aconst_null", f".byte 0xb4 {index >> 8} {index & 255}", "pop", "return"], made=made), BAD
	for note, octets in (("count", "2 0"), ("last octet", "1 1")):
		made = m.shell()
		index = made.member(11, "java/util/List", "size", "()I")
		yield f"invokeinterface, {note}", m.code(["aconst_null", f".byte 0xb9 {index >> 8} {index & 255} {octets}", "pop", "return"], made=made), BAD
	# HotSpot's type checker does not count them, whatever JVMS 4.3.3 says
	yield "256 arguments", m.code(["iconst_0"] * 256 + [f"invokestatic {ME} g ({'I' * 256})V", "return"], stack=300), OK if m.new else BAD
	yield "255 arguments", m.code(["iconst_0"] * 255 + [f"invokestatic {ME} g ({'I' * 255})V", "return"], stack=300), OK
	yield "the end is missing", m.code(["iconst_0", "pop"]), BAD
	yield "behind a return", m.code(["return", "nop", "return"]), BAD if m.new else OK
	yield "wide ret of nothing", m.code(["wide ret 3"]), BAD
	made = m.shell()
	index = made.member(10, ME, "b", "()V")
	yield "invokedynamic of a method", m.code([f".byte 0xba {index >> 8} {index & 255} 0 0", "return"], made=made), BAD
	yield "an int and a reference meet on the stack", m.code(
		["iconst_0", "ifeq other", "iconst_0", "goto end", "other:", "aconst_null", "end:", "pop", "return"],
		frames=[("other", [], []), ("end", [], ["int"])]), BAD
	if m.new:
		made = m.shell()
		index = made.dynamic(18, 0, "x", "()V")
		handle = made.handle(6, made.member(10, ME, "b", "()V"))
		made.attributes.append(made.attribute("BootstrapMethods", struct.pack(">HHH", 1, handle, 0)))
		yield "invokedynamic, last octets", m.code([f".byte 0xba {index >> 8} {index & 255} 0 1", "return"], made=made), BAD


def handlers(m):
	frames = [("catch", [], ["java/lang/Throwable"])]
	body = ["from:", "sipush 1", "pop", "to:", "return", "catch:", "pop", "return"]
	yield "handler", m.code(body, frames=frames, handlers=[("from", "to", "catch", "java/lang/Throwable")]), OK
	yield "handler of anything", m.code(body, frames=frames, handlers=[("from", "to", "catch", None)]), OK
	yield "handler to the end", m.code(body, frames=frames, handlers=[("from", m.nops + 7, "catch", None)]), OK
	yield "handler of a class that is none", m.code(body, frames=frames, handlers=[("from", "to", "catch", OBJECT)]), BAD
	yield "handler from inside an instruction", m.code(body, frames=frames, handlers=[(m.nops + 1, "to", "catch", None)]), CUT
	yield "handler to inside an instruction", m.code(body, frames=frames, handlers=[("from", m.nops + 1, "catch", None)]), CUT
	frames = [(m.nops, [], ["java/lang/Throwable"]), ("catch", [], ["java/lang/Throwable"])]
	yield "handler inside an instruction", m.code(body, frames=frames, handlers=[("from", "to", m.nops + 1, None)]), CUT
	if m.new:
		yield "handler without a frame", m.code(body, frames=[], handlers=[("from", "to", "catch", None)]), BAD
		yield "handler's frame of another class", m.code(body, frames=[("catch", [], ["java/lang/Error"])], handlers=[("from", "to", "catch", "java/lang/Exception")]), BAD
		yield "handler's frame with a local that is not set", m.code(
			body, frames=[("catch", ["int"], ["java/lang/Throwable"])], handlers=[("from", "to", "catch", None)]), BAD
	lines = ["iconst_0", "istore_0", "from:", "fconst_0", "fstore_0", "nop", "to:", "return", "catch:", "pop", "iload_0", "pop", "return"]
	yield "local lost inside the range", m.code(lines, frames=[("catch", ["int"], ["java/lang/Throwable"])],
						     handlers=[("from", "to", "catch", None)]), BAD
	yield "throw of an array", m.code(["iconst_1", "newarray 10", "athrow"]), BAD
	yield "throw of no Throwable", m.code(["ldc string x", "athrow"]), BAD
	yield "catch of no Throwable that is not reached", m.code(body, frames=[("catch", [], ["java/lang/Throwable"])],
								  handlers=[("from", "to", "catch", "java/lang/String")]), BAD


def constructors(m):
	def constructor(lines, frames=None, handlers=()):
		made = Class(ME, version=m.version)
		made.field("v", "I")
		return m.code(lines, 4, 4, "()V", frames, handlers, made, "<init>", PUBLIC)

	call = f"invokespecial {OBJECT} <init> ()V"
	yield "constructor that never ends", constructor(["top:", "goto top"], [("top", ["uninitializedThis"], [])]), OK
	if m.new:
		# before the call the handler finds this uninitialized, behind it not: no frame fits both
		for end in ("athrow", "return"):
			yield f"super() in a try block whose handler ends in {end}", constructor(
				["from:", "aload_0", call, "to:", "return", "catch:", *["pop"] * (end == "return"), end],
				[("catch", ["uninitializedThis"], ["java/lang/Throwable"])], [("from", "to", "catch", None)]), BAD
	lines = ["new java/util/AbstractList", "dup", "invokespecial java/util/AbstractList <init> ()V", "pop", "return"]
	yield "protected constructor of another package's class", m.code(lines), OK  # for whoever resolves it
	yield "protected constructor of the superclass, for an object of that", m.code(
		lines, made=m.shell(superclass="java/util/AbstractList", access=PUBLIC | ABSTRACT | 0x20)), BAD
	yield "loop over an object that is not constructed", m.code(
		[f"new {OBJECT}", "astore_0", "top:", "iconst_0", "ifne top", "aload_0", call, "return"],
		frames=[("top", [f"new {m.nops}"], [])]), OK
	yield "uninitialized of a frame is another new's", m.code(
		[f"new {OBJECT}", "astore_0", f"new {OBJECT}", "astore_1", "iconst_0", "ifne end", "end:", "aload_0", call, "return"],
		frames=[("end", [f"new {m.nops + 4}"], [])]), BAD if m.new else OK


def accesses(m):
	"""Protected members of java.lang.Object, for receivers of this class and of others"""
	for name, descriptor in (("clone", "()Ljava/lang/Object;"), ("finalize", "()V")):
		drop = ["pop"] if descriptor != "()V" else []
		yield f"{name} of a String", m.code(["ldc string x", f"invokevirtual {OBJECT} {name} {descriptor}", *drop, "return"]), BAD
		yield f"{name} of null", m.code(["aconst_null", f"invokevirtual {OBJECT} {name} {descriptor}", *drop, "return"]), OK
		yield f"{name} of this class", m.code(
			[f"new {ME}", "dup", f"invokespecial {ME} <init> ()V", f"invokevirtual {OBJECT} {name} {descriptor}", *drop, "return"]), OK
	yield "clone of an array", m.code(["iconst_1", "newarray 10", f"invokevirtual {OBJECT} clone ()Ljava/lang/Object;", "pop", "return"]), OK
	yield "finalize of an array", m.code(["iconst_1", "newarray 10", f"invokevirtual {OBJECT} finalize ()V", "return"]), BAD
	yield "invokespecial on a stranger", m.code(["ldc string x", f"invokespecial {OBJECT} hashCode ()I", "pop", "return"]), BAD
	yield "invokespecial of a class that is none above", m.code(["aconst_null", "invokespecial java/lang/String length ()I", "pop", "return"]), BAD
	if m.new:
		for owner, verdict in (("java/util/Collection", BAD), ("java/util/List", OK)):
			made = m.shell(interfaces=["java/util/List"], access=PUBLIC | ABSTRACT | 0x20)
			yield f"invokespecial of {owner}", m.code(["aload_0", f"invokespecial interface {owner} size ()I", "pop", "return"],
								  made=made, access=PUBLIC), verdict


def tables(m):
	"""Frames and variables, octet by octet. Below version 50 nobody reads frames."""
	def frames(note, data, bad=CUT):
		return f"frames: {note}", m.attribute("StackMapTable", data), bad if m.new else OK

	behind = struct.pack(">B", m.nops)
	yield frames("none", b"\0\0", OK)
	yield frames("one", b"\0\1" + behind, OK)
	yield frames("a reserved kind", b"\0\1\x80\0\0")
	yield frames("another reserved kind", b"\0\1\xf6\0\0")
	yield frames("too few", b"\0\2" + behind)
	yield frames("too many", b"\0\0" + behind)
	yield frames("cut", b"\0\1\xff\0")
	yield frames("an unknown type", b"\0\1\xff" + struct.pack(">HH", m.nops, 1) + b"\x09\0\0")
	yield frames("no class", b"\0\1\xff" + struct.pack(">HH", m.nops, 1) + b"\x07\xff\xff\0\0")
	yield frames("a text, no class", b"\0\1\xff" + struct.pack(">HH", m.nops, 1) + b"\x07\0\1\0\0")
	yield frames("no new there", b"\0\1\xff" + struct.pack(">HH", m.nops, 1) + b"\x08\0\0\0\0")
	yield frames("more locals than there are", b"\0\1\xff" + struct.pack(">HH", m.nops, 5) + bytes(5) + b"\0\0")
	yield frames("more stack than there is", b"\0\1\xff" + struct.pack(">HHH", m.nops, 0, 5) + bytes(5))
	yield frames("behind the code", b"\0\1\xfb" + struct.pack(">H", m.nops + 1), BAD)
	yield frames("chopped from nothing", b"\0\1\xfa" + struct.pack(">H", m.nops))
	if m.new:
		yield "frames: inside an instruction", m.attribute("StackMapTable", b"\0\1" + struct.pack(">B", m.nops + 1), b"\x11\0\1\x57\xb1"), BAD
	variables = struct.pack(">H", 1)
	for note, start, length, verdict in (("whole", 0, m.nops + 5, OK), ("from inside an instruction", m.nops + 1, 1, CUT),
					     ("to inside an instruction", 0, m.nops + 1, CUT)):
		yield f"variables: {note}", m.attribute(
			"LocalVariableTable", lambda made, start=start, length=length: variables + struct.pack(
				">HHHHH", start, length, made.utf8("x"), made.utf8("I"), 0), b"\x11\0\1\x57\xb1"), verdict if m.new else OK


def programs():
	"""yields (note, class, phase, error)"""
	for version in (48, 49, 52, 61):
		for nops in range(10):
			maker = Maker(version, nops)
			for part in (switches, instructions, handlers, constructors, accesses, tables):
				for note, data, (phase, error) in part(maker):
					yield f"{ME} {part.__name__} in {version} at {nops}: {note}", data, phase, error
	for nops in range(30):  # both verifiers refuse it in 50, and the type checker has the word
		for note, data, (phase, error) in padding(Maker(50, nops)):
			yield f"{ME} padding in 50 at {nops}: {note}", data, phase, error

# SPDX-License-Identifier: GPL-2.0-or-later
"""A small assembler of class files, for classes made by hand. It checks nothing: most of what it is for is wrong.

	kid = Class("p/Kid", superclass="p/Parent", version=61)
	kid.method("f", "(I)I", [
		"iload_0", "ifeq end", "new java/lang/Object", "pop",
		"end:", "iload_0", "ireturn",
	], access=STATIC, stack=1, locals=1, frames=[("end", ["int"], [])])
	data = kid.bytes()

Code is a list of lines: 'label:' or an instruction with its operands, labels among them; fields and methods are written
'owner name descriptor', constants for ldc 'int 5', 'long 5', 'float 1.5', 'double 1.5', 'string text' or 'class name'.
'.byte 0xca' puts an octet. A switch is 'tableswitch low high default label...' or 'lookupswitch default key=label...'.
frames are full frames (label, locals, stack), of the words top int float long double null uninitializedThis, 'new LABEL', or
a class's name. handlers are (from, to, handler, class or None).
"""
import struct

PUBLIC, PRIVATE, PROTECTED, STATIC, FINAL = 1, 2, 4, 8, 0x10
SUPER, INTERFACE, ABSTRACT, SYNTHETIC, NATIVE, MODULE = 0x20, 0x200, 0x400, 0x1000, 0x100, 0x8000

# The opcodes in order; what follows a name says what it takes: b s octets, v local, j J label (16, 32 bits), c C pool index
# (8, 16 bits), and i d n w t l the odd ones (iinc, invokedynamic, multianewarray, wide, tableswitch, lookupswitch).
_TABLE = """
nop aconst_null iconst_m1 iconst_0 iconst_1 iconst_2 iconst_3 iconst_4 iconst_5 lconst_0 lconst_1 fconst_0 fconst_1 fconst_2
dconst_0 dconst_1 bipush:b sipush:s ldc:c ldc_w:C ldc2_w:C iload:v lload:v fload:v dload:v aload:v iload_0 iload_1 iload_2 iload_3
lload_0 lload_1 lload_2 lload_3 fload_0 fload_1 fload_2 fload_3 dload_0 dload_1 dload_2 dload_3 aload_0 aload_1 aload_2 aload_3
iaload laload faload daload aaload baload caload saload istore:v lstore:v fstore:v dstore:v astore:v istore_0 istore_1 istore_2
istore_3 lstore_0 lstore_1 lstore_2 lstore_3 fstore_0 fstore_1 fstore_2 fstore_3 dstore_0 dstore_1 dstore_2 dstore_3 astore_0
astore_1 astore_2 astore_3 iastore lastore fastore dastore aastore bastore castore sastore pop pop2 dup dup_x1 dup_x2 dup2 dup2_x1
dup2_x2 swap iadd ladd fadd dadd isub lsub fsub dsub imul lmul fmul dmul idiv ldiv fdiv ddiv irem lrem frem drem ineg lneg fneg
dneg ishl lshl ishr lshr iushr lushr iand land ior lor ixor lxor iinc:i i2l i2f i2d l2i l2f l2d f2i f2l f2d d2i d2l d2f i2b i2c i2s
lcmp fcmpl fcmpg dcmpl dcmpg ifeq:j ifne:j iflt:j ifge:j ifgt:j ifle:j if_icmpeq:j if_icmpne:j if_icmplt:j if_icmpge:j if_icmpgt:j
if_icmple:j if_acmpeq:j if_acmpne:j goto:j jsr:j ret:v tableswitch:t lookupswitch:l ireturn lreturn freturn dreturn areturn return
getstatic:f putstatic:f getfield:f putfield:f invokevirtual:m invokespecial:m invokestatic:m invokeinterface:I invokedynamic:d
new:k newarray:b anewarray:k arraylength athrow checkcast:k instanceof:k monitorenter monitorexit wide:w multianewarray:n ifnull:j
ifnonnull:j goto_w:J jsr_w:J
"""
OPCODES = {word.split(":")[0]: (code, word.partition(":")[2]) for code, word in enumerate(_TABLE.split())}
_TYPES = {"top": 0, "int": 1, "float": 2, "double": 3, "long": 4, "null": 5, "uninitializedThis": 6}


class Class:
	def __init__(self, name, superclass="java/lang/Object", version=61, access=PUBLIC | SUPER, interfaces=()):
		self.pool, self.index, self.slots = [], {}, 1
		self.version, self.access = version, access
		self.fields, self.methods, self.attributes = [], [], []
		self.name, self.parent = name, superclass
		self.this = self.klass(name)
		self.super = self.klass(superclass) if superclass else 0
		self.interfaces = [self.klass(each) for each in interfaces]

	# ---- the constant pool: each returns an index
	def constant(self, data, slots=1):
		if data not in self.index:
			self.index[data] = self.slots
			self.pool.append(data)
			self.slots += slots
		return self.index[data]

	def utf8(self, text):
		data = text.encode() if isinstance(text, str) else text
		return self.constant(struct.pack(">BH", 1, len(data)) + data)

	def klass(self, name):
		return self.constant(struct.pack(">BH", 7, self.utf8(name)))

	def name_type(self, name, descriptor):
		return self.constant(struct.pack(">BHH", 12, self.utf8(name), self.utf8(descriptor)))

	def member(self, tag, owner, name, descriptor):
		"""tag: 9 a field, 10 a method, 11 an interface's method"""
		return self.constant(struct.pack(">BHH", tag, self.klass(owner), self.name_type(name, descriptor)))

	def handle(self, kind, reference):
		return self.constant(struct.pack(">BBH", 15, kind, reference))

	def method_type(self, descriptor):
		return self.constant(struct.pack(">BH", 16, self.utf8(descriptor)))

	def dynamic(self, tag, bootstrap, name, descriptor):
		"""tag: 17 a constant, 18 a call"""
		return self.constant(struct.pack(">BHH", tag, bootstrap, self.name_type(name, descriptor)))

	def value(self, kind, text):
		if kind == "int":
			return self.constant(struct.pack(">Bi", 3, int(text, 0)))
		if kind == "float":
			return self.constant(struct.pack(">Bf", 4, float(text)))
		if kind == "long":
			return self.constant(struct.pack(">Bq", 5, int(text, 0)), 2)
		if kind == "double":
			return self.constant(struct.pack(">Bd", 6, float(text)), 2)
		if kind == "string":
			return self.constant(struct.pack(">BH", 8, self.utf8(text)))
		if kind == "class":
			return self.klass(text)
		return int(text, 0)  # index N

	# ---- members
	def attribute(self, name, data):
		return struct.pack(">HI", self.utf8(name), len(data)) + data

	def field(self, name, descriptor, access=PUBLIC, attributes=()):
		self.fields.append(struct.pack(">HHHH", access, self.utf8(name), self.utf8(descriptor), len(attributes)) + b"".join(attributes))

	def method(self, name, descriptor, lines=None, access=PUBLIC, stack=4, locals=4, frames=None, handlers=(), attributes=()):
		every = list(attributes)
		if lines is not None:
			code, labels = self.assemble(lines)
			inner = [self.attribute("StackMapTable", self.stack_map(frames, labels))] if frames is not None else []
			table = b""
			for begin, end, handler, caught in handlers:
				table += struct.pack(">HHHH", *(self.place(each, labels) for each in (begin, end, handler)), self.klass(caught) if caught else 0)
			data = struct.pack(">HHI", stack, locals, len(code)) + code
			data += struct.pack(">H", len(handlers)) + table + struct.pack(">H", len(inner)) + b"".join(inner)
			every.append(self.attribute("Code", data))
		self.methods.append(struct.pack(">HHHH", access, self.utf8(name), self.utf8(descriptor), len(every)) + b"".join(every))

	def constructor(self, access=PUBLIC):
		self.method("<init>", "()V", ["aload_0", f"invokespecial {self.parent} <init> ()V", "return"], access, 1, 1)

	# ---- code
	@staticmethod
	def place(word, labels):
		return labels[word] if word in labels else int(word, 0) if isinstance(word, str) else word

	def assemble(self, lines):
		labels, code = {}, b""
		for last in (False, True):  # the first pass finds the labels
			code = b""
			for line in lines:
				if line.endswith(":"):
					labels[line[:-1]] = len(code)
				else:
					code += self.instruction(line.split(), len(code), labels, last)
		return code, labels

	def instruction(self, words, at, labels, last):
		name, *rest = words
		if name == ".byte":
			return bytes(int(word, 0) & 255 for word in rest)
		code, kind = OPCODES[name]

		def jump(word):
			return (self.place(word, labels) - at) if last else 0

		if kind == "":
			return bytes([code])
		if kind in "bv":
			return bytes([code, int(rest[0], 0) & 255])
		if kind == "s":
			return struct.pack(">Bh", code, int(rest[0], 0))
		if kind == "c":
			return struct.pack(">BB", code, self.value(*rest))
		if kind == "C":
			return struct.pack(">BH", code, self.value(*rest))
		if kind == "j":
			return struct.pack(">BH", code, jump(rest[0]) & 0xffff)
		if kind == "J":
			return struct.pack(">Bi", code, jump(rest[0]))
		if kind == "f":
			return struct.pack(">BH", code, self.member(9, *rest))
		if kind == "m":
			tag = 10
			if rest[0] == "interface":
				tag, rest = 11, rest[1:]
			return struct.pack(">BH", code, self.member(tag, *rest))
		if kind == "I":
			size = 1 + sum(2 if each in "JD" else 1 for each in arguments(rest[2]))
			return struct.pack(">BHBB", code, self.member(11, *rest), size, 0)
		if kind == "d":
			return struct.pack(">BHH", code, self.dynamic(18, int(rest[0]), *rest[1:]), 0)
		if kind == "k":
			return struct.pack(">BH", code, self.klass(rest[0]))
		if kind == "n":
			return struct.pack(">BHB", code, self.klass(rest[0]), int(rest[1]))
		if kind == "i":
			return struct.pack(">BBb", code, int(rest[0]), int(rest[1]))
		if kind == "w":
			inner = OPCODES[rest[0]][0]
			return struct.pack(">BB", code, inner) + b"".join(struct.pack(">h", int(word, 0)) for word in rest[1:])
		data = bytes([code]) + bytes(-(at + 1) % 4)
		if kind == "t":
			low, high = int(rest[0]), int(rest[1])
			return data + struct.pack(">iii", jump(rest[2]), low, high) + b"".join(struct.pack(">i", jump(word)) for word in rest[3:])
		data += struct.pack(">ii", jump(rest[0]), len(rest) - 1)
		for word in rest[1:]:
			key, label = word.split("=")
			data += struct.pack(">ii", int(key), jump(label))
		return data

	def types(self, words, labels):
		data = struct.pack(">H", len(words))
		for word in words:
			if word in _TYPES:
				data += bytes([_TYPES[word]])
			elif word.startswith("new "):
				data += struct.pack(">BH", 8, self.place(word[4:], labels))
			else:
				data += struct.pack(">BH", 7, self.klass(word))
		return data

	def stack_map(self, frames, labels):
		data, before = struct.pack(">H", len(frames)), -1
		for label, locals, stack in frames:
			at = self.place(label, labels)
			data += struct.pack(">BH", 255, (at - before - 1) & 0xffff) + self.types(locals, labels) + self.types(stack, labels)
			before = at
		return data

	def bytes(self):
		data = struct.pack(">IHH", 0xcafebabe, self.version >> 16, self.version & 0xffff)
		tail = struct.pack(">HHH", self.access, self.this, self.super)
		tail += struct.pack(f">H{len(self.interfaces)}H", len(self.interfaces), *self.interfaces)
		for table in (self.fields, self.methods, self.attributes):
			tail += struct.pack(">H", len(table)) + b"".join(table)
		return data + struct.pack(">H", self.slots) + b"".join(self.pool) + tail


def arguments(descriptor):
	"""The first letter of each parameter's type, '[' for arrays."""
	out, at = [], 1
	while descriptor[at] != ")":
		out.append(descriptor[at])
		while descriptor[at] == "[":
			at += 1
		at = descriptor.index(";", at) + 1 if descriptor[at] == "L" else at + 1
	return out

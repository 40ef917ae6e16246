# SPDX-License-Identifier: GPL-2.0-or-later
"""Straight-line programs with certificates: every instruction with operands that it takes, and then with one that it does not
take, with one too few, with too little room, and with its result taken for something else (JVMS 4.10.1.9, the rule of
each instruction). They hold for both verifiers: each program is made in version 49 and in 61."""
from assembler import OPCODES, PUBLIC, STATIC, Class

VERIFY = "java/lang/VerifyError"
OBJECT, ME = "java/lang/Object", "p/Operands"
# kind: how one is put on the stack (never null: that is an array of anything), the stack this takes, its words, its letter
# for loads and stores
KINDS = {
	"I": (["iconst_1"], 1, 1, "i"), "J": (["lconst_1"], 2, 2, "l"), "F": (["fconst_1"], 1, 1, "f"), "D": (["dconst_1"], 2, 2, "d"),
	"A": (["ldc string x"], 1, 1, "a"), "[I": (["iconst_1", "newarray 10"], 1, 1, "a"), "[J": (["iconst_1", "newarray 11"], 1, 1, "a"),
	"[F": (["iconst_1", "newarray 6"], 1, 1, "a"), "[D": (["iconst_1", "newarray 7"], 1, 1, "a"), "[B": (["iconst_1", "newarray 8"], 1, 1, "a"),
	"[C": (["iconst_1", "newarray 5"], 1, 1, "a"), "[S": (["iconst_1", "newarray 9"], 1, 1, "a"), "[Z": (["iconst_1", "newarray 4"], 1, 1, "a"),
	"[A": (["iconst_1", f"anewarray {OBJECT}"], 1, 1, "a"), "M": ([f"new {ME}", "dup", f"invokespecial {ME} <init> ()V"], 2, 1, "a"),
}
ARRAYS = [kind for kind in KINDS if kind[0] == "["]
DESCRIPTORS = {"I": "I", "J": "J", "F": "F", "D": "D", "A": f"L{OBJECT};", "M": f"L{ME};", **{kind: kind for kind in ARRAYS if kind != "[A"},
	       "[A": f"[L{OBJECT};"}


def split(text):
	"""'[II' -> ['[I', 'I']"""
	out = []
	while text:
		size = 2 if text[0] == "[" else 1
		out.append(text[:size])
		text = text[size:]
	return out


def table():
	"""yields (instruction, what it takes, what it leaves)"""
	for letter, kind in zip("ilfd", "IJFD"):
		for name in ("add", "sub", "mul", "div", "rem"):
			yield letter + name, kind * 2, kind
		yield letter + "neg", kind, kind
	for letter, kind in zip("il", "IJ"):
		for name in ("and", "or", "xor"):
			yield letter + name, kind * 2, kind
		for name in ("shl", "shr", "ushr"):
			yield letter + name, kind + "I", kind
	for one, first in zip("ilfd", "IJFD"):
		for two, second in zip("ilfd", "IJFD"):
			if one != two:
				yield f"{one}2{two}", first, second
	for name in ("i2b", "i2c", "i2s"):
		yield name, "I", "I"
	for name, kind in (("lcmp", "J"), ("fcmpl", "F"), ("fcmpg", "F"), ("dcmpl", "D"), ("dcmpg", "D")):
		yield name, kind * 2, "I"
	for letter, array, value in (("i", "[I", "I"), ("l", "[J", "J"), ("f", "[F", "F"), ("d", "[D", "D"), ("a", "[A", "A"),
				     ("b", "[B", "I"), ("b", "[Z", "I"), ("c", "[C", "I"), ("s", "[S", "I")):
		yield f"{letter}aload", array + "I", value
		yield f"{letter}astore", array + "I" + value, ""
	for name in ("ifeq", "ifne", "iflt", "ifge", "ifgt", "ifle"):
		yield f"{name} next", "I", ""
	for name in ("eq", "ne", "lt", "ge", "gt", "le"):
		yield f"if_icmp{name} next", "II", ""
	for name in ("if_acmpeq", "if_acmpne"):
		yield f"{name} next", "AA", ""
	for name in ("ifnull", "ifnonnull"):
		yield f"{name} next", "A", ""
	yield "tableswitch 0 0 next next", "I", ""
	yield "lookupswitch next 3=next", "I", ""
	yield "newarray 10", "I", "[I"
	yield f"anewarray {OBJECT}", "I", "[A"
	yield "multianewarray [[I 2", "II", "A"
	yield f"checkcast {OBJECT}", "A", "A"
	yield f"instanceof {OBJECT}", "A", "I"
	yield "monitorenter", "A", ""
	yield "monitorexit", "A", ""
	for array in ARRAYS:
		yield "arraylength", array, "I"
	for kind in "IJFDA":
		descriptor = DESCRIPTORS[kind]
		yield f"getstatic {ME} s{kind} {descriptor}", "", kind
		yield f"putstatic {ME} s{kind} {descriptor}", kind, ""
		yield f"getfield {ME} v{kind} {descriptor}", "M", kind
		yield f"putfield {ME} v{kind} {descriptor}", "M" + kind, ""
		yield f"invokestatic {ME} g (I{descriptor}){descriptor}", "I" + kind, kind
		yield f"invokevirtual {ME} h ({descriptor}F){descriptor}", "M" + kind + "F", kind
		yield f"invokeinterface java/util/List k ({descriptor}){descriptor}", "A" + kind, kind


def fits(given, wanted, name):
	"""Does the instruction take this kind for that one?"""
	if given == wanted:
		return True
	if wanted == "A":  # any reference; the interface java.util.List is as good as Object
		return given in ("M", *ARRAYS)
	if name in ("baload", "bastore"):
		return {given, wanted} == {"[B", "[Z"}
	return name == "arraylength" and given in ARRAYS


def program(version, lines, stack, locals, descriptor="()V", frames=None):
	made = Class(ME, version=version)
	made.constructor()
	for kind in "IJFDA":
		made.field("s" + kind, DESCRIPTORS[kind], PUBLIC | STATIC)
		made.field("v" + kind, DESCRIPTORS[kind])
	made.method("f", descriptor, lines, PUBLIC | STATIC, stack, locals, frames)
	return made.bytes()


def pushes(kinds):
	"""The instructions that put these on the stack, how high it gets, and how high it is then"""
	lines, height, most = [], 0, 0
	for kind in kinds:
		put, room, words, _ = KINDS[kind]
		lines += put
		most = max(most, height + room)
		height += words
	return lines, most, height


def takes(version, name, taken, left, less=0, wrong_result=None):
	"""One instruction: its operands, what is done with its result"""
	lines, most, height = pushes(taken)
	lines = [*lines, name]
	frames = [("next", [], [])] if " next" in name else None
	after = ["next:"] if frames else []
	result = split(left)
	room = sum(KINDS[kind][2] for kind in result)
	most = max(most, room)
	for kind in result:
		after.append(f"{KINDS[wrong_result or kind][3]}store 0")
	return program(version, [*lines, *after, "return"], most - less, 2, frames=frames if version > 49 else None)


def instructions(version):
	"""yields (note, class, does it link)"""
	for name, taken, left in table():
		mnemonic, taken = name.split()[0], split(taken)
		yield f"{name}: as it should be", takes(version, name, taken, left), True
		for at, wanted in enumerate(taken):
			for given in KINDS:
				if not fits(given, wanted, mnemonic):
					yield f"{name}: operand {at} is {given}", takes(version, name, [*taken[:at], given, *taken[at + 1:]], left), False
		for at in range(len(taken)):
			yield f"{name}: no operand {at}", takes(version, name, taken[:at] + taken[at + 1:], left), False
		if taken or left:
			yield f"{name}: max_stack", takes(version, name, taken, left, less=1), False
		for given in "IJFDA":
			if left and KINDS[given][3] != KINDS[split(left)[0]][3]:
				yield f"{name}: result taken for {given}", takes(version, name, taken, left, wrong_result=given), False


def loads(version):
	kinds = {"I": "i", "J": "l", "F": "f", "D": "d", "A": "a"}
	for set_, letter in kinds.items():
		words = KINDS[set_][2]
		for got, other in kinds.items():
			for form in ("{} 2", "{}_2", "wide {} 2"):
				put, room, _, _ = KINDS[set_]
				lines = [*put, form.format(f"{letter}store"), form.format(f"{other}load"), "pop2" if KINDS[got][2] == 2 else "pop", "return"]
				yield f"{form.format(letter + 'store')}, {other}load", program(version, lines, 2, 4), got == set_
		for form in ("{} 2", "{}_2", "wide {} 2"):
			yield f"{form.format(letter + 'load')} of nothing", program(version, [form.format(f"{letter}load"), "return"], 2, 4), False
			lines = [*KINDS[set_][0], form.format(f"{letter}store"), "return"]
			yield f"{lines[-2]} beyond max_locals", program(version, lines, 2, 1 + words), False
			yield f"{lines[-2]} at max_locals", program(version, lines, 2, 2 + words), True
		# half of a long or double is overwritten
		if words == 2:
			for at in (1, 2, 3):
				lines = [*KINDS[set_][0], f"{letter}store 2", "iconst_0", f"istore {at}", f"{letter}load 2", "pop2", "return"]
				yield f"istore {at} into {letter}store 2", program(version, lines, 2, 5), at == 1
	yield "iinc of an int", program(version, ["iconst_0", "istore 1", "iinc 1 1", "return"], 1, 2), True
	yield "iinc of a float", program(version, ["fconst_0", "fstore 1", "iinc 1 1", "return"], 1, 2), False
	yield "iinc of nothing", program(version, ["iinc 1 1", "return"], 1, 2), False


def returns(version):
	codes = {"I": "ireturn", "J": "lreturn", "F": "freturn", "D": "dreturn", "A": "areturn", "": "return"}
	for kind, descriptor in {**DESCRIPTORS, "": "V"}.items():
		for given, code in codes.items():
			for value in KINDS if given else [""]:
				if given and KINDS[value][3] != KINDS[given][3]:
					continue
				sound = value == kind or (kind == "A" and given == "A")
				put = KINDS[value][0] if value else []
				yield f"{code} of {value or 'nothing'} for {descriptor}", program(version, [*put, code], 2, 0, f"(){descriptor}"), sound
	for kind in KINDS:
		if KINDS[kind][3] != "a":
			yield f"athrow of {kind}", program(version, [*KINDS[kind][0], "athrow"], 2, 0), False
	yield "athrow of a String", program(version, ["ldc string x", "athrow"], 1, 0), False
	yield "athrow of null", program(version, ["aconst_null", "athrow"], 1, 0), True
	yield "nothing at the end", program(version, ["nop"], 0, 0), False


def shuffles(version):
	"""pop, dup, swap: what they do to values of one word and of two"""
	# name: (the values, top last; sound)
	rows = [("pop", "I", True), ("pop", "J", False), ("pop", "A", True), ("pop", "D", False), ("pop", "", False),
		("pop2", "J", True), ("pop2", "IF", True), ("pop2", "I", False), ("pop2", "JI", False), ("pop2", "AD", True),
		("dup", "I", True), ("dup", "J", False), ("dup", "", False), ("dup", "A", True), ("dup", "D", False),
		("dup_x1", "IF", True), ("dup_x1", "JI", False), ("dup_x1", "IJ", False), ("dup_x1", "I", False), ("dup_x1", "AA", True),
		("dup_x2", "IFA", True), ("dup_x2", "JI", True), ("dup_x2", "IJ", False), ("dup_x2", "JII", False), ("dup_x2", "II", False),
		("dup2", "II", True), ("dup2", "J", True), ("dup2", "I", False), ("dup2", "JI", False), ("dup2", "D", True),
		("dup2_x1", "IFA", True), ("dup2_x1", "IJ", True), ("dup2_x1", "JJ", False), ("dup2_x1", "JII", False), ("dup2_x1", "DI", False),
		("dup2_x2", "IFAI", True), ("dup2_x2", "JII", True), ("dup2_x2", "IIJ", True), ("dup2_x2", "JJ", True), ("dup2_x2", "JIJ", False),
		("swap", "IF", True), ("swap", "IJ", False), ("swap", "JI", False), ("swap", "I", False), ("swap", "AI", True)]
	for name, values, sound in rows:
		lines, most, height = pushes(values)
		grown = {"dup": 1, "dup_": 1, "dup2": 2}.get(name[:4].rstrip("_"), 0)
		yield f"{name} of {values or 'nothing'}", program(version, [*lines, name, "return"], max(most, height + grown), 0), sound
		if sound and grown:
			yield f"{name} of {values}: max_stack", program(version, [*lines, name, "return"], height + grown - 1, 0), False


def objects(version):
	"""Objects that no constructor was called on"""
	raw, me = [f"new {ME}"], KINDS["M"][0]
	rows = [("returned", [*raw, "areturn"], False, f"()L{OBJECT};"), ("constructed and returned", [*me, "areturn"], True, f"()L{OBJECT};"),
		("thrown", [*raw, "athrow"], False, "()V"), ("dropped", [*raw, "pop", "return"], True, "()V"),
		("stored and loaded", [*raw, "astore 0", "aload 0", "pop", "return"], True, "()V"),
		("a receiver", [*raw, f"invokevirtual {OBJECT} hashCode ()I", "pop", "return"], False, "()V"),
		("an argument", [*raw, f"invokestatic {ME} g (L{OBJECT};)V", "return"], False, "()V"),
		("in a field", [*raw, f"putstatic {ME} sA L{OBJECT};", "return"], False, "()V"),
		("with a field", [*raw, f"getfield {ME} vI I", "pop", "return"], False, "()V"),
		("in an array", ["iconst_1", f"anewarray {OBJECT}", "iconst_0", *raw, "aastore", "return"], False, "()V"),
		("cast", [*raw, f"checkcast {OBJECT}", "pop", "return"], False, "()V"),
		("examined", [*raw, f"instanceof {OBJECT}", "pop", "return"], False, "()V"),
		("constructed twice", [*raw, "dup", "dup", f"invokespecial {ME} <init> ()V", f"invokespecial {ME} <init> ()V", "pop", "return"], False, "()V"),
		("constructed by another class", [*raw, f"invokespecial {OBJECT} <init> ()V", "return"], False, "()V"),
		("constructed through a copy", [*raw, "dup", "astore 0", f"invokespecial {ME} <init> ()V", "aload 0", "areturn"], True, f"()L{OBJECT};"),
		("constructed by invokevirtual", [*raw, f"invokevirtual {ME} <init> ()V", "return"], False, "()V"),
		("constructed by invokestatic", [*raw, f"invokestatic {ME} <init> ()V", "pop", "return"], False, "()V"),
		("an array made by new", ["new [I", "pop", "return"], False, "()V")]
	for name, lines, sound, descriptor in rows:
		yield f"new: {name}", program(version, lines, 4, 1, descriptor), sound
	call = [f"invokespecial {OBJECT} <init> ()V"]
	rows = [("plain", ["aload_0", *call, "return"], True), ("without its superclass's", ["return"], False),
		("twice", ["aload_0", *call, "aload_0", *call, "return"], False),
		("this before", ["aload_0", "pop", "aload_0", *call, "return"], True),
		("field set before", ["aload_0", "iconst_0", f"putfield {ME} vI I", "aload_0", *call, "return"], True),
		("field read before", ["aload_0", f"getfield {ME} vI I", "pop", "aload_0", *call, "return"], False),
		("this handed out", ["aload_0", f"putstatic {ME} sA L{OBJECT};", "aload_0", *call, "return"], False),
		("of a class above", ["aload_0", "invokespecial java/lang/String <init> ()V", "return"], False),
		("its own class's", ["aload_0", f"invokespecial {ME} <init> (I)V", "return"], False),
		("with a result", ["aload_0", *call, "iconst_0", "ireturn"], False)]
	for name, lines, sound in rows:
		made = Class(ME, version=version)
		for kind in "IJFDA":
			made.field("s" + kind, DESCRIPTORS[kind], PUBLIC | STATIC)
			made.field("v" + kind, DESCRIPTORS[kind])
		made.method("<init>", "()V", lines, PUBLIC, 4, 1)
		yield f"constructor: {name}", made.bytes(), sound


def programs():
	"""yields (note, class, phase, error)"""
	for version in (49, 61):
		for part in (instructions, loads, returns, shuffles, objects):
			for note, data, sound in part(version):
				yield f"{ME} {part.__name__} in {version}: {note}", data, "ok" if sound else "link", "" if sound else VERIFY

# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes with certificates for what may stand in for what (JVMS 4.10.1.2): every pair of some twenty types as result, argument,
field, receiver and frame, in versions 49 and 61; and in 49 what two types come to where paths meet."""
from assembler import PUBLIC, STATIC, Class

VERIFY = "java/lang/VerifyError"
ME, OBJECT = "p/Assignments", "java/lang/Object"
PARENTS = {"java/lang/String": OBJECT, "java/lang/Number": OBJECT, "java/lang/Integer": "java/lang/Number", "java/lang/Long": "java/lang/Number",
	   "java/lang/Exception": "java/lang/Throwable", "java/lang/Throwable": OBJECT, ME: OBJECT}
INTERFACES = ["java/lang/Runnable", "java/lang/CharSequence", "java/lang/Cloneable", "java/io/Serializable"]
CLASSES = [OBJECT, *PARENTS, *INTERFACES]
ARRAYS = ["[I", "[J", "[Z", "[[I", "[Ljava/lang/Object;", "[Ljava/lang/String;", "[Ljava/lang/Runnable;", "[Ljava/lang/Number;",
	  "[Ljava/lang/Integer;", "[[Ljava/lang/Object;", "[[Ljava/lang/Integer;", "[Ljava/lang/Cloneable;"]
NULL = "null"


def descriptor(type_):
	return type_ if type_[0] == "[" else f"L{type_};"


def component(array):
	inner = array[1:]
	return inner[1:-1] if inner[0] == "L" else inner


def is_primitive(type_):
	return len(type_) == 1


def above(type_):
	"""The superclasses of a class, itself first; an interface is below Object only"""
	out = [type_]
	while out[-1] != OBJECT:
		out.append(PARENTS.get(out[-1], OBJECT))
	return out


def assignable(given, wanted, old=False):
	"""old: by the inference verifier, to which an array of primitives, but no other, is as good as any interface"""
	if given in (NULL, wanted) or wanted == OBJECT:
		return not is_primitive(given) or given == wanted
	if is_primitive(given) or is_primitive(wanted):
		return False
	if wanted[0] == "[":
		return given[0] == "[" and assignable(component(given), component(wanted), old)
	if given[0] == "[":
		return wanted in (INTERFACES if old and is_primitive(component(given)) else ("java/lang/Cloneable", "java/io/Serializable"))
	return wanted in INTERFACES or wanted in above(given)


def meet(one, two):
	"""What the inference verifier makes of two types"""
	if one == two or two == NULL:
		return one
	if one == NULL:
		return two
	if one[0] == "[" and two[0] == "[":
		inner, other = component(one), component(two)
		if is_primitive(inner) or is_primitive(other):
			return OBJECT
		inner = meet(inner, other)
		return "[" + (inner if inner[0] == "[" else f"L{inner};")
	if one[0] == "[" or two[0] == "[":
		return OBJECT
	return next(each for each in above(one) if each in above(two))


def value(type_):
	"""The instructions that put one on the stack"""
	return ["aconst_null"] if type_ == NULL else ["aconst_null", f"checkcast {type_}"]


def program(version, lines, result="V", frames=None):
	made = Class(ME, version=version)
	made.method("f", f"(){result}", lines, PUBLIC | STATIC, 3, 1, frames if version > 49 else None)
	return made.bytes()


def uses(version, given, wanted):
	"""yields (note, class, sound)"""
	name, sound, put = descriptor(wanted), assignable(given, wanted, version < 50), value(given)
	yield "result", program(version, [*put, "areturn"], name), sound
	yield "argument", program(version, [*put, f"invokestatic {ME} g ({name})V", "return"]), sound
	yield "field", program(version, [*put, f"putstatic {ME} v {name}", "return"]), sound
	frames = [("end", [], [wanted])]
	if version > 49:
		yield "frame", program(version, [*put, "goto end", "end:", "pop", "return"], frames=frames), sound
	if wanted in INTERFACES:
		yield "receiver", program(version, [*put, f"invokeinterface {wanted} g ()V", "return"]), sound
	else:
		yield "receiver", program(version, [*put, f"invokevirtual {wanted} g ()V", "return"]), sound
	if wanted[0] != "[":  # whether it fits is asked when it is stored
		yield "element", program(version, ["aconst_null", f"checkcast [L{wanted};", "iconst_0", *put, "aastore", "return"]), True


def programs():
	"""yields (note, class, phase, error)"""
	everything = CLASSES + ARRAYS
	for version in (49, 61):
		for wanted in everything:
			for given in [*everything, NULL]:
				for note, data, sound in uses(version, given, wanted):
					yield f"{ME} {note} in {version}: {given} for {wanted}", data, *(("ok", "") if sound else ("link", VERIFY))
	for wanted in (ME, "java/lang/Number", "java/lang/Runnable", "java/io/Serializable", "[Ljava/lang/Object;", "[Ljava/lang/Number;", "[[I"):
		for one in [*everything, NULL]:
			for two in [*everything, NULL]:
				lines = ["iconst_0", "ifeq other", *value(one), "goto end", "other:", *value(two), "end:", "areturn"]
				sound = assignable(meet(one, two), wanted, True)
				yield (f"{ME} meeting: {one} and {two} for {wanted}", program(49, lines, descriptor(wanted)),
				       *(("ok", "") if sound else ("link", VERIFY)))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes made by hand, with the verdict each must get from HotSpot 17: siblings() is what they find on their class path,
cases() yields (name, class, expectation), an expectation being the fields of a verdict that are laid down; message is a
fixed string that stands in it."""
from assembler import ABSTRACT, FINAL, INTERFACE, MODULE, PRIVATE, PUBLIC, STATIC, SUPER, Class
from records import MISSING, SIBLING, SUPER as ABOVE

VERIFY, FORMAT = "java/lang/VerifyError", "java/lang/ClassFormatError"
CHANGE, MISSED = "java/lang/IncompatibleClassChangeError", "java/lang/NoClassDefFoundError"


def plain(name="p/Case", version=61, **rest):
	case = Class(name, version=version, **rest)
	case.constructor()
	return case


def returns(result, type_, version=61, lines=("aload_0",)):
	"""A static method that returns its argument as another type: assignability is asked when it is linked."""
	case = plain(version=version)
	case.method("f", f"(L{type_};)L{result};", [*lines, "areturn"], PUBLIC | STATIC, 1, 1)
	return case.bytes()


def body(lines, version=61, descriptor="()V", access=PUBLIC | STATIC, **rest):
	case = plain(version=version)
	case.method("f", descriptor, lines, access, **rest)
	return case.bytes()


def siblings():
	parent = plain("p/Parent")
	parent.method("settled", "()V", ["return"], PUBLIC | FINAL, 0, 1)
	broken = plain("p/Broken")
	broken.method("g", "()I", ["aconst_null", "ireturn"], PUBLIC | STATIC, 1, 0)
	orphan = plain("p/Orphan", superclass="p/Missing")
	circle = plain("p/Circle", superclass="p/Case")
	hidden = plain("q/Hidden", access=SUPER)
	face = Class("p/Face", access=PUBLIC | INTERFACE | ABSTRACT)
	cut = plain("p/Cut").bytes()[:-1]
	made = {each.name: each.bytes() for each in (parent, plain("p/Kid", superclass="p/Parent"), plain("p/Sealed", access=PUBLIC | SUPER | FINAL),
						     broken, orphan, circle, hidden, face, plain("p/Other"))}
	made["p/Cut"] = cut
	made["p/Heir"] = plain("p/Heir", superclass="p/Broken").bytes()
	return made


def define_cases():
	yield "plain", plain().bytes(), {"phase": "ok", "error": "", "name": "p/Case"}
	yield "final superclass", plain(superclass="p/Sealed").bytes(), {
		"phase": "define", "error": CHANGE, "message": "cannot inherit from final class"}
	heir = plain(superclass="p/Parent")
	heir.method("settled", "()V", ["return"], PUBLIC, 0, 1)
	yield "final method overridden", heir.bytes(), {"phase": "define", "error": CHANGE, "message": "overrides final method"}
	yield "interface as superclass", plain(superclass="p/Face").bytes(), {
		"phase": "define", "error": CHANGE, "message": "has interface p.Face as super class"}
	yield "class as interface", plain(interfaces=["p/Parent"]).bytes(), {"phase": "define", "error": CHANGE}
	yield "a-b below 49", plain("a-b", version=48).bytes(), {"phase": "define", "error": FORMAT, "message": "Illegal class name"}
	yield "a-b in 49", plain("a-b", version=49).bytes(), {"phase": "ok"}
	yield "missing superclass", plain(superclass="p/Missing").bytes(), {
		"phase": "define", "error": MISSED, "flags": MISSING, "culprit": "p/Missing"}
	yield "superclass cannot be defined", plain(superclass="p/Cut").bytes(), {
		"phase": "define", "error": FORMAT, "flags": SIBLING, "culprit": "p/Cut"}
	yield "superclass lacks a superclass", plain(superclass="p/Orphan").bytes(), {
		"phase": "define", "error": MISSED, "flags": SIBLING | MISSING, "culprit": "p/Orphan"}
	yield "package-private superclass elsewhere", plain(superclass="q/Hidden").bytes(), {
		"phase": "define", "error": "java/lang/IllegalAccessError", "message": "cannot access its superclass"}
	yield "superclass not exported", plain(superclass="jdk/internal/misc/VM").bytes(), {
		"phase": "define", "error": "java/lang/IllegalAccessError", "message": "does not export"}
	yield "itself as superclass", plain(superclass="p/Case").bytes(), {"phase": "define", "error": "java/lang/ClassCircularityError"}
	yield "circle by a sibling", plain(superclass="p/Circle").bytes(), {
		"phase": "define", "error": "java/lang/ClassCircularityError", "flags": SIBLING}
	yield "cut", plain().bytes()[:-1], {"phase": "define", "error": FORMAT, "message": "Truncated class file"}
	yield "octets behind", plain().bytes() + b"\0", {"phase": "define", "error": FORMAT, "message": "Extra bytes"}
	yield "version 62", plain(version=62).bytes(), {"phase": "define", "error": "java/lang/UnsupportedClassVersionError"}
	yield "ACC_MODULE", plain(access=PUBLIC | MODULE).bytes(), {"phase": "define", "error": MISSED, "flags": 0}
	yield "java.*", plain("java/lang/Case").bytes(), {"phase": "define", "error": "java/lang/SecurityException"}


def link_cases():
	yield "no result on the stack", body(["ireturn"], descriptor="()I"), {
		"phase": "link", "error": VERIFY, "method": "f()I", "bci": 0, "message": "Operand stack underflow", "name": "p/Case"}
	yield "wrong type, at 2", body(["nop", "iconst_0", "areturn"], descriptor="()Ljava/lang/Object;"), {
		"phase": "link", "error": VERIFY, "method": "f()Ljava/lang/Object;", "bci": 2, "message": "Bad type on operand stack"}
	yield "wrong type in 49", body(["nop", "iconst_0", "areturn"], 49, "()Ljava/lang/Object;"), {
		"phase": "link", "error": VERIFY, "method": "f()Ljava/lang/Object;", "bci": -1,
		"message": "Expecting to find object/array on stack"}
	yield "falls off the end", body(["nop"]), {"phase": "link", "error": VERIFY, "message": "Control flow falls through code end"}
	yield "subclass returned", returns("p/Parent", "p/Kid"), {"phase": "ok"}
	yield "stranger returned", returns("p/Parent", "p/Other"), {"phase": "link", "error": VERIFY, "method": "f(Lp/Other;)Lp/Parent;", "bci": 1}
	yield "stranger returned in 49", returns("p/Parent", "p/Other", 49), {"phase": "link", "error": VERIFY, "bci": -1}
	yield "anything is an interface", returns("p/Face", "p/Other"), {"phase": "ok"}
	yield "missing class returned", returns("p/Missing", "p/Other"), {
		"phase": "link", "error": MISSED, "flags": MISSING, "culprit": "p/Missing"}
	yield "class that cannot be defined returned", returns("p/Cut", "p/Other"), {
		"phase": "link", "error": FORMAT, "flags": SIBLING, "culprit": "p/Cut"}
	yield "superclass does not link", plain(superclass="p/Broken").bytes(), {
		"phase": "link", "error": VERIFY, "flags": ABOVE, "culprit": "p/Broken", "method": "g()I", "bci": 1}
	yield "superclass's superclass does not link", plain(superclass="p/Heir").bytes(), {
		"phase": "link", "error": VERIFY, "flags": ABOVE, "culprit": "p/Broken"}
	lazy = plain()
	lazy.method("<clinit>", "()V", ["aconst_null", "athrow"], STATIC, 1, 0)
	yield "initialiser that throws", lazy.bytes(), {"phase": "ok"}
	lazy = plain()
	lazy.field("lost", "Lp/Missing;")
	yield "public field of a missing class", lazy.bytes(), {"phase": "ok"}


BRANCH = ["iload_0", "ifeq end", "nop", "end:", "return"]
SUBROUTINE = ["jsr sub", "jsr sub", "return", "sub:", "astore_0", "ret 0"]
PADDING = ["iconst_0", ".byte 0xaa", ".byte 0 1", ".byte 0 0 0 19", ".byte 0 0 0 0", ".byte 0 0 0 0", ".byte 0 0 0 19", "return"]


def version_cases():
	yield "no frames in 49", body(BRANCH, 49, "(I)V"), {"phase": "ok"}
	yield "no frames in 50: the old verifier has the last word", body(BRANCH, 50, "(I)V"), {"phase": "ok"}
	yield "no frames in 51", body(BRANCH, 51, "(I)V"), {
		"phase": "link", "error": VERIFY, "bci": 1, "message": "Expecting a stackmap frame at branch target"}
	yield "frames in 51", body(BRANCH, 51, "(I)V", frames=[("end", ["int"], [])]), {"phase": "ok"}
	yield "wrong frame in 51", body(BRANCH, 51, "(I)V", frames=[("end", ["float"], [])]), {
		"phase": "link", "error": VERIFY, "bci": 5, "message": "Inconsistent stackmap frames at branch target 5"}
	yield "wrong frame in 50", body(BRANCH, 50, "(I)V", frames=[("end", ["float"], [])]), {"phase": "ok"}
	yield "wrong for both verifiers in 50: the new one explains", body(["fload_0", "pop", "return"], 50, "(I)V"), {
		"phase": "link", "error": VERIFY, "bci": 0, "message": "Bad local variable type"}
	cut = plain(version=50)
	frames = cut.attribute("StackMapTable", b"\0\1\xff")
	code = b"\0\1\0\1" + b"\0\0\0\1" + b"\xb1" + b"\0\0" + b"\0\1" + frames
	cut.method("f", "()V", None, PUBLIC | STATIC, attributes=[cut.attribute("Code", code)])
	yield "frames cut in 50: no fail-over", cut.bytes(), {"phase": "link", "error": FORMAT, "message": "StackMapTable"}
	yield "subroutine in 49", body(SUBROUTINE, 49, stack=1, locals=1), {"phase": "ok"}
	yield "subroutine in 50", body(SUBROUTINE, 50, stack=1, locals=1), {"phase": "ok"}
	yield "subroutine in 51", body(SUBROUTINE, 51, stack=1, locals=1), {"phase": "link", "error": VERIFY, "bci": 0}
	yield "padding in 50", body(PADDING, 50, stack=1, locals=1, frames=[(20, [], [])]), {
		"phase": "link", "error": VERIFY, "message": "padding"}
	yield "padding in 51", body(PADDING, 51, stack=1, locals=1, frames=[(20, [], [])]), {"phase": "ok"}
	yield "private interface method in 51", face(51), {"phase": "define", "error": FORMAT}
	yield "private interface method in 52", face(52), {"phase": "ok"}


def face(version):
	case = Class("p/Case", version=version, access=PUBLIC | INTERFACE | ABSTRACT)
	case.method("f", "()V", ["return"], PRIVATE, 0, 1)
	return case.bytes()


def cases():
	yield from define_cases()
	yield from link_cases()
	yield from version_cases()

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one list of axioms: what must hold of a class, each with its clause of the JVMS (Java SE 17). A phase says when HotSpot 17 finds out:
 * when the class is defined or when it is linked; the error is what it throws then.
 */
#ifndef JVM_BROKER_VERIFY_AXIOM_H
#define JVM_BROKER_VERIFY_AXIOM_H

/* clang-format off */
/* NAME, the throwable's class (java/lang/) */
#define VERIFY_ERRORS(X) \
	X(VERIFY,      "VerifyError") \
	X(FORMAT,      "ClassFormatError")

/* The type checker: versions from 50 on.  NAME, error, clause, what must hold (manual) */
#define VERIFY_AXIOMS_CHECKER(X) \
	/* instructions and their place */ \
	X(INSTRUCTION,          VERIFY, "4.9.1",     "every opcode is one of the specification's, and every instruction ends before the code does") \
	X(SUBROUTINE,           VERIFY, "4.9.1",     "jsr, jsr_w and ret stand in no class from version 51 on") \
	X(CODE_END,             VERIFY, "4.10.1.6",  "control does not fall off the end of the code") \
	X(HANDLER_START,        FORMAT, "4.7.3",     "start_pc of an exception table's row is where an instruction begins") \
	X(HANDLER_END,          FORMAT, "4.7.3",     "end_pc of an exception table's row is where an instruction begins, or the end of the code") \
	X(HANDLER_PC,           FORMAT, "4.7.3",     "handler_pc of an exception table's row is where an instruction begins") \
	X(HANDLER_CATCH,        VERIFY, "4.9.1",     "what a handler catches is a Throwable") \
	X(VARIABLE_START,       FORMAT, "4.7.13",    "start_pc of a local variable is where an instruction begins") \
	X(VARIABLE_LENGTH,      FORMAT, "4.7.13",    "a local variable's range ends where an instruction begins, or with the code") \
	/* frames */ \
	X(FRAME_TRUNCATED,      FORMAT, "4.7.4",     "a StackMapTable holds all the frames it counts") \
	X(FRAME_TRAILING,       FORMAT, "4.7.4",     "nothing follows the last frame of a StackMapTable") \
	X(FRAME_RESERVED,       FORMAT, "4.7.4",     "frame types 128 to 246 are not used") \
	X(FRAME_TYPE,           FORMAT, "4.7.4",     "a verification type has one of the nine tags") \
	X(FRAME_CLASS,          FORMAT, "4.7.4",     "an Object type has the index of a Class") \
	X(FRAME_NEW,            FORMAT, "4.7.4",     "an Uninitialized type has the offset of a new") \
	X(FRAME_SIZE,           FORMAT, "4.7.4",     "a frame has no more locals and stack than the method, and no fewer than none") \
	X(FRAME_OFFSET,         VERIFY, "4.7.4",     "a frame stands where an instruction begins") \
	X(FRAME_EXPECTED,       VERIFY, "4.10.1.6",  "a frame stands behind every instruction that does not go on to the next") \
	X(FRAME_TARGET,         VERIFY, "4.10.1.6",  "a frame stands at every target of a branch, and of a handler") \
	X(FRAME_FALL,           VERIFY, "4.10.1.6",  "types at the end of an instruction fit the frame of the next") \
	X(FRAME_BRANCH,         VERIFY, "4.10.1.9",  "types at a branch fit the frame of its target") \
	X(FRAME_HANDLER,        VERIFY, "4.10.1.6",  "types inside a protected range fit the frame of its handler") \
	/* operands */ \
	X(STACK_UNDERFLOW,      VERIFY, "4.10.1.4",  "nothing is taken from an empty stack") \
	X(STACK_OVERFLOW,       VERIFY, "4.10.1.4",  "the stack does not grow beyond max_stack") \
	X(STACK_TYPE,           VERIFY, "4.10.1.9",  "an operand has a type that its instruction takes") \
	X(STACK_CATEGORY,       VERIFY, "4.10.1.9",  "instructions that shuffle the stack do not split a long or double") \
	X(LOCAL_RANGE,          VERIFY, "4.10.1.4",  "a local is below max_locals") \
	X(LOCAL_TYPE,           VERIFY, "4.10.1.9",  "a local holds the type that is loaded") \
	X(RETURN_VALUE,         VERIFY, "4.10.1.9",  "return stands in void methods only") \
	X(RETURN_VOID,          VERIFY, "4.10.1.9",  "a void method returns no value") \
	X(RETURN_TYPE,          VERIFY, "4.10.1.9",  "what is returned has the method's type") \
	X(RETURN_THIS,          VERIFY, "4.10.1.9",  "a constructor returns only after another constructor was called on this") \
	/* constants */ \
	X(POOL_INDEX,           VERIFY, "4.9.1",     "an index is inside the constant pool") \
	X(POOL_TAG,             VERIFY, "4.9.1",     "a constant is of a kind that the instruction takes") \
	X(OWNER_CLASS,          VERIFY, "4.10.1.9",  "getfield and putfield name a field of a class, not of an array") \
	X(SWITCH_ORDER,         VERIFY, "4.9.1",     "keys of a lookupswitch ascend") \
	X(SWITCH_PADDING,       VERIFY, "6.5",       "padding of a switch is zero: below version 51 only") \
	X(NEW_CLASS,            VERIFY, "4.9.1",     "new makes no array") \
	X(NEWARRAY_TYPE,        VERIFY, "4.9.1",     "newarray has one of the codes 4 to 11") \
	X(ARRAY_DIMENSIONS,     VERIFY, "4.9.1",     "no array has more than 255 dimensions") \
	X(MULTIARRAY_CLASS,     VERIFY, "4.9.1",     "multianewarray makes an array") \
	X(MULTIARRAY_DIMENSIONS, VERIFY, "4.9.1",    "multianewarray fills one dimension at least, and no more than there are") \
	/* calls */ \
	X(INTERFACE_COUNT,      VERIFY, "4.9.1",     "the count of invokeinterface is that of its operands") \
	X(INTERFACE_ZERO,       VERIFY, "4.9.1",     "the last octet of invokeinterface is zero") \
	X(DYNAMIC_ZERO,         VERIFY, "4.9.1",     "the last two octets of invokedynamic are zero") \
	X(CALL_INTERNAL,        VERIFY, "4.9.1",     "<init> is called by invokespecial only, and <clinit> not at all") \
	X(SPECIAL_SUPER,        VERIFY, "4.9.1",     "invokespecial names this class, or one above it") \
	X(SPECIAL_INTERFACE,    VERIFY, "4.9.1",     "invokespecial names an interface only if this class implements it directly") \
	X(INIT_OPERAND,         VERIFY, "4.10.1.9",  "a constructor is called on an object that has not been constructed") \
	X(INIT_THIS,            VERIFY, "4.10.1.9",  "on this, a constructor of this class or of its superclass is called") \
	X(INIT_CLASS,           VERIFY, "4.10.1.9",  "on a new object, a constructor of its own class is called") \
	X(INIT_TRY,             VERIFY, "4.10.1.6",  "this is not constructed in a range whose handler may return") \
	X(PROTECTED,            VERIFY, "4.10.1.8",  "a protected member from above and of another package is used on objects of this class")
/* clang-format on */

#define VERIFY_AXIOMS(X) VERIFY_AXIOMS_CHECKER(X)

enum verify_error_class {
#define X(name, text) VERIFY_ERROR_##name,
	VERIFY_ERRORS(X)
#undef X
		VERIFY_ERRORS_N
};

enum verify_axiom {
#define X(name, error, clause, text) VERIFY_AXIOM_##name,
	VERIFY_AXIOMS(X)
#undef X
		VERIFY_AXIOMS_N
};

/* Of a row; NULL for a number that is none. "STACK_TYPE" */
const char *verify_axiom_name(enum verify_axiom axiom);
const char *verify_axiom_clause(enum verify_axiom axiom);
const char *verify_axiom_text(enum verify_axiom axiom);
/* "java/lang/VerifyError" */
const char *verify_axiom_error(enum verify_axiom axiom);

#endif

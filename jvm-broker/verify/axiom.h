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
	X(FORMAT,      "ClassFormatError") \
	X(VERSION,     "UnsupportedClassVersionError") \
	X(NO_CLASS,    "NoClassDefFoundError") \
	X(CHANGE,      "IncompatibleClassChangeError")

/* What is looked at when a class is defined.  As below. */
#define VERIFY_AXIOMS_FORMAT(X) \
	X(VERSION_MAJOR,        VERSION, "4.1",      "the version is one from 45.0 to 61.0") \
	/* constants */ \
	X(CONSTANT_UTF8,        FORMAT, "4.4.7",     "a Utf8 is modified UTF-8; from version 48 on, in its shortest form") \
	X(CONSTANT_VERSION,     FORMAT, "4.4",       "a constant's tag is known in the class's version") \
	X(CONSTANT_MODULE,      FORMAT, "4.4",       "Module and Package stand in a module-info only") \
	X(CONSTANT_INDEX,       FORMAT, "4.4",       "a constant refers to constants of the right kinds") \
	X(CONSTANT_CLASS,       FORMAT, "4.4.1",     "a Class names a class or an array") \
	X(CONSTANT_NAME,        FORMAT, "4.4.6",     "a NameAndType has a name that its descriptor's kind of member may have") \
	X(CONSTANT_DESCRIPTOR,  FORMAT, "4.4.6",     "a NameAndType has a descriptor") \
	X(CONSTANT_MEMBER,      FORMAT, "4.4.2",     "a reference to a field has a field's descriptor, one to a method a method's") \
	X(CONSTANT_INIT,        FORMAT, "4.4.2",     "a Methodref whose name begins with < is to <init>, and void") \
	X(CONSTANT_HANDLE,      FORMAT, "4.4.8",     "a MethodHandle's kind is 1 to 9 and fits what it refers to") \
	X(CONSTANT_HANDLE_NAME, FORMAT, "4.4.8",     "newInvokeSpecial is of <init>, and no other kind is") \
	X(CONSTANT_TYPE,        FORMAT, "4.4.9",     "a MethodType has a method's descriptor") \
	/* the class */ \
	X(CLASS_MODULE,         NO_CLASS, "4.1",     "a module-info is no class") \
	X(CLASS_FLAGS,          FORMAT, "4.1",       "flags of the class do not contradict each other") \
	X(CLASS_THIS,           FORMAT, "4.1",       "this_class is a Class, and no array") \
	X(CLASS_SUPER,          FORMAT, "4.1",       "super_class is a Class, and no array; only Object has none, and an interface has Object") \
	X(CLASS_INTERFACE,      FORMAT, "4.1",       "an interface is a Class, and no array; Object has none") \
	X(CLASS_INTERFACE_TWICE, FORMAT, "4.1",      "no interface is there twice") \
	/* members */ \
	X(FIELD_FLAGS,          FORMAT, "4.5",       "flags of a field do not contradict each other") \
	X(FIELD_NAME,           FORMAT, "4.5",       "a field has a name that is one") \
	X(FIELD_DESCRIPTOR,     FORMAT, "4.5",       "a field has a field's descriptor") \
	X(FIELD_TWICE,          FORMAT, "4.5",       "no two fields have the same name and descriptor") \
	X(FIELD_VALUE,          FORMAT, "4.7.2",     "a static field has one ConstantValue at most, of its type") \
	X(METHOD_FLAGS,         FORMAT, "4.6",       "flags of a method do not contradict each other") \
	X(METHOD_NAME,          FORMAT, "4.6",       "a method has a name that is one") \
	X(METHOD_DESCRIPTOR,    FORMAT, "4.6",       "a method has a method's descriptor; <init> is void, and from version 51 on <clinit> ()V") \
	X(METHOD_PARAMETERS,    FORMAT, "4.3.3",     "a method has 255 words of parameters at most") \
	X(METHOD_TWICE,         FORMAT, "4.6",       "no two methods have the same name and descriptor") \
	X(METHOD_INITIALISER,   FORMAT, "4.6",       "<clinit> is static, from version 51 on") \
	X(METHOD_CONSTRUCTOR,   FORMAT, "4.6",       "an interface has no constructor") \
	X(METHOD_CODE,          FORMAT, "4.7.3",     "a method has one Code, unless it is native or abstract: then none") \
	X(METHOD_EXCEPTIONS,    FORMAT, "4.7.5",     "a method has one Exceptions at most, a list of Classes") \
	X(METHOD_NAMES,         FORMAT, "4.7.24",    "a method has one MethodParameters at most, as long as it says") \
	/* code */ \
	X(CODE_SHAPE,           FORMAT, "4.7.3",     "a Code is as long as its parts") \
	X(CODE_LENGTH,          FORMAT, "4.7.3",     "code has 1 to 65535 octets") \
	X(CODE_LOCALS,          FORMAT, "4.7.3",     "max_locals has room for the parameters") \
	X(CODE_HANDLER,         FORMAT, "4.7.3",     "a protected range is none that is empty, and inside the code, as its handler is") \
	X(CODE_CATCH,           FORMAT, "4.7.3",     "what a handler catches is a Class") \
	X(CODE_LINES,           FORMAT, "4.7.12",    "a LineNumberTable is as long as it says, its offsets inside the code") \
	X(CODE_VARIABLES,       FORMAT, "4.7.13",    "a table of local variables is as long as it says, its ranges, names, descriptors and locals are sound") \
	X(CODE_VARIABLE_TWICE,  FORMAT, "4.7.13",    "no local variable is there twice; one with a type has one without") \
	X(CODE_FRAMES,          FORMAT, "4.7.4",     "a Code has one StackMapTable at most") \
	/* attributes */ \
	X(ATTRIBUTE_NAME,       FORMAT, "4.7",       "an attribute's name is a Utf8") \
	X(ATTRIBUTE_TWICE,      FORMAT, "4.7",       "an attribute of which there may be one is there once") \
	X(ATTRIBUTE_LENGTH,     FORMAT, "4.7",       "an attribute of fixed length has it") \
	X(ATTRIBUTE_INDEX,      FORMAT, "4.7",       "an attribute refers to a constant of the right kind") \
	X(INNER_FLAGS,          FORMAT, "4.7.6",     "flags of an inner class do not contradict each other") \
	X(INNER_MODULE,         NO_CLASS, "4.7.6",   "no inner class is a module-info") \
	X(INNER_OUTER,          FORMAT, "4.7.6",     "an outer class is no array, and not its own inner class") \
	X(INNER_TWICE,          FORMAT, "4.7.6",     "no row of InnerClasses is there twice") \
	X(BOOTSTRAP_SHAPE,      FORMAT, "4.7.23",    "BootstrapMethods is as long as its parts, and has the rows that constants name") \
	X(BOOTSTRAP_CONSTANT,   FORMAT, "4.7.23",    "a bootstrap method is a MethodHandle, its arguments are loadable") \
	X(NEST_BOTH,            FORMAT, "4.7.28",    "a class is not a nest's host and a member of another") \
	X(RECORD_SHAPE,         FORMAT, "4.7.30",    "a Record is as long as its parts, its names and descriptors are some") \
	X(PERMITTED_FINAL,      FORMAT, "4.7.31",    "a final class permits no subclasses") \
	/* what is inherited */ \
	X(INHERIT_CLASS,        CHANGE, "5.3.5",     "the superclass is a class, is not final, permits this class and may be used by it") \
	X(INHERIT_INTERFACE,    CHANGE, "5.3.5",     "an interface is one, permits this class and may be used by it") \
	X(INHERIT_METHOD,       CHANGE, "4.10",      "no method overrides a final one")

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

/* The inference verifier, of subroutines; the rest it has of the above.  As above. */
#define VERIFY_AXIOMS_SUBROUTINES(X) \
	X(SUBROUTINE_RECURSION, VERIFY, "4.9.2",     "a subroutine is not called from itself, nor from one that it has called") \
	X(SUBROUTINE_RETURNS,   VERIFY, "4.9.2",     "one ret only returns to behind a jsr") \
	X(SUBROUTINE_CALLER,    VERIFY, "4.9.2",     "ret returns from a subroutine that control is in, and to each return address once")
/* clang-format on */

#define VERIFY_AXIOMS(X) \
	VERIFY_AXIOMS_FORMAT(X) \
	VERIFY_AXIOMS_CHECKER(X) \
	VERIFY_AXIOMS_SUBROUTINES(X)

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

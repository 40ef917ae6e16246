/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of the Java virtual machine (JVMS 6.5) as one table: number, name, operands. Code is read where it lies. */
#ifndef JVM_BROKER_CLASSFILE_OPCODE_H
#define JVM_BROKER_CLASSFILE_OPCODE_H

#include "jvm-broker/classfile/classfile.h"

/* clang-format off */
/* How the operands are laid out.  NAME, octets of the whole instruction (0: not fixed) */
#define CLASSFILE_OPERANDS(X) \
	X(NONE,          1) \
	X(BYTE,          2) /* s1: bipush */ \
	X(SHORT,         3) /* s2: sipush */ \
	X(LDC,           2) /* u1 index into the constant pool */ \
	X(CONSTANT,      3) /* u2 index into the constant pool */ \
	X(LOCAL,         2) /* u1 local; u2 after wide */ \
	X(INCREMENT,     3) /* u1 local, s1; u2, s2 after wide */ \
	X(BRANCH,        3) /* s2 from the instruction */ \
	X(BRANCH_WIDE,   5) /* s4 from the instruction */ \
	X(TABLESWITCH,   0) \
	X(LOOKUPSWITCH,  0) \
	X(INTERFACE,     5) /* u2 index, u1 count, 0 */ \
	X(INVOKEDYNAMIC, 5) /* u2 index, 0, 0 */ \
	X(ARRAY,         2) /* u1 atype: newarray */ \
	X(MULTIARRAY,    4) /* u2 index, u1 dimensions */ \
	X(WIDE,          0) \
	X(ILLEGAL,       0)

/* NAME, number, mnemonic, operands */
#define CLASSFILE_OPCODES_CONSTANTS(X) \
	X(NOP, 0, "nop", NONE) X(ACONST_NULL, 1, "aconst_null", NONE) X(ICONST_M1, 2, "iconst_m1", NONE) \
	X(ICONST_0, 3, "iconst_0", NONE) X(ICONST_1, 4, "iconst_1", NONE) X(ICONST_2, 5, "iconst_2", NONE) \
	X(ICONST_3, 6, "iconst_3", NONE) X(ICONST_4, 7, "iconst_4", NONE) X(ICONST_5, 8, "iconst_5", NONE) \
	X(LCONST_0, 9, "lconst_0", NONE) X(LCONST_1, 10, "lconst_1", NONE) X(FCONST_0, 11, "fconst_0", NONE) \
	X(FCONST_1, 12, "fconst_1", NONE) X(FCONST_2, 13, "fconst_2", NONE) X(DCONST_0, 14, "dconst_0", NONE) \
	X(DCONST_1, 15, "dconst_1", NONE) X(BIPUSH, 16, "bipush", BYTE) X(SIPUSH, 17, "sipush", SHORT) \
	X(LDC, 18, "ldc", LDC) X(LDC_W, 19, "ldc_w", CONSTANT) X(LDC2_W, 20, "ldc2_w", CONSTANT)
#define CLASSFILE_OPCODES_LOADS(X) \
	X(ILOAD, 21, "iload", LOCAL) X(LLOAD, 22, "lload", LOCAL) X(FLOAD, 23, "fload", LOCAL) \
	X(DLOAD, 24, "dload", LOCAL) X(ALOAD, 25, "aload", LOCAL) X(ILOAD_0, 26, "iload_0", NONE) \
	X(ILOAD_1, 27, "iload_1", NONE) X(ILOAD_2, 28, "iload_2", NONE) X(ILOAD_3, 29, "iload_3", NONE) \
	X(LLOAD_0, 30, "lload_0", NONE) X(LLOAD_1, 31, "lload_1", NONE) X(LLOAD_2, 32, "lload_2", NONE) \
	X(LLOAD_3, 33, "lload_3", NONE) X(FLOAD_0, 34, "fload_0", NONE) X(FLOAD_1, 35, "fload_1", NONE) \
	X(FLOAD_2, 36, "fload_2", NONE) X(FLOAD_3, 37, "fload_3", NONE) X(DLOAD_0, 38, "dload_0", NONE) \
	X(DLOAD_1, 39, "dload_1", NONE) X(DLOAD_2, 40, "dload_2", NONE) X(DLOAD_3, 41, "dload_3", NONE) \
	X(ALOAD_0, 42, "aload_0", NONE) X(ALOAD_1, 43, "aload_1", NONE) X(ALOAD_2, 44, "aload_2", NONE) \
	X(ALOAD_3, 45, "aload_3", NONE) X(IALOAD, 46, "iaload", NONE) X(LALOAD, 47, "laload", NONE) \
	X(FALOAD, 48, "faload", NONE) X(DALOAD, 49, "daload", NONE) X(AALOAD, 50, "aaload", NONE) \
	X(BALOAD, 51, "baload", NONE) X(CALOAD, 52, "caload", NONE) X(SALOAD, 53, "saload", NONE)
#define CLASSFILE_OPCODES_STORES(X) \
	X(ISTORE, 54, "istore", LOCAL) X(LSTORE, 55, "lstore", LOCAL) X(FSTORE, 56, "fstore", LOCAL) \
	X(DSTORE, 57, "dstore", LOCAL) X(ASTORE, 58, "astore", LOCAL) X(ISTORE_0, 59, "istore_0", NONE) \
	X(ISTORE_1, 60, "istore_1", NONE) X(ISTORE_2, 61, "istore_2", NONE) X(ISTORE_3, 62, "istore_3", NONE) \
	X(LSTORE_0, 63, "lstore_0", NONE) X(LSTORE_1, 64, "lstore_1", NONE) X(LSTORE_2, 65, "lstore_2", NONE) \
	X(LSTORE_3, 66, "lstore_3", NONE) X(FSTORE_0, 67, "fstore_0", NONE) X(FSTORE_1, 68, "fstore_1", NONE) \
	X(FSTORE_2, 69, "fstore_2", NONE) X(FSTORE_3, 70, "fstore_3", NONE) X(DSTORE_0, 71, "dstore_0", NONE) \
	X(DSTORE_1, 72, "dstore_1", NONE) X(DSTORE_2, 73, "dstore_2", NONE) X(DSTORE_3, 74, "dstore_3", NONE) \
	X(ASTORE_0, 75, "astore_0", NONE) X(ASTORE_1, 76, "astore_1", NONE) X(ASTORE_2, 77, "astore_2", NONE) \
	X(ASTORE_3, 78, "astore_3", NONE) X(IASTORE, 79, "iastore", NONE) X(LASTORE, 80, "lastore", NONE) \
	X(FASTORE, 81, "fastore", NONE) X(DASTORE, 82, "dastore", NONE) X(AASTORE, 83, "aastore", NONE) \
	X(BASTORE, 84, "bastore", NONE) X(CASTORE, 85, "castore", NONE) X(SASTORE, 86, "sastore", NONE)
#define CLASSFILE_OPCODES_STACK(X) \
	X(POP, 87, "pop", NONE) X(POP2, 88, "pop2", NONE) X(DUP, 89, "dup", NONE) \
	X(DUP_X1, 90, "dup_x1", NONE) X(DUP_X2, 91, "dup_x2", NONE) X(DUP2, 92, "dup2", NONE) \
	X(DUP2_X1, 93, "dup2_x1", NONE) X(DUP2_X2, 94, "dup2_x2", NONE) X(SWAP, 95, "swap", NONE)
#define CLASSFILE_OPCODES_ARITHMETIC(X) \
	X(IADD, 96, "iadd", NONE) X(LADD, 97, "ladd", NONE) X(FADD, 98, "fadd", NONE) \
	X(DADD, 99, "dadd", NONE) X(ISUB, 100, "isub", NONE) X(LSUB, 101, "lsub", NONE) \
	X(FSUB, 102, "fsub", NONE) X(DSUB, 103, "dsub", NONE) X(IMUL, 104, "imul", NONE) \
	X(LMUL, 105, "lmul", NONE) X(FMUL, 106, "fmul", NONE) X(DMUL, 107, "dmul", NONE) \
	X(IDIV, 108, "idiv", NONE) X(LDIV, 109, "ldiv", NONE) X(FDIV, 110, "fdiv", NONE) \
	X(DDIV, 111, "ddiv", NONE) X(IREM, 112, "irem", NONE) X(LREM, 113, "lrem", NONE) \
	X(FREM, 114, "frem", NONE) X(DREM, 115, "drem", NONE) X(INEG, 116, "ineg", NONE) \
	X(LNEG, 117, "lneg", NONE) X(FNEG, 118, "fneg", NONE) X(DNEG, 119, "dneg", NONE) \
	X(ISHL, 120, "ishl", NONE) X(LSHL, 121, "lshl", NONE) X(ISHR, 122, "ishr", NONE) \
	X(LSHR, 123, "lshr", NONE) X(IUSHR, 124, "iushr", NONE) X(LUSHR, 125, "lushr", NONE) \
	X(IAND, 126, "iand", NONE) X(LAND, 127, "land", NONE) X(IOR, 128, "ior", NONE) \
	X(LOR, 129, "lor", NONE) X(IXOR, 130, "ixor", NONE) X(LXOR, 131, "lxor", NONE) \
	X(IINC, 132, "iinc", INCREMENT)
#define CLASSFILE_OPCODES_CONVERSIONS(X) \
	X(I2L, 133, "i2l", NONE) X(I2F, 134, "i2f", NONE) X(I2D, 135, "i2d", NONE) \
	X(L2I, 136, "l2i", NONE) X(L2F, 137, "l2f", NONE) X(L2D, 138, "l2d", NONE) \
	X(F2I, 139, "f2i", NONE) X(F2L, 140, "f2l", NONE) X(F2D, 141, "f2d", NONE) \
	X(D2I, 142, "d2i", NONE) X(D2L, 143, "d2l", NONE) X(D2F, 144, "d2f", NONE) \
	X(I2B, 145, "i2b", NONE) X(I2C, 146, "i2c", NONE) X(I2S, 147, "i2s", NONE) \
	X(LCMP, 148, "lcmp", NONE) X(FCMPL, 149, "fcmpl", NONE) X(FCMPG, 150, "fcmpg", NONE) \
	X(DCMPL, 151, "dcmpl", NONE) X(DCMPG, 152, "dcmpg", NONE)
#define CLASSFILE_OPCODES_BRANCHES(X) \
	X(IFEQ, 153, "ifeq", BRANCH) X(IFNE, 154, "ifne", BRANCH) X(IFLT, 155, "iflt", BRANCH) \
	X(IFGE, 156, "ifge", BRANCH) X(IFGT, 157, "ifgt", BRANCH) X(IFLE, 158, "ifle", BRANCH) \
	X(IF_ICMPEQ, 159, "if_icmpeq", BRANCH) X(IF_ICMPNE, 160, "if_icmpne", BRANCH) X(IF_ICMPLT, 161, "if_icmplt", BRANCH) \
	X(IF_ICMPGE, 162, "if_icmpge", BRANCH) X(IF_ICMPGT, 163, "if_icmpgt", BRANCH) X(IF_ICMPLE, 164, "if_icmple", BRANCH) \
	X(IF_ACMPEQ, 165, "if_acmpeq", BRANCH) X(IF_ACMPNE, 166, "if_acmpne", BRANCH) X(GOTO, 167, "goto", BRANCH) \
	X(JSR, 168, "jsr", BRANCH) X(RET, 169, "ret", LOCAL) X(TABLESWITCH, 170, "tableswitch", TABLESWITCH) \
	X(LOOKUPSWITCH, 171, "lookupswitch", LOOKUPSWITCH) X(IRETURN, 172, "ireturn", NONE) X(LRETURN, 173, "lreturn", NONE) \
	X(FRETURN, 174, "freturn", NONE) X(DRETURN, 175, "dreturn", NONE) X(ARETURN, 176, "areturn", NONE) \
	X(RETURN, 177, "return", NONE)
#define CLASSFILE_OPCODES_OBJECTS(X) \
	X(GETSTATIC, 178, "getstatic", CONSTANT) X(PUTSTATIC, 179, "putstatic", CONSTANT) X(GETFIELD, 180, "getfield", CONSTANT) \
	X(PUTFIELD, 181, "putfield", CONSTANT) X(INVOKEVIRTUAL, 182, "invokevirtual", CONSTANT) X(INVOKESPECIAL, 183, "invokespecial", CONSTANT) \
	X(INVOKESTATIC, 184, "invokestatic", CONSTANT) X(INVOKEINTERFACE, 185, "invokeinterface", INTERFACE) X(INVOKEDYNAMIC, 186, "invokedynamic", INVOKEDYNAMIC) \
	X(NEW, 187, "new", CONSTANT) X(NEWARRAY, 188, "newarray", ARRAY) X(ANEWARRAY, 189, "anewarray", CONSTANT) \
	X(ARRAYLENGTH, 190, "arraylength", NONE) X(ATHROW, 191, "athrow", NONE) X(CHECKCAST, 192, "checkcast", CONSTANT) \
	X(INSTANCEOF, 193, "instanceof", CONSTANT) X(MONITORENTER, 194, "monitorenter", NONE) X(MONITOREXIT, 195, "monitorexit", NONE) \
	X(WIDE, 196, "wide", WIDE) X(MULTIANEWARRAY, 197, "multianewarray", MULTIARRAY) X(IFNULL, 198, "ifnull", BRANCH) \
	X(IFNONNULL, 199, "ifnonnull", BRANCH) X(GOTO_W, 200, "goto_w", BRANCH_WIDE) X(JSR_W, 201, "jsr_w", BRANCH_WIDE)
#define CLASSFILE_OPCODES(X) \
	CLASSFILE_OPCODES_CONSTANTS(X) \
	CLASSFILE_OPCODES_LOADS(X) \
	CLASSFILE_OPCODES_STORES(X) \
	CLASSFILE_OPCODES_STACK(X) \
	CLASSFILE_OPCODES_ARITHMETIC(X) \
	CLASSFILE_OPCODES_CONVERSIONS(X) \
	CLASSFILE_OPCODES_BRANCHES(X) \
	CLASSFILE_OPCODES_OBJECTS(X)
/* clang-format on */

#define CLASSFILE_OPCODES_N \
	202 /* legal numbers are below; 202, 254 and 255 are reserved and may not stand in a class file */

enum classfile_operands {
#define X(name, octets) CLASSFILE_OPERANDS_##name,
	CLASSFILE_OPERANDS(X)
#undef X
};

enum classfile_opcode {
#define X(name, number, text, operands) CLASSFILE_OP_##name = (number),
	CLASSFILE_OPCODES(X)
#undef X
};

/* By opcode: octets of an instruction, 0 = not fixed or illegal; layout of the operands; mnemonic ("nop"; NULL = illegal). */
extern const uint8_t classfile_opcode_length[256];
extern const uint8_t classfile_opcode_operands[256];
extern const char *const classfile_opcode_name[256];

/* Where a switch's operands are, after the padding. */
static inline uint32_t classfile_switch_at(uint32_t pc)
{
	return (pc + 4) & ~(uint32_t)3;
}

/* classfile_instruction_length for what is not of fixed length */
uint32_t classfile_instruction_length_slow(const uint8_t *code, uint32_t pc, uint32_t len);

/* Octets of the instruction at pc < len; 0 if it is illegal, or does not end by len. Switches: count is checked against what there is. */
static inline uint32_t classfile_instruction_length(const uint8_t *code, uint32_t pc, uint32_t len)
{
	const uint32_t n = classfile_opcode_length[code[pc]];

	return n && n <= len - pc ? n : classfile_instruction_length_slow(code, pc, len);
}

/* A tableswitch or lookupswitch whose length was checked. Targets are relative to the instruction. */
struct classfile_switch {
	int32_t target;      /* the default */
	int32_t low;         /* tableswitch: the first case */
	uint32_t n;          /* cases */
	const uint8_t *rows; /* n targets (s4), or n pairs of match and target */
	bool lookup;
};

void classfile_switch_read(const uint8_t *code, uint32_t pc, struct classfile_switch *out);

static inline int32_t classfile_switch_match(const struct classfile_switch *s, uint32_t i)
{
	return s->lookup ? classfile_s32(s->rows + 8 * (size_t)i) : (int32_t)((uint32_t)s->low + i);
}

static inline int32_t classfile_switch_target(const struct classfile_switch *s, uint32_t i)
{
	return classfile_s32(s->rows + (s->lookup ? 8 * (size_t)i + 4 : 4 * (size_t)i));
}

#endif

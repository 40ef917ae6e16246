/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All of a class file as a row of typed fields, in the order of its octets and without a gap: what dumps, compares, counts or mutates class
 * files is a visitor. Values are those of the parsed view, so writing every field out again is the identity (write.h), and shows
 * that nothing was left unread.
 */
#ifndef JVM_BROKER_CLASSFILE_WALK_H
#define JVM_BROKER_CLASSFILE_WALK_H

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/classfile/classfile.h"

enum classfile_meaning {
	CLASSFILE_IS_NUMBER, /* unsigned */
	CLASSFILE_IS_SIGNED,
	CLASSFILE_IS_FLAGS,
	CLASSFILE_IS_TAG,       /* decides what follows */
	CLASSFILE_IS_COUNT,     /* of rows that follow */
	CLASSFILE_IS_SIZE,      /* of octets that follow */
	CLASSFILE_IS_INDEX,     /* of a constant pool entry of one of the tags in 'expects' */
	CLASSFILE_IS_OPTION,    /* the same, or 0 for none */
	CLASSFILE_IS_BOOTSTRAP, /* a row of BootstrapMethods */
	CLASSFILE_IS_OPCODE,
	CLASSFILE_IS_LOCAL,     /* a local variable */
	CLASSFILE_IS_BRANCH,    /* signed, from the instruction at pc */
	CLASSFILE_IS_PC,        /* an offset into the code */
	CLASSFILE_IS_PC_LENGTH, /* octets of code from the PC before */
	CLASSFILE_IS_PC_DELTA,  /* offset_delta of a stack map frame */
	CLASSFILE_IS_OCTETS,    /* as they are: value is nothing, width may be 0 or more than 4 */
	CLASSFILE_IS_MALFORMED, /* the same: the rest of an attribute or of a code array that does not read as it should */
};

struct classfile_field {
	const char *label; /* as in JVMS 4, for instructions as in 6.5 */
	uint8_t meaning;   /* enum classfile_meaning */
	uint32_t at;       /* where it is */
	uint32_t width;    /* octets: 1, 2 or 4 if it has a value */
	uint32_t value;    /* SIGNED and BRANCH: sign-extended */
	uint32_t expects;  /* 1 << tag: INDEX and OPTION */
	uint32_t pc;       /* of the instruction, inside code */
};

/* Functions that are NULL are not called. */
struct classfile_visitor {
	void (*field)(void *arg, const struct classfile_field *field);
	/* Around the fields of something that is made of several: its label in JVMS ("method_info", "exception_table", an attribute's name, an
	 * instruction's mnemonic), and which one of its list it is; for a constant its index, for an instruction its pc. */
	void (*enter)(void *arg, const char *label, uint32_t i);
	void (*leave)(void *arg);
	void *arg;
};

/* Visits all. Returns how many attributes and code arrays were malformed. */
unsigned classfile_walk(const struct classfile *c, const struct classfile_visitor *v);

#endif

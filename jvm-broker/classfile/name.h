/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and descriptors (JVMS 4.2, 4.3) and modified UTF-8 (4.4.7): what octets read, nothing of what they stand for. */
#ifndef JVM_BROKER_CLASSFILE_NAME_H
#define JVM_BROKER_CLASSFILE_NAME_H

#include "jvm-broker/classfile/classfile.h"

#define CLASSFILE_DIMENSIONS_MAX 255 /* of an array type (4.3.2) */

/* 0, CLASSFILE_UTF8_OVERLONG or CLASSFILE_UTF8_BAD: as in the kind of a Utf8 entry. */
unsigned classfile_utf8_check(const uint8_t *octets, size_t len);
/* The character at octets[0], len > 0 octets being left, and in *used how many octets it has: a UTF-16 code unit, or -EINVAL. */
int classfile_utf8_unit(const uint8_t *octets, size_t len, unsigned *used);

/* A type in a descriptor */
struct classfile_type {
	uint8_t base;               /* 'B' 'C' 'D' 'F' 'I' 'J' 'S' 'Z', 'L' for a class; 'V' where it is allowed */
	uint8_t dimensions;         /* of an array; 0 = none */
	struct classfile_text name; /* of the class if base is 'L': between 'L' and ';'; else empty */
	struct classfile_text text; /* the whole of it */
};

/* Words of locals or stack that a value of this type takes: 0, 1, 2 */
static inline unsigned classfile_type_slots(const struct classfile_type *t)
{
	return t->dimensions ? 1 : t->base == 'J' || t->base == 'D' ? 2 : t->base != 'V';
}

/* Reads a field descriptor at *at < end and moves *at behind it. 0 or -EINVAL, then nothing moved. 'V' is refused. Class names are not
 * checked, only that they are not empty. */
int classfile_type_read(const uint8_t **at, const uint8_t *end, struct classfile_type *out);
/* A text that is one field descriptor and nothing else: 0 or -EINVAL. */
int classfile_type_parse(struct classfile_text text, struct classfile_type *out);

/* A method descriptor, to be read type by type */
struct classfile_signature {
	const uint8_t *at, *end; /* the parameters that remain */
	struct classfile_type result;
	uint16_t parameters; /* how many */
	uint32_t slots;      /* words they take, this not counted; more than 255 is for the caller to refuse */
};

/* Reads it all. 0 or -EINVAL, then *out is untouched. Class names as above. */
int classfile_signature_parse(struct classfile_text text, struct classfile_signature *out);
/* The next parameter of one that was parsed; false at the end. */
bool classfile_signature_next(struct classfile_signature *s, struct classfile_type *out);

/* JVMS 4.2 */
bool classfile_is_unqualified(struct classfile_text name); /* of a field or local variable: 4.2.2 */
bool classfile_is_method_name(struct classfile_text name); /* also <init> and <clinit> */
bool classfile_is_class_name(struct classfile_text name);  /* binary, a/b/C: 4.2.1; no array */
bool classfile_is_module_name(struct classfile_text name); /* 4.2.3 */
/* What a Class entry may name: a class, or an array type (4.4.1) */
bool classfile_is_class_or_array(struct classfile_text name);
/* Descriptors whose class names are binary names and whose arrays have at most 255 dimensions (4.3.2, 4.3.3). Slots are not limited. */
bool classfile_is_field_descriptor(struct classfile_text text);
bool classfile_is_method_descriptor(struct classfile_text text);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the folder: verification types (JVMS 4.10.1.2) as words of 32 bits.
 *
 *	bits 0-3 kind   4-11 dimensions of an array   12-31 the number of a name; of an Uninitialized the offset of its new
 *
 * All kinds but REFERENCE, UNINITIALIZED and RETURN_ADDRESS have nothing else in the word, so that equal types are equal words. A long or double
 * takes two words, the first of them below.
 */
#ifndef JVM_BROKER_VERIFY_TYPE_H
#define JVM_BROKER_VERIFY_TYPE_H

#include "jvm-broker/verify/names.h"

enum type_kind {
	TYPE_TOP,
	TYPE_INT,
	TYPE_FLOAT,
	TYPE_LONG,
	TYPE_LONG_2,
	TYPE_DOUBLE,
	TYPE_DOUBLE_2,
	TYPE_NULL,
	TYPE_UNINITIALIZED_THIS,
	TYPE_UNINITIALIZED,
	TYPE_RETURN_ADDRESS, /* of a subroutine: the offset where it begins in place of a name */
	TYPE_REFERENCE,
	TYPE_SET, /* as REFERENCE: of what superclass these share; the number of a set in place of a name */
};

#define TYPE_CLASS(name) ((uint32_t)(name) << 12 | TYPE_REFERENCE)
#define TYPE_ARRAY(name, dimensions) (TYPE_CLASS(name) | (uint32_t)(dimensions) << 4)
#define TYPE_NEW(pc) ((uint32_t)(pc) << 12 | TYPE_UNINITIALIZED)
#define TYPE_RETURN_TO(pc) ((uint32_t)(pc) << 12 | TYPE_RETURN_ADDRESS)
#define TYPE_OBJECT TYPE_CLASS(NAME_OBJECT)
#define TYPE_DIMENSION (1u << 4)

/* Sets of kinds, for type_in */
#define TYPES_REFERENCE (1u << TYPE_NULL | 1u << TYPE_REFERENCE | 1u << TYPE_SET)
#define TYPES_ADDRESS (TYPES_REFERENCE | 1u << TYPE_UNINITIALIZED_THIS | 1u << TYPE_UNINITIALIZED)
#define TYPES_STORED (TYPES_ADDRESS | 1u << TYPE_RETURN_ADDRESS) /* by astore */
#define TYPES_ONE_WORD (TYPES_STORED | 1u << TYPE_INT | 1u << TYPE_FLOAT)
#define TYPES_FIRST (1u << TYPE_LONG | 1u << TYPE_DOUBLE)
#define TYPES_SECOND (1u << TYPE_LONG_2 | 1u << TYPE_DOUBLE_2)

static inline unsigned type_kind(uint32_t type)
{
	return type & 15;
}

static inline bool type_in(uint32_t type, unsigned kinds)
{
	return kinds >> type_kind(type) & 1;
}

static inline unsigned type_dimensions(uint32_t type)
{
	return type >> 4 & 255;
}

static inline uint32_t type_name(uint32_t type)
{
	return type >> 12;
}

static inline bool type_is_array(uint32_t type)
{
	return type_kind(type) >= TYPE_REFERENCE && type_dimensions(type);
}

static inline bool type_is_class(uint32_t type)
{
	return type_kind(type) == TYPE_REFERENCE && !type_dimensions(type);
}

/* An array whose elements are references */
static inline bool type_is_reference_array(uint32_t type)
{
	return type_is_array(type) &&
	       (type_dimensions(type) > 1 || type_kind(type) == TYPE_SET || type_name(type) >= NAME_FIRST);
}

#endif

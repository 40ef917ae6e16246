/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: the names of classes that a class speaks of, as numbers. */
#ifndef JVM_BROKER_VERIFY_NAMES_H
#define JVM_BROKER_VERIFY_NAMES_H

#include "jvm-broker/classfile/classfile.h"

/* Numbers below NAME_FIRST stand for primitive types, as components of arrays. */
/* clang-format off */
#define NAME_PRIMITIVES(X) X(BYTE, 'B') X(CHAR, 'C') X(DOUBLE, 'D') X(FLOAT, 'F') X(INT, 'I') X(LONG, 'J') X(SHORT, 'S') X(BOOLEAN, 'Z')
#define NAME_KNOWN(X) \
	X(OBJECT, "java/lang/Object") X(STRING, "java/lang/String") X(CLASS, "java/lang/Class") X(THROWABLE, "java/lang/Throwable") \
	X(CLONEABLE, "java/lang/Cloneable") X(SERIALIZABLE, "java/io/Serializable") \
	X(METHOD_HANDLE, "java/lang/invoke/MethodHandle") X(METHOD_TYPE, "java/lang/invoke/MethodType")
/* clang-format on */

enum {
#define X(name, letter) NAME_##name,
	NAME_PRIMITIVES(X)
#undef X
		NAME_FIRST,
	NAME_BEFORE_KNOWN = NAME_FIRST - 1,
#define X(name, text) NAME_##name,
	NAME_KNOWN(X)
#undef X
		NAME_KNOWN_END
};

#define NAME_NONE UINT32_MAX
#define NAMES_MAX (1u << 20)
#define NAME_PROBES_MAX 4096 /* of one look-up: more means that names were chosen to collide */

struct names {
	struct keel_arena *arena;
	struct classfile_text *texts; /* by number; primitives have their letter */
	uint32_t *slots;              /* number, 0 = free */
	uint32_t n, room, slots_n;    /* slots_n: a power of two */
};

/* The known ones, and room for more. 0 or -ENOMEM. */
int names_init(struct names *names, struct keel_arena *arena);
/* The number of a name, whose octets must stay. NAME_NONE: out of memory, or too many. */
uint32_t names_add(struct names *names, const uint8_t *text, uint32_t len);
/* The primitive type of a letter; NAME_NONE: no letter of one. */
uint32_t names_primitive(uint8_t letter);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A class file (JVMS 4) as a view over its own octets: the constant pool is decoded once into an array of eight octets an entry, fields and
 * methods into one of sixteen, all else is read where it lies by the cursors of attribute.h and opcode.h. Nothing is copied, so the octets
 * must outlive the view; memory comes from the caller's arena and is gone at its reset.
 *
 * classfile_parse refuses only what cannot be read. What was read may still be nonsense: an index may point outside the pool or at the wrong
 * kind of entry. The functions here that take an index check it; whoever has checked all indices may read the arrays.
 */
#ifndef JVM_BROKER_CLASSFILE_H
#define JVM_BROKER_CLASSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm-broker/classfile/reason.h"
#include "tools/lib/keel/arena.h"

#define CLASSFILE_MAGIC 0xcafebabe
#define CLASSFILE_SIZE_MAX ((uint32_t)256 << 20) /* octets; offsets are 32 bits wide and may be added */

/* clang-format off */
/* JVMS table 4.4-A.  NAME, tag, octets after the tag (0: a length goes before them), slots, first class file version */
#define CLASSFILE_TAGS(X) \
	X(UTF8,                "Utf8",               1,  0, 1, 45) \
	X(INTEGER,             "Integer",            3,  4, 1, 45) \
	X(FLOAT,               "Float",              4,  4, 1, 45) \
	X(LONG,                "Long",               5,  8, 2, 45) \
	X(DOUBLE,              "Double",             6,  8, 2, 45) \
	X(CLASS,               "Class",              7,  2, 1, 45) \
	X(STRING,              "String",             8,  2, 1, 45) \
	X(FIELDREF,            "Fieldref",           9,  4, 1, 45) \
	X(METHODREF,           "Methodref",          10, 4, 1, 45) \
	X(INTERFACE_METHODREF, "InterfaceMethodref", 11, 4, 1, 45) \
	X(NAME_AND_TYPE,       "NameAndType",        12, 4, 1, 45) \
	X(METHOD_HANDLE,       "MethodHandle",       15, 3, 1, 51) \
	X(METHOD_TYPE,         "MethodType",         16, 2, 1, 51) \
	X(DYNAMIC,             "Dynamic",            17, 4, 1, 55) \
	X(INVOKE_DYNAMIC,      "InvokeDynamic",      18, 4, 1, 51) \
	X(MODULE,              "Module",             19, 2, 1, 53) \
	X(PACKAGE,             "Package",            20, 2, 1, 53)
/* clang-format on */

enum classfile_tag {
	CLASSFILE_NO_CONSTANT = 0, /* index 0, the second slot of a Long or Double, and what lies outside the pool */
#define X(name, text, tag, octets, slots, since) CLASSFILE_##name = (tag),
	CLASSFILE_TAGS(X)
#undef X
};

/* JVMS 4.1-B, 4.5-A, 4.6-A, 4.7.6-A */
enum classfile_access {
	CLASSFILE_PUBLIC = 0x0001,
	CLASSFILE_PRIVATE = 0x0002,
	CLASSFILE_PROTECTED = 0x0004,
	CLASSFILE_STATIC = 0x0008,
	CLASSFILE_FINAL = 0x0010,
	CLASSFILE_SUPER = 0x0020,        /* class */
	CLASSFILE_SYNCHRONIZED = 0x0020, /* method */
	CLASSFILE_VOLATILE = 0x0040,     /* field */
	CLASSFILE_BRIDGE = 0x0040,       /* method */
	CLASSFILE_TRANSIENT = 0x0080,    /* field */
	CLASSFILE_VARARGS = 0x0080,      /* method */
	CLASSFILE_NATIVE = 0x0100,
	CLASSFILE_INTERFACE = 0x0200,
	CLASSFILE_ABSTRACT = 0x0400,
	CLASSFILE_STRICT = 0x0800,
	CLASSFILE_SYNTHETIC = 0x1000,
	CLASSFILE_ANNOTATION = 0x2000,
	CLASSFILE_ENUM = 0x4000,
	CLASSFILE_MODULE_FLAG = 0x8000, /* class */
	CLASSFILE_MANDATED = 0x8000,    /* parameter, module */
};

/* JVMS table 5.4.3.5-A: reference_kind of a MethodHandle */
enum classfile_reference {
	CLASSFILE_REF_GET_FIELD = 1,
	CLASSFILE_REF_GET_STATIC,
	CLASSFILE_REF_PUT_FIELD,
	CLASSFILE_REF_PUT_STATIC,
	CLASSFILE_REF_INVOKE_VIRTUAL,
	CLASSFILE_REF_INVOKE_STATIC,
	CLASSFILE_REF_INVOKE_SPECIAL,
	CLASSFILE_REF_NEW_INVOKE_SPECIAL,
	CLASSFILE_REF_INVOKE_INTERFACE,
};

/*
 * A constant pool entry.
 *
 *   tag                              a                            b
 *   Utf8                             its length in octets         where its octets are
 *   Integer Float Long Double        -                            where its value is
 *   Class String MethodType Module Package   name/string/descriptor_index  -
 *   Fieldref Methodref InterfaceMethodref    class_index          name_and_type_index
 *   NameAndType                      name_index                   descriptor_index
 *   MethodHandle                     reference_index              -                    kind: reference_kind
 *   Dynamic InvokeDynamic            bootstrap_method_attr_index  name_and_type_index
 *
 * "Where" is an offset from the class's first octet. A Utf8's kind is read by the functions below.
 */
struct classfile_constant {
	uint8_t tag; /* enum classfile_tag */
	uint8_t kind;
	uint16_t a;
	uint32_t b;
};

#define CLASSFILE_UTF8_ATTRIBUTE 0x3f /* of a Utf8's kind: enum classfile_attribute_kind of the attribute it names */
#define CLASSFILE_UTF8_OVERLONG 0x40  /* holds a character in more octets than it needs (JVMS 4.4.7) */
#define CLASSFILE_UTF8_BAD 0x80       /* is no modified UTF-8 */

/* A field or method (JVMS 4.5, 4.6). Its attributes begin at at + 8 (classfile_member_attributes). */
struct classfile_member {
	uint16_t access;
	uint16_t name;       /* index */
	uint16_t descriptor; /* index */
	uint16_t attributes; /* how many */
	uint32_t at;         /* where the field_info or method_info is */
	uint32_t code;       /* where the content of the Code attribute is; 0 = there is none */
};

struct classfile {
	const uint8_t *data; /* borrowed */
	uint32_t size;
	uint16_t minor, major;
	uint16_t constants_n; /* constant_pool_count: entry 0 is there and unused */
	uint16_t access;
	uint16_t this_class, super_class; /* indices; super_class 0 = none */
	uint16_t interfaces_n, fields_n, methods_n, attributes_n;
	uint32_t access_at; /* where access_flags are: the end of the constant pool, which begins at 8 with its count */
	uint32_t interfaces_at; /* where interfaces[] is */
	uint32_t attributes_at; /* where attributes[] of the class is */
	const struct classfile_constant *constants;
	const struct classfile_member *fields, *methods;
};

/* Octets inside the class file. data NULL: there is no such thing. */
struct classfile_text {
	const uint8_t *data;
	uint32_t len;
};

/* Fills *out, with arrays from the arena, which need be no fresher than the octets. Returns why not, and then *out is untouched and
 * *where (may be NULL) is the offset that was reached. */
enum classfile_reason classfile_parse(const void *data, size_t size, struct keel_arena *arena, struct classfile *out,
				      uint32_t *where);

/* "Fieldref"; NULL for a number that is no tag. */
const char *classfile_tag_name(unsigned tag);
/* Octets after the tag (0: a length says) and slots; 0 slots for a number that is no tag. */
unsigned classfile_tag_octets(unsigned tag);
unsigned classfile_tag_slots(unsigned tag);
/* "REF_invokeStatic"; NULL for a number that is no kind. */
const char *classfile_reference_name(unsigned kind);

/* ---- unchecked loads, from octets that are known to be there ---------------------------------------------------------------- */

static inline uint16_t classfile_u16(const uint8_t *at)
{
	uint16_t v;

	__builtin_memcpy(&v, at, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t classfile_u32(const uint8_t *at)
{
	uint32_t v;

	__builtin_memcpy(&v, at, sizeof(v));
	return __builtin_bswap32(v);
}

static inline int16_t classfile_s16(const uint8_t *at)
{
	return (int16_t)classfile_u16(at);
}

static inline int32_t classfile_s32(const uint8_t *at)
{
	return (int32_t)classfile_u32(at);
}

/* ---- the constant pool: any index may be given -------------------------------------------------------------------------------- */

static inline unsigned classfile_tag_of(const struct classfile *c, uint32_t index)
{
	return index < c->constants_n ? c->constants[index].tag : CLASSFILE_NO_CONSTANT;
}

/* The entry, if it has this tag; else NULL. */
static inline const struct classfile_constant *classfile_constant(const struct classfile *c, uint32_t index,
								  enum classfile_tag tag)
{
	return index < c->constants_n && c->constants[index].tag == tag ? &c->constants[index] : NULL;
}

/* The octets of a Utf8 */
static inline struct classfile_text classfile_utf8(const struct classfile *c, uint32_t index)
{
	const struct classfile_constant *k = classfile_constant(c, index, CLASSFILE_UTF8);

	return k ? (struct classfile_text){ c->data + k->b, k->a } : (struct classfile_text){ NULL, 0 };
}

/* The name of a Class, Module or Package, the characters of a String, the descriptor of a MethodType */
static inline struct classfile_text classfile_name_of(const struct classfile *c, uint32_t index)
{
	const unsigned tag = classfile_tag_of(c, index);
	const unsigned with = 1u << CLASSFILE_CLASS | 1u << CLASSFILE_STRING | 1u << CLASSFILE_METHOD_TYPE |
			      1u << CLASSFILE_MODULE | 1u << CLASSFILE_PACKAGE;

	return with >> tag & 1 ? classfile_utf8(c, c->constants[index].a) : (struct classfile_text){ NULL, 0 };
}

/* A symbolic reference with a name and a type (JVMS 4.4.2, 4.4.10), or a bare NameAndType. */
struct classfile_reference_parts {
	uint8_t tag;      /* of the entry */
	uint16_t owner;   /* class_index; bootstrap_method_attr_index; 0 for a NameAndType */
	uint16_t name_at; /* indices of the Utf8s, for whoever compares by index */
	uint16_t descriptor_at;
	struct classfile_text owner_name; /* as in the Class entry, for references to members */
	struct classfile_text name, descriptor;
};

/* 0, or -EINVAL if the index, or one it leads to, is not of the right kind; then *out is untouched. */
int classfile_reference(const struct classfile *c, uint32_t index, struct classfile_reference_parts *out);

/* The value of an Integer or Float (bits), of a Long or Double (bits): 0 if the index is none. */
uint32_t classfile_value32(const struct classfile *c, uint32_t index);
uint64_t classfile_value64(const struct classfile *c, uint32_t index);

/* interfaces[i], an index; i < interfaces_n */
static inline uint16_t classfile_interface(const struct classfile *c, unsigned i)
{
	return classfile_u16(c->data + c->interfaces_at + 2 * (size_t)i);
}

/* Where an entry's tag is, by a walk over the pool; 0 if there is no such entry. */
uint32_t classfile_constant_at(const struct classfile *c, uint32_t index);

static inline bool classfile_text_is(struct classfile_text text, const char *literal, size_t len)
{
	return text.data && text.len == len && !__builtin_memcmp(text.data, literal, len);
}

/* Does the text read exactly "..."? */
#define CLASSFILE_TEXT_IS(text, literal) classfile_text_is((text), (literal), sizeof(literal) - 1)

static inline bool classfile_text_equal(struct classfile_text a, struct classfile_text b)
{
	return a.data && b.data && a.len == b.len && !__builtin_memcmp(a.data, b.data, a.len);
}

#endif

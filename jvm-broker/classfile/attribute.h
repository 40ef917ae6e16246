/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attributes (JVMS 4.7), read where they lie. A cursor's readers are checked: they never leave the attribute, and say so when its content
 * does not fit. What an attribute may contain and where it may stand is not judged here.
 */
#ifndef JVM_BROKER_CLASSFILE_ATTRIBUTE_H
#define JVM_BROKER_CLASSFILE_ATTRIBUTE_H

#include "jvm-broker/classfile/classfile.h"

enum classfile_place {
	CLASSFILE_IN_CLASS = 1,
	CLASSFILE_IN_FIELD = 2,
	CLASSFILE_IN_METHOD = 4,
	CLASSFILE_IN_CODE = 8,
	CLASSFILE_IN_COMPONENT = 16, /* of a Record */
	CLASSFILE_IN_CFM = 7,        /* class, field, method */
	CLASSFILE_IN_MEMBER = 23,    /* these and component */
	CLASSFILE_IN_ANY = 31,
};

/* clang-format off */
/* JVMS table 4.7-C (Java 25), and what JDKs write into module-info.  NAME, name, class file version, where it may
 * stand (elsewhere it is none that the virtual machine knows) */
#define CLASSFILE_ATTRIBUTES(X) \
	X(CONSTANT_VALUE, "ConstantValue", 45, CLASSFILE_IN_FIELD) \
	X(CODE, "Code", 45, CLASSFILE_IN_METHOD) \
	X(STACK_MAP_TABLE, "StackMapTable", 50, CLASSFILE_IN_CODE) \
	X(EXCEPTIONS, "Exceptions", 45, CLASSFILE_IN_METHOD) \
	X(INNER_CLASSES, "InnerClasses", 45, CLASSFILE_IN_CLASS) \
	X(ENCLOSING_METHOD, "EnclosingMethod", 49, CLASSFILE_IN_CLASS) \
	X(SYNTHETIC_MARK, "Synthetic", 45, CLASSFILE_IN_CFM) \
	X(SIGNATURE, "Signature", 49, CLASSFILE_IN_MEMBER) \
	X(SOURCE_FILE, "SourceFile", 45, CLASSFILE_IN_CLASS) \
	X(SOURCE_DEBUG, "SourceDebugExtension", 49, CLASSFILE_IN_CLASS) \
	X(LINE_NUMBERS, "LineNumberTable", 45, CLASSFILE_IN_CODE) \
	X(LOCAL_VARIABLES, "LocalVariableTable", 45, CLASSFILE_IN_CODE) \
	X(LOCAL_VARIABLE_TYPES, "LocalVariableTypeTable", 49, CLASSFILE_IN_CODE) \
	X(DEPRECATED, "Deprecated", 45, CLASSFILE_IN_CFM) \
	X(ANNOTATIONS, "RuntimeVisibleAnnotations", 49, CLASSFILE_IN_MEMBER) \
	X(ANNOTATIONS_CLASS, "RuntimeInvisibleAnnotations", 49, CLASSFILE_IN_MEMBER) \
	X(PARAMETER_ANNOTATIONS, "RuntimeVisibleParameterAnnotations", 49, CLASSFILE_IN_METHOD) \
	X(PARAMETER_ANNOTATIONS_CLASS, "RuntimeInvisibleParameterAnnotations", 49, CLASSFILE_IN_METHOD) \
	X(TYPE_ANNOTATIONS, "RuntimeVisibleTypeAnnotations", 52, CLASSFILE_IN_ANY) \
	X(TYPE_ANNOTATIONS_CLASS, "RuntimeInvisibleTypeAnnotations", 52, CLASSFILE_IN_ANY) \
	X(ANNOTATION_DEFAULT, "AnnotationDefault", 49, CLASSFILE_IN_METHOD) \
	X(BOOTSTRAP_METHODS, "BootstrapMethods", 51, CLASSFILE_IN_CLASS) \
	X(METHOD_PARAMETERS, "MethodParameters", 52, CLASSFILE_IN_METHOD) \
	X(MODULE_INFO, "Module", 53, CLASSFILE_IN_CLASS) \
	X(MODULE_PACKAGES, "ModulePackages", 53, CLASSFILE_IN_CLASS) \
	X(MODULE_MAIN_CLASS, "ModuleMainClass", 53, CLASSFILE_IN_CLASS) \
	X(NEST_HOST, "NestHost", 55, CLASSFILE_IN_CLASS) \
	X(NEST_MEMBERS, "NestMembers", 55, CLASSFILE_IN_CLASS) \
	X(RECORD, "Record", 60, CLASSFILE_IN_CLASS) \
	X(PERMITTED_SUBCLASSES, "PermittedSubclasses", 61, CLASSFILE_IN_CLASS) \
	X(MODULE_TARGET, "ModuleTarget", 53, CLASSFILE_IN_CLASS) /* JDK */ \
	X(MODULE_HASHES, "ModuleHashes", 53, CLASSFILE_IN_CLASS) /* JDK */ \
	X(MODULE_RESOLUTION, "ModuleResolution", 53, CLASSFILE_IN_CLASS) /* JDK */
/* clang-format on */

enum classfile_attribute_kind {
	CLASSFILE_ATTR_UNKNOWN,
#define X(name, text, since, places) CLASSFILE_ATTR_##name,
	CLASSFILE_ATTRIBUTES(X)
#undef X
		CLASSFILE_ATTR_N
};

struct classfile_attribute {
	uint8_t kind;  /* enum classfile_attribute_kind; UNKNOWN also when the name is no Utf8 */
	uint16_t name; /* index */
	uint32_t at;   /* where the content is: after the length */
	uint32_t len;  /* octets of the content */
};

/* What remains of a list of attributes */
struct classfile_attributes {
	uint32_t at, end;
	uint16_t left;
};

/* The kind an attribute of this name has; by name, or by an index into the pool (faster). */
enum classfile_attribute_kind classfile_attribute_named(const uint8_t *name, size_t len);
enum classfile_attribute_kind classfile_attribute_kind(const struct classfile *c, uint32_t name);
/* May it stand there (enum classfile_place)? */
bool classfile_attribute_fits(enum classfile_attribute_kind kind, enum classfile_place place);
/* "StackMapTable"; NULL for UNKNOWN. */
const char *classfile_attribute_name(enum classfile_attribute_kind kind);

struct classfile_attributes classfile_class_attributes(const struct classfile *c);
struct classfile_attributes classfile_member_attributes(const struct classfile *c, const struct classfile_member *m);
/* 1 and the next in *out; 0 at the end; -EINVAL if it does not fit (only inside Code and Record: classfile_parse has walked the others). */
int classfile_attributes_next(const struct classfile *c, struct classfile_attributes *list,
			      struct classfile_attribute *out);
/* The first of this kind: as next, and 0 = there is none. */
int classfile_attribute_find(const struct classfile *c, struct classfile_attributes list,
			     enum classfile_attribute_kind kind, struct classfile_attribute *out);

/* ---- Code (4.7.3) --------------------------------------------------------------------------------------------------------------- */

struct classfile_code {
	uint16_t max_stack, max_locals;
	uint32_t len;          /* code_length, unjudged: 0, and more than 65535, too */
	const uint8_t *octets; /* code[] */
	uint16_t handlers_n;
	const uint8_t *handlers; /* exception_table[] */
	struct classfile_attributes attributes;
};

struct classfile_handler {
	uint16_t start, end, handler;
	uint16_t type; /* index; 0 = any */
};

/* The Code of a method whose code is not 0. 0, or -EINVAL if the content does not fit or has more than it says; the lengths of its
 * attributes add up, what is in them is not looked at. */
int classfile_code_read(const struct classfile *c, const struct classfile_member *method, struct classfile_code *out);

static inline struct classfile_handler classfile_code_handler(const struct classfile_code *code, unsigned i)
{
	const uint8_t *row = code->handlers + 8 * (size_t)i;

	return (struct classfile_handler){ classfile_u16(row), classfile_u16(row + 2), classfile_u16(row + 4),
					   classfile_u16(row + 6) };
}

/* ---- attributes that are one table ------------------------------------------------------------------------------------------------ */

/* clang-format off */
/* kind, octets of the count, octets of a row */
#define CLASSFILE_TABLES(X) \
	X(EXCEPTIONS,           2, 2)  /* 4.7.5: class index */ \
	X(INNER_CLASSES,        2, 8)  /* 4.7.6: inner class, outer class, name, access */ \
	X(LINE_NUMBERS,         2, 4)  /* 4.7.12: start_pc, line */ \
	X(LOCAL_VARIABLES,      2, 10) /* 4.7.13: start_pc, length, name, descriptor, local */ \
	X(LOCAL_VARIABLE_TYPES, 2, 10) /* 4.7.14: start_pc, length, name, signature, local */ \
	X(METHOD_PARAMETERS,    1, 4)  /* 4.7.24: name or 0, access */ \
	X(MODULE_PACKAGES,      2, 2)  /* 4.7.26: package index */ \
	X(NEST_MEMBERS,         2, 2)  /* 4.7.29: class index */ \
	X(PERMITTED_SUBCLASSES, 2, 2)  /* 4.7.31: class index */
/* clang-format on */

struct classfile_table {
	const uint8_t *rows;
	uint32_t n;
	uint8_t width; /* octets of a row */
};

/* 0, or -EINVAL if the attribute is not of a kind above or not as long as its count says; then *out is untouched. */
int classfile_table_read(const struct classfile *c, const struct classfile_attribute *a, struct classfile_table *out);

/* Column k (two octets each) of row i < n. */
static inline uint16_t classfile_table_cell(const struct classfile_table *t, uint32_t i, unsigned k)
{
	return classfile_u16(t->rows + (size_t)i * t->width + 2 * k);
}

/* The content of an attribute that is one index (ConstantValue, Signature, SourceFile, NestHost, ModuleMainClass): -EINVAL if it is not
 * two octets long. Four: EnclosingMethod, by two indices. */
int classfile_attribute_index(const struct classfile *c, const struct classfile_attribute *a);

/* ---- StackMapTable (4.7.4) ---------------------------------------------------------------------------------------------------- */

enum classfile_frame_type {
	CLASSFILE_FRAME_TOP,
	CLASSFILE_FRAME_INTEGER,
	CLASSFILE_FRAME_FLOAT,
	CLASSFILE_FRAME_DOUBLE,
	CLASSFILE_FRAME_LONG,
	CLASSFILE_FRAME_NULL,
	CLASSFILE_FRAME_UNINITIALIZED_THIS,
	CLASSFILE_FRAME_OBJECT,        /* with a class index */
	CLASSFILE_FRAME_UNINITIALIZED, /* with the offset of a new */
	CLASSFILE_FRAME_TYPES_N
};

enum classfile_frame_kind {
	CLASSFILE_FRAME_SAME,   /* also same_frame_extended */
	CLASSFILE_FRAME_SAME_1, /* same_locals_1_stack_item, also extended */
	CLASSFILE_FRAME_CHOP,
	CLASSFILE_FRAME_APPEND,
	CLASSFILE_FRAME_FULL,
};

/* What remains of a StackMapTable */
struct classfile_frames {
	const uint8_t *at, *end;
	uint16_t left; /* frames */
	uint16_t n;    /* number_of_entries */
};

struct classfile_frame {
	uint8_t tag;  /* frame_type as it stands */
	uint8_t kind; /* enum classfile_frame_kind */
	uint8_t chop; /* locals that go: 1 to 3 of a CHOP */
	uint16_t delta;
	uint16_t locals_n;             /* types for locals: 1 to 3 of an APPEND, all of a FULL */
	uint16_t stack_n;              /* types for the stack: 1 of a SAME_1, all of a FULL */
	const uint8_t *at;             /* the frame */
	const uint8_t *locals, *stack; /* for classfile_frame_item */
};

struct classfile_frame_item {
	uint8_t type;   /* enum classfile_frame_type */
	uint16_t value; /* class index or offset, else 0 */
};

/* 0, or -EINVAL if the attribute has no room for its count. */
int classfile_frames_read(const struct classfile *c, const struct classfile_attribute *a, struct classfile_frames *out);
/* 1 and the next frame, whose types are all well formed; 0 after the last; -EINVAL if it does not fit, has a reserved frame_type or an
 * unknown type, or octets follow the last. */
int classfile_frames_next(struct classfile_frames *f, struct classfile_frame *out);

/* The type at *at, one of a frame's, and moves on. */
static inline struct classfile_frame_item classfile_frame_item(const uint8_t **at)
{
	const uint8_t *here = *at;

	if (*here < CLASSFILE_FRAME_OBJECT) {
		*at += 1;
		return (struct classfile_frame_item){ *here, 0 };
	}
	*at += 3;
	return (struct classfile_frame_item){ *here, classfile_u16(here + 1) };
}

/* ---- BootstrapMethods (4.7.23) -------------------------------------------------------------------------------------------------- */

struct classfile_bootstraps {
	const uint8_t *at, *end;
	uint16_t left;
	uint16_t n;
};

struct classfile_bootstrap {
	uint16_t method; /* index of a MethodHandle */
	uint16_t arguments_n;
	const uint8_t *arguments; /* u2 indices */
};

int classfile_bootstraps_read(const struct classfile *c, const struct classfile_attribute *a,
			      struct classfile_bootstraps *out);
/* 1, 0 or -EINVAL, as classfile_attributes_next. */
int classfile_bootstraps_next(struct classfile_bootstraps *b, struct classfile_bootstrap *out);

/* ---- Record (4.7.30) -------------------------------------------------------------------------------------------------------------- */

struct classfile_components {
	uint32_t at, end;
	uint16_t left;
	uint16_t n;
};

struct classfile_component {
	uint16_t name, descriptor; /* indices */
	struct classfile_attributes attributes;
};

int classfile_components_read(const struct classfile *c, const struct classfile_attribute *a,
			      struct classfile_components *out);
/* 1, 0 or -EINVAL, as classfile_attributes_next. */
int classfile_components_next(const struct classfile *c, struct classfile_components *list,
			      struct classfile_component *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the class loader of an application sees: the classes of its JDK's modules and of the artefacts on its class path, in order, as one
 * immutable index of names, supertypes, flags and members. It holds no code. The index is a string of octets that is built once, may
 * be kept in a file and mapped, and is shared by all workers; in it every name and descriptor has a number, so that comparing is comparing
 * numbers.
 *
 * As in the JDK's loaders (jdk.internal.loader.BuiltinClassLoader): a package that a module has is looked for in that module only; else the
 * first artefact that has the class is it.
 */
#ifndef JVM_BROKER_UNIVERSE_H
#define JVM_BROKER_UNIVERSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm-broker/classfile/classfile.h"
#include "jvm-broker/universe/reason.h"
#include "tools/lib/keel/buffer.h"

#define UNIVERSE_HASH 32 /* octets of an artefact's hash (SHA-256) */

/* Does everything that a class extends and implements, directly or not, load? */
enum universe_state {
	UNIVERSE_WHOLE,
	UNIVERSE_MISSING,  /* a supertype is not there */
	UNIVERSE_CIRCULAR, /* it is its own supertype: ClassCircularityError */
	UNIVERSE_STATES
};

/* Names are numbers of strings, 0 = none. Lists are runs of the universe's numbers (universe_list). */
struct universe_class {
	uint32_t name;
	uint32_t package;                 /* "java/lang"; "" of the unnamed package, which has a number too */
	uint32_t super_name;              /* 0 only of java/lang/Object and module-info */
	uint32_t super_class;             /* the class of that name, + 1; 0 = it is not there */
	uint32_t interfaces;              /* where their names begin among the numbers */
	uint32_t nest_host;               /* as it stands: a name, 0 = itself */
	uint32_t nest_members, permitted; /* where the names begin */
	uint32_t fields, methods;         /* where they begin among the members, sorted by name and then descriptor */
	uint32_t module;                  /* + 1; 0 = the unnamed module of the class path */
	uint32_t artefact;
	uint32_t depth; /* superclasses above it; what is MISSING or CIRCULAR: those that are there */
	uint16_t interfaces_n, nest_members_n, permitted_n, fields_n, methods_n;
	uint16_t access; /* of the class file */
	uint16_t major;
	uint8_t state; /* enum universe_state */
	bool sealed;   /* has PermittedSubclasses, be they none */
};

struct universe_member {
	uint32_t name, descriptor;
	uint16_t access;
	uint16_t unused;
};

struct universe_module {
	uint32_t name;
	uint32_t artefact;
	uint32_t exports, exports_n; /* among the exports: packages that are exported, to all or to some */
	uint32_t requires,
		requires_n; /* among the numbers: names of modules, transitive ones with UNIVERSE_TRANSITIVE */
	uint32_t flags;
};

#define UNIVERSE_TRANSITIVE 0x80000000u

struct universe_export {
	uint32_t package;
	uint32_t to, to_n; /* among the numbers: names of modules; none = to all */
};

struct universe {
	const uint8_t *data; /* borrowed */
	size_t size;
	uint32_t strings_n, classes_n, members_n, modules_n, exports_n, numbers_n, artefacts_n, slots_n;
	uint64_t seed;
	const uint32_t *ends;     /* of strings[i] in octets, which begins where i - 1 ends; [0] is 0 */
	const uint32_t *class_of; /* by string: the class of this name, + 1 */
	const uint32_t *slots;    /* a hash table of strings */
	const uint32_t *numbers;
	const uint8_t *octets;
	const struct universe_class *classes;
	const struct universe_member *members;
	const struct universe_module *modules;
	const struct universe_export *exports;
	const uint8_t (*artefacts)[UNIVERSE_HASH];
};

/* Looks at octets from universe_builder_finish, which must stay and be aligned as for uint64_t; every number in them is checked, so that no
 * lookup needs to. Returns why not, then *out is untouched. */
enum universe_reason universe_open(const void *data, size_t size, struct universe *out);

/* The number of a string; 0: no class, member or package has it. */
uint32_t universe_string(const struct universe *u, const void *octets, size_t len);
/* The octets of a string; n < strings_n. */
static inline struct classfile_text universe_text(const struct universe *u, uint32_t n)
{
	return n ? (struct classfile_text){ u->octets + u->ends[n - 1], u->ends[n] - u->ends[n - 1] }
		 : (struct classfile_text){ NULL, 0 };
}

/* The class of a name, binary with slashes; by its octets or by its number. NULL: it does not load. */
const struct universe_class *universe_find(const struct universe *u, const void *name, size_t len);
static inline const struct universe_class *universe_class_named(const struct universe *u, uint32_t name)
{
	return u->class_of[name] ? &u->classes[u->class_of[name] - 1] : NULL;
}

/* NULL: there is none, or it is not there. */
static inline const struct universe_class *universe_super(const struct universe *u, const struct universe_class *c)
{
	return c->super_class ? &u->classes[c->super_class - 1] : NULL;
}

/* The member that this class itself declares; NULL = none. */
const struct universe_member *universe_field(const struct universe *u, const struct universe_class *c, uint32_t name,
					     uint32_t descriptor);
const struct universe_member *universe_method(const struct universe *u, const struct universe_class *c, uint32_t name,
					      uint32_t descriptor);

/* Is b the class a or a superclass of it? */
bool universe_extends(const struct universe *u, const struct universe_class *a, const struct universe_class *b);

/* Two classes in one run-time package (JVMS 5.3): of one package and one loader. */
static inline bool universe_same_package(const struct universe_class *a, const struct universe_class *b)
{
	return a->package == b->package && a->module == b->module;
}

/* May code of module 'from' (+ 1; 0 = the class path) name public types of this package of module 'of' (+ 1)? By exports alone: that a module
 * reads the other is universe_reads. */
bool universe_exported(const struct universe *u, uint32_t of, uint32_t package, uint32_t from);
/* Does module 'from' read module 'of' (both + 1; the class path reads all, and no module reads it)? Follows transitive requirements. */
bool universe_reads(const struct universe *u, uint32_t from, uint32_t of);

/* ---- building ---------------------------------------------------------------------------------------------------------------------- */

enum universe_kind {
	UNIVERSE_MODULES,    /* a JDK's image, or a modular artefact of it: every class belongs to a module */
	UNIVERSE_CLASS_PATH, /* a jar or folder */
};

struct universe_artefact {
	uint8_t hash[UNIVERSE_HASH];
	uint8_t kind; /* enum universe_kind; modules come before the class path */
};

struct universe_builder {
	uint64_t seed;
	struct keel_buffer ends, octets, hashes, class_of, packages,
		slots;                                                  /* owned; by string, and the table of strings */
	struct keel_buffer classes, members, modules, exports, numbers; /* owned */
	struct keel_buffer artefacts, kinds; /* owned; hashes, and octets of enum universe_kind */
	uint32_t strings_n, slots_n;
	uint64_t counts[UNIVERSE_REASONS_N]; /* classes offered, by what became of them */
	enum universe_reason failed;         /* COLLISION, TOO_MANY or MEMORY: it stays */
};

/* artefacts: all there will be, in their order. */
void universe_builder_init(struct universe_builder *b, const struct universe_artefact *artefacts, uint32_t n);
/* Frees what the builder owns. Also for KEEL_CLEANUP. */
void universe_builder_free(struct universe_builder *b);
/* Adds a module of an artefact, from its module-info. Its packages are those its classes are in, and come with them. */
enum universe_reason universe_add_module(struct universe_builder *b, uint32_t artefact, const struct classfile *info);
/* Adds a class. stored: the name under which the artefact has it, "a/B"; module: the name of the module it is stored in, which was added before;
 * len 0 for the class path. c NULL: it cannot be read. Artefacts come in order: what does not load in an earlier one keeps its name from
 * the later ones. */
enum universe_reason universe_add_class(struct universe_builder *b, uint32_t artefact, struct classfile_text stored,
					struct classfile_text module, const struct classfile *c);
/* Appends the universe to out, whose first octet must be aligned when it is opened. Returns NONE, MEMORY or what had failed before. */
enum universe_reason universe_builder_finish(struct universe_builder *b, struct keel_buffer *out);

#endif

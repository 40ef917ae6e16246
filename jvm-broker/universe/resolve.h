/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolution and access control in a universe (JVMS 5.4.3, 5.4.4), as HotSpot does it: by names that are numbers of the universe. */
#ifndef JVM_BROKER_UNIVERSE_RESOLVE_H
#define JVM_BROKER_UNIVERSE_RESOLVE_H

#include "jvm-broker/universe/universe.h"
#include "tools/lib/keel/arena.h"

/* clang-format off */
/*        NAME       JVMS        what the virtual machine throws (java/lang/)   description (manual) */
#define UNIVERSE_OUTCOMES(X) \
	X(FOUND,     "",         "",                              "it resolves") \
	X(NO_CLASS,  "5.3",      "NoClassDefFoundError",          "the class, or one that it extends or implements, is not there") \
	X(CIRCULAR,  "5.3.5",    "ClassCircularityError",         "the class is its own supertype") \
	X(NO_FIELD,  "5.4.3.2",  "NoSuchFieldError",              "no field of that name and type") \
	X(NO_METHOD, "5.4.3.3",  "NoSuchMethodError",             "no method of that name and type") \
	X(WRONG_KIND, "5.4.3.3", "IncompatibleClassChangeError",  "a method of a class was looked for in an interface, or the other way round") \
	X(NO_ACCESS, "5.4.4",    "IllegalAccessError",            "it is there, and may not be used from here")
/* clang-format on */

enum universe_outcome {
#define X(name, clause, error, text) UNIVERSE_OUTCOME_##name,
	UNIVERSE_OUTCOMES(X)
#undef X
		UNIVERSE_OUTCOMES_N
};

/* "NoSuchFieldError"; "" for FOUND and for a number that is none. */
const char *universe_outcome_error(enum universe_outcome outcome);
const char *universe_outcome_text(enum universe_outcome outcome);

/* Classes that a search has come by: each once, in the order in which it came */
struct universe_trail {
	uint32_t *marks; /* by class: the search that saw it last */
	uint32_t *list;
	uint32_t n;
};

/* What a search writes on; one for each worker, for one universe. */
struct universe_scratch {
	struct universe_trail above, hidden;
	uint32_t search;
};

/* From the arena. 0 or -ENOMEM. */
int universe_scratch_init(struct universe_scratch *s, const struct universe *u, struct keel_arena *arena);

struct universe_found {
	const struct universe_class *owner; /* that declares it */
	const struct universe_member *member;
};

/* The class of a name, if all that it extends and implements is there. */
enum universe_outcome universe_load(const struct universe *u, uint32_t name, const struct universe_class **out);

/* Members by a symbolic reference to class c, which is WHOLE; without access control. Not FOUND: *out is untouched. */
enum universe_outcome universe_resolve_field(const struct universe *u, struct universe_scratch *s,
					     const struct universe_class *c, uint32_t name, uint32_t descriptor,
					     struct universe_found *out);
/* interface: by an InterfaceMethodref, else by a Methodref. A signature polymorphic method is found whatever the descriptor. */
enum universe_outcome universe_resolve_method(const struct universe *u, struct universe_scratch *s,
					      const struct universe_class *c, bool interface, uint32_t name,
					      uint32_t descriptor, struct universe_found *out);

/* May 'from' name the class 'to'? FOUND or NO_ACCESS. */
enum universe_outcome universe_access_class(const struct universe *u, const struct universe_class *from,
					    const struct universe_class *to);
/* May 'from' use what was found? That the receiver of a protected member is of 'from' is the verifier's to see (4.10.1.8). FOUND or NO_ACCESS. */
enum universe_outcome universe_access_member(const struct universe *u, const struct universe_class *from,
					     const struct universe_found *found);

/* Is a value of type 'from' one of type 'to' (JVMS 4.10.1.2 isAssignable of loaded classes: an interface takes everything)? Both WHOLE. */
bool universe_is_assignable(const struct universe *u, const struct universe_class *from,
			    const struct universe_class *to);
/* Does the class c or a superclass or superinterface of it equal 'super'? */
bool universe_is_subtype(const struct universe *u, struct universe_scratch *s, const struct universe_class *c,
			 const struct universe_class *super);

#endif

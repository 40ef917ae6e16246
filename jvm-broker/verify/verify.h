/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier (JVMS 4.9, 4.10): says of a class, from its octets alone, whether it is sound. What only other classes can tell is left
 * open: such a verdict has obligations, for jvm-broker/discharge to hold against a universe. It says what HotSpot 17 says.
 *
 * No state is kept between two calls; all memory comes from the arena and is good until its reset.
 */
#ifndef JVM_BROKER_VERIFY_H
#define JVM_BROKER_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "jvm-broker/classfile/classfile.h"
#include "jvm-broker/verify/axiom.h"
#include "jvm-broker/verify/reason.h"
#include "tools/lib/keel/arena.h"
#include "tools/lib/keel/buffer.h"

#define VERIFY_NOWHERE UINT16_MAX /* no method: an error of the class */

enum verify_phase {
	VERIFY_DEFINE, /* found when the class is defined */
	VERIFY_LINK,   /* found when it is linked */
};

struct verify_error {
	uint8_t axiom; /* enum verify_axiom */
	uint8_t phase;
	bool final;      /* version 50: the inference verifier is not asked for a second opinion */
	uint16_t method; /* which of methods[], or VERIFY_NOWHERE */
	int32_t bci;     /* -1: the error has none */
};

enum verify_obligation_kind {
	/* 'to', the superclass, loads; it is no interface, is not final, permits this class, and this class may use it */
	VERIFY_EXTENDS,
	/* 'to' loads and is an interface; the rest as above */
	VERIFY_IMPLEMENTS,
	/* no class from 'to', the superclass, upwards has a final method (name, descriptor) that one of this class overrides */
	VERIFY_OVERRIDES,
	/* class 'to' loads: else NoClassDefFoundError */
	VERIFY_LOADS,
	/* 'to' loads; it is an interface, or 'from' loads and is it or a subclass of it */
	VERIFY_ASSIGNABLE,
	/* if 'to' is a superclass of this class and the member found in it (name, descriptor) is protected and declared in another
	 * package, then 'from' is this class or a subclass of it. 'from' is an array type if it begins with '['. */
	VERIFY_PROTECTED_FIELD,
	VERIFY_PROTECTED_METHOD,
	/* 'to' loads and is an interface: else VerifyError */
	VERIFY_INTERFACE,
	/* 'to' is a superclass of this class */
	VERIFY_ABOVE,
};

struct verify_obligation {
	uint8_t kind;                           /* enum verify_obligation_kind */
	struct classfile_text from, to;         /* binary names */
	struct classfile_text name, descriptor; /* of a member, else none */
};

/* Where an obligation arose, once for each method, and what it means if it does not hold */
struct verify_place {
	uint32_t obligation;
	uint16_t method;
	uint8_t axiom;
	int32_t bci;
};

/* Sound if there are no errors and all obligations hold. For the first error of a method, the rest of the method is not looked at. */
struct verify_verdict {
	const struct verify_error *errors;
	const struct verify_obligation *obligations; /* each once, in the order in which they arose */
	const struct verify_place *places;           /* in the order of methods, and in a method as its code is read */
	uint32_t errors_n, obligations_n, places_n;
	struct classfile_text name, above; /* of the class, and of its superclass: as obligations speak of them */
	bool interface;                    /* it is one */
	/* Version 50: if there are errors, none of them final, or an obligation of its code fails with a VerifyError, then the verdict of the
	 * inference verifier counts (options.infer) if it accepts the class. */
	bool revisable;
	uint64_t work; /* steps taken */
};

struct verify_options {
	bool infer;                                     /* version 50: ask the inference verifier alone */
	uint64_t disabled[(VERIFY_AXIOMS_N + 63) / 64]; /* axioms not to report: for tests that must turn red */
};

/* Judges a class that was parsed. options may be NULL. NONE, or why there is no verdict; then *out is untouched. Work is bounded by a
 * number linear in the size of the class. */
enum verify_reason verify_class(const struct classfile *c, const struct verify_options *options,
				struct keel_arena *arena, struct verify_verdict *out);

/* Appends a verdict's obligations as octets that are the same for the same set of them: sorted, each a kind and four texts with lengths
 * of two octets before them. 0 or -errno. */
int verify_canonical(const struct verify_verdict *verdict, struct keel_arena *arena, struct keel_buffer *out);

#endif

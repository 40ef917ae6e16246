/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of reasons why a class got no verdict: see verify.h. */
#ifndef JVM_BROKER_VERIFY_REASON_H
#define JVM_BROKER_VERIFY_REASON_H

/* clang-format off */
/*        NAME         counter          description (manual) */
#define VERIFY_REASONS(X) \
	X(NONE,        "none",          "judged") \
	X(WORK,        "work",          "too complex: judging it takes more steps than a class of its size is given") \
	X(NAMES,       "names",         "too complex: more than a million different class names") \
	X(FRAMES,      "frames",        "too complex: a method with more than 65533 frames") \
	X(MEMORY,      "memory",        "out of memory, or over the arena's limit")
/* clang-format on */

enum verify_reason {
#define X(name, counter, text) VERIFY_REASON_##name,
	VERIFY_REASONS(X)
#undef X
		VERIFY_REASONS_N
};

/* One row of the list; NONE's for a number that is none. */
const char *verify_reason_counter(enum verify_reason reason);
const char *verify_reason_text(enum verify_reason reason);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of reasons why a class is not in a universe, or octets are none: see universe.h. */
#ifndef JVM_BROKER_UNIVERSE_REASON_H
#define JVM_BROKER_UNIVERSE_REASON_H

/* clang-format off */
/*        NAME             counter             description (manual) */
#define UNIVERSE_REASONS(X) \
	X(NONE,            "none",             "taken") \
	/* a class */ \
	X(HIDDEN,          "hidden",           "an artefact before this one has a class of that name") \
	X(SHADOWED,        "shadowed",         "its package belongs to a module, where alone it is looked for") \
	X(BROKEN,          "broken",           "it cannot be read") \
	X(MISPLACED,       "misplaced",        "its name is not the one under which it is stored") \
	X(INDEX,           "index",            "an index that a loader follows leads to no name, or an attribute does not fit") \
	X(MODULE,          "module",           "a module-info that does not read as it should, or one outside the modules") \
	/* all of it */ \
	X(COLLISION,       "collision",        "so many names with one hash that they were chosen to be") \
	X(TOO_MANY,        "too_many",         "more names, classes or members than the numbers reach") \
	X(MEMORY,          "memory",           "out of memory, or over the arena's limit") \
	/* octets that are to be one */ \
	X(FORMAT,          "format",           "no universe of this version and byte order, or not all of one") \
	X(DAMAGED,         "damaged",          "a number in it leads out of its table")
/* clang-format on */

enum universe_reason {
#define X(name, counter, text) UNIVERSE_REASON_##name,
	UNIVERSE_REASONS(X)
#undef X
		UNIVERSE_REASONS_N
};

/* One row of the list; NONE's for a number that is none. */
const char *universe_reason_counter(enum universe_reason reason);
const char *universe_reason_text(enum universe_reason reason);

#endif

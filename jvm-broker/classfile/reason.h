/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of reasons why octets are no class file that can be read: see classfile.h. What can be read and is wrong all the same
 * (JVMS 4.8) is for verify/ to say. */
#ifndef JVM_BROKER_CLASSFILE_REASON_H
#define JVM_BROKER_CLASSFILE_REASON_H

/* clang-format off */
/*        NAME             JVMS      counter             description (manual) */
#define CLASSFILE_REASONS(X) \
	X(NONE,            "",       "none",             "read") \
	X(MAGIC,           "4.1",    "magic",            "the first four octets are not CAFEBABE") \
	X(TRUNCATED,       "4.8",    "truncated",        "the octets end inside a structure") \
	X(TRAILING,        "4.8",    "trailing",         "octets follow the last attribute of the class") \
	X(POOL_EMPTY,      "4.1",    "pool_empty",       "constant_pool_count is 0") \
	X(POOL_TAG,        "4.4",    "pool_tag",         "a constant pool entry has a tag that no version of the format defines") \
	X(POOL_WIDE,       "4.4.5",  "pool_wide",        "a Long or Double is the last entry of the constant pool and has no second slot") \
	X(ATTRIBUTE,       "4.7",    "attribute",        "the content of an attribute does not fit its length, or has a tag that is not defined (found when it is read)") \
	X(TOO_LARGE,       "4.1",    "too_large",        "more than 256 MiB") \
	X(MEMORY,          "",       "memory",           "out of memory, or over the arena's limit")
/* clang-format on */

enum classfile_reason {
#define X(name, clause, counter, text) CLASSFILE_REASON_##name,
	CLASSFILE_REASONS(X)
#undef X
		CLASSFILE_REASONS_N
};

/* One row of the list; NONE's for a number that is none. */
const char *classfile_reason_counter(enum classfile_reason reason);
const char *classfile_reason_clause(enum classfile_reason reason);
const char *classfile_reason_text(enum classfile_reason reason);

#endif

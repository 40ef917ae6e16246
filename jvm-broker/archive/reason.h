/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of reasons why an archive, or an entry of one, is refused: see archive.h. */
#ifndef JVM_BROKER_ARCHIVE_REASON_H
#define JVM_BROKER_ARCHIVE_REASON_H

/* clang-format off */
/*        NAME             counter             description (manual) */
#define ARCHIVE_REASONS(X) \
	X(NONE,            "none",             "accepted") \
	/* the whole archive */ \
	X(NO_END,          "no_end",           "no end of central directory at the end of the file") \
	X(SPANNED,         "spanned",          "one of several volumes") \
	X(DIRECTORY,       "directory",        "the central directory does not lie where, or does not hold what, its end says") \
	X(ZIP64,           "zip64",            "a zip64 record is missing, malformed, or out of the file") \
	X(IMAGE,           "image",            "a table of a jimage does not lie in it, or points out of it") \
	X(TOO_MANY,        "too_many",         "more entries than the limit") \
	X(TOO_LARGE,       "too_large",        "the entries together are larger than the limit") \
	X(MEMORY,          "memory",           "out of memory, or over the arena's limit") \
	/* an entry */ \
	X(NAME,            "name",             "a name that is empty, has a NUL or is not UTF-8") \
	X(TRAVERSAL,       "traversal",        "a name that leads out of the archive: absolute, with a drive, a backslash, or a part . or ..") \
	X(DUPLICATE,       "duplicate",        "a name that an entry behind it has, which is the one that java takes") \
	X(ENCRYPTED,       "encrypted",        "an encrypted entry") \
	X(METHOD,          "method",           "a compression method other than stored and deflated") \
	X(LOCAL,           "local",            "a local header is missing, or says something else than the central directory") \
	X(OVERLAP,         "overlap",          "an entry shares octets with another or with the central directory") \
	X(OUTSIDE,         "outside",          "the content of an entry does not lie in the archive") \
	X(ENTRY_SIZE,      "entry_size",       "an entry is larger than the limit") \
	X(RATIO,           "ratio",            "an entry claims to be larger than its octets can inflate to") \
	X(DEFLATE,         "deflate",          "the content does not inflate") \
	X(LYING,           "lying",            "the content is larger or smaller than the entry says") \
	X(CRC,             "crc",              "the content does not have the checksum that the entry says")
/* clang-format on */

enum archive_reason {
#define X(name, counter, text) ARCHIVE_REASON_##name,
	ARCHIVE_REASONS(X)
#undef X
		ARCHIVE_REASONS_N
};

/* One row of the list; NONE's for a number that is none. */
const char *archive_reason_counter(enum archive_reason reason);
const char *archive_reason_text(enum archive_reason reason);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Archives that Java is delivered in, read from memory: zip and jar (APPNOTE 6.3.3, with zip64), jmod (a zip behind four octets), and the
 * jimage of a JDK (lib/modules). Opening one reads its directory and judges every entry by what its headers say; reading an entry judges its
 * content. Nothing is ever written to a disk, but names that would lead out of a folder are refused all the same.
 */
#ifndef JVM_BROKER_ARCHIVE_H
#define JVM_BROKER_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm-broker/archive/reason.h"
#include "tools/lib/keel/arena.h"

enum archive_kind {
	ARCHIVE_ZIP,
	ARCHIVE_JMOD,
	ARCHIVE_JIMAGE,
};

enum archive_method {
	ARCHIVE_STORED = 0,
	ARCHIVE_DEFLATED = 8,
};

struct archive_limits {
	uint32_t entries;    /* how many */
	uint64_t entry_size; /* octets of one, inflated */
	uint64_t total_size; /* of all */
};

/* 1 Mi entries, 256 MiB each, 16 GiB in all */
extern const struct archive_limits archive_limits_usual;

struct archive_entry {
	const char *name;    /* as in the archive, no NUL behind it; of a jimage "/module/package/Name.class" */
	uint32_t name_len;   /* octets */
	uint32_t crc;        /* CRC-32 of the content; 0 in a jimage, which has none */
	uint64_t at;         /* where the content is */
	uint64_t packed;     /* octets there */
	uint64_t size;       /* octets of the content */
	uint16_t method;     /* enum archive_method, or one that is refused */
	uint16_t time, date; /* as MS-DOS writes them */
	uint8_t reason;      /* enum archive_reason: not NONE if it is refused */
};

struct archive {
	const uint8_t *data; /* borrowed */
	uint64_t size;
	uint8_t kind; /* enum archive_kind */
	uint32_t n;
	uint32_t refused;                    /* entries with a reason */
	uint64_t total;                      /* octets of all entries that are not refused */
	const struct archive_entry *entries; /* in the directory's order */
	const uint32_t *by_name;             /* n indices into entries, sorted by the octets of the names */
};

/* Fills *out with arrays from the arena; data and arena must outlive it. limits NULL: the usual. Returns why not, then *out is untouched. */
enum archive_reason archive_open(const void *data, size_t size, const struct archive_limits *limits,
				 struct keel_arena *arena, struct archive *out);

/* The last entry of this name, which is the one java takes; NULL if there is none. */
const struct archive_entry *archive_find(const struct archive *a, const char *name, size_t len);

static inline bool archive_entry_is_folder(const struct archive_entry *e)
{
	return e->name_len && e->name[e->name_len - 1] == '/';
}

/* Does the name end so? */
bool archive_entry_ends(const struct archive_entry *e, const char *suffix);

/* What inflates, one for each worker. NULL when out of memory. */
struct archive_inflater;
struct archive_inflater *archive_inflater_new(void);
void archive_inflater_free(struct archive_inflater **inflater);

/* The content of an entry: *content points into the archive, or into memory from the arena, and is entry->size octets long. Returns why
 * not, then *content is untouched. */
enum archive_reason archive_read(const struct archive *a, const struct archive_entry *entry,
				 struct archive_inflater *inflater, struct keel_arena *arena, const uint8_t **content);

/* CRC-32 as in zip */
uint32_t archive_crc(const void *data, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: what the formats have in common. */
#ifndef JVM_BROKER_ARCHIVE_DIRECTORY_H
#define JVM_BROKER_ARCHIVE_DIRECTORY_H

#include "jvm-broker/archive/archive.h"

/* An archive that is being opened */
struct directory {
	struct archive a;
	struct archive_entry *entries; /* a.entries while they are written */
	const struct archive_limits *limits;
	struct keel_arena *arena;
};

/* zip.c, jimage.c: fill entries; names, methods and sizes are judged afterwards for all. */
enum archive_reason directory_zip(struct directory *d, uint64_t start);
enum archive_reason directory_jimage(struct directory *d);

/* Takes the array for n entries. */
enum archive_reason directory_room(struct directory *d, uint64_t n);

/* All entries, in an order where none is behind the next; those that are equal stay in the directory's. From the arena; NULL: no memory. */
uint32_t *directory_order(struct directory *d,
			  bool (*is_behind)(const struct archive_entry *entries, uint32_t a, uint32_t b));

static inline void directory_refuse(struct archive_entry *e, enum archive_reason reason)
{
	if (!e->reason)
		e->reason = (uint8_t)reason;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operands name: files mapped into memory, archives opened, folders walked. */
#ifndef DVMCTL_SOURCE_H
#define DVMCTL_SOURCE_H

#include "jvm-broker/archive/archive.h"
#include "tools/lib/keel/arena.h"

struct source {
	char *path;          /* owned */
	const uint8_t *data; /* mapped; NULL: a class file that is read when its turn comes */
	size_t size;
	bool is_archive;
	struct archive archive;
};

/* A class: an entry of an archive, or a file */
struct unit {
	uint32_t source;
	uint32_t entry;
};

struct sources {
	struct source *list;
	size_t n, room;
	struct unit *units;
	size_t units_n, units_room;
	const char *only;        /* a pattern that the path of a file or the name of an entry must match; NULL = none */
	struct keel_arena arena; /* directories of archives */
	uint64_t archives, archives_refused[ARCHIVE_REASONS_N];
	uint64_t unread; /* operands and files that could not be opened */
};

void sources_init(struct sources *s, const char *only);
void sources_free(struct sources *s);
/* Adds what the path names: a folder with all below it, an archive by its first octets, else a class file. What cannot be opened and archives
 * that are refused are complained about and counted. 0 or -ENOMEM. */
int sources_add(struct sources *s, const char *path);

/* Maps a file. 0 or -errno; an empty one has data "". */
int source_map(const char *path, const uint8_t **data, size_t *size);
void source_unmap(const uint8_t *data, size_t size);

#endif

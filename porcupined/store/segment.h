/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment files: log/<16 hex digits>.seg. A header page, records, and once sealed a footer. A segment is found by id in the
 * store's table and pinned while it is read; one that compaction replaced lives until its last pin is gone.
 */
#ifndef PORCUPINED_STORE_SEGMENT_H
#define PORCUPINED_STORE_SEGMENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "porcupined/store/footer.h"

#define SEGMENT_HEADER 4096u
#define SEGMENT_MAGIC "OSNCSEG1"

struct segment {
	uint64_t id;
	uint64_t salt;
	uint64_t void_first,
		void_last; /* LSNs that a failed fdatasync left in an earlier segment: they never were; 0, 0 = none */
	uint64_t size;     /* of the file */
	_Atomic bool sealed;
	_Atomic bool abandoned;        /* full or failed, and without a footer until the next start */
	_Atomic bool damaged;          /* found so since it was opened: it is not compacted */
	bool retired;                  /* replaced: unlink at the last unpin */
	struct footer_trailer trailer; /* if sealed */
	int fd;                        /* -1 = closed for now */
	unsigned pins;
};

struct segment_table {
	char *path; /* the log directory, owned */
	int dir;    /* its fd */
	struct store_id uuid;
	pthread_mutex_t lock;
	struct segment **rows; /* by id */
	size_t n, cap;
	size_t open; /* fds held */
	uint64_t next_id;
	uint64_t octets_read; /* by segment_read and segment_load: what opening a store cost */
};

/* Opens the directory (made if create) and reads every segment's header and trailer. Files that are no segment are left alone; a
 * header that does not fit the uuid, or is damaged, fails with error. Unfinished compaction output (.tmp) and segments that a
 * sealed one replaces are removed. 0 or -errno. */
int segment_table_open(struct segment_table *t, const char *path, const struct store_id *uuid, bool create,
		       struct keel_buffer *error);
void segment_table_close(struct segment_table *t);

/* Makes a segment file with room for size octets, header and directory entry durable. tmp: under a name that only
 * segment_publish() makes real. The row enters the table pinned once, with its fd open. 0 or -errno. */
int segment_create(struct segment_table *t, uint64_t size, uint64_t void_first, uint64_t void_last, bool tmp,
		   struct segment **out);
/* Renames a .tmp to its name, durably. */
int segment_publish(struct segment_table *t, struct segment *s);
/* A pinned row with its fd open; NULL and errno if there is none. */
struct segment *segment_pin(struct segment_table *t, uint64_t id);
void segment_unpin(struct segment_table *t, struct segment *s);
/* Takes a row out of the table and removes the file's name; whoever has it pinned goes on reading. The caller syncs the directory if
 * it matters when. 0, also if there is no such row; -errno: the name is still there. */
int segment_retire(struct segment_table *t, uint64_t id);
/* Reads exactly n octets. 0, -EBADMSG at end of file, -errno. */
int segment_read(struct segment_table *t, const struct segment *s, uint64_t offset, void *out, size_t n);
/* Writes exactly n octets at offset at; not durable by itself. 0 or -errno. */
int segment_write(const struct segment *s, const uint8_t *data, size_t n, uint64_t at);
/* Writes footer octets at trailer.data_end, cuts the file there, makes it durable, and sets sealed. */
int segment_seal(struct segment_table *t, struct segment *s, struct footer_draft *draft);
/* Loads section part of a sealed segment, checked, into out (appended). */
int segment_load(struct segment_table *t, const struct segment *s, enum footer_section part, struct keel_buffer *out);
/* Reads the header page again. 0 or -EBADMSG: it is not what it was; -errno. */
int segment_check(struct segment_table *t, const struct segment *s);
/* Ids of all rows, ascending; an array to free(). */
int segment_ids(struct segment_table *t, uint64_t **ids, size_t *n);

#endif

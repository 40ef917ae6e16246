/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The footer of a sealed segment: for every record a row {offset, header, and the payload unless it is a body}, in three sections
 * (state, bodies, entries), each sorted by (bucket, account, LSN); a directory bucket -> rows; the segments this one replaces;
 * the ranges found bad. A fixed trailer ends the file and holds a CRC32C of each part. Pure.
 */
#ifndef PORCUPINED_STORE_FOOTER_H
#define PORCUPINED_STORE_FOOTER_H

#include "porcupined/store/record.h"
#include "tools/lib/keel/buffer.h"

#define FOOTER_MAGIC "OSNCFOOT" /* opens the footer: a scan stops here; and closes it in the trailer */
#define FOOTER_TRAILER 256u
#define FOOTER_VERSION 1u

enum footer_section {
	FOOTER_STATE,     /* all records but bodies and entries, with payload */
	FOOTER_BODIES,    /* header only: rows of one size */
	FOOTER_ENTRIES,   /* with payload */
	FOOTER_DIRECTORY, /* struct of 4 x 32 bits: bucket << 8 | section, 0, offset, length */
	FOOTER_REPLACED,  /* 64-bit segment ids */
	FOOTER_BAD,       /* 64-bit pairs: offset, length */
	FOOTER_SECTIONS
};

#define FOOTER_DIRECTORY_ROW 16u

struct footer_part {
	uint64_t offset; /* in the file */
	uint64_t length;
	uint32_t crc;
};

struct footer_trailer {
	uint64_t segment;
	uint64_t data_end; /* where records end */
	uint64_t min_lsn, max_lsn, max_hlc, max_synced;
	uint64_t records;
	struct footer_part part[FOOTER_SECTIONS];
};

/* Rows in order of arrival, until they are written. */
struct footer_draft {
	struct keel_buffer rows[FOOTER_DIRECTORY]; /* per section */
	struct keel_buffer keys[FOOTER_DIRECTORY];
	struct keel_buffer replaced, bad;
	struct footer_trailer trailer; /* min, max, records are kept up to date */
};

/* One row as read. header.lsn etc. as in the log; payload NULL for bodies. */
struct footer_row {
	struct record record;
	uint64_t offset; /* of the record in the segment */
	const uint8_t *payload;
};

void footer_draft_init(struct footer_draft *d, uint64_t segment);
void footer_draft_free(struct footer_draft *d);
enum footer_section footer_section_of(uint8_t type);
/* Adds a row. payload is copied (bodies: ignored). 0 or -ENOMEM. */
int footer_draft_add(struct footer_draft *d, uint64_t salt, const struct record *r, uint64_t offset,
		     const void *payload);
/* Forgets rows whose LSN is above lsn: they were never acknowledged. */
int footer_draft_cut(struct footer_draft *d, uint64_t lsn);
int footer_draft_replaces(struct footer_draft *d, uint64_t segment);
int footer_draft_bad(struct footer_draft *d, uint64_t offset, uint64_t length);
/* Renders the footer that starts at data_end (a multiple of 8) into out. Rows are salted differently from records, so that a scan never
 * takes one for the other. 0 or -ENOMEM. */
int footer_render(struct footer_draft *d, uint64_t salt, uint64_t data_end, struct keel_buffer *out);

/* The last FOOTER_TRAILER octets of a file of file_size octets. 0 or -EBADMSG: not sealed, or damaged. */
int footer_trailer_decode(const uint8_t in[FOOTER_TRAILER], uint64_t salt, uint64_t file_size,
			  struct footer_trailer *t);
/* data holds section s whole: checks its CRC. */
int footer_part_check(const struct footer_trailer *t, enum footer_section s, const void *data);
/* Next row at *at < end; 0, or -EBADMSG. */
int footer_row_next(const uint8_t **at, const uint8_t *end, uint64_t salt, struct footer_row *row);

#endif

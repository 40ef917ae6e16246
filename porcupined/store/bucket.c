/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/store/bucket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/cursor.h"

struct walk {
	struct store *store;
	uint16_t bucket;
	bool bodies;
	bucket_row_fn each;
	void *arg;
	uint64_t read;
};

static int read_counted(struct walk *w, struct segment *s, uint64_t offset, struct keel_buffer *out, size_t n)
{
	int r;

	out->len = 0;
	r = keel_buffer_reserve(out, n ? n : 1);
	if (!r)
		r = segment_read(&w->store->segments, s, offset, out->data, n);
	if (r)
		return r;
	out->len = n;
	w->read += n;
	return 0;
}

/* The rows of one section; each row has a checksum of its own. */
static int walk_rows(struct walk *w, struct segment *s, const struct keel_buffer *rows)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer body;
	const uint8_t *at = rows->data, *end = at + rows->len;
	int r = 0;

	keel_buffer_init(&body, 0);
	while (!r && at < end) {
		struct footer_row row;

		r = footer_row_next(&at, end, s->salt, &row);
		if (!r && row.record.bucket != w->bucket)
			continue;
		if (!r && w->bodies && row.record.type == RECORD_BODY) {
			r = read_counted(w, s, row.offset + RECORD_HEADER, &body, row.record.length);
			if (!r && crc32c(0, body.data, body.len) != row.record.payload_crc)
				r = -EBADMSG;
			row.payload = body.data;
		}
		if (!r)
			r = w->each(&row, s->id, w->arg);
	}
	return r;
}

/* The rows of one bucket and section, as the directory says where they are. */
static int walk_place(struct walk *w, struct segment *s, unsigned section, uint32_t offset, uint32_t length)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer rows;
	const struct footer_part *part = &s->trailer.part[section];
	const uint8_t *at, *end;
	struct footer_row row;
	int r;

	keel_buffer_init(&rows, 0);
	if (offset > part->length || length > part->length - offset)
		return -EBADMSG;
	r = read_counted(w, s, part->offset + offset, &rows, length);
	/* Nothing is given out before all of it is known to be right. */
	for (at = rows.data, end = at + rows.len; !r && at < end;)
		r = footer_row_next(&at, end, s->salt, &row);
	if (r == -EBADMSG) { /* damaged: the whole section, from the records */
		rows.len = 0;
		r = salvage_rows(w->store, s, section, &rows);
		w->read += s->trailer.data_end;
	}
	return r ? r : walk_rows(w, s, &rows);
}

/* Without the directory every row must be looked at. */
static int walk_all(struct walk *w, struct segment *s)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer rows;
	int r = 0;

	keel_buffer_init(&rows, 0);
	for (int section = 0; !r && section < FOOTER_DIRECTORY; section++) {
		rows.len = 0;
		r = salvage_rows(w->store, s, section, &rows);
		w->read += rows.len;
		if (!r)
			r = walk_rows(w, s, &rows);
	}
	return r;
}

static int walk_segment(struct walk *w, struct segment *s)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer directory;
	const struct footer_part *part = &s->trailer.part[FOOTER_DIRECTORY];
	struct keel_cursor c;
	int r;

	keel_buffer_init(&directory, 0);
	w->read += FOOTER_TRAILER; /* when the store was opened or the segment sealed */
	r = read_counted(w, s, part->offset, &directory, part->length);
	if (!r && directory.len && footer_part_check(&s->trailer, FOOTER_DIRECTORY, directory.data))
		return walk_all(w, s);
	keel_cursor_init(&c, directory.data, directory.len);
	while (!r && keel_cursor_left(&c) >= FOOTER_DIRECTORY_ROW) {
		uint32_t key = keel_cursor_le32(&c), offset, length;

		keel_cursor_skip(&c, 4);
		offset = keel_cursor_le32(&c);
		length = keel_cursor_le32(&c);
		if (key >> 8 == w->bucket && (key & 0xff) < FOOTER_DIRECTORY)
			r = walk_place(w, s, key & 0xff, offset, length);
	}
	return r;
}

int bucket_walk(struct store *store, uint16_t bucket, bool bodies, bucket_row_fn each, void *arg, uint64_t *octets_read)
{
	struct walk w = { store, bucket, bodies, each, arg, 0 };
	uint64_t *ids;
	size_t n;
	int r = segment_ids(&store->segments, &ids, &n);

	if (r)
		return r;
	for (size_t i = 0; !r && i < n; i++) {
		struct segment *s = segment_pin(&store->segments, ids[i]);

		if (!s)
			continue; /* replaced meanwhile: its successor is in the list or comes with a later walk */
		if (s->sealed)
			r = walk_segment(&w, s);
		segment_unpin(&store->segments, s);
	}
	free(ids);
	*octets_read = w.read;
	return r;
}

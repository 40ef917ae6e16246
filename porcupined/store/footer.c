/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/store/footer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/crc32c.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/cursor.h"

/* The sort key of one row and where it stands in arrival order. */
struct footer_key {
	uint16_t bucket;
	struct store_id account;
	uint64_t lsn;
	uint64_t at, length;
};

void footer_draft_init(struct footer_draft *d, uint64_t segment)
{
	memset(d, 0, sizeof(*d));
	for (int s = 0; s < FOOTER_DIRECTORY; s++) {
		keel_buffer_init(&d->rows[s], 0);
		keel_buffer_init(&d->keys[s], 0);
	}
	keel_buffer_init(&d->replaced, 0);
	keel_buffer_init(&d->bad, 0);
	d->trailer.segment = segment;
	d->trailer.min_lsn = UINT64_MAX;
}

void footer_draft_free(struct footer_draft *d)
{
	for (int s = 0; s < FOOTER_DIRECTORY; s++) {
		keel_buffer_free(&d->rows[s]);
		keel_buffer_free(&d->keys[s]);
	}
	keel_buffer_free(&d->replaced);
	keel_buffer_free(&d->bad);
}

enum footer_section footer_section_of(uint8_t type)
{
	switch (type) {
	case RECORD_BODY:
		return FOOTER_BODIES;
	case RECORD_ENTRY:
		return FOOTER_ENTRIES;
	default:
		return FOOTER_STATE;
	}
}

int footer_draft_add(struct footer_draft *d, uint64_t salt, const struct record *r, uint64_t offset,
		     const void *payload)
{
	static const uint8_t zeros[8];
	enum footer_section s = footer_section_of(r->type);
	struct keel_buffer *rows = &d->rows[s];
	struct footer_key key = { .bucket = r->bucket, .account = r->account, .lsn = r->lsn, .at = rows->len };
	uint8_t header[RECORD_HEADER];
	int error;

	record_encode(r, ~salt, header);
	error = keel_buffer_reserve(rows, 8 + record_space(r->length));
	if (!error)
		error = keel_buffer_reserve(&d->keys[s], sizeof(key));
	if (error)
		return error;
	keel_buffer_le64(rows, offset);
	keel_buffer_append(rows, header, sizeof(header));
	if (s != FOOTER_BODIES) {
		keel_buffer_append(rows, payload, r->length);
		keel_buffer_append(rows, zeros, record_space(r->length) - RECORD_HEADER - r->length);
	}
	key.length = rows->len - key.at;
	keel_buffer_append(&d->keys[s], &key, sizeof(key));
	if (r->lsn < d->trailer.min_lsn)
		d->trailer.min_lsn = r->lsn;
	if (r->lsn > d->trailer.max_lsn)
		d->trailer.max_lsn = r->lsn;
	if (r->hlc > d->trailer.max_hlc)
		d->trailer.max_hlc = r->hlc;
	if (r->synced > d->trailer.max_synced)
		d->trailer.max_synced = r->synced;
	d->trailer.records++;
	return 0;
}

int footer_draft_cut(struct footer_draft *d, uint64_t lsn)
{
	d->trailer.records = 0;
	d->trailer.min_lsn = UINT64_MAX;
	d->trailer.max_lsn = 0;
	for (int s = 0; s < FOOTER_DIRECTORY; s++) {
		struct footer_key *keys = (struct footer_key *)d->keys[s].data;
		size_t n = d->keys[s].len / sizeof(*keys), kept = 0;

		/* The rows stay where they are: only keys are rendered. */
		for (size_t i = 0; i < n; i++) {
			if (keys[i].lsn > lsn)
				continue;
			if (keys[i].lsn < d->trailer.min_lsn)
				d->trailer.min_lsn = keys[i].lsn;
			if (keys[i].lsn > d->trailer.max_lsn)
				d->trailer.max_lsn = keys[i].lsn;
			keys[kept++] = keys[i];
		}
		d->keys[s].len = kept * sizeof(*keys);
		d->trailer.records += kept;
	}
	return 0;
}

int footer_draft_replaces(struct footer_draft *d, uint64_t segment)
{
	return keel_buffer_le64(&d->replaced, segment);
}

int footer_draft_bad(struct footer_draft *d, uint64_t offset, uint64_t length)
{
	keel_buffer_le64(&d->bad, offset);
	return keel_buffer_le64(&d->bad, length);
}

static int compare_keys(const void *a, const void *b)
{
	const struct footer_key *x = a, *y = b;
	int order;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	order = memcmp(x->account.octet, y->account.octet, sizeof(x->account.octet));
	if (order)
		return order;
	return x->lsn < y->lsn ? -1 : x->lsn > y->lsn;
}

/* Begins a part at the end of out, which stands at data_end in the file. */
static void part_begin(struct footer_part *p, const struct keel_buffer *out, uint64_t data_end)
{
	p->offset = data_end + out->len;
}

static void part_end(struct footer_part *p, const struct keel_buffer *out, uint64_t data_end)
{
	size_t from = p->offset - data_end;

	p->length = out->len - from;
	p->crc = crc32c(0, out->data + from, p->length);
}

static void render_rows(struct footer_draft *d, int s, uint64_t data_end, struct keel_buffer *directory,
			struct keel_buffer *out)
{
	struct footer_part *p = &d->trailer.part[s];
	struct footer_key *keys = (struct footer_key *)d->keys[s].data;
	size_t n = d->keys[s].len / sizeof(*keys);

	if (n)
		qsort(keys, n, sizeof(*keys), compare_keys);
	part_begin(p, out, data_end);
	for (size_t i = 0; i < n;) {
		uint16_t bucket = keys[i].bucket;
		size_t from = out->len;

		for (; i < n && keys[i].bucket == bucket; i++)
			keel_buffer_append(out, d->rows[s].data + keys[i].at, keys[i].length);
		keel_buffer_le32(directory, (uint32_t)bucket << 8 | (uint32_t)s);
		keel_buffer_le32(directory, 0);
		keel_buffer_le32(directory, (uint32_t)(data_end + from - p->offset));
		keel_buffer_le32(directory, (uint32_t)(out->len - from));
	}
	if (!out->failed)
		part_end(p, out, data_end);
}

static void render_part(struct footer_part *p, const struct keel_buffer *from, uint64_t data_end,
			struct keel_buffer *out)
{
	part_begin(p, out, data_end);
	keel_buffer_append(out, from->data, from->len);
	if (!out->failed)
		part_end(p, out, data_end);
}

int footer_render(struct footer_draft *d, uint64_t salt, uint64_t data_end, struct keel_buffer *out)
{
	struct footer_trailer *t = &d->trailer;
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer directory;
	size_t from, fields;

	keel_buffer_init(&directory, 0);
	t->data_end = data_end;
	keel_buffer_append(out, FOOTER_MAGIC, 8);
	for (int s = 0; s < FOOTER_DIRECTORY; s++)
		render_rows(d, s, data_end, &directory, out);
	render_part(&t->part[FOOTER_DIRECTORY], &directory, data_end, out);
	render_part(&t->part[FOOTER_REPLACED], &d->replaced, data_end, out);
	render_part(&t->part[FOOTER_BAD], &d->bad, data_end, out);
	if (directory.failed)
		return directory.failed;

	from = out->len;
	keel_buffer_append(out, FOOTER_MAGIC, 8);
	keel_buffer_le32(out, FOOTER_VERSION);
	keel_buffer_le32(out, 0); /* CRC, below */
	fields = out->len;
	keel_buffer_le64(out, t->segment);
	keel_buffer_le64(out, t->data_end);
	keel_buffer_le64(out, t->min_lsn);
	keel_buffer_le64(out, t->max_lsn);
	keel_buffer_le64(out, t->max_hlc);
	keel_buffer_le64(out, t->max_synced);
	keel_buffer_le64(out, t->records);
	for (int s = 0; s < FOOTER_SECTIONS; s++) {
		keel_buffer_le64(out, t->part[s].offset);
		keel_buffer_le64(out, t->part[s].length);
		keel_buffer_le32(out, t->part[s].crc);
	}
	while (!out->failed && out->len - from < FOOTER_TRAILER)
		keel_buffer_putc(out, 0);
	if (out->failed)
		return out->failed;
	uint32_t crc = crc32c(crc32c(0, &salt, sizeof(salt)), out->data + fields, FOOTER_TRAILER - (fields - from));
	memcpy(out->data + fields - 4, &crc, 4);
	return 0;
}

int footer_trailer_decode(const uint8_t in[FOOTER_TRAILER], uint64_t salt, uint64_t file_size, struct footer_trailer *t)
{
	struct footer_trailer got;
	struct keel_cursor c;
	const uint8_t *magic;
	uint32_t version, crc;

	keel_cursor_init(&c, in, FOOTER_TRAILER);
	magic = keel_cursor_take(&c, 8);
	version = keel_cursor_le32(&c);
	crc = keel_cursor_le32(&c);
	if (!magic || memcmp(magic, FOOTER_MAGIC, 8) || version != FOOTER_VERSION ||
	    crc != crc32c(crc32c(0, &salt, sizeof(salt)), in + 16, FOOTER_TRAILER - 16))
		return -EBADMSG;
	got.segment = keel_cursor_le64(&c);
	got.data_end = keel_cursor_le64(&c);
	got.min_lsn = keel_cursor_le64(&c);
	got.max_lsn = keel_cursor_le64(&c);
	got.max_hlc = keel_cursor_le64(&c);
	got.max_synced = keel_cursor_le64(&c);
	got.records = keel_cursor_le64(&c);
	for (int s = 0; s < FOOTER_SECTIONS; s++) {
		struct footer_part *p = &got.part[s];

		p->offset = keel_cursor_le64(&c);
		p->length = keel_cursor_le64(&c);
		p->crc = keel_cursor_le32(&c);
		if (p->offset > file_size || p->length > file_size - p->offset)
			return -EBADMSG;
	}
	if (!keel_cursor_ok(&c) || got.data_end > file_size)
		return -EBADMSG;
	*t = got;
	return 0;
}

int footer_part_check(const struct footer_trailer *t, enum footer_section s, const void *data)
{
	return crc32c(0, data, t->part[s].length) == t->part[s].crc ? 0 : -EBADMSG;
}

int footer_row_next(const uint8_t **at, const uint8_t *end, uint64_t salt, struct footer_row *row)
{
	struct footer_row got = { 0 };
	struct keel_cursor c;
	const uint8_t *header;

	keel_cursor_init(&c, *at, (size_t)(end - *at));
	got.offset = keel_cursor_le64(&c);
	header = keel_cursor_take(&c, RECORD_HEADER);
	if (!header || record_decode(header, ~salt, &got.record))
		return -EBADMSG;
	if (got.record.type != RECORD_BODY) {
		got.payload = keel_cursor_take(&c, got.record.length);
		keel_cursor_skip(&c, record_space(got.record.length) - RECORD_HEADER - got.record.length);
		if (!keel_cursor_ok(&c) || crc32c(0, got.payload, got.record.length) != got.record.payload_crc)
			return -EBADMSG;
	}
	*row = got;
	*at = c.at;
	return 0;
}

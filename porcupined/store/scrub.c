/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scrub: every octet of every segment against its checksums, footers against records, the index against both. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"

struct scrubbing {
	struct store *store;
	struct keel_buffer *report;
	struct store_scrub sum;
	store_progress_fn progress;
	void *arg;
	uint64_t total;
};

static void finding(struct scrubbing *w, const struct segment *s, uint64_t offset, const char *what)
{
	keel_buffer_printf(w->report, "segment %016" PRIx64 " offset %" PRIu64 ": %s\n", s->id, offset, what);
}

/* SHA-256 of a body's octets, as its record's end states it. */
static bool digest_right(const struct record *r, const uint8_t *payload)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	const uint8_t *octets = payload;
	KEEL_AUTO_FREE uint8_t *raw = NULL;
	int64_t n = record_octets(r->length);
	unsigned got;

	if (n < 0)
		return false;
	if (r->flags & RECORD_ZSTD) {
		const int64_t want = record_octets(r->raw);

		if (want < 0)
			return false;
		raw = malloc((size_t)want + 1);
		if (!raw || ZSTD_decompress(raw, (size_t)want, payload, (size_t)n) != (size_t)want)
			return false;
		octets = raw;
		n = want;
	}
	return EVP_Digest(octets, (size_t)n, digest, &got, EVP_sha256(), NULL) &&
	       !memcmp(digest, payload + r->length - RECORD_DIGEST, RECORD_DIGEST);
}

/* One row of a footer against the record in the log. */
static int scrub_row(struct scrubbing *w, struct segment *s, const struct footer_row *row, struct keel_buffer *octets)
{
	struct record r;
	uint64_t space = record_space(row->record.length);
	int error;

	octets->len = 0;
	error = keel_buffer_reserve(octets, space);
	if (!error)
		error = segment_read(&w->store->segments, s, row->offset, octets->data, space);
	if (error == -ENOMEM)
		return error;
	w->sum.records++;
	w->sum.octets += space;
	if (error) {
		finding(w, s, row->offset, strerror(-error));
	} else if (record_decode(octets->data, s->salt, &r) || r.lsn != row->record.lsn ||
		   r.length != row->record.length || memcmp(&r.object, &row->record.object, sizeof(r.object))) {
		error = -EBADMSG;
		finding(w, s, row->offset, "header is damaged");
	} else if (crc32c(0, octets->data + RECORD_HEADER, r.length) != r.payload_crc) {
		error = -EBADMSG;
		finding(w, s, row->offset, "payload does not match its CRC32C");
	} else if (r.type == RECORD_BODY && !digest_right(&r, octets->data + RECORD_HEADER)) {
		error = -EBADMSG;
		finding(w, s, row->offset, "body does not match its SHA-256");
	}
	if (error) {
		w->sum.bad_records++;
		keel_count(&store_metric.damaged);
	}
	return w->progress && w->progress(w->sum.octets, w->total, w->arg) ? -ECANCELED : 0;
}

static int scrub_sealed(struct scrubbing *w, struct segment *s)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer part;
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer octets;
	int r = 0;

	keel_buffer_init(&part, 0);
	keel_buffer_init(&octets, 0);
	if (segment_check(&w->store->segments, s)) {
		finding(w, s, 0, "header page is damaged");
		w->sum.bad_records++;
	}
	if (s->trailer.part[FOOTER_BAD].length)
		finding(w, s, 0, "has ranges that were damaged when the store was opened");
	for (int section = 0; !r && section < FOOTER_SECTIONS; section++) {
		const uint8_t *at, *end;

		part.len = 0;
		r = segment_load(&w->store->segments, s, section, &part);
		at = part.data;
		end = section < FOOTER_DIRECTORY ? at + part.len : at; /* the others hold no rows */
		while (!r && at < end) {
			struct footer_row row;

			r = footer_row_next(&at, end, s->salt, &row);
			if (!r)
				r = scrub_row(w, s, &row, &octets);
		}
		if (r == -EBADMSG || r == -EIO) {
			finding(w, s, s->trailer.part[section].offset, "footer is damaged");
			w->sum.bad_records++;
			r = 0;
		}
	}
	return r;
}

/* Every entry has its body, every body's row points at its record, references are counted right. */
static int scrub_index(struct scrubbing *w)
{
	struct index *ix = &w->store->index;
	MDB_txn *txn = index_read(ix);
	MDB_cursor *cursor;
	MDB_val k, v;
	uint64_t references = 0, counted = 0;
	int code;

	if (!txn)
		return -EAGAIN;
	code = mdb_cursor_open(txn, ix->dbi[INDEX_ENTRY], &cursor);
	while (!code && !(code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT))) {
		struct index_entry entry;
		struct index_body body;

		memcpy(&entry, v.mv_data, sizeof(entry));
		if (index_get(ix, txn, INDEX_BODY, &entry.body, sizeof(entry.body), &body, sizeof(body), NULL, NULL)) {
			keel_buffer_puts(w->report, "index: an entry's body is missing: its record was damaged\n");
			w->sum.missing++;
		} else {
			references++;
		}
	}
	if (code == MDB_NOTFOUND) {
		mdb_cursor_close(cursor);
		code = mdb_cursor_open(txn, ix->dbi[INDEX_BODY], &cursor);
	}
	while (!code && !(code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT))) {
		uint8_t header[RECORD_HEADER];
		struct index_body body;
		struct segment *s;
		struct record r;

		memcpy(&body, v.mv_data, sizeof(body));
		counted += body.refs;
		s = segment_pin(&w->store->segments, body.segment);
		if (!s || segment_read(&w->store->segments, s, body.offset, header, sizeof(header)) ||
		    record_decode(header, s->salt, &r) || r.lsn != body.lsn ||
		    memcmp(&r.object, k.mv_data, sizeof(r.object))) {
			keel_buffer_printf(w->report,
					   "index: body row points at no such record (segment %016" PRIx64
					   " offset %" PRIu64 ")\n",
					   body.segment, body.offset);
			w->sum.index_errors++;
		}
		if (s)
			segment_unpin(&w->store->segments, s);
	}
	if (code == MDB_NOTFOUND)
		mdb_cursor_close(cursor);
	index_read_end(ix, &txn);
	if (counted != references) {
		keel_buffer_printf(w->report, "index: bodies count %" PRIu64 " references, entries make %" PRIu64 "\n",
				   counted, references);
		w->sum.index_errors++;
	}
	return code == MDB_NOTFOUND ? 0 : index_error(code);
}

int store_scrub(struct store *store, store_progress_fn progress, void *arg, struct keel_buffer *report,
		struct store_scrub *out)
{
	struct scrubbing w = { .store = store, .report = report, .progress = progress, .arg = arg };
	uint64_t *ids;
	size_t n;
	int r = store_barrier(store);

	if (!r)
		r = segment_ids(&store->segments, &ids, &n);
	if (r)
		return r;
	pthread_mutex_lock(&store->lock_compact); /* segments stay where they are */
	for (size_t i = 0; i < n; i++) {
		struct segment *s = segment_pin(&store->segments, ids[i]);

		if (s && s->sealed)
			w.total += s->trailer.data_end;
		if (s)
			segment_unpin(&store->segments, s);
	}
	for (size_t i = 0; !r && i < n; i++) {
		struct segment *s = segment_pin(&store->segments, ids[i]);

		if (!s)
			continue;
		if (s->sealed) {
			w.sum.segments++;
			r = scrub_sealed(&w, s);
		}
		segment_unpin(&store->segments, s);
	}
	if (!r)
		r = scrub_index(&w);
	pthread_mutex_unlock(&store->lock_compact);
	free(ids);
	if (r)
		return r;
	*out = w.sum;
	return report->failed;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An index from nothing but footers. They come segment by segment, not in the order of LSNs, so removals are gathered first and
 * what they removed is passed over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define ROWS_PER_COMMIT 50000u

enum pass { PASS_REMOVALS, PASS_OBJECTS, PASS_COUNTERS, PASS_BODIES, PASS_ENTRIES, PASSES };

struct rebuild {
	struct store *store;
	MDB_txn *txn;
	unsigned rows;
	struct keel_buffer expunged; /* 64-bit LSNs of entries, sorted after the first pass */
	struct keel_buffer removed;  /* struct store_id of accounts, sorted */
};

static int compare_lsn(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

static int compare_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct store_id));
}

static bool is_expunged(const struct rebuild *b, uint64_t lsn)
{
	return b->expunged.len &&
	       bsearch(&lsn, b->expunged.data, b->expunged.len / sizeof(lsn), sizeof(lsn), compare_lsn);
}

static bool is_removed(const struct rebuild *b, const struct store_id *account)
{
	return b->removed.len &&
	       bsearch(account, b->removed.data, b->removed.len / sizeof(*account), sizeof(*account), compare_id);
}

static int note_removal(struct rebuild *b, const struct footer_row *row)
{
	struct record_expunge e;

	if (row->record.type == RECORD_ACCOUNT_REMOVED)
		return keel_buffer_append(&b->removed, &row->record.object, sizeof(row->record.object));
	if (row->record.type != RECORD_EXPUNGE)
		return 0;
	if (record_get_expunge(row->payload, row->record.length, &e))
		return -EBADMSG;
	return keel_buffer_append(&b->expunged, &e.target, sizeof(e.target));
}

static bool in_pass(enum pass pass, uint8_t type)
{
	switch (type) {
	case RECORD_ACCOUNT:
	case RECORD_MAILBOX:
	case RECORD_DOMAIN:
	case RECORD_ALIAS:
		return pass == PASS_OBJECTS;
	case RECORD_COUNTER:
	case RECORD_EXPUNGE: /* its entry is not there: only MODSEQ rises */
	case RECORD_DOMAIN_REMOVED:
	case RECORD_ALIAS_REMOVED:
		return pass == PASS_COUNTERS;
	case RECORD_BODY:
		return pass == PASS_BODIES;
	case RECORD_ENTRY:
		return pass == PASS_ENTRIES;
	default:
		return false;
	}
}

static int apply(struct rebuild *b, enum pass pass, uint64_t segment, const struct footer_row *row)
{
	struct index *ix = &b->store->index;
	int r;

	if (pass == PASS_REMOVALS)
		return note_removal(b, row);
	if (!in_pass(pass, row->record.type))
		return 0;
	/* A shared body carries its first recipient's account, but lives on for the others. */
	if (pass != PASS_BODIES && is_removed(b, &row->record.account))
		return 0;
	if (++b->rows % ROWS_PER_COMMIT == 0) {
		r = index_commit(ix, &b->txn, 0);
		if (!r)
			r = index_begin(ix, &b->txn);
		if (r)
			return r;
	}
	if (pass == PASS_ENTRIES && is_expunged(b, row->record.lsn))
		return index_apply_ghost(ix, b->txn, &row->record, row->payload);
	return index_apply(ix, b->txn, &row->record, segment, row->offset, row->payload);
}

static int run_section(struct rebuild *b, enum pass pass, struct segment *s, enum footer_section section)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer part;
	const uint8_t *at, *end;
	int r;

	keel_buffer_init(&part, 0);
	r = salvage_rows(b->store, s, section, &part);
	at = part.data;
	end = at + part.len;
	while (!r && at < end) {
		struct footer_row row;

		r = footer_row_next(&at, end, s->salt, &row);
		if (!r)
			r = apply(b, pass, s->id, &row);
	}
	return r;
}

static int run_pass(struct rebuild *b, enum pass pass, const uint64_t *ids, size_t n)
{
	static const enum footer_section section_of[PASSES] = { FOOTER_STATE, FOOTER_STATE, FOOTER_STATE, FOOTER_BODIES,
								FOOTER_ENTRIES };
	int r = 0;

	for (size_t i = 0; !r && i < n; i++) {
		struct segment *s = segment_pin(&b->store->segments, ids[i]);

		if (!s)
			return -errno;
		r = run_section(b, pass, s, section_of[pass]);
		if (!r && pass == PASS_BODIES)
			r = index_count_segment(&b->store->index, b->txn, s->id, s->trailer.data_end - SEGMENT_HEADER,
						0);
		if (r == -EBADMSG)
			keel_log(KEEL_LOG_ERROR, "store: damaged footer", "segment", KEEL_N(s->id), NULL);
		segment_unpin(&b->store->segments, s);
	}
	return r;
}

int recover_index(struct store *store)
{
	struct rebuild b = { .store = store };
	uint64_t *ids, orphans = 0, began = store_monotonic();
	size_t n;
	int r = segment_ids(&store->segments, &ids, &n);

	if (r)
		return r;
	keel_buffer_init(&b.expunged, 0);
	keel_buffer_init(&b.removed, 0);
	store->index.any_order = true;
	r = index_clear(&store->index);
	if (!r)
		r = index_begin(&store->index, &b.txn);
	for (enum pass pass = 0; !r && pass < PASSES; pass++) {
		r = run_pass(&b, pass, ids, n);
		if (pass == PASS_REMOVALS && b.expunged.len)
			qsort(b.expunged.data, b.expunged.len / 8, 8, compare_lsn);
		if (pass == PASS_REMOVALS && b.removed.len)
			qsort(b.removed.data, b.removed.len / sizeof(struct store_id), sizeof(struct store_id),
			      compare_id);
	}
	if (!r)
		r = index_commit(&store->index, &b.txn, 0);
	else
		index_abort(&b.txn);
	if (!r)
		r = index_drop_orphans(&store->index, &orphans);
	if (!r)
		r = index_begin(&store->index, &b.txn);
	if (!r)
		r = index_commit(&store->index, &b.txn, store->next_lsn - 1);
	store->index.any_order = false;
	keel_buffer_free(&b.expunged);
	keel_buffer_free(&b.removed);
	free(ids);
	if (!r && n)
		keel_log(KEEL_LOG_NOTICE, "store: index made anew from the footers", "segments", KEEL_N(n), "rows",
			 KEEL_N(b.rows), "unreferenced-bodies", KEEL_N(orphans), "ms",
			 KEEL_N((store_monotonic() - began) / 1000000), NULL);
	return r;
}

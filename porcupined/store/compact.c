/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compaction: the live records of some sealed segments go, sorted by bucket, into one new segment that names those it replaces. A
 * crash at any step leaves either the old ones, or the new one which makes a start remove the old ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "porcupined/store/compact.h"
#include "porcupined/store/crc32c.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define OUTPUT_MAX(segment_size) (4 * (segment_size)) /* live octets of one run */
#define BACKGROUND_DEAD 50u                           /* percent */
#define SMALL_MERGE 8u                                /* this many small segments are worth a run */
#define COPY_BUFFER (1u << 20)
#define ROOM_KEPT 8u /* one part of the room in so many is left for the index, and for blocks half used */

static int compare_carry(const void *a, const void *b)
{
	const struct carry *x = a, *y = b;
	int order;

	if (x->record.bucket != y->record.bucket)
		return x->record.bucket < y->record.bucket ? -1 : 1;
	order = memcmp(&x->record.account, &y->record.account, sizeof(x->record.account));
	if (order)
		return order;
	return x->record.lsn < y->record.lsn ? -1 : x->record.lsn > y->record.lsn;
}

/* Reads a body's payload and checks it: a damaged one is not carried silently. */
static int read_body(struct run *run, const struct carry *c, struct keel_buffer *out)
{
	struct segment *s = segment_pin(&run->store->segments, c->segment);
	int r;

	if (!s)
		return -errno;
	r = keel_buffer_reserve(out, c->record.length);
	if (!r)
		r = segment_read(&run->store->segments, s, c->offset + RECORD_HEADER, out->data + out->len,
				 c->record.length);
	if (!r && crc32c(0, out->data + out->len, c->record.length) != c->record.payload_crc) {
		s->damaged = true;
		keel_count(&store_metric.damaged);
		keel_log(KEEL_LOG_ERROR, "store: damaged message found by compaction, its segment stays", "segment",
			 KEEL_N(c->segment), "offset", KEEL_N(c->offset), NULL);
		r = -EBADMSG;
	}
	segment_unpin(&run->store->segments, s);
	if (!r)
		out->len += c->record.length;
	return r;
}

static int copy(struct run *run, struct segment *to, struct footer_draft *draft)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer out;
	struct carry *rows = (struct carry *)(void *)run->carries.data;
	size_t n = run->carries.len / sizeof(*rows);
	uint64_t at = SEGMENT_HEADER;
	int r = 0;

	keel_buffer_init(&out, 0);
	if (n)
		qsort(rows, n, sizeof(*rows), compare_carry);
	for (size_t i = 0; !r && i < n; i++) {
		static const uint8_t zeros[8];
		struct carry *c = &rows[i];
		const uint8_t *payload = run->payloads.data + c->payload;
		uint8_t header[RECORD_HEADER];
		uint64_t offset = at + out.len;

		record_encode(&c->record, to->salt, header);
		keel_buffer_append(&out, header, sizeof(header));
		if (c->record.type == RECORD_BODY)
			r = read_body(run, c, &out);
		else
			keel_buffer_append(&out, payload, c->record.length);
		keel_buffer_append(&out, zeros, record_space(c->record.length) - RECORD_HEADER - c->record.length);
		if (!r)
			r = out.failed;
		if (!r)
			r = footer_draft_add(draft, to->salt, &c->record, offset, payload);
		c->payload = offset; /* from here on: where it is now */
		if (!r && (out.len >= COPY_BUFFER || i == n - 1)) {
			r = segment_write(to, out.data, out.len, at);
			at += out.len;
			run->done += out.len;
			out.len = 0;
			if (!r && run->progress && run->progress(run->done, run->total, run->arg))
				r = -ECANCELED;
		}
	}
	draft->trailer.data_end = at;
	return r;
}

/* The index follows, in one transaction: bodies to their new place, the old segments' rows away. */
static int move_rows(struct run *run, struct segment *to)
{
	struct index *ix = &run->store->index;
	const struct carry *rows = (const struct carry *)(const void *)run->carries.data;
	size_t n = run->carries.len / sizeof(*rows);
	uint64_t dead = 0;
	MDB_txn *txn;
	int r;

	pthread_mutex_lock(&run->store->lock_rows);
	r = index_begin(ix, &txn);
	for (size_t i = 0; !r && i < n; i++) {
		if (rows[i].record.type != RECORD_BODY)
			continue;
		r = index_move_body(ix, txn, &rows[i].record.object, rows[i].segment, rows[i].offset, to->id,
				    rows[i].payload);
		if (r == -ENOENT) { /* died while it was carried */
			dead += record_space(rows[i].record.length);
			r = 0;
		}
	}
	for (size_t i = 0; !r && i < run->n; i++) {
		r = index_delete(ix, txn, INDEX_SEGMENT, &run->ids[i], sizeof(run->ids[i]));
		if (r == -ENOENT)
			r = 0;
	}
	if (!r)
		r = index_count_segment(ix, txn, to->id, to->trailer.data_end - SEGMENT_HEADER, dead);
	if (!r)
		r = index_commit(ix, &txn, ix->covered);
	else if (txn)
		index_abort(&txn);
	pthread_mutex_unlock(&run->store->lock_rows);
	return r;
}

static int compact_run(struct run *run, uint64_t *freed)
{
	struct store *store = run->store;
	struct footer_draft draft;
	struct segment *to = NULL;
	uint64_t before = 0, after = 0;
	int r = compact_gather(run);

	if (r)
		return r;
	for (size_t i = 0; i < run->n; i++) {
		struct segment *s = segment_pin(&store->segments, run->ids[i]);

		if (s) {
			before += s->size;
			if (s->trailer.max_lsn > run->top.max_lsn)
				run->top.max_lsn = s->trailer.max_lsn;
			if (s->trailer.max_hlc > run->top.max_hlc)
				run->top.max_hlc = s->trailer.max_hlc;
			if (s->trailer.max_synced > run->top.max_synced)
				run->top.max_synced = s->trailer.max_synced;
			segment_unpin(&store->segments, s);
		}
	}
	if (!run->total)
		run->total = before;
	r = segment_create(&store->segments, 0, 0, 0, true, &to);
	if (r)
		return r;
	footer_draft_init(&draft, to->id);
	for (size_t i = 0; !r && i < run->n; i++)
		r = footer_draft_replaces(&draft, run->ids[i]);
	if (!r)
		r = copy(run, to, &draft);
	draft.trailer.max_lsn = run->top.max_lsn;
	draft.trailer.max_hlc = run->top.max_hlc;
	draft.trailer.max_synced = run->top.max_synced;
	if (!r)
		r = segment_seal(&store->segments, to, &draft);
	footer_draft_free(&draft);
	if (!r)
		r = segment_publish(&store->segments, to);
	if (r) {
		segment_retire(&store->segments, to->id);
		segment_unpin(&store->segments, to);
		return r;
	}
	after = to->size;
	r = move_rows(run, to);
	if (r) {
		/* No room for the index' pages, likely: no row names the new segment, so it can go, and be made another time. */
		const int undone = segment_retire(&store->segments, to->id);

		segment_unpin(&store->segments, to);
		if (!undone && !fsync(store->segments.dir))
			return r;
		goto twice;
	}
	segment_unpin(&store->segments, to);
	/*
	 * From here on the new segment counts, whatever happens. Should the old ones not go, each record is there twice, which only a start
	 * can tell; a further run would make it worse.
	 */
	for (size_t i = 0; !r && i < run->n; i++)
		r = segment_retire(&store->segments, run->ids[i]);
	/* Durable before the new one may itself be replaced: else an old one could come back alone. */
	if (!r && fsync(store->segments.dir))
		r = -errno;
	if (r)
		goto twice;
	keel_count(&store_metric.compactions);
	if (before > after) {
		keel_count_by(&store_metric.freed, before - after);
		*freed += before - after;
	}
	return 0;
twice:
	store->compaction_stopped = true;
	keel_log(KEEL_LOG_ERROR, "store: segments could not be removed; no more compaction until a restart", "error",
		 strerror(-r), NULL);
	return r;
}

/* ---- what to compact ---------------------------------------------------------------------------------- */

struct candidate {
	uint64_t id;
	uint64_t live; /* octets of records that go on */
	uint64_t need; /* octets they take in the output, with their rows of its footer */
	bool small;
};

static int compare_need(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->need != y->need)
		return x->need < y->need ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Is there a segment that only the header of a later one says how to read? See struct segment, void_first. */
static bool any_abandoned(struct segment_table *t)
{
	bool found = false;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n && !found; i++)
		found = t->rows[i]->abandoned;
	pthread_mutex_unlock(&t->lock);
	return found;
}

/* Sealed segments, with what lives in them by the index's count. Those that need little come first: on a full disk they make room for
 * the others. */
static int candidates(struct store *store, unsigned min_dead, struct keel_buffer *out)
{
	/* Of a segment that has records the rows do not cover yet, nothing is known to be dead. */
	uint64_t covered = __atomic_load_n(&store->index.covered, __ATOMIC_ACQUIRE);
	MDB_txn *txn = index_read(&store->index);
	bool abandoned = any_abandoned(&store->segments);
	uint64_t *ids;
	size_t n;
	int r = segment_ids(&store->segments, &ids, &n);

	if (!txn || r) {
		if (txn)
			index_read_end(&store->index, &txn);
		if (!r)
			free(ids);
		return r ? r : -EAGAIN;
	}
	for (size_t i = 0; i < n; i++) {
		struct segment *s = segment_pin(&store->segments, ids[i]);
		struct index_segment row = { 0 };
		uint64_t footer;
		struct candidate c;

		if (!s)
			continue;
		if (!s->sealed) {
			segment_unpin(&store->segments, s);
			continue;
		}
		index_get(&store->index, txn, INDEX_SEGMENT, &ids[i], sizeof(ids[i]), &row, sizeof(row), NULL, NULL);
		c = (struct candidate){ .id = ids[i],
					.live = row.total > row.dead ? row.total - row.dead : 0,
					.small = s->size < store->config.segment_size / 4 };
		footer = s->size - s->trailer.data_end;
		c.need = c.live + (c.live < footer ? c.live : footer);
		/* Of a segment with damage the octets are kept for whoever can make sense of them. */
		if (s->trailer.max_lsn <= covered && !s->damaged && !s->trailer.part[FOOTER_BAD].length &&
		    !(abandoned && s->void_last) && (c.small || !row.total || row.dead * 100 >= row.total * min_dead))
			keel_buffer_append(out, &c, sizeof(c));
		segment_unpin(&store->segments, s);
	}
	index_read_end(&store->index, &txn);
	free(ids);
	if (out->len)
		qsort(out->data, out->len / sizeof(struct candidate), sizeof(struct candidate), compare_need);
	return out->failed;
}

/* The segments of the next run from candidates[*at..): as many as fit in one output, and on the disk. */
static int next_run(struct store *store, const struct keel_buffer *list, size_t *at, struct run *run)
{
	const struct candidate *c = (const struct candidate *)(const void *)list->data;
	const size_t n = list->len / sizeof(*c);
	uint64_t live = 0, need = 0, room = keeper_room(store);

	room -= room / ROOM_KEPT;
	run->n = 0;
	run->ids = reallocarray(NULL, n + 1, sizeof(*run->ids));
	if (!run->ids)
		return -ENOMEM;
	for (; *at < n; (*at)++) {
		live += c[*at].live;
		need += c[*at].need;
		if (need > room || (run->n && live > OUTPUT_MAX(store->config.segment_size)))
			break;
		run->ids[run->n++] = c[*at].id;
	}
	return run->n ? 0 : -ENOSPC;
}

static void run_free(struct run *run)
{
	free(keel_take(run->ids));
	keel_buffer_free(&run->carries);
	keel_buffer_free(&run->payloads);
	keel_buffer_free(&run->counted);
}

static int compact_list(struct store *store, const struct keel_buffer *list, store_progress_fn progress, void *arg,
			uint64_t *freed)
{
	const struct candidate *c = (const struct candidate *)(const void *)list->data;
	uint64_t done = 0, total = 0;
	size_t at = 0;
	int r = 0, damaged = 0;

	if (store->compaction_stopped)
		return -ESTALE;
	for (size_t i = 0; i < list->len / sizeof(*c); i++)
		total += c[i].live;
	while (!r && at < list->len / sizeof(*c)) {
		struct run run = { .store = store, .done = done, .total = total, .progress = progress, .arg = arg };

		keel_buffer_init(&run.carries, 0);
		keel_buffer_init(&run.payloads, 0);
		keel_buffer_init(&run.counted, 0);
		r = next_run(store, list, &at, &run);
		if (!r)
			r = compact_run(&run, freed);
		done = run.done;
		run_free(&run);
		/* A damaged segment stays out of the next runs; the others of this one get their turn then. */
		if (r == -EBADMSG && !store->compaction_stopped) {
			damaged = r;
			r = 0;
		}
	}
	if (r == -ENOSPC && *freed)
		r = 0; /* what did not fit may fit the next time */
	return r ? r : damaged;
}

int store_compact(struct store *store, unsigned min_dead, store_progress_fn progress, void *arg, uint64_t *freed)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer list;
	uint64_t got = 0;
	int r;

	keel_buffer_init(&list, 0);
	pthread_mutex_lock(&store->lock_compact);
	r = store_barrier(store);
	if (!r)
		r = candidates(store, min_dead, &list);
	if (!r)
		r = compact_list(store, &list, progress, arg, &got);
	pthread_mutex_unlock(&store->lock_compact);
	*freed = got;
	return r;
}

void compact_in_background(struct store *store)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer list;
	const struct candidate *c;
	size_t n, small = 0;
	uint64_t freed = 0;
	int r;

	keel_buffer_init(&list, 0);
	if (pthread_mutex_trylock(&store->lock_compact))
		return;
	r = store_barrier(store);
	if (!r)
		r = candidates(store, BACKGROUND_DEAD, &list);
	c = (const struct candidate *)(const void *)list.data;
	n = list.len / sizeof(*c);
	for (size_t i = 0; i < n; i++)
		small += c[i].small;
	/* Small ones alone are worth a run only when there are many. */
	if (!r && n && (n > small || small >= SMALL_MERGE))
		r = compact_list(store, &list, NULL, NULL, &freed);
	pthread_mutex_unlock(&store->lock_compact);
	if (r)
		keel_log(KEEL_LOG_WARNING, "store: background compaction", "error", strerror(-r), NULL);
	else if (freed)
		keel_log(KEEL_LOG_INFO, "store: compacted", "freed", KEEL_N(freed), NULL);
}

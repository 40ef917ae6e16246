/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compaction: the live records of some sealed segments go, sorted by bucket, into one new segment that names those it replaces. A
 * crash at any step leaves either the old ones, or the new one which makes a start remove the old ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define OUTPUT_MAX(segment_size) (4 * (segment_size)) /* live octets of one run */
#define BACKGROUND_DEAD 50u                           /* percent */
#define SMALL_MERGE 8u                                /* this many small segments are worth a run */
#define COPY_BUFFER (1u << 20)

/* One record to carry over. */
struct carry {
	struct record record;
	uint64_t segment, offset;
	size_t payload; /* of state and entries: offset in payloads */
};

struct run {
	struct store *store;
	uint64_t *ids; /* the segments, ascending */
	size_t n;
	struct keel_buffer carries;  /* struct carry */
	struct keel_buffer payloads;
	struct keel_buffer counted;  /* struct carry of mailboxes that lose entries: one COUNTER each */
	struct footer_trailer top;   /* greatest LSN and clocks of the segments: no number is given out twice */
	uint64_t done, total;
	store_progress_fn progress;
	void *arg;
};

static bool in_run(const struct run *run, uint64_t id)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->ids[i] == id)
			return true;
	return false;
}

/* May a segment outside the run hold a record with an LSN in first..last? */
static bool held_elsewhere(struct run *run, uint64_t first, uint64_t last)
{
	struct segment_table *t = &run->store->segments;
	bool held = false;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n && !held; i++) {
		const struct segment *s = t->rows[i];

		if (in_run(run, s->id))
			continue;
		/* Segments still being written are younger than anything sealed; abandoned ones are not. */
		held = s->abandoned || (s->sealed && s->trailer.records && s->trailer.min_lsn <= last && s->trailer.max_lsn >= first) ||
		       (s->sealed && s->trailer.part[FOOTER_BAD].length);
	}
	pthread_mutex_unlock(&t->lock);
	return held;
}

static int mailbox_row(struct run *run, MDB_txn *txn, const struct store_id *account, const struct store_id *mailbox,
		       struct index_mailbox *row)
{
	struct index_mailbox_key key = {*account, *mailbox};

	return index_get(&run->store->index, txn, INDEX_MAILBOX, &key, sizeof(key), row, sizeof(*row), NULL, NULL);
}

static int note_counter(struct run *run, const struct record *r, const struct store_id *mailbox)
{
	struct carry c = {.record = *r};

	c.record.object = *mailbox;
	return keel_buffer_append(&run->counted, &c, sizeof(c));
}

/* 1 = carry it, 0 = drop it, -errno. */
static int is_live(struct run *run, MDB_txn *txn, uint64_t segment, const struct footer_row *row)
{
	struct index *ix = &run->store->index;
	const struct record *r = &row->record;
	struct index_account account;
	struct index_mailbox box;
	struct index_entry entry;
	struct index_entry_key key;
	struct index_body body;
	struct record_account a;
	struct record_alias alias;
	struct record_entry e;
	struct record_expunge x;
	struct record_text text;
	uint64_t lsn;
	int error;

	switch (r->type) {
	case RECORD_BODY:
		error = index_get(ix, txn, INDEX_BODY, &r->object, sizeof(r->object), &body, sizeof(body), NULL, NULL);
		return error ? (error == -ENOENT ? 0 : error) : body.segment == segment && body.offset == row->offset;
	case RECORD_ENTRY:
		if (record_get_entry(row->payload, r->length, &e))
			return -EBADMSG;
		key = index_entry_key(&e.mailbox, r->lsn);
		error = index_get(ix, txn, INDEX_ENTRY, &key, sizeof(key), &entry, sizeof(entry), NULL, NULL);
		if (error == -ENOENT)
			error = note_counter(run, r, &e.mailbox);
		else if (!error)
			return 1;
		return error;
	case RECORD_EXPUNGE:
		if (record_get_expunge(row->payload, r->length, &x))
			return -EBADMSG;
		error = note_counter(run, r, &x.mailbox); /* its MODSEQ */
		return error ? error : held_elsewhere(run, x.target, x.target);
	case RECORD_ACCOUNT:
		if (record_get_account(row->payload, r->length, &a))
			return -EBADMSG;
		error = index_get(ix, txn, INDEX_ACCOUNT, a.address.at, a.address.len, &account, sizeof(account), NULL, NULL);
		return error ? (error == -ENOENT ? 0 : error) : account.lsn == r->lsn;
	case RECORD_ACCOUNT_REMOVED:
	case RECORD_DOMAIN_REMOVED:
	case RECORD_ALIAS_REMOVED:
		return held_elsewhere(run, 0, r->lsn - 1);
	case RECORD_MAILBOX:
		error = mailbox_row(run, txn, &r->account, &r->object, &box);
		return error ? (error == -ENOENT ? 0 : error) : 1;
	case RECORD_COUNTER:
		error = note_counter(run, r, &r->object);
		return error;
	case RECORD_DOMAIN:
		if (record_get_text(row->payload, r->length, &text))
			return -EBADMSG;
		error = index_get(ix, txn, INDEX_DOMAIN, text.at, text.len, &lsn, sizeof(lsn), NULL, NULL);
		return error ? (error == -ENOENT ? 0 : error) : lsn == r->lsn;
	case RECORD_ALIAS:
		if (record_get_alias(row->payload, r->length, &alias))
			return -EBADMSG;
		error = index_get(ix, txn, INDEX_ALIAS, alias.alias.at, alias.alias.len, &lsn, sizeof(lsn), NULL, NULL);
		return error ? (error == -ENOENT ? 0 : error) : lsn == r->lsn;
	default:
		return 1; /* not understood: carried */
	}
}

static int gather_section(struct run *run, MDB_txn *txn, struct segment *s, enum footer_section section)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer part;
	const uint8_t *at, *end;
	int r;

	keel_buffer_init(&part, 0);
	r = segment_load(&run->store->segments, s, section, &part);
	at = part.data;
	end = at + part.len;
	while (!r && at < end) {
		struct carry c = {.segment = s->id, .payload = run->payloads.len};
		struct footer_row row;
		int live;

		r = footer_row_next(&at, end, s->salt, &row);
		if (r)
			break;
		live = is_live(run, txn, s->id, &row);
		if (live < 0)
			return live;
		if (!live)
			continue;
		c.record = row.record;
		c.offset = row.offset;
		if (row.payload)
			keel_buffer_append(&run->payloads, row.payload, row.record.length);
		keel_buffer_append(&run->carries, &c, sizeof(c));
		r = run->carries.failed ? run->carries.failed : run->payloads.failed;
	}
	return r;
}

static int compare_counted(const void *a, const void *b)
{
	const struct carry *x = a, *y = b;

	return memcmp(&x->record.object, &y->record.object, sizeof(x->record.object));
}

/* One COUNTER for each mailbox that lost a record which held its UID or MODSEQ up. */
static int add_counters(struct run *run, MDB_txn *txn)
{
	struct carry *rows = (struct carry *)(void *)run->counted.data;
	size_t n = run->counted.len / sizeof(*rows);

	if (n)
		qsort(rows, n, sizeof(*rows), compare_counted);
	for (size_t i = 0; i < n; i++) {
		struct carry c = rows[i];
		struct index_mailbox box;
		int r;

		if (i && !compare_counted(&rows[i - 1], &rows[i]))
			continue;
		r = mailbox_row(run, txn, &c.record.account, &c.record.object, &box);
		if (r == -ENOENT)
			continue;
		if (r)
			return r;
		struct record_counter counter = {.uidvalidity = box.uidvalidity, .uidnext = box.uidnext, .modseq = box.modseq};
		size_t from = run->payloads.len;

		r = record_put_counter(&run->payloads, &counter);
		if (r)
			return r;
		c.record.type = RECORD_COUNTER;
		c.record.flags = RECORD_TXN_END;
		c.record.txn_index = 0;
		c.record.length = c.record.raw = (uint32_t)(run->payloads.len - from);
		c.record.payload_crc = crc32c(0, run->payloads.data + from, c.record.length);
		c.payload = from;
		c.segment = 0;
		r = keel_buffer_append(&run->carries, &c, sizeof(c));
		if (r)
			return r;
	}
	return 0;
}

static int gather(struct run *run)
{
	MDB_txn *txn = index_read(&run->store->index);
	int r = 0;

	if (!txn)
		return -EAGAIN;
	for (size_t i = 0; !r && i < run->n; i++) {
		struct segment *s = segment_pin(&run->store->segments, run->ids[i]);

		if (!s) {
			r = -errno;
			break;
		}
		for (int section = 0; !r && section < FOOTER_DIRECTORY; section++)
			r = gather_section(run, txn, s, section);
		segment_unpin(&run->store->segments, s);
	}
	if (!r)
		r = add_counters(run, txn);
	index_read_end(&run->store->index, &txn);
	return r;
}

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

static int write_all(int fd, const uint8_t *at, size_t n, uint64_t offset)
{
	while (n) {
		ssize_t put = pwrite(fd, at, n, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		at += put;
		offset += (uint64_t)put;
		n -= (size_t)put;
	}
	return 0;
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
		r = segment_read(&run->store->segments, s, c->offset + RECORD_HEADER, out->data + out->len, c->record.length);
	segment_unpin(&run->store->segments, s);
	if (!r && crc32c(0, out->data + out->len, c->record.length) != c->record.payload_crc) {
		keel_count(&store_metric.damaged);
		keel_log(KEEL_LOG_ERROR, "store: damaged message found by compaction, its segment stays", "segment",
			 KEEL_N(c->segment), "offset", KEEL_N(c->offset), NULL);
		r = -EBADMSG;
	}
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
			r = write_all(to->fd, out.data, out.len, at);
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
	MDB_txn *txn;
	int r;

	pthread_mutex_lock(&run->store->lock_rows);
	r = index_begin(ix, &txn);
	for (size_t i = 0; !r && i < n; i++)
		if (rows[i].record.type == RECORD_BODY)
			r = index_move_body(ix, txn, &rows[i].record.object, rows[i].segment, rows[i].offset, to->id,
					    rows[i].payload);
	for (size_t i = 0; !r && i < run->n; i++) {
		r = index_delete(ix, txn, INDEX_SEGMENT, &run->ids[i], sizeof(run->ids[i]));
		if (r == -ENOENT)
			r = 0;
	}
	if (!r)
		r = index_count_segment(ix, txn, to->id, to->trailer.data_end - SEGMENT_HEADER, 0);
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
	int r = gather(run);

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
	/* From here on the new segment counts, whatever happens. */
	after = to->size;
	r = move_rows(run, to);
	segment_unpin(&store->segments, to);
	if (r) {
		keel_log(KEEL_LOG_ERROR, "store: compaction not taken into the index; the replaced segments stay until a restart",
			 "error", strerror(-r), NULL);
		return r;
	}
	for (size_t i = 0; i < run->n; i++)
		segment_retire(&store->segments, run->ids[i]);
	/* Durable before the new one may itself be replaced: else an old one could come back alone. */
	if (fsync(store->segments.dir))
		r = -errno;
	keel_count(&store_metric.compactions);
	if (before > after) {
		keel_count_by(&store_metric.freed, before - after);
		*freed += before - after;
	}
	return r;
}

/* ---- what to compact ---------------------------------------------------------------------------------- */

struct candidate {
	uint64_t id, live;
	bool small;
};

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

/* Sealed segments, with what lives in them by the index's count. */
static int candidates(struct store *store, unsigned min_dead, struct keel_buffer *out)
{
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
		struct index_segment row = {0};
		struct candidate c;

		if (!s)
			continue;
		index_get(&store->index, txn, INDEX_SEGMENT, &ids[i], sizeof(ids[i]), &row, sizeof(row), NULL, NULL);
		c = (struct candidate){.id = ids[i],
				       .live = row.total > row.dead ? row.total - row.dead : 0,
				       .small = s->size < store->config.segment_size / 4};
		/* Of a segment with damage the octets are kept for whoever can make sense of them. */
		if (s->sealed && !s->trailer.part[FOOTER_BAD].length && !(abandoned && s->void_last) &&
		    (c.small || !row.total || row.dead * 100 >= row.total * min_dead))
			keel_buffer_append(out, &c, sizeof(c));
		segment_unpin(&store->segments, s);
	}
	index_read_end(&store->index, &txn);
	free(ids);
	return out->failed;
}

/* The segments of the next run from candidates[*at..): as many as fit in one output. */
static int next_run(struct store *store, const struct keel_buffer *list, size_t *at, struct run *run)
{
	const struct candidate *c = (const struct candidate *)(const void *)list->data;
	size_t n = list->len / sizeof(*c);
	uint64_t live = 0;

	run->n = 0;
	run->ids = reallocarray(NULL, n + 1, sizeof(*run->ids));
	if (!run->ids)
		return -ENOMEM;
	while (*at < n && (!run->n || live + c[*at].live <= OUTPUT_MAX(store->config.segment_size))) {
		live += c[*at].live;
		run->ids[run->n++] = c[(*at)++].id;
	}
	return 0;
}

static void run_free(struct run *run)
{
	free(keel_take(run->ids));
	keel_buffer_free(&run->carries);
	keel_buffer_free(&run->payloads);
	keel_buffer_free(&run->counted);
}

static int compact_list(struct store *store, const struct keel_buffer *list, store_progress_fn progress, void *arg, uint64_t *freed)
{
	const struct candidate *c = (const struct candidate *)(const void *)list->data;
	uint64_t done = 0, total = 0;
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; i < list->len / sizeof(*c); i++)
		total += c[i].live;
	while (!r && at < list->len / sizeof(*c)) {
		struct run run = {.store = store, .done = done, .total = total, .progress = progress, .arg = arg};

		keel_buffer_init(&run.carries, 0);
		keel_buffer_init(&run.payloads, 0);
		keel_buffer_init(&run.counted, 0);
		r = next_run(store, list, &at, &run);
		if (!r)
			r = compact_run(&run, freed);
		done = run.done;
		run_free(&run);
	}
	return r;
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commit thread: everything that waits goes out in one write and one fdatasync. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define BATCH_OCTETS (16u << 20)
#define BATCH_TXNS 500u          /* two iovecs each fit in IOV_MAX */
#define SMALL_SEGMENT (1u << 20) /* on a full disk deletes still find room */

/* ---- writing -------------------------------------------------------------------------------------- */

/* What is gathered for one pwritev. */
struct gather {
	struct iovec iov[2 * BATCH_TXNS + 2];
	int n;
	uint64_t at; /* offset in the segment of iov[0] */
	uint64_t octets;
	int fd;
};

static int flush(struct gather *g)
{
	struct iovec *iov = g->iov;
	int n = g->n;

	while (n) {
		ssize_t put = pwritev(g->fd, iov, n < IOV_MAX ? n : IOV_MAX, (off_t)g->at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		g->at += (uint64_t)put;
		while (n && (size_t)put >= iov->iov_len) {
			put -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (uint8_t *)iov->iov_base + put;
			iov->iov_len -= (size_t)put;
		}
	}
	g->n = 0;
	g->octets = 0;
	return 0;
}

static void add(struct gather *g, void *data, size_t n)
{
	g->iov[g->n++] = (struct iovec){ data, n };
	g->octets += n;
}

/* Copies a spilled body to the segment. */
static int copy_spill(struct gather *g, const struct store_body *b)
{
	loff_t from = 0, to = (loff_t)g->at;
	uint64_t left = b->spilled;

	while (left) {
		ssize_t n = copy_file_range(b->spill, &from, g->fd, &to, left, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
			uint8_t buffer[65536];

			n = pread(b->spill, buffer, left < sizeof(buffer) ? left : sizeof(buffer), from);
			if (n > 0)
				n = pwrite(g->fd, buffer, (size_t)n, to);
			if (n > 0) {
				from += n;
				to += n;
			}
		}
		if (n <= 0)
			return n ? -errno : -EIO;
		left -= (uint64_t)n;
	}
	g->at += b->spilled;
	return 0;
}

/* ---- one transaction -------------------------------------------------------------------------------- */

static int number_entry(struct store *store, struct txn_record *row, uint8_t *payload)
{
	struct store_id mailbox;
	uint32_t uid;
	uint64_t modseq;
	int r;

	memcpy(&mailbox, payload + RECORD_ENTRY_MAILBOX, sizeof(mailbox));
	r = uid_next(store, &row->record.account, &mailbox, row->record.lsn, true, &uid, &modseq);
	if (r)
		return r == -ENOENT ? 0 : r; /* the account went meanwhile: UID pending, for ever */
	memcpy(payload + RECORD_ENTRY_UID, &uid, sizeof(uid));
	memcpy(payload + RECORD_ENTRY_MODSEQ, &modseq, sizeof(modseq));
	return 0;
}

static int number_expunge(struct store *store, struct txn_record *row, uint8_t *payload)
{
	struct record_expunge e;
	uint32_t uid;
	int r = record_get_expunge(payload, row->record.length, &e);

	if (!r)
		r = uid_next(store, &row->record.account, &e.mailbox, row->record.lsn, false, &uid, &e.modseq);
	if (r)
		return r == -ENOENT ? 0 : r;
	memcpy(payload + RECORD_EXPUNGE_MODSEQ, &e.modseq, sizeof(e.modseq));
	return 0;
}

/* Gives the records LSN, clock, UID and checksum, and gathers their octets. */
static int prepare(struct store *store, struct store_txn *t, uint64_t synced, struct gather *g)
{
	uint64_t offset = g->at + g->octets;
	size_t n;
	struct txn_record *rows = txn_records(t, &n);
	int r;

	t->segment = store->active->id;
	for (size_t i = 0; i < n; i++) {
		struct record *rec = &rows[i].record;
		bool body = rec->type == RECORD_BODY;
		uint8_t *header = body ? t->body->memory.data : t->small.data + rows[i].at;

		rec->lsn = store->next_lsn++;
		rec->synced = synced;
		rec->hlc = store_hlc(store);
		rec->origin = store->node;
		rec->txn_index = (uint16_t)i;
		rec->flags = (uint8_t)((rec->flags & ~RECORD_TXN_END) | (i == n - 1 ? RECORD_TXN_END : 0));
		if (!body) {
			r = rec->type == RECORD_ENTRY     ? number_entry(store, &rows[i], header + RECORD_HEADER)
			    : rec->type == RECORD_EXPUNGE ? number_expunge(store, &rows[i], header + RECORD_HEADER)
							  : 0;
			if (r)
				return r;
			rec->payload_crc = crc32c(0, header + RECORD_HEADER, rec->length);
		}
		record_encode(rec, store->active->salt, header);
		rows[i].offset = offset;
		offset += record_space(rec->length);
	}
	if (t->body && t->body->spill >= 0) {
		struct store_body *b = t->body;

		add(g, b->memory.data, RECORD_HEADER);
		r = flush(g);
		if (!r)
			r = copy_spill(g, b);
		if (r)
			return r;
		add(g, b->memory.data + RECORD_HEADER, b->memory.len - RECORD_HEADER);
	} else if (t->body) {
		add(g, t->body->memory.data, t->body->memory.len);
	}
	if (t->small.len)
		add(g, t->small.data, t->small.len);
	return 0;
}

/* ---- segments --------------------------------------------------------------------------------------- */

static int segment_begin(struct store *store, uint64_t need, bool small)
{
	uint64_t size = small ? SMALL_SEGMENT : store->config.segment_size;
	struct segment *s = NULL;
	int r;

	if (size < need + SEGMENT_HEADER)
		size = need + SEGMENT_HEADER;
	if (!store->void_last && size == store->config.segment_size)
		s = keeper_spare(store);
	if (!s) {
		r = small ? segment_create(&store->segments, size, store->void_first, store->void_last, false, &s)
			  : keeper_create(store, size, store->void_first, store->void_last, &s);
		if (r)
			return r;
	}
	store->void_first = store->void_last = 0;
	store->active = s;
	store->active_at = SEGMENT_HEADER;
	footer_draft_init(&store->draft, s->id);
	return 0;
}

static void segment_end(struct store *store)
{
	store->draft.trailer.data_end = store->active_at;
	keeper_seal(store, keel_take(store->active), &store->draft);
}

/* Makes sure that the active segment takes need octets. */
static int segment_ready(struct store *store, uint64_t need, bool body)
{
	int r;

	if (store->active && store->active_at > SEGMENT_HEADER && store->active->size - store->active_at < need)
		segment_end(store);
	else if (store->active && store->active->size - store->active_at < need) {
		/* Empty and too small: it is not worth a footer. */
		struct segment *s = keel_take(store->active);

		footer_draft_free(&store->draft);
		segment_retire(&store->segments, s->id);
		segment_unpin(&store->segments, s);
	}
	if (store->active)
		return 0;
	r = segment_begin(store, need, false);
	if (r == -ENOSPC && !body)
		r = segment_begin(store, need, true);
	return r;
}

/*
 * A write or fdatasync failed: what the kernel holds of this file can no longer be trusted to reach the disk, and asking again
 * would only hide that. The segment stays as it is up to the last LSN known durable; the next one says which LSNs never were.
 */
static void abandon(struct store *store, int error)
{
	uint64_t synced = atomic_load(&store->synced_lsn);
	struct segment *s = keel_take(store->active);

	keel_count(&store_metric.failures);
	keel_log(KEEL_LOG_ERROR, "store: segment abandoned after a failed write", "segment", KEEL_N(s->id), "error",
		 strerror(-error), "last-durable-lsn", KEEL_N(synced), "lost-lsns",
		 KEEL_N(store->next_lsn - 1 - synced), NULL);
	/* Should no next segment come to be, the rest had better not be found. It may fail like the write did. */
	if (ftruncate(s->fd, (off_t)store->active_at))
		keel_log(KEEL_LOG_WARNING, "store: abandoned segment not cut", "error", strerror(errno), NULL);
	if (store->next_lsn - 1 > synced) {
		store->void_first = synced + 1;
		store->void_last = store->next_lsn - 1;
	}
	footer_draft_free(&store->draft);
	s->abandoned = true;
	segment_unpin(&store->segments, s);
	error = segment_begin(store, SEGMENT_HEADER, false);
	if (error == -ENOSPC)
		error = segment_begin(store, SEGMENT_HEADER, true);
	if (error) {
		atomic_store(&store->writable, error == -ENOSPC ? -ENOSPC : -EROFS);
		keel_log(KEEL_LOG_ERROR, "store: no new segment, the store is read-only", "error", strerror(-error),
			 NULL);
	}
}

/* ---- batches ------------------------------------------------------------------------------------------ */

/* A list of transactions with the same outcome. */
struct batch {
	struct store_txn *first, **end;
	size_t n;
	uint64_t space;
};

static void batch_init(struct batch *b)
{
	*b = (struct batch){ .end = &b->first };
}

static void batch_add(struct batch *b, struct store_txn *t)
{
	t->next = NULL;
	*b->end = t;
	b->end = &t->next;
	b->n++;
	b->space += t->space;
}

static void fail_all(struct store_txn *t, int error)
{
	while (t) {
		struct store_txn *next = t->next;

		t->done(t->arg, error);
		store_txn_free(&t);
		t = next;
	}
}

static int write_batch(struct store *store, struct batch *batch)
{
	struct gather g = { .at = store->active_at, .fd = store->active->fd };
	uint64_t synced = atomic_load(&store->synced_lsn);
	int r = 0;

	for (struct store_txn *t = batch->first; t && !r; t = t->next)
		r = prepare(store, t, synced, &g);
	if (!r)
		r = flush(&g);
	if (!r && fdatasync(store->active->fd))
		r = -errno;
	if (r)
		return r;
	keel_count_by(&store_metric.written, g.at - store->active_at);
	store->active_at = g.at;
	return 0;
}

/* The footer's rows of what became durable. Out of memory here only costs the footer: the segment is scanned at the next start. */
static void draft_batch(struct store *store, const struct batch *batch)
{
	for (struct store_txn *t = batch->first; t; t = t->next) {
		size_t n;
		const struct txn_record *rows = txn_records(t, &n);

		for (size_t i = 0; i < n; i++)
			if (footer_draft_add(&store->draft, store->active->salt, &rows[i].record, rows[i].offset,
					     t->small.data + rows[i].at + RECORD_HEADER))
				store->draft.bad.failed = -ENOMEM;
	}
}

static void commit_batch(struct store *store, struct batch *batch)
{
	uint64_t began = store_monotonic(), now;
	int r = write_batch(store, batch);

	if (r) {
		abandon(store, r);
		fail_all(batch->first, r == -ENOSPC ? -ENOSPC : -EIO);
		return;
	}
	atomic_store(&store->synced_lsn, store->next_lsn - 1);
	now = store_monotonic();
	keel_count(&store_metric.commits);
	keel_count_by(&store_metric.transactions, batch->n);
	keel_histogram_observe(&store_metric.sync, now - began);
	for (struct store_txn *t = batch->first; t; t = t->next)
		keel_histogram_observe(&store_metric.commit, now - t->began);
	/* Promised before anybody hears of it: a barrier that follows the acknowledgement waits for it. */
	indexer_promise(store, store->next_lsn - 1);
	for (struct store_txn *t = batch->first; t; t = t->next)
		t->done(t->arg, 0);
	draft_batch(store, batch);
	for (struct store_txn *t = batch->first; t; t = t->next)
		store_body_free(&t->body);
	indexer_push(store, batch->first, batch->end, batch->n, store->next_lsn - 1);
}

/* Takes from *queue what fits in one batch; what the store cannot take is failed at once. */
static void gather_batch(struct store *store, struct store_txn **queue, struct batch *batch)
{
	batch_init(batch);
	while (*queue && batch->n < BATCH_TXNS && batch->space < BATCH_OCTETS) {
		struct store_txn *t = *queue;
		int writable = atomic_load_explicit(&store->writable, memory_order_relaxed);
		int r = writable == -EROFS || (writable && t->body) ? writable : 0;

		if (!r && batch->n && (t->guarded || store->active->size - store->active_at < batch->space + t->space))
			return; /* does not fit behind the others: next batch, next segment; a guard waits for what was before it */
		if (!r && t->guarded)
			r = guard(store, t);
		if (!r && !batch->n)
			r = segment_ready(store, t->space, t->body != NULL);
		*queue = t->next;
		if (r) {
			if (r != -ENOSPC && r != -EROFS && !t->guarded)
				keel_log(KEEL_LOG_ERROR, "store: no new segment", "error", strerror(-r), NULL);
			t->next = NULL;
			fail_all(t, r);
			continue;
		}
		batch_add(batch, t);
	}
}

static void *commit_main(void *arg)
{
	struct store *store = arg;
	struct store_txn *queue;
	struct batch batch;

	for (;;) {
		pthread_mutex_lock(&store->lock_commit);
		while (!store->queue && !store->ending)
			pthread_cond_wait(&store->wake_commit, &store->lock_commit);
		queue = store->queue;
		store->queue = NULL;
		store->queue_end = &store->queue;
		pthread_mutex_unlock(&store->lock_commit);
		if (!queue)
			break;
		while (queue) {
			gather_batch(store, &queue, &batch);
			if (batch.n)
				commit_batch(store, &batch);
		}
	}
	if (store->active && store->active_at > SEGMENT_HEADER) {
		segment_end(store);
	} else if (store->active) {
		struct segment *s = keel_take(store->active);

		footer_draft_free(&store->draft);
		/* One that states voided LSNs must stay, empty as it is. */
		if (!s->void_last)
			segment_retire(&store->segments, s->id);
		segment_unpin(&store->segments, s);
	}
	return NULL;
}

int commit_start(struct store *store)
{
	store->queue_end = &store->queue;
	return -pthread_create(&store->committer, NULL, commit_main, store);
}

void commit_stop(struct store *store)
{
	pthread_mutex_lock(&store->lock_commit);
	store->ending = true;
	pthread_cond_signal(&store->wake_commit);
	pthread_mutex_unlock(&store->lock_commit);
	pthread_join(store->committer, NULL);
}

/* ---- the callers' side --------------------------------------------------------------------------------- */

void store_commit(struct store *store, struct store_txn **txn, void (*done)(void *arg, int error), void *arg)
{
	struct store_txn *t = keel_take(*txn);
	bool wake;

	t->done = done;
	t->arg = arg;
	t->began = store_monotonic();
	t->next = NULL;
	pthread_mutex_lock(&store->lock_commit);
	wake = !store->queue;
	*store->queue_end = t;
	store->queue_end = &t->next;
	if (wake)
		pthread_cond_signal(&store->wake_commit);
	pthread_mutex_unlock(&store->lock_commit);
}

struct wait {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool ended;
	int error;
};

static void wait_done(void *arg, int error)
{
	struct wait *w = arg;

	pthread_mutex_lock(&w->lock);
	w->ended = true;
	w->error = error;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

int store_commit_wait(struct store *store, struct store_txn **txn)
{
	struct wait w = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 };
	size_t n;

	txn_records(*txn, &n);
	if (!n) {
		store_txn_free(txn);
		return 0;
	}
	store_commit(store, txn, wait_done, &w);
	pthread_mutex_lock(&w.lock);
	while (!w.ended)
		pthread_cond_wait(&w.cond, &w.lock);
	pthread_mutex_unlock(&w.lock);
	return w.error ? w.error : store_barrier(store);
}

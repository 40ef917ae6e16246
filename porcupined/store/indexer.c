/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index thread: applies durable transactions, many at a time; at once when somebody waits to read them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define PATIENCE_MS 50      /* how long transactions may gather while nobody waits */
#define ENOUGH 2048u        /* transactions that are worth a run of their own */
#define BACKLOG_MAX 200000u /* transactions: above, the index is broken or too slow to take more mail */

/* ---- counters of mailboxes --------------------------------------------------------------------------- */

static struct uid_row *uid_place(struct uid_row *rows, size_t cap, const struct store_id *mailbox)
{
	uint64_t h;

	memcpy(&h, mailbox->octet, sizeof(h)); /* ids are random */
	for (size_t i = h & (cap - 1);; i = (i + 1) & (cap - 1))
		if (!rows[i].used || !memcmp(&rows[i].mailbox, mailbox, sizeof(*mailbox)))
			return &rows[i];
}

/* Room for one more: doubles, or drops rows whose state the index has. */
static int uid_grow(struct store *store)
{
	struct uid_table *t = &store->uids;
	uint64_t indexed = __atomic_load_n(&store->index.covered, __ATOMIC_ACQUIRE);
	size_t cap = t->cap ? t->cap : 1024, kept = 0;
	struct uid_row *rows;

	if (t->cap && t->n < t->cap / 2)
		return 0;
	for (size_t i = 0; i < t->cap; i++)
		kept += t->rows[i].used && (t->rows[i].last_lsn > indexed || t->cap < (1u << 20));
	while (cap / 2 <= kept + 1)
		cap *= 2;
	rows = calloc(cap, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < t->cap; i++)
		if (t->rows[i].used && (t->rows[i].last_lsn > indexed || t->cap < (1u << 20)))
			*uid_place(rows, cap, &t->rows[i].mailbox) = t->rows[i];
	free(t->rows);
	*t = (struct uid_table){ rows, kept, cap };
	return 0;
}

/* The next UID (if take) and MODSEQ of a mailbox. Commit thread only. -ENOENT: no such mailbox. */
int uid_next(struct store *store, const struct store_id *account, const struct store_id *mailbox, uint64_t lsn,
	     bool take, uint32_t *uid, uint64_t *modseq)
{
	struct uid_row *row;
	int r = uid_grow(store);

	if (r)
		return r;
	row = uid_place(store->uids.rows, store->uids.cap, mailbox);
	if (!row->used) {
		struct index_mailbox_key key = { *account, *mailbox };
		struct index_mailbox box;
		MDB_txn *txn = index_read(&store->index);

		if (!txn)
			return -ENOMEM;
		r = index_get(&store->index, txn, INDEX_MAILBOX, &key, sizeof(key), &box, sizeof(box), NULL, NULL);
		index_read_end(&store->index, &txn);
		if (r)
			return r;
		*row = (struct uid_row){
			.mailbox = *mailbox, .modseq = box.modseq, .uidnext = box.uidnext, .used = true
		};
		store->uids.n++;
	}
	*uid = take ? row->uidnext++ : 0;
	*modseq = ++row->modseq;
	row->last_lsn = lsn;
	return 0;
}

void uid_free(struct uid_table *t)
{
	free(keel_take(t->rows));
	t->n = t->cap = 0;
}

/* ---- the queue ----------------------------------------------------------------------------------------- */

void indexer_promise(struct store *store, uint64_t lsn)
{
	pthread_mutex_lock(&store->lock_index);
	store->promised_lsn = lsn;
	pthread_mutex_unlock(&store->lock_index);
}

void indexer_push(struct store *store, struct store_txn *first, struct store_txn **end, size_t n, uint64_t lsn)
{
	bool wake;

	pthread_mutex_lock(&store->lock_index);
	wake = !store->pending || store->waiters || store->n_pending + n >= ENOUGH;
	*store->pending_end = first;
	store->pending_end = end;
	store->n_pending += n;
	store->queued_lsn = lsn;
	if (wake)
		pthread_cond_signal(&store->wake_index);
	if (store->n_pending > BACKLOG_MAX)
		atomic_store(&store->writable, -ENOSPC); /* the keeper lifts it */
	pthread_mutex_unlock(&store->lock_index);
}

static int apply_all(struct store *store, const struct store_txn *first, uint64_t covered)
{
	struct index *ix = &store->index;
	uint64_t segment = 0, octets = 0, n_txns = 0;
	MDB_txn *txn;
	int r = index_begin(ix, &txn);

	if (r)
		return r;
	for (const struct store_txn *t = first; t && !r; t = t->next, n_txns++) {
		size_t n;
		const struct txn_record *rows = txn_records(t, &n);

		if (t->segment != segment) {
			if (segment)
				r = index_count_segment(ix, txn, segment, octets, 0);
			segment = t->segment;
			octets = 0;
		}
		octets += t->space;
		for (size_t i = 0; i < n && !r; i++)
			r = index_apply(ix, txn, &rows[i].record, t->segment, rows[i].offset,
					t->small.data + rows[i].at + RECORD_HEADER);
	}
	if (!r && segment)
		r = index_count_segment(ix, txn, segment, octets, 0);
	if (r)
		index_abort(&txn);
	else
		r = index_commit(ix, &txn, covered);
	if (!r)
		keel_count_by(&store_metric.indexed, n_txns);
	return r;
}

static void free_all(struct store_txn *t)
{
	while (t) {
		struct store_txn *next = t->next;

		store_txn_free(&t);
		t = next;
	}
}

/* Waits, with the lock held, until there is something to do now. */
static void wait_for_work(struct store *store)
{
	struct timespec until;

	while (!store->pending && !store->index_ending)
		pthread_cond_wait(&store->wake_index, &store->lock_index);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_MS * 1000000l;
	if (until.tv_nsec >= 1000000000l) {
		until.tv_nsec -= 1000000000l;
		until.tv_sec++;
	}
	while (!store->waiters && store->n_pending < ENOUGH && !store->index_ending)
		if (pthread_cond_timedwait(&store->wake_index, &store->lock_index, &until) == ETIMEDOUT)
			break;
}

static void *index_main(void *arg)
{
	struct store *store = arg;
	struct store_txn *first = NULL;
	uint64_t lsn = 0;

	for (;;) {
		int r;

		if (!first) {
			pthread_mutex_lock(&store->lock_index);
			wait_for_work(store);
			first = store->pending;
			store->pending = NULL;
			store->pending_end = &store->pending;
			store->n_pending = 0;
			lsn = store->queued_lsn;
			pthread_mutex_unlock(&store->lock_index);
			if (!first)
				return NULL;
		}
		pthread_mutex_lock(&store->lock_rows);
		r = apply_all(store, first, lsn);
		pthread_mutex_unlock(&store->lock_rows);
		pthread_mutex_lock(&store->lock_index);
		if (r && !store->index_error)
			keel_log(KEEL_LOG_ERROR, "store: the index cannot follow the log", "error", strerror(-r), NULL);
		store->index_error = r;
		if (!r)
			store->indexed_lsn = lsn;
		pthread_cond_broadcast(&store->indexed);
		bool ending = store->index_ending;
		pthread_mutex_unlock(&store->lock_index);
		if (!r) {
			free_all(keel_take(first));
		} else if (ending) {
			free_all(keel_take(first)); /* they are in the log: the next start applies them */
		} else {
			/* A full disk may become free; the rows must not be skipped. */
			nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
		}
	}
}

int store_barrier(struct store *store)
{
	uint64_t lsn;
	int r = 0;

	pthread_mutex_lock(&store->lock_index);
	lsn = store->promised_lsn;
	if (store->indexed_lsn < lsn) {
		store->waiters++;
		pthread_cond_signal(&store->wake_index);
		while (store->indexed_lsn < lsn && !(r = store->index_error))
			pthread_cond_wait(&store->indexed, &store->lock_index);
		store->waiters--;
	}
	pthread_mutex_unlock(&store->lock_index);
	return r;
}

int indexer_start(struct store *store)
{
	store->pending_end = &store->pending;
	store->promised_lsn = store->queued_lsn = store->indexed_lsn = store->index.covered;
	return -pthread_create(&store->indexer, NULL, index_main, store);
}

void indexer_stop(struct store *store)
{
	pthread_mutex_lock(&store->lock_index);
	store->index_ending = true;
	pthread_cond_signal(&store->wake_index);
	pthread_mutex_unlock(&store->lock_index);
	pthread_join(store->indexer, NULL);
}

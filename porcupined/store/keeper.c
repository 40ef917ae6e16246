/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper: seals full segments, keeps the next one ready, watches free space, compacts in the background. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define COMPACT_EVERY 60u     /* seconds between looks for something to compact */
#define ENOUGH_BEHIND 100000u /* transactions the index may lag before mail is refused */

void keeper_seal(struct store *store, struct segment *segment, struct footer_draft *draft)
{
	struct seal_job *job = calloc(1, sizeof(*job));

	if (!job) { /* it stays without a footer and is scanned at the next start */
		footer_draft_free(draft);
		segment->abandoned = true;
		segment_unpin(&store->segments, segment);
		return;
	}
	job->segment = segment;
	job->draft = *draft;
	pthread_mutex_lock(&store->lock_keeper);
	*store->seals_end = job;
	store->seals_end = &job->next;
	pthread_cond_signal(&store->wake_keeper);
	pthread_mutex_unlock(&store->lock_keeper);
}

struct segment *keeper_spare(struct store *store)
{
	struct segment *s;

	pthread_mutex_lock(&store->lock_keeper);
	s = keel_take(store->spare);
	pthread_cond_signal(&store->wake_keeper);
	pthread_mutex_unlock(&store->lock_keeper);
	return s;
}

void keeper_drain(struct store *store)
{
	pthread_mutex_lock(&store->lock_keeper);
	while (store->seals || store->sealing)
		pthread_cond_wait(&store->sealed, &store->lock_keeper);
	pthread_mutex_unlock(&store->lock_keeper);
}

static void seal(struct store *store, struct seal_job *job)
{
	int r = job->draft.bad.failed; /* set when a row could not be kept: then the rows are not all there */

	if (!r)
		r = segment_seal(&store->segments, job->segment, &job->draft);
	job->segment->abandoned = r != 0;
	if (r)
		keel_log(KEEL_LOG_ERROR, "store: segment not sealed, it will be scanned at the next start", "segment",
			 KEEL_N(job->segment->id), "error", strerror(-r), NULL);
	else
		keel_count_by(&store_metric.written, job->segment->size - job->draft.trailer.data_end);
	footer_draft_free(&job->draft);
	segment_unpin(&store->segments, job->segment);
	free(job);
}

uint64_t keeper_room(const struct store *store)
{
	struct statvfs fs;

	return fstatvfs(store->dir, &fs) ? UINT64_MAX / 2 : (uint64_t)fs.f_bavail * fs.f_frsize;
}

int keeper_create(struct store *store, uint64_t size, uint64_t void_first, uint64_t void_last, struct segment **out)
{
	int r = -ENOSPC;

	/* Segments are allocated whole, so here is where the reserve is kept: for deletes, the index and compaction. */
	pthread_mutex_lock(&store->lock_room);
	if (keeper_room(store) >= store->config.reserve + size)
		r = segment_create(&store->segments, size, void_first, void_last, false, out);
	pthread_mutex_unlock(&store->lock_room);
	return r;
}

static void watch_space(struct store *store)
{
	uint64_t left;
	int was = atomic_load(&store->writable), now;

	pthread_mutex_lock(&store->lock_index);
	keel_gauge_set(&store_metric.index_backlog, (int64_t)store->n_pending);
	bool behind = store->n_pending > ENOUGH_BEHIND || store->index_error;
	pthread_mutex_unlock(&store->lock_index);
	if (was == -EROFS)
		return;
	left = keeper_room(store);
	now = left < store->config.reserve || behind ? -ENOSPC : 0;
	/* A writer may have turned the store read-only meanwhile: that stays. */
	if (now != was && atomic_compare_exchange_strong(&store->writable, &was, now))
		keel_log(now ? KEEL_LOG_ERROR : KEEL_LOG_NOTICE,
			 now ? "store: no new mail is taken: the disk is too full or the index behind"
			     : "store: new mail is taken again",
			 "free", KEEL_N(left), "reserve", KEEL_N(store->config.reserve), NULL);
}

static void prepare_spare(struct store *store)
{
	struct segment *s;

	if (atomic_load(&store->writable) || keeper_create(store, store->config.segment_size, 0, 0, &s))
		return;
	pthread_mutex_lock(&store->lock_keeper);
	store->spare = s;
	pthread_mutex_unlock(&store->lock_keeper);
}

static void *keeper_main(void *arg)
{
	struct store *store = arg;
	unsigned ticks = 0;

	pthread_mutex_lock(&store->lock_keeper);
	for (;;) {
		struct seal_job *job = store->seals;
		struct timespec until;

		if (job) {
			store->seals = job->next;
			if (!store->seals)
				store->seals_end = &store->seals;
			store->sealing = true;
			pthread_mutex_unlock(&store->lock_keeper);
			seal(store, job);
			pthread_mutex_lock(&store->lock_keeper);
			store->sealing = false;
			pthread_cond_broadcast(&store->sealed);
			continue;
		}
		if (store->keeper_ending)
			break;
		if (!store->spare) {
			pthread_mutex_unlock(&store->lock_keeper);
			prepare_spare(store);
			pthread_mutex_lock(&store->lock_keeper);
			if (store->seals || store->keeper_ending)
				continue;
		}
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		if (pthread_cond_timedwait(&store->wake_keeper, &store->lock_keeper, &until) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&store->lock_keeper);
		watch_space(store);
		if (++ticks % COMPACT_EVERY == 0 && store->config.background_compaction)
			compact_in_background(store);
		pthread_mutex_lock(&store->lock_keeper);
	}
	pthread_mutex_unlock(&store->lock_keeper);
	return NULL;
}

int keeper_start(struct store *store)
{
	store->seals_end = &store->seals;
	return -pthread_create(&store->keeper, NULL, keeper_main, store);
}

void keeper_stop(struct store *store)
{
	pthread_mutex_lock(&store->lock_keeper);
	store->keeper_ending = true;
	pthread_cond_signal(&store->wake_keeper);
	pthread_mutex_unlock(&store->lock_keeper);
	pthread_join(store->keeper, NULL);
	if (store->spare) {
		struct segment *s = keel_take(store->spare);

		segment_retire(&store->segments, s->id);
		segment_unpin(&store->segments, s);
	}
}

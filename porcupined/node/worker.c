// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tools/lib/keel/cleanup.h"

struct queue {
	struct worker_job *first, **end;
};

struct worker_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue queues[WORKER_KINDS];
	size_t waiting, slow; /* slow: threads that run such a job */
	bool ending;
	size_t n;
	pthread_t threads[];
};

static struct worker_job *take(struct worker_pool *pool)
{
	for (int kind = 0; kind < WORKER_KINDS; kind++) {
		struct queue *q = &pool->queues[kind];
		struct worker_job *job = q->first;

		if (!job || (kind == WORKER_SLOW && pool->slow + 1 >= pool->n))
			continue;
		q->first = job->next;
		if (!q->first)
			q->end = &q->first;
		pool->waiting--;
		if (kind == WORKER_SLOW)
			pool->slow++;
		return job;
	}
	return NULL;
}

static void ran(struct post *post)
{
	struct worker_job *job = (struct worker_job *)(void *)((char *)post - offsetof(struct worker_job, post));

	job->done(job);
}

static void *work(void *arg)
{
	struct worker_pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		const size_t slow = pool->slow;
		struct worker_job *job = take(pool);
		const bool was_slow = pool->slow != slow;

		if (!job && pool->ending && !pool->waiting)
			break;
		if (!job) {
			pthread_cond_wait(&pool->wake, &pool->lock);
			continue;
		}
		pthread_mutex_unlock(&pool->lock);
		job->run(job);
		job->post.run = ran;
		post_send(job->back, &job->post);
		pthread_mutex_lock(&pool->lock);
		if (was_slow) {
			pool->slow--;
			/* another one may have been held back */
			if (pool->queues[WORKER_SLOW].first)
				pthread_cond_signal(&pool->wake);
		}
	}
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

size_t worker_pool_size(uint64_t setting, long cores)
{
	if (setting)
		return setting < 2 ? 2 : (size_t)setting;
	return cores > 2 ? 2 * (size_t)cores : 4;
}

int worker_pool_new(size_t threads, struct worker_pool **out)
{
	struct worker_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pthread_t));

	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	for (int kind = 0; kind < WORKER_KINDS; kind++)
		pool->queues[kind].end = &pool->queues[kind].first;
	pthread_mutex_lock(&pool->lock);
	while (pool->n < threads) {
		const int ret = pthread_create(&pool->threads[pool->n], NULL, work, pool);

		if (ret) {
			pthread_mutex_unlock(&pool->lock);
			worker_pool_free(&pool);
			return -ret;
		}
		pool->n++;
	}
	pthread_mutex_unlock(&pool->lock);
	*out = pool;
	return 0;
}

void worker_pool_free(struct worker_pool **at)
{
	struct worker_pool *pool = keel_take(*at);

	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->n; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void worker_submit(struct worker_pool *pool, enum worker_kind kind, struct worker_job *job)
{
	struct queue *q = &pool->queues[kind];

	job->next = NULL;
	pthread_mutex_lock(&pool->lock);
	*q->end = job;
	q->end = &job->next;
	pool->waiting++;
	pthread_cond_signal(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
}

size_t worker_waiting(struct worker_pool *pool)
{
	size_t n;

	pthread_mutex_lock(&pool->lock);
	n = pool->waiting;
	pthread_mutex_unlock(&pool->lock);
	return n;
}

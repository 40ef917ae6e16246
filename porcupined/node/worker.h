/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads for what would stop a loop: hashing, listings, reads from disk. */
#ifndef PORCUPINED_NODE_WORKER_H
#define PORCUPINED_NODE_WORKER_H

#include <stddef.h>
#include <stdint.h>

#include "porcupined/node/post.h"

enum worker_kind {
	WORKER_QUICK, /* waits for a disk for a short time */
	WORKER_SLOW,  /* burns a core for long: never takes all threads */
	WORKER_KINDS,
};

/* Embedded in the caller's own struct, which lives until done() was called. */
struct worker_job {
	struct worker_job *next;
	void (*run)(struct worker_job *job);  /* on a worker */
	void (*done)(struct worker_job *job); /* on the thread of 'back' */
	struct post_box *back;
	struct post post;
};

struct worker_pool;

/* How many threads: what the setting says, 0 = two for each core and at least 4; never less than 2, for slow jobs leave one free. */
size_t worker_pool_size(uint64_t setting, long cores);
/* threads: at least 2. 0 or -errno. */
int worker_pool_new(size_t threads, struct worker_pool **out);
/* Finishes every job that was submitted, then ends the threads. */
void worker_pool_free(struct worker_pool **pool);
void worker_submit(struct worker_pool *pool, enum worker_kind kind, struct worker_job *job);
/* Jobs that wait for a thread. */
size_t worker_waiting(struct worker_pool *pool);

#endif

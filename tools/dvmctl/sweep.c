// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/dvmctl/sweep.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/dvmctl/text.h"
#include "tools/lib/keel/cleanup.h"

#define BLOCK 16 /* classes that one worker takes at a time */
#define JOBS_MAX 256
#define ARENA_MAX ((size_t)4 << 30)
#define BAR 40         /* characters of the progress bar */
#define TICK 100000000 /* nanoseconds between two looks of it */

struct run {
	const struct sweep *sweep;
	const struct sources *sources;
	atomic_size_t next, done; /* blocks, classes */
	pthread_mutex_t lock;
	pthread_cond_t turned; /* 'turn' or 'working' changed */
	size_t turn;           /* the block whose text is to be printed next */
	unsigned working;
	void *sum;
	struct sweep_result *result;
};

struct worker {
	struct sweep_worker w;
	struct sweep_result result;
	struct archive_inflater *inflater;
	struct run *run;
	pthread_t thread;
};

void sweep_put_name(struct keel_buffer *out, const struct sweep_class *class)
{
	keel_buffer_puts(out, class->path);
	if (!class->entry)
		return;
	keel_buffer_putc(out, '!');
	keel_buffer_append(out, class->entry, class->entry_len);
}

/* One class: its octets, then the caller's function */
static void visit(struct worker *worker, const struct unit *unit)
{
	const struct source *source = &worker->run->sources->list[unit->source];
	struct sweep_class class = { .path = source->path, .octets = source->data, .len = source->size };
	const uint8_t *mapped = NULL;

	keel_arena_reset(&worker->w.arena);
	if (source->is_archive) {
		const struct archive_entry *e = &source->archive.entries[unit->entry];
		const enum archive_reason reason =
			archive_read(&source->archive, e, worker->inflater, &worker->w.arena, &class.octets);

		class.entry = e->name;
		class.entry_len = e->name_len;
		class.len = e->size;
		worker->result.refused[reason]++;
		if (reason) {
			fprintf(stderr, "dvmctl: %s!%.*s: %s (%s)\n", class.path, (int)class.entry_len, class.entry,
				archive_reason_text(reason), archive_reason_counter(reason));
			return;
		}
	} else if (!source->data) {
		const int ret = source_map(source->path, &mapped, &class.len);

		if (ret) {
			fprintf(stderr, "dvmctl: %s: %s\n", source->path, strerror(-ret));
			worker->result.unread++;
			return;
		}
		class.octets = mapped;
	}
	worker->result.octets += class.len;
	worker->run->sweep->each(&worker->w, &class);
	source_unmap(mapped, class.len);
}

/* Waits until the blocks before are printed, and prints this one. */
static void print_block(struct worker *worker, size_t block)
{
	struct run *run = worker->run;
	struct keel_buffer *out = &worker->w.out;

	pthread_mutex_lock(&run->lock);
	while (run->turn != block)
		pthread_cond_wait(&run->turned, &run->lock);
	if (out->failed)
		run->result->error = out->failed;
	else if (out->len && fwrite(out->data, 1, out->len, stdout) != out->len)
		run->result->error = -EIO;
	run->turn++;
	pthread_cond_broadcast(&run->turned);
	pthread_mutex_unlock(&run->lock);
	keel_buffer_clear(out);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct run *run = worker->run;
	const size_t n = run->sources->units_n;
	size_t block;

	while ((block = atomic_fetch_add(&run->next, 1)) * BLOCK < n) {
		for (size_t i = block * BLOCK; i < n && i < (block + 1) * BLOCK; i++) {
			visit(worker, &run->sources->units[i]);
			atomic_fetch_add(&run->done, 1);
		}
		print_block(worker, block);
	}
	pthread_mutex_lock(&run->lock);
	run->sweep->sum(run->sum, worker->w.state);
	run->result->octets += worker->result.octets;
	run->result->unread += worker->result.unread;
	for (size_t i = 0; i < ARCHIVE_REASONS_N; i++)
		run->result->refused[i] += worker->result.refused[i];
	run->working--;
	pthread_cond_broadcast(&run->turned);
	pthread_mutex_unlock(&run->lock);
	return NULL;
}

static void draw(const struct run *run)
{
	const size_t n = run->sources->units_n, done = atomic_load(&run->done);
	const int filled = (int)(done * BAR / n);
	char bar[BAR + 1] = "";

	memset(bar, '#', (size_t)filled);
	fprintf(stderr, "\r[%-*s] %3zu %% %zu of %zu", BAR, bar, done * 100 / n, done, n);
}

/* Until all workers have ended */
static void watch(struct run *run)
{
	const bool bar = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) && run->sources->units_n;
	struct timespec until;

	pthread_mutex_lock(&run->lock);
	while (run->working) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TICK;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&run->turned, &run->lock, &until);
		if (bar)
			draw(run);
	}
	pthread_mutex_unlock(&run->lock);
	if (bar)
		fprintf(stderr, "\r%*s\r", BAR + 40, "");
}

static int start(struct worker *worker, struct run *run)
{
	worker->run = run;
	worker->w.arg = run->sweep->arg;
	keel_arena_init(&worker->w.arena, ARENA_MAX);
	keel_buffer_init(&worker->w.out, 0);
	worker->inflater = archive_inflater_new();
	worker->w.state = calloc(1, run->sweep->state_size);
	if (!worker->inflater || !worker->w.state)
		return -ENOMEM;
	pthread_mutex_lock(&run->lock);
	run->working++;
	pthread_mutex_unlock(&run->lock);
	if (pthread_create(&worker->thread, NULL, work, worker)) {
		pthread_mutex_lock(&run->lock);
		run->working--;
		pthread_mutex_unlock(&run->lock);
		return -EAGAIN;
	}
	return 0;
}

static void finish(struct worker *worker)
{
	keel_arena_free(&worker->w.arena);
	keel_buffer_free(&worker->w.out);
	archive_inflater_free(&worker->inflater);
	free(worker->w.state);
}

void sweep_run(const struct sweep *sweep, const struct sources *sources, void *sum, struct sweep_result *result)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned jobs = sweep->jobs ? sweep->jobs : processors > 0 ? (unsigned)processors : 1;
	struct run run = { .sweep = sweep, .sources = sources, .sum = sum, .result = result };
	struct worker workers[JOBS_MAX];
	unsigned started = 0;

	*result = (struct sweep_result){ 0 };
	jobs = jobs > JOBS_MAX ? JOBS_MAX : jobs;
	pthread_mutex_init(&run.lock, NULL);
	pthread_cond_init(&run.turned, NULL);
	for (; started < jobs; started++) {
		workers[started] = (struct worker){ 0 };
		if (start(&workers[started], &run)) {
			finish(&workers[started]);
			break;
		}
	}
	if (!started)
		result->error = -EAGAIN;
	watch(&run);
	for (unsigned i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		finish(&workers[i]);
	}
	pthread_cond_destroy(&run.turned);
	pthread_mutex_destroy(&run.lock);
}

void sweep_begin_json(struct keel_buffer *out, const struct sweep_class *class)
{
	keel_buffer_puts(out, "{\"path\":");
	text_quoted_plain(out, class->path, strlen(class->path));
	if (class->entry) {
		keel_buffer_puts(out, ",\"entry\":");
		text_quoted_plain(out, class->entry, class->entry_len);
	}
}

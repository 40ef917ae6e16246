// SPDX-License-Identifier: GPL-2.0-or-later
/* Posts and workers: what is sent arrives once, in order, on the right thread. */
#include "porcupined/node/worker.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "tests/unit/node/suite.h"
#include "tools/lib/keel/cleanup.h"

#define SENDERS 4
#define EACH 5000

static struct event_base *base;
static struct post_box *box;
static pthread_t home;

static void setup(void)
{
	evthread_use_pthreads();
	base = event_base_new();
	ck_assert_int_eq(post_box_new(base, &box), 0);
	home = pthread_self();
}

static void teardown(void)
{
	post_box_free(&box);
	event_base_free(base);
	libevent_global_shutdown();
}

struct letter {
	struct post post;
	int sender, number;
};

static int next_of[SENDERS], arrived;
static bool disorder;

static void on_letter(struct post *post)
{
	struct letter *l = (struct letter *)(void *)post;

	if (l->number != next_of[l->sender]++ || !pthread_equal(home, pthread_self()))
		disorder = true;
	free(l);
	if (++arrived == SENDERS * EACH)
		event_base_loopbreak(base);
}

static void *send_letters(void *arg)
{
	for (int i = 0; i < EACH; i++) {
		struct letter *l = calloc(1, sizeof(*l));

		*l = (struct letter){ .post.run = on_letter, .sender = (int)(size_t)arg, .number = i };
		post_send(box, &l->post);
	}
	return NULL;
}

START_TEST(posts_arrive_once_and_in_order)
{
	pthread_t threads[SENDERS];

	for (size_t i = 0; i < SENDERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, send_letters, (void *)i), 0);
	event_base_dispatch(base);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(arrived, SENDERS * EACH);
	ck_assert(!disorder);
}
END_TEST

START_TEST(freeing_the_box_runs_the_rest)
{
	struct letter *l = calloc(1, sizeof(*l));

	*l = (struct letter){ .post.run = on_letter };
	arrived = 0;
	post_send(box, &l->post);
	post_box_free(&box);
	ck_assert_int_eq(arrived, 1);
}
END_TEST

struct task {
	struct worker_job job;
	bool ran, done, ran_elsewhere;
};

static int tasks_left;
static _Atomic int slow_now, slow_most, quick_during_slow;

static void run_quick(struct worker_job *job)
{
	struct task *t = (struct task *)(void *)job;

	t->ran = true;
	t->ran_elsewhere = !pthread_equal(home, pthread_self());
	if (atomic_load(&slow_now))
		atomic_fetch_add(&quick_during_slow, 1);
}

static void run_slow(struct worker_job *job)
{
	const int now = atomic_fetch_add(&slow_now, 1) + 1;
	int most = atomic_load(&slow_most);

	while (now > most && !atomic_compare_exchange_weak(&slow_most, &most, now))
		;
	usleep(20000);
	((struct task *)(void *)job)->ran = true;
	((struct task *)(void *)job)->ran_elsewhere = true;
	atomic_fetch_sub(&slow_now, 1);
}

static void task_done(struct worker_job *job)
{
	struct task *t = (struct task *)(void *)job;

	t->done = pthread_equal(home, pthread_self());
	if (!--tasks_left)
		event_base_loopbreak(base);
}

START_TEST(slow_jobs_leave_a_thread_for_quick_ones)
{
	static struct task slow[12], quick[12];
	struct worker_pool *pool;

	ck_assert_int_eq(worker_pool_new(3, &pool), 0);
	tasks_left = 24;
	for (int i = 0; i < 12; i++) {
		slow[i].job = (struct worker_job){ .run = run_slow, .done = task_done, .back = box };
		worker_submit(pool, WORKER_SLOW, &slow[i].job);
	}
	usleep(5000);
	for (int i = 0; i < 12; i++) {
		quick[i].job = (struct worker_job){ .run = run_quick, .done = task_done, .back = box };
		worker_submit(pool, WORKER_QUICK, &quick[i].job);
	}
	event_base_dispatch(base);
	for (int i = 0; i < 12; i++)
		ck_assert(slow[i].ran && slow[i].done && quick[i].ran && quick[i].done && quick[i].ran_elsewhere);
	ck_assert_int_eq(slow_most, 2); /* of three threads */
	ck_assert_int_gt(quick_during_slow, 0);
	ck_assert_uint_eq(worker_waiting(pool), 0);
	worker_pool_free(&pool);
}
END_TEST

/* What was submitted is done, also when the pool ends. */
START_TEST(ending_finishes_the_work)
{
	static struct task slow[5];
	struct worker_pool *pool;

	ck_assert_int_eq(worker_pool_new(2, &pool), 0);
	tasks_left = 5;
	for (int i = 0; i < 5; i++) {
		slow[i].job = (struct worker_job){ .run = run_slow, .done = task_done, .back = box };
		worker_submit(pool, WORKER_SLOW, &slow[i].job);
	}
	worker_pool_free(&pool);
	post_box_run(box);
	ck_assert_int_eq(tasks_left, 0);
	for (int i = 0; i < 5; i++)
		ck_assert(slow[i].ran && slow[i].done);
}
END_TEST

START_TEST(sizes)
{
	static const struct {
		uint64_t setting;
		long cores;
		size_t threads;
	} rows[] = { { 0, -1, 4 }, { 0, 1, 4 }, { 0, 2, 4 }, { 0, 3, 6 },    { 0, 64, 128 },
		     { 1, 8, 2 },  { 2, 8, 2 }, { 3, 1, 3 }, { 256, 2, 256 } };

	for (size_t i = 0; i < KEEL_COUNT(rows); i++)
		ck_assert_uint_eq(worker_pool_size(rows[i].setting, rows[i].cores), rows[i].threads);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sizes);
	tcase_add_test(tc, posts_arrive_once_and_in_order);
	tcase_add_test(tc, freeing_the_box_runs_the_rest);
	tcase_add_test(tc, slow_jobs_leave_a_thread_for_quick_ones);
	tcase_add_test(tc, ending_finishes_the_work);
	return suite_run("worker", tc);
}

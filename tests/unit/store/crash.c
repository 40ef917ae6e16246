/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child works on a store and is ended at its k-th disk call, for every k until it comes to its end: through the making of the store,
 * deliveries, expunges, removals, sealing, compaction and a restart. Then the store must hold what was acknowledged, no more, no less.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store/disk.h"
#include "tests/unit/store/model.h"
#include "tools/lib/keel/log.h"

static void must(int r)
{
	if (r)
		_exit(1);
}

static void deliver(struct model *m, struct fixture *f, unsigned mask)
{
	must(model_run(m, f, (struct model_op){ .kind = MODEL_DELIVER, .mask = mask, .number = m->next++ }));
}

static void expunge(struct model *m, struct fixture *f, unsigned account, unsigned at)
{
	must(model_run(m, f, (struct model_op){ .kind = MODEL_EXPUNGE, .account = account, .at = at }));
}

static void act(struct model *m, struct fixture *f, enum model_kind kind, unsigned account)
{
	must(model_run(m, f, (struct model_op){ .kind = kind, .account = account, .number = m->next++ }));
}

static void reopen(struct fixture *f)
{
	fixture_close(f);
	fixture_open(f);
}

/* Nothing here is random, so the k-th call is about the same in each run; threads may swap a few. */
static void work(struct model *m, struct fixture *f)
{
	uint64_t freed;

	fixture_open(f);
	for (unsigned i = 0; i < 3; i++)
		act(m, f, MODEL_CREATE, i);
	act(m, f, MODEL_ALIAS, 1);
	for (unsigned i = 0; i < 12; i++)
		deliver(m, f, i % 4 == 3 ? 7 : 1u << i % 3);
	for (unsigned i = 0; i < 4; i++)
		expunge(m, f, i % 3, 0);
	reopen(f); /* seals: the deletes below are in later segments than their mail */
	expunge(m, f, 0, 1);
	expunge(m, f, 1, 0);
	act(m, f, MODEL_REMOVE, 2);
	act(m, f, MODEL_CREATE, 2);
	deliver(m, f, 6);
	must(store_compact(f->store, 0, NULL, NULL, &freed)); /* the deletes stay in the active segment */
	deliver(m, f, 3);
	act(m, f, MODEL_PASSWD, 0);
	reopen(f);
	must(store_compact(f->store, 0, NULL, NULL, &freed)); /* all in one, with what it buries */
	expunge(m, f, 0, 0);
	deliver(m, f, 1);
	fixture_close(f);
}

static void lose_index(struct fixture *f)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/index/life", f->path);
	unlink(name);
}

/* The store after the child's end, in two ways of opening; and that new mail gets new numbers. */
static void look(struct model *m, struct fixture *f, bool without_index)
{
	for (int round = 0; round < 2; round++) {
		if ((round == 0) == without_index)
			lose_index(f);
		fixture_open(f);
		model_check(m, f, true);
		model_scrub(f);
		for (unsigned i = 0; i < 3 && round == 0; i++)
			if (m->accounts[i].exists)
				ck_assert_int_eq(model_run(m, f,
							   (struct model_op){ .kind = MODEL_DELIVER,
									      .mask = 1u << i,
									      .number = m->next++ }),
						 0);
		model_check(m, f, false);
		fixture_close(f);
	}
}

static int run_child(struct model *m, struct fixture *f, unsigned k, bool torn)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		disk_kill_at(k, torn);
		work(m, f);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "call %u: the child died of signal %d", k, WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* _i: odd = writes are torn; and two halves of all k, so that each test is short. */
START_TEST(at_every_call)
{
	struct model *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned k, killed = 0;
	int end = DISK_KILLED;

	ck_assert_ptr_ne(m, MAP_FAILED);
	for (k = 1 + (unsigned)_i / 2; end == DISK_KILLED; k += 2) {
		struct fixture f;

		model_init(m);
		fixture_make(&f);
		f.config.segment_size = 48u << 10;
		f.config.body_memory = 24u << 10;
		end = run_child(m, &f, k, _i % 2);
		ck_assert_msg(end == DISK_KILLED || !end, "call %u: the child ended with %d", k, end);
		killed += end == DISK_KILLED;
		look(m, &f, (k / 2) % 2);
		fixture_remove(&f);
	}
	ck_assert_uint_gt(killed, 60);
	munmap(m, sizeof(*m));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store crash");
	TCase *t = tcase_create("crash");
	SRunner *r;
	int failed;

	keel_log_set_level(KEEL_LOG_ERROR);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, at_every_call, 0, 4);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

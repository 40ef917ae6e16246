// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/maildrop.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/node/suite.h"

START_TEST(one_at_a_time)
{
	static const uint8_t a[16] = { 1, 2, 3 }, b[16] = { 1, 2, 4 }; /* of one chain */
	struct maildrops *drops;

	ck_assert_int_eq(maildrops_new(&drops), 0);
	ck_assert_int_eq(maildrop_lock(drops, a), 0);
	ck_assert_int_eq(maildrop_lock(drops, a), -EBUSY);
	ck_assert_int_eq(maildrop_lock(drops, b), 0);
	ck_assert_int_eq(maildrop_lock(drops, b), -EBUSY);
	maildrop_unlock(drops, a);
	ck_assert_int_eq(maildrop_lock(drops, a), 0);
	ck_assert_int_eq(maildrop_lock(drops, b), -EBUSY);
	maildrops_free(&drops);
	ck_assert_ptr_null(drops);
}
END_TEST

static struct maildrops *shared;
static long inside, most, turns;

static void *compete(void *arg)
{
	static const uint8_t id[16] = { 9 };

	for (int i = 0; i < 20000; i++) {
		if (maildrop_lock(shared, id))
			continue;
		inside++; /* without a lock of its own: that is what is tested */
		if (inside > most)
			most = inside;
		turns++;
		inside--;
		maildrop_unlock(shared, id);
	}
	return NULL;
}

START_TEST(threads_exclude_each_other)
{
	pthread_t threads[4];

	ck_assert_int_eq(maildrops_new(&shared), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, compete, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(most, 1);
	ck_assert_int_gt(turns, 0);
	ck_assert_int_eq(inside, 0);
	maildrops_free(&shared);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, one_at_a_time);
	tcase_add_test(tc, threads_exclude_each_other);
	return suite_run("maildrop", tc);
}

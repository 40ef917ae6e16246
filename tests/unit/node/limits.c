// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/limits.h"

#include "tests/unit/node/suite.h"

static struct limits *limits;

static void setup(void)
{
	ck_assert_int_eq(limits_new(&limits), 0);
}

static void teardown(void)
{
	limits_free(&limits);
	ck_assert_ptr_null(limits);
}

START_TEST(sessions_of_one_and_of_all)
{
	ck_assert(limits_enter(limits, 1, 4, 2));
	ck_assert(limits_enter(limits, 1, 4, 2));
	ck_assert(!limits_enter(limits, 1, 4, 2));
	ck_assert(limits_enter(limits, 2, 4, 2));
	ck_assert(limits_enter(limits, 1, 4, 0));  /* exempt */
	ck_assert(!limits_enter(limits, 3, 4, 0)); /* full */
	ck_assert_uint_eq(limits_sessions(limits), 4);
	limits_leave(limits, 1);
	ck_assert(limits_enter(limits, 3, 4, 2));
	limits_leave(limits, 1);
	limits_leave(limits, 1);
	ck_assert(limits_enter(limits, 1, 4, 2));
	limits_leave(limits, 1);
	limits_leave(limits, 2);
	limits_leave(limits, 3);
	ck_assert_uint_eq(limits_sessions(limits), 0);
}
END_TEST

START_TEST(messages_of_a_minute)
{
	uint64_t now = 1000000;

	ck_assert(limits_enter(limits, 1, 10, 0));
	ck_assert(limits_enter(limits, 2, 10, 0));
	for (int i = 0; i < 60; i++)
		ck_assert(limits_take(limits, 1, LIMITS_MESSAGES, now, 60));
	ck_assert(!limits_take(limits, 1, LIMITS_MESSAGES, now, 60));
	ck_assert(limits_take(limits, 2, LIMITS_MESSAGES, now, 60)); /* others are not bound by it */
	ck_assert(!limits_take(limits, 1, LIMITS_MESSAGES, now + 999, 60));
	ck_assert(limits_take(limits, 1, LIMITS_MESSAGES, now + 1000, 60)); /* one a second comes back */
	ck_assert(!limits_take(limits, 1, LIMITS_MESSAGES, now + 1000, 60));
	now += 3600000;
	for (int i = 0; i < 60; i++)
		ck_assert(limits_take(limits, 1, LIMITS_MESSAGES, now, 60));
	ck_assert(!limits_take(limits, 1, LIMITS_MESSAGES, now, 60));
	for (int i = 0; i < 1000; i++)
		ck_assert(limits_take(limits, 1, LIMITS_MESSAGES, now, 0)); /* no limit */
	limits_leave(limits, 1);
	limits_leave(limits, 2);
}
END_TEST

/* A client that comes back does not come back with a clean slate. */
START_TEST(leaving_does_not_help)
{
	ck_assert(limits_enter(limits, 1, 10, 0));
	for (int i = 0; i < 10; i++)
		ck_assert(limits_take(limits, 1, LIMITS_MESSAGES, 5000, 10));
	ck_assert(!limits_take(limits, 1, LIMITS_MESSAGES, 5000, 10));
	limits_leave(limits, 1);
	ck_assert(limits_enter(limits, 1, 10, 0));
	ck_assert(!limits_take(limits, 1, LIMITS_MESSAGES, 5001, 10));
	limits_leave(limits, 1);
}
END_TEST

/* More keys than chains: each still counts for itself, and what says nothing is let go. */
START_TEST(many_keys)
{
	for (uint64_t key = 0; key < 20000; key++) {
		ck_assert(limits_enter(limits, key, 1000000, 1));
		ck_assert(!limits_enter(limits, key, 1000000, 1));
		ck_assert(limits_take(limits, key, LIMITS_MESSAGES, 1, 1));
		ck_assert(!limits_take(limits, key, LIMITS_MESSAGES, 1, 1));
	}
	ck_assert_uint_eq(limits_sessions(limits), 20000);
	for (uint64_t key = 0; key < 20000; key++)
		limits_leave(limits, key);
	ck_assert_uint_eq(limits_sessions(limits), 0);
}
END_TEST

/* Loops look at the clock before they wait for each other: the later look may come first. */
START_TEST(time_does_not_go_back)
{
	ck_assert(limits_enter(limits, 1, 10, 0));
	for (int i = 0; i < 10; i++)
		ck_assert(limits_take(limits, 1, LIMITS_MESSAGES, 5004, 10));
	ck_assert(!limits_take(limits, 1, LIMITS_MESSAGES, 5000, 10));
	ck_assert(!limits_take(limits, 1, LIMITS_MESSAGES, 5004, 10));
	limits_leave(limits, 1);
}
END_TEST

/* What one has spent is not forgotten because another, whoever shares its chain, leaves. */
START_TEST(others_leave)
{
	ck_assert(limits_enter(limits, 1, 100000, 0));
	ck_assert(limits_take(limits, 1, LIMITS_MESSAGES, 5000, 1));
	limits_leave(limits, 1);
	for (uint64_t key = 2; key < 50000; key++) {
		ck_assert(limits_enter(limits, key, 100000, 0));
		limits_leave(limits, key);
	}
	ck_assert(limits_enter(limits, 1, 100000, 0));
	ck_assert(!limits_take(limits, 1, LIMITS_MESSAGES, 5001, 1));
	limits_leave(limits, 1);
}
END_TEST

/* Failed logins have a bucket of their own, and to look takes nothing. */
START_TEST(failures_of_a_minute)
{
	ck_assert(limits_enter(limits, 1, 10, 0));
	for (int i = 0; i < 3; i++) {
		for (int look = 0; look < 9; look++)
			ck_assert(limits_left(limits, 1, LIMITS_FAILURES, 7000, 3));
		ck_assert(limits_take(limits, 1, LIMITS_FAILURES, 7000, 3));
	}
	ck_assert(!limits_left(limits, 1, LIMITS_FAILURES, 7000, 3));
	ck_assert(!limits_take(limits, 1, LIMITS_FAILURES, 7000, 3));
	ck_assert(limits_left(limits, 1, LIMITS_FAILURES, 7000, 0));
	ck_assert(limits_take(limits, 1, LIMITS_MESSAGES, 7000, 1));
	limits_leave(limits, 1);
	ck_assert(limits_enter(limits, 1, 10, 0));
	ck_assert(!limits_left(limits, 1, LIMITS_FAILURES, 26999, 3));
	ck_assert(limits_left(limits, 1, LIMITS_FAILURES, 27000, 3));
	limits_leave(limits, 1);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sessions_of_one_and_of_all);
	tcase_add_test(tc, messages_of_a_minute);
	tcase_add_test(tc, leaving_does_not_help);
	tcase_add_test(tc, many_keys);
	tcase_add_test(tc, time_does_not_go_back);
	tcase_add_test(tc, others_leave);
	tcase_add_test(tc, failures_of_a_minute);
	return suite_run("limits", tc);
}

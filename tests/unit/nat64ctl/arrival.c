// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/nat64ctl/arrival.h"

#include <check.h>
#include <stdlib.h>

START_TEST(misses_nothing_of_what_comes_in_order)
{
	struct arrival arrival = { 0 };

	/* across the end of the numbers */
	for (uint32_t i = 0, number = UINT32_MAX - 100; i < 1000; i++)
		ck_assert_uint_eq(arrival_note(&arrival, number++), 0);
	ck_assert_uint_eq(arrival_settle(&arrival), 0);
}
END_TEST

START_TEST(waits_for_what_is_late)
{
	struct arrival arrival = { 0 };

	ck_assert_uint_eq(arrival_note(&arrival, 10), 0);
	ck_assert_uint_eq(arrival_note(&arrival, 13), 0);
	ck_assert_uint_eq(arrival_note(&arrival, 12), 0);
	ck_assert_uint_eq(arrival_note(&arrival, 11), 0);
	ck_assert_uint_eq(arrival_settle(&arrival), 0);
	/* twice the same, and from before the first */
	ck_assert_uint_eq(arrival_note(&arrival, 11), 0);
	ck_assert_uint_eq(arrival_note(&arrival, 9), 0);
	ck_assert_uint_eq(arrival_settle(&arrival), 0);
}
END_TEST

START_TEST(counts_what_does_not_come)
{
	struct arrival arrival = { 0 };
	uint32_t lost = 0;

	arrival_note(&arrival, 100);
	ck_assert_uint_eq(arrival_note(&arrival, 103), 0); /* 101 and 102 may come */
	for (uint32_t number = 104; number <= 101 + ARRIVAL_WINDOW; number++) {
		lost = arrival_note(&arrival, number);
		ck_assert_uint_eq(lost, number == 101 + ARRIVAL_WINDOW);
	}
	ck_assert_uint_eq(arrival_note(&arrival, 102), 0); /* the last moment */
	ck_assert_uint_eq(arrival_note(&arrival, 102 + ARRIVAL_WINDOW), 0);
	ck_assert_uint_eq(arrival_settle(&arrival), 0);
	/* 106 and 107 beyond the last one that came */
	ck_assert_uint_eq(arrival_note(&arrival, 105 + ARRIVAL_WINDOW), 0);
	ck_assert_uint_eq(arrival_settle(&arrival), 2);
	ck_assert_uint_eq(arrival_settle(&arrival), 0);
}
END_TEST

START_TEST(counts_a_great_gap)
{
	for (uint32_t gap = 1; gap < 300; gap++) {
		struct arrival arrival = { 0 };
		uint32_t lost;

		arrival_note(&arrival, 5);
		arrival_note(&arrival, 7); /* 6 is missing too */
		lost = arrival_note(&arrival, 7 + gap);
		ck_assert_uint_eq(lost + arrival_settle(&arrival), gap);
	}
}
END_TEST

START_TEST(has_lost_nothing_before_the_first)
{
	struct arrival arrival = { 0 };

	ck_assert_uint_eq(arrival_settle(&arrival), 0);
	ck_assert_uint_eq(arrival_note(&arrival, 1000), 0);
	ck_assert_uint_eq(arrival_settle(&arrival), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("arrival");
	Suite *suite = suite_create("arrival");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, misses_nothing_of_what_comes_in_order);
	tcase_add_test(tcase, waits_for_what_is_late);
	tcase_add_test(tcase, counts_what_does_not_come);
	tcase_add_test(tcase, counts_a_great_gap);
	tcase_add_test(tcase, has_lost_nothing_before_the_first);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "kmod/nat64/core/identification.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALL 65536

static const __u64 keys[] = { 0, 1, 0x0123456789abcdef, 0xfedcba9876543210, ~0ULL, 0x9e3779b97f4a7c15 };

START_TEST(none_comes_twice_before_all_have_come)
{
	static const __u32 starts[] = { 0, 0x10000, 0x7fff0000, 0xffff0000 };
	static __u8 seen[ALL];

	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		memset(seen, 0, sizeof(seen));
		for (__u32 i = 0; i < ALL; i++)
			ck_assert_uint_eq(seen[nat64_identification(keys[_i], starts[s] + i)]++, 0);
	}
}
END_TEST

/* How often the most frequent of ALL values occurs; 9 is usual of 65,536 random ones. */
static unsigned int most(const __u16 *values)
{
	static unsigned int hits[ALL];
	unsigned int most = 0;

	memset(hits, 0, sizeof(hits));
	for (size_t i = 0; i < ALL; i++)
		most = ++hits[values[i]] > most ? hits[values[i]] : most;
	return most;
}

START_TEST(the_next_does_not_follow_from_the_last)
{
	static const struct {
		__u32 distance;
		unsigned int most;
	} cases[] = { { 1, 32 }, { 2, 32 }, { 3, 32 }, { 256, 160 }, { 4096, 160 } };
	static __u16 differences[ALL];

	for (size_t d = 0; d < sizeof(cases) / sizeof(cases[0]); d++) {
		for (__u32 i = 0; i < ALL; i++)
			differences[i] = (__u16)(nat64_identification(keys[_i], i + cases[d].distance) -
						 nat64_identification(keys[_i], i));
		ck_assert_uint_le(most(differences), cases[d].most);
		for (__u32 i = 0; i < ALL; i++)
			differences[i] = nat64_identification(keys[_i], i + cases[d].distance) ^
					 nat64_identification(keys[_i], i);
		ck_assert_uint_le(most(differences), cases[d].most);
	}
}
END_TEST

START_TEST(another_key_and_another_turn_give_another_order)
{
	static __u16 differences[ALL];

	for (__u32 i = 0; i < ALL; i++)
		differences[i] = nat64_identification(keys[_i], i) - nat64_identification(keys[_i] ^ 1ULL << 40, i);
	ck_assert_uint_le(most(differences), 2048);
	for (__u32 i = 0; i < ALL; i++)
		differences[i] = nat64_identification(keys[_i], i) - nat64_identification(keys[_i], i + ALL);
	ck_assert_uint_le(most(differences), 64);
}
END_TEST

int main(void)
{
	const int n = sizeof(keys) / sizeof(keys[0]);
	Suite *suite = suite_create("nat64_identification");
	TCase *tests = tcase_create("identification");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tests, none_comes_twice_before_all_have_come, 0, n);
	tcase_add_loop_test(tests, the_next_does_not_follow_from_the_last, 0, n);
	tcase_add_loop_test(tests, another_key_and_another_turn_give_another_order, 0, n);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/arena.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool out_of_memory;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return out_of_memory ? NULL : __real_malloc(size);
}

static struct keel_arena a;

static void setup(void)
{
	out_of_memory = false;
	keel_arena_init(&a, 0);
}

static void teardown(void)
{
	keel_arena_free(&a);
}

/* Check's own assertions need memory */
static void *take_without_memory(size_t n)
{
	void *piece;

	out_of_memory = true;
	piece = keel_arena_take(&a, n);
	out_of_memory = false;
	return piece;
}

START_TEST(pieces_are_apart_and_aligned)
{
	uint8_t *pieces[500];
	uint32_t seed = 7;

	for (size_t i = 0; i < 500; i++) {
		const size_t n = (seed = seed * 1664525 + 1013904223) >> 20;

		pieces[i] = keel_arena_take(&a, n + 1);
		ck_assert_ptr_nonnull(pieces[i]);
		ck_assert_uint_eq((uintptr_t)pieces[i] % KEEL_ARENA_ALIGNMENT, 0);
		memset(pieces[i], (int)(i & 0xff), n + 1);
	}
	seed = 7;
	for (size_t i = 0; i < 500; i++) {
		const size_t n = (seed = seed * 1664525 + 1013904223) >> 20;

		for (size_t k = 0; k <= n; k++)
			if (pieces[i][k] != (i & 0xff)) /* a million times: quicker than Check's own words */
				ck_abort_msg("piece %zu: octet %zu is another's", i, k);
	}
}
END_TEST

START_TEST(nothing_is_a_piece_of_its_own)
{
	void *one = keel_arena_take(&a, 0), *two = keel_arena_take(&a, 0);

	ck_assert_ptr_nonnull(one);
	ck_assert_ptr_ne(one, two);
}
END_TEST

START_TEST(sizes_that_wrap)
{
	ck_assert_ptr_nonnull(keel_arena_take(&a, 1));
	ck_assert_ptr_null(keel_arena_take(&a, SIZE_MAX));
	ck_assert_ptr_null(keel_arena_take(&a, SIZE_MAX - 15));
	ck_assert_ptr_null(keel_arena_take(&a, SIZE_MAX - 16));
	ck_assert_ptr_null(keel_arena_zeroed(&a, SIZE_MAX / 2, 3));
	ck_assert_uint_eq(keel_arena_used(&a), 16);
}
END_TEST

START_TEST(zeroed)
{
	uint8_t *piece = keel_arena_take(&a, 64);

	memset(piece, 0xff, 64);
	keel_arena_reset(&a);
	piece = keel_arena_zeroed(&a, 8, 8);
	for (size_t i = 0; i < 64; i++)
		ck_assert_uint_eq(piece[i], 0);
}
END_TEST

START_TEST(the_limit_holds)
{
	size_t n = 0;

	a.limit = 100000;
	while (keel_arena_take(&a, 1000))
		n++;
	ck_assert_uint_ge(n, 90);
	ck_assert_uint_le(a.held, 100000);
	ck_assert_ptr_nonnull(keel_arena_take(&a, 1)); /* what is left is still there */
	keel_arena_reset(&a);
	ck_assert_uint_eq(keel_arena_used(&a), 0);
	ck_assert_ptr_nonnull(keel_arena_take(&a, 1000));
}
END_TEST

START_TEST(a_reset_keeps_the_memory_in_one_block)
{
	void *first;
	size_t held;

	for (int i = 0; i < 1000; i++)
		ck_assert_ptr_nonnull(keel_arena_take(&a, 1024));
	ck_assert_uint_eq(keel_arena_used(&a), 1024000);
	held = a.held;
	keel_arena_reset(&a);
	ck_assert_uint_eq(a.held, held);
	ck_assert_uint_eq(keel_arena_used(&a), 0);
	ck_assert_uint_eq(keel_arena_peak(&a), 1024000);
	first = take_without_memory(1000000); /* it needs no more */
	ck_assert_ptr_nonnull(first);
	keel_arena_reset(&a);
	ck_assert_ptr_eq(keel_arena_take(&a, 16), first);
}
END_TEST

START_TEST(without_memory)
{
	ck_assert_ptr_null(take_without_memory(1));
	ck_assert_ptr_nonnull(keel_arena_take(&a, 70000));
	ck_assert_ptr_nonnull(keel_arena_take(&a, 70000));
	ck_assert_ptr_null(take_without_memory(1 << 20));
	ck_assert_uint_eq(keel_arena_used(&a), 140000);
	out_of_memory = true;
	keel_arena_reset(&a);
	out_of_memory = false;
	ck_assert_uint_eq(a.held, 0);
	ck_assert_ptr_null(take_without_memory(1));
	ck_assert_ptr_nonnull(keel_arena_take(&a, 1));
}
END_TEST

START_TEST(rewinding)
{
	const struct keel_arena_mark none = keel_arena_mark(&a);
	struct keel_arena_mark mark;
	uint8_t *kept = keel_arena_take(&a, 100), *next;

	memset(kept, 0x5a, 100);
	mark = keel_arena_mark(&a);
	next = keel_arena_take(&a, 100);
	for (int i = 0; i < 100; i++)
		ck_assert_ptr_nonnull(keel_arena_take(&a, 10000));
	keel_arena_rewind(&a, mark);
	ck_assert_uint_eq(keel_arena_used(&a), 112);
	ck_assert_uint_ge(keel_arena_peak(&a), 1000000);
	ck_assert_ptr_eq(keel_arena_take(&a, 100), next);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(kept[i], 0x5a);
	keel_arena_rewind(&a, none);
	ck_assert_uint_eq(keel_arena_used(&a), 0);
	ck_assert_uint_eq(a.held, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_arena");
	TCase *tc = tcase_create("arena");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pieces_are_apart_and_aligned);
	tcase_add_test(tc, nothing_is_a_piece_of_its_own);
	tcase_add_test(tc, sizes_that_wrap);
	tcase_add_test(tc, zeroed);
	tcase_add_test(tc, the_limit_holds);
	tcase_add_test(tc, a_reset_keeps_the_memory_in_one_block);
	tcase_add_test(tc, without_memory);
	tcase_add_test(tc, rewinding);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/sort.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static unsigned compared;

static int by_octet(const void *a, const void *b)
{
	compared++;
	return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* Elements of any size: the first octet is the key, the others must stay with it. */
static void check(size_t n, size_t size, uint32_t seed, unsigned keys)
{
	uint8_t *elements = malloc(n * size + 1);
	size_t before[256] = { 0 }, after[256] = { 0 };

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		memset(elements + i * size, (int)((seed >> 16) % keys), size);
		before[elements[i * size]]++;
	}
	keel_sort(elements, n, size, by_octet);
	for (size_t i = 0; i < n; i++) {
		if (i)
			ck_assert_uint_le(elements[(i - 1) * size], elements[i * size]);
		for (size_t k = 1; k < size; k++)
			ck_assert_uint_eq(elements[i * size + k], elements[i * size]);
		after[elements[i * size]]++;
	}
	ck_assert_mem_eq(before, after, sizeof(before));
	free(elements);
}

START_TEST(any_number_and_size)
{
	static const size_t sizes[] = { 1, 4, 12, 63, 64, 65, 200 };

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (size_t n = 0; n < 70; n++)
			for (unsigned keys = 1; keys <= 256; keys *= 4)
				check(n, sizes[s], (uint32_t)(n * 31 + s), keys);
}
END_TEST

START_TEST(no_input_is_slow)
{
	static uint8_t elements[100000];

	for (int shape = 0; shape < 4; shape++) {
		for (size_t i = 0; i < sizeof(elements); i++)
			elements[i] = (uint8_t)(shape == 0 ? i >> 9 : shape == 1 ? 255 - (i >> 9) : shape == 2 ? 0 : i);
		compared = 0;
		keel_sort(elements, sizeof(elements), 1, by_octet);
		ck_assert_uint_le(compared, 2 * 17 * sizeof(elements) * 2);
		for (size_t i = 1; i < sizeof(elements); i++)
			ck_assert_uint_le(elements[i - 1], elements[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_sort");
	TCase *tc = tcase_create("sort");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, any_number_and_size);
	tcase_add_test(tc, no_input_is_slow);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

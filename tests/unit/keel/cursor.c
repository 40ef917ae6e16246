// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/cursor.h"

#include <check.h>
#include <string.h>

static const uint8_t octets[15] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

START_TEST(reads_both_orders)
{
	struct keel_cursor c;

	keel_cursor_init(&c, octets, sizeof(octets));
	ck_assert_uint_eq(keel_cursor_u8(&c), 0x01);
	ck_assert_uint_eq(keel_cursor_le16(&c), 0x0302);
	ck_assert_uint_eq(keel_cursor_le32(&c), 0x07060504);
	ck_assert_uint_eq(keel_cursor_le64(&c), 0x0f0e0d0c0b0a0908);
	ck_assert(keel_cursor_ok(&c));
	ck_assert_uint_eq(keel_cursor_left(&c), 0);
	keel_cursor_init(&c, octets, sizeof(octets));
	ck_assert_uint_eq(keel_cursor_be16(&c), 0x0102);
	ck_assert_uint_eq(keel_cursor_be32(&c), 0x03040506);
	ck_assert_uint_eq(keel_cursor_be64(&c), 0x0708090a0b0c0d0e);
	ck_assert_uint_eq(keel_cursor_left(&c), 1);
	ck_assert(keel_cursor_ok(&c));
}
END_TEST

START_TEST(fails_closed_one_octet_short)
{
	struct keel_cursor c;

#define SHORT(reader, n)                                                                           \
	do {                                                                                       \
		keel_cursor_init(&c, octets, (n)-1);                                               \
		ck_assert_uint_eq(reader(&c), 0);                                                  \
		ck_assert(!keel_cursor_ok(&c));                                                    \
		ck_assert_uint_eq(keel_cursor_left(&c), 0);                                        \
		keel_cursor_init(&c, octets, (n));                                                 \
		ck_assert_uint_ne(reader(&c), 0);                                                  \
		ck_assert(keel_cursor_ok(&c));                                                     \
	} while (0)
	SHORT(keel_cursor_u8, 1);
	SHORT(keel_cursor_le16, 2);
	SHORT(keel_cursor_le32, 4);
	SHORT(keel_cursor_le64, 8);
	SHORT(keel_cursor_be16, 2);
	SHORT(keel_cursor_be32, 4);
	SHORT(keel_cursor_be64, 8);
}
END_TEST

START_TEST(stays_failed)
{
	struct keel_cursor c;

	keel_cursor_init(&c, octets, 4);
	ck_assert_ptr_null(keel_cursor_take(&c, 5));
	ck_assert_uint_eq(keel_cursor_u8(&c), 0);
	ck_assert_ptr_null(keel_cursor_take(&c, 1));
	ck_assert_ptr_null(keel_cursor_take(&c, 0));
	ck_assert(!keel_cursor_skip(&c, 0));
	ck_assert(!keel_cursor_ok(&c));
}
END_TEST

START_TEST(length_that_wraps_the_pointer)
{
	struct keel_cursor c;

	keel_cursor_init(&c, octets + 8, 4);
	ck_assert_ptr_null(keel_cursor_take(&c, SIZE_MAX));
	keel_cursor_init(&c, octets + 8, 4);
	ck_assert(!keel_cursor_skip(&c, SIZE_MAX - 3));
}
END_TEST

START_TEST(copy_zeroes_on_failure)
{
	struct keel_cursor c;
	uint8_t out[4];

	memset(out, 0xaa, sizeof(out));
	keel_cursor_init(&c, octets, 3);
	ck_assert(!keel_cursor_copy(&c, out, sizeof(out)));
	ck_assert_mem_eq(out, "\0\0\0\0", 4);
	keel_cursor_init(&c, octets, 5);
	ck_assert(keel_cursor_copy(&c, out, sizeof(out)));
	ck_assert_mem_eq(out, octets, 4);
	ck_assert(keel_cursor_copy(&c, NULL, 0));
	ck_assert_uint_eq(keel_cursor_left(&c), 1);
}
END_TEST

START_TEST(take_and_skip_borrow)
{
	struct keel_cursor c;

	keel_cursor_init(&c, octets, sizeof(octets));
	ck_assert(keel_cursor_skip(&c, 3));
	ck_assert_ptr_eq(keel_cursor_take(&c, 12), octets + 3);
	ck_assert_uint_eq(keel_cursor_left(&c), 0);
	ck_assert_ptr_nonnull(keel_cursor_take(&c, 0));
	ck_assert(keel_cursor_ok(&c));
}
END_TEST

START_TEST(empty_memory)
{
	struct keel_cursor c;

	keel_cursor_init(&c, NULL, 0);
	ck_assert(keel_cursor_ok(&c));
	ck_assert_uint_eq(keel_cursor_left(&c), 0);
	ck_assert(keel_cursor_skip(&c, 0));
	ck_assert_uint_eq(keel_cursor_u8(&c), 0);
	ck_assert(!keel_cursor_ok(&c));
	keel_cursor_init(&c, NULL, 4);
	ck_assert(!keel_cursor_ok(&c));
	ck_assert_uint_eq(keel_cursor_left(&c), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_cursor");
	TCase *tc = tcase_create("cursor");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, reads_both_orders);
	tcase_add_test(tc, fails_closed_one_octet_short);
	tcase_add_test(tc, stays_failed);
	tcase_add_test(tc, length_that_wraps_the_pointer);
	tcase_add_test(tc, copy_zeroes_on_failure);
	tcase_add_test(tc, take_and_skip_borrow);
	tcase_add_test(tc, empty_memory);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

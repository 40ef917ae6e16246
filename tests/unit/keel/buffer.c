// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/buffer.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

/* Linked with --wrap=realloc: the product's allocations are counted and may be made to fail. */
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
static unsigned allocations;
static bool out_of_memory;

void *__wrap_realloc(void *p, size_t n)
{
	allocations++;
	return out_of_memory ? NULL : __real_realloc(p, n);
}

START_TEST(takes_no_memory_before_the_first_append)
{
	struct keel_buffer b;

	allocations = 0;
	keel_buffer_init(&b, 0);
	ck_assert_int_eq(keel_buffer_append(&b, NULL, 0), 0);
	ck_assert_str_eq(keel_buffer_text(&b), "");
	keel_buffer_drop(&b, 5);
	keel_buffer_clear(&b);
	keel_buffer_free(&b);
	ck_assert_uint_eq(allocations, 0);
	ck_assert_ptr_null(b.data);
}
END_TEST

START_TEST(grows_by_doubling)
{
	unsigned wrong = 0;
	struct keel_buffer b;

	allocations = 0;
	keel_buffer_init(&b, 0);
	for (unsigned i = 0; i < 1000000; i++)
		wrong += keel_buffer_putc(&b, (uint8_t)(i * 7)) != 0;
	ck_assert_uint_eq(b.len, 1000000);
	ck_assert_uint_le(allocations, 16);
	for (unsigned i = 0; i < 1000000; i++)
		wrong += b.data[i] != (uint8_t)(i * 7);
	ck_assert_uint_eq(wrong, 0);
	keel_buffer_free(&b);
}
END_TEST

START_TEST(limit_is_exact_and_sticky)
{
	struct keel_buffer b;

	keel_buffer_init(&b, 100);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(keel_buffer_putc(&b, 'x'), 0);
	ck_assert_uint_le(b.cap, 100);
	ck_assert_int_eq(keel_buffer_putc(&b, 'y'), -EMSGSIZE);
	ck_assert_uint_eq(b.len, 100);
	ck_assert_uint_eq(strlen(keel_buffer_text(&b)), 100);
	keel_buffer_drop(&b, 50);
	ck_assert_int_eq(keel_buffer_putc(&b, 'y'), -EMSGSIZE);
	ck_assert_int_eq(keel_buffer_append(&b, "z", 1), -EMSGSIZE);
	ck_assert_int_eq(keel_buffer_append(&b, "", 0), -EMSGSIZE);
	ck_assert_int_eq(keel_buffer_printf(&b, "z"), -EMSGSIZE);
	ck_assert_int_eq(keel_buffer_reserve(&b, 1), -EMSGSIZE);
	ck_assert_uint_eq(b.len, 50);
	keel_buffer_clear(&b);
	ck_assert_int_eq(keel_buffer_puts(&b, "again"), 0);
	ck_assert_str_eq(keel_buffer_text(&b), "again");
	keel_buffer_free(&b);
	ck_assert_uint_eq(b.limit, 100);
}
END_TEST

START_TEST(refused_append_leaves_content)
{
	struct keel_buffer b;

	keel_buffer_init(&b, 8);
	ck_assert_int_eq(keel_buffer_puts(&b, "12345"), 0);
	ck_assert_int_eq(keel_buffer_puts(&b, "6789"), -EMSGSIZE);
	ck_assert_str_eq(keel_buffer_text(&b), "12345");
	keel_buffer_clear(&b);
	keel_buffer_puts(&b, "1234");
	ck_assert_int_eq(keel_buffer_printf(&b, "%s", "56789"), -EMSGSIZE);
	ck_assert_str_eq(keel_buffer_text(&b), "1234");
	keel_buffer_clear(&b);
	ck_assert_int_eq(keel_buffer_printf(&b, "%s", "12345678"), 0);
	ck_assert_str_eq(keel_buffer_text(&b), "12345678");
	keel_buffer_free(&b);
}
END_TEST

START_TEST(out_of_memory_is_sticky_and_clean)
{
	struct keel_buffer b;

	keel_buffer_init(&b, 0);
	out_of_memory = true;
	ck_assert_int_eq(keel_buffer_puts(&b, "lost"), -ENOMEM);
	ck_assert_ptr_null(keel_buffer_text(&b));
	out_of_memory = false;
	ck_assert_int_eq(keel_buffer_puts(&b, "lost"), -ENOMEM);
	keel_buffer_clear(&b);
	ck_assert_int_eq(keel_buffer_puts(&b, "kept"), 0);
	out_of_memory = true;
	ck_assert_int_eq(keel_buffer_printf(&b, "%0200d", 1), -ENOMEM);
	out_of_memory = false;
	ck_assert_uint_eq(b.len, 4);
	ck_assert_str_eq(keel_buffer_text(&b), "kept");
	keel_buffer_free(&b);
}
END_TEST

START_TEST(size_that_overflows_is_refused)
{
	volatile size_t most = SIZE_MAX; /* the compiler would refuse the call itself */
	struct keel_buffer b;

	keel_buffer_init(&b, 0);
	ck_assert_int_eq(keel_buffer_puts(&b, "abc"), 0);
	ck_assert_int_eq(keel_buffer_reserve(&b, most), -EMSGSIZE);
	keel_buffer_clear(&b);
	keel_buffer_puts(&b, "abc");
	ck_assert_int_eq(keel_buffer_append(&b, "x", most - 2), -EMSGSIZE);
	ck_assert_str_eq(keel_buffer_text(&b), "abc");
	keel_buffer_free(&b);
	keel_buffer_init(&b, SIZE_MAX);
	ck_assert_int_eq(keel_buffer_append(&b, "x", most), -EMSGSIZE);
	keel_buffer_free(&b);
}
END_TEST

START_TEST(appends_its_own_content)
{
	struct keel_buffer b;

	keel_buffer_init(&b, 0);
	keel_buffer_puts(&b, "0123456789abcdef");
	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_eq(keel_buffer_append(&b, b.data, b.len), 0);
	ck_assert_uint_eq(b.len, 16384);
	for (size_t i = 0; i < b.len; i += 16)
		ck_assert_mem_eq(b.data + i, "0123456789abcdef", 16);
	keel_buffer_free(&b);
}
END_TEST

START_TEST(reserve_keeps_the_address)
{
	struct keel_buffer b;
	const uint8_t *at;

	keel_buffer_init(&b, 0);
	ck_assert_int_eq(keel_buffer_reserve(&b, 5000), 0);
	at = b.data;
	for (unsigned i = 0; i < 5000; i++)
		keel_buffer_putc(&b, (uint8_t)i);
	ck_assert_ptr_eq(b.data, at);
	keel_buffer_free(&b);
}
END_TEST

START_TEST(writes_numbers)
{
	static const uint8_t wanted[] = { 0x02, 0x01, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1,
					  1,    2,    1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct keel_buffer b;

	keel_buffer_init(&b, 0);
	keel_buffer_le16(&b, 0x0102);
	keel_buffer_le32(&b, 0x01020304);
	keel_buffer_le64(&b, 0x0102030405060708);
	keel_buffer_be16(&b, 0x0102);
	keel_buffer_be32(&b, 0x01020304);
	keel_buffer_be64(&b, 0x0102030405060708);
	ck_assert_uint_eq(b.len, sizeof(wanted));
	ck_assert_mem_eq(b.data, wanted, sizeof(wanted));
	keel_buffer_clear(&b);
	keel_buffer_decimal(&b, 0);
	keel_buffer_putc(&b, ' ');
	keel_buffer_decimal(&b, 10203);
	keel_buffer_putc(&b, ' ');
	keel_buffer_decimal(&b, UINT64_MAX);
	ck_assert_str_eq(keel_buffer_text(&b), "0 10203 18446744073709551615");
	keel_buffer_free(&b);
}
END_TEST

START_TEST(printf_of_every_length)
{
	struct keel_buffer b;

	for (int n = 0; n < 300; n++) {
		keel_buffer_init(&b, 0);
		ck_assert_int_eq(keel_buffer_printf(&b, "%*s", n, ""), 0);
		ck_assert_int_eq(keel_buffer_printf(&b, "%d|", n), 0);
		ck_assert_int_eq(atoi(keel_buffer_text(&b)), n);
		ck_assert_uint_eq(b.data[b.len - 1], '|');
		keel_buffer_free(&b);
	}
}
END_TEST

START_TEST(drop_moves_the_rest)
{
	struct keel_buffer b;

	keel_buffer_init(&b, 0);
	keel_buffer_puts(&b, "abcdef");
	keel_buffer_drop(&b, 0);
	ck_assert_str_eq(keel_buffer_text(&b), "abcdef");
	keel_buffer_drop(&b, 2);
	ck_assert_str_eq(keel_buffer_text(&b), "cdef");
	keel_buffer_drop(&b, 99);
	ck_assert_str_eq(keel_buffer_text(&b), "");
	keel_buffer_free(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_buffer");
	TCase *tc = tcase_create("buffer");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, takes_no_memory_before_the_first_append);
	tcase_add_test(tc, grows_by_doubling);
	tcase_add_test(tc, limit_is_exact_and_sticky);
	tcase_add_test(tc, refused_append_leaves_content);
	tcase_add_test(tc, out_of_memory_is_sticky_and_clean);
	tcase_add_test(tc, size_that_overflows_is_refused);
	tcase_add_test(tc, appends_its_own_content);
	tcase_add_test(tc, reserve_keeps_the_address);
	tcase_add_test(tc, writes_numbers);
	tcase_add_test(tc, printf_of_every_length);
	tcase_add_test(tc, drop_moves_the_rest);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

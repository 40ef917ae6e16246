// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/auth/login_cache.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct login_cache *cache;
static const uint8_t alice[16] = { 1 }, bob[16] = { 2 };

static bool dry;

/* In libc's place. */
ssize_t getrandom(void *data, size_t n, unsigned flags)
{
	return dry ? 0 : syscall(SYS_getrandom, data, n, flags);
}

static void setup(void)
{
	ck_assert_int_eq(login_cache_new(8, &cache), 0);
}

static void teardown(void)
{
	login_cache_free(&cache);
	ck_assert_ptr_null(cache);
}

START_TEST(knows_what_was_added)
{
	ck_assert(!login_cache_find(cache, alice, 7, "secret", 100, 60));
	login_cache_add(cache, alice, 7, "secret", 100);
	ck_assert(login_cache_find(cache, alice, 7, "secret", 100, 60));
	ck_assert(!login_cache_find(cache, alice, 7, "Secret", 100, 60));
	ck_assert(!login_cache_find(cache, alice, 7, "", 100, 60));
	ck_assert(!login_cache_find(cache, alice, 8, "secret", 100, 60)); /* the account was changed */
	ck_assert(!login_cache_find(cache, bob, 7, "secret", 100, 60));
}
END_TEST

/* A key that is not random would let others guess which passwords collide. */
START_TEST(no_key)
{
	struct login_cache *other = cache;

	dry = true;
	ck_assert_int_eq(login_cache_new(8, &other), -EIO);
	dry = false;
	ck_assert_ptr_eq(other, cache);
	ck_assert_int_eq(login_cache_new(SIZE_MAX, &other), -ENOMEM);
	ck_assert_ptr_eq(other, cache);
}
END_TEST

START_TEST(ends_with_its_time)
{
	login_cache_add(cache, alice, 7, "secret", 100);
	ck_assert(login_cache_find(cache, alice, 7, "secret", 160, 60));
	ck_assert(!login_cache_find(cache, alice, 7, "secret", 161, 60));
	login_cache_add(cache, alice, 7, "secret", 161);
	ck_assert(login_cache_find(cache, alice, 7, "secret", 221, 60));
	/* ttl 0: this very second only */
	ck_assert(!login_cache_find(cache, alice, 7, "secret", 162, 0));
}
END_TEST

START_TEST(oldest_goes)
{
	char password[16];

	/* one account has one set of four */
	for (int i = 0; i < 5; i++) {
		snprintf(password, sizeof(password), "p%d", i);
		login_cache_add(cache, alice, 7, password, (uint64_t)i);
	}
	ck_assert(!login_cache_find(cache, alice, 7, "p0", 5, 60));
	for (int i = 1; i < 5; i++) {
		snprintf(password, sizeof(password), "p%d", i);
		ck_assert(login_cache_find(cache, alice, 7, password, 5, 60));
	}
}
END_TEST

START_TEST(none_kept)
{
	struct login_cache *none;

	ck_assert_int_eq(login_cache_new(0, &none), 0);
	login_cache_add(none, alice, 7, "secret", 1);
	ck_assert(!login_cache_find(none, alice, 7, "secret", 1, 60));
	login_cache_free(&none);
}
END_TEST

START_TEST(keys_differ_and_long_passwords_are_not_kept)
{
	char longest[1024];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	login_cache_add(cache, alice, 7, longest, 1);
	ck_assert(!login_cache_find(cache, alice, 7, longest, 1, 60));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("login_cache");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, knows_what_was_added);
	tcase_add_test(tc, no_key);
	tcase_add_test(tc, ends_with_its_time);
	tcase_add_test(tc, oldest_goes);
	tcase_add_test(tc, none_kept);
	tcase_add_test(tc, keys_differ_and_long_passwords_are_not_kept);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/cleanup.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is not freed here is found by the leak checker of the sanitizer build. */
static char *made(int hand_on)
{
	KEEL_AUTO_FREE char *text = strdup("owned");

	return hand_on ? keel_take(text) : NULL;
}

START_TEST(scope_frees_what_was_not_taken)
{
	KEEL_AUTO_FREE char *kept = made(1);
	KEEL_AUTO_FREE char *nothing = NULL;

	ck_assert_str_eq(kept, "owned");
	ck_assert_ptr_null(made(0));
	ck_assert_ptr_null(nothing);
}
END_TEST

static int opened(int hand_on, int *number)
{
	KEEL_AUTO_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	*number = fd;
	errno = ELOOP;
	return hand_on ? keel_take_fd(fd) : -1;
}

START_TEST(scope_closes_what_was_not_taken)
{
	int number, fd;

	ck_assert_int_eq(opened(0, &number), -1);
	ck_assert_int_eq(errno, ELOOP);
	ck_assert_int_eq(fcntl(number, F_GETFD), -1);
	fd = opened(1, &number);
	ck_assert_int_eq(fd, number);
	ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
	close(fd);
}
END_TEST

START_TEST(closing_keeps_errno)
{
	int bad = 1 << 20, none = -1;

	errno = ENOENT;
	keel_close_at(&bad);
	keel_close_at(&none);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(take_leaves_null)
{
	char *text = strdup("x");
	char *taken = keel_take(text);
	int fd = 7, number = keel_take_fd(fd);

	ck_assert_ptr_null(text);
	ck_assert_str_eq(taken, "x");
	free(taken);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(number, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_cleanup");
	TCase *tc = tcase_create("cleanup");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, scope_frees_what_was_not_taken);
	tcase_add_test(tc, scope_closes_what_was_not_taken);
	tcase_add_test(tc, closing_keeps_errno);
	tcase_add_test(tc, take_leaves_null);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

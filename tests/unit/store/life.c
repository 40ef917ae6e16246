/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the index's rows may be relied on: after a clean end; after any other only while the kernel has what was written. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "porcupined/store/life.h"

static const struct store_id ours = { { 1, 2, 3 } }, theirs = { { 1, 2, 4 } };
static int dir;

static bool lost; /* a write of the file to the disk has failed */

int __real_sync_file_range(int fd, off_t from, off_t n, unsigned flags);
int __wrap_sync_file_range(int fd, off_t from, off_t n, unsigned flags);

int __wrap_sync_file_range(int fd, off_t from, off_t n, unsigned flags)
{
	if (!lost)
		return __real_sync_file_range(fd, from, n, flags);
	errno = EIO;
	return -1;
}

static void rows(const char *text)
{
	int fd = openat(dir, LIFE_ROWS, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
}

static void begin(void)
{
	const char *base = getenv("TMPDIR");
	char name[256];

	snprintf(name, sizeof(name), "%s/life.XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(dir, 0);
	rows("rows");
	lost = false;
}

static void end(void)
{
	unlinkat(dir, LIFE_FILE, 0);
	unlinkat(dir, LIFE_ROWS, 0);
	close(dir);
}

START_TEST(nothing_is_not_usable)
{
	ck_assert(!life_usable(dir, &ours));
}
END_TEST

START_TEST(a_clean_end_is_usable)
{
	ck_assert_int_eq(life_write(dir, &ours, true), 0);
	ck_assert(life_usable(dir, &ours));
	ck_assert(!life_usable(dir, &theirs));
}
END_TEST

START_TEST(a_killed_process_leaves_usable_rows)
{
	ck_assert_int_eq(life_write(dir, &ours, false), 0);
	ck_assert(!life_usable(dir, &ours)); /* LMDB's file was not opened */
	life_mark(dir);
	ck_assert(life_usable(dir, &ours));
	ck_assert(!life_usable(dir, &theirs));
}
END_TEST

/* What a file system mounted anew shows: the same names and octets, but no page or mark of before. */
START_TEST(another_inode_is_not_usable)
{
	ck_assert_int_eq(life_write(dir, &ours, false), 0);
	life_mark(dir);
	ck_assert_int_eq(unlinkat(dir, LIFE_ROWS, 0), 0);
	rows("rows");
	ck_assert(!life_usable(dir, &ours));
	ck_assert_int_eq(life_write(dir, &ours, true), 0);
	ck_assert(life_usable(dir, &ours)); /* a clean end needs no cache */
}
END_TEST

START_TEST(lost_pages_are_not_usable)
{
	ck_assert_int_eq(life_write(dir, &ours, false), 0);
	life_mark(dir);
	lost = true;
	ck_assert(!life_usable(dir, &ours));
}
END_TEST

/* Every octet of the mark on disk counts: a flipped one is no life. */
START_TEST(a_damaged_mark_is_not_usable)
{
	char text[256];
	int fd;
	ssize_t n;

	ck_assert_int_eq(life_write(dir, &ours, true), 0);
	fd = openat(dir, LIFE_FILE, O_RDWR);
	ck_assert_int_ge(fd, 0);
	n = read(fd, text, sizeof(text));
	ck_assert_int_gt(n, 80);
	for (ssize_t i = 0; i < n - 1; i++) {
		char flipped = (char)(text[i] ^ 1);

		ck_assert_int_eq(pwrite(fd, &flipped, 1, i), 1);
		ck_assert_msg(!life_usable(dir, &ours), "octet %zd", i);
		ck_assert_int_eq(pwrite(fd, text + i, 1, i), 1);
	}
	ck_assert(life_usable(dir, &ours));
	ck_assert_int_eq(ftruncate(fd, n / 2), 0);
	ck_assert(!life_usable(dir, &ours));
	close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store_life");
	TCase *t = tcase_create("life");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, nothing_is_not_usable);
	tcase_add_test(t, a_clean_end_is_usable);
	tcase_add_test(t, a_killed_process_leaves_usable_rows);
	tcase_add_test(t, another_inode_is_not_usable);
	tcase_add_test(t, lost_pages_are_not_usable);
	tcase_add_test(t, a_damaged_mark_is_not_usable);
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}

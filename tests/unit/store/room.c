/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compaction on a disk that is nearly full: it makes the room that it needs, and a run that fails can be tried again. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "porcupined/store/state.h"
#include "tests/unit/store/fixture.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define MESSAGE 4096u
#define PER_SEGMENT 60u /* messages that fill a segment of this test */

static struct fixture f;
static struct store_account a;

/* ---- the disk --------------------------------------------------------------------------------------------- */

static uint64_t disk; /* octets for the log; 0 = no limit */
static int rows_fail; /* the next moves of rows that fail */
static bool slow;     /* what is said of the disk is old when it arrives */

static uint64_t used(void)
{
	char path[300];
	uint64_t sum = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/log", f.path);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		struct stat st;

		if (!fstatat(dirfd(dir), entry->d_name, &st, 0) && S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	}
	closedir(dir);
	return sum;
}

int __real_fstatvfs(int fd, struct statvfs *out);
int __wrap_fstatvfs(int fd, struct statvfs *out);
int __wrap_fstatvfs(int fd, struct statvfs *out)
{
	const int r = __real_fstatvfs(fd, out);
	const uint64_t now = disk ? used() : 0;

	if (!r && disk) {
		out->f_frsize = 512;
		out->f_bavail = (disk > now ? disk - now : 0) / 512;
	}
	if (slow)
		usleep(20000);
	return r;
}

int __real_index_move_body(struct index *ix, MDB_txn *txn, const struct store_id *body, uint64_t from,
			   uint64_t from_offset, uint64_t to, uint64_t to_offset);
int __wrap_index_move_body(struct index *ix, MDB_txn *txn, const struct store_id *body, uint64_t from,
			   uint64_t from_offset, uint64_t to, uint64_t to_offset);
int __wrap_index_move_body(struct index *ix, MDB_txn *txn, const struct store_id *body, uint64_t from,
			   uint64_t from_offset, uint64_t to, uint64_t to_offset)
{
	if (rows_fail && rows_fail--)
		return -ENOSPC;
	return __real_index_move_body(ix, txn, body, from, from_offset, to, to_offset);
}

/* ---- the mail --------------------------------------------------------------------------------------------- */

static void setup(void)
{
	disk = 0;
	rows_fail = 0;
	slow = false;
	fixture_make(&f);
	f.config.segment_size = PER_SEGMENT * (MESSAGE + 500);
	fixture_open(&f);
	a = fixture_account(&f, "a@example.org");
}

static void teardown(void)
{
	fixture_remove(&f);
}

static void reopen(bool without_index)
{
	char name[128];

	fixture_close(&f);
	snprintf(name, sizeof(name), "%s/index/life", f.path);
	if (without_index)
		ck_assert_int_eq(unlink(name), 0);
	fixture_open(&f);
}

static void text_of(unsigned number, char text[MESSAGE + 1])
{
	memset(text, 'x', MESSAGE);
	text[MESSAGE] = '\0';
	memcpy(text, "message ", 8);
	snprintf(text + 8, 10, "%09u", number);
	text[17] = ' ';
}

static void fill(unsigned segments)
{
	char text[MESSAGE + 1];

	for (unsigned i = 0; i < segments * PER_SEGMENT; i++) {
		text_of(i, text);
		ck_assert_int_eq(fixture_deliver(&f, &a, 1, text, MESSAGE), 0);
	}
	reopen(false); /* seals all */
}

/* What the log takes once the keeper has made its spare segment. */
static uint64_t settled(void)
{
	uint64_t was = used();

	for (int quiet = 0; quiet < 20; usleep(10000)) {
		const uint64_t now = used();

		quiet = now == was ? quiet + 1 : 0;
		was = now;
	}
	return was;
}

/* Of each PER_SEGMENT messages the first keep[] stay. */
static void thin(const unsigned *keep, unsigned segments)
{
	struct store_message *list;
	struct store_txn *txn;
	size_t n;

	ck_assert_int_eq(store_mailbox_list(f.store, &a.id, &list, &n), 0);
	ck_assert_uint_eq(n, segments * PER_SEGMENT);
	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	for (size_t i = 0; i < n; i++)
		if (i % PER_SEGMENT >= keep[i / PER_SEGMENT])
			ck_assert_int_eq(store_txn_expunge(txn, &a, &list[i]), 0);
	ck_assert_int_eq(store_commit_wait(f.store, &txn), 0);
	free(list);
}

static void must_hold(const unsigned *keep, unsigned segments)
{
	size_t at = 0;

	for (unsigned i = 0; i < segments * PER_SEGMENT; i++) {
		char want[MESSAGE + 1];
		size_t len;

		if (i % PER_SEGMENT >= keep[i / PER_SEGMENT])
			continue;
		text_of(i, want);
		KEEL_AUTO_FREE char *got = fixture_read(&f, &a, at++, &len, NULL);

		ck_assert_str_eq(got, want);
	}
	ck_assert_uint_eq(fixture_count(&f, &a), at);
}

/* ---- tests ------------------------------------------------------------------------------------------------ */

/* There is room for the live part of the last segment only; what it frees makes room for the one before it, and so on. */
START_TEST(one_makes_room_for_the_next)
{
	static const unsigned keep[] = { 56, 50, 40, 25, 8 };
	struct store_status s;
	uint64_t freed, before;

	fill(KEEL_COUNT(keep));
	thin(keep, KEEL_COUNT(keep));
	before = settled();
	disk = before + 12 * (MESSAGE + 500);
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
	ck_assert_uint_eq(freed, before - used());
	/* all that is dead has gone, but for the spare segment and the expunges */
	ck_assert_uint_ge(freed, (5 * PER_SEGMENT - 179 - 5) * (uint64_t)MESSAGE);
	ck_assert_int_eq(store_get_status(f.store, &s), 0);
	for (int round = 0; round < 2; round++) {
		must_hold(keep, KEEL_COUNT(keep));
		disk = 0;
		reopen(true);
	}
}
END_TEST

START_TEST(no_room_at_all)
{
	static const unsigned keep[] = { 30, 30 };
	uint64_t freed, before;

	fill(KEEL_COUNT(keep));
	thin(keep, KEEL_COUNT(keep));
	before = settled();
	disk = before + 20 * MESSAGE;
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), -ENOSPC);
	ck_assert_uint_eq(freed, 0);
	ck_assert_uint_eq(used(), before);
	disk = before + 40 * (MESSAGE + 500);
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
	ck_assert_uint_ge(freed, 55 * MESSAGE);
	must_hold(keep, KEEL_COUNT(keep));
}
END_TEST

/* The index has no room for the new places: all is as before, on disk too, and the next run succeeds. */
START_TEST(no_room_for_rows)
{
	static const unsigned keep[] = { 20, 40 };
	uint64_t freed, before;

	fill(KEEL_COUNT(keep));
	thin(keep, KEEL_COUNT(keep));
	before = settled();
	for (int i = 0; i < 2; i++) {
		rows_fail = 1;
		ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), -ENOSPC);
		ck_assert_int_eq(rows_fail, 0);
		ck_assert_uint_eq(freed, 0);
		ck_assert_uint_eq(used(), before);
		must_hold(keep, KEEL_COUNT(keep));
	}
	if (_i)
		reopen(_i == 2);
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
	ck_assert_uint_ge(freed, 55 * MESSAGE);
	for (int round = 0; round < 2; round++) {
		must_hold(keep, KEEL_COUNT(keep));
		reopen(true);
	}
}
END_TEST

/* What was numbered last is dropped whole: its LSN and its clock are not given again, though no record has them. */
START_TEST(no_number_twice)
{
	uint64_t freed, lsn, clock;
	struct store_status s;
	struct store_txn *txn;

	clock = atomic_load(&f.store->hlc) + (1ull << 50); /* a clock that was wrong, and is put right */
	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	atomic_store(&f.store->hlc, clock);
	ck_assert_int_eq(store_txn_domain(txn, "example.net", true), 0);
	ck_assert_int_eq(store_commit_wait(f.store, &txn), 0);
	ck_assert_int_eq(store_get_status(f.store, &s), 0);
	lsn = s.next_lsn;
	reopen(false);
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
	ck_assert_uint_gt(freed, 0);
	for (int round = 0; round < 2; round++) {
		reopen(round);
		ck_assert_int_eq(store_get_status(f.store, &s), 0);
		ck_assert_uint_eq(s.next_lsn, lsn);
		ck_assert_uint_gt(atomic_load(&f.store->hlc), clock);
	}
}
END_TEST

static void *make_segment(void *arg)
{
	struct segment *s = NULL;
	const int r = keeper_create(f.store, f.config.segment_size, 0, 0, &s);

	if (!r)
		segment_unpin(&f.store->segments, s);
	*(int *)arg = r;
	return NULL;
}

/* There is room for one beside the reserve, and two want it at once. */
START_TEST(the_reserve_is_left)
{
	const uint64_t before = settled();
	pthread_t threads[2];
	int got[2];

	f.store->config.reserve = 1u << 20;
	disk = before + f.store->config.reserve + f.config.segment_size * 3 / 2;
	slow = true;
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, make_segment, &got[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	slow = false;
	ck_assert_int_eq(got[0] + got[1], -ENOSPC);
	ck_assert(got[0] == 0 || got[1] == 0);
	ck_assert_uint_ge(disk - used(), f.store->config.reserve);
}
END_TEST

/* ---- by itself --------------------------------------------------------------------------------------------- */

static uint64_t segments(void)
{
	struct store_status s;

	ck_assert_int_eq(store_get_status(f.store, &s), 0);
	return s.segments;
}

/* Few small segments are left alone, eight are one. */
START_TEST(small_ones_are_merged)
{
	for (unsigned i = 0; i < 8; i++) {
		char text[MESSAGE + 1];

		ck_assert_int_eq(store_barrier(f.store), 0);
		settled();
		const uint64_t before = segments();

		compact_in_background(f.store);
		ck_assert_uint_eq(segments(), before);
		text_of(i, text);
		ck_assert_int_eq(fixture_deliver(&f, &a, 1, text, MESSAGE), 0);
		reopen(false);
	}
	settled();
	compact_in_background(f.store);
	ck_assert_uint_le(segments(), 2); /* the output, and the spare one */
	for (unsigned i = 0; i < 8; i++) {
		char want[MESSAGE + 1];
		size_t len;
		KEEL_AUTO_FREE char *got = fixture_read(&f, &a, i, &len, NULL);

		text_of(i, want);
		ck_assert_str_eq(got, want);
	}
}
END_TEST

/* A large one goes when half of it is dead, not before. */
START_TEST(half_dead_ones_go)
{
	static const unsigned keep[] = { 24, 40, 60 };
	uint64_t before, after;

	fill(KEEL_COUNT(keep));
	before = settled();
	compact_in_background(f.store);
	ck_assert_uint_eq(used(), before);
	thin(keep, KEEL_COUNT(keep));
	ck_assert_int_eq(store_barrier(f.store), 0);
	before = settled();
	compact_in_background(f.store);
	after = used();
	ck_assert_uint_ge(before - after, 35 * MESSAGE);
	ck_assert_uint_lt(before - after, 50 * MESSAGE);
	must_hold(keep, KEEL_COUNT(keep));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store room");
	TCase *t = tcase_create("room");
	SRunner *r;
	int failed;

	keel_log_set_level(KEEL_LOG_ERROR);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, one_makes_room_for_the_next);
	tcase_add_test(t, no_room_at_all);
	tcase_add_loop_test(t, no_room_for_rows, 0, 3);
	tcase_add_test(t, no_number_twice);
	tcase_add_test(t, the_reserve_is_left);
	tcase_add_test(t, small_ones_are_merged);
	tcase_add_test(t, half_dead_ones_go);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

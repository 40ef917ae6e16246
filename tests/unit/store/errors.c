/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks that fail: who is told what, what goes on, and what a later start finds. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store/disk.h"
#include "tests/unit/store/image.h"
#include "tests/unit/store/model.h"
#include "tools/lib/keel/log.h"

static struct fixture f;
static struct model *m;

static void setup(void)
{
	m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(m, MAP_FAILED);
	model_init(m);
	fixture_make(&f);
}

static void teardown(void)
{
	disk_heal();
	fixture_remove(&f);
	munmap(m, sizeof(*m));
}

/* The keeper has made its spare segment and does nothing more by itself. */
static void settle(void)
{
	unsigned was, quiet = 0;

	for (was = disk_count(DISK_fsync); quiet < 5; usleep(10000)) {
		quiet = disk_count(DISK_fsync) == was ? quiet + 1 : 0;
		was = disk_count(DISK_fsync);
	}
}

static int deliver(unsigned mask)
{
	return model_run(m, &f, (struct model_op){ .kind = MODEL_DELIVER, .mask = mask, .number = m->next++ });
}

static int expunge(unsigned account)
{
	return model_run(m, &f, (struct model_op){ .kind = MODEL_EXPUNGE, .account = account });
}

static void begin(void)
{
	fixture_open(&f);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(
			model_run(m, &f, (struct model_op){ .kind = MODEL_CREATE, .account = i, .number = m->next++ }),
			0);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_int_eq(deliver(i == 5 ? 7 : 1u << i % 3), 0);
	settle();
}

static void reopen(bool without_index)
{
	char name[128];

	fixture_close(&f);
	snprintf(name, sizeof(name), "%s/index/life", f.path);
	if (without_index)
		ck_assert_int_eq(unlink(name), 0);
	fixture_open(&f);
	model_check(m, &f, true);
	model_scrub(&f);
}

static void fail_a_commit(bool keep_bytes)
{
	begin();
	if (keep_bytes)
		disk_fail(DISK_ftruncate, EIO, 0, 1);
	disk_fail(DISK_fdatasync, EIO, 0, 1);
	ck_assert_int_eq(deliver(7), -EIO);
	ck_assert(disk_failed(DISK_fdatasync));
	ck_assert_int_eq(store_writable(f.store), 0);
	model_check(m, &f, true);
	ck_assert_int_eq(deliver(3), 0);
	ck_assert_int_eq(expunge(0), 0);
}

/* fdatasync fails once: the mail was refused and never shows, though its octets may be in the file; the next one is taken. Bits of
 * _i: the abandoned segment cannot be cut; the process is killed; the index is lost. */
START_TEST(one_sync_fails)
{
	if (_i & 2) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			fail_a_commit(_i & 1);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		ck_assert(WIFEXITED(status) && !WEXITSTATUS(status));
		fixture_open(&f);
	} else {
		fail_a_commit(_i & 1);
	}
	for (int round = 0; round < 2; round++) {
		reopen(_i & 4);
		ck_assert_int_eq(deliver(5), 0);
		model_check(m, &f, true);
	}
}
END_TEST

/* Flips a bit of a message's text, wherever it lies. */
static void damage(unsigned number)
{
	struct image images[16];
	const size_t n = image_load(&f, images, 16);
	size_t found = 0, len;
	char *text = model_text(number, &len);

	for (size_t i = 0; i < n; i++) {
		uint8_t *at = memmem(images[i].data, images[i].n, text, len);

		if (!at)
			continue;
		at[len / 2] ^= 1;
		image_store(&images[i]);
		found++;
	}
	ck_assert_uint_eq(found, 1);
	free(text);
	image_free(images, n);
}

/* The segment of a failed write stays as it is, and its octets rot. What was refused is nothing to keep or to complain of, whatever it looks
 * like; what was acknowledged is. Bits of _i: damage to the one, to the other. */
START_TEST(damage_behind_a_failed_sync)
{
	static const unsigned acknowledged = 100, refused = 101;
	pid_t pid;
	int status;

	m->next = 30; /* of a size that is in the log as it is */
	pid = fork();
	if (!pid) {
		begin();
		m->next = acknowledged;
		ck_assert_int_eq(deliver(2), 0);
		disk_fail(DISK_ftruncate, EIO, 0, 1);
		disk_fail(DISK_fdatasync, EIO, 0, 1);
		ck_assert_int_eq(deliver(7), -EIO);
		ck_assert_int_eq(deliver(7), 0);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ck_assert(WIFEXITED(status) && !WEXITSTATUS(status));
	if (_i & 1)
		damage(refused);
	if (_i & 2)
		damage(acknowledged);
	for (int round = 0; round < 2; round++) {
		struct store_status s;

		fixture_open(&f);
		ck_assert_int_eq(store_get_status(f.store, &s), 0);
		ck_assert_uint_eq(s.quarantined, round == 0 && _i & 2 ? 1 : 0);
		if (!(_i & 2)) {
			model_check(m, &f, true);
			model_scrub(&f);
		}
		fixture_close(&f);
	}
}
END_TEST

START_TEST(every_sync_fails)
{
	struct store_status status;

	begin();
	disk_fail(DISK_fdatasync, EIO, 0, -1);
	ck_assert_int_eq(deliver(7), -EIO);
	ck_assert_int_eq(store_writable(f.store), -EROFS);
	ck_assert_int_eq(deliver(1), -EROFS);
	ck_assert_int_eq(expunge(0), -EROFS);
	ck_assert_int_eq(store_get_status(f.store, &status), 0);
	ck_assert_int_eq(status.writable, -EROFS);
	model_check(m, &f, true); /* reading goes on */
	fixture_close(&f);
	disk_heal();
	fixture_open(&f);
	ck_assert_int_eq(store_writable(f.store), 0);
	model_check(m, &f, true);
	ck_assert_int_eq(deliver(7), 0);
	reopen(true);
}
END_TEST

/* A write fails half done: as a failed sync, and a full disk is told from a broken one. */
START_TEST(a_write_fails)
{
	int error = _i & 1 ? ENOSPC : EIO;

	begin();
	disk_fail_half(_i & 2);
	disk_fail(DISK_pwritev, error, 0, 1);
	ck_assert_int_eq(deliver(7), -error);
	model_check(m, &f, true);
	ck_assert_int_eq(deliver(3), 0);
	ck_assert_int_eq(expunge(1), 0);
	reopen(_i & 4);
}
END_TEST

/* No room for a segment: mail is refused, what frees room is taken; with room again all goes on. */
START_TEST(no_room_for_segments)
{
	int r = 0, n = 0;

	f.config.segment_size = 3u << 19;
	begin();
	disk_full_above(1u << 20);
	while (!r && n++ < 1100)
		r = deliver(1u << n % 3);
	ck_assert_int_eq(r, -ENOSPC);
	for (n = 0; n < 30; n++)
		ck_assert_int_eq(expunge((unsigned)n % 3), 0);
	model_check(m, &f, true);
	disk_heal();
	for (n = 0; n < 20; n++)
		ck_assert_int_eq(deliver(1u << n % 3), 0);
	reopen(_i & 1);
}
END_TEST

/* Each disk call of a compaction fails once: whatever it comes to, nothing is lost and nothing comes back, now and after a start. */
START_TEST(compaction_fails)
{
	static const enum disk_call calls[] = { DISK_pwrite,    DISK_fdatasync, DISK_fsync,
						DISK_ftruncate, DISK_renameat,  DISK_unlinkat };
	unsigned skip = 0, failed = 0;
	bool hit;

	f.config.segment_size = 48u << 10;
	begin();
	do {
		uint64_t freed;
		int r;

		for (unsigned i = 0; i < 8; i++)
			ck_assert_int_eq(deliver(i == 5 ? 7 : 1u << i % 3), 0);
		reopen(false);
		for (unsigned i = 0; i < 6; i++)
			ck_assert_int_eq(expunge(i % 3), 0);
		settle();
		disk_fail(calls[_i], EIO, skip++, 1);
		r = store_compact(f.store, 0, NULL, NULL, &freed);
		hit = disk_failed(calls[_i]);
		disk_heal();
		ck_assert_int_eq(r, hit ? -EIO : 0);
		failed += hit;
		model_check(m, &f, true);
		if (hit && skip % 2)
			store_compact(f.store, 0, NULL, NULL, &freed);
		model_check(m, &f, true);
		reopen(skip % 2);
	} while (hit);
	ck_assert_uint_ge(failed, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store errors");
	TCase *t = tcase_create("errors");
	SRunner *r;
	int failed;

	if (!getenv("OSNC_VERBOSE"))
		keel_log_to_fd(open("/dev/null", O_WRONLY | O_CLOEXEC)); /* errors are what this is about */
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, one_sync_fails, 0, 8);
	tcase_add_loop_test(t, damage_behind_a_failed_sync, 0, 4);
	tcase_add_test(t, every_sync_fails);
	tcase_add_loop_test(t, a_write_fails, 0, 8);
	tcase_add_loop_test(t, no_room_for_segments, 0, 2);
	tcase_add_loop_test(t, compaction_fails, 0, 6);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

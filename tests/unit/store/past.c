/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stores of the past and of the future. tests/unit/store/fixture is a store as the first version wrote it (`store_past --make DIR`
 * made it; it is never made again): this and every later version opens it and finds what list() says. What a version cannot know it
 * refuses, and says why.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/segment.h"
#include "tests/unit/store/image.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define FIXTURE "tests/unit/store/fixture"

static struct fixture f;

static size_t text_of(unsigned number, char out[8192])
{
	size_t n = (size_t)sprintf(out, "Subject: past %u\r\n\r\n", number);

	for (unsigned i = 0; i < number * 37 % 90; i++)
		n += (size_t)sprintf(out + n, "line %u of message %u, all of it known\r\n", i, number);
	return n;
}

/* ---- making it, once ------------------------------------------------------------------------------------ */

static void deliver(const struct store_account *to, size_t n, unsigned number)
{
	char text[8192];

	ck_assert_int_eq(fixture_deliver(&f, to, n, text, text_of(number, text)), 0);
}

static void alias(const char *name, const char *const *targets)
{
	struct store_txn *txn;

	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	ck_assert_int_eq(store_txn_alias(txn, name, 99, targets), 0);
	ck_assert_int_eq(store_commit_wait(f.store, &txn), 0);
}

static void reopen(bool compress)
{
	fixture_close(&f);
	f.config.compress = compress;
	fixture_open(&f);
}

static const char *make_path;

START_TEST(make)
{
	static const char *const team[] = { "anna@example.org", "bert@example.org", NULL }, *const old[] = {
		"anna@example.org", NULL
	};
	struct store_account a[3], gone;
	struct store_txn *txn;
	uint64_t freed;

	memset(&f, 0, sizeof(f));
	snprintf(f.path, sizeof(f.path), "%s", make_path);
	store_config_defaults(&f.config);
	f.config.background_compaction = false;
	f.config.segment_size = 40u << 10;
	f.config.reserve = 0;
	fixture_open(&f);
	a[0] = fixture_account(&f, "anna@example.org");
	a[1] = fixture_account(&f, "bert@example.org");
	a[2] = fixture_account(&f, "carl@example.net");
	gone = fixture_account(&f, "gone@example.org");
	alias("team@example.org", team);
	alias("old@example.org", old);
	for (unsigned i = 0; i < 30; i++)
		deliver(&a[i % 3], 1, i);
	deliver(&gone, 1, 30);
	for (unsigned i = 0; i < 5; i++)
		fixture_expunge(&f, &a[0], 0);
	reopen(false);
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
	reopen(true);
	for (unsigned i = 31; i < 40; i++)
		deliver(a, 3, i);
	fixture_expunge(&f, &a[1], 0);
	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	ck_assert_int_eq(store_txn_account_remove(txn, &gone), 0);
	ck_assert_int_eq(store_txn_alias(txn, "old@example.org", 99, NULL), 0);
	ck_assert_int_eq(store_txn_domain(txn, "example.com", false), 0);
	ck_assert_int_eq(store_commit_wait(f.store, &txn), 0);
	reopen(false);
	deliver(&a[2], 1, 40); /* in the segment that stays without a footer */
	fixture_expunge(&f, &a[2], 1);
	_exit(0); /* not closed */
}
END_TEST

/* ---- what must be there ---------------------------------------------------------------------------------- */

static void check_account(const char *address, const unsigned *numbers, size_t n, uint32_t uidnext)
{
	struct store_account a;
	struct store_mailbox box;

	ck_assert_int_eq(store_account_find(f.store, address, &a), 0);
	ck_assert_str_eq(a.hash, "*");
	ck_assert_uint_eq(fixture_count(&f, &a), n);
	for (size_t i = 0; i < n; i++) {
		size_t len;
		char want[8192];
		KEEL_AUTO_FREE char *got = fixture_read(&f, &a, i, &len, NULL);

		ck_assert_uint_eq(len, text_of(numbers[i], want));
		ck_assert_int_eq(memcmp(got, want, len), 0);
	}
	ck_assert_int_eq(store_mailbox_status(f.store, &a.id, &box), 0);
	ck_assert_uint_eq(box.uidnext, uidnext);
}

static int one_domain(const char *domain, void *arg)
{
	strcat(strcat(arg, domain), " ");
	return 0;
}

static void list(void)
{
	static const unsigned anna[] = { 15, 18, 21, 24, 27, 31, 32, 33, 34, 35, 36, 37, 38, 39 };
	static const unsigned bert[] = { 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39 };
	static const unsigned carl[] = { 2, 8, 11, 14, 17, 20, 23, 26, 29, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40 };
	struct store_account none;
	struct store_id ids[4];
	char domains[128] = "";
	size_t n = 4;

	check_account("anna@example.org", anna, KEEL_COUNT(anna), 20);
	check_account("bert@example.org", bert, KEEL_COUNT(bert), 20);
	check_account("carl@example.net", carl, KEEL_COUNT(carl), 21);
	ck_assert_int_eq(store_account_find(f.store, "gone@example.org", &none), -ENOENT);
	ck_assert_int_eq(store_resolve(f.store, "team@example.org", ids, NULL, NULL, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(store_resolve(f.store, "old@example.org", ids, NULL, NULL, &n), -ENOENT);
	ck_assert_int_eq(store_each_domain(f.store, one_domain, domains), 0);
	ck_assert_str_eq(domains, "example.com example.net example.org ");
}

/* ---- tests ------------------------------------------------------------------------------------------------ */

static void setup(void)
{
	char command[256];

	ck_assert_msg(!access(FIXTURE "/STORE", R_OK), "no " FIXTURE " here: run this from the top of the tree");
	fixture_make(&f);
	snprintf(command, sizeof(command), "cp -r " FIXTURE "/. %s && chmod -R u+w %s", f.path, f.path);
	ck_assert_int_eq(system(command), 0);
}

static void teardown(void)
{
	fixture_remove(&f);
}

START_TEST(opens_the_first_version)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer report;
	struct store_scrub sum;
	struct image images[16];
	size_t n = image_load(&f, images, KEEL_COUNT(images)), unsealed = 0, compacted = 0, zstd = 0;

	/* The fixture has one of each kind. */
	for (size_t i = 0; i < n; i++) {
		unsealed += !images[i].sealed;
		compacted += images[i].sealed && images[i].trailer.part[FOOTER_REPLACED].length != 0;
		for (size_t at = SEGMENT_HEADER; at + RECORD_HEADER <= images[i].n; at += 8) {
			struct record r;

			if (!record_decode(images[i].data + at, images[i].salt, &r))
				zstd += (r.flags & RECORD_ZSTD) != 0;
		}
	}
	ck_assert(unsealed > 0 && compacted > 0 && zstd > 0 && n >= 3);
	image_free(images, n);
	keel_buffer_init(&report, 0);
	for (int round = 0; round < 3; round++) {
		uint64_t freed;

		fixture_open(&f);
		list();
		ck_assert_int_eq(store_scrub(f.store, NULL, NULL, &report, &sum), 0);
		ck_assert_uint_eq(sum.bad_records + sum.missing + sum.index_errors, 0);
		if (round == 1)
			ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
		list();
		fixture_close(&f);
		image_lose_index(&f);
	}
}
END_TEST

/* Replaces a line of STORE and makes its checksum right again. */
static void change_identity(const char *line, const char *by)
{
	char path[128], text[1024] = "", changed[1024], *at;
	FILE *file;

	snprintf(path, sizeof(path), "%s/STORE", f.path);
	file = fopen(path, "r");
	ck_assert(file && fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	*strstr(text, "crc ") = '\0';
	at = strstr(text, line);
	ck_assert_ptr_nonnull(at);
	*at = '\0';
	snprintf(changed, sizeof(changed), "%s%s%s", text, by, at + strlen(line));
	file = fopen(path, "w");
	ck_assert_int_gt(fprintf(file, "%scrc %08x\n", changed, crc32c(0, changed, strlen(changed))), 0);
	fclose(file);
}

START_TEST(refuses_what_it_cannot_know)
{
	static const struct {
		const char *line, *by, *says;
		int error;
	} cases[] = {
		{ "compat 0\nro", "compat 80\nro", NULL, 0 }, /* ignored */
		{ "ro-compat 0\n", "ro-compat 4\n", "ro-compat 4", -EPROTONOSUPPORT },
		{ "\nincompat 0\n", "\nincompat 10\n", "incompat 10", -EPROTONOSUPPORT },
		{ "osnc-store 1\n", "osnc-store 2\n", "store version 2, this program knows 1: use a newer one",
		  -EPROTONOSUPPORT },
		{ "uuid ", "uuid x", "STORE: damaged", -EBADMSG },
		{ "node ", "mode ", "STORE: damaged", -EBADMSG },
	};
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	int r;

	keel_buffer_init(&error, 0);
	change_identity(cases[_i].line, cases[_i].by);
	r = store_open(f.path, &f.config, &error, &f.store);
	ck_assert_msg(r == cases[_i].error, "%d %s", r, keel_buffer_text(&error));
	if (cases[_i].says)
		ck_assert_msg(strstr(keel_buffer_text(&error), cases[_i].says) &&
				      strstr(keel_buffer_text(&error), f.path),
			      "%s", keel_buffer_text(&error));
	else
		list();
}
END_TEST

/* Not ours to make over: no STORE but a log; one bit of STORE. */
START_TEST(refuses_a_half_store)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	char path[128], text[1024];
	FILE *file;

	keel_buffer_init(&error, 0);
	snprintf(path, sizeof(path), "%s/STORE", f.path);
	if (_i) {
		file = fopen(path, "r+");
		ck_assert(file && fread(text, 1, 60, file) == 60);
		rewind(file);
		text[30] ^= 1;
		ck_assert_uint_eq(fwrite(text, 1, 60, file), 60);
		fclose(file);
	} else {
		unlink(path);
	}
	ck_assert_int_eq(store_open(f.path, &f.config, &error, &f.store), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), _i ? "STORE: damaged" : "has a log but no STORE file"));
	if (!_i)
		ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("store past");
	TCase *t = tcase_create("past");
	SRunner *r;
	int failed;

	keel_log_set_level(KEEL_LOG_ERROR);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	if (argc == 3 && !strcmp(argv[1], "--make")) {
		make_path = argv[2];
		srunner_set_fork_status(r, CK_NOFORK);
		tcase_add_test(t, make);
	} else {
		tcase_add_checked_fixture(t, setup, teardown);
		tcase_set_timeout(t, 60);
		tcase_add_test(t, opens_the_first_version);
		tcase_add_loop_test(t, refuses_what_it_cannot_know, 0, 6);
		tcase_add_loop_test(t, refuses_a_half_store, 0, 2);
	}
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

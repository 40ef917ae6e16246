/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mailboxes out and in again: what another account then holds is the same, octet for octet. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/store/fixture.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

static struct fixture f;

static void setup(void)
{
	fixture_make(&f);
	fixture_open(&f);
}

static void teardown(void)
{
	fixture_remove(&f);
}

/* Where a test's files go: into the store's directory, which is removed whole. */
static const char *place(const char *name)
{
	static char path[4][128];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", f.path, name);
	return path[i];
}

static void put_file(const char *path, const char *text, size_t n)
{
	FILE *to = fopen(path, "w");

	ck_assert(to && fwrite(text, 1, n, to) == n && !fclose(to));
}

static char *get_file(const char *path)
{
	char *text = calloc(1, 1 << 16);
	FILE *from = fopen(path, "r");

	ck_assert_ptr_nonnull(from);
	ck_assert_uint_lt(fread(text, 1, (1 << 16) - 1, from), (1 << 16) - 1);
	fclose(from);
	return text;
}

static int import(const struct store_account *a, enum store_format format, const char *path, uint64_t *n,
		  const char *complaint)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	int r;

	keel_buffer_init(&error, 0);
	r = store_import(f.store, a, format, path, NULL, NULL, &error, n);
	if (complaint)
		ck_assert_msg(strstr(keel_buffer_text(&error), complaint) != NULL, "%s", keel_buffer_text(&error));
	else
		ck_assert_msg(!r, "%d %s", r, keel_buffer_text(&error));
	return r;
}

static int export(const struct store_account *a, enum store_format format, const char *path, uint64_t *n,
		  const char *complaint)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	int r;

	keel_buffer_init(&error, 0);
	r = store_export(f.store, a, format, path, NULL, NULL, &error, n);
	if (complaint)
		ck_assert_msg(strstr(keel_buffer_text(&error), complaint) != NULL, "%s", keel_buffer_text(&error));
	else
		ck_assert_msg(!r, "%d %s", r, keel_buffer_text(&error));
	return r;
}

struct sample {
	const char *text;
	const char *return_path;
};

static const struct sample samples[] = {
	{ "Subject: plain\r\n\r\nbody\r\n", "from@example.org" },
	{ "", "empty@example.org" },
	{ "\r\n", "" },
	{ "\r\nno header\r\n", "x@example.org" },
	{ "Subject: quoting\r\n\r\nFrom here\r\n>From there\r\n>>>From far\r\n> From not\r\nFrom\r\nFrom: x\r\n\r\nFrom last\r\n",
	  "a@b.c" },
	{ "From the first line\r\n", "a@b.c" },
	{ "Subject: empty lines\r\n\r\n\r\n\r\nx\r\n\r\n\r\n", "a@b.c" },
	{ "Subject: bare CR\r\n\r\na\rb\r\nc\r\n", "a@b.c" },
	{ "Return-Path: <forged@example.org>\r\nDelivered-To: forged@example.org\r\nSubject: looks like ours\r\n\r\nx\r\n",
	  "true@example.org" },
	{ "Return-Path: <half@example.org>\r\nSubject: half of it\r\n\r\nx\r\n", "" },
	{ "Subject: octets\r\n\r\n\xff\xfe\x80 \xc3\xa4 caf\xc3\xa9\r\n", "\xc3\xa4@example.org" },
	{ "Subject: no line end\r\n\r\nends in From", "a@b.c" },
	{ "Subject: no line end\r\n\r\nends in\r\nFro", "a@b.c" },
	{ "Subject: no line end\r\n\r\nends in CR\r", "a@b.c" },
};

static void deliver(const struct store_account *a, const char *text, size_t n, const char *return_path, uint64_t date)
{
	struct store_delivery d = { .account = a->id,
				    .bucket = a->bucket,
				    .date = date,
				    .return_path = return_path,
				    .delivered_to = a->address };
	struct store_body *body;
	struct store_txn *txn;

	d.size = n + strlen("Return-Path: <>\r\nDelivered-To: \r\n") + strlen(return_path) + strlen(a->address);
	ck_assert_int_eq(store_body_new(f.store, &body), 0);
	ck_assert_int_eq(store_body_append(body, text, n), 0);
	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	ck_assert_int_eq(store_txn_deliver(txn, &body, &d, 1), 0);
	ck_assert_int_eq(store_commit_wait(f.store, &txn), 0);
}

static void check_message(const struct store_message *m, const char *want, size_t want_len, const char *return_path,
			  const char *delivered_to, bool line_end_added)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer got;
	struct store_reader *reader;
	const uint8_t *data;
	ssize_t n;

	keel_buffer_init(&got, 0);
	ck_assert_int_eq(store_reader_open(f.store, m, &reader), 0);
	ck_assert_str_eq(store_reader_return_path(reader), return_path);
	ck_assert_str_eq(store_reader_delivered_to(reader), delivered_to);
	while ((n = store_reader_next(reader, true, &data)) > 0)
		keel_buffer_append(&got, data, (size_t)n);
	ck_assert_int_eq(n, 0);
	store_reader_free(&reader);
	/* A message without a line end at its end cannot be said in an mbox. */
	if (line_end_added && want_len && want[want_len - 1] != '\n') {
		ck_assert_uint_ge(got.len, 2);
		got.len -= want[want_len - 1] == '\r' ? 1 : 2;
	}
	ck_assert_uint_eq(got.len, want_len);
	ck_assert(!want_len || !memcmp(got.data, want, want_len));
}

START_TEST(round_trip)
{
	enum store_format format = _i ? STORE_MBOX : STORE_MAILDIR;
	struct store_account a = fixture_account(&f, "a@example.org"), b = fixture_account(&f, "bb@example.org");
	KEEL_AUTO_FREE struct store_message *was = NULL, *is = NULL;
	uint64_t out = 0, in = 0;
	size_t n;

	for (size_t i = 0; i < KEEL_COUNT(samples); i++)
		deliver(&a, samples[i].text, strlen(samples[i].text), samples[i].return_path, 1000000000 + i * 100000);
	export(&a, format, place("out"), &out, NULL);
	ck_assert_uint_eq(out, KEEL_COUNT(samples));
	import(&b, format, place("out"), &in, NULL);
	ck_assert_uint_eq(in, out);
	ck_assert_int_eq(store_mailbox_list(f.store, &a.id, &was, &n), 0);
	ck_assert_int_eq(store_mailbox_list(f.store, &b.id, &is, &n), 0);
	ck_assert_uint_eq(n, out);
	for (size_t i = 0; i < n; i++) {
		check_message(&is[i], samples[i].text, strlen(samples[i].text), samples[i].return_path, a.address,
			      format == STORE_MBOX);
		if (format == STORE_MBOX)
			ck_assert_uint_eq(is[i].date, was[i].date);
		if (format == STORE_MAILDIR)
			ck_assert_uint_eq(is[i].size, was[i].size);
	}
}
END_TEST

/* Larger than what any buffer on the way holds, and lines longer than that. */
START_TEST(large)
{
	enum store_format format = _i ? STORE_MBOX : STORE_MAILDIR;
	struct store_account a = fixture_account(&f, "a@example.org"), b = fixture_account(&f, "bb@example.org");
	size_t len = 6u << 20, n;
	KEEL_AUTO_FREE char *text = malloc(len);
	KEEL_AUTO_FREE struct store_message *list = NULL;
	uint64_t count;

	for (size_t i = 0; i < len; i++)
		text[i] = (char)(' ' + i % 90);
	for (size_t i = 200; i + 1 < len; i += i < 1u << 20 ? 77 : 300000) {
		text[i] = '\r';
		text[i + 1] = '\n';
	}
	memcpy(text + len - 2, "\r\n", 2);
	deliver(&a, text, len, "big@example.org", 5);
	export(&a, format, place("out"), &count, NULL);
	import(&b, format, place("out"), &count, NULL);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(store_mailbox_list(f.store, &b.id, &list, &n), 0);
	ck_assert_uint_eq(n, 1);
	check_message(list, text, len, "big@example.org", a.address, false);
}
END_TEST

/* An mbox as another program wrote it: LF or CRLF, dates, no empty line at the end, a From that is no separator. */
START_TEST(foreign_mbox)
{
	static const char lf[] = "From a@b Thu Jan  1 00:01:40 1970\nSubject: 1\n\nfrom\nFrom here\n>From there\n\n"
				 "From c@d Sat Sep  9 01:46:40 2001\nReceived: x\n\nlast";
	static const char *const want[] = { "Subject: 1\r\n\r\nfrom\r\nFrom here\r\nFrom there\r\n",
					    "Received: x\r\n\r\nlast" };
	struct store_account a = fixture_account(&f, "a@example.org");
	KEEL_AUTO_FREE struct store_message *list = NULL;
	char crlf[2 * sizeof(lf)];
	size_t n, at = 0;
	uint64_t count;

	for (size_t i = 0; i < sizeof(lf) - 1; i++) {
		if (lf[i] == '\n')
			crlf[at++] = '\r';
		crlf[at++] = lf[i];
	}
	put_file(place("lf"), lf, sizeof(lf) - 1);
	put_file(place("crlf"), crlf, at);
	import(&a, STORE_MBOX, place("lf"), &count, NULL);
	ck_assert_uint_eq(count, 2);
	import(&a, STORE_MBOX, place("crlf"), &count, NULL);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(store_mailbox_list(f.store, &a.id, &list, &n), 0);
	ck_assert_uint_eq(n, 4);
	for (size_t i = 0; i < n; i++) {
		check_message(&list[i], want[i % 2], strlen(want[i % 2]), "", a.address, false);
		ck_assert_uint_eq(list[i].date, i % 2 ? 1000000000 : 100);
	}
}
END_TEST

START_TEST(what_an_mbox_looks_like)
{
	struct store_account a = fixture_account(&f, "a@example.org");
	uint64_t count;

	deliver(&a, "Subject: x\r\n\r\nFrom me\r\n", 23, "s@example.org", 1000000000);
	export(&a, STORE_MBOX, place("out"), &count, NULL);
	KEEL_AUTO_FREE char *text = get_file(place("out"));

	ck_assert_str_eq(
		text,
		"From MAILER-DAEMON Sun Sep  9 01:46:40 2001\nReturn-Path: <s@example.org>\nDelivered-To: a@example.org\n"
		"Subject: x\n\n>From me\n\n");
}
END_TEST

START_TEST(complaints)
{
	struct store_account a = fixture_account(&f, "a@example.org");
	uint64_t count = 7;
	char *big;

	put_file(place("text"), "Subject: no mbox\n\nx\n", 20);
	ck_assert_int_eq(export(&a, STORE_MBOX, place("text"), &count, "File exists"), -EEXIST);
	ck_assert_int_eq(export(&a, STORE_MAILDIR, place("text"), &count, "File exists"), -EEXIST);
	ck_assert_int_eq(export(&a, STORE_MAILDIR, place("no/where"), &count, "No such file"), -ENOENT);
	ck_assert_uint_eq(count, 7);
	KEEL_AUTO_FREE char *still = get_file(place("text"));

	ck_assert_str_eq(still, "Subject: no mbox\n\nx\n");
	ck_assert_int_eq(import(&a, STORE_MBOX, place("text"), &count, "does not begin with a From line"), -EBADMSG);
	ck_assert_int_eq(import(&a, STORE_MBOX, place("nothing"), &count, "No such file"), -ENOENT);
	ck_assert_int_eq(import(&a, STORE_MBOX, f.path, &count, "directory"), -EISDIR);
	ck_assert_int_eq(import(&a, STORE_MAILDIR, place("text"), &count, "no Maildir"), -ENOTDIR);
	ck_assert_int_eq(import(&a, STORE_MAILDIR, f.path, &count, "no Maildir"), -ENOENT);
	ck_assert_uint_eq(fixture_count(&f, &a), 0);
	put_file(place("blank"), "", 0);
	ck_assert_int_eq(import(&a, STORE_MBOX, place("blank"), &count, NULL), 0);
	ck_assert_uint_eq(count, 0);
	big = malloc(f.config.message_size + 100);
	memset(big, 'x', f.config.message_size + 100);
	memcpy(big, "From a Thu Jan  1 00:00:00 1970\n", 32);
	put_file(place("big"), big, f.config.message_size + 100);
	free(big);
	ck_assert_int_eq(import(&a, STORE_MBOX, place("big"), &count, "larger"), -EFBIG);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store export");
	TCase *t = tcase_create("export");
	SRunner *r;
	int failed;

	keel_log_set_level(KEEL_LOG_ERROR);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, round_trip, 0, 2);
	tcase_add_loop_test(t, large, 0, 2);
	tcase_add_test(t, foreign_mbox);
	tcase_add_test(t, what_an_mbox_looks_like);
	tcase_add_test(t, complaints);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Trace fields, addresses and dates. */
#include "porcupined/message/message.h"
#include "tools/lib/keel/cleanup.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static struct keel_buffer out;

static void fresh(void)
{
	keel_buffer_init(&out, 0);
}

static void release(void)
{
	keel_buffer_free(&out);
}

/* RFC 5321 4.4 */
START_TEST(received_fields)
{
	static const struct {
		struct message_trace trace;
		const char *text;
	} rows[] = {
		{ { "c.example", "192.0.2.1", "mx.example", "ESMTP", NULL, "0a1b", 0 },
		  "Received: from c.example ([192.0.2.1])\r\n\tby mx.example with ESMTP id 0a1b;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n" },
		{ { "[192.0.2.1]", "2001:db8::1", "mx.example", "LMTPS", "TLSv1.3 TLS_AES_256_GCM_SHA384", NULL,
		    1795487765 },
		  "Received: from [192.0.2.1] ([IPv6:2001:db8::1])\r\n\tby mx.example with LMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384);\r\n"
		  "\tTue, 24 Nov 2026 02:36:05 +0000\r\n" },
		{ { "", NULL, "mx", "SMTP", NULL, "x", 1 },
		  "Received: from unknown\r\n\tby mx with SMTP id x;\r\n\tThu, 01 Jan 1970 00:00:01 +0000\r\n" },
		{ { "a\r\nEvil: (x) ;", "", "mx", "SMTP", "a)\n", "\x7f", 1 },
		  "Received: from a?"
		  "?Evil:?"
		  "?x?"
		  "?"
		  "?\r\n\tby mx with SMTP (a?"
		  "?) id ?;\r\n\tThu, 01 Jan 1970 00:00:01 +0000\r\n" },
	};

	for (unsigned i = 0; i < KEEL_COUNT(rows); i++) {
		keel_buffer_clear(&out);
		ck_assert_int_eq(message_trace_append(&out, &rows[i].trace), 0);
		ck_assert_str_eq(keel_buffer_text(&out), rows[i].text);
	}
}
END_TEST

START_TEST(long_values_are_cut)
{
	struct message_trace trace = { "", NULL, "mx", "SMTP", NULL, NULL, 0 };
	char name[2000];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	trace.helo = trace.host = trace.id = trace.address = name;
	ck_assert_int_eq(message_trace_append(&out, &trace), 0);
	for (const char *line = keel_buffer_text(&out); *line; line = strchr(line, '\n') + 1)
		ck_assert_int_le(strchr(line, '\n') - line, 998);
}
END_TEST

START_TEST(delivery_fields)
{
	ck_assert_int_eq(message_return_path_append(&out, ""), 0);
	ck_assert_int_eq(message_return_path_append(&out, "a@b.example"), 0);
	ck_assert_int_eq(message_delivered_to_append(&out, "u@d.example\r\nX: y"), 0);
	ck_assert_str_eq(keel_buffer_text(&out),
			 "Return-Path: <>\r\nReturn-Path: <a@b.example>\r\nDelivered-To: u@d.example?"
			 "?X: y\r\n");
}
END_TEST

START_TEST(all_or_nothing)
{
	const struct message_trace trace = { "c", "192.0.2.1", "mx", "SMTP", NULL, "x", 1 };

	for (size_t limit = 1; limit < 90; limit++) {
		struct keel_buffer small;

		keel_buffer_init(&small, limit);
		keel_buffer_putc(&small, '!');
		if (message_trace_append(&small, &trace)) {
			ck_assert_int_eq(small.failed, -EMSGSIZE);
			ck_assert_uint_eq(small.len, 1);
		} else {
			ck_assert_uint_ge(limit, 80);
		}
		keel_buffer_free(&small);
	}
}
END_TEST

START_TEST(addresses_are_quoted_where_they_must_be)
{
	static const struct {
		const char *local, *domain, *text;
	} rows[] = {
		{ "", "", "" },
		{ "a.b", "c", "a.b@c" },
		{ "postmaster", "", "postmaster" },
		{ "a b", "c", "\"a b\"@c" },
		{ "", "c", "\"\"@c" },
		{ ".a", "c", "\".a\"@c" },
		{ "a.", "c", "\"a.\"@c" },
		{ "a..b", "c", "\"a..b\"@c" },
		{ "a\"b\\c", "d", "\"a\\\"b\\\\c\"@d" },
		{ "a@b>", "c", "\"a@b>\"@c" },
		{ "\xc3\xbc", "\xc3\xbc.example", "\xc3\xbc@\xc3\xbc.example" },
	};

	for (unsigned i = 0; i < KEEL_COUNT(rows); i++) {
		keel_buffer_clear(&out);
		ck_assert_int_eq(message_address_append(&out, rows[i].local, rows[i].domain), 0);
		ck_assert_str_eq(keel_buffer_text(&out), rows[i].text);
	}
}
END_TEST

/* RFC 5322 3.3, against the C library's calendar. */
START_TEST(dates)
{
	static const uint64_t some[] = { 0, 951782400, 951868800, 1709164799, 1709164800, 4107542400, 253402300799 };
	uint64_t state = 1;
	char text[64];

	for (unsigned i = 0; i < 20000; i++) {
		time_t t = (time_t)(i < KEEL_COUNT(some) ? some[i] : state % 253402300800);
		struct tm tm;

		state = state * 6364136223846793005 + 1442695040888963407;
		gmtime_r(&t, &tm);
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
		keel_buffer_clear(&out);
		ck_assert_int_eq(message_date_append(&out, (uint64_t)t), 0);
		ck_assert_str_eq(keel_buffer_text(&out), text);
	}
	keel_buffer_clear(&out);
	message_date_append(&out, UINT64_MAX);
	ck_assert_str_eq(keel_buffer_text(&out), "Fri, 31 Dec 9999 23:59:59 +0000");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message_trace");
	TCase *tc = tcase_create("trace");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, fresh, release);
	tcase_add_test(tc, received_fields);
	tcase_add_test(tc, long_values_are_cut);
	tcase_add_test(tc, delivery_fields);
	tcase_add_test(tc, all_or_nothing);
	tcase_add_test(tc, addresses_are_quoted_where_they_must_be);
	tcase_add_test(tc, dates);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

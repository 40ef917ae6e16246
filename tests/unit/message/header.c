// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a header ends and how often a message was received. */
#include "porcupined/message/message.h"
#include "tools/lib/keel/cleanup.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const struct row {
	const char *header, *body;
	unsigned received;
	bool ended;
} rows[] = {
	{ "", "", 0, false },
	{ "\r\n", "", 0, true },
	{ "\r\n", "Received: body", 0, true },
	{ "\n", "x", 0, true },
	{ "a: b\r\n\r\n", "body", 0, true },
	{ "a: b\n\n", "body", 0, true },
	{ "a: b\r\n", "", 0, false },
	{ "a: b", "", 0, false },
	{ "Received: x\r\nreceived : y\r\nRECEIVED\t \t: z\r\n\r\n", "Received: w\r\n", 3, true },
	{ "Received: x\r\n Received: folded\r\nX-Received: n\r\nReceivedx: n\r\nReceive: n\r\nReceived\r\n\r\n", "", 1,
	  true },
	{ "a\r\n\rb\r\n\r\n", "", 0, true },
	{ "Rec\x05ived: n\r\n\r\n", "\r\n", 0, true },
	{ "receive\x44: y\r\n\r\n", "x", 1, true },
};

START_TEST(headers)
{
	const struct row *row = &rows[_i];
	char text[256];
	size_t n;

	snprintf(text, sizeof(text), "%s%s", row->header, row->body);
	n = strlen(text);
	for (size_t piece = 1; piece <= n + 1; piece++) {
		struct message_header h;

		message_header_init(&h);
		for (size_t at = 0; at < n; at += piece) {
			const size_t len = piece < n - at ? piece : n - at;
			uint8_t *copy = malloc(len);

			memcpy(copy, text + at, len);
			message_header_feed(&h, copy, len);
			free(copy);
		}
		ck_assert_uint_eq(h.length, strlen(row->header));
		ck_assert_uint_eq(h.received, row->received);
		ck_assert_int_eq(h.ended, row->ended);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message_header");
	TCase *tc = tcase_create("header");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, headers, 0, KEEL_COUNT(rows));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

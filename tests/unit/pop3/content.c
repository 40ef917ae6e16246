// SPDX-License-Identifier: GPL-2.0-or-later
/* RETR and TOP: dialogues, and any octets in any pieces against a slow obvious twin. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/pop3/dialogue.h"

#define ERR "S: -ERR "
#define MESSAGE_MAX 400
#define ROUNDS 20000

/* clang-format off */
static const struct dialogue dialogues[] = {
{ "1939-3 a dot at the start of a line is doubled, no other",
	GREETING LOGIN_THREE "C: RETR 2\nE: RETR 1 -1\nS: +OK 16 octets\nS: C: d\nS: \nS: ..2\nS: ...\nS: .\nC: RETR 1\nE: RETR 0 -1\n"
	"S: +OK 13 octets\nS: A: b\nS: \nS: one\nS: .\n" QUIT },
{ "1939-3 a message of dots; one that ends in a dot",
	GREETING "M: .\\r\\n.\\r\\n..\\r\\n\nM: a.\\r\\n.b.c.\n" LOGIN "S: +OK 2 messages (19 octets)\n"
	"C: RETR 1\nE: RETR 0 -1\nS: +OK 10 octets\nS: ..\nS: ..\nS: ...\nS: .\n"
	"C: RETR 2\nE: RETR 1 -1\nS: +OK 9 octets\nS: a.\nS: ..b.c.\nS: .\n" QUIT },
{ "1939-3 a message that does not end in CRLF gets one; an empty one gets none",
	GREETING "M: a\\r\\nb\nM: \nM: a\\r\n" LOGIN "S: +OK 3 messages (6 octets)\n"
	"C: RETR 1\nE: RETR 0 -1\nS: +OK 4 octets\nS: a\nS: b\nS: .\nC: RETR 2\nE: RETR 1 -1\nS: +OK 0 octets\nS: .\n"
	"C: RETR 3\nE: RETR 2 -1\nS: +OK 2 octets\nS: a\\r\nS: .\n" QUIT },
{ "1939-7 TOP: the header, its empty line, and so many lines of the body",
	GREETING "M: A: b\\r\\nC: d\\r\\n\\r\\n.1\\r\\n2\\r\\n\\r\\n4\n" LOGIN "S: +OK 1 message (24 octets)\n"
	"C: TOP 1 0\nE: RETR 0 0\nS: +OK\nS: A: b\nS: C: d\nS: \nS: .\n"
	"C: TOP 1 1\nE: RETR 0 1\nS: +OK\nS: A: b\nS: C: d\nS: \nS: ..1\nS: .\n"
	"C: TOP 1 3\nE: RETR 0 3\nS: +OK\nS: A: b\nS: C: d\nS: \nS: ..1\nS: 2\nS: \nS: .\n"
	"C: TOP 1 4\nE: RETR 0 4\nS: +OK\nS: A: b\nS: C: d\nS: \nS: ..1\nS: 2\nS: \nS: 4\nS: .\n"
	"C: TOP 1 99999999999999999999\nE: RETR 0 9223372036854775807\nS: +OK\nS: A: b\nS: C: d\nS: \nS: ..1\nS: 2\nS: \nS: 4\nS: .\n" QUIT },
{ "1939-7 TOP of a message without a body, without a header, without anything",
	GREETING "M: A: b\\r\\n\nM: \\r\\nx\\r\\ny\\r\\n\nM: \n" LOGIN "S: +OK 3 messages (14 octets)\n"
	"C: TOP 1 5\nE: RETR 0 5\nS: +OK\nS: A: b\nS: .\nC: TOP 2 1\nE: RETR 1 1\nS: +OK\nS: \nS: x\nS: .\n"
	"C: TOP 3 0\nE: RETR 2 0\nS: +OK\nS: .\n" QUIT },
{ "1939-5 a message that cannot be read: -ERR, and the session goes on",
	GREETING LOGIN_ONE "C: RETR 1\nE: RETR 0 -1\nA: STORAGE\n" ERR "[SYS/PERM] The message is damaged\nC: TOP 1 0\nE: RETR 0 0\n"
	"A: TRY_AGAIN\n" ERR "[SYS/TEMP] Try again later\nC: STAT\nS: +OK 1 13\n" QUIT },
{ "1939-5 damage behind the first octets: the session ends without the final dot",
	GREETING LOGIN_ONE "C: RETR 1\nC: QUIT\nE: RETR 0 -1\nA: STORAGE 10\nS: +OK 13 octets\nS: A: b\nS: \nP: on\nE: CLOSE\n" },
{ "1939-5 damage told at the end of all octets: no final dot",
	GREETING LOGIN_ONE "C: RETR 1\nE: RETR 0 -1\nA: STORAGE 13\nS: +OK 13 octets\nS: A: b\nS: \nS: one\nE: CLOSE\n" },
{ "6856-5 an internationalised message without UTF8: [UTF8]; its size and id are told, it can be deleted",
	GREETING "U: A: \\xc3\\xbc\\r\\n\\r\\n\n" ONE LOGIN "S: +OK 2 messages (22 octets)\nC: LIST 1\nS: +OK 1 9\n"
	"C: RETR 1\n" ERR "[UTF8] The message needs UTF8 mode\nC: TOP 1 0\n" ERR "[UTF8] The message needs UTF8 mode\n"
	"C: TOP 2 0\nE: RETR 1 0\nS: +OK\nS: A: b\nS: \nS: .\nC: DELE 1\nS: +OK Marked\nC: QUIT\nE: UPDATE 0\nS: +OK Bye\nE: CLOSE\n" },
{ "6856-2.1 an internationalised message in UTF8 mode",
	GREETING "U: A: \\xc3\\xbc\\r\\n\\r\\n\n" "C: UTF8\nS: +OK UTF8 mode\n" LOGIN "S: +OK 1 message (9 octets)\n"
	"C: RETR 1\nE: RETR 0 -1\nS: +OK 9 octets\nS: A: \\xc3\\xbc\nS: \nS: .\n" QUIT },
};
/* clang-format on */

START_TEST(dialogues_hold)
{
	ck_assert_uint_eq(dialogue_run(dialogues, sizeof(dialogues) / sizeof(dialogues[0])), 0);
}
END_TEST

/* Line by line, octet by octet. A line ends in LF: most clients read so, and would take LF . CR LF for the end. */
static void twin(const uint8_t *message, size_t len, int64_t top, struct keel_buffer *out)
{
	bool in_body = false;
	size_t at = 0;

	while (at < len && !(top == 0 && in_body)) {
		size_t end = at;

		while (end < len && message[end] != '\n')
			end++;
		end += end < len;
		if (message[at] == '.')
			keel_buffer_putc(out, '.');
		for (size_t i = at; i < end; i++)
			keel_buffer_putc(out, message[i]);
		if (in_body && top > 0)
			top--;
		if ((end - at == 1 && message[at] == '\n') ||
		    (end - at == 2 && message[at] == '\r' && message[at + 1] == '\n'))
			in_body = true;
		at = end;
	}
	if (at && message[at - 1] != '\n')
		keel_buffer_puts(out, "\r\n");
	keel_buffer_puts(out, ".\r\n");
}

static uint32_t state;

static uint32_t draw(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

static void start(struct pop3_session *s, int64_t top, struct keel_buffer *out)
{
	uint8_t text[64];
	const uint8_t *at = text;
	const int n = top < 0 ? snprintf((char *)text, sizeof(text), "RETR 1\r\n")
			      : snprintf((char *)text, sizeof(text), "TOP 1 %d\r\n", (int)top);

	ck_assert_int_eq(pop3_session_step(s, &at, text + n, out), POP3_EVENT_RETR);
}

START_TEST(any_octets_in_any_pieces)
{
	static const char alphabet[] = "....\r\n\r\n\r\n\r\n\n\rab";
	const char *seed = getenv("OSNC_SEED");
	const struct pop3_message one = { .size = 7 };
	const struct pop3_config config = { .hostname = "mx.example" };
	const uint8_t *at = (const uint8_t *)"USER u\r\nPASS p\r\n";
	struct keel_buffer out, expected;
	struct pop3_session *s;

	state = seed ? (uint32_t)strtoul(seed, NULL, 10) : (uint32_t)time(NULL);
	printf("OSNC_SEED=%u\n", state);
	fflush(stdout);
	keel_buffer_init(&out, 0);
	keel_buffer_init(&expected, 0);
	s = pop3_session_new(&config);
	pop3_session_greet(s, true, false, POP3_REASON_NONE, &out);
	ck_assert_int_eq(pop3_session_step(s, &at, at + 16, &out), POP3_EVENT_LOGIN);
	pop3_session_login(s, POP3_REASON_NONE, &one, 1, &out);
	for (unsigned round = 0; round < ROUNDS; round++) {
		const size_t len = draw(draw(2) ? 12 : MESSAGE_MAX);
		const int64_t top = draw(3) ? (int64_t)draw(6) - 1 : -1;
		uint8_t message[MESSAGE_MAX];
		bool more = true;

		for (size_t i = 0; i < len; i++)
			message[i] = (uint8_t)alphabet[draw(sizeof(alphabet) - 1)];
		keel_buffer_clear(&out);
		keel_buffer_clear(&expected);
		start(s, top, &out);
		for (size_t i = 0, n; i < len && more; i += n) {
			uint8_t *octets;

			n = draw(4) ? 1 + draw(9) : len;
			if (n > len - i)
				n = len - i;
			octets = malloc(n);
			memcpy(octets, message + i, n);
			more = pop3_session_content(s, octets, n, &out);
			free(octets);
		}
		pop3_session_content_end(s, POP3_REASON_NONE, &out);
		keel_buffer_puts(&expected, top < 0 ? "+OK 7 octets\r\n" : "+OK\r\n");
		twin(message, len, top, &expected);
		ck_assert_msg(out.len == expected.len && !memcmp(out.data, expected.data, out.len),
			      "round %u, %zu octets, top %d", round, len, (int)top);
	}
	keel_buffer_free(&expected);
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

/* TOP stops asking as soon as it has all, so that the rest is not read from the disk. */
START_TEST(top_stops_early)
{
	const struct pop3_message one = { .size = 7 };
	const struct pop3_config config = { .hostname = "mx.example" };
	const uint8_t *at = (const uint8_t *)"USER u\r\nPASS p\r\n";
	struct pop3_session *s = pop3_session_new(&config);
	struct keel_buffer out;

	keel_buffer_init(&out, 0);
	pop3_session_greet(s, true, false, POP3_REASON_NONE, &out);
	ck_assert_int_eq(pop3_session_step(s, &at, at + 16, &out), POP3_EVENT_LOGIN);
	pop3_session_login(s, POP3_REASON_NONE, &one, 1, &out);
	start(s, 0, &out);
	ck_assert(pop3_session_content(s, (const uint8_t *)"A: b\r\n\r", 7, &out));
	ck_assert(!pop3_session_content(s, (const uint8_t *)"\n", 1, &out));
	pop3_session_content_end(s, POP3_REASON_NONE, &out);
	start(s, 1, &out);
	ck_assert(!pop3_session_content(s, (const uint8_t *)"A: b\r\n\r\nx\r\ny\r\n", 14, &out));
	pop3_session_content_end(s, POP3_REASON_NONE, &out);
	start(s, -1, &out);
	ck_assert(pop3_session_content(s, (const uint8_t *)"A: b\r\n\r\nx\r\ny\r\n", 14, &out));
	pop3_session_content_end(s, POP3_REASON_NONE, &out);
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3_content");
	TCase *tc = tcase_create("content");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, dialogues_hold);
	tcase_add_test(tc, any_octets_in_any_pieces);
	tcase_add_test(tc, top_stops_early);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* DATA: where a message ends, what is refused, limits of its text. */
#include "tests/unit/smtp/dialogue.h"
#include "tools/lib/keel/cleanup.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
static const struct dialogue dialogues[] = {
{ "5321-4.1.1.4 an empty message", EHLO MAIL RCPT DATA "C: .\n" COMMIT QUIT },
{ "5321-4.5.2 the stuffed dot is dropped, other dots stay",
	EHLO MAIL RCPT DATA "C: ..\nC: ...\nC: .x\nC: x.\nC: a.b\nC: .\nB: .\\r\\n..\\r\\nx\\r\\nx.\\r\\na.b\\r\\n\n" COMMIT },
{ "5321-2.3.7 all other octets pass: NUL, controls, 8 bits",
	EHLO MAIL RCPT DATA "R: \\0\\x01\\t\\x7f\\x80\\xff\\r\\n.\\r\\n\nB: \\0\\x01\\t\\x7f\\x80\\xff\\r\\n\n" COMMIT },
{ "5321-4.5.3.1.6 without a limit a line of 100000 octets passes",
	EHLO MAIL RCPT DATA "R: \\*100000x\\r\\n.\\r\\n\nB: \\*100000x\\r\\n\n" COMMIT },
{ "5321-4.5.3.1.6 a line at the limit, counted with CRLF and without the stuffed dot",
	EHLO MAIL RCPT DATA "R: \\*998x\\r\\n..\\*997x\\r\\n.\\r\\n\nB: \\*998x\\r\\n.\\*997x\\r\\n\n" COMMIT, { .text_line = 1000 } },
{ "5321-4.5.3.1.6 a line over the limit",
	EHLO MAIL RCPT DATA "R: ab\\r\\n\\*999x\\r\\nmore\\r\\n.\\r\\n\nB: ab\\r\\n\\*999x\\r\n"
	"S: 554 5.6.0 Message has a line over the length limit\nE: ABORT\n" MAIL, { .text_line = 1000 } },
{ "1870-6.3 a message at the limit", EHLO_SIZE("10") MAIL RCPT DATA "C: 12345678\nC: .\nB: 12345678\\r\\n\n" COMMIT, { .message_size = 10 } },
{ "1870-6.3 a message over the limit, the dots not counted",
	EHLO_SIZE("10") MAIL RCPT DATA "C: ..2345678\nC: .\nB: .2345678\\r\\n\n" COMMIT MAIL RCPT DATA "C: 123456789\nC: more\nC: .\nB: 123456789\\r\n"
	"S: 552 5.3.4 Message exceeds the size limit\nE: ABORT\n" MAIL, { .message_size = 10 } },
{ "5321-2.3.8 a bare LF: refused at the true end, the session goes on",
	EHLO MAIL RCPT DATA "R: a\\nb\\r\\nc\\r\\n.\\r\\n\nB: a\nS: 550 5.5.2 Bare CR or LF is not allowed in a message\nE: ABORT\n" MAIL RCPT DATA
	"C: .\n" COMMIT },
{ "the glue fails the body: no COMMIT; the reason at the end",
	EHLO MAIL RCPT "C: DATA\nE: BEGIN ESMTP c.example <a@b.example> 0\nA: FAIL NO_SPACE\nS: 354 End data with <CRLF>.<CRLF>\n"
	"C: text\nC: .\nS: 452 4.3.1 Insufficient system storage\nE: ABORT\n" MAIL },
{ "the glue failed the body first: its reason stands",
	EHLO MAIL RCPT "C: DATA\nE: BEGIN ESMTP c.example <a@b.example> 0\nA: FAIL STORAGE\nS: 354 End data with <CRLF>.<CRLF>\n"
	"R: a\\nb\\r\\n.\\r\\n\nS: 451 4.3.0 Storage error, try again later\nE: ABORT\n" },
};

/*
 * What other servers have taken for the end of a message (CVE-2023-51764 and its relatives). sent comes behind "head" and before a
 * smuggled transaction. body: what has passed, with the same escapes; NULL: nothing is wrong, the whole text is message.
 */
static const struct smuggling {
	const char *sent, *body;
} corpus[] = {
	{ "\\n.\\n", "head" },
	{ "\\n.\\r\\n", "head" },
	{ "\\n.\\r", "head" },
	{ "\\r.\\r", "head\\r" },
	{ "\\r.\\r\\n", "head\\r" },
	{ "\\r.\\n", "head\\r" },
	{ "\\r\\n.\\n", "head\\r\\n" },
	{ "\\r\\n.\\r", "head\\r\\n" },
	{ "\\r\\n.\\r\\r\\n", "head\\r\\n" },
	{ "\\r\\r\\n.\\r\\r\\n", "head\\r" },
	{ "\\r\\r\\n.\\r\\n", NULL }, /* the true end, behind a bare CR: see below */
	{ "\\n\\r\\n.\\n", "head" },
	{ "\\n\\n.\\n\\n", "head" },
	{ "\\n\\r.\\n\\r", "head" },
	{ "\\r\\n..\\n", "head\\r\\n." },
	{ "\\0\\n.\\n", "head\\0" },
	{ "\\r\\0\\n.\\r\\n", "head\\r" },
	{ "\\r\\n.\\0\\r\\n", NULL },
	{ "\\r\\n. \\r\\n", NULL },
	{ "\\r\\n\\0.\\r\\n", NULL },
	{ "\\r\\n.\\x0b\\r\\n", NULL },
	{ "\\r\\n\\x85.\\r\\n", NULL },
	{ "\\xe2\\x80\\xa8.\\xe2\\x80\\xa8", NULL },
	{ "\\x0c.\\x0c", NULL },
};
/* clang-format on */

#define SMUGGLED "MAIL FROM:<evil@b.example>\\r\\nRCPT TO:<u@d.example>\\r\\nDATA\\r\\nevil"

START_TEST(dialogues_hold)
{
	ck_assert_uint_eq(dialogue_run(dialogues, KEEL_COUNT(dialogues)), 0);
}
END_TEST

/* Removes the dot of each "\r\n." as the server does. */
static void unstuff(const char *text, char *out)
{
	while (*text) {
		*out++ = *text++;
		if (text[-1] == 'n' && text[-2] == '\\' && *text == '.' && !strncmp(text - 4, "\\r\\n", 4))
			text++;
	}
	*out = '\0';
}

START_TEST(nothing_but_crlf_dot_crlf_ends_a_message)
{
	static char script[16384], unstuffed[1024];

	for (unsigned i = 0; i < KEEL_COUNT(corpus); i++) {
		const struct smuggling *row = &corpus[i];
		const struct dialogue d = { .name = row->sent, .script = script };

		if (!strcmp(row->sent, "\\r\\r\\n.\\r\\n")) {
			/* here the message ends, so what follows are commands of this client: refused message, new transaction */
			snprintf(
				script, sizeof(script), "%s",
				EHLO MAIL RCPT DATA
				"R: head\\r\\r\\n.\\r\\n\nB: head\\r\nS: 550 5.5.2 Bare CR or LF is not allowed in a message\nE: ABORT\n" MAIL);
		} else if (row->body) {
			snprintf(script, sizeof(script), "%sR: head%s%s\\r\\n.\\r\\n\nB: %s\n%s", EHLO MAIL RCPT DATA,
				 row->sent, SMUGGLED, row->body,
				 "S: 550 5.5.2 Bare CR or LF is not allowed in a message\nE: ABORT\n" MAIL);
		} else {
			unstuff(row->sent, unstuffed);
			snprintf(script, sizeof(script), "%sR: head%s%s\\r\\n.\\r\\n\nB: head%s%s\\r\\n\n%s",
				 EHLO MAIL RCPT DATA, row->sent, SMUGGLED, unstuffed, SMUGGLED, COMMIT MAIL);
		}
		ck_assert_uint_eq(dialogue_run(&d, 1), 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_message");
	TCase *tc = tcase_create("message");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, dialogues_hold);
	tcase_add_test(tc, nothing_but_crlf_dot_crlf_ends_a_message);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <stdlib.h>

#include "tests/unit/pop3/dialogue.h"

#define ERR "S: -ERR "

/* clang-format off */
static const struct dialogue dialogues[] = {
{ "1939-9 a session: list, read, delete, leave",
	GREETING LOGIN_THREE
	"C: STAT\nS: +OK 3 37\n"
	"C: LIST\nS: +OK 3 messages (37 octets)\nS: 1 13\nS: 2 16\nS: 3 8\nS: .\n"
	"C: LIST 2\nS: +OK 2 16\n"
	"C: UIDL\nS: +OK\nS: 1 a0000000000000000000000000000000\nS: 2 a1000000000000000000000000000000\n"
	"S: 3 a2000000000000000000000000000000\nS: .\n"
	"C: UIDL 3\nS: +OK 3 a2000000000000000000000000000000\n"
	"C: RETR 1\nE: RETR 0 -1\nS: +OK 13 octets\nS: A: b\nS: \nS: one\nS: .\n"
	"C: DELE 1\nS: +OK Marked\n"
	"C: NOOP\nS: +OK\n"
	"C: QUIT\nE: UPDATE 0\nS: +OK Bye\nE: CLOSE\n" },
{ "1939-3 keywords in any case, arguments behind one or more spaces, spaces before CRLF",
	GREETING "C: user  u@d.example \nS: +OK Password please\nC: pAsS sesame\nE: LOGIN u@d.example sesame\n"
	"S: +OK 0 messages (0 octets)\nC: Stat \nS: +OK 0 0\nC: list  \nS: +OK 0 messages (0 octets)\nS: .\n" QUIT },
{ "1939-5 a deleted message is gone from every command, until RSET",
	GREETING LOGIN_THREE "C: DELE 2\nS: +OK Marked\nC: STAT\nS: +OK 2 21\n"
	"C: LIST\nS: +OK 2 messages (21 octets)\nS: 1 13\nS: 3 8\nS: .\n"
	"C: UIDL\nS: +OK\nS: 1 a0000000000000000000000000000000\nS: 3 a2000000000000000000000000000000\nS: .\n"
	"C: LIST 2\n" ERR "Message is marked as deleted\nC: UIDL 2\n" ERR "Message is marked as deleted\n"
	"C: RETR 2\n" ERR "Message is marked as deleted\nC: TOP 2 0\n" ERR "Message is marked as deleted\n"
	"C: DELE 2\n" ERR "Message is marked as deleted\nC: DELE 3\nS: +OK Marked\nC: DELE 1\nS: +OK Marked\nC: STAT\nS: +OK 0 0\n"
	"C: LIST\nS: +OK 0 messages (0 octets)\nS: .\n"
	"C: RSET\nS: +OK 3 messages (37 octets)\nC: STAT\nS: +OK 3 37\nC: LIST 2\nS: +OK 2 16\n"
	"C: DELE 3\nS: +OK Marked\nC: QUIT\nE: UPDATE 2\nS: +OK Bye\nE: CLOSE\n" },
{ "1939-5 numbers that no message has",
	GREETING LOGIN_ONE
	"C: RETR 0\n" ERR "No such message\nC: RETR 2\n" ERR "No such message\nC: DELE 99999999999999999999999\n" ERR "No such message\n"
	"C: LIST 18446744073709551617\n" ERR "No such message\nC: UIDL 4294967297\n" ERR "No such message\n"
	"C: TOP 2 0\n" ERR "No such message\nC: RETR 001\nE: RETR 0 -1\nS: +OK 13 octets\nS: A: b\nS: \nS: one\nS: .\n" QUIT },
{ "1939-3 arguments that do not follow the grammar",
	GREETING LOGIN_ONE
	"C: RETR\n" ERR "Syntax error in arguments\nC: RETR x\n" ERR "Syntax error in arguments\nC: RETR 1x\n" ERR "Syntax error in arguments\n"
	"C: RETR -1\n" ERR "Syntax error in arguments\nC: RETR +1\n" ERR "Syntax error in arguments\n"
	"C: RETR 1 1\n" ERR "Syntax error in arguments\nC: LIST 1 1\n" ERR "Syntax error in arguments\n"
	"C: DELE 1 2\n" ERR "Syntax error in arguments\nC: TOP 1\n" ERR "Syntax error in arguments\n"
	"C: TOP 1 -1\n" ERR "Syntax error in arguments\nC: TOP 1 1 1\n" ERR "Syntax error in arguments\n"
	"C: TOP 1 x\n" ERR "Syntax error in arguments\nC: STAT 1\n" ERR "Syntax error in arguments\n"
	"C: NOOP 1\n" ERR "Syntax error in arguments\nC: RSET 1\n" ERR "Syntax error in arguments\n"
	"C: CAPA 1\n" ERR "Syntax error in arguments\nC: QUIT 1\n" ERR "Syntax error in arguments\nC: UIDL x\n" ERR "Syntax error in arguments\n"
	"C: STAT\nS: +OK 1 13\n" QUIT },
{ "1939-3 unknown commands; APOP, LANG and what does not exist",
	GREETING "C: APOP u c4c9334bac560ecc979e58001b3e22fb\n" ERR "Unknown command\nC: LANG *\n" ERR "Unknown command\n"
	"C: XTND\n" ERR "Unknown command\nC: \n" ERR "Unknown command\nC:  STAT\n" ERR "Unknown command\nC: STATS\n" ERR "Unknown command\n"
	"C: HELO a\n" ERR "Unknown command\n" LEAVE },
{ "1939-4 QUIT before the login is no UPDATE", GREETING LEAVE },
{ "1939-6 deletes that fail are told, and the session ends",
	GREETING LOGIN_ONE "C: DELE 1\nS: +OK Marked\nC: QUIT\nE: UPDATE 0\nA: NOT_DELETED\n"
	ERR "[SYS/TEMP] Some deleted messages were not removed\nE: CLOSE\n" },
{ "1939-6 what follows QUIT is not read",
	GREETING LOGIN_ONE "C: QUIT\nC: DELE 1\nC: NOOP\nE: UPDATE\nS: +OK Bye\nE: CLOSE\n" },
{ "1939-6 without QUIT nothing is deleted: the session waits for more, no UPDATE",
	GREETING LOGIN_ONE "C: DELE 1\nS: +OK Marked\nR: QUI\n" },
{ "1939-3 the idle limit: no reply, no UPDATE",
	GREETING LOGIN_ONE "C: DELE 1\nS: +OK Marked\nX: expire TIMEOUT\nE: CLOSE\n" },
{ "2449-8.1.1 the server ends: [SYS/TEMP], no UPDATE",
	GREETING LOGIN_ONE "C: DELE 1\nS: +OK Marked\nX: expire SHUTDOWN\n" ERR "[SYS/TEMP] Server is shutting down\nE: CLOSE\n" },
{ "2449-8.1.1 the server ends while a login is looked at",
	GREETING LOGIN "X: expire SHUTDOWN\n" ERR "[SYS/TEMP] Server is shutting down\nE: CLOSE\n" },
{ "1939-3 the server ends within UPDATE: no second answer",
	GREETING LOGIN_ONE "C: QUIT\nE: UPDATE\nX: expire SHUTDOWN\n" ERR "[SYS/TEMP] Server is shutting down\nE: CLOSE\n" },
{ "1939-3 the server ends before a message: -ERR; within it: nothing that could be taken for its text",
	GREETING LOGIN_ONE "C: RETR 1\nE: RETR 0 -1\nX: expire SHUTDOWN 8\nS: +OK 13 octets\nS: A: b\nS: \nE: CLOSE\n" },
{ "1939-3 a partial line before the end of the connection is no command",
	GREETING LOGIN_ONE "C: RETR 1\nE: RETR 0 -1\nX: expire TIMEOUT 10\nS: +OK 13 octets\nS: A: b\nS: \nP: on\nE: CLOSE\n" },
{ "2449-6.6 commands sent ahead are answered in order, each after the one before",
	GREETING THREE "R: CAPA\\r\\nUSER u@d.example\\r\\nPASS sesame\\r\\nSTAT\\r\\nRETR 3\\r\\nRETR 9\\r\\nDELE 3\\r\\nUIDL 1\\r\\nQUIT\\r\\n\n"
	"S: +OK Capabilities follow\nS: TOP\nS: UIDL\n" CAPABLE_LOGIN "S: UTF8 USER\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\n"
	"S: EXPIRE NEVER\nS: IMPLEMENTATION porcupined\nS: .\nS: +OK Password please\nE: LOGIN u@d.example sesame\n"
	"S: +OK 3 messages (37 octets)\nS: +OK 3 37\nE: RETR 2 -1\nS: +OK 8 octets\nS: E: f\nS: \nS: .\n" ERR "No such message\nS: +OK Marked\n"
	"S: +OK 1 a0000000000000000000000000000000\nE: UPDATE 2\nS: +OK Bye\nE: CLOSE\n" },
{ "2449-4 a command line of 512 octets is taken, one octet more is not",
	GREETING LOGIN_ONE "R: STAT\\*506 \\r\\n\nS: +OK 1 13\nR: STAT\\*507 \\r\\n\n" ERR "Line too long\n"
	"R: STAT\\*70000x STAT\\r\\nSTAT\\r\\n\n" ERR "Line too long\nS: +OK 1 13\n" QUIT },
{ "2449-4 what remains of a line that is too long is no command",
	GREETING LOGIN_ONE "R: \\*600x\\nDELE 1\\nDELE 1\\r\\rDELE 1\\r\\nSTAT\\r\\n\n" ERR "Line too long\nS: +OK 1 13\n" QUIT },
{ "1939-3 a command line ends in CRLF and nothing else",
	GREETING LOGIN_ONE "R: DELE 1\\nDELE 1\\r\\n\n" ERR "Bare CR or LF: end command lines with CRLF\n"
	"R: DELE 1\\rDELE 1\\r\\n\n" ERR "Bare CR or LF: end command lines with CRLF\n"
	"R: \\nDELE 1\\r\\r\\nSTAT\\r\\n\n" ERR "Bare CR or LF: end command lines with CRLF\nS: +OK 1 13\n"
	"R: STAT\\r\\r\\nSTAT\\r\\n\n" ERR "Bare CR or LF: end command lines with CRLF\nS: +OK 1 13\n" QUIT },
{ "1939-3 control octets",
	GREETING LOGIN_ONE "R: DELE 1\\0\\r\\n\n" ERR "Control character in command\nR: DELE\\t1\\r\\n\n" ERR "Control character in command\n"
	"R: STAT\\x7f\\r\\n\n" ERR "Control character in command\nC: STAT\nS: +OK 1 13\n" QUIT },
{ "errors: the one after the limit ends the session; numbers no message has are none",
	GREETING LOGIN_ONE "C: RETR 9\n" ERR "No such message\nC: RETR 9\n" ERR "No such message\nC: X\n" ERR "Unknown command\n"
	"C: USER a\n" ERR "Not valid in this state\nC: DELE\nC: STAT\n" ERR "Too many errors\nE: CLOSE\n",
	.config = { .errors = 2 } },
{ "2449-8.1.1 a greeting that refuses: [SYS/TEMP]",
	ERR "[SYS/TEMP] Too many connections\nE: CLOSE\n", .refuse = POP3_REASON_CONNECTIONS },
{ "2449-5 capabilities before and after the login, no TLS to be had",
	GREETING CAPABILITIES(CAPABLE_LOGIN, "") LOGIN "S: +OK 0 messages (0 octets)\n" CAPABILITIES(CAPABLE_LOGIN, "") QUIT },
{ "2449-6.2 no USER and no SASL where a password would be sent in the clear",
	GREETING CAPABILITIES("", "S: STLS\n") LEAVE, .config = { .stls = true }, .no_plaintext = true },
{ "2449-5 capabilities where plaintext is allowed and TLS is offered, in both states",
	GREETING CAPABILITIES(CAPABLE_LOGIN, "S: STLS\n") LOGIN "S: +OK 0 messages (0 octets)\n" CAPABILITIES(CAPABLE_LOGIN, "S: STLS\n") QUIT,
	.config = { .stls = true } },
{ "2595-4 no STLS within TLS",
	GREETING CAPABILITIES(CAPABLE_LOGIN, "") "C: STLS\n" ERR "TLS is already active\n" LEAVE,
	.config = { .stls = true }, .secure = true, .no_plaintext = true },
{ "2449-6.5 LOGIN-DELAY",
	GREETING "C: CAPA\nS: +OK Capabilities follow\nS: TOP\nS: UIDL\n" CAPABLE_LOGIN "S: UTF8 USER\nS: RESP-CODES\nS: AUTH-RESP-CODE\n"
	"S: PIPELINING\nS: LOGIN-DELAY 60\nS: EXPIRE NEVER\nS: IMPLEMENTATION porcupined\nS: .\n" LEAVE, .config = { .login_delay = 60 } },
};
/* clang-format on */

START_TEST(dialogues_hold)
{
	ck_assert_uint_eq(dialogue_run(dialogues, sizeof(dialogues) / sizeof(dialogues[0])), 0);
}
END_TEST

static enum pop3_event say(struct pop3_session *s, const char *text, struct keel_buffer *out)
{
	const uint8_t *at = (const uint8_t *)text;

	return pop3_session_step(s, &at, at + strlen(text), out);
}

static struct pop3_session *logged_in(const struct pop3_config *config, const struct pop3_message *messages, size_t n,
				      struct keel_buffer *out)
{
	struct pop3_session *s = pop3_session_new(config);

	keel_buffer_init(out, 0);
	pop3_session_greet(s, false, true, POP3_REASON_NONE, out);
	ck_assert_int_eq(say(s, "USER u\r\nPASS p\r\n", out), POP3_EVENT_LOGIN);
	pop3_session_login(s, POP3_REASON_NONE, messages, n, out);
	keel_buffer_clear(out);
	return s;
}

#define MANY 20000

/* UIDL many times ahead must not fill the memory: every POP3_OUTPUT octets and a line there is a pause, and all of it comes. */
START_TEST(a_great_listing_goes_out_in_parts)
{
	static struct pop3_message messages[MANY];
	const struct pop3_config config = { .hostname = "mx.example" };
	struct keel_buffer out, all;
	struct pop3_session *s;
	const uint8_t *input = (const uint8_t *)"UIDL\r\nLIST\r\nUIDL\r\nSTAT\r\n", *at = input, *end = input + 24, *p;
	enum pop3_event event;
	unsigned parts = 0, number = 0, ends = 0;

	s = logged_in(&config, messages, MANY, &out);
	keel_buffer_init(&all, 0);
	while ((event = pop3_session_step(s, &at, end, &out)) == POP3_EVENT_OUTPUT) {
		ck_assert_uint_ge(out.len, POP3_OUTPUT);
		ck_assert_uint_le(out.len, 2 * POP3_OUTPUT);
		ck_assert(at == input + 6 || at == input + 12 || at == input + 18);
		keel_buffer_append(&all, out.data, out.len);
		keel_buffer_clear(&out);
		parts++;
	}
	ck_assert_int_eq(event, POP3_EVENT_INPUT);
	keel_buffer_append(&all, out.data, out.len);
	ck_assert_uint_ge(parts, all.len / POP3_OUTPUT / 2);
	for (p = all.data; (p = memchr(p, '\n', (size_t)(all.data + all.len - p)));) {
		p++;
		if (p[0] == '.' && p[1] == '\r') {
			ck_assert_uint_eq(number, MANY);
			number = 0;
			ends++;
		} else if (p < all.data + all.len && *p >= '1' && *p <= '9') {
			ck_assert_uint_eq(strtoul((const char *)p, NULL, 10), ++number);
		}
	}
	ck_assert_uint_eq(ends, 3);
	keel_buffer_free(&all);
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

/* A glue that does not care for OUTPUT gets all of it too; many small replies pause as well. */
START_TEST(many_replies_pause)
{
	const struct pop3_config config = { .hostname = "mx.example" };
	struct keel_buffer out, input;
	struct pop3_session *s = logged_in(&config, NULL, 0, &out);
	const uint8_t *at;
	unsigned pauses = 0;

	keel_buffer_init(&input, 0);
	for (unsigned i = 0; i < 2000; i++)
		keel_buffer_puts(&input, "CAPA\r\n");
	at = input.data;
	while (pop3_session_step(s, &at, input.data + input.len, &out) == POP3_EVENT_OUTPUT)
		pauses++;
	ck_assert_uint_eq(pauses, (out.len - 1) / POP3_OUTPUT);
	ck_assert_uint_ge(pauses, 2);
	ck_assert_uint_eq(out.len % 2000, 0);
	keel_buffer_free(&input);
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

START_TEST(an_expired_listing_stops)
{
	static struct pop3_message messages[MANY];
	const struct pop3_config config = { .hostname = "mx.example" };
	struct keel_buffer out;
	struct pop3_session *s = logged_in(&config, messages, MANY, &out);
	size_t len;

	ck_assert_int_eq(say(s, "LIST\r\n", &out), POP3_EVENT_OUTPUT);
	len = out.len;
	pop3_session_expire(s, POP3_REASON_SHUTDOWN, &out);
	ck_assert_int_eq(say(s, "", &out), POP3_EVENT_CLOSE);
	ck_assert_uint_eq(out.len, len);
	ck_assert_int_eq(pop3_session_refused(s), POP3_REASON_SHUTDOWN);
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

START_TEST(refusals_are_counted)
{
	const struct pop3_config config = { .hostname = "mx.example", .errors = 4 };
	struct pop3_session *s = pop3_session_new(&config);
	struct keel_buffer out;
	unsigned seen[POP3_REASON_COUNT] = { 0 };
	enum pop3_reason reason;

	keel_buffer_init(&out, 0);
	pop3_session_greet(s, false, true, POP3_REASON_NONE, &out);
	ck_assert_int_eq(pop3_session_refused(s), POP3_REASON_NONE);
	ck_assert_int_eq(say(s, "X\r\nY\r\nSTAT\r\nUSER\r\nZ\r\n", &out), POP3_EVENT_CLOSE);
	while ((reason = pop3_session_refused(s)) != POP3_REASON_NONE)
		seen[reason]++;
	ck_assert_uint_eq(seen[POP3_REASON_UNKNOWN_COMMAND], 3);
	ck_assert_uint_eq(seen[POP3_REASON_BAD_STATE], 1);
	ck_assert_uint_eq(seen[POP3_REASON_SYNTAX], 1);
	ck_assert_uint_eq(seen[POP3_REASON_TOO_MANY_ERRORS], 1);
	ck_assert_int_eq(pop3_session_refused(s), POP3_REASON_NONE);
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

START_TEST(an_idle_session_is_small)
{
	static const struct pop3_message messages[1000];
	const struct pop3_config config = { .hostname = "mx.example", .stls = true };
	struct pop3_session *s = pop3_session_new(&config);
	struct keel_buffer out;

	keel_buffer_init(&out, 0);
	pop3_session_greet(s, false, true, POP3_REASON_NONE, &out);
	ck_assert_uint_lt(pop3_session_memory(s), 1024);
	say(s, "CAPA\r\nAUTH PLAIN\r\n", &out);
	say(s, "*", &out);
	ck_assert_uint_ge(pop3_session_memory(s), 2048);
	say(s, "\r\nUSER someone.with.a.long.name@some.host.example\r\nPASS secret\r\n", &out);
	pop3_session_login(s, POP3_REASON_NONE, messages, 1000, &out);
	ck_assert_uint_lt(pop3_session_memory(s), 1024);
	say(s, "DELE 1000\r\n", &out);
	ck_assert_uint_lt(pop3_session_memory(s), 1024);
	ck_assert(pop3_session_deleted(s, 999));
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

START_TEST(a_full_reply_buffer_ends_the_session)
{
	static const struct pop3_config config = { .hostname = "mx.example" };
	struct pop3_session *s = pop3_session_new(&config);
	struct keel_buffer out;

	keel_buffer_init(&out, 60);
	pop3_session_greet(s, false, true, POP3_REASON_NONE, &out);
	ck_assert_int_eq(say(s, "CAPA\r\nUSER u\r\nPASS p\r\n", &out), POP3_EVENT_CLOSE);
	ck_assert_int_eq(say(s, "STAT\r\n", &out), POP3_EVENT_CLOSE);
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

START_TEST(answers_to_no_question_are_ignored)
{
	const struct pop3_config config = { .hostname = "mx.example" };
	struct keel_buffer out;
	struct pop3_session *s = logged_in(&config, NULL, 0, &out);

	pop3_session_login(s, POP3_REASON_LOGIN_FAILED, NULL, 0, &out);
	ck_assert(!pop3_session_content(s, (const uint8_t *)"x", 1, &out));
	pop3_session_content_end(s, POP3_REASON_STORAGE, &out);
	pop3_session_updated(s, POP3_REASON_NOT_DELETED, &out);
	pop3_session_secured(s);
	ck_assert_uint_eq(out.len, 0);
	ck_assert_int_eq(say(s, "NOOP\r\n", &out), POP3_EVENT_INPUT);
	ck_assert_str_eq(keel_buffer_text(&out), "+OK\r\n");
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

/* RFC 2449 4: a response line has at most 512 octets; 8: a code is known to the standards. */
START_TEST(reasons_are_sound)
{
	static const struct {
		const char *code, *text, *name;
	} rows[] = {
#define X(name, code, text, counter, description) { code, text, counter },
		POP3_REASONS(X)
#undef X
	};
	static const char *const codes[] = { "", "AUTH", "IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM", "UTF8" };

	for (unsigned i = 0; i < POP3_REASON_COUNT; i++) {
		bool known = false;

		for (unsigned k = 0; k < sizeof(codes) / sizeof(codes[0]); k++)
			known |= !strcmp(rows[i].code, codes[k]);
		ck_assert_msg(known, "code of %s", rows[i].name);
		ck_assert_uint_lt(strlen(rows[i].text), 400);
		ck_assert_str_eq(pop3_reason_name(i), rows[i].name);
		ck_assert_str_eq(pop3_reason_text(i), rows[i].text);
		for (unsigned k = 0; k < i; k++)
			ck_assert_str_ne(rows[i].name, rows[k].name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3_session");
	TCase *tc = tcase_create("session");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, dialogues_hold);
	tcase_add_test(tc, a_great_listing_goes_out_in_parts);
	tcase_add_test(tc, many_replies_pause);
	tcase_add_test(tc, an_expired_listing_stops);
	tcase_add_test(tc, refusals_are_counted);
	tcase_add_test(tc, an_idle_session_is_small);
	tcase_add_test(tc, a_full_reply_buffer_ends_the_session);
	tcase_add_test(tc, answers_to_no_question_are_ignored);
	tcase_add_test(tc, reasons_are_sound);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

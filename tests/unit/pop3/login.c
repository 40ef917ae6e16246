// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <stdlib.h>

#include "tests/unit/pop3/dialogue.h"

#define ERR "S: -ERR "
/* base64 of NUL u NUL sesame */
#define PLAIN "AHUAc2VzYW1l"
#define EMPTY "S: +OK 0 messages (0 octets)\n"
#define PLEASE "S: +OK Password please\n"

/* clang-format off */
static const struct dialogue dialogues[] = {
{ "1939-7 PASS: all behind one space is the password, spaces too",
	GREETING "C: USER a b@d.example\n" PLEASE "C: PASS  sesame 1 \nE: LOGIN a b@d.example  sesame 1 \n" EMPTY QUIT },
{ "1939-7 PASS must follow USER at once",
	GREETING "C: PASS sesame\n" ERR "USER is needed first\nC: USER u\n" PLEASE "C: CAPA\nS: +OK Capabilities follow\nS: TOP\nS: UIDL\n"
	CAPABLE_LOGIN "S: UTF8 USER\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\nS: EXPIRE NEVER\nS: IMPLEMENTATION porcupined\nS: .\n"
	"C: PASS sesame\n" ERR "USER is needed first\nC: USER u\n" PLEASE "C: NOOP\n" ERR "Not valid in this state\nC: PASS sesame\n"
	ERR "USER is needed first\nC: USER u\n" PLEASE "R: PASS sesame\\r\\r\\n\n" ERR "Bare CR or LF: end command lines with CRLF\n"
	"C: PASS sesame\n" ERR "USER is needed first\n" LEAVE },
{ "1939-7 a password that just fills the memory does not move in it",
	GREETING "C: USER u\n" PLEASE "R: PASS sesame\\*56x\\r\\n\nE: LOGIN u sesamexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n" EMPTY QUIT },
{ "1939-7 the last USER counts",
	GREETING "C: USER a\n" PLEASE "C: USER b\n" PLEASE "C: PASS sesame\nE: LOGIN b sesame\n" EMPTY QUIT },
{ "1939-7 USER and PASS without an argument",
	GREETING "C: USER\n" ERR "Syntax error in arguments\nC: USER  \n" ERR "Syntax error in arguments\nC: USER u\n" PLEASE
	"C: PASS\n" ERR "Syntax error in arguments\nC: PASS sesame\n" ERR "USER is needed first\nC: USER u\n" PLEASE
	"C: PASS \n" ERR "Syntax error in arguments\n" LEAVE },
{ "3206-4 a wrong password is [AUTH]; the next try needs USER again",
	GREETING LOGIN "A: LOGIN_FAILED\n" ERR "[AUTH] Wrong user or password\nC: PASS sesame\n" ERR "USER is needed first\n" LOGIN EMPTY QUIT },
{ "failed logins: the one that reaches the limit ends the session, STLS gives no new ones",
	GREETING LOGIN "A: LOGIN_FAILED\n" ERR "[AUTH] Wrong user or password\nC: STLS\nS: +OK Begin TLS\nE: TLS\nX: secured\n"
	LOGIN "A: LOGIN_FAILED\n" ERR "[AUTH] Wrong user or password, too many times\nE: CLOSE\n",
	.config = { .logins = 2, .stls = true } },
{ "2449-8.1.1 [IN-USE], [LOGIN-DELAY], [SYS/TEMP]: no failed logins, the session goes on",
	GREETING LOGIN "A: IN_USE\n" ERR "[IN-USE] Maildrop is locked by another session\n" LOGIN "A: LOGIN_DELAY\n"
	ERR "[LOGIN-DELAY] Too soon after the last login\n" LOGIN "A: TRY_AGAIN\n" ERR "[SYS/TEMP] Try again later\n" LOGIN EMPTY QUIT,
	.config = { .logins = 1 } },
{ "2595-2.1 no login in the clear where it is not allowed, and no word on the user",
	GREETING "C: USER u\n" ERR "Plaintext login is refused: use TLS\nC: PASS sesame\n" ERR "Plaintext login is refused: use TLS\n"
	"C: AUTH PLAIN " PLAIN "\n" ERR "Plaintext login is refused: use TLS\nC: AUTH PLAIN\n" ERR "Plaintext login is refused: use TLS\n"
	"C: AUTH\nS: +OK No mechanism without TLS\nS: .\n"
	"C: STLS\nS: +OK Begin TLS\nE: TLS\nX: secured\n" LOGIN EMPTY QUIT,
	.config = { .stls = true }, .no_plaintext = true },
{ "2595-4 STLS: plaintext sent ahead is thrown away, USER is forgotten",
	GREETING "C: USER u\n" PLEASE "R: STLS\\r\\nPASS sesame\\r\\nSTAT\\r\\nSTA\nS: +OK Begin TLS\nE: TLS\nX: secured\n"
	"C: PASS sesame\n" ERR "USER is needed first\n" CAPABILITIES(CAPABLE_LOGIN, "") LOGIN EMPTY QUIT, .config = { .stls = true } },
{ "2595-4 STLS only where it is offered, without argument, before the login",
	GREETING "C: STLS\n" ERR "Unknown command\n" LOGIN EMPTY "C: STLS\n" ERR "Unknown command\n" QUIT },
{ "2595-4 STLS after the login",
	GREETING "C: STLS now\n" ERR "Syntax error in arguments\n" LOGIN EMPTY "C: STLS\n" ERR "Not valid in this state\n" QUIT,
	.config = { .stls = true } },
{ "2595-4 the server ends while the handshake is under way: nothing is sent",
	GREETING "C: STLS\nS: +OK Begin TLS\nE: TLS\nX: expire SHUTDOWN\nE: CLOSE\n", .config = { .stls = true } },
{ "5034-4 AUTH PLAIN with its initial response",
	GREETING "C: AUTH PLAIN " PLAIN "\nE: LOGIN u sesame\n" EMPTY QUIT },
{ "5034-4 AUTH PLAIN in two lines, in any case",
	GREETING "C: auth plain\nS: + \nC: " PLAIN "\nE: LOGIN u sesame\n" EMPTY QUIT },
{ "5034-4 * cancels",
	GREETING "C: AUTH PLAIN\nS: + \nC: *\n" ERR "Authentication cancelled\nC: AUTH PLAIN\nS: + \nC: " PLAIN "\nE: LOGIN u sesame\n" EMPTY QUIT },
{ "5034-4 no AUTH after the login",
	GREETING LOGIN EMPTY "C: AUTH PLAIN " PLAIN "\n" ERR "Not valid in this state\nC: AUTH\n" ERR "Not valid in this state\n" QUIT },
{ "5034-4 unknown mechanisms; AUTH alone lists",
	GREETING "C: AUTH CRAM-MD5\n" ERR "Unknown authentication mechanism\nC: AUTH PLAINX x\n" ERR "Unknown authentication mechanism\n"
	"C: AUTH\nS: +OK Mechanisms follow\nS: PLAIN\nS: .\n" LEAVE },
{ "5034-4 what is no base64, and = for an empty response",
	GREETING "C: AUTH PLAIN =\n" ERR "Bad authentication response\nC: AUTH PLAIN\nS: + \nC: \n" ERR "Bad authentication response\n"
	"C: AUTH PLAIN AHUAc2VzYW1lc\n" ERR "Bad authentication response\nC: AUTH PLAIN AHU-c2VzYW1l\n" ERR "Bad authentication response\n"
	"C: AUTH PLAIN AHUAc2Vz YW1l\n" ERR "Bad authentication response\nC: AUTH PLAIN AHUAcB==\n" ERR "Bad authentication response\n"
	"C: AUTH PLAIN\nS: + \nR: AHUAc2VzYW1l\\0\\r\\n\n" ERR "Bad authentication response\n" LEAVE },
{ "4616-2 messages that are none: a NUL too few, too many, no user, no password",
	GREETING "C: AUTH PLAIN dQBzZXNhbWU=\n" ERR "Bad authentication response\nC: AUTH PLAIN AHUAc2VzYW1lAA==\n"
	ERR "Bad authentication response\nC: AUTH PLAIN AABzZXNhbWU=\n" ERR "Bad authentication response\n"
	"C: AUTH PLAIN AHUA\n" ERR "Bad authentication response\n" LEAVE },
{ "4616-2 an authorization identity: the user itself, or none",
	GREETING "C: AUTH PLAIN dQB1AHNlc2FtZQ==\nE: LOGIN u sesame\nA: LOGIN_FAILED\n" ERR "[AUTH] Wrong user or password\n"
	"C: AUTH PLAIN dgB1AHNlc2FtZQ==\n" ERR "[AUTH] May not act for another user\n" LEAVE },
{ "5034-4 an answer of 2048 octets is read, one octet more is not; what remains of it is no command",
	GREETING "C: AUTH PLAIN\nS: + \nR: \\*2044A=A\\r\\n\n" ERR "Bad authentication response\n"
	"C: AUTH PLAIN\nS: + \nR: \\*2047A\\r\\nAUTH\\r\\n\n" ERR "Line too long\nS: +OK Mechanisms follow\nS: PLAIN\nS: .\n" LEAVE },
{ "5034-4 a bare LF within the exchange ends it",
	GREETING "C: AUTH PLAIN\nS: + \nR: " PLAIN "\\n" PLAIN "\\r\\nAUTH\\r\\n\n" ERR "Bare CR or LF: end command lines with CRLF\n"
	"S: +OK Mechanisms follow\nS: PLAIN\nS: .\n" LEAVE },
{ "6856-2.2 UTF-8 in USER, PASS and PLAIN, also without UTF8",
	GREETING "R: USER j\\xc3\\xb8rn\\r\\n\n" PLEASE "R: PASS sesame\\xe2\\x82\\xac\\r\\n\nE: LOGIN j\xc3\xb8rn sesame\xe2\x82\xac\n"
	"A: LOGIN_FAILED\n" ERR "[AUTH] Wrong user or password\nC: AUTH PLAIN AGrDuHJuAHNlc2FtZQ==\nE: LOGIN j\xc3\xb8rn sesame\n" EMPTY QUIT },
{ "6856-2.2 what is no UTF-8 is refused",
	GREETING "R: USER j\\xf8rn\\r\\n\n" ERR "Not well-formed UTF-8\nC: USER u\n" PLEASE "R: PASS sesame\\xc3\\r\\n\n" ERR "Not well-formed UTF-8\n"
	"C: PASS sesame\n" ERR "USER is needed first\nC: AUTH PLAIN AHUA+A==\n" ERR "Not well-formed UTF-8\n" LEAVE },
{ "6856-2.1 UTF8 before the login only, as often as one likes, without argument",
	GREETING "C: UTF8\nS: +OK UTF8 mode\nC: utf8\nS: +OK UTF8 mode\nC: UTF8 x\n" ERR "Syntax error in arguments\n" LOGIN EMPTY
	"C: UTF8\n" ERR "Not valid in this state\n" QUIT },
{ "6856-2.1 no STLS after UTF8",
	GREETING "C: UTF8\nS: +OK UTF8 mode\nC: STLS\n" ERR "STLS must come before UTF8\n" LOGIN EMPTY QUIT, .config = { .stls = true } },
{ "errors in a login count: an endless AUTH ends",
	GREETING "C: AUTH PLAIN\nS: + \nC: *\n" ERR "Authentication cancelled\nC: AUTH PLAIN\nS: + \nC: *\nC: AUTH PLAIN\n" ERR "Too many errors\nE: CLOSE\n",
	.config = { .errors = 1 } },
};
/* clang-format on */

START_TEST(dialogues_hold)
{
	ck_assert_uint_eq(dialogue_run(dialogues, sizeof(dialogues) / sizeof(dialogues[0])), 0);
}
END_TEST

/* The longest that a client may have: address 320, password 512 octets, as AUTH's answer and as commands. */
START_TEST(the_longest_login)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const struct pop3_config config = { .hostname = "mx.example" };
	struct pop3_session *s = pop3_session_new(&config);
	struct keel_buffer out, line;
	uint8_t message[320 + 1 + 320 + 1 + 512 + 2];
	const size_t len = sizeof(message) - 2;
	const uint8_t *at;

	memset(message, 'u', sizeof(message));
	message[320] = message[641] = '\0';
	memset(message + 642, 'p', 512);
	message[len] = message[len + 1] = 0;
	keel_buffer_init(&out, 0);
	keel_buffer_init(&line, 0);
	keel_buffer_puts(&line, "AUTH PLAIN\r\n");
	ck_assert_uint_eq(len % 3, 2);
	for (size_t i = 0; i < len; i += 3) {
		const uint32_t bits = (uint32_t)message[i] << 16 | (uint32_t)message[i + 1] << 8 | message[i + 2];

		for (unsigned k = 0; k < 4; k++)
			keel_buffer_putc(&line,
					 i + 2 >= len && k == 3 ? '=' : (uint8_t)digits[bits >> (18 - 6 * k) & 63]);
	}
	keel_buffer_puts(&line, "\r\n");
	pop3_session_greet(s, true, false, POP3_REASON_NONE, &out);
	at = line.data;
	ck_assert_int_eq(pop3_session_step(s, &at, line.data + line.len, &out), POP3_EVENT_LOGIN);
	ck_assert_uint_eq(strlen(pop3_session_user(s)), 320);
	ck_assert_uint_eq(strlen(pop3_session_password(s)), 512);
	pop3_session_login(s, POP3_REASON_LOGIN_FAILED, NULL, 0, &out);
	ck_assert_str_eq(pop3_session_user(s), "");
	keel_buffer_free(&line);
	keel_buffer_free(&out);
	pop3_session_free(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3_login");
	TCase *tc = tcase_create("login");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, dialogues_hold);
	tcase_add_test(tc, the_longest_login);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

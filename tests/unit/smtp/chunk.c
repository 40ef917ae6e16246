// SPDX-License-Identifier: GPL-2.0-or-later
/* BDAT (RFC 3030) and LMTP (RFC 2033). */
#include "tests/unit/smtp/dialogue.h"
#include "tools/lib/keel/cleanup.h"

#include <check.h>
#include <stdlib.h>

#define BEGIN "E: BEGIN ESMTP c.example <a@b.example> 0\n"
#define RCPT2 "C: RCPT TO:<v@d.example>\nE: RCPT v d.example\nS: 250 2.1.5 Recipient OK\n"
#define LHLO "C: LHLO c.example\n" EXTENSIONS
#define BEGIN_LMTP "E: BEGIN LMTP c.example <a@b.example> 0\n"
#define DATA_LMTP "C: DATA\n" BEGIN_LMTP "S: 354 End data with <CRLF>.<CRLF>\n"
#define LMTP .protocol = SMTP_PROTOCOL_LMTP
#define BARE "S: 550 5.5.2 Bare CR or LF is not allowed in a message\n"

/* clang-format off */
static const struct dialogue dialogues[] = {
{ "3030-2 one chunk", EHLO MAIL RCPT "R: BDAT 6 LAST\\r\\nab\\r\\n.\\x0d\n" BEGIN "B: ab\\r\\n.\\r\n" BARE "E: ABORT\n" },
{ "3030-2 two chunks, dots are not stuffed, CRLF across the border",
	EHLO MAIL RCPT "R: BDAT 6\\r\\n.\\r\\n..\\r\n" BEGIN "B: .\\r\\n..\\r\nS: 250 2.0.0 6 octets received\n"
	"R: BDAT 1\\r\\n\\n\nB: \\n\nS: 250 2.0.0 7 octets received\n"
	"R: bdat 3 last\\r\\nx\\r\\n\nB: x\\r\\n\n" COMMIT MAIL },
{ "3030-2 BDAT 0 LAST ends a message", EHLO MAIL RCPT "R: BDAT 3\\r\\na\\r\\n\n" BEGIN "B: a\\r\\n\nS: 250 2.0.0 3 octets received\n"
	"C: BDAT 0 LAST\n" COMMIT "C: BDAT 0 LAST\nS: 503 5.5.1 MAIL is needed first\n" QUIT },
{ "3030-2 an empty message by BDAT 0 LAST", EHLO MAIL RCPT "C: BDAT 0 LAST\n" BEGIN COMMIT },
{ "3030-2 chunks with commands between them that are allowed",
	EHLO MAIL RCPT "C: BDAT 0\n" BEGIN "S: 250 2.0.0 0 octets received\nC: NOOP\nS: 250 2.0.0 OK\nC: BDAT 0 LAST\n" COMMIT },
{ "3030-2 RCPT and DATA between chunks are refused, RSET ends it",
	EHLO MAIL RCPT "C: BDAT 0\n" BEGIN "S: 250 2.0.0 0 octets received\nC: RCPT TO:<v@d.example>\nS: 503 5.5.1 The message was begun with BDAT\n"
	"C: DATA\nS: 503 5.5.1 The message was begun with BDAT\nC: MAIL FROM:<>\nS: 503 5.5.1 Sender was already given\n"
	"C: RSET\nS: 250 2.0.0 OK\nE: ABORT\n" MAIL },
{ "3030-2 octets are swallowed when there is no transaction",
	"R: BDAT 6 LAST\\r\\nQUIT\\r\\n\nS: 503 5.5.1 MAIL is needed first\n" EHLO MAIL "R: BDAT 6\\r\\nQUIT\\r\\n\nS: 503 5.5.1 A valid recipient is needed first\n"
	"C: RCPT TO:<v@d.example>\nE: RCPT v d.example\nA: NO_SUCH_USER\nS: 550 5.1.1 No such user here\n"
	"R: BDAT 6\\r\\nQUIT\\r\\nBDAT 2 LAST\\r\\n\\r\\n\nS: 554 5.5.1 No valid recipients\nS: 554 5.5.1 No valid recipients\n"
	RCPT "C: BDAT 0 LAST\n" BEGIN COMMIT },
{ "3030-2 without a size the octets cannot be told from commands: the session ends",
	EHLO MAIL RCPT "R: BDAT x\\r\\nRSET\\r\\n\nS: 421 5.5.4 mx.example BDAT without a size: what follows cannot be told from commands\nE: ABORT\nE: CLOSE\n" },
{ "3030-2 BDAT alone", "C: BDAT\nS: 421 5.5.4 mx.example BDAT without a size: what follows cannot be told from commands\nE: CLOSE\n" },
{ "3030-2 BDAT beyond 64 bits",
	"C: BDAT 18446744073709551616\nS: 421 5.5.4 mx.example BDAT without a size: what follows cannot be told from commands\nE: CLOSE\n" },
{ "3030-2 the largest chunk", EHLO MAIL RCPT "R: BDAT 18446744073709551615\\r\\nx\n" BEGIN
	"X: expire SHUTDOWN\nB: x\nS: 421 4.3.2 mx.example Server is shutting down\nE: ABORT\nE: CLOSE\n" },
{ "3030-2 BDAT with another word: its octets are swallowed, the message fails",
	EHLO MAIL RCPT "R: BDAT 6 FIRST\\r\\nQUIT\\r\\n\nS: 501 5.5.4 Syntax error in parameters\nE: ABORT\n" MAIL },
{ "3030-2 a failed chunk fails the message; pipelined chunks behind it are swallowed",
	EHLO MAIL RCPT "R: BDAT 3\\r\\na\\nbBDAT 6 LAST\\r\\nQUIT\\r\\n\n" BEGIN "B: a\n" BARE "E: ABORT\nS: 503 5.5.1 MAIL is needed first\n" MAIL },
{ "a bare CR at the end of the last chunk", EHLO MAIL RCPT "R: BDAT 2\\r\\na\\r\n" BEGIN "B: a\\r\nS: 250 2.0.0 2 octets received\n"
	"C: BDAT 0 LAST\n" BARE "E: ABORT\n" },
{ "a bare LF at the start of the first chunk", EHLO MAIL RCPT "R: BDAT 1 LAST\\r\\n\\n\n" BEGIN BARE "E: ABORT\n" },
{ "3030-2 a message without an end of line", EHLO MAIL RCPT "R: BDAT 1 LAST\\r\\nx\n" BEGIN "B: x\n" COMMIT },
{ "1870-6.3 the limit counts over chunks", EHLO_SIZE("4") MAIL RCPT "R: BDAT 3\\r\\nabc\n" BEGIN "B: abc\nS: 250 2.0.0 3 octets received\n"
	"R: BDAT 3\\r\\ndef\nB: d\nS: 552 5.3.4 Message exceeds the size limit\nE: ABORT\nC: NOOP\nS: 250 2.0.0 OK\n", { .message_size = 4 } },
{ "BEGIN refused: the chunk is swallowed, then the reason",
	EHLO MAIL RCPT "R: BDAT 6 LAST\\r\\nQUIT\\r\\n\n" BEGIN "A: NO_SPACE\nS: 452 4.3.1 Insufficient system storage\nE: ABORT\n" MAIL },
{ "time-out within a chunk", EHLO MAIL RCPT "R: BDAT 6\\r\\nab\n" BEGIN "X: expire TIMEOUT\nB: ab\nS: 421 4.4.2 mx.example Idle too long\nE: ABORT\nE: CLOSE\n" },

{ "2033-4.1 HELO and EHLO are refused, LHLO is not", "C: HELO c\nS: 500 This is LMTP: use LHLO\nC: EHLO c\nS: 500 This is LMTP: use LHLO\n" LHLO, { LMTP } },
{ "2033-4.1 SMTP does not know LHLO", "C: LHLO c\nS: 500 This is SMTP: use EHLO\n", },
{ "2033-4.2 one reply for each accepted recipient, in order",
	LHLO MAIL RCPT "C: RCPT TO:<w@d.example>\nE: RCPT w d.example\nA: NO_SUCH_USER\nS: 550 5.1.1 No such user here\n" RCPT2 RCPT DATA_LMTP
	"C: x\nC: .\nB: x\\r\\n\nE: COMMIT\nA: NONE OVER_QUOTA NONE\nS: 250 2.0.0 OK id1\nS: 452 4.2.2 Mailbox is full\nS: 250 2.0.0 OK id1\n" MAIL, { LMTP } },
{ "2033-4.2 a refused message: its reason for each recipient", LHLO MAIL RCPT RCPT2 DATA_LMTP "R: a\\rb\\r\\n.\\r\\n\nB: a\\r\n" BARE BARE "E: ABORT\n", { LMTP } },
{ "2033-4.2 DATA without an accepted recipient is 503",
	LHLO MAIL "C: RCPT TO:<w@d.example>\nE: RCPT w d.example\nA: NO_SUCH_USER\nS: 550 5.1.1 No such user here\nC: DATA\nS: 503 5.5.1 A valid recipient is needed first\n",
	{ LMTP } },
{ "2033-4.2 a refused DATA has one reply", LHLO MAIL RCPT RCPT2 "C: DATA\n" BEGIN_LMTP "A: NO_SPACE\nS: 452 4.3.1 Insufficient system storage\nE: ABORT\n", { LMTP } },
{ "2033-4.2 BDAT: one reply for a chunk, one for each recipient after LAST",
	LHLO MAIL RCPT RCPT2 "R: BDAT 3\\r\\na\\r\\n\n" BEGIN_LMTP "B: a\\r\\n\nS: 250 2.0.0 3 octets received\n"
	"C: BDAT 0 LAST\nE: COMMIT\nA: NONE NO_SPACE\nS: 250 2.0.0 OK id1\nS: 452 4.3.1 Insufficient system storage\n" MAIL, { LMTP } },
{ "2033-4.2 BDAT that fails: a chunk has one reply, LAST one for each recipient",
	LHLO MAIL RCPT RCPT2 "R: BDAT 1\\r\\n\\n\n" BEGIN_LMTP BARE "E: ABORT\n" MAIL RCPT RCPT2 "R: BDAT 1 LAST\\r\\n\\n\n" BEGIN_LMTP BARE BARE "E: ABORT\n", { LMTP } },
{ "no word about a recipient is no promise to it",
	LHLO MAIL RCPT RCPT2 DATA_LMTP "C: .\nE: COMMIT\nA: NONE\nS: 250 2.0.0 OK id1\nS: 451 4.3.0 Storage error, try again later\n", { LMTP } },
};
/* clang-format on */

START_TEST(dialogues_hold)
{
	ck_assert_uint_eq(dialogue_run(dialogues, KEEL_COUNT(dialogues)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_chunk");
	TCase *tc = tcase_create("chunk");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, dialogues_hold);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands, their order, their limits. Messages: message.c; chunks: chunk.c; LMTP: lmtp.c. */
#include "tests/unit/smtp/dialogue.h"
#include "tools/lib/keel/cleanup.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
static const struct dialogue dialogues[] = {
{ "5321-4.1.1.1 EHLO lists the extensions; QUIT closes", EHLO QUIT },
{ "1870-3 SIZE shows the limit, 3207-4 STARTTLS is listed",
	"C: EHLO c.example\nS: 250-mx.example\nS: 250-PIPELINING\nS: 250-SIZE 1000\nS: 250-STARTTLS\nS: 250-8BITMIME\n"
	"S: 250-SMTPUTF8\nS: 250-CHUNKING\nS: 250-ENHANCEDSTATUSCODES\nS: 250 HELP\n" QUIT,
	{ .message_size = 1000, .starttls = true } },
{ "5321-3.3 a message to two recipients, one unknown",
	EHLO MAIL RCPT
	"C: RCPT TO:<nobody@d.example>\nE: RCPT nobody d.example\nA: NO_SUCH_USER\nS: 550 5.1.1 No such user here\n"
	DATA "C: Subject: x\nC: \nC: text\nC: .\nB: Subject: x\\r\\n\\r\\ntext\\r\\n\n" COMMIT QUIT },
{ "5321-3.2 HELO: one line, no extensions, with SMTP",
	"C: HELO c.example\nS: 250 mx.example\n" MAIL RCPT
	"C: DATA\nE: BEGIN SMTP c.example <a@b.example> 0\nS: 354 End data with <CRLF>.<CRLF>\nC: .\n" COMMIT QUIT },
{ "5321-4.1.1.11 parameters after HELO are refused",
	"C: HELO c.example\nS: 250 mx.example\nC: MAIL FROM:<a@b.example> SIZE=1\n"
	"S: 555 5.5.4 Parameter not recognised or not implemented\n" MAIL },
{ "5321-4.1.1.1 a name is needed, and one that cannot break a trace field",
	"C: EHLO\nS: 501 A domain or an address literal is needed\n"
	"C: HELO\nS: 501 A domain or an address literal is needed\n"
	"C: EHLO two names\nS: 501 A domain or an address literal is needed\n"
	"C: EHLO a(b)\nS: 501 A domain or an address literal is needed\n"
	"C: EHLO [1.2.3.256]\nS: 501 A domain or an address literal is needed\n"
	"C: HELO [1.2.3.4]\nS: 250 mx.example\n"
	"C: HELO [IPv6:::1]\nS: 250 mx.example\n"
	"C: HELO host_1\nS: 250 mx.example\n" },
{ "5321-4.1.4 MAIL needs EHLO; RCPT and DATA need MAIL; MAIL does not nest",
	"C: MAIL FROM:<a@b.example>\nS: 503 5.5.1 Introduce yourself first\n" EHLO
	"C: RCPT TO:<u@d.example>\nS: 503 5.5.1 MAIL is needed first\n"
	"C: DATA\nS: 503 5.5.1 MAIL is needed first\n" MAIL
	"C: MAIL FROM:<a@b.example>\nS: 503 5.5.1 Sender was already given\n"
	"C: DATA\nS: 503 5.5.1 A valid recipient is needed first\n" RCPT DATA "C: .\n" COMMIT },
{ "5321-3.3 DATA after refused recipients only",
	EHLO MAIL "C: RCPT TO:<u@far.example>\nE: RCPT u far.example\nA: NOT_LOCAL\n"
	"S: 550 5.7.1 Relaying denied: domain is not local\n"
	"C: DATA\nS: 554 5.5.1 No valid recipients\n" RCPT DATA "C: .\n" COMMIT },
{ "5321-4.1.4 EHLO in a transaction acts like RSET",
	EHLO MAIL RCPT EHLO "E: ABORT\nC: RCPT TO:<u@d.example>\nS: 503 5.5.1 MAIL is needed first\n" },
{ "5321-4.1.1.5 RSET forgets; twice does no harm; without recipients nothing is to forget",
	"C: RSET\nS: 250 2.0.0 OK\n" EHLO MAIL "C: RSET\nS: 250 2.0.0 OK\n" MAIL RCPT
	"C: RSET\nS: 250 2.0.0 OK\nE: ABORT\nC: RSET\nS: 250 2.0.0 OK\n" MAIL RCPT DATA "C: .\n" COMMIT },
{ "5321-4.1.1.10 QUIT in a transaction forgets it; what follows is not looked at",
	EHLO MAIL RCPT "C: QUIT\nS: 221 2.0.0 mx.example closing\nE: ABORT\nE: CLOSE\nC: NOOP\n" },
{ "5321-4.1.4 NOOP, HELP, VRFY, EXPN, RSET at any time",
	"C: NOOP\nS: 250 2.0.0 OK\nC: NOOP with text\nS: 250 2.0.0 OK\nC: VRFY u\n"
	"S: 252 2.5.0 Not verified; send the message and RCPT will tell\nC: EXPN list\nS: 502 5.5.1 Command not implemented\n"
	EHLO MAIL RCPT "C: NOOP\nS: 250 2.0.0 OK\n" DATA "C: .\n" COMMIT },
{ "5321-4.1.1.8 HELP lists the syntax",
	"C: HELP\n"
	"S: 214-2.0.0 MAIL FROM:<path> [SIZE=n] [BODY=7BIT|8BITMIME] [SMTPUTF8]\nS: 214-2.0.0 RCPT TO:<path>\nS: 214-2.0.0 DATA\n"
	"S: 214-2.0.0 BDAT n [LAST]\nS: 214-2.0.0 EHLO name (LMTP: LHLO)\nS: 214-2.0.0 HELO name\nS: 214-2.0.0 QUIT\n"
	"S: 214-2.0.0 RSET\nS: 214-2.0.0 NOOP\nS: 214-2.0.0 STARTTLS\nS: 214-2.0.0 VRFY text\nS: 214-2.0.0 HELP\n"
	"S: 214 2.0.0 End of help\n" },
{ "5321-4.2.4 unknown and unsupported verbs",
	"C: FOO\nS: 500 5.5.1 Command not recognised\nC: \nS: 500 5.5.1 Command not recognised\n"
	"C: MAILFROM:<a@b.example>\nS: 500 5.5.1 Command not recognised\nC: AUTH PLAIN\nS: 502 5.5.1 Command not implemented\n"
	"C: TURN\nS: 502 5.5.1 Command not implemented\nC: STARTTLS\nS: 502 5.5.1 Command not implemented\n" },
{ "5321-4.1.1 verbs in any case, white space at the end",
	"C: eHlO c.example  \nS: 250-mx.example\nS: 250-PIPELINING\nS: 250-SIZE\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"
	"S: 250-CHUNKING\nS: 250-ENHANCEDSTATUSCODES\nS: 250 HELP\n"
	"C: mail from:<a@b.example>\t \nS: 250 2.1.0 Sender OK\nC: Rcpt  To: <u@d.example>\nE: RCPT u d.example\n"
	"S: 250 2.1.5 Recipient OK\nC: rset \nS: 250 2.0.0 OK\nE: ABORT\n" },
{ "5321-4.3.2 arguments where none belong, none where some do",
	"C: QUIT now\nS: 501 5.5.4 Syntax error in parameters\nC: RSET x\nS: 501 5.5.4 Syntax error in parameters\n"
	"C: DATA x\nS: 501 5.5.4 Syntax error in parameters\nC: VRFY\nS: 501 5.5.4 Syntax error in parameters\n" EHLO
	"C: MAIL\nS: 501 5.5.4 Syntax error in parameters\nC: MAIL TO:<a@b.example>\nS: 501 5.5.4 Syntax error in parameters\n"
	"C: MAIL FROM:<a@b.example>SIZE=1\nS: 501 5.5.4 Syntax error in parameters\n"
	"C: MAIL FROM:<a@b.example> =1\nS: 501 5.5.4 Syntax error in parameters\n" MAIL
	"C: RCPT\nS: 501 5.5.4 Syntax error in parameters\nC: RCPT <u@d.example>\nS: 501 5.5.4 Syntax error in parameters\n" },
{ "5321-4.5.5 the null reverse-path; 5321-4.5.1 postmaster without a domain",
	EHLO "C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\nC: RCPT TO:<PostMaster>\nE: RCPT PostMaster \nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nE: BEGIN ESMTP c.example <@> 0\nS: 354 End data with <CRLF>.<CRLF>\nC: .\n" COMMIT },
{ "5321-4.1.1.3 RCPT TO:<> and a sender's bare name are refused",
	EHLO "C: MAIL FROM:<postmaster>\nS: 501 5.1.7 Bad sender address syntax\n" MAIL
	"C: RCPT TO:<>\nS: 501 5.1.3 Bad recipient address syntax\nC: RCPT TO:<u>\nS: 501 5.1.3 Bad recipient address syntax\n"
	"C: RCPT TO:u@d.example\nS: 501 5.1.3 Bad recipient address syntax\n" },
{ "5321-4.1.2 source routes are dropped, quoted local-parts unquoted",
	EHLO MAIL "C: RCPT TO:<@x.example,@y.example:\"a \\\"b\"@d.example>\nE: RCPT a \"b d.example\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<u@[127.0.0.1]>\nE: RCPT u [127.0.0.1]\nS: 250 2.1.5 Recipient OK\n" },
{ "5321-4.5.3.1 lengths of local-part, domain and path",
	EHLO "R: MAIL FROM:<\\*64a@b.example>\\r\\n\nS: 250 2.1.0 Sender OK\nC: RSET\nS: 250 2.0.0 OK\n"
	"R: MAIL FROM:<\\*65a@b.example>\\r\\n\nS: 501 5.1.0 Address too long\n"
	"R: MAIL FROM:<a@\\*63b.\\*63b.\\*63b.\\*60b>\\r\\n\nS: 250 2.1.0 Sender OK\nC: RSET\nS: 250 2.0.0 OK\n"
	"R: MAIL FROM:<a@\\*63b.\\*63b.\\*63b.\\*61b>\\r\\n\nS: 501 5.1.0 Address too long\n"
	"R: MAIL FROM:<a@\\*64b>\\r\\n\nS: 501 5.1.7 Bad sender address syntax\n" },
{ "1870-6 declared size: kept, over the limit, beyond 64 bits, no number",
	"C: HELO c.example\nS: 250 mx.example\n"
	"C: EHLO c.example\nS: 250-mx.example\nS: 250-PIPELINING\nS: 250-SIZE 1000\nS: 250-8BITMIME\nS: 250-SMTPUTF8\n"
	"S: 250-CHUNKING\nS: 250-ENHANCEDSTATUSCODES\nS: 250 HELP\n"
	"C: MAIL FROM:<a@b.example> SIZE=1001\nS: 552 5.3.4 Message exceeds the size limit\n"
	"C: MAIL FROM:<a@b.example> SIZE=99999999999999999999\nS: 552 5.3.4 Message exceeds the size limit\n"
	"C: MAIL FROM:<a@b.example> SIZE=123456789012345678901\nS: 501 5.5.4 Bad value of a parameter\n"
	"C: MAIL FROM:<a@b.example> SIZE=1x\nS: 501 5.5.4 Bad value of a parameter\n"
	"C: MAIL FROM:<a@b.example> SIZE\nS: 501 5.5.4 Bad value of a parameter\n"
	"C: MAIL FROM:<a@b.example> SIZE=1 SIZE=2\nS: 501 5.5.4 Bad value of a parameter\n"
	"C: MAIL FROM:<a@b.example> size=1000\nS: 250 2.1.0 Sender OK\n" RCPT
	"C: DATA\nE: BEGIN ESMTP c.example <a@b.example> 1000\nS: 354 End data with <CRLF>.<CRLF>\nC: .\n" COMMIT,
	{ .message_size = 1000 } },
{ "6152-2 BODY; 3030-4 BINARYMIME is not offered; 5321-4.1.1.11 unknown parameters",
	EHLO "C: MAIL FROM:<a@b.example> BODY=9BIT\nS: 501 5.5.4 Bad value of a parameter\n"
	"C: MAIL FROM:<a@b.example> BODY\nS: 501 5.5.4 Bad value of a parameter\n"
	"C: MAIL FROM:<a@b.example> BODY=BINARYMIME\nS: 555 5.6.1 BODY=BINARYMIME is not offered\n"
	"C: MAIL FROM:<a@b.example> BODY=7BIT BODY=7BIT\nS: 501 5.5.4 Bad value of a parameter\n"
	"C: MAIL FROM:<a@b.example> RET=FULL\nS: 555 5.5.4 Parameter not recognised or not implemented\n"
	"C: MAIL FROM:<a@b.example>  body=8bitmime SIZE=5\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<u@d.example> NOTIFY=NEVER\nS: 555 5.5.4 Parameter not recognised or not implemented\n" },
{ "6531-3.2 non-ASCII addresses only with SMTPUTF8",
	EHLO "R: MAIL FROM:<\\xc3\\xbc@b.example>\\r\\n\nS: 553 5.6.7 Non-ASCII address needs SMTPUTF8\n" MAIL
	"R: RCPT TO:<\\xc3\\xbc@d.example>\\r\\n\nS: 553 5.6.7 Non-ASCII address needs SMTPUTF8\n"
	"R: RCPT TO:<u@\\xc3\\xbc.example>\\r\\n\nS: 553 5.6.7 Non-ASCII address needs SMTPUTF8\n" },
{ "6531-3.3 with SMTPUTF8, well-formed only; with UTF8SMTP",
	EHLO "C: MAIL FROM:<a@b.example> SMTPUTF8=1\nS: 501 5.5.4 Bad value of a parameter\n"
	"R: MAIL FROM:<\\xff@b.example> SMTPUTF8\\r\\n\nS: 553 5.6.7 Address is not well-formed UTF-8\n"
	"R: MAIL FROM:<\\xc0\\x80@b.example> SMTPUTF8\\r\\n\nS: 553 5.6.7 Address is not well-formed UTF-8\n"
	"R: MAIL FROM:<a@b.example> SMTPUTF8\\r\\n\nS: 250 2.1.0 Sender OK\n"
	"R: RCPT TO:<\\xed\\xa0\\x80@d.example>\\r\\n\nS: 553 5.6.7 Address is not well-formed UTF-8\n"
	"R: RCPT TO:<\\xc3\\xbc@\\xc3\\xbc.example>\\r\\n\nE: RCPT \xc3\xbc \xc3\xbc.example\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nE: BEGIN UTF8SMTP c.example <a@b.example> 0\nS: 354 End data with <CRLF>.<CRLF>\nC: .\n" COMMIT MAIL },
{ "5321-2.3.8 a bare LF or CR ends no command line",
	"R: NOOP\\nNOOP\\r\\n\nS: 500 5.5.2 Bare CR or LF: end command lines with CRLF\n"
	"R: NOOP\\rQUIT\\r\\n\nS: 500 5.5.2 Bare CR or LF: end command lines with CRLF\n"
	"R: NOOP\\r\\r\\n\nS: 500 5.5.2 Bare CR or LF: end command lines with CRLF\n"
	"R: \\nQUIT\\nQUIT\\rQUIT\\n\\rQUIT\\r\\n\nS: 500 5.5.2 Bare CR or LF: end command lines with CRLF\n" "C: NOOP\nS: 250 2.0.0 OK\n" },
{ "5321-4.1.2 control octets in a command",
	EHLO "R: MAIL FROM:<a\\0@b.example>\\r\\n\nS: 500 5.5.2 Control character in command\n"
	"R: NOOP\\0\\r\\n\nS: 500 5.5.2 Control character in command\n"
	"R: NOOP\\x7f\\r\\n\nS: 500 5.5.2 Control character in command\n" },
{ "5321-4.5.3.1.4 the longest command line, and one octet more",
	"R: NOOP \\*2041x\\r\\n\nS: 250 2.0.0 OK\nR: NOOP \\*2042x\\r\\n\nS: 500 5.5.2 Command line too long\n"
	"R: NOOP \\*20000x\\r\\n\nS: 500 5.5.2 Command line too long\nC: NOOP\nS: 250 2.0.0 OK\n" },
{ "2920-3.1 a group of commands in one packet, refused recipients inside",
	EHLO MAIL RCPT "C: RCPT TO:<v@d.example>\nE: RCPT v d.example\nA: OVER_QUOTA\nS: 452 4.2.2 Mailbox is full\n" RCPT DATA
	"C: x\nC: .\nB: x\\r\\n\n" COMMIT MAIL RCPT DATA "C: y\nC: .\nB: y\\r\\n\n" COMMIT QUIT },
{ "5321-4.5.3.1.10 too many recipients: 452, the message goes to the first",
	EHLO MAIL RCPT RCPT "C: RCPT TO:<u@d.example>\nS: 452 4.5.3 Too many recipients\n" DATA "C: .\n" COMMIT, { .recipients = 2 } },
{ "limit of messages in a session",
	EHLO MAIL RCPT DATA "C: .\n" COMMIT "C: MAIL FROM:<a@b.example>\n"
	"S: 421 4.7.0 mx.example Too many messages in one session\nE: CLOSE\n", { .messages = 1 } },
{ "limit of messages in a session: a refused one does not count",
	EHLO MAIL RCPT DATA "C: .\nE: COMMIT\nA: STORAGE\nS: 451 4.3.0 Storage error, try again later\n" MAIL, { .messages = 1 } },
{ "limit of commands: accepted recipients do not count, a message begins a new count",
	EHLO MAIL RCPT RCPT RCPT DATA "C: .\n" COMMIT "C: NOOP\nS: 250 2.0.0 OK\nC: NOOP\nS: 250 2.0.0 OK\nC: NOOP\nS: 250 2.0.0 OK\n"
	"C: NOOP\nS: 421 4.7.0 mx.example Too many commands without a message\nE: CLOSE\nC: NOOP\n", { .commands = 3 } },
{ "limit of commands in a transaction: it is forgotten",
	EHLO MAIL RCPT "C: NOOP\nS: 250 2.0.0 OK\n"
	"C: NOOP\nS: 421 4.7.0 mx.example Too many commands without a message\nE: ABORT\nE: CLOSE\n", { .commands = 3 } },
{ "limit of errors; a recipient that the glue refuses is none",
	EHLO MAIL "C: RCPT TO:<v@d.example>\nE: RCPT v d.example\nA: NO_SUCH_USER\nS: 550 5.1.1 No such user here\n"
	"C: X\nS: 500 5.5.1 Command not recognised\nC: X\nS: 500 5.5.1 Command not recognised\n"
	"C: X\nS: 421 4.7.0 mx.example Too many errors\nE: CLOSE\n", { .errors = 2 } },
{ "3207-4.2 STARTTLS: state forgotten, plaintext behind it discarded, offered once",
	"C: STARTTLS x\nS: 501 5.5.4 Syntax error in parameters\n"
	"C: HELO c.example\nS: 250 mx.example\n" MAIL RCPT "C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\nE: ABORT\nE: TLS\n"
	"X: secured\nC: MAIL FROM:<a@b.example>\nS: 503 5.5.1 Introduce yourself first\nC: STARTTLS\nS: 503 5.5.1 TLS is already active\n"
	EHLO MAIL RCPT "C: DATA\nE: BEGIN ESMTPS c.example <a@b.example> 0\nS: 354 End data with <CRLF>.<CRLF>\nC: .\n" COMMIT,
	{ .starttls = true } },
{ "3207-4 time-out while the handshake is due: no word in the clear",
	"C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\nE: TLS\nX: expire TIMEOUT\nE: CLOSE\n", { .starttls = true } },
{ "5321-4.5.3.2 time-out in the middle of a message",
	EHLO MAIL RCPT DATA "C: half\nX: expire TIMEOUT\nB: half\\r\\n\nS: 421 4.4.2 mx.example Idle too long\nE: ABORT\nE: CLOSE\n" },
{ "5321-3.8 the server ends: 421", "C: NOOP\nS: 250 2.0.0 OK\nX: expire SHUTDOWN\nS: 421 4.3.2 mx.example Server is shutting down\nE: CLOSE\n" },
{ "5321-4.2.1 a temporary refusal of DATA ends the transaction",
	EHLO MAIL RCPT "C: DATA\nE: BEGIN ESMTP c.example <a@b.example> 0\nA: NO_SPACE\nS: 452 4.3.1 Insufficient system storage\nE: ABORT\n"
	"C: DATA\nS: 503 5.5.1 MAIL is needed first\n" MAIL },
{ "a refused message: no 250",
	EHLO MAIL RCPT DATA "C: x\nC: .\nB: x\\r\\n\nE: COMMIT\nA: STORAGE\nS: 451 4.3.0 Storage error, try again later\n"
	"C: DATA\nS: 503 5.5.1 MAIL is needed first\n" },
};
/* clang-format on */

START_TEST(dialogues_hold)
{
	ck_assert_uint_eq(dialogue_run(dialogues, KEEL_COUNT(dialogues)), 0);
}
END_TEST

static void feed(struct smtp_session *s, const char *text, struct keel_buffer *out)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);

	for (;;) {
		const enum smtp_event event = smtp_session_step(s, &at, end, out);

		if (event == SMTP_EVENT_RCPT)
			smtp_session_rcpt(s, SMTP_REASON_NO_SUCH_USER, out);
		else if (event == SMTP_EVENT_INPUT || event == SMTP_EVENT_TLS || event == SMTP_EVENT_CLOSE)
			return;
	}
}

/* The id in the reply is the glue's choice. */
START_TEST(a_message_without_an_id)
{
	static const struct smtp_config config = { .hostname = "mx.example", .recipients = 100 };
	static const char text[] = "HELO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n.\r\n";
	const uint8_t *at = (const uint8_t *)text, *end = at + sizeof(text) - 1;
	struct smtp_session *s = smtp_session_new(&config);
	const enum smtp_reason stored = SMTP_REASON_NONE;
	struct keel_buffer out;

	keel_buffer_init(&out, 0);
	ck_assert_int_eq(smtp_session_step(s, &at, end, &out), SMTP_EVENT_RCPT);
	smtp_session_rcpt(s, SMTP_REASON_NONE, &out);
	ck_assert_int_eq(smtp_session_step(s, &at, end, &out), SMTP_EVENT_BEGIN);
	smtp_session_begin(s, SMTP_REASON_NONE, &out);
	ck_assert_int_eq(smtp_session_step(s, &at, end, &out), SMTP_EVENT_COMMIT);
	keel_buffer_clear(&out);
	smtp_session_commit(s, &stored, 1, NULL, &out);
	ck_assert_str_eq(keel_buffer_text(&out), "250 2.0.0 OK\r\n");
	keel_buffer_free(&out);
	smtp_session_free(&s);
}
END_TEST

/* Every refusal is told once, also when one step brings several. */
START_TEST(refusals_are_counted)
{
	static const struct smtp_config config = { .hostname = "mx.example", .recipients = 100 };
	struct smtp_session *s = smtp_session_new(&config);
	unsigned told[SMTP_REASON_COUNT] = { 0 };
	struct keel_buffer out;
	enum smtp_reason reason;

	keel_buffer_init(&out, 0);
	ck_assert_uint_eq(smtp_session_refused(s), SMTP_REASON_NONE);
	feed(s, "X\r\nX\r\nDATA\r\nEHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nX\r\nRCPT TO:<a@b>\r\n", &out);
	while ((reason = smtp_session_refused(s)))
		told[reason]++;
	ck_assert_uint_eq(told[SMTP_REASON_UNKNOWN_COMMAND], 3);
	ck_assert_uint_eq(told[SMTP_REASON_NEED_MAIL], 1);
	ck_assert_uint_eq(told[SMTP_REASON_NO_SUCH_USER], 2);
	ck_assert_str_eq(smtp_reason_name(SMTP_REASON_NO_SUCH_USER), "no_such_user");
	keel_buffer_free(&out);
	smtp_session_free(&s);
	ck_assert_ptr_null(s);
	smtp_session_free(&s);
}
END_TEST

/* Ten thousand idle sessions must not weigh: under 1 KiB each, also after a message. */
START_TEST(an_idle_session_is_small)
{
	static const struct smtp_config config = { .hostname = "mx.example", .recipients = 100 };
	struct smtp_session *s = smtp_session_new(&config);
	struct keel_buffer out;

	keel_buffer_init(&out, 0);
	feed(s, "EHLO client-with-a-rather-long-name.department.example.org\r\n", &out);
	feed(s, "MAIL FROM:<a.rather.long.sender.address@department.example.org>\r\nRCPT TO:<a@b>\r\nRSET\r\nNO", &out);
	feed(s, "OP\r\n", &out);
	ck_assert_uint_lt(smtp_session_memory(s), 1024);
	printf("an idle session holds %zu octets\n", smtp_session_memory(s));
	keel_buffer_free(&out);
	smtp_session_free(&s);
}
END_TEST

/* RFC 5321 3.1: 220 with the name first; refusals are 421 or 554; RFC 2034 4: no status code in the greeting. */
START_TEST(greetings)
{
	static const struct {
		enum smtp_protocol protocol;
		enum smtp_reason reason;
		const char *text;
		enum smtp_event then;
	} rows[] = {
		{ SMTP_PROTOCOL_SMTP, SMTP_REASON_NONE, "220 mx.example ESMTP porcupined\r\n", SMTP_EVENT_INPUT },
		{ SMTP_PROTOCOL_LMTP, SMTP_REASON_NONE, "220 mx.example LMTP porcupined\r\n", SMTP_EVENT_INPUT },
		{ SMTP_PROTOCOL_SMTP, SMTP_REASON_CONNECTIONS, "421 mx.example Too many connections\r\n",
		  SMTP_EVENT_CLOSE },
		{ SMTP_PROTOCOL_SMTP, SMTP_REASON_RATE, "421 mx.example Too many messages, try again later\r\n",
		  SMTP_EVENT_CLOSE },
	};

	for (unsigned i = 0; i < KEEL_COUNT(rows); i++) {
		const struct smtp_config config = { .hostname = "mx.example", .protocol = rows[i].protocol };
		const uint8_t *at = (const uint8_t *)"NOOP\r\n", *end = at + 6;
		struct smtp_session *s = smtp_session_new(&config);
		struct keel_buffer out;

		keel_buffer_init(&out, 0);
		smtp_session_greet(s, rows[i].reason, &out);
		ck_assert_str_eq(keel_buffer_text(&out), rows[i].text);
		ck_assert_int_eq(smtp_session_step(s, &at, end, &out), rows[i].then);
		keel_buffer_free(&out);
		smtp_session_free(&s);
	}
}
END_TEST

/* A limited out buffer that is full ends the session: nothing is acknowledged that the client cannot be told. */
START_TEST(a_full_reply_buffer_ends_the_session)
{
	static const struct smtp_config config = { .hostname = "mx.example", .recipients = 100 };
	const uint8_t *at = (const uint8_t *)"NOOP\r\nNOOP\r\nNOOP\r\n", *end = at + 18;
	struct smtp_session *s = smtp_session_new(&config);
	struct keel_buffer out;

	keel_buffer_init(&out, 20);
	ck_assert_int_eq(smtp_session_step(s, &at, end, &out), SMTP_EVENT_CLOSE);
	ck_assert_int_eq(smtp_session_step(s, &at, end, &out), SMTP_EVENT_CLOSE);
	keel_buffer_free(&out);
	smtp_session_free(&s);
}
END_TEST

/* No path and no name outlives what it was said for. */
START_TEST(nothing_is_kept_too_long)
{
	static const struct smtp_config config = { .hostname = "mx.example", .recipients = 100, .starttls = true };
	static const char *const ends[] = { "RSET\r\n", "EHLO d.example\r\n", "STARTTLS\r\n" };
	struct smtp_session *s = smtp_session_new(&config);
	struct keel_buffer out;

	keel_buffer_init(&out, 0);
	for (size_t i = 0; i <= KEEL_COUNT(ends); i++) {
		ck_assert_str_eq(smtp_session_sender(s)->local, "");
		ck_assert_str_eq(smtp_session_sender(s)->domain, "");
		ck_assert_str_eq(smtp_session_recipient(s)->local, "");
		ck_assert_str_eq(smtp_session_recipient(s)->domain, "");
		if (i == KEEL_COUNT(ends))
			break;
		feed(s, "EHLO c.example\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", &out);
		ck_assert_str_eq(smtp_session_sender(s)->domain, "b");
		ck_assert_str_eq(smtp_session_recipient(s)->domain, "d");
		ck_assert_str_eq(smtp_session_peer_name(s), "c.example");
		feed(s, ends[i], &out);
	}
	smtp_session_secured(s);
	ck_assert_str_eq(smtp_session_peer_name(s), "");
	/* not asked for: nothing changes */
	feed(s, "EHLO c.example\r\n", &out);
	smtp_session_secured(s);
	ck_assert_str_eq(smtp_session_peer_name(s), "c.example");
	keel_buffer_free(&out);
	smtp_session_free(&s);
}
END_TEST

/* RFC 1870 4: the number as declared, at the edge of what fits and beyond. */
START_TEST(declared_sizes)
{
	static const struct smtp_config config = { .hostname = "mx.example", .recipients = 100 };
	static const struct {
		const char *line;
		uint64_t size;
	} rows[] = {
		{ "MAIL FROM:<a@b> SIZE=0\r\n", 0 },
		{ "MAIL FROM:<a@b> SIZE=1844674407370955161\r\n", UINT64_MAX / 10 },
		{ "MAIL FROM:<a@b> SIZE=18446744073709551609\r\n", UINT64_MAX - 6 },
		{ "MAIL FROM:<a@b> SIZE=18446744073709551615\r\n", UINT64_MAX },
		{ "MAIL FROM:<a@b> SIZE=18446744073709551616\r\n", UINT64_MAX },
		{ "MAIL FROM:<a@b> SIZE=18446744073709551620\r\n", UINT64_MAX },
		{ "MAIL FROM:<a@b> SIZE=99999999999999999999\r\n", UINT64_MAX },
		{ "MAIL FROM:<a@b>\r\n", 0 },
	};
	struct smtp_session *s = smtp_session_new(&config);
	struct keel_buffer out;

	keel_buffer_init(&out, 0);
	feed(s, "EHLO c.example\r\n", &out);
	for (size_t i = 0; i < KEEL_COUNT(rows); i++) {
		feed(s, rows[i].line, &out);
		ck_assert_uint_eq(smtp_session_declared_size(s), rows[i].size);
		feed(s, "RSET\r\n", &out);
		ck_assert_uint_eq(smtp_session_declared_size(s), 0);
	}
	keel_buffer_free(&out);
	smtp_session_free(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_session");
	TCase *tc = tcase_create("session");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, dialogues_hold);
	tcase_add_test(tc, a_message_without_an_id);
	tcase_add_test(tc, refusals_are_counted);
	tcase_add_test(tc, an_idle_session_is_small);
	tcase_add_test(tc, nothing_is_kept_too_long);
	tcase_add_test(tc, declared_sizes);
	tcase_add_test(tc, greetings);
	tcase_add_test(tc, a_full_reply_buffer_ends_the_session);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

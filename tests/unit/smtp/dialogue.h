/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dialogues as readable scripts, one entry a line:
 *
 *	C: EHLO a.example      the client sends the line and CRLF
 *	R: NOOP\nNOOP\r\n      the client sends octets; escapes \r \n \0 \t \\ \xHH and \*N. (the octet '.' N times, any octet for '.')
 *	S: 250 2.0.0 OK        the server replies the line and CRLF
 *	B: text\r\n            octets of the message, since the last entry that was not B, with the same escapes
 *	E: RCPT local domain   an event: RCPT, BEGIN with peer <sender> declared-size, COMMIT, ABORT, TLS, CLOSE
 *	A: NO_SUCH_USER        the answer to the event above it, reasons by name, one for each recipient (default NONE; FAIL reason: fails
 *	                       the body after it was accepted)
 *	X: secured             smtp_session_secured(); all that was sent before has been consumed
 *	X: expire TIMEOUT
 *
 * A script is run with the client's octets whole, octet by octet and cut at random: S, B and E must come out the same. Then each
 * allocation fails in its turn: what comes out must be a start of the script, and the session end.
 */
#ifndef TESTS_UNIT_SMTP_DIALOGUE_H
#define TESTS_UNIT_SMTP_DIALOGUE_H

#include "porcupined/smtp/smtp.h"

struct dialogue {
	const char *name; /* begins with the clause that is tested */
	const char *script;
	struct smtp_config config; /* hostname and recipients have defaults */
};

/* What most dialogues begin with. */
#define EXTENSIONS_SIZE(size)                                                                                                              \
	"S: 250-mx.example\nS: 250-PIPELINING\nS: 250-SIZE" size "\nS: 250-8BITMIME\nS: 250-SMTPUTF8\nS: 250-CHUNKING\n"                    \
	"S: 250-ENHANCEDSTATUSCODES\nS: 250 HELP\n"
#define EXTENSIONS EXTENSIONS_SIZE("")
#define EHLO "C: EHLO c.example\n" EXTENSIONS
#define EHLO_SIZE(size) "C: EHLO c.example\n" EXTENSIONS_SIZE(" " size)
#define MAIL "C: MAIL FROM:<a@b.example>\nS: 250 2.1.0 Sender OK\n"
#define RCPT "C: RCPT TO:<u@d.example>\nE: RCPT u d.example\nS: 250 2.1.5 Recipient OK\n"
#define DATA "C: DATA\nE: BEGIN ESMTP c.example <a@b.example> 0\nS: 354 End data with <CRLF>.<CRLF>\n"
#define COMMIT "E: COMMIT\nS: 250 2.0.0 OK id1\n"
#define QUIT "C: QUIT\nS: 221 2.0.0 mx.example closing\nE: CLOSE\n"

/* Runs each; a failure names the dialogue, the way it was cut, and shows both transcripts. Number of failures. */
unsigned dialogue_run(const struct dialogue *dialogues, size_t n);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POP3 dialogues as readable scripts, one entry a line:
 *
 *	M: text\r\n            a message of the maildrop; escapes \r \n \0 \t \\ \xHH and \*N. (any octet N times)
 *	U: text\r\n            the same, internationalised
 *	C: STAT                the client sends the line and CRLF
 *	R: STAT\nNOOP\r\n      the client sends octets, with the same escapes
 *	S: +OK 2 30            the server sends the line and CRLF (octets that are not graphic as \r \n \xHH)
 *	P: A: b                the server has sent this, and no CRLF, before the session ends
 *	E: LOGIN user password an event: also RETR index top-lines, UPDATE marked indices, TLS, CLOSE
 *	A: IN_USE              the answer to the event above it (default NONE); RETR: "A: STORAGE 5" fails after 5 octets
 *	X: secured             pop3_session_secured(); all that was sent before has been consumed
 *	X: expire TIMEOUT      at an event that waits for its answer: instead of the answer. RETR: "X: expire SHUTDOWN 5" after 5 octets
 *
 * A script is run with the client's octets and the messages whole, octet by octet and cut at random: S and E must come out the same. Then
 * each allocation fails in its turn: what comes out must be a start of the script, and the session end. No memory is given back, and none
 * moves, with "sesame" or "c2VzYW1l" in it: passwords of the scripts have it.
 */
#ifndef TESTS_UNIT_POP3_DIALOGUE_H
#define TESTS_UNIT_POP3_DIALOGUE_H

#include "porcupined/pop3/pop3.h"

struct dialogue {
	const char *name; /* begins with the clause that is tested */
	const char *script;
	struct pop3_config config; /* hostname has a default */
	bool secure;               /* TLS from the first octet */
	bool no_plaintext;
	enum pop3_reason refuse; /* the greeting */
};

/* What most dialogues begin with. */
#define LOGIN                                                                                                                              \
	"C: USER u@d.example\nS: +OK Password please\nC: PASS sesame\nE: LOGIN u@d.example sesame\n"
#define ONE "M: A: b\\r\\n\\r\\none\\r\\n\n"
#define LOGIN_ONE ONE LOGIN "S: +OK 1 message (13 octets)\n"
#define THREE ONE "M: C: d\\r\\n\\r\\n.2\\r\\n..\\r\\n\nM: E: f\\r\\n\\r\\n\n"
#define LOGIN_THREE THREE LOGIN "S: +OK 3 messages (37 octets)\n"
#define GREETING "S: +OK mx.example POP3 porcupined\n"
#define QUIT "C: QUIT\nE: UPDATE\nS: +OK Bye\nE: CLOSE\n"
#define LEAVE "C: QUIT\nS: +OK Bye\nE: CLOSE\n"
#define CAPABILITIES(login, stls)                                                                                                          \
	"C: CAPA\nS: +OK Capabilities follow\nS: TOP\nS: UIDL\n" login stls "S: UTF8 USER\nS: RESP-CODES\nS: AUTH-RESP-CODE\n"              \
	"S: PIPELINING\nS: EXPIRE NEVER\nS: IMPLEMENTATION porcupined\nS: .\n"
#define CAPABLE_LOGIN "S: USER\nS: SASL PLAIN\n"

/* Runs each; a failure names the dialogue, the way it was cut, and shows both transcripts. Number of failures. */
unsigned dialogue_run(const struct dialogue *dialogues, size_t n);

#endif

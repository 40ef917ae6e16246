/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POP3 server sessions (RFC 1939; CAPA and RESP-CODES RFC 2449, AUTH-RESP-CODE RFC 3206, STLS RFC 2595, AUTH PLAIN RFC 5034, UTF8
 * RFC 6856) as a pure engine: bytes in, replies appended to a buffer, events out. The glue owns sockets, passwords and the store.
 *
 *	for (;;) {
 *		event = pop3_session_step(s, &at, end, out);
 *		... act on it; POP3_EVENT_INPUT: all of at..end was used, read more
 *	}
 *
 * After LOGIN, RETR and UPDATE the engine is waiting: step() returns POP3_EVENT_WAIT and consumes nothing until the answer came, which
 * may be at once or later. So replies are in the order of the commands, however many were sent ahead (PIPELINING, RFC 2449 6.6).
 * Documentation/design/pop3-ledger.md says clause by clause what is kept, and where this server is stricter or laxer.
 */
#ifndef PORCUPINED_POP3_POP3_H
#define PORCUPINED_POP3_POP3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/lib/keel/buffer.h"

struct pop3_config {
	const char *hostname;
	bool stls;       /* offer STLS */
	unsigned errors; /* bad commands a session may send before it is closed; 0 = no limit */
	unsigned logins; /* the failed login that closes the session; 0 = none does */
	unsigned login_delay; /* CAPA's LOGIN-DELAY, seconds between logins of a user as the glue enforces it (POP3_REASON_LOGIN_DELAY);
			       * 0 = none */
};

enum pop3_event {
	POP3_EVENT_INPUT, /* more bytes are needed */
	POP3_EVENT_WAIT,  /* an answer is outstanding */
	POP3_EVENT_LOGIN, /* verify pop3_session_user()/password(), lock and list the maildrop: answer pop3_session_login() */
	POP3_EVENT_RETR, /* send message pop3_session_index(): feed pop3_session_content() until it says enough or the message ends, then
			    * pop3_session_content_end() */
	POP3_EVENT_UPDATE, /* QUIT after a login, also with nothing marked: delete what pop3_session_deleted() marks, durably, give the
			    * maildrop's lock back (the client's next session may come as soon as it reads +OK), then
			    * pop3_session_updated() */
	POP3_EVENT_TLS, /* flush, handshake, then pop3_session_secured(); plaintext is discarded until then, and each step says TLS */
	POP3_EVENT_CLOSE, /* flush, then close; without UPDATE nothing is deleted. Also when out has failed */
	POP3_EVENT_OUTPUT, /* this step has appended POP3_OUTPUT octets or more and has more to do: flush, then step again. To step at once
			    * is right too, but then out grows: UIDL of a great maildrop, many times ahead */
};

/* Every refusal: X(NAME, response code or "", text, counter, description); pop3/reason.h. */
#include "porcupined/pop3/reason.h"

enum pop3_reason {
#define X(name, code, text, counter, description) POP3_REASON_##name,
	POP3_REASONS(X)
#undef X
		POP3_REASON_COUNT
};

#define POP3_UIDL_MAX 70  /* RFC 1939 7 */
#define POP3_OUTPUT 65536 /* octets */

/* One message of a maildrop, in order. */
struct pop3_message {
	uint64_t size;  /* octets as RETR sends them, before dot-stuffing, without the final line */
	uint8_t id[16]; /* UIDL shows it as 32 hexadecimal digits */
	bool utf8; /* internationalised (RFC 6532): without UTF8 mode RETR and TOP are refused with [UTF8] (RFC 6856 5) */
};

struct pop3_session;

/* Allocates through keel_buffer only. NULL if out of memory. config is borrowed. */
struct pop3_session *pop3_session_new(const struct pop3_config *config);
void pop3_session_free(struct pop3_session **s);
/* Octets of memory the session holds. */
size_t pop3_session_memory(const struct pop3_session *s);

/* Appends the greeting, or -ERR with a reason other than NONE, after which step gives CLOSE. secure: TLS from the first
 * octet (port 995). plaintext: USER/PASS and PLAIN are allowed without TLS (loopback by setting). */
void pop3_session_greet(struct pop3_session *s, bool secure, bool plaintext, enum pop3_reason refuse,
			struct keel_buffer *out);
/* Consumes from *at, never past end. Passwords lie in these octets: the glue wipes its input buffer. */
enum pop3_event pop3_session_step(struct pop3_session *s, const uint8_t **at, const uint8_t *end,
				  struct keel_buffer *out);

/* Answer to LOGIN. On POP3_REASON_NONE messages[0..n) is borrowed until the session is freed or UPDATE was answered. */
void pop3_session_login(struct pop3_session *s, enum pop3_reason refuse, const struct pop3_message *messages, size_t n,
			struct keel_buffer *out);
/* Answers to RETR and TOP, any octets in any pieces: the first call with data or the end sends "+OK". content dot-stuffs and, for TOP, ends after the header and the
 * lines asked for: returns false when no more is wanted. end with a reason other than NONE: before any content "-ERR", later the
 * connection is closed (the client must not take a part for the whole). */
bool pop3_session_content(struct pop3_session *s, const uint8_t *data, size_t len, struct keel_buffer *out);
void pop3_session_content_end(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out);
/* Answer to UPDATE: NONE, or why not all that was marked is deleted. The session ends either way (RFC 1939 6). */
void pop3_session_updated(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out);
/* After the TLS handshake: the state is as after the greeting (RFC 2595 4); STLS is no longer offered. */
void pop3_session_secured(struct pop3_session *s);
/* Idle too long, or the server ends: step gives CLOSE next, never UPDATE; answers that come later are ignored. Nothing is sent for TIMEOUT
 * (RFC 1939 3), nor where it would be taken for a part of a message or a listing; -ERR otherwise. */
void pop3_session_expire(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out);

/* At LOGIN; borrowed, and wiped when the login is answered or the session ends: a thread needs a copy. UTF-8; by AUTH PLAIN
 * control octets may be in it. */
const char *pop3_session_user(const struct pop3_session *s);
const char *pop3_session_password(const struct pop3_session *s);
/* At RETR: index into messages (from 0). *top_lines: TOP's count, or -1 for RETR. */
size_t pop3_session_index(const struct pop3_session *s, int64_t *top_lines);
/* UTF8 was given (RFC 6856). */
bool pop3_session_utf8(const struct pop3_session *s);
/* At UPDATE. */
bool pop3_session_deleted(const struct pop3_session *s, size_t index);
size_t pop3_session_deleted_count(const struct pop3_session *s);
/* The reason of a negative reply not yet told, then NONE: the glue counts refusals with it after each step and answer, until NONE. */
enum pop3_reason pop3_session_refused(struct pop3_session *s);
/* Table look-ups for logs, metrics and documentation. */
const char *pop3_reason_name(enum pop3_reason reason);
const char *pop3_reason_text(enum pop3_reason reason);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMTP (RFC 5321) and LMTP (RFC 2033) server sessions as a pure engine: bytes come in, replies are appended to a buffer, and what
 * the world must do comes out as an event. The glue owns sockets, time, accounts and the store.
 *
 *	for (;;) {
 *		event = smtp_session_step(s, &at, end, out);
 *		... act on it; SMTP_EVENT_INPUT: all of at..end was used, read more
 *	}
 *
 * After RCPT, BEGIN and COMMIT the engine is waiting: step() returns SMTP_EVENT_WAIT and consumes nothing until the
 * matching answer function was called, which may be at once or later. Replies are in order (RFC 2920) by construction.
 */
#ifndef PORCUPINED_SMTP_SMTP_H
#define PORCUPINED_SMTP_SMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/lib/keel/buffer.h"

enum smtp_protocol { SMTP_PROTOCOL_SMTP, SMTP_PROTOCOL_LMTP };

/* What one session may do. Shared by all sessions of a listener, immutable while one lives. */
struct smtp_config {
	enum smtp_protocol protocol;
	const char *hostname;  /* in greeting, replies and the trace */
	bool starttls;         /* offer STARTTLS (RFC 3207) */
	uint64_t message_size; /* SIZE (RFC 1870), octets; 0 = none advertised */
	unsigned recipients;   /* a transaction; at least 100 (RFC 5321 4.5.3.1.8) */
	unsigned messages;     /* a session; 0 = no limit; then 421 */
	unsigned commands;     /* since the last accepted message, accepted RCPTs not counted; 0 = no limit; then 421 */
	unsigned errors; /* bad commands a session may send before 421; 0 = no limit; refusals by the glue do not count */
	uint64_t text_line; /* octets of a line of a message with its CRLF (RFC 5321 4.5.3.1.6 says 1000; more is common); 0 = no limit */
};

enum smtp_event {
	SMTP_EVENT_INPUT, /* more bytes are needed */
	SMTP_EVENT_WAIT,  /* an answer is outstanding */
	SMTP_EVENT_RCPT,  /* may session->rcpt receive? answer: smtp_session_rcpt() */
	SMTP_EVENT_BEGIN, /* a message begins (DATA, or the first BDAT): answer: smtp_session_begin() */
	SMTP_EVENT_BODY, /* session->body, body_len: next octets of the message, dot-unstuffed, CRLF line ends; borrowed until the
			    * next step */
	SMTP_EVENT_COMMIT, /* the message is whole: make it durable, then smtp_session_commit() */
	SMTP_EVENT_ABORT, /* forget the message and its recipients; no answer. Comes whenever a transaction with an accepted recipient
			    * ends without COMMIT, also before TLS and CLOSE */
	SMTP_EVENT_TLS, /* flush out, then start the handshake; the rest of the input has been discarded (RFC 3207 4.2). Afterwards
			    * smtp_session_secured() */
	SMTP_EVENT_CLOSE, /* flush out, then close. Also when out has failed: a reply that cannot be sent ends the session */
};

/*
 * Every refusal the protocol knows: enum, reply code, enhanced status code (RFC 3463), text, counter name, description for the
 * manual. The one list; porcupined_smtp_refused_total{reason="..."} counts by it. A row with glue = 1 is chosen by the glue.
 * The list itself stands in porcupined/smtp/reason.h as X(NAME, code, "x.y.z", "text", "counter", glue, "description").
 */
#include "porcupined/smtp/reason.h"

enum smtp_reason {
#define X(name, code, status, text, counter, glue, description) SMTP_REASON_##name,
	SMTP_REASONS(X)
#undef X
		SMTP_REASON_COUNT
};

/* A path (RFC 5321 4.1.2) as parsed: borrowed from the session. */
struct smtp_path {
	const char *local; /* local-part, unquoted, UTF-8 if SMTPUTF8 (RFC 6531); "" and domain "" = null reverse-path */
	const char *domain; /* as given, or an address literal in brackets; "" = <postmaster> */
	bool utf8;          /* has octets above 127 */
};

struct smtp_session; /* see smtp_session_new */

/* Allocates through keel_buffer only. NULL if out of memory. config is borrowed. */
struct smtp_session *smtp_session_new(const struct smtp_config *config);
void smtp_session_free(struct smtp_session **s);
/* Octets of memory the session holds. */
size_t smtp_session_memory(const struct smtp_session *s);

/* Appends the 220 greeting (or 421 / 554 with a reason other than SMTP_REASON_NONE, after which step gives CLOSE). */
void smtp_session_greet(struct smtp_session *s, enum smtp_reason refuse, struct keel_buffer *out);
/* Consumes from *at, never past end. */
enum smtp_event smtp_session_step(struct smtp_session *s, const uint8_t **at, const uint8_t *end,
				  struct keel_buffer *out);
/* Answers to RCPT, BEGIN, COMMIT: SMTP_REASON_NONE accepts; any other reason refuses. An accepted RCPT stays in the list
 * that COMMIT's glue keeps in the same order. */
void smtp_session_rcpt(struct smtp_session *s, enum smtp_reason refuse, struct keel_buffer *out);
/* A refusal of BEGIN refuses DATA with that reason (the client then sends no data); with BDAT the chunk is swallowed. */
void smtp_session_begin(struct smtp_session *s, enum smtp_reason refuse, struct keel_buffer *out);
/* SMTP: reasons[0] speaks for all; LMTP: one reason per accepted recipient, in order. id: shown in the 250 text, may be NULL. */
void smtp_session_commit(struct smtp_session *s, const enum smtp_reason *reasons, size_t n, const char *id,
			 struct keel_buffer *out);
/* During SMTP_EVENT_BODY: the message cannot be taken after all (no memory, no disk); the rest is swallowed and the refusal is
 * sent at its end (no COMMIT comes; ABORT does). */
void smtp_session_fail_body(struct smtp_session *s, enum smtp_reason refuse);
/* After the TLS handshake: the state is as after the greeting (RFC 3207 4.2); STARTTLS is no longer offered. */
void smtp_session_secured(struct smtp_session *s);
/* Idle too long, or the server ends: appends 421 with the reason; step gives ABORT if due, then CLOSE. A COMMIT that has not been
 * answered is not aborted (and its answer is ignored): the client may send the message twice. */
void smtp_session_expire(struct smtp_session *s, enum smtp_reason reason, struct keel_buffer *out);

/* Valid at RCPT; the reverse-path also until COMMIT has been answered. Both are empty while there is no transaction. */
const struct smtp_path *smtp_session_sender(const struct smtp_session *s);
const struct smtp_path *smtp_session_recipient(const struct smtp_session *s);
/* SIZE= of MAIL FROM, 0 if absent. */
uint64_t smtp_session_declared_size(const struct smtp_session *s);
/* At BODY. */
const uint8_t *smtp_session_body(const struct smtp_session *s, size_t *len);
/* For the trace (RFC 5321 4.4): HELO/EHLO/LHLO argument ("" before), and the "with" keyword: SMTP, ESMTP, ESMTPS, LMTP, LMTPS,
 * UTF8SMTP... (RFC 3848, RFC 6531). */
const char *smtp_session_peer_name(const struct smtp_session *s);
const char *smtp_session_with(const struct smtp_session *s);
/* The reason of a negative reply not yet told, then NONE: the glue counts refusals with it after each step and answer, until NONE
 * (one step may send several). */
enum smtp_reason smtp_session_refused(struct smtp_session *s);
/* Table look-ups for logs, metrics and documentation. */
const char *smtp_reason_name(enum smtp_reason reason);
const char *smtp_reason_text(enum smtp_reason reason);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POP3 server sessions (RFC 1939; CAPA and RESP-CODES RFC 2449, AUTH-RESP-CODE RFC 3206, STLS RFC 2595, AUTH PLAIN RFC 5034, UTF8
 * RFC 6856) as a pure engine: bytes in, replies appended to a buffer, events out. The glue owns sockets, passwords and the store.
 */
#ifndef PORCUPINED_POP3_POP3_H
#define PORCUPINED_POP3_POP3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/lib/keel/buffer.h"

struct pop3_config {
	const char *hostname;
	bool stls;          /* offer STLS */
	unsigned errors;    /* bad commands before the session is closed */
	unsigned logins;    /* failed logins before the session is closed */
};

enum pop3_event {
	POP3_EVENT_INPUT,  /* more bytes are needed */
	POP3_EVENT_WAIT,   /* an answer is outstanding */
	POP3_EVENT_LOGIN,  /* verify pop3_session_user()/password(), lock and list the maildrop: answer pop3_session_login() */
	POP3_EVENT_RETR,   /* send message pop3_session_index(): feed pop3_session_content() until it says enough or the message ends, then
			    * pop3_session_content_end() */
	POP3_EVENT_UPDATE, /* QUIT: delete what pop3_session_deleted() marks, durably, then pop3_session_updated() */
	POP3_EVENT_TLS,    /* flush, handshake, then pop3_session_secured(); buffered plaintext has been discarded */
	POP3_EVENT_CLOSE,  /* flush, then close; without UPDATE nothing is deleted */
};

/* Every refusal: X(NAME, response code or "", text, counter, description); pop3/reason.h. */
#include "porcupined/pop3/reason.h"

enum pop3_reason {
#define X(name, code, text, counter, description) POP3_REASON_##name,
	POP3_REASONS(X)
#undef X
	POP3_REASON_COUNT
};

#define POP3_UIDL_MAX 70 /* RFC 1939 7 */

/* One message of a maildrop, in order. */
struct pop3_message {
	uint64_t size;  /* octets as RETR sends them, before dot-stuffing, without the final line */
	uint8_t id[16]; /* UIDL shows it as 32 hexadecimal digits */
};

struct pop3_session;

struct pop3_session *pop3_session_new(const struct pop3_config *config);
void pop3_session_free(struct pop3_session **s);
size_t pop3_session_memory(const struct pop3_session *s);

/* secure: TLS from the first octet (port 995). plaintext: USER/PASS and PLAIN are allowed without TLS (loopback by setting). */
void pop3_session_greet(struct pop3_session *s, bool secure, bool plaintext, enum pop3_reason refuse, struct keel_buffer *out);
enum pop3_event pop3_session_step(struct pop3_session *s, const uint8_t **at, const uint8_t *end, struct keel_buffer *out);

/* Answer to LOGIN. On POP3_REASON_NONE messages[0..n) is borrowed until the session is freed or UPDATE was answered. */
void pop3_session_login(struct pop3_session *s, enum pop3_reason refuse, const struct pop3_message *messages, size_t n,
			struct keel_buffer *out);
/* Answers to RETR/TOP: the first call with data or the end sends "+OK". content dot-stuffs and, for TOP, ends after the header and the
 * lines asked for: returns false when no more is wanted. end with a reason other than NONE: before any content "-ERR", later the
 * connection is closed (the client must not take a part for the whole). */
bool pop3_session_content(struct pop3_session *s, const uint8_t *data, size_t len, struct keel_buffer *out);
void pop3_session_content_end(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out);
void pop3_session_updated(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out);
void pop3_session_secured(struct pop3_session *s);
void pop3_session_expire(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out);

/* At LOGIN; borrowed; the password is wiped when the login is answered. */
const char *pop3_session_user(const struct pop3_session *s);
const char *pop3_session_password(const struct pop3_session *s);
/* At RETR: index into messages (from 0). *top_lines: TOP's count, or -1 for RETR. */
size_t pop3_session_index(const struct pop3_session *s, int64_t *top_lines);
/* At UPDATE. */
bool pop3_session_deleted(const struct pop3_session *s, size_t index);
size_t pop3_session_deleted_count(const struct pop3_session *s);
enum pop3_reason pop3_session_refused(struct pop3_session *s);
const char *pop3_reason_name(enum pop3_reason reason);
const char *pop3_reason_text(enum pop3_reason reason);

#endif

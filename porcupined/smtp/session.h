/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the engine share; nobody outside includes it. */
#ifndef PORCUPINED_SMTP_SESSION_H
#define PORCUPINED_SMTP_SESSION_H

#include "porcupined/smtp/smtp.h"
#include "porcupined/smtp/text.h"
#include "tools/lib/keel/cursor.h"

#define SMTP_COMMAND_LINE 2048 /* octets with CRLF: 512 (RFC 5321 4.5.3.1.4), and room for what extensions add */

enum smtp_mode {
	SMTP_MODE_COMMAND,
	SMTP_MODE_RCPT,   /* smtp_session_rcpt() is due */
	SMTP_MODE_BEGIN,  /* smtp_session_begin() is due */
	SMTP_MODE_COMMIT, /* smtp_session_commit() is due */
	SMTP_MODE_DATA,   /* message text up to CRLF.CRLF */
	SMTP_MODE_BDAT,   /* message octets, counted */
	SMTP_MODE_TLS,    /* smtp_session_secured() is due */
	SMTP_MODE_CLOSE,
};

enum smtp_hello { SMTP_HELLO_NONE, SMTP_HELLO_HELO, SMTP_HELLO_EXTENDED };

enum smtp_line {
	SMTP_LINE_GOOD,
	SMTP_LINE_SKIP, /* was refused; what remains of it is thrown away */
};

struct smtp_session {
	struct keel_buffer self; /* owns the memory this struct lies in */
	const struct smtp_config *config;

	struct keel_buffer line; /* a command line that came in pieces; holds no memory between lines */
	struct keel_buffer peer;
	struct keel_buffer sender_text, recipient_text; /* what the paths point to */
	struct smtp_path sender, recipient;

	uint64_t declared_size;
	uint64_t received;    /* octets of this message */
	uint64_t line_octets; /* of the message's current line; kept only with a limit */
	uint64_t chunk_left;  /* BDAT */
	const uint8_t *body;
	size_t body_len;

	unsigned messages; /* accepted */
	unsigned commands; /* since the last accepted message */
	unsigned errors;
	unsigned accepted; /* recipients of this transaction */

	uint8_t mode;       /* enum smtp_mode */
	uint8_t hello;      /* enum smtp_hello */
	uint8_t line_state; /* enum smtp_line */
	uint8_t text;       /* enum smtp_text */
	uint8_t failed;     /* enum smtp_reason: why the message or chunk will be refused */
	bool secure;
	bool in_mail;    /* MAIL was accepted */
	bool tried_rcpt; /* RCPT came */
	bool begun;      /* BEGIN was accepted */
	bool chunked;    /* the message comes by BDAT */
	bool chunk_last;
	bool smtputf8;
	bool skip_cr; /* while a line is skipped: the last octet was a CR */
	bool discard; /* STARTTLS came: plaintext is thrown away */
	bool abort;   /* SMTP_EVENT_ABORT is due */

	unsigned refusals; /* not yet told by smtp_session_refused() */
	uint8_t refused[SMTP_REASON_COUNT];
};

/* reply.c: every reply line ends in CRLF and has at most 512 octets (RFC 5321 4.5.3.1.5). */
void smtp_reply(struct keel_buffer *out, const char *text);
/* A reply with the text and codes of a reason, counted as a refusal; a 421 ends the session. */
void smtp_refuse(struct smtp_session *s, enum smtp_reason reason, struct keel_buffer *out);
/* The same for an error of the client, which may be one too many. */
void smtp_error(struct smtp_session *s, enum smtp_reason reason, struct keel_buffer *out);
/* The 220 greeting; the reply to EHLO or LHLO; the 221 of QUIT; 250 with an id. */
void smtp_reply_greeting(const struct smtp_session *s, struct keel_buffer *out);
void smtp_reply_hello(const struct smtp_session *s, struct keel_buffer *out);
void smtp_reply_closing(const struct smtp_session *s, struct keel_buffer *out);
void smtp_reply_committed(const char *id, struct keel_buffer *out);
void smtp_reply_chunk(uint64_t octets, struct keel_buffer *out);

/* command.c: one command line without its CRLF. INPUT: go on. */
enum smtp_event smtp_command(struct smtp_session *s, const uint8_t *line, size_t len, struct keel_buffer *out);
void smtp_reply_help(struct keel_buffer *out);

/* envelope.c: MAIL and RCPT, from behind the verb. */
enum smtp_event smtp_mail(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out);
enum smtp_event smtp_rcpt(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out);

/* data.c */
enum smtp_event smtp_data(struct smtp_session *s, struct keel_buffer *out);
enum smtp_event smtp_bdat(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out);
/* Message octets in DATA or BDAT mode: INPUT (go on), BODY or COMMIT. */
enum smtp_event smtp_receive(struct smtp_session *s, const uint8_t **at, const uint8_t *end, struct keel_buffer *out);
/* One reply for the message; after LMTP's DATA or BDAT LAST one for each accepted recipient (RFC 2033 4.2). */
void smtp_refuse_message(struct smtp_session *s, enum smtp_reason reason, struct keel_buffer *out);

/* session.c: ends the transaction; with something to forget, ABORT comes. */
void smtp_session_reset(struct smtp_session *s);

#endif

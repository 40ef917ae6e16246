/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the engine share; nobody outside includes it. */
#ifndef PORCUPINED_POP3_SESSION_H
#define PORCUPINED_POP3_SESSION_H

#include "porcupined/pop3/pop3.h"
#include "tools/lib/keel/buffer.h"

#define POP3_LINE 512u      /* octets with CRLF; RFC 2449 4 asks for 255 */
#define POP3_AUTH_LINE 4096u /* a response of AUTH: three strings of SASL PLAIN in base64 */

enum pop3_state { POP3_AUTHORIZATION = 1, POP3_TRANSACTION = 2 }; /* bits: a verb's row names the states it is for */

enum pop3_mode {
	POP3_MODE_COMMAND,
	POP3_MODE_SASL,    /* the next line is the response of AUTH PLAIN */
	POP3_MODE_LOGIN,   /* pop3_session_login() is due */
	POP3_MODE_CONTENT, /* pop3_session_content_end() is due */
	POP3_MODE_UPDATE,  /* pop3_session_updated() is due */
	POP3_MODE_TLS,     /* pop3_session_secured() is due */
	POP3_MODE_CLOSE,
};

struct pop3_session {
	struct keel_buffer self; /* owns the memory this struct lies in */
	const struct pop3_config *config;
	struct keel_buffer line; /* a command line that came in pieces */
	struct keel_buffer user, password;
	struct keel_buffer deleted; /* a bit a message; no memory before the first DELE */

	const struct pop3_message *messages; /* borrowed */
	size_t n;
	size_t n_deleted;
	uint64_t size_deleted; /* octets */

	size_t index;      /* at RETR and TOP */
	int64_t top_lines; /* -1 = RETR */
	int64_t lines_left;
	unsigned errors, logins;

	uint8_t state, mode;
	uint8_t refused; /* enum pop3_reason */
	bool skip;       /* the rest of an over-long line is thrown away */
	bool secure, plaintext, utf8;
	bool begun;      /* +OK of a content was sent */
	bool in_header;  /* of the content */
	bool line_start; /* of the content: the next octet begins a line */
	bool line_empty; /* nothing but perhaps CR was seen on this line */
	bool last_cr;
};

enum pop3_event pop3_command(struct pop3_session *s, uint8_t *line, size_t len, struct keel_buffer *out);
enum pop3_event pop3_sasl(struct pop3_session *s, uint8_t *line, size_t len, struct keel_buffer *out);
/* "-ERR [code] text"; counts it. */
void pop3_refuse(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out);
void pop3_wipe(struct keel_buffer *b);
bool pop3_is_deleted(const struct pop3_session *s, size_t index);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the engine share; nobody outside includes it. */
#ifndef PORCUPINED_POP3_SESSION_H
#define PORCUPINED_POP3_SESSION_H

#include "porcupined/pop3/pop3.h"

#define POP3_COMMAND_LINE 512 /* octets with CRLF: RFC 2449 4 asks for 255, an address may have 320 */
#define POP3_AUTH_LINE \
	2048 /* an answer to AUTH (RFC 5034 4): two names of 320 octets and a password of 512 in base64 fit */

enum pop3_state {
	POP3_STATE_AUTHORIZATION = 1 << 0,
	POP3_STATE_TRANSACTION = 1 << 1,
};

enum pop3_mode {
	POP3_MODE_COMMAND,
	POP3_MODE_AUTH,    /* the client's answer to AUTH PLAIN is due */
	POP3_MODE_LISTING, /* LIST or UIDL is under way */
	POP3_MODE_LOGIN,   /* pop3_session_login() is due */
	POP3_MODE_RETR,    /* pop3_session_content_end() is due */
	POP3_MODE_UPDATE,  /* pop3_session_updated() is due */
	POP3_MODE_TLS,     /* pop3_session_secured() is due */
	POP3_MODE_CLOSE,
};

/* Where the current line of a message's header stands: TOP looks for the empty one. */
enum pop3_line { POP3_LINE_START, POP3_LINE_CR, POP3_LINE_TEXT };

struct pop3_session {
	struct keel_buffer self; /* owns the memory this struct lies in */
	const struct pop3_config *config;

	struct keel_buffer line; /* a line that came in pieces; holds no memory between lines */
	struct keel_buffer
		login; /* user NUL password NUL from USER to the login's answer, or a PLAIN message and a NUL */
	struct keel_buffer deleted; /* a bit for each message; no memory before the first DELE */
	size_t user, password;      /* in login; password 0: PASS has not come */

	const struct pop3_message *messages; /* borrowed */
	size_t count;
	size_t live;     /* not marked */
	uint64_t octets; /* of those */
	size_t listed;   /* LISTING: the next message */
	size_t current;  /* RETR and TOP */
	int64_t top;     /* lines of TOP; -1: RETR */
	uint64_t lines;  /* of TOP that are still to come */
	unsigned errors, logins;

	uint8_t state;       /* enum pop3_state */
	uint8_t mode;        /* enum pop3_mode */
	uint8_t header_line; /* enum pop3_line */
	bool secure, plaintext, utf8;
	bool skip, skip_cr; /* a refused line's rest is thrown away; its last octet was a CR */
	bool discard;       /* STLS came: plaintext is thrown away */
	bool begun;         /* "+OK" of RETR or TOP was sent */
	bool line_start;    /* of what it sends */
	bool in_body;
	bool enough; /* TOP has all it wants */
	bool uidl;   /* LISTING: UIDL, not LIST */

	unsigned refusals; /* not yet told by pop3_session_refused() */
	uint8_t refused[POP3_REASON_COUNT];
};

/* reply.c: every reply line ends in CRLF and has at most 512 octets (RFC 2449 4). */
void pop3_reply(struct keel_buffer *out, const char *text);
/* "-ERR [code] text", counted; NO_MEMORY, TOO_MANY_ERRORS and TOO_MANY_LOGINS end the session. */
void pop3_refuse(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out);
/* The same for an error of the client, which may be one too many. */
void pop3_error(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out);
void pop3_reply_capabilities(const struct pop3_session *s, struct keel_buffer *out);
/* "head COUNT middle OCTETS tail" */
void pop3_reply_totals(const struct pop3_session *s, const char *head, const char *middle, const char *tail,
		       struct keel_buffer *out);

/* The handlers below get what stands behind the verb and its spaces; trailing spaces are cut (not PASS). INPUT: go on. */
#define POP3_HANDLER(name) \
	enum pop3_event name(struct pop3_session *s, const uint8_t *at, size_t len, struct keel_buffer *out)

/* command.c: one line without its CRLF. */
POP3_HANDLER(pop3_command);

/* login.c */
POP3_HANDLER(pop3_user);
POP3_HANDLER(pop3_pass);
POP3_HANDLER(pop3_auth);
POP3_HANDLER(pop3_auth_answer); /* a whole line */
POP3_HANDLER(pop3_stls);
POP3_HANDLER(pop3_utf8);
void pop3_forget_login(struct pop3_session *s);

/* maildrop.c */
POP3_HANDLER(pop3_stat);
POP3_HANDLER(pop3_list);
POP3_HANDLER(pop3_uidl);
POP3_HANDLER(pop3_retr);
POP3_HANDLER(pop3_top);
POP3_HANDLER(pop3_dele);
POP3_HANDLER(pop3_rset);
/* Up to POP3_OUTPUT octets of a listing; the mode is COMMAND when it has ended. */
void pop3_list_more(struct pop3_session *s, struct keel_buffer *out);

/* content.c: what follows is message s->current. */
void pop3_content_start(struct pop3_session *s, int64_t top);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Envelope addresses (RFC 5321 4.1.2, RFC 6531 3.3), domains and literals. */
#ifndef PORCUPINED_SMTP_PATH_H
#define PORCUPINED_SMTP_PATH_H

#include "porcupined/smtp/smtp.h"
#include "tools/lib/keel/cursor.h"

enum smtp_path_kind {
	SMTP_PATH_REVERSE, /* of MAIL: may be <> */
	SMTP_PATH_FORWARD, /* of RCPT: may be <postmaster> */
};

#define SMTP_PATH_LOCAL 64   /* octets of a local-part (RFC 5321 4.5.3.1.1), counted unquoted */
#define SMTP_PATH_DOMAIN 255 /* of a domain (4.5.3.1.2) */
#define SMTP_PATH_TOTAL 256  /* of a path with its brackets, source route not counted (4.5.3.1.3) */

/*
 * Reads a path from "<" to ">" at c and leaves c behind it. A source route is checked and dropped (RFC 5321 appendix C). The parts are
 * written to store (cleared first) and path points into it. NONE, BAD_SENDER or BAD_RECIPIENT by kind, PATH_TOO_LONG, NOT_UTF8, NO_MEMORY;
 * on failure path is untouched.
 */
enum smtp_reason smtp_path_parse(struct keel_cursor *c, enum smtp_path_kind kind, struct keel_buffer *store,
				 struct smtp_path *path);

/* The name a client gives itself: graphic ASCII without what could break out of a trace field; 1..255 octets. Laxer than the grammar: a
 * name is never a ground to refuse mail (RFC 5321 4.1.4) and underscores are common. Address literals are checked. */
bool smtp_path_hello(const uint8_t *text, size_t len);

#endif

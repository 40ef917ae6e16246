/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client logs in with, and how it is forgotten. */
#ifndef PORCUPINED_POP3_CREDENTIAL_H
#define PORCUPINED_POP3_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/lib/keel/buffer.h"

/* Overwrites all memory of b and frees it. Memory that held a secret must never grow: reserve all of it before. */
void pop3_wipe(struct keel_buffer *b);

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
bool pop3_is_utf8(const uint8_t *text, size_t len);

/* Base64 (RFC 4648 4: padded, nothing between, unused bits 0) into out, which must be empty. 0, -EINVAL, or -ENOMEM. */
int pop3_base64(const uint8_t *text, size_t len, struct keel_buffer *out);

/* A PLAIN message (RFC 4616 2): [authzid] NUL authcid NUL passwd. Offsets into it; each part ends at the next NUL or the end. */
struct pop3_plain {
	size_t identity, user, password;
};

/* False if it has not exactly two NULs, or no user or password. */
bool pop3_plain_split(const uint8_t *text, size_t len, struct pop3_plain *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's side of TLS (1.2 and up): certificate, key and what sessions share. */
#ifndef PORCUPINED_NODE_TLS_H
#define PORCUPINED_NODE_TLS_H

#include <openssl/ssl.h>

#include "tools/lib/keel/buffer.h"

struct tls;

/* Reads chain and key (PEM). 0, or -errno with error. */
int tls_new(const char *certificate, const char *key, struct tls **out, struct keel_buffer *error);
/* One more reference; NULL stays NULL. */
struct tls *tls_get(struct tls *tls);
/* Drops a reference. */
void tls_free(struct tls **tls);
/* A server session on fd (non-blocking, stays the caller's). NULL if out of memory. */
SSL *tls_session(struct tls *tls, int fd);
/* Version and cipher for the trace: "TLS1.3 TLS_AES_256_GCM_SHA384". */
void tls_describe(SSL *ssl, char *out, size_t n);

/* certificate.c: makes a P-256 key and a certificate for hostname, valid for ten years, if neither file exists; *made says so.
 * Both are written whole or not at all, the key with mode 0600. 0, or -errno with error: also if only one of them exists. */
int tls_self_sign(const char *certificate, const char *key, const char *hostname, bool *made,
		  struct keel_buffer *error);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/lib/keel/cleanup.h"

struct tls {
	_Atomic unsigned references;
	SSL_CTX *context;
};

/* The oldest OpenSSL error of this thread as text; the others are dropped. */
static void say_why(struct keel_buffer *error, const char *what, const char *path)
{
	char text[160] = "unknown error";
	const unsigned long code = ERR_get_error();

	if (code)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	keel_buffer_printf(error, "%s %s: %s", what, path, text);
}

int tls_new(const char *certificate, const char *key, struct tls **out, struct keel_buffer *error)
{
	static const unsigned char session_id[] = "porcupined";
	struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	tls->references = 1;
	ERR_clear_error();
	tls->context = SSL_CTX_new(TLS_server_method());
	if (!tls->context) {
		free(tls);
		return -ENOMEM;
	}
	SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
	/* tickets need no cache here; buffers of idle sessions are given back */
	SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(tls->context, session_id, sizeof(session_id) - 1);
	SSL_CTX_set_mode(tls->context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
						  SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (SSL_CTX_use_certificate_chain_file(tls->context, certificate) != 1)
		say_why(error, "certificate", certificate);
	else if (SSL_CTX_use_PrivateKey_file(tls->context, key, SSL_FILETYPE_PEM) != 1)
		say_why(error, "key", key);
	else if (SSL_CTX_check_private_key(tls->context) != 1)
		say_why(error, "key does not belong to the certificate:", key);
	else {
		*out = tls;
		return 0;
	}
	tls_free(&tls);
	return -EINVAL;
}

struct tls *tls_get(struct tls *tls)
{
	if (tls)
		atomic_fetch_add_explicit(&tls->references, 1, memory_order_relaxed);
	return tls;
}

void tls_free(struct tls **at)
{
	struct tls *tls = keel_take(*at);

	if (!tls || atomic_fetch_sub_explicit(&tls->references, 1, memory_order_acq_rel) != 1)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

SSL *tls_session(struct tls *tls, int fd)
{
	SSL *ssl = SSL_new(tls->context);

	if (ssl && SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		ssl = NULL;
	}
	if (ssl)
		SSL_set_accept_state(ssl);
	return ssl;
}

void tls_describe(SSL *ssl, char *out, size_t n)
{
	snprintf(out, n, "%s %s", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
}

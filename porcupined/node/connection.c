// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/connection.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "porcupined/node/loop.h"
#include "porcupined/node/metrics.h"
#include "porcupined/node/tls.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define OUTPUT_HIGH (256u << 10) /* octets a client may leave unread before nothing more is read from it */
#define OUT_KEPT (256u << 10)    /* octets of memory the loop's output buffer keeps */

static void step(struct connection *c, const uint8_t *at, const uint8_t *end);

/* ---- the end ------------------------------------------------------------------------------------ */

static void destroy(struct connection *c)
{
	struct loop *loop = c->loop;

	if (c->opened)
		c->kind->close(c);
	keel_buffer_free(&c->input);
	keel_buffer_free(&c->output);
	rules_put(&c->rules);
	free(c);
	loop_one_less(loop);
}

void connection_close(struct connection *c)
{
	if (c->dead)
		return;
	c->dead = true;
	event_del(&c->read_event);
	event_del(&c->write_event);
	loop_forget(c->loop, c);
	if (c->ssl) {
		if (!c->handshaking && !c->output.len)
			SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
		ERR_clear_error();
	}
	close(c->fd);
	keel_gauge_add(c->kind->sessions, -1);
	if (c->counted)
		limits_leave(c->loop->node->limits, c->key);
	if (!c->holds)
		destroy(c);
}

void connection_hold(struct connection *c)
{
	c->holds++;
}

bool connection_drop(struct connection *c)
{
	const bool there = !c->dead;

	if (!--c->holds && c->dead)
		destroy(c);
	return there;
}

/* ---- the socket --------------------------------------------------------------------------------- */

/* Octets, 0 at the end, or -errno. TLS: as much as has come and fits. */
static ssize_t receive(struct connection *c, uint8_t *to, size_t room)
{
	size_t got = 0;
	ssize_t n;

	if (!c->ssl) {
		do {
			n = recv(c->fd, to, room, 0);
		} while (n < 0 && errno == EINTR);
		return n < 0 ? -errno : n;
	}
	while (got < room) {
		const int m = SSL_read(c->ssl, to + got, (int)(room - got));
		int why;

		if (m > 0) {
			got += (size_t)m;
			continue;
		}
		why = SSL_get_error(c->ssl, m);
		/* what is left in this thread's queue of errors would be taken for the next connection's */
		ERR_clear_error();
		if (got || why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
			return got ? (ssize_t)got : -EAGAIN;
		return why == SSL_ERROR_ZERO_RETURN ? 0 : -EIO;
	}
	return (ssize_t)got;
}

/* Octets taken, possibly none, or -errno. */
static ssize_t transmit(struct connection *c, const uint8_t *data, size_t n)
{
	size_t put = 0;

	while (put < n) {
		ssize_t m;

		if (c->ssl) {
			m = SSL_write(c->ssl, data + put, (int)(n - put < 1u << 30 ? n - put : 1u << 30));
			if (m <= 0) {
				const int why = SSL_get_error(c->ssl, (int)m);

				if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
					break;
				ERR_clear_error();
				return -EIO;
			}
		} else {
			m = send(c->fd, data + put, n - put, MSG_NOSIGNAL);
			if (m < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
				break;
			if (m < 0)
				return -errno;
		}
		put += (size_t)m;
	}
	return (ssize_t)put;
}

/* Sends what is in out, keeps what the socket does not take. */
static int put_out(struct connection *c, struct keel_buffer *out)
{
	ssize_t n = 0;
	int ret = 0;

	if (out->failed)
		return out->failed;
	if (!out->len)
		return 0;
	if (!c->output.len) {
		n = transmit(c, out->data, out->len);
		if (n < 0)
			return (int)n;
	}
	if ((size_t)n < out->len) {
		ret = keel_buffer_append(&c->output, out->data + n, out->len - (size_t)n);
		event_add(&c->write_event, NULL);
	}
	if (out->cap > OUT_KEPT)
		keel_buffer_free(out);
	return ret;
}

static void read_on(struct connection *c)
{
	if (!c->reading && !c->dead) {
		c->reading = true;
		event_add(&c->read_event, NULL);
	}
}

static void read_off(struct connection *c)
{
	if (c->reading) {
		c->reading = false;
		event_del(&c->read_event);
	}
}

/* ---- what a step wants ---------------------------------------------------------------------------- */

static void handshake(struct connection *c)
{
	int n, why;

	ERR_clear_error();
	n = SSL_do_handshake(c->ssl);
	if (n == 1) {
		struct keel_buffer *out = &c->loop->out;

		c->handshaking = false;
		keel_count(&node_metric.tls_handshakes);
		loop_touch(c->loop, c, c->kind->pop3 ? LOOP_POP3 : LOOP_SMTP);
		keel_buffer_clear(out);
		if (c->opened) {
			c->kind->secured(c, out);
		} else if (c->kind->open(c, false, out)) {
			c->opened = true;
		} else {
			connection_close(c);
			return;
		}
		step(c, NULL, NULL);
		return;
	}
	why = SSL_get_error(c->ssl, n);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
		read_on(c);
		if (why == SSL_ERROR_WANT_WRITE)
			event_add(&c->write_event, NULL);
		return;
	}
	keel_count(&node_metric.tls_failures);
	if (keel_log_on(KEEL_LOG_INFO)) {
		static struct keel_log_limit limit = { .burst = 20, .interval = 60 };
		const char *reason = ERR_reason_error_string(ERR_peek_error());

		keel_log_limited(&limit, KEEL_LOG_INFO, "tls handshake failed", "client", c->peer, "why",
				 reason ? reason : "connection lost", NULL);
	}
	connection_close(c);
}

static void begin_tls(struct connection *c)
{
	c->starting = false;
	keel_buffer_free(&c->input);
	c->ssl = c->rules->tls ? tls_session(c->rules->tls, c->fd) : NULL;
	if (!c->ssl) {
		connection_close(c);
		return;
	}
	c->handshaking = true;
	loop_touch(c->loop, c, LOOP_BRIEF);
	handshake(c);
}

/* Keeps the input that the protocol did not use. */
static int keep(struct connection *c, const uint8_t *at, const uint8_t *end)
{
	return at == end ? 0 : keel_buffer_append(&c->input, at, (size_t)(end - at));
}

static void step(struct connection *c, const uint8_t *at, const uint8_t *end)
{
	struct keel_buffer *out = &c->loop->out;

	for (;;) {
		const enum connection_verdict verdict = c->kind->step(c, &at, end, out);

		if (put_out(c, out) || (verdict != CONNECTION_CLOSE && verdict != CONNECTION_TLS &&
					verdict != CONNECTION_FLUSH && keep(c, at, end))) {
			connection_close(c);
			return;
		}
		c->waiting = verdict == CONNECTION_WAIT;
		switch (verdict) {
		case CONNECTION_READ:
			if (c->output.len < OUTPUT_HIGH)
				read_on(c);
			return;
		case CONNECTION_WAIT:
			/* the read event stays: what rarely comes now costs no system call when it does not */
			return;
		case CONNECTION_FLUSH:
			if (!c->output.len) {
				keel_buffer_clear(out);
				continue;
			}
			c->flushing = true;
			if (keep(c, at, end))
				connection_close(c);
			return;
		case CONNECTION_TLS:
			c->starting = true;
			if (!c->output.len)
				begin_tls(c);
			return;
		case CONNECTION_CLOSE:
			c->closing = true;
			loop_touch(c->loop, c, LOOP_BRIEF);
			if (!c->output.len)
				connection_close(c);
			return;
		}
	}
}

/* TLS may hold input that the socket will not announce. */
static bool more_inside(const struct connection *c)
{
	return c->ssl && !c->dead && !c->waiting && !c->flushing && !c->starting && !c->closing && !c->handshaking &&
	       c->output.len < OUTPUT_HIGH && SSL_has_pending(c->ssl);
}

static void take_input(struct connection *c)
{
	struct loop *loop = c->loop;

	/* the connection may be freed by its last step: a hold keeps it for the question after it */
	connection_hold(c);
	do {
		const ssize_t n = receive(c, loop->input, LOOP_INPUT);

		if (n == -EAGAIN || n == -EWOULDBLOCK)
			break;
		if (n <= 0) {
			c->closing = true;
			if (n < 0 || !c->output.len)
				connection_close(c);
			else
				read_off(c);
			break;
		}
		keel_buffer_clear(&loop->out);
		step(c, loop->input, loop->input + n);
		if (c->kind->pop3)
			OPENSSL_cleanse(loop->input, (size_t)n);
	} while (more_inside(c));
	connection_drop(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	if (c->handshaking) {
		handshake(c);
		return;
	}
	if (c->waiting || c->flushing || c->starting || c->closing || c->output.len >= OUTPUT_HIGH) {
		read_off(c);
		return;
	}
	loop_touch(c->loop, c, (enum loop_list)c->list);
	take_input(c);
}

struct keel_buffer *connection_answer(struct connection *c)
{
	keel_buffer_clear(&c->loop->out);
	return &c->loop->out;
}

void connection_resume(struct connection *c)
{
	struct keel_buffer input = c->input;

	c->waiting = c->flushing = false;
	keel_buffer_init(&c->input, 0);
	loop_touch(c->loop, c, (enum loop_list)c->list);
	connection_hold(c);
	step(c, input.data, input.data + input.len);
	if (c->kind->pop3 && input.len)
		OPENSSL_cleanse(input.data, input.len);
	keel_buffer_free(&input);
	if (more_inside(c))
		take_input(c);
	connection_drop(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	ssize_t n;

	if (c->handshaking) {
		handshake(c);
		return;
	}
	n = transmit(c, c->output.data, c->output.len);
	if (n < 0) {
		connection_close(c);
		return;
	}
	if (n)
		loop_touch(c->loop, c, (enum loop_list)c->list);
	if ((size_t)n < c->output.len) {
		keel_buffer_drop(&c->output, (size_t)n);
		event_add(&c->write_event, NULL);
		return;
	}
	keel_buffer_free(&c->output);
	if (c->closing) {
		connection_close(c);
	} else if (c->starting) {
		begin_tls(c);
	} else if (c->flushing) {
		connection_answer(c);
		connection_resume(c);
	} else if (!c->waiting) {
		read_on(c);
		if (more_inside(c))
			take_input(c);
	}
}

/* ---- beginning and ending --------------------------------------------------------------------------- */

void connection_new(struct loop *loop, const struct connection_kind *kind, int fd, const struct sockaddr *address,
		    bool secure)
{
	struct connection *c = calloc(1, kind->size);
	struct keel_buffer *out = &loop->out;
	bool refuse;

	keel_count(kind->taken);
	if (!c) {
		close(fd);
		return;
	}
	c->kind = kind;
	c->loop = loop;
	c->fd = fd;
	c->rules = rules_get(loop->rules);
	c->local = endpoint_peer(address, c->peer, &c->key);
	c->exempt = c->local && c->rules->exempt_loopback;
	keel_buffer_init(&c->input, 0);
	keel_buffer_init(&c->output, 0);
	event_assign(&c->read_event, loop->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	event_assign(&c->write_event, loop->base, fd, EV_WRITE, on_writable, c);
	loop->connections++;
	keel_gauge_add(kind->sessions, 1);
	loop_touch(loop, c, kind->pop3 ? LOOP_POP3 : LOOP_SMTP);
	c->counted = limits_enter(loop->node->limits, c->key, c->rules->connections,
				  c->exempt ? 0 : c->rules->connections_per_address);
	refuse = !c->counted;
	if (secure) {
		if (refuse)
			connection_close(c);
		else
			begin_tls(c);
		return;
	}
	keel_buffer_clear(out);
	if (!kind->open(c, refuse, out)) {
		connection_close(c);
		return;
	}
	c->opened = true;
	step(c, NULL, NULL);
}

void connection_expire(struct connection *c, enum connection_end why)
{
	if (c->waiting) {
		/* the time is the node's own; at a shutdown the loop asks again */
		loop_touch(c->loop, c, (enum loop_list)c->list);
		return;
	}
	if (!c->opened || c->handshaking || c->starting || c->closing || c->output.len) {
		connection_close(c);
		return;
	}
	keel_buffer_clear(&c->loop->out);
	c->kind->expire(c, why, &c->loop->out);
	step(c, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets: connecting, TLS, sending and receiving without waiting. */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/mailload/load.h"

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void problem(struct load *l, const char *format, ...)
{
	va_list ap;

	if (l->first_problem[0])
		return;
	va_start(ap, format);
	vsnprintf(l->first_problem, sizeof(l->first_problem), format, ap);
	va_end(ap);
}

static int dial(struct load *l, const char *where)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *found;
	char host[256];
	const char *colon = strrchr(where, ':');
	int fd, r, one = 1;

	if (!strncmp(where, "unix:", 5)) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", where + 5);
		r = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&un, sizeof(un));
	} else {
		if (!colon || (size_t)(colon - where) >= sizeof(host)) {
			problem(l, "%s: not HOST:PORT or unix:PATH", where);
			return -1;
		}
		memcpy(host, where, (size_t)(colon - where));
		host[colon - where] = '\0';
		r = getaddrinfo(host, colon + 1, &hints, &found);
		if (r) {
			problem(l, "%s: %s", where, gai_strerror(r));
			return -1;
		}
		fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd >= 0)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		r = fd < 0 ? -1 : connect(fd, found->ai_addr, found->ai_addrlen);
		freeaddrinfo(found);
	}
	/* A full backlog of a local socket says EAGAIN: as good as refused. */
	if (r && errno != EINPROGRESS) {
		problem(l, "%s: %s", where, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

struct conn *conn_open(struct load *l, enum conn_kind kind, const char *where, bool tls)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT };
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->load = l;
	c->kind = kind;
	keel_buffer_init(&c->in, 0);
	keel_buffer_init(&c->out, 0);
	c->fd = dial(l, where);
	if (c->fd < 0) {
		free(c);
		return NULL;
	}
	c->connecting = c->want_write = true;
	c->deadline = now_ns() + 60000000000ull;
	ev.data.ptr = c;
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev)) {
		problem(l, "epoll: %s", strerror(errno));
		close(c->fd);
		free(c);
		return NULL;
	}
	if (tls && !conn_start_tls(c)) {
		close(c->fd);
		free(c);
		return NULL;
	}
	l->live++;
	return c;
}

void conn_free(struct conn *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	keel_buffer_free(&c->in);
	keel_buffer_free(&c->out);
	c->load->live--;
	free(c);
}

bool conn_start_tls(struct conn *c)
{
	c->ssl = SSL_new(c->load->tls);
	if (!c->ssl || !SSL_set_fd(c->ssl, c->fd))
		return false;
	SSL_set_connect_state(c->ssl);
	c->handshaking = true;
	return true;
}

static bool arm(struct conn *c, bool want_write)
{
	struct epoll_event ev = { .events = EPOLLIN | (want_write ? EPOLLOUT : 0), .data.ptr = c };

	if (want_write == c->want_write)
		return true;
	c->want_write = want_write;
	return !epoll_ctl(c->load->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

static bool flush_tls(struct conn *c)
{
	int n;

	if (c->handshaking) {
		n = SSL_do_handshake(c->ssl);
		if (n != 1) {
			int e = SSL_get_error(c->ssl, n);

			if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
				return false;
			return arm(c, e == SSL_ERROR_WANT_WRITE);
		}
		c->handshaking = false;
	}
	while (c->out.len || c->tail_len) {
		bool head = c->out.len;
		const uint8_t *at = head ? c->out.data : c->tail;
		size_t len = head ? c->out.len : c->tail_len;

		n = SSL_write(c->ssl, at, len > 1 << 30 ? 1 << 30 : (int)len);
		if (n <= 0) {
			int e = SSL_get_error(c->ssl, n);

			if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
				return false;
			return arm(c, true);
		}
		if (head) {
			keel_buffer_drop(&c->out, (size_t)n);
		} else {
			c->tail += n;
			c->tail_len -= (size_t)n;
		}
	}
	return arm(c, false);
}

bool conn_flush(struct conn *c)
{
	if (c->connecting)
		return true;
	if (c->ssl)
		return flush_tls(c);
	while (c->out.len || c->tail_len) {
		struct iovec iov[2] = { { c->out.data, c->out.len }, { (void *)c->tail, c->tail_len } };
		ssize_t n = writev(c->fd, iov, 2);

		if (n < 0)
			return errno == EAGAIN ? arm(c, true) : errno == EINTR;
		if ((size_t)n <= c->out.len) {
			keel_buffer_drop(&c->out, (size_t)n);
			continue;
		}
		n -= (ssize_t)c->out.len;
		keel_buffer_clear(&c->out);
		c->tail += n;
		c->tail_len -= (size_t)n;
	}
	return arm(c, false);
}

int conn_read(struct conn *c)
{
	int total = 0;

	for (;;) {
		ssize_t n;

		if (keel_buffer_reserve(&c->in, 16384))
			return -1;
		if (c->ssl) {
			n = SSL_read(c->ssl, c->in.data + c->in.len, 16384);
			if (n <= 0) {
				int e = SSL_get_error(c->ssl, (int)n);

				return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? total
				       : total                                               ? total
											     : -1;
			}
		} else {
			n = recv(c->fd, c->in.data + c->in.len, 16384, 0);
			if (n < 0 && (errno == EAGAIN || errno == EINTR))
				return total;
			if (n <= 0)
				return total ? total : -1;
		}
		c->in.len += (size_t)n;
		total += (int)n;
		if (!c->ssl && n < 16384)
			return total;
		/* What TLS holds back no event would announce. */
		if (total >= 1 << 20 && !(c->ssl && SSL_pending(c->ssl)))
			return total;
	}
}

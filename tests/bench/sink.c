// SPDX-License-Identifier: GPL-2.0-or-later
/* An SMTP server that says yes to everything and keeps nothing: what mailload can do at most. One thread, one epoll. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 256

struct session {
	int fd;
	bool text;
	size_t n;
	char in[65536];
};

static bool say(struct session *s, const char *out, size_t n)
{
	return send(s->fd, out, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Answers every whole line, all in one write. False: the session is over. */
static bool answer(struct session *s)
{
	char out[4096];
	size_t at = 0, n = 0;
	bool quit = false;

	while (at < s->n && !quit) {
		char *from = s->in + at, *end;

		if (s->text) {
			end = memmem(from, s->n - at, "\r\n.\r\n", 5);
			if (!end) {
				/* What may begin the end of the text stays. */
				at = s->n - at > 4 ? s->n - 4 : at;
				break;
			}
			at = (size_t)(end + 5 - s->in);
			s->text = false;
			memcpy(out + n, "250 2.0.0 Ok\r\n", 14);
			n += 14;
		} else {
			end = memchr(from, '\n', s->n - at);
			if (!end)
				break;
			at = (size_t)(end + 1 - s->in);
			quit = !strncasecmp(from, "QUIT", 4);
			s->text = !strncasecmp(from, "DATA", 4);
			n += (size_t)sprintf(out + n, quit ? "221 Bye\r\n" : s->text ? "354 Go\r\n" : "250 Ok\r\n");
		}
		if (n > sizeof(out) - 64) {
			if (!say(s, out, n))
				return false;
			n = 0;
		}
	}
	memmove(s->in, s->in + at, s->n - at);
	s->n -= at;
	return (!n || say(s, out, n)) && !quit && s->n < sizeof(s->in);
}

static bool on_input(struct session *s)
{
	for (;;) {
		ssize_t n = recv(s->fd, s->in + s->n, sizeof(s->in) - s->n, MSG_DONTWAIT);
		size_t room = sizeof(s->in) - s->n;

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (!n)
			return false;
		s->n += (size_t)n;
		if (!answer(s))
			return false;
		if ((size_t)n < room)
			return true;
	}
}

static void take(int listener, int epoll)
{
	struct session *s = malloc(sizeof(*s));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
	int one = 1;

	if (!s)
		return;
	s->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	s->n = 0;
	s->text = false;
	if (s->fd < 0) {
		free(s);
		return;
	}
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (say(s, "220 sink ESMTP\r\n", 16) && !epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &ev))
		return;
	close(s->fd);
	free(s);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event events[AT_ONCE], ev = { .events = EPOLLIN };
	int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), epoll = epoll_create1(EPOLL_CLOEXEC);

	if (argc != 2 || atoi(argv[1]) <= 0 || atoi(argv[1]) > 65535) {
		fprintf(stderr,
			"usage: mailsink PORT\nTakes SMTP on 127.0.0.1:PORT and keeps nothing, until it is killed.\n");
		return 2;
	}
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 512) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev)) {
		fprintf(stderr, "mailsink: 127.0.0.1:%s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	for (;;) {
		int n = epoll_wait(epoll, events, AT_ONCE, -1);

		for (int i = 0; i < n; i++) {
			struct session *s = events[i].data.ptr;

			if (!s) {
				take(listener, epoll);
			} else if (!on_input(s)) {
				close(s->fd);
				free(s);
			}
		}
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/lib/keel/cleanup.h"

static int parse_port(const char *text, in_port_t *out)
{
	unsigned long v = 0;

	if (!*text || strlen(text) > 5)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		v = v * 10 + (unsigned long)(*text - '0');
	}
	if (v > 65535)
		return -EINVAL;
	*out = htons((in_port_t)v);
	return 0;
}

int endpoint_parse(const char *text, struct endpoint *out)
{
	struct endpoint e = { 0 };
	char host[64];
	const char *colon;
	size_t len;
	in_port_t port;

	if (!strncmp(text, "unix:", 5)) {
		len = strlen(text + 5);
		if (!len || len >= sizeof(e.address.un.sun_path))
			return -EINVAL;
		e.address.un.sun_family = AF_UNIX;
		strcpy(e.address.un.sun_path, text + 5);
		e.len = sizeof(e.address.un);
		*out = e;
		return 0;
	}
	colon = strrchr(text, ':');
	if (!colon || parse_port(colon + 1, &port))
		return -EINVAL;
	len = (size_t)(colon - text);
	if (len == 1 && *text == '*') {
		e.wildcard = true;
		e.address.in6 =
			(struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = in6addr_any };
		e.len = sizeof(e.address.in6);
	} else if (len > 2 && len - 2 < sizeof(host) && text[0] == '[' && text[len - 1] == ']') {
		memcpy(host, text + 1, len - 2);
		host[len - 2] = '\0';
		e.address.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
		e.len = sizeof(e.address.in6);
		if (inet_pton(AF_INET6, host, &e.address.in6.sin6_addr) != 1)
			return -EINVAL;
	} else {
		if (!len || len >= sizeof(host))
			return -EINVAL;
		memcpy(host, text, len);
		host[len] = '\0';
		e.address.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
		e.len = sizeof(e.address.in);
		if (inet_pton(AF_INET, host, &e.address.in.sin_addr) != 1)
			return -EINVAL;
	}
	*out = e;
	return 0;
}

/* A local socket that nobody answers on is in the way of the next start. */
static int make_way(const struct endpoint *e)
{
	KEEL_AUTO_CLOSE int fd = -1;
	struct stat st;

	if (lstat(e->address.un.sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, &e->address.any, e->len) || errno == EAGAIN)
		return -EADDRINUSE;
	return unlink(e->address.un.sun_path) ? -errno : 0;
}

static int open_socket(const struct endpoint *e, int *out)
{
	const int family = e->address.any.sa_family, on = 1, off = 0;
	KEEL_AUTO_CLOSE int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret;

	if (fd < 0)
		return -errno;
	if (family == AF_UNIX) {
		ret = make_way(e);
		if (ret)
			return ret;
	} else {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	}
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, e->wildcard ? &off : &on, sizeof(on)))
		return -errno;
	if (bind(fd, &e->address.any, e->len) || listen(fd, 1024))
		return -errno;
	/* Who may connect is as open as SMTP on loopback is. */
	if (family == AF_UNIX && chmod(e->address.un.sun_path, 0666))
		return -errno;
	*out = keel_take_fd(fd);
	return 0;
}

int endpoint_listen(const char *text, int *fd, struct keel_buffer *error)
{
	const char *todo = "";
	struct endpoint e;
	int ret = endpoint_parse(text, &e);

	if (!ret)
		ret = open_socket(&e, fd);
	if (ret == -EAFNOSUPPORT && e.wildcard) {
		const in_port_t port = e.address.in6.sin6_port;

		e.address.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
		e.len = sizeof(e.address.in);
		ret = open_socket(&e, fd);
	}
	if (ret == -EACCES && e.address.any.sa_family != AF_UNIX)
		todo = ": ports below 1024 need root, CAP_NET_BIND_SERVICE or socket activation; or choose another port";
	else if (ret == -EADDRINUSE)
		todo = ": another server has it";
	else if (ret == -ENOTSOCK)
		todo = ": a file that is no socket is in the way";
	else if (ret == -ENOENT)
		todo = ": its directory is missing";
	else if (ret == -EADDRNOTAVAIL)
		todo = ": this machine does not have that address";
	if (ret)
		keel_buffer_printf(error, "cannot listen on %s: %s%s", text, strerror(-ret), todo);
	return ret;
}

unsigned endpoint_port(int fd)
{
	struct endpoint e = { .len = sizeof(e.address) };

	if (getsockname(fd, &e.address.any, &e.len))
		return 0;
	return e.address.any.sa_family == AF_INET    ? ntohs(e.address.in.sin_port)
	       : e.address.any.sa_family == AF_INET6 ? ntohs(e.address.in6.sin6_port)
						     : 0;
}

bool endpoint_peer(const struct sockaddr *address, char text[ENDPOINT_TEXT], uint64_t *key)
{
	struct in_addr v4;

	text[0] = '\0';
	*key = 0;
	if (address->sa_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

		if (!IN6_IS_ADDR_V4MAPPED(a)) {
			inet_ntop(AF_INET6, a, text, ENDPOINT_TEXT);
			memcpy(key, a, sizeof(*key));
			return IN6_IS_ADDR_LOOPBACK(a);
		}
		memcpy(&v4, a->s6_addr + 12, sizeof(v4));
	} else if (address->sa_family == AF_INET) {
		v4 = ((const struct sockaddr_in *)(const void *)address)->sin_addr;
	} else {
		return true;
	}
	inet_ntop(AF_INET, &v4, text, ENDPOINT_TEXT);
	/* of the mapped form's shape, which no IPv6 /64 in use has */
	*key = (uint64_t)0xffff << 48 | v4.s_addr;
	return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
}

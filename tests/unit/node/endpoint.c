// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/node/suite.h"

static const struct {
	const char *text;
	int family; /* 0 = refused */
	unsigned port;
	const char *host;
} rows[] = {
	{ "127.0.0.1:25", AF_INET, 25, "127.0.0.1" },
	{ "0.0.0.0:65535", AF_INET, 65535, "0.0.0.0" },
	{ "[::1]:2525", AF_INET6, 2525, "::1" },
	{ "[2001:db8::25]:0", AF_INET6, 0, "2001:db8::25" },
	{ "*:110", AF_INET6, 110, "::" },
	{ "unix:/run/lmtp", AF_UNIX, 0, "/run/lmtp" },
	{ "unix:relative", AF_UNIX, 0, "relative" },
	{ "", 0, 0, NULL },
	{ "25", 0, 0, NULL },
	{ ":25", 0, 0, NULL },
	{ "127.0.0.1", 0, 0, NULL },
	{ "127.0.0.1:", 0, 0, NULL },
	{ "127.0.0.1:65536", 0, 0, NULL },
	{ "127.0.0.1:100000", 0, 0, NULL },
	{ "127.0.0.1:2x", 0, 0, NULL },
	{ "127.0.0.1:-1", 0, 0, NULL },
	{ "127.0.0.1: 25", 0, 0, NULL },
	{ "localhost:25", 0, 0, NULL },
	{ "::1:25", 0, 0, NULL },
	{ "[]:25", 0, 0, NULL },
	{ "[::1:25", 0, 0, NULL },
	{ "[127.0.0.1]:25", 0, 0, NULL },
	{ "**:25", 0, 0, NULL },
	{ "unix:", 0, 0, NULL },
	{ "unix:/123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678",
	  0, 0, NULL },
};

START_TEST(parses)
{
	struct endpoint e = { .len = 77 };
	char host[INET6_ADDRSTRLEN] = "";

	ck_assert_int_eq(endpoint_parse(rows[_i].text, &e), rows[_i].family ? 0 : -EINVAL);
	if (!rows[_i].family) {
		ck_assert_int_eq(e.len, 77);
		return;
	}
	ck_assert_int_eq(e.address.any.sa_family, rows[_i].family);
	if (rows[_i].family == AF_UNIX) {
		ck_assert_str_eq(e.address.un.sun_path, rows[_i].host);
		return;
	}
	ck_assert_uint_eq(ntohs(rows[_i].family == AF_INET ? e.address.in.sin_port : e.address.in6.sin6_port),
			  rows[_i].port);
	inet_ntop(rows[_i].family,
		  rows[_i].family == AF_INET ? (void *)&e.address.in.sin_addr : (void *)&e.address.in6.sin6_addr, host,
		  sizeof(host));
	ck_assert_str_eq(host, rows[_i].host);
	ck_assert_int_eq(e.wildcard, rows[_i].text[0] == '*');
}
END_TEST

START_TEST(listens_and_says_why_not)
{
	struct keel_buffer error;
	char taken[64];
	int fd = -1, second = -1;

	keel_buffer_init(&error, 0);
	ck_assert_int_eq(endpoint_listen("127.0.0.1:0", &fd, &error), 0);
	ck_assert_uint_ne(endpoint_port(fd), 0);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", endpoint_port(fd));
	ck_assert_int_eq(endpoint_listen(taken, &second, &error), -EADDRINUSE);
	ck_assert_int_eq(second, -1);
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), taken));
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), "another server has it"));
	keel_buffer_clear(&error);
	ck_assert_int_eq(endpoint_listen("192.0.2.1:0", &second, &error), -EADDRNOTAVAIL);
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), "does not have that address"));
	close(fd);
	keel_buffer_free(&error);
}
END_TEST

START_TEST(local_sockets)
{
	char folder[] = "/tmp/endpoint.XXXXXX", path[64], text[80];
	struct keel_buffer error;
	int fd, second = -1, file;
	struct stat st;

	keel_buffer_init(&error, 0);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(text, sizeof(text), "unix:%s", path);
	ck_assert_int_eq(endpoint_listen(text, &fd, &error), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0666);
	/* somebody answers: it is his */
	ck_assert_int_eq(endpoint_listen(text, &second, &error), -EADDRINUSE);
	/* nobody does: a socket left by a crash is replaced */
	close(fd);
	ck_assert_int_eq(endpoint_listen(text, &fd, &error), 0);
	close(fd);
	unlink(path);
	/* a file is never removed */
	file = open(path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(file, 0);
	close(file);
	ck_assert_int_eq(endpoint_listen(text, &fd, &error), -ENOTSOCK);
	ck_assert_int_eq(access(path, F_OK), 0);
	unlink(path);
	rmdir(folder);
	keel_buffer_free(&error);
}
END_TEST

START_TEST(peers)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char text[ENDPOINT_TEXT];
	uint64_t key, mapped, other;

	inet_pton(AF_INET, "192.0.2.7", &in.sin_addr);
	ck_assert(!endpoint_peer((struct sockaddr *)&in, text, &key));
	ck_assert_str_eq(text, "192.0.2.7");
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr);
	ck_assert(!endpoint_peer((struct sockaddr *)&in6, text, &mapped));
	ck_assert_str_eq(text, "192.0.2.7");
	ck_assert_uint_eq(key, mapped);
	inet_pton(AF_INET, "192.0.2.8", &in.sin_addr);
	endpoint_peer((struct sockaddr *)&in, text, &other);
	ck_assert_uint_ne(key, other);
	/* one /64 is one client */
	inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
	ck_assert(!endpoint_peer((struct sockaddr *)&in6, text, &key));
	ck_assert_str_eq(text, "2001:db8::1");
	inet_pton(AF_INET6, "2001:db8::ffff:2", &in6.sin6_addr);
	endpoint_peer((struct sockaddr *)&in6, text, &other);
	ck_assert_uint_eq(key, other);
	inet_pton(AF_INET6, "2001:db8:0:1::1", &in6.sin6_addr);
	endpoint_peer((struct sockaddr *)&in6, text, &other);
	ck_assert_uint_ne(key, other);
	/* this machine */
	inet_pton(AF_INET, "127.9.8.7", &in.sin_addr);
	ck_assert(endpoint_peer((struct sockaddr *)&in, text, &key));
	inet_pton(AF_INET6, "::1", &in6.sin6_addr);
	ck_assert(endpoint_peer((struct sockaddr *)&in6, text, &key));
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr);
	ck_assert(endpoint_peer((struct sockaddr *)&in6, text, &key));
	ck_assert(endpoint_peer((struct sockaddr *)&un, text, &key));
	ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, parses, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, listens_and_says_why_not);
	tcase_add_test(tc, local_sockets);
	tcase_add_test(tc, peers);
	return suite_run("endpoint", tc);
}

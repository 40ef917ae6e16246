/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where something listens, and who calls: addresses as text and as sockaddr. */
#ifndef PORCUPINED_NODE_ENDPOINT_H
#define PORCUPINED_NODE_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tools/lib/keel/buffer.h"

struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} address;
	socklen_t len;
	bool wildcard; /* "*": IPv6 and IPv4, or IPv4 alone where there is no IPv6 */
};

/* "127.0.0.1:25", "[::1]:25", "*:25", "unix:/path". 0 or -EINVAL. */
int endpoint_parse(const char *text, struct endpoint *out);
/* Binds and listens: a non-blocking socket in *fd. A stale local socket is replaced, another kind of file never. 0, or -errno with error
 * saying what to do. */
int endpoint_listen(const char *text, int *fd, struct keel_buffer *error);
/* The port that a socket is bound to, 0 if it has none. */
unsigned endpoint_port(int fd);

#define ENDPOINT_TEXT INET6_ADDRSTRLEN

/* The address of a peer as text without the port ("" for a local socket), an IPv4-mapped one as IPv4; and its key for limits: IPv4 whole,
 * IPv6 by /64. True if the peer is on this machine. */
bool endpoint_peer(const struct sockaddr *address, char text[ENDPOINT_TEXT], uint64_t *key);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that take connections: bound from the settings, or inherited; every loop accepts from all of them. */
#ifndef PORCUPINED_NODE_LISTENER_H
#define PORCUPINED_NODE_LISTENER_H

#include <event2/util.h>
#include <stdbool.h>

#include "tools/lib/keel/buffer.h"

struct connection_kind;
struct loop;
struct node;

struct listener {
	const char *name; /* "smtp": also the FileDescriptorName= of its socket unit */
	const struct connection_kind *kind;
	char *path; /* of a local socket that was bound here, to unlink, or NULL */
	int fd;
	bool inherited;
	bool secure; /* TLS from the first octet */
};

/* Fills node->listeners. 0, or -errno with error. */
int listeners_bind(struct node *node, struct keel_buffer *error);
void listeners_free(struct node *node);
/* The first port of listeners of that name, 0 if none has one. */
unsigned listener_port(const struct node *node, const char *name);
/* Event callback of a loop, arg: struct listening. Out of descriptors, the loop rests until its next tick. */
struct listening {
	struct loop *loop;
	const struct listener *listener;
};
void listener_accept(evutil_socket_t fd, short what, void *arg);

#endif

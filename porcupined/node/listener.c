// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "porcupined/node/loop.h"
#include "porcupined/node/pop3_server.h"
#include "porcupined/node/smtp_server.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define TAKE_AT_ONCE 8 /* connections before others of this loop get their turn, and other loops their share */

static const struct {
	const char *name;
	const struct connection_kind *kind;
	size_t list; /* offset of the setting */
	bool secure;
} kinds[] = {
	{ "smtp", &smtp_server_kind, offsetof(struct node_settings, smtp_listen), false },
	{ "lmtp", &lmtp_server_kind, offsetof(struct node_settings, lmtp_listen), false },
	{ "pop3", &pop3_server_kind, offsetof(struct node_settings, pop3_listen), false },
	{ "pop3s", &pop3_server_kind, offsetof(struct node_settings, pop3s_listen), true },
};

static int add(struct node *node, const struct listener *one)
{
	static const int on = 1;
	struct listener *more = realloc(node->listeners, (node->n_listeners + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	/* what is accepted inherits it; a local socket has no such thing */
	setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	node->listeners = more;
	more[node->n_listeners++] = *one;
	return 0;
}

int listeners_bind(struct node *node, struct keel_buffer *error)
{
	for (size_t k = 0; k < KEEL_COUNT(kinds); k++) {
		char *const *list = *(char **const *)(const void *)((const char *)node->settings + kinds[k].list);
		struct listener one = { .name = kinds[k].name, .kind = kinds[k].kind, .secure = kinds[k].secure };
		size_t inherited = 0;
		int ret;

		while ((one.fd = keel_service_inherited(node->service, one.name, inherited)) >= 0) {
			inherited++;
			one.inherited = true;
			evutil_make_socket_nonblocking(one.fd);
			ret = add(node, &one);
			if (ret)
				return ret;
		}
		one.inherited = false;
		/* what systemd listens on stands for the setting */
		for (size_t i = 0; !inherited && list && list[i]; i++) {
			ret = endpoint_listen(list[i], &one.fd, error);
			if (ret)
				return ret;
			/* a copy: a reload frees the settings */
			one.path = strncmp(list[i], "unix:", 5) ? NULL : strdup(list[i] + 5);
			ret = add(node, &one);
			if (ret) {
				close(one.fd);
				free(one.path);
				return ret;
			}
		}
	}
	return 0;
}

void listeners_free(struct node *node)
{
	for (size_t i = 0; i < node->n_listeners; i++) {
		if (node->listeners[i].inherited)
			continue;
		close(node->listeners[i].fd);
		if (node->listeners[i].path)
			unlink(node->listeners[i].path);
		free(node->listeners[i].path);
	}
	free(node->listeners);
	node->listeners = NULL;
	node->n_listeners = 0;
}

unsigned listener_port(const struct node *node, const char *name)
{
	unsigned port = 0;

	for (size_t i = 0; i < node->n_listeners && !port; i++)
		if (!strcmp(node->listeners[i].name, name))
			port = endpoint_port(node->listeners[i].fd);
	return port;
}

void listener_accept(evutil_socket_t fd, short what, void *arg)
{
	static struct keel_log_limit limit = { .burst = 5, .interval = 60 };
	const struct listening *l = arg;
	struct sockaddr_storage from;

	for (int i = 0; i < TAKE_AT_ONCE; i++) {
		socklen_t len = sizeof(from);
		const int client = accept4(fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			connection_new(l->loop, l->listener->kind, client, (struct sockaddr *)&from,
				       l->listener->secure);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			keel_log_limited(&limit, KEEL_LOG_WARNING, "cannot take a connection", "listener",
					 l->listener->name, "why", strerror(errno), NULL);
			/* the queue stays readable: asking again at once would spin */
			loop_rest(l->loop);
		}
		return;
	}
}

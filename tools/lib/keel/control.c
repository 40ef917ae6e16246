// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/lib/keel/buffer.h"
#include "tools/lib/keel/cleanup.h"

#define UNREAD_MOST (16u << 20) /* octets of answers that a peer may leave unread */
#define UNREAD_SECONDS 60       /* and for how long */
#define CONNECTIONS_MOST 64
#define BACKLOG 64

struct connection {
	struct keel_control *control;
	struct bufferevent *bev;
	struct keel_control_call *call; /* the one under way; what comes behind it waits in the input buffer */
	bool dispatching;               /* dispatch() is on the stack */
	bool doomed;                    /* free it when dispatch() leaves */
	bool eof;                       /* the peer sends no more, and may still read */
	bool last;                      /* close when the output is out */
	LIST_ENTRY(connection) link;
};

struct keel_control_call {
	struct connection *connection; /* NULL once the peer is gone */
	json_t *request;
};

struct keel_control {
	struct evconnlistener *listener;
	struct event *retry;
	char *path; /* what we bound and unlink, or NULL */
	dev_t device;
	ino_t inode;
	gid_t gid;
	const struct keel_control_verb *verbs;
	size_t n;
	void *arg;
	unsigned open;
	LIST_HEAD(, connection) connections;
};

static void connection_free(struct connection *c)
{
	if (c->call)
		c->call->connection = NULL;
	LIST_REMOVE(c, link);
	c->control->open--;
	bufferevent_free(c->bev);
	free(c);
}

static void drop(struct connection *c)
{
	if (c->dispatching)
		c->doomed = true;
	else
		connection_free(c);
}

static int to_evbuffer(const char *text, size_t n, void *out)
{
	return evbuffer_add(out, text, n);
}

/* One line; takes the reference. A value that cannot be written becomes an error, never half a line. */
static void send_line(struct connection *c, json_t *value)
{
	struct evbuffer *output = bufferevent_get_output(c->bev);
	struct evbuffer *line = evbuffer_new();

	if (!c->doomed && (!line || evbuffer_get_length(output) > UNREAD_MOST)) {
		drop(c);
	} else if (!c->doomed) {
		if (!value || json_dump_callback(value, to_evbuffer, line, JSON_COMPACT)) {
			evbuffer_drain(line, evbuffer_get_length(line));
			evbuffer_add_printf(line, "{\"ok\":false,\"error\":\"the answer could not be written\"}");
		}
		evbuffer_add(line, "\n", 1);
		evbuffer_add_buffer(output, line);
	}
	if (line)
		evbuffer_free(line);
	json_decref(value);
}

/* The text as JSON; octets that are no UTF-8, which JSON cannot hold, become '?'. */
static json_t *error_answer(const char *format, va_list ap)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer text;
	json_t *string;

	keel_buffer_init(&text, KEEL_CONTROL_LINE_MOST);
	keel_buffer_vprintf(&text, format, ap);
	string = json_stringn((char *)text.data, text.data ? text.len : 0);
	if (!string) {
		for (size_t i = 0; i < text.len; i++)
			if (text.data[i] >= 0x80)
				text.data[i] = '?';
		string = json_stringn(text.data ? (char *)text.data : "", text.len);
	}
	return json_pack("{s:b, s:o}", "ok", 0, "error", string);
}

static void refuse_line(struct connection *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void refuse_line(struct connection *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	send_line(c, error_answer(format, ap));
	va_end(ap);
}

static void list_verbs(struct keel_control_call *call)
{
	const struct keel_control *control = call->connection->control;
	json_t *verbs = json_object();

	for (size_t i = 0; i < control->n; i++)
		json_object_set_new(verbs, control->verbs[i].name, json_string(control->verbs[i].help));
	keel_control_ok(call, json_pack("{s:o}", "verbs", verbs));
}

static void run(struct connection *c, const char *line, size_t len)
{
	struct keel_control *control = c->control;
	const struct keel_control_verb *verb = NULL;
	struct keel_control_call *call;
	json_error_t why;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	const char *name = json_string_value(json_object_get(request, "verb"));

	if (!request) {
		refuse_line(c, "not JSON: %s at octet %d", why.text, why.position);
		return;
	}
	for (size_t i = 0; name && i < control->n && !verb; i++)
		if (strcmp(control->verbs[i].name, name) == 0)
			verb = &control->verbs[i];
	if (!name || (!verb && strcmp(name, "help") != 0)) {
		if (name)
			refuse_line(c, "unknown verb \"%.64s\"; \"help\" lists them", name);
		else
			refuse_line(c, "a request is an object with a string \"verb\"");
		json_decref(request);
		return;
	}
	call = calloc(1, sizeof(*call));
	if (!call) {
		refuse_line(c, "out of memory");
		json_decref(request);
		return;
	}
	call->connection = c;
	call->request = json_incref(request); /* the call's; ours lasts until the verb returns */
	c->call = call;
	if (verb)
		verb->run(call, request, control->arg);
	else
		list_verbs(call);
	json_decref(request);
}

/* Nothing more is to be read: closes once the answers are out. */
static void close_when_sent(struct connection *c)
{
	c->last = true;
	bufferevent_disable(c->bev, EV_READ);
	if (evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)
		drop(c);
}

/* Runs the requests that are here, one after the other, until one stays under way. May free the connection. */
static void dispatch(struct connection *c)
{
	struct evbuffer *input = bufferevent_get_input(c->bev);

	if (c->dispatching || c->last)
		return;
	c->dispatching = true;
	while (!c->call && !c->doomed && !c->last) {
		size_t len;
		char *line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF);

		if ((line && len > KEEL_CONTROL_LINE_MOST) ||
		    (!line && evbuffer_get_length(input) > KEEL_CONTROL_LINE_MOST)) {
			refuse_line(c, "a request is at most %u octets", KEEL_CONTROL_LINE_MOST);
			close_when_sent(c);
		} else if (line && strspn(line, " \t\r") < len) {
			run(c, line, len);
		} else if (!line) {
			if (c->eof)
				close_when_sent(c);
			free(line);
			break;
		}
		free(line);
	}
	c->dispatching = false;
	if (c->doomed)
		connection_free(c);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	dispatch(arg);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct connection *c = arg;

	if (c->last && evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		drop(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct connection *c = arg;
	struct pollfd both = { .fd = bufferevent_getfd(bev) };

	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)))
		return;
	/* POLLHUP: both ways are shut; otherwise the peer said all it had to and waits for answers */
	if (!(what & BEV_EVENT_EOF) || (poll(&both, 1, 0) == 1 && (both.revents & (POLLHUP | POLLERR)))) {
		drop(c);
		return;
	}
	c->eof = true;
	dispatch(c);
}

static bool admitted(int fd, gid_t gid)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	gid_t groups[256];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	if (gid == (gid_t)-1)
		return false;
	if (peer.gid == gid)
		return true;
	size = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		return false;
	for (size_t i = 0; i < size / sizeof(groups[0]); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int size, void *arg)
{
	static const char strange[] = "{\"ok\":false,\"error\":\"this user is not admitted\"}\n";
	static const char full[] = "{\"ok\":false,\"error\":\"too many connections\"}\n";
	const struct timeval unread = { .tv_sec = UNREAD_SECONDS };
	struct keel_control *control = arg;
	const bool known = admitted(fd, control->gid);
	struct connection *c;

	if (!known || control->open >= CONNECTIONS_MOST) {
		/* a fresh socket has room for this; if not, the peer sees the end only */
		(void)!send(fd, known ? full : strange, known ? sizeof(full) - 1 : sizeof(strange) - 1,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (c)
		c->bev = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c || !c->bev) {
		free(c);
		close(fd);
		return;
	}
	c->control = control;
	LIST_INSERT_HEAD(&control->connections, c, link);
	control->open++;
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_set_timeouts(c->bev, NULL, &unread);
	bufferevent_setwatermark(c->bev, EV_READ, 0, KEEL_CONTROL_LINE_MOST + 1);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* Out of descriptors or memory: the queue stays readable, so polling it at once again would spin. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = { .tv_usec = 200000 };
	struct keel_control *control = arg;

	evconnlistener_disable(listener);
	event_add(control->retry, &pause);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct keel_control *control = arg;

	evconnlistener_enable(control->listener);
}

/* True if a process listens on the address. */
static bool answers(const struct sockaddr_un *address)
{
	KEEL_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* EAGAIN: its queue is full */
	return fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN;
}

static int bind_path(const char *path, gid_t gid, struct keel_control *control, int *out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	KEEL_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	KEEL_AUTO_CLOSE int folder = -1;
	KEEL_AUTO_FREE char *parent = strdup(path);
	struct stat st;
	char *slash;

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (!parent)
		return -ENOMEM;
	strcpy(address.sun_path, path);
	slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	/* two that start at once must not take each other's fresh socket for a stale one */
	folder = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || flock(folder, LOCK_EX))
		return -errno;
	/* before bind: the path is never more open than this */
	if (fchmod(fd, 0660))
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		if (errno != EADDRINUSE)
			return -errno;
		if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
			return -ENOTSOCK;
		if (answers(&address))
			return -EADDRINUSE;
		if (unlink(path) && errno != ENOENT)
			return -errno;
		if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
			return -errno;
	}
	if ((gid != (gid_t)-1 && chown(path, (uid_t)-1, gid)) || chmod(path, 0660) || lstat(path, &st) ||
	    listen(fd, BACKLOG)) {
		const int error = errno;

		unlink(path);
		return -error;
	}
	control->device = st.st_dev;
	control->inode = st.st_ino;
	control->path = strdup(path);
	if (!control->path) {
		unlink(path);
		return -ENOMEM;
	}
	*out = keel_take_fd(fd);
	return 0;
}

static int adopt(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size))
		return -errno;
	if (!listening)
		return -EINVAL;
	if (evutil_make_socket_nonblocking(fd) || evutil_make_socket_closeonexec(fd))
		return -EIO;
	return 0;
}

int keel_control_new(struct event_base *base, const char *path, int fd, gid_t gid,
		     const struct keel_control_verb *verbs, size_t n, void *arg, struct keel_control **out)
{
	struct keel_control *control = calloc(1, sizeof(*control));
	KEEL_AUTO_CLOSE int bound = -1;
	int ret;

	if (!control)
		return -ENOMEM;
	control->gid = gid;
	control->verbs = verbs;
	control->n = n;
	control->arg = arg;
	LIST_INIT(&control->connections);
	ret = fd >= 0 ? adopt(fd) : bind_path(path, gid, control, &bound);
	if (ret)
		goto fail;
	ret = -ENOMEM;
	control->retry = event_new(base, -1, 0, on_retry, control);
	if (!control->retry)
		goto fail;
	control->listener = evconnlistener_new(base, on_accept, control, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
					       0, fd >= 0 ? fd : bound);
	if (!control->listener)
		goto fail;
	(void)keel_take_fd(bound);
	evconnlistener_set_error_cb(control->listener, on_accept_error);
	*out = control;
	return 0;
fail:
	keel_control_free(&control);
	return ret;
}

void keel_control_free(struct keel_control **at)
{
	struct keel_control *control = *at;
	struct connection *c, *next;
	struct stat st;

	if (!control)
		return;
	*at = NULL;
	for (c = LIST_FIRST(&control->connections); c; c = next) {
		next = LIST_NEXT(c, link);
		connection_free(c);
	}
	if (control->listener)
		evconnlistener_free(control->listener);
	if (control->retry)
		event_free(control->retry);
	/* whoever replaced our socket keeps his */
	if (control->path && lstat(control->path, &st) == 0 && st.st_dev == control->device &&
	    st.st_ino == control->inode)
		unlink(control->path);
	free(control->path);
	free(control);
}

static void finish(struct keel_control_call *call, json_t *answer)
{
	struct connection *c = call->connection;

	json_decref(call->request);
	free(call);
	if (!c) {
		json_decref(answer);
		return;
	}
	c->call = NULL;
	/* as in dispatch(): a peer that does not read must not be freed under our hands */
	if (c->dispatching) {
		send_line(c, answer);
		return;
	}
	c->dispatching = true;
	send_line(c, answer);
	c->dispatching = false;
	if (c->doomed)
		connection_free(c);
	else
		dispatch(c);
}

void keel_control_ok(struct keel_control_call *call, json_t *result)
{
	json_t *answer = json_pack("{s:b}", "ok", 1);

	if (result && answer)
		json_object_update_missing(answer, result);
	json_decref(result);
	finish(call, answer);
}

void keel_control_fail(struct keel_control_call *call, const char *format, ...)
{
	json_t *answer;
	va_list ap;

	va_start(ap, format);
	answer = error_answer(format, ap);
	va_end(ap);
	finish(call, answer);
}

void keel_control_progress(struct keel_control_call *call, json_t *value)
{
	json_t *line = json_pack("{s:o}", "progress", value);

	if (call->connection && line)
		send_line(call->connection, line);
	else
		json_decref(line);
}

bool keel_control_gone(const struct keel_control_call *call)
{
	return !call->connection || call->connection->doomed;
}

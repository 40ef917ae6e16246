// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/lib/keel/buffer.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/control.h"

#define ANSWER_MOST (256u << 20) /* octets of one line that a daemon may answer */

/* With a time limit on a socket the calls end in EAGAIN (socket(7)). */
static int failure(void)
{
	return errno == EAGAIN || errno == EINPROGRESS ? -ETIMEDOUT : -errno;
}

static int reach(const char *path, unsigned timeout, int *out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = timeout };
	KEEL_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (timeout && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit))))
		return -errno;
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		if (errno != EINTR)
			return failure();
	*out = keel_take_fd(fd);
	return 0;
}

static int send_all(int fd, const char *text, size_t n)
{
	while (n) {
		const ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return failure();
		text += sent;
		n -= (size_t)sent;
	}
	return 0;
}

/* One line without its end, in *line until the next call, which starts behind the *used octets. */
static int receive_line(int fd, struct keel_buffer *in, size_t *used, const char **line, size_t *len)
{
	size_t searched;

	keel_buffer_drop(in, *used);
	*used = 0;
	for (searched = 0;;) {
		const char *end = in->len > searched ? memchr(in->data + searched, '\n', in->len - searched) : NULL;
		char chunk[65536];
		ssize_t n;

		if (end) {
			*line = (const char *)in->data;
			*len = (size_t)(end - *line);
			*used = *len + 1;
			return 0;
		}
		searched = in->len;
		n = recv(fd, chunk, sizeof(chunk), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? failure() : -ECONNRESET;
		if (keel_buffer_append(in, chunk, (size_t)n))
			return in->failed;
	}
}

int keel_control_request(const char *path, json_t *request, void (*progress)(json_t *value, void *arg), void *arg,
			 unsigned timeout, json_t **answer)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer in;
	KEEL_AUTO_FREE char *text = json_dumps(request, JSON_COMPACT);
	KEEL_AUTO_CLOSE int fd = -1;
	size_t used = 0, len;
	const char *line;
	int ret, sent;

	keel_buffer_init(&in, ANSWER_MOST);
	if (!text)
		return -EINVAL;
	len = strlen(text);
	if (len > KEEL_CONTROL_LINE_MOST)
		return -EMSGSIZE;
	ret = reach(path, timeout, &fd);
	if (ret)
		return ret;
	text[len] = '\n'; /* the NUL's place: the octets are counted from here on */
	sent = send_all(fd, text, len + 1);
	if (sent == -ETIMEDOUT)
		return sent;
	/* a daemon that refuses us closes early: its reason is still there to read */
	for (;;) {
		json_t *value, *step;

		ret = receive_line(fd, &in, &used, &line, &len);
		if (ret)
			return sent ? sent : ret;
		value = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
		if (json_is_boolean(json_object_get(value, "ok"))) {
			*answer = value;
			return 0;
		}
		step = json_object_get(value, "progress");
		if (!step) {
			json_decref(value);
			return -EPROTO;
		}
		if (progress)
			progress(step, arg);
		json_decref(value);
	}
}

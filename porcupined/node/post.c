// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/post.h"

#include <errno.h>
#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tools/lib/keel/cleanup.h"

struct post_box {
	_Atomic(struct post *) newest; /* a list, newest first */
	struct event *event;
	int fd;
};

void post_box_run(struct post_box *box)
{
	struct post *list = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire), *first = NULL;

	while (list) {
		struct post *next = list->next;

		list->next = first;
		first = list;
		list = next;
	}
	while (first) {
		struct post *next = first->next;

		first->run(first);
		first = next;
	}
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	/* before the list is taken: who finds it empty afterwards wakes again */
	(void)!read(fd, &count, sizeof(count));
	post_box_run(arg);
}

int post_box_new(struct event_base *base, struct post_box **out)
{
	struct post_box *box = calloc(1, sizeof(*box));

	if (!box)
		return -ENOMEM;
	box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (box->fd < 0) {
		const int ret = -errno;

		free(box);
		return ret;
	}
	box->event = event_new(base, box->fd, EV_READ | EV_PERSIST, on_wake, box);
	if (!box->event || event_add(box->event, NULL)) {
		post_box_free(&box);
		return -ENOMEM;
	}
	*out = box;
	return 0;
}

void post_box_free(struct post_box **at)
{
	struct post_box *box = keel_take(*at);

	if (!box)
		return;
	post_box_run(box);
	if (box->event)
		event_free(box->event);
	close(box->fd);
	free(box);
}

void post_send(struct post_box *box, struct post *post)
{
	static const uint64_t one = 1;
	struct post *was = atomic_load_explicit(&box->newest, memory_order_relaxed);

	do {
		post->next = was;
	} while (!atomic_compare_exchange_weak_explicit(&box->newest, &was, post, memory_order_release,
							memory_order_relaxed));
	/* Only the first one wakes. A full counter means a wake-up is due anyway. */
	if (!was)
		(void)!write(box->fd, &one, sizeof(one));
}

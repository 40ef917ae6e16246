/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between threads: any thread sends, the thread of an event base runs them. Senders take no lock; a burst wakes once. */
#ifndef PORCUPINED_NODE_POST_H
#define PORCUPINED_NODE_POST_H

#include <stdatomic.h>

struct event_base;

/* Embedded in what is sent; the sender keeps its memory until run() was called. */
struct post {
	struct post *next;
	void (*run)(struct post *post);
};

struct post_box;

/* 0 or -errno. */
int post_box_new(struct event_base *base, struct post_box **out);
/* What is still in it is run, on the caller's thread. */
void post_box_free(struct post_box **box);
/* Any thread. post->run is called once on the base's thread, in the order of sending. */
void post_send(struct post_box *box, struct post *post);
/* Runs what has come, on the caller's thread, which must be the base's or the only one left. */
void post_box_run(struct post_box *box);

#endif

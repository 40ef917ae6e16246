/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread with an event base: takes connections, serves them, ends them. */
#ifndef PORCUPINED_NODE_LOOP_H
#define PORCUPINED_NODE_LOOP_H

#include <pthread.h>

#include "porcupined/node/connection.h"
#include "porcupined/node/node.h"
#include "porcupined/node/post.h"

#define LOOP_INPUT (64u << 10)

enum loop_list { LOOP_BRIEF, LOOP_SMTP, LOOP_POP3, LOOP_LISTS };

struct loop_chain {
	struct connection *first, *last; /* longest idle first */
};

struct loop {
	struct node *node;
	struct event_base *base;
	struct post_box *box;
	struct rules *rules; /* for new connections */
	struct event *tick;
	struct event **listening; /* one for each listener */
	uint8_t *input;           /* LOOP_INPUT octets */
	struct keel_buffer out, scratch;
	struct loop_chain chains[LOOP_LISTS];
	size_t connections; /* and those that are dead but held */
	uint64_t now;       /* monotonic seconds, of this round */
	uint64_t serial;
	_Atomic uint64_t beat; /* monotonic seconds of the last tick */
	unsigned index;
	bool draining;
	bool resting; /* takes no connections until the next tick */
	bool started;
	pthread_t thread;
	struct post drain_post, halt_post, ended_post;
};

/* rules: a reference is taken. 0 or -errno. */
int loop_new(struct node *node, unsigned index, struct rules *rules, struct loop **out);
int loop_start(struct loop *loop);
/* Any thread: takes no more connections, says goodbye to those that are there, ends when the last is gone and posts ended_post to the
 * node. */
void loop_drain(struct loop *loop);
/* Any thread: closes everything now, and ends. */
void loop_halt(struct loop *loop);
/* After halt or end. */
void loop_join(struct loop *loop);
void loop_free(struct loop **loop);
/* Any thread: new connections go by these; a reference is taken. */
int loop_set_rules(struct loop *loop, struct rules *rules);

/* Of the loop's own thread. */
uint64_t loop_monotonic_ms(void);
void loop_touch(struct loop *loop, struct connection *c, enum loop_list list);
void loop_forget(struct loop *loop, struct connection *c);
/* Takes no more connections until the next tick. */
void loop_rest(struct loop *loop);
/* A connection is freed. */
void loop_one_less(struct loop *loop);

#endif

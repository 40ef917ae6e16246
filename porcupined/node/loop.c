// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/loop.h"

#include <errno.h>
#include <event2/thread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tools/lib/keel/cleanup.h"

uint64_t loop_monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t seconds(void)
{
	return loop_monotonic_ms() / 1000;
}

/* ---- timeouts: a list for each length, the longest idle first ----------------------------------------- */

void loop_forget(struct loop *loop, struct connection *c)
{
	struct loop_chain *chain = &loop->chains[c->list];

	if (chain->first != c && !c->previous)
		return;
	*(c->previous ? &c->previous->next : &chain->first) = c->next;
	*(c->next ? &c->next->previous : &chain->last) = c->previous;
	c->next = c->previous = NULL;
}

void loop_touch(struct loop *loop, struct connection *c, enum loop_list list)
{
	struct loop_chain *chain = &loop->chains[list];

	if (c->dead)
		return;
	c->active = loop->now;
	if (chain->last == c)
		return;
	loop_forget(loop, c);
	c->list = (uint8_t)list;
	c->previous = chain->last;
	*(chain->last ? &chain->last->next : &chain->first) = c;
	chain->last = c;
}

static uint64_t timeout_of(const struct loop *loop, enum loop_list list)
{
	switch (list) {
	case LOOP_SMTP:
		return loop->rules->smtp_timeout;
	case LOOP_POP3:
		return loop->rules->pop3_timeout;
	default:
		return loop->rules->tls_timeout;
	}
}

static void stop_listening(struct loop *loop)
{
	for (size_t i = 0; i < loop->node->n_listeners; i++)
		if (loop->listening && loop->listening[i])
			event_del(loop->listening[i]);
}

static void listen_again(struct loop *loop)
{
	loop->resting = false;
	for (size_t i = 0; i < loop->node->n_listeners; i++)
		event_add(loop->listening[i], NULL);
}

void loop_rest(struct loop *loop)
{
	loop->resting = true;
	stop_listening(loop);
}

static void say_goodbye(struct loop *loop)
{
	for (int list = 0; list < LOOP_LISTS; list++) {
		struct connection *c = loop->chains[list].first, *next;

		for (; c; c = next) {
			next = c->next;
			/* waiting ones stay where they are in the list: see connection_expire */
			if (!c->waiting && !c->closing)
				connection_expire(c, CONNECTION_SHUTDOWN);
		}
	}
	if (!loop->connections)
		event_base_loopbreak(loop->base);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	loop->now = seconds();
	atomic_store_explicit(&loop->beat, loop->now, memory_order_relaxed);
	for (int list = 0; list < LOOP_LISTS; list++) {
		const uint64_t timeout = timeout_of(loop, (enum loop_list)list);
		struct connection *c = loop->chains[list].first, *next;

		for (; c && c->active + timeout < loop->now; c = next) {
			next = c->next;
			connection_expire(c, CONNECTION_TIMEOUT);
		}
	}
	if (loop->draining)
		say_goodbye(loop);
	else if (loop->resting)
		listen_again(loop);
}

void loop_one_less(struct loop *loop)
{
	loop->connections--;
	if (loop->draining && !loop->connections)
		event_base_loopbreak(loop->base);
}

/* ---- from other threads ---------------------------------------------------------------------------------- */

#define LOOP_OF(post, member) ((struct loop *)(void *)((char *)(post)-offsetof(struct loop, member)))

static void run_drain(struct post *post)
{
	struct loop *loop = LOOP_OF(post, drain_post);
	static const struct timeval often = { .tv_usec = 50000 };

	loop->draining = true;
	stop_listening(loop);
	event_add(loop->tick, &often);
	say_goodbye(loop);
}

void loop_drain(struct loop *loop)
{
	loop->drain_post.run = run_drain;
	post_send(loop->box, &loop->drain_post);
}

static void run_halt(struct post *post)
{
	struct loop *loop = LOOP_OF(post, halt_post);

	loop->draining = true;
	stop_listening(loop);
	for (int list = 0; list < LOOP_LISTS; list++)
		while (loop->chains[list].first)
			connection_close(loop->chains[list].first);
	event_base_loopbreak(loop->base);
}

void loop_halt(struct loop *loop)
{
	loop->halt_post.run = run_halt;
	post_send(loop->box, &loop->halt_post);
}

struct new_rules {
	struct post post;
	struct loop *loop;
	struct rules *rules;
};

static void run_rules(struct post *post)
{
	struct new_rules *n = (struct new_rules *)(void *)post;

	rules_put(&n->loop->rules);
	n->loop->rules = n->rules;
	free(n);
}

int loop_set_rules(struct loop *loop, struct rules *rules)
{
	struct new_rules *n = malloc(sizeof(*n));

	if (!n)
		return -ENOMEM;
	*n = (struct new_rules){ .post.run = run_rules, .loop = loop, .rules = rules_get(rules) };
	post_send(loop->box, &n->post);
	return 0;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static void run_ended(struct post *post)
{
	struct node *node = LOOP_OF(post, ended_post)->node;

	if (!--node->loops_running && node->stopping)
		keel_service_stopped(node->service);
}

static void *run(void *arg)
{
	struct loop *loop = arg;
	char name[16];

	snprintf(name, sizeof(name), "loop %u", loop->index);
	pthread_setname_np(pthread_self(), name);
	event_base_dispatch(loop->base);
	loop->ended_post.run = run_ended;
	post_send(loop->node->box, &loop->ended_post);
	return NULL;
}

static int listen_everywhere(struct loop *loop)
{
	const struct node *node = loop->node;

	loop->listening = calloc(node->n_listeners + 1, sizeof(*loop->listening));
	if (!loop->listening)
		return -ENOMEM;
	for (size_t i = 0; i < node->n_listeners; i++) {
		struct listening *l = malloc(sizeof(*l));

		if (!l)
			return -ENOMEM;
		*l = (struct listening){ loop, &node->listeners[i] };
		loop->listening[i] =
			event_new(loop->base, node->listeners[i].fd, EV_READ | EV_PERSIST, listener_accept, l);
		if (!loop->listening[i]) {
			free(l);
			return -ENOMEM;
		}
		if (event_add(loop->listening[i], NULL))
			return -ENOMEM;
	}
	return 0;
}

int loop_new(struct node *node, unsigned index, struct rules *rules, struct loop **out)
{
	static const struct timeval second = { .tv_sec = 1 };
	struct loop *loop = calloc(1, sizeof(*loop));
	struct event_config *config = event_config_new();
	int ret = -ENOMEM;

	if (!loop || !config)
		goto fail;
	loop->node = node;
	loop->index = index;
	loop->now = seconds();
	loop->beat = loop->now;
	keel_buffer_init(&loop->out, 0);
	keel_buffer_init(&loop->scratch, 0);
	/* only this thread touches the base: others send posts */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	loop->base = event_base_new_with_config(config);
	loop->input = malloc(LOOP_INPUT);
	if (!loop->base || !loop->input)
		goto fail;
	ret = post_box_new(loop->base, &loop->box);
	if (ret)
		goto fail;
	ret = -ENOMEM;
	loop->tick = event_new(loop->base, -1, EV_PERSIST, on_tick, loop);
	if (!loop->tick || event_add(loop->tick, &second))
		goto fail;
	ret = listen_everywhere(loop);
	if (ret)
		goto fail;
	loop->rules = rules_get(rules);
	event_config_free(config);
	*out = loop;
	return 0;
fail:
	if (config)
		event_config_free(config);
	loop_free(&loop);
	return ret;
}

int loop_start(struct loop *loop)
{
	const int ret = pthread_create(&loop->thread, NULL, run, loop);

	loop->started = !ret;
	return -ret;
}

void loop_join(struct loop *loop)
{
	if (loop->started)
		pthread_join(loop->thread, NULL);
	loop->started = false;
}

void loop_free(struct loop **at)
{
	struct loop *loop = keel_take(*at);

	if (!loop)
		return;
	post_box_free(&loop->box);
	for (size_t i = 0; loop->listening && i < loop->node->n_listeners; i++)
		if (loop->listening[i]) {
			void *l = event_get_callback_arg(loop->listening[i]);

			event_free(loop->listening[i]);
			free(l);
		}
	free(loop->listening);
	if (loop->tick)
		event_free(loop->tick);
	if (loop->base)
		event_base_free(loop->base);
	rules_put(&loop->rules);
	keel_buffer_free(&loop->out);
	keel_buffer_free(&loop->scratch);
	free(loop->input);
	free(loop);
}

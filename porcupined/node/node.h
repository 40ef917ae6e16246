/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running node: what its parts share. Set up by main.c, constant afterwards, except rules (main thread). */
#ifndef PORCUPINED_NODE_NODE_H
#define PORCUPINED_NODE_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "porcupined/auth/login_cache.h"
#include "porcupined/node/limits.h"
#include "porcupined/node/listener.h"
#include "porcupined/node/maildrop.h"
#include "porcupined/node/post.h"
#include "porcupined/node/rules.h"
#include "porcupined/node/settings.h"
#include "porcupined/node/worker.h"
#include "porcupined/store/store.h"
#include "tools/lib/keel/control.h"
#include "tools/lib/keel/service.h"

struct evhttp;
struct loop;

struct node {
	struct keel_service *service;
	const struct node_settings *settings; /* main thread only */
	struct event_base *base;              /* of the main thread */
	struct post_box *box;                 /* to the main thread */
	struct store *store;
	struct worker_pool *workers;
	struct limits *limits;
	struct maildrops *maildrops;
	struct login_cache *logins;
	struct rules *rules; /* newest; main thread only */
	struct listener *listeners;
	size_t n_listeners;
	struct loop **loops;
	size_t n_loops;
	size_t loops_running; /* main thread only */
	struct keel_control *control;
	int control_fd; /* inherited dup, or -1 */
	int metrics_fd; /* bound, not yet served, or -1 */
	unsigned metrics_port;
	struct evhttp *metrics;
	struct care *care;     /* long work under way */
	uint64_t started;      /* Unix seconds */
	uint64_t message_size; /* what the store was opened with: it stays until a restart */
	bool stopping;
};

/* main.c: local domains have changed: rules anew, for all loops. Main thread. 0 or -errno, logged. */
int node_refresh(struct node *node);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/limits.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tools/lib/keel/cleanup.h"

#define SLOTS 4096 /* hash chains */
#define MINUTE 60000

struct guest {
	struct guest *next;
	uint64_t key;
	uint64_t sessions;
	struct {
		uint64_t spent; /* milliseconds of the kind's minute */
		uint64_t time;  /* when spent was right */
	} of[LIMITS_KINDS];
};

struct limits {
	pthread_mutex_t lock;
	_Atomic size_t sessions;
	size_t guests; /* entries */
	uint64_t now;  /* the latest time that anybody named */
	struct guest *slots[SLOTS];
};

int limits_new(struct limits **out)
{
	struct limits *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	pthread_mutex_init(&l->lock, NULL);
	*out = l;
	return 0;
}

void limits_free(struct limits **at)
{
	struct limits *l = keel_take(*at);

	if (!l)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		while (l->slots[i]) {
			struct guest *g = l->slots[i];

			l->slots[i] = g->next;
			free(g);
		}
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static struct guest **slot_of(struct limits *l, uint64_t key)
{
	return &l->slots[(key * 0x9e3779b97f4a7c15u) >> 52];
}

static struct guest *find(struct limits *l, uint64_t key)
{
	struct guest *g = *slot_of(l, key);

	while (g && g->key != key)
		g = g->next;
	return g;
}

bool limits_enter(struct limits *l, uint64_t key, uint64_t total, uint64_t each)
{
	struct guest *g;
	bool good;

	pthread_mutex_lock(&l->lock);
	g = find(l, key);
	good = atomic_load_explicit(&l->sessions, memory_order_relaxed) < total && (!g || !each || g->sessions < each);
	if (good && !g) {
		struct guest **slot = slot_of(l, key);

		g = calloc(1, sizeof(*g));
		if (g) {
			*g = (struct guest){ .next = *slot, .key = key };
			*slot = g;
			l->guests++;
		}
		good = g;
	}
	if (good) {
		g->sessions++;
		atomic_fetch_add_explicit(&l->sessions, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&l->lock);
	return good;
}

static bool has_spent(const struct guest *g, uint64_t now)
{
	for (int kind = 0; kind < LIMITS_KINDS; kind++)
		if (g->of[kind].spent && now - g->of[kind].time < MINUTE)
			return true;
	return false;
}

/* Drops entries of the chain that say nothing any more. What an absent guest has spent is kept until it is a minute old. */
static void sweep(struct limits *l, struct guest **at, uint64_t now)
{
	while (*at) {
		struct guest *g = *at;

		if (g->sessions || has_spent(g, now)) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		l->guests--;
		free(g);
	}
}

void limits_leave(struct limits *l, uint64_t key)
{
	struct guest *g;

	pthread_mutex_lock(&l->lock);
	g = find(l, key);
	g->sessions--;
	atomic_fetch_sub_explicit(&l->sessions, 1, memory_order_relaxed);
	/* no clock here: what has spent goes a minute after that, when somebody of the chain sends or leaves */
	if (!g->sessions && !has_spent(g, l->now))
		sweep(l, slot_of(l, key), l->now);
	pthread_mutex_unlock(&l->lock);
}

/* Takes one more, or only looks whether that could be. */
static bool ask(struct limits *l, uint64_t key, enum limits_kind kind, uint64_t now, uint64_t per_minute, bool take)
{
	struct guest *g;
	uint64_t past, cost;
	bool good;

	if (!per_minute)
		return true;
	pthread_mutex_lock(&l->lock);
	/* another loop may have looked at the clock later and come here first */
	l->now = now = now > l->now ? now : l->now;
	sweep(l, slot_of(l, key), now);
	g = find(l, key);
	past = now - g->of[kind].time;
	g->of[kind].spent = g->of[kind].spent > past ? g->of[kind].spent - past : 0;
	g->of[kind].time = now;
	cost = MINUTE / per_minute;
	if (!cost)
		cost = 1;
	good = g->of[kind].spent + cost <= MINUTE;
	if (good && take)
		g->of[kind].spent += cost;
	pthread_mutex_unlock(&l->lock);
	return good;
}

bool limits_take(struct limits *l, uint64_t key, enum limits_kind kind, uint64_t now, uint64_t per_minute)
{
	return ask(l, key, kind, now, per_minute, true);
}

bool limits_left(struct limits *l, uint64_t key, enum limits_kind kind, uint64_t now, uint64_t per_minute)
{
	return ask(l, key, kind, now, per_minute, false);
}

size_t limits_sessions(struct limits *l)
{
	return atomic_load_explicit(&l->sessions, memory_order_relaxed);
}

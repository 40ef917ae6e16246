// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/maildrop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/keel/cleanup.h"

#define SLOTS 4096

struct drop {
	struct drop *next;
	uint8_t id[16];
};

struct maildrops {
	pthread_mutex_t lock;
	struct drop *slots[SLOTS];
};

int maildrops_new(struct maildrops **out)
{
	struct maildrops *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	pthread_mutex_init(&d->lock, NULL);
	*out = d;
	return 0;
}

void maildrops_free(struct maildrops **at)
{
	struct maildrops *d = keel_take(*at);

	if (!d)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		while (d->slots[i]) {
			struct drop *one = d->slots[i];

			d->slots[i] = one->next;
			free(one);
		}
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* Where the drop's pointer is, or the NULL at the end of its chain. Ids are random. */
static struct drop **find(struct maildrops *d, const uint8_t id[16])
{
	struct drop **at = &d->slots[(id[0] | id[1] << 8) % SLOTS];

	while (*at && memcmp((*at)->id, id, sizeof((*at)->id)))
		at = &(*at)->next;
	return at;
}

int maildrop_lock(struct maildrops *d, const uint8_t id[16])
{
	struct drop *one = calloc(1, sizeof(*one)), **at;
	int ret = 0;

	if (!one)
		return -ENOMEM;
	memcpy(one->id, id, sizeof(one->id));
	pthread_mutex_lock(&d->lock);
	at = find(d, id);
	if (*at)
		ret = -EBUSY;
	else
		*at = keel_take(one);
	pthread_mutex_unlock(&d->lock);
	free(one);
	return ret;
}

void maildrop_unlock(struct maildrops *d, const uint8_t id[16])
{
	struct drop **at, *one;

	pthread_mutex_lock(&d->lock);
	at = find(d, id);
	one = *at;
	if (one)
		*at = one->next;
	pthread_mutex_unlock(&d->lock);
	free(one);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/auth/login_cache.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WAYS 4
#define DIGEST 32

struct entry {
	uint8_t digest[DIGEST];
	uint64_t time;
	bool used;
};

struct login_cache {
	pthread_mutex_t lock;
	uint8_t key[32];
	size_t sets;
	struct entry entries[];
};

int login_cache_new(size_t entries, struct login_cache **out)
{
	const size_t sets = entries / WAYS + !!(entries % WAYS);
	struct login_cache *c;

	if (sets > SIZE_MAX / 2 / (WAYS * sizeof(struct entry)))
		return -ENOMEM;
	c = calloc(1, sizeof(*c) + sets * WAYS * sizeof(struct entry));
	if (!c)
		return -ENOMEM;
	if (getrandom(c->key, sizeof(c->key), 0) != sizeof(c->key)) {
		free(c);
		return -EIO;
	}
	pthread_mutex_init(&c->lock, NULL);
	c->sets = sets;
	*out = c;
	return 0;
}

void login_cache_free(struct login_cache **cache)
{
	struct login_cache *c = *cache;

	*cache = NULL;
	if (!c)
		return;
	OPENSSL_cleanse(c->key, sizeof(c->key));
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static bool digest_of(const struct login_cache *c, const uint8_t id[16], uint64_t lsn, const char *password,
		      uint8_t out[DIGEST])
{
	const size_t len = strlen(password);
	uint8_t text[16 + 8 + 512];
	unsigned n = 0;
	bool good;

	if (len > sizeof(text) - 24)
		return false;
	memcpy(text, id, 16);
	memcpy(text + 16, &lsn, 8);
	memcpy(text + 24, password, len);
	good = HMAC(EVP_sha256(), c->key, sizeof(c->key), text, 24 + len, out, &n) && n == DIGEST;
	OPENSSL_cleanse(text, 24 + len);
	return good;
}

/* Entries of one account share a set: ids are random. */
static struct entry *set_of(struct login_cache *c, const uint8_t id[16])
{
	uint64_t v;

	memcpy(&v, id, sizeof(v));
	return c->entries + v % c->sets * WAYS;
}

bool login_cache_find(struct login_cache *c, const uint8_t id[16], uint64_t lsn, const char *password, uint64_t now,
		      uint64_t ttl)
{
	uint8_t digest[DIGEST];
	struct entry *set;
	bool found = false;

	if (!c->sets || !digest_of(c, id, lsn, password, digest))
		return false;
	set = set_of(c, id);
	pthread_mutex_lock(&c->lock);
	for (int i = 0; i < WAYS; i++)
		if (set[i].used && now - set[i].time <= ttl && !CRYPTO_memcmp(set[i].digest, digest, DIGEST))
			found = true;
	pthread_mutex_unlock(&c->lock);
	return found;
}

void login_cache_add(struct login_cache *c, const uint8_t id[16], uint64_t lsn, const char *password, uint64_t now)
{
	uint8_t digest[DIGEST];
	struct entry *set, *take;

	if (!c->sets || !digest_of(c, id, lsn, password, digest))
		return;
	set = set_of(c, id);
	pthread_mutex_lock(&c->lock);
	take = set;
	for (int i = 0; i < WAYS; i++) {
		if (!set[i].used || !CRYPTO_memcmp(set[i].digest, digest, DIGEST)) {
			take = &set[i];
			break;
		}
		if (set[i].time < take->time)
			take = &set[i];
	}
	memcpy(take->digest, digest, DIGEST);
	take->time = now;
	take->used = true;
	pthread_mutex_unlock(&c->lock);
}

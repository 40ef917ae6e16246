/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logins that were verified a short while ago. An entry is HMAC-SHA256, under a random key of this process, over account id, the LSN of the
 * account's record and the password: it holds no password, and any change of the account makes it useless. Bounded: a set of four
 * entries per slot, the oldest goes. Thread-safe.
 */
#ifndef PORCUPINED_AUTH_LOGIN_CACHE_H
#define PORCUPINED_AUTH_LOGIN_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct login_cache;

/* entries: most logins kept, rounded up to a multiple of 4; 0 = none are kept. 0, -ENOMEM, or -EIO without randomness. */
int login_cache_new(size_t entries, struct login_cache **out);
void login_cache_free(struct login_cache **cache);
/* id: 16 octets. now: monotonic seconds. True if add() was called with the same three at most ttl seconds ago. */
bool login_cache_find(struct login_cache *cache, const uint8_t id[16], uint64_t lsn, const char *password, uint64_t now,
		      uint64_t ttl);
/* The password was verified. */
void login_cache_add(struct login_cache *cache, const uint8_t id[16], uint64_t lsn, const char *password, uint64_t now);

#endif

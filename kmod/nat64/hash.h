/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash of fixed size with lockless readers: chains of single links, a lock for every few buckets. Keys are the caller's: it brings a keyed hash and
 * compares. Readers are inside rcu_read_lock(); what was removed lives for a grace period.
 */
#ifndef OSNC_NAT64_HASH_H
#define OSNC_NAT64_HASH_H

#include "kmod/nat64/primitive.h"

struct nat64_link {
	struct nat64_link *next;
};

struct nat64_hash {
	struct nat64_link **buckets;
	spinlock_t *locks;
	u32 mask, lock_mask;
};

#define NAT64_HASH_LOCKS 1024

/* 0 or -ENOMEM. buckets is rounded up to a power of two. May sleep. */
int nat64_hash_init(struct nat64_hash *hash, u32 buckets);
/* What is in it is not touched. NULL buckets: nothing to do. */
void nat64_hash_free(struct nat64_hash *hash);

void nat64_hash_insert(struct nat64_hash *hash, u32 value, struct nat64_link *link);
/* link must be in the chain of value. */
void nat64_hash_remove(struct nat64_hash *hash, u32 value, struct nat64_link *link);
/* Puts link where old is: readers find one or the other. */
void nat64_hash_replace(struct nat64_hash *hash, u32 value, struct nat64_link *old, struct nat64_link *link);

static inline struct nat64_link *nat64_hash_first(const struct nat64_hash *hash, u32 value)
{
	return READ_ONCE(hash->buckets[value & hash->mask]);
}

#define nat64_hash_for_each(link, hash, value) \
	for (link = nat64_hash_first(hash, value); link; link = READ_ONCE(link->next))

static inline u32 nat64_hash_buckets(const struct nat64_hash *hash)
{
	return hash->mask + 1;
}

#endif

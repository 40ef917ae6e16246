// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/hash.h"

static u32 round_up_power(u32 n)
{
	u32 power = 64;

	while (power < n && power < 1U << 30)
		power *= 2;
	return power;
}

int nat64_hash_init(struct nat64_hash *hash, u32 wanted)
{
	u32 buckets = round_up_power(wanted);
	u32 locks = buckets < NAT64_HASH_LOCKS ? buckets : NAT64_HASH_LOCKS;
	u32 i;

	hash->locks = NULL;
	hash->buckets = kvcalloc(buckets, sizeof(*hash->buckets), GFP_KERNEL_ACCOUNT);
	if (hash->buckets)
		hash->locks = kvcalloc(locks, sizeof(*hash->locks), GFP_KERNEL_ACCOUNT);
	if (!hash->locks) {
		nat64_hash_free(hash);
		return -ENOMEM;
	}
	for (i = 0; i < locks; i++)
		spin_lock_init(&hash->locks[i]);
	hash->mask = buckets - 1;
	hash->lock_mask = locks - 1;
	return 0;
}

void nat64_hash_free(struct nat64_hash *hash)
{
	kvfree(hash->locks);
	kvfree(hash->buckets);
	hash->buckets = NULL;
	hash->locks = NULL;
}

static spinlock_t *lock_of(struct nat64_hash *hash, u32 value)
{
	return &hash->locks[value & hash->lock_mask];
}

void nat64_hash_insert(struct nat64_hash *hash, u32 value, struct nat64_link *link)
{
	struct nat64_link **head = &hash->buckets[value & hash->mask];
	spinlock_t *lock = lock_of(hash, value);

	spin_lock_bh(lock);
	WRITE_ONCE(link->next, *head);
	smp_store_release(head, link);
	spin_unlock_bh(lock);
}

/* Where link hangs. */
static struct nat64_link **place(struct nat64_hash *hash, u32 value, const struct nat64_link *link)
{
	struct nat64_link **at = &hash->buckets[value & hash->mask];

	while (*at != link)
		at = &(*at)->next;
	return at;
}

void nat64_hash_remove(struct nat64_hash *hash, u32 value, struct nat64_link *link)
{
	spinlock_t *lock = lock_of(hash, value);

	spin_lock_bh(lock);
	WRITE_ONCE(*place(hash, value, link), link->next);
	spin_unlock_bh(lock);
}

void nat64_hash_replace(struct nat64_hash *hash, u32 value, struct nat64_link *old, struct nat64_link *link)
{
	spinlock_t *lock = lock_of(hash, value);

	spin_lock_bh(lock);
	WRITE_ONCE(link->next, old->next);
	smp_store_release(place(hash, value, old), link);
	spin_unlock_bh(lock);
}

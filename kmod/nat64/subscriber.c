// SPDX-License-Identifier: GPL-2.0-only
/* Subscribers and their port blocks. A block goes back to the pool when no port of it is taken or held down, which only the sweep looks for. */
#include "kmod/nat64/state.h"

#define BOUND_TRIES 16 /* ports that the host turned out to use, one after the other */

static void mask_prefix(struct nat64_in6 *address, u32 length)
{
	u32 word;

	for (word = 0; word < 4; word++) {
		u32 bits = length > 32 * word ? length - 32 * word : 0;

		if (bits < 32)
			address->word[word] &= cpu_to_be32(bits ? ~0U << (32 - bits) : 0);
	}
}

static u32 bucket_of(const struct nat64_table *table, const struct nat64_in6 *prefix)
{
	return hsiphash(prefix, sizeof(*prefix), &table->key) & (NAT64_SUBSCRIBER_BUCKETS - 1);
}

static spinlock_t *bucket_lock(struct nat64_table *table, u32 bucket)
{
	return &table->subscriber_locks[bucket & (NAT64_SUBSCRIBER_LOCKS - 1)];
}

static spinlock_t *lock_of(struct nat64_table *table, const struct nat64_subscriber *subscriber)
{
	return bucket_lock(table, bucket_of(table, &subscriber->prefix));
}

/* The bucket of a host's subscriber; prefix is filled. */
static u32 place_of(const struct nat64_table *table, const struct nat64_in6 *host, struct nat64_in6 *prefix)
{
	*prefix = *host;
	mask_prefix(prefix, table->shape.subscriber_length);
	return bucket_of(table, prefix);
}

/* With the bucket's lock held. */
static struct nat64_subscriber *find(const struct nat64_table *table, u32 bucket, const struct nat64_in6 *prefix)
{
	struct nat64_subscriber *subscriber;

	for (subscriber = table->subscribers[bucket]; subscriber; subscriber = subscriber->next)
		if (!memcmp(&subscriber->prefix, prefix, sizeof(*prefix)))
			break;
	return subscriber;
}

struct nat64_subscriber *nat64_subscriber_get(struct nat64_table *table, const struct nat64_in6 *host)
{
	struct nat64_in6 prefix;
	const u32 bucket = place_of(table, host, &prefix);
	spinlock_t *lock = bucket_lock(table, bucket);
	struct nat64_subscriber *subscriber;

	spin_lock_bh(lock);
	subscriber = find(table, bucket, &prefix);
	if (!subscriber) {
		subscriber = kzalloc(sizeof(*subscriber), GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
		if (subscriber) {
			subscriber->prefix = prefix;
			subscriber->next = table->subscribers[bucket];
			table->subscribers[bucket] = subscriber;
			atomic_inc(&table->subscriber_count);
		}
	}
	if (subscriber)
		subscriber->bibs++;
	spin_unlock_bh(lock);
	return subscriber;
}

void nat64_subscriber_put(struct nat64_table *table, struct nat64_subscriber *subscriber)
{
	spinlock_t *lock = lock_of(table, subscriber);

	spin_lock_bh(lock);
	subscriber->bibs--;
	spin_unlock_bh(lock);
}

/* ---- blocks ----------------------------------------------------------------------------------- */

static int block_has(const struct nat64_block *block, u32 address, u16 port)
{
	return block->place.address == address && port >= block->first && port - block->first < block->ports.count;
}

static void block_event(struct nat64_table *table, const struct nat64_subscriber *subscriber,
			const struct nat64_block *block, u8 gone)
{
	struct nat64_event event = {
		.type = NAT64_EVENT_BLOCK,
		.gone = gone,
		.bits = table->shape.subscriber_length,
		.ports = block->ports.count,
		.host = subscriber->prefix,
		.pool = cpu_to_be32(block->place.address),
		.pool_port = cpu_to_be16(block->first),
		.id = block->id,
	};

	if (nat64_listened(table, NAT64_EVENT_BLOCK))
		table->calls->event(table->owner, &event);
}

/* The address that the subscriber has among those of a mark; 0: none yet. */
static u32 paired_address(const struct nat64_subscriber *subscriber, u32 mark)
{
	const struct nat64_block *block;

	for (block = subscriber->block; block; block = block->next)
		if (block->mark == mark && !block->dying)
			return block->place.address;
	return 0;
}

/* With the pool lock held. */
static int block_place(struct nat64_table *table, const struct nat64_subscriber *subscriber,
		       const struct nat64_visit *visit, struct nat64_block *block)
{
	u32 address = paired_address(subscriber, visit->mark);
	struct nat64_reserved *reserved;
	const struct nat64_range *range;

	if (table->moving)
		return -ENOSPC;
	if (!address || nat64_pool_take(table->pool, visit->mark, address, &block->place)) {
		if (address && visit->policy->paired)
			return -ENOSPC;
		if (nat64_pool_take(table->pool, visit->mark, 0, &block->place))
			return -ENOSPC;
	}
	range = &table->pool->entries[block->place.entry].range;
	block->mark = visit->mark;
	block->first = nat64_range_first(range, block->place.block);
	block->dying = 0;
	block->id = atomic64_inc_return(&table->next_id);
	nat64_ports_init(&block->ports, nat64_range_count(range, block->place.block), visit->now);
	for (reserved = table->reserved; reserved; reserved = reserved->next)
		if (block_has(block, reserved->address, reserved->port))
			nat64_ports_reserve(&block->ports, reserved->l4, reserved->port - block->first);
	return 0;
}

/* With the subscriber's lock held. */
static struct nat64_block *block_new(struct nat64_table *table, struct nat64_subscriber *subscriber,
				     const struct nat64_visit *visit, enum nat64_verdict *verdict)
{
	size_t size = offsetof(struct nat64_block, ports) + nat64_ports_size(table->shape.block_size);
	struct nat64_block *block = kmalloc(size, GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	int error;

	*verdict = NAT64_NO_MEMORY;
	if (!block)
		return NULL;
	spin_lock_bh(&table->pool_lock);
	error = block_place(table, subscriber, visit, block);
	spin_unlock_bh(&table->pool_lock);
	if (error) {
		*verdict = NAT64_POOL_EXHAUSTED;
		kfree(block);
		return NULL;
	}
	block->next = subscriber->block;
	subscriber->block = block;
	atomic_inc(&table->blocks);
	block_event(table, subscriber, block, 0);
	return block;
}

/* A free port of this block that the host does not use: its index, or -1. */
static int take_of_block(struct nat64_table *table, struct nat64_block *block, const struct nat64_visit *visit,
			 enum nat64_l4 l4)
{
	int refused[BOUND_TRIES], tries, index = -1;
	u32 hold_down = visit->policy->lifetimes.hold_down;

	for (tries = 0; tries < BOUND_TRIES; tries++) {
		index = nat64_ports_take(&block->ports, l4, get_random_u32(), visit->now, hold_down);
		if (index < 0 || !table->calls->bound(table->owner, l4, cpu_to_be32(block->place.address),
						      cpu_to_be16(block->first + index)))
			break;
		refused[tries] = index;
		index = -1;
	}
	while (tries-- > 0)
		nat64_ports_release(&block->ports, l4, refused[tries], visit->now, 0);
	return index;
}

static struct nat64_block *nth_block(struct nat64_subscriber *subscriber, u32 mark, u32 n)
{
	struct nat64_block *block;

	for (block = subscriber->block; block; block = block->next)
		if (block->mark == mark && !block->dying && !n--)
			return block;
	return NULL;
}

static u32 count_blocks(const struct nat64_subscriber *subscriber, u32 mark)
{
	const struct nat64_block *block;
	u32 count = 0;

	for (block = subscriber->block; block; block = block->next)
		count += block->mark == mark && !block->dying;
	return count;
}

static enum nat64_verdict take_port(struct nat64_table *table, struct nat64_subscriber *subscriber,
				    const struct nat64_visit *visit, enum nat64_l4 l4, struct nat64_block **of,
				    int *index)
{
	u32 count = count_blocks(subscriber, visit->mark), start, i;
	enum nat64_verdict verdict;

	start = ((u64)get_random_u32() * count) >> 32;
	for (i = 0; i < count; i++) {
		*of = nth_block(subscriber, visit->mark, (start + i) % count);
		*index = take_of_block(table, *of, visit, l4);
		if (*index >= 0)
			return NAT64_OK;
	}
	/* A block of which the host or mappings by hand have all ports helps nobody: try the next, but not for ever. */
	for (; count < visit->policy->max_blocks; count++) {
		*of = block_new(table, subscriber, visit, &verdict);
		if (!*of)
			return verdict;
		*index = take_of_block(table, *of, visit, l4);
		if (*index >= 0)
			return NAT64_OK;
	}
	return NAT64_SUBSCRIBER_PORTS;
}

enum nat64_verdict nat64_subscriber_take(struct nat64_table *table, struct nat64_subscriber *subscriber,
					 const struct nat64_visit *visit, enum nat64_l4 l4, __be32 *address,
					 __be16 *port)
{
	spinlock_t *lock = lock_of(table, subscriber);
	struct nat64_block *block;
	enum nat64_verdict verdict;
	int index;

	spin_lock_bh(lock);
	verdict = take_port(table, subscriber, visit, l4, &block, &index);
	if (verdict == NAT64_OK) {
		*address = cpu_to_be32(block->place.address);
		*port = cpu_to_be16(block->first + index);
	}
	spin_unlock_bh(lock);
	return verdict;
}

/* With the subscriber's lock held: 1: one of its blocks has a port; nothing is taken in the end. */
static int has_port(struct nat64_table *table, struct nat64_subscriber *subscriber, const struct nat64_visit *visit,
		    enum nat64_l4 l4)
{
	struct nat64_block *block;

	for (block = subscriber->block; block; block = block->next) {
		int index = block->mark == visit->mark && !block->dying ? take_of_block(table, block, visit, l4) : -1;

		if (index < 0)
			continue;
		nat64_ports_release(&block->ports, l4, index, visit->now, 0);
		return 1;
	}
	return 0;
}

/* 1: the pool has a block for it; subscriber: NULL: one that is to come. */
static int has_block(struct nat64_table *table, const struct nat64_subscriber *subscriber,
		     const struct nat64_visit *visit)
{
	u32 address = subscriber ? paired_address(subscriber, visit->mark) : 0;
	struct nat64_pool_place place;
	int error = -ENOSPC;

	spin_lock_bh(&table->pool_lock);
	if (!table->moving)
		error = nat64_pool_take(table->pool, visit->mark, address, &place);
	if (error && address && !visit->policy->paired && !table->moving)
		error = nat64_pool_take(table->pool, visit->mark, 0, &place);
	if (!error)
		nat64_pool_release(table->pool, &place);
	spin_unlock_bh(&table->pool_lock);
	return !error;
}

enum nat64_verdict nat64_subscriber_foresee(struct nat64_table *table, const struct nat64_in6 *host,
					    const struct nat64_visit *visit, enum nat64_l4 l4, u32 ending)
{
	struct nat64_in6 prefix;
	const u32 bucket = place_of(table, host, &prefix);
	spinlock_t *lock = bucket_lock(table, bucket);
	enum nat64_verdict verdict = NAT64_OK;
	struct nat64_subscriber *subscriber;
	u32 sessions = 0, blocks = 0;

	spin_lock_bh(lock);
	subscriber = find(table, bucket, &prefix);
	if (subscriber) {
		sessions = atomic_read(&subscriber->sessions) - ending;
		blocks = count_blocks(subscriber, visit->mark);
	}
	if (sessions >= visit->policy->max_per_subscriber)
		verdict = NAT64_SUBSCRIBER_SESSIONS;
	else if (subscriber && has_port(table, subscriber, visit, l4))
		verdict = NAT64_OK;
	else if (blocks >= visit->policy->max_blocks)
		verdict = NAT64_SUBSCRIBER_PORTS;
	else if (!has_block(table, subscriber, visit))
		verdict = NAT64_POOL_EXHAUSTED;
	spin_unlock_bh(lock);
	return verdict;
}

static struct nat64_block *block_of(struct nat64_subscriber *subscriber, u32 address, u16 port)
{
	struct nat64_block *block;

	for (block = subscriber->block; block; block = block->next)
		if (block_has(block, address, port))
			return block;
	return NULL;
}

void nat64_subscriber_release(struct nat64_table *table, struct nat64_subscriber *subscriber,
			      const struct nat64_policy *policy, enum nat64_l4 l4, __be32 address, __be16 port, u32 now)
{
	spinlock_t *lock = lock_of(table, subscriber);
	struct nat64_block *block;

	spin_lock_bh(lock);
	block = block_of(subscriber, be32_to_cpu(address), be16_to_cpu(port));
	if (block)
		nat64_ports_release(&block->ports, l4, be16_to_cpu(port) - block->first, now,
				    policy->lifetimes.hold_down);
	spin_unlock_bh(lock);
}

int nat64_subscriber_lost(struct nat64_table *table, struct nat64_subscriber *subscriber, __be32 address, __be16 port)
{
	spinlock_t *lock = lock_of(table, subscriber);
	struct nat64_block *block;
	int lost;

	spin_lock_bh(lock);
	block = block_of(subscriber, be32_to_cpu(address), be16_to_cpu(port));
	lost = !block || block->dying;
	spin_unlock_bh(lock);
	return lost;
}

/* ---- ports of mappings by hand ---------------------------------------------------------------- */

/* Blocks made after the reservation was listed (born > limit) know of it. */
static int reserve_in_bucket(struct nat64_table *table, u32 bucket, const struct nat64_reserved *reserved, u64 limit)
{
	spinlock_t *lock = bucket_lock(table, bucket);
	struct nat64_subscriber *subscriber;
	struct nat64_block *block;
	int error = 0;

	spin_lock_bh(lock);
	for (subscriber = table->subscribers[bucket]; subscriber; subscriber = subscriber->next) {
		block = block_of(subscriber, reserved->address, reserved->port);
		if (block && block->id < limit &&
		    nat64_ports_reserve(&block->ports, reserved->l4, reserved->port - block->first))
			error = -EEXIST;
	}
	spin_unlock_bh(lock);
	return error;
}

static void unlist(struct nat64_table *table, enum nat64_l4 l4, u32 address, u16 port)
{
	struct nat64_reserved **at, *reserved;

	spin_lock_bh(&table->pool_lock);
	for (at = &table->reserved; *at; at = &(*at)->next)
		if ((*at)->l4 == l4 && (*at)->address == address && (*at)->port == port)
			break;
	reserved = *at;
	if (reserved)
		*at = reserved->next;
	spin_unlock_bh(&table->pool_lock);
	kfree(reserved);
}

/* -EEXIST: it is listed already. Else *limit is what blocks made from now on have a higher id than. */
static int enlist(struct nat64_table *table, struct nat64_reserved *reserved, u64 *limit)
{
	struct nat64_reserved *other;
	int error = 0;

	spin_lock_bh(&table->pool_lock);
	for (other = table->reserved; other; other = other->next)
		if (other->l4 == reserved->l4 && other->address == reserved->address && other->port == reserved->port)
			error = -EEXIST;
	if (!error) {
		reserved->next = table->reserved;
		table->reserved = reserved;
		*limit = atomic64_inc_return(&table->next_id);
	}
	spin_unlock_bh(&table->pool_lock);
	return error;
}

int nat64_subscriber_reserve(struct nat64_table *table, enum nat64_l4 l4, __be32 address, __be16 port)
{
	struct nat64_reserved *reserved = kmalloc(sizeof(*reserved), GFP_ATOMIC | __GFP_ACCOUNT);
	u32 bucket;
	u64 limit;
	int error;

	if (!reserved)
		return -ENOMEM;
	reserved->l4 = l4;
	reserved->address = be32_to_cpu(address);
	reserved->port = be16_to_cpu(port);
	error = enlist(table, reserved, &limit);
	if (error) {
		kfree(reserved);
		return error;
	}
	for (bucket = 0; !error && bucket < NAT64_SUBSCRIBER_BUCKETS; bucket++)
		error = reserve_in_bucket(table, bucket, reserved, limit);
	if (error)
		unlist(table, l4, be32_to_cpu(address), be16_to_cpu(port));
	return error;
}

void nat64_subscriber_unreserve(struct nat64_table *table, const struct nat64_policy *policy, enum nat64_l4 l4,
				__be32 address, __be16 port, u32 now)
{
	struct nat64_subscriber *subscriber;
	u32 bucket;

	unlist(table, l4, be32_to_cpu(address), be16_to_cpu(port));
	for (bucket = 0; bucket < NAT64_SUBSCRIBER_BUCKETS; bucket++) {
		spinlock_t *lock = bucket_lock(table, bucket);

		spin_lock_bh(lock);
		for (subscriber = table->subscribers[bucket]; subscriber; subscriber = subscriber->next) {
			struct nat64_block *block = block_of(subscriber, be32_to_cpu(address), be16_to_cpu(port));

			if (block)
				nat64_ports_release(&block->ports, l4, be16_to_cpu(port) - block->first, now,
						    policy->lifetimes.hold_down);
		}
		spin_unlock_bh(lock);
	}
}

/* ---- upkeep ----------------------------------------------------------------------------------- */

/* With the subscriber's lock held. Frees blocks on which nothing is; without a policy: those that are dying. */
static void free_blocks(struct nat64_table *table, struct nat64_subscriber *subscriber,
			const struct nat64_policy *policy, u32 now)
{
	struct nat64_block **at = &subscriber->block, *block;

	while ((block = *at)) {
		if (policy ? !nat64_ports_idle(&block->ports, now, policy->lifetimes.hold_down) : !block->dying) {
			at = &block->next;
			continue;
		}
		*at = block->next;
		if (!block->dying) {
			spin_lock_bh(&table->pool_lock);
			nat64_pool_release(table->pool, &block->place);
			spin_unlock_bh(&table->pool_lock);
		}
		atomic_dec(&table->blocks);
		block_event(table, subscriber, block, 1);
		kfree(block);
	}
}

void nat64_subscriber_sweep(struct nat64_table *table, u32 bucket, const struct nat64_policy *policy, u32 now)
{
	struct nat64_subscriber **at = &table->subscribers[bucket], *subscriber;
	spinlock_t *lock = bucket_lock(table, bucket);

	spin_lock_bh(lock);
	while ((subscriber = *at)) {
		free_blocks(table, subscriber, policy, now);
		if (subscriber->block || subscriber->bibs) {
			at = &subscriber->next;
			continue;
		}
		*at = subscriber->next;
		atomic_dec(&table->subscriber_count);
		kfree(subscriber);
	}
	spin_unlock_bh(lock);
}

void nat64_subscriber_move(struct nat64_table *table, u32 bucket)
{
	spinlock_t *lock = bucket_lock(table, bucket);
	struct nat64_subscriber *subscriber;
	struct nat64_block *block;

	spin_lock_bh(lock);
	spin_lock_bh(&table->pool_lock);
	for (subscriber = table->subscribers[bucket]; subscriber; subscriber = subscriber->next)
		for (block = subscriber->block; block; block = block->next)
			block->dying = !!nat64_pool_claim(table->pool, block->place.address, block->first,
							  block->ports.count, block->mark, &block->place);
	spin_unlock_bh(&table->pool_lock);
	spin_unlock_bh(lock);
}

void nat64_subscriber_drop_dying(struct nat64_table *table, u32 bucket)
{
	spinlock_t *lock = bucket_lock(table, bucket);
	struct nat64_subscriber *subscriber;

	spin_lock_bh(lock);
	for (subscriber = table->subscribers[bucket]; subscriber; subscriber = subscriber->next)
		free_blocks(table, subscriber, NULL, 0);
	spin_unlock_bh(lock);
}

void nat64_subscriber_free_all(struct nat64_table *table)
{
	u32 bucket;

	for (bucket = 0; bucket < NAT64_SUBSCRIBER_BUCKETS; bucket++) {
		struct nat64_subscriber *subscriber;

		while ((subscriber = table->subscribers[bucket])) {
			struct nat64_block *block;

			table->subscribers[bucket] = subscriber->next;
			while ((block = subscriber->block)) {
				subscriber->block = block->next;
				kfree(block);
			}
			kfree(subscriber);
		}
	}
	while (table->reserved) {
		struct nat64_reserved *reserved = table->reserved;

		table->reserved = reserved->next;
		kfree(reserved);
	}
}

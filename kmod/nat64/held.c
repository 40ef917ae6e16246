// SPDX-License-Identifier: GPL-2.0-only
/*
 * SYNs from IPv4 that nobody asked for, kept for some seconds: if a SYN from IPv6 goes the other way in time, both sides open at once (RFC 5382 REQ-4,
 * RFC 6146 3.5.2.2 V4 INIT); else their sender is told. There is no session for them: who sends SYNs at the pool fills this small list and no more.
 */
#include "kmod/nat64/state.h"

static int same(const struct nat64_held *held, __be32 pool, __be16 pool_port, __be32 remote, __be16 remote_port)
{
	return held->packet && held->pool == pool && held->pool_port == pool_port && held->remote == remote &&
	       held->remote_port == remote_port;
}

int nat64_held_add(struct nat64_table *table, const struct nat64_request *request, u32 end, void *packet)
{
	const struct nat64_key6 *key = &request->key;
	struct nat64_held *free = NULL;
	int error = 0;
	u32 i;

	spin_lock_bh(&table->held_lock);
	for (i = 0; i < NAT64_HELD_MAX; i++) {
		struct nat64_held *held = &table->held[i];

		if (same(held, request->pool, request->pool_port, key->remote, key->remote_port))
			error = -EEXIST;
		if (!held->packet)
			free = held;
	}
	if (!error && !free)
		error = -ENOSPC;
	if (!error) {
		free->packet = packet;
		free->pool = request->pool;
		free->pool_port = request->pool_port;
		free->remote = key->remote;
		free->remote_port = key->remote_port;
		free->end = end;
		atomic_inc(&table->held_count);
	}
	spin_unlock_bh(&table->held_lock);
	return error;
}

/* With the lock held. */
static void give_back(struct nat64_table *table, struct nat64_held *held, int expired)
{
	table->calls->release(table->owner, held->packet, expired);
	held->packet = NULL;
	atomic_dec(&table->held_count);
}

int nat64_held_match(struct nat64_table *table, __be32 pool, __be16 pool_port, __be32 remote, __be16 remote_port)
{
	int found = 0;
	u32 i;

	if (likely(!atomic_read(&table->held_count)))
		return 0;
	spin_lock_bh(&table->held_lock);
	for (i = 0; i < NAT64_HELD_MAX && !found; i++) {
		found = same(&table->held[i], pool, pool_port, remote, remote_port);
		if (found)
			give_back(table, &table->held[i], 0);
	}
	spin_unlock_bh(&table->held_lock);
	return found;
}

void nat64_held_sweep(struct nat64_table *table, u32 now)
{
	u32 i;

	if (!atomic_read(&table->held_count))
		return;
	spin_lock_bh(&table->held_lock);
	for (i = 0; i < NAT64_HELD_MAX; i++)
		if (table->held[i].packet && (s32)(table->held[i].end - now) <= 0)
			give_back(table, &table->held[i], 1);
	spin_unlock_bh(&table->held_lock);
}

void nat64_held_free_all(struct nat64_table *table)
{
	u32 i;

	for (i = 0; i < NAT64_HELD_MAX; i++)
		if (table->held[i].packet)
			give_back(table, &table->held[i], 0);
}

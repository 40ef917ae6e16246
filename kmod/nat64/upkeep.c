// SPDX-License-Identifier: GPL-2.0-only
/* What happens to the table apart from packets: time, the administrator's wishes, another pool, lists. */
#include "kmod/nat64/state.h"

/* ---- time ------------------------------------------------------------------------------------- */

static void expire(struct nat64_table *table, struct nat64_session *session, const struct nat64_policy *policy, u32 now)
{
	u64 life = atomic64_read(&session->life), next;
	struct nat64_event event;
	struct nat64_step step;

	/* CLOSED: whoever did that is about to end it. */
	if (!nat64_life_over(life, now) || nat64_life_state(life) == NAT64_STATE_CLOSED)
		return;
	nat64_session_expire(nat64_life_state(life), session->l4, &policy->lifetimes, &step);
	next = nat64_life(now + step.lifetime, step.state,
			  nat64_life_generation(life) + (step.state != NAT64_STATE_CLOSED));
	if ((u64)atomic64_cmpxchg(&session->life, life, next) != life)
		return; /* a packet came just now */
	if (step.state == NAT64_STATE_CLOSED) {
		nat64_session_end(table, session, policy, now);
	} else {
		nat64_describe_session(session, now, &event);
		table->calls->probe(table->owner, &event);
	}
}

/* Buckets that are due when part of 256 of count are; the rest is carried over. */
static u32 due(u32 count, u32 part, u32 *rest)
{
	u64 parts = (u64)count * part + *rest;

	*rest = parts & 255;
	return parts >> 8 < count ? parts >> 8 : count;
}

void nat64_table_gc(struct nat64_table *table, const struct nat64_policy *policy, u32 now, u32 part)
{
	u32 buckets = due(nat64_hash_buckets(&table->by6), part, &table->gc_session_rest);
	struct nat64_link *link;

	while (buckets--) {
		rcu_read_lock();
		nat64_hash_for_each(link, &table->by6, table->gc_session)
			expire(table, container_of(link, struct nat64_session, by6), policy, now);
		rcu_read_unlock();
		table->gc_session = (table->gc_session + 1) & table->by6.mask;
		if (!(buckets & 1023))
			cond_resched();
	}
	buckets = due(NAT64_SUBSCRIBER_BUCKETS, part, &table->gc_subscriber_rest);
	while (buckets--) {
		nat64_subscriber_sweep(table, table->gc_subscriber, policy, now);
		table->gc_subscriber = (table->gc_subscriber + 1) & (NAT64_SUBSCRIBER_BUCKETS - 1);
	}
	nat64_held_sweep(table, now);
}

/* ---- ending by force -------------------------------------------------------------------------- */

typedef int (*choose_session)(struct nat64_table *table, const struct nat64_session *session, const void *context);

static void end_sessions(struct nat64_table *table, const struct nat64_policy *policy, u32 now, choose_session chosen,
			 const void *context)
{
	struct nat64_link *link;
	u32 bucket;

	for (bucket = 0; bucket < nat64_hash_buckets(&table->by6); bucket++) {
		rcu_read_lock();
		nat64_hash_for_each(link, &table->by6, bucket)
		{
			struct nat64_session *session = container_of(link, struct nat64_session, by6);

			if (chosen(table, session, context) && nat64_session_claim(session))
				nat64_session_end(table, session, policy, now);
		}
		rcu_read_unlock();
		if (!(bucket & 1023))
			cond_resched();
	}
}

static int any(struct nat64_table *table, const struct nat64_session *session, const void *context)
{
	return 1;
}

void nat64_table_flush(struct nat64_table *table, const struct nat64_policy *policy, u32 now)
{
	end_sessions(table, policy, now, any, NULL);
}

/* ---- mappings by hand ------------------------------------------------------------------------- */

int nat64_table_fix(struct nat64_table *table, const struct nat64_policy *policy, const struct nat64_fixed *fixed,
		    u32 now)
{
	int error;

	if (!nat64_pool_covers(READ_ONCE(table->pool), be32_to_cpu(fixed->pool), be16_to_cpu(fixed->pool_port)))
		return -ENOENT;
	if ((u32)atomic_read(&table->bibs) >= table->shape.max_sessions)
		return -ENOSPC;
	error = nat64_subscriber_reserve(table, fixed->l4, fixed->pool, fixed->pool_port);
	if (error)
		return error;
	error = nat64_bib_fix(table, fixed);
	if (error)
		nat64_subscriber_unreserve(table, policy, fixed->l4, fixed->pool, fixed->pool_port, now);
	return error;
}

static int of_fixed(struct nat64_table *table, const struct nat64_session *session, const void *context)
{
	const struct nat64_fixed *fixed = context;

	return session->l4 == fixed->l4 && session->pool == fixed->pool && session->pool_port == fixed->pool_port;
}

int nat64_table_unfix(struct nat64_table *table, const struct nat64_policy *policy, const struct nat64_fixed *fixed,
		      u32 now)
{
	int error;

	/* The first try that finds sessions keeps new ones away; those that are left end here or, claimed by the sweep, there. */
	while ((error = nat64_bib_unfix(table, fixed, policy, now)) == -EAGAIN) {
		end_sessions(table, policy, now, of_fixed, fixed);
		cond_resched();
	}
	if (!error)
		nat64_subscriber_unreserve(table, policy, fixed->l4, fixed->pool, fixed->pool_port, now);
	return error;
}

/* ---- another pool ----------------------------------------------------------------------------- */

static int of_dying(struct nat64_table *table, const struct nat64_session *session, const void *context)
{
	return READ_ONCE(session->bib->dying);
}

/* Condemns mappings whose block has gone; 1: there is one that packets or the sweep have not ended yet. */
static int condemn(struct nat64_table *table)
{
	struct nat64_link *link;
	u32 bucket;
	int left = 0;

	for (bucket = 0; bucket < nat64_hash_buckets(&table->bib4); bucket++) {
		rcu_read_lock();
		nat64_hash_for_each(link, &table->bib4, bucket)
		{
			struct nat64_bib *bib = container_of(link, struct nat64_bib, by4);

			if (bib->fixed || !nat64_subscriber_lost(table, bib->subscriber, bib->pool, bib->pool_port))
				continue;
			nat64_bib_condemn(table, bib);
			left = 1;
		}
		rcu_read_unlock();
	}
	return left;
}

static int fixed_outside(struct nat64_table *table, const struct nat64_pool *pool)
{
	const struct nat64_reserved *reserved;
	int outside = 0;

	spin_lock_bh(&table->pool_lock);
	for (reserved = table->reserved; reserved; reserved = reserved->next)
		outside |= !nat64_pool_covers(pool, reserved->address, reserved->port);
	spin_unlock_bh(&table->pool_lock);
	return outside;
}

int nat64_table_pool_fits(struct nat64_table *table, const struct nat64_pool *pool)
{
	return !fixed_outside(table, pool);
}

int nat64_table_set_pool(struct nat64_table *table, const struct nat64_policy *policy, struct nat64_pool *pool, u32 now)
{
	struct nat64_pool *old = table->pool;
	u32 bucket;

	if (fixed_outside(table, pool))
		return -EBUSY;
	/* From here on there are no new blocks; mappings in those that are there go on. */
	spin_lock_bh(&table->pool_lock);
	table->moving = 1;
	smp_store_release(&table->pool, pool);
	spin_unlock_bh(&table->pool_lock);
	for (bucket = 0; bucket < NAT64_SUBSCRIBER_BUCKETS; bucket++)
		nat64_subscriber_move(table, bucket);
	/* A port may have been taken just before, for a mapping that is to be seen only now. */
	nat64_binding_barrier(table);
	while (condemn(table)) {
		end_sessions(table, policy, now, of_dying, NULL);
		cond_resched();
	}
	for (bucket = 0; bucket < NAT64_SUBSCRIBER_BUCKETS; bucket++)
		nat64_subscriber_drop_dying(table, bucket);
	spin_lock_bh(&table->pool_lock);
	table->moving = 0;
	spin_unlock_bh(&table->pool_lock);
	synchronize_rcu();
	nat64_pool_free(old);
	return 0;
}

/* ---- lists ------------------------------------------------------------------------------------ */

void nat64_table_counts(const struct nat64_table *table, struct nat64_counts *counts)
{
	counts->sessions = atomic_read(&table->sessions);
	counts->bibs = atomic_read(&table->bibs);
	counts->fixed = atomic_read(&table->fixed);
	counts->subscribers = atomic_read(&table->subscriber_count);
	counts->blocks = atomic_read(&table->blocks);
	counts->held = atomic_read(&table->held_count);
	rcu_read_lock();
	counts->pool_blocks = READ_ONCE(table->pool)->blocks;
	rcu_read_unlock();
}

static void describe(const struct nat64_link *link, enum nat64_event_type type, u32 now, struct nat64_event *event)
{
	if (type == NAT64_EVENT_SESSION)
		nat64_describe_session(container_of(link, struct nat64_session, by6), now, event);
	else
		nat64_describe_bib(container_of(link, struct nat64_bib, by6), event);
}

/* Chains begin with the newest, whose id is the highest: what comes after the cursor's has a lower one. */
int nat64_table_walk(struct nat64_table *table, enum nat64_event_type type, u32 now, struct nat64_cursor *cursor,
		     int (*each)(void *context, const struct nat64_event *event), void *context)
{
	const struct nat64_hash *hash = type == NAT64_EVENT_SESSION ? &table->by6 : &table->bib6;
	struct nat64_link *link;
	struct nat64_event event;
	int stopped = 0;

	for (; cursor->bucket < nat64_hash_buckets(hash); cursor->bucket++, cursor->id = 0) {
		rcu_read_lock();
		nat64_hash_for_each(link, hash, cursor->bucket)
		{
			describe(link, type, now, &event);
			if (cursor->id && event.id >= cursor->id)
				continue;
			stopped = each(context, &event);
			if (stopped)
				break;
			cursor->id = event.id;
		}
		rcu_read_unlock();
		if (stopped)
			return 1;
	}
	return 0;
}

/* ---- beginning and end ------------------------------------------------------------------------ */

int nat64_table_module_init(void)
{
	int error = nat64_bib_module_init();

	if (!error)
		error = nat64_binding_module_init();
	if (error)
		nat64_bib_module_exit();
	return error;
}

void nat64_table_module_exit(void)
{
	rcu_barrier();
	nat64_binding_module_exit();
	nat64_bib_module_exit();
}

static int shape_bad(const struct nat64_shape *shape)
{
	return shape->max_sessions < 64 || shape->max_sessions > NAT64_TABLE_MAX || shape->subscriber_length < 32 ||
	       shape->subscriber_length > 128 || !shape->block_size || shape->block_size > NAT64_BLOCK_MAX;
}

static spinlock_t *make_locks(u32 count)
{
	spinlock_t *locks = kvcalloc(count, sizeof(*locks), GFP_KERNEL_ACCOUNT);
	u32 i;

	for (i = 0; locks && i < count; i++)
		spin_lock_init(&locks[i]);
	return locks;
}

static void free_memory(struct nat64_table *table)
{
	kvfree(table->subscriber_locks);
	kvfree(table->subscribers);
	kvfree(table->binding_locks);
	nat64_hash_free(&table->bib4);
	nat64_hash_free(&table->bib6);
	nat64_hash_free(&table->peers);
	nat64_hash_free(&table->by4);
	nat64_hash_free(&table->by6);
	kvfree(table);
}

static int get_memory(struct nat64_table *table)
{
	u32 max = table->shape.max_sessions;

	/* Every packet looks for a session; mappings and peers are looked for when one begins or ends. */
	if (nat64_hash_init(&table->by6, max) || nat64_hash_init(&table->by4, max) ||
	    nat64_hash_init(&table->peers, max / 2) || nat64_hash_init(&table->bib6, max / 2) ||
	    nat64_hash_init(&table->bib4, max / 2))
		return -ENOMEM;
	table->binding_locks = make_locks(NAT64_BINDING_LOCKS);
	table->subscriber_locks = make_locks(NAT64_SUBSCRIBER_LOCKS);
	table->subscribers = kvcalloc(NAT64_SUBSCRIBER_BUCKETS, sizeof(*table->subscribers), GFP_KERNEL_ACCOUNT);
	return table->binding_locks && table->subscriber_locks && table->subscribers ? 0 : -ENOMEM;
}

int nat64_table_create(const struct nat64_shape *shape, struct nat64_pool *pool, struct nat64_share *share,
		       const struct nat64_owner *calls, void *owner, struct nat64_table **out)
{
	struct nat64_table *table;

	if (shape_bad(shape))
		return -EINVAL;
	table = kvzalloc(sizeof(*table), GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	table->shape = *shape;
	if (get_memory(table)) {
		free_memory(table);
		return -ENOMEM;
	}
	table->pool = pool;
	table->share = share;
	table->calls = calls;
	table->owner = owner;
	get_random_bytes(table->keys, sizeof(table->keys));
	get_random_bytes(&table->key, sizeof(table->key));
	spin_lock_init(&table->pool_lock);
	spin_lock_init(&table->held_lock);
	*out = table;
	return 0;
}

void nat64_table_leave(struct nat64_table *table)
{
	if (table->share)
		atomic_sub(atomic_read(&table->sessions), &table->share->sessions);
	table->share = NULL;
}

void nat64_table_destroy(struct nat64_table *table)
{
	u32 bucket;

	nat64_table_leave(table);
	nat64_held_free_all(table);
	for (bucket = 0; bucket < nat64_hash_buckets(&table->by6); bucket++) {
		struct nat64_link *link = nat64_hash_first(&table->by6, bucket), *next;

		for (; link; link = next) {
			next = link->next;
			nat64_session_free(container_of(link, struct nat64_session, by6));
		}
	}
	for (bucket = 0; bucket < nat64_hash_buckets(&table->bib6); bucket++) {
		struct nat64_link *link = nat64_hash_first(&table->bib6, bucket), *next;

		for (; link; link = next) {
			next = link->next;
			nat64_bib_free(container_of(link, struct nat64_bib, by6));
		}
	}
	nat64_subscriber_free_all(table);
	nat64_pool_free(table->pool);
	free_memory(table);
}

void nat64_table_listen(struct nat64_table *table, u32 mask)
{
	WRITE_ONCE(table->listening, mask);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Mappings (BIB entries): found, made with a port of their subscriber's, ended; and those that are made by hand. */
#include "kmod/nat64/state.h"

static struct kmem_cache *bibs;

int nat64_bib_module_init(void)
{
	bibs = kmem_cache_create("osnc_nat64_bib", sizeof(struct nat64_bib), 0, SLAB_ACCOUNT, NULL);
	return bibs ? 0 : -ENOMEM;
}

void nat64_bib_module_exit(void)
{
	kmem_cache_destroy(bibs);
	bibs = NULL;
}

u32 nat64_bib_hash6(const struct nat64_table *table, enum nat64_l4 l4, const struct nat64_in6 *host, __be16 port)
{
	struct {
		struct nat64_in6 host;
		__be16 port;
		u8 l4;
		u8 zero[5];
	} __aligned(8) key = { .host = *host, .port = port, .l4 = l4 };

	BUILD_BUG_ON(sizeof(key) != 24);
	return hsiphash(&key, sizeof(key), &table->key);
}

static u32 bib_hash4(const struct nat64_table *table, enum nat64_l4 l4, __be32 pool, __be16 pool_port)
{
	return nat64_hash4(table, l4, pool, pool_port, 0, 0);
}

spinlock_t *nat64_binding_lock(struct nat64_table *table, u32 value)
{
	return &table->binding_locks[value & (NAT64_BINDING_LOCKS - 1)];
}

struct nat64_bib *nat64_bib_find6(struct nat64_table *table, enum nat64_l4 l4, const struct nat64_in6 *host,
				  __be16 port, u32 value)
{
	struct nat64_link *link;

	nat64_hash_for_each(link, &table->bib6, value)
	{
		struct nat64_bib *bib = container_of(link, struct nat64_bib, by6);

		if (bib->port == port && bib->l4 == l4 && !memcmp(&bib->host, host, sizeof(*host)))
			return bib;
	}
	return NULL;
}

struct nat64_bib *nat64_bib_find4(struct nat64_table *table, enum nat64_l4 l4, __be32 pool, __be16 pool_port)
{
	u32 value = bib_hash4(table, l4, pool, pool_port);
	struct nat64_link *link;

	nat64_hash_for_each(link, &table->bib4, value)
	{
		struct nat64_bib *bib = container_of(link, struct nat64_bib, by4);

		if (bib->pool == pool && bib->pool_port == pool_port && bib->l4 == l4)
			return bib;
	}
	return NULL;
}

void nat64_describe_bib(const struct nat64_bib *bib, struct nat64_event *event)
{
	*event = (struct nat64_event){
		.type = NAT64_EVENT_BIB,
		.l4 = bib->l4,
		.fixed = bib->fixed,
		.host = bib->host,
		.pool = bib->pool,
		.host_port = bib->port,
		.pool_port = bib->pool_port,
		.id = bib->id,
		.sessions = READ_ONCE(bib->sessions),
	};
}

static void bib_event(struct nat64_table *table, const struct nat64_bib *bib, u8 gone)
{
	struct nat64_event event;

	if (!nat64_listened(table, NAT64_EVENT_BIB))
		return;
	nat64_describe_bib(bib, &event);
	event.gone = gone;
	table->calls->event(table->owner, &event);
}

static void bib_insert(struct nat64_table *table, struct nat64_bib *bib)
{
	bib->id = atomic64_inc_return(&table->next_id);
	atomic_inc(&table->bibs);
	nat64_hash_insert(&table->bib4, bib_hash4(table, bib->l4, bib->pool, bib->pool_port), &bib->by4);
	nat64_hash_insert(&table->bib6, nat64_bib_hash6(table, bib->l4, &bib->host, bib->port), &bib->by6);
	bib_event(table, bib, 0);
}

struct nat64_bib *nat64_bib_make(struct nat64_table *table, const struct nat64_visit *visit,
				 const struct nat64_request *request, enum nat64_verdict *verdict)
{
	struct nat64_bib *bib = kmem_cache_zalloc(bibs, GFP_ATOMIC | __GFP_NOWARN);

	*verdict = NAT64_NO_MEMORY;
	if (!bib)
		return NULL;
	bib->host = request->key.host;
	bib->port = request->key.port;
	bib->l4 = request->l4;
	bib->subscriber = nat64_subscriber_get(table, &bib->host);
	if (!bib->subscriber)
		goto no_subscriber;
	/* Before a port is taken, which would be held down afterwards. */
	*verdict = NAT64_SUBSCRIBER_SESSIONS;
	if ((u32)atomic_read(&bib->subscriber->sessions) >= visit->policy->max_per_subscriber)
		goto no_port;
	*verdict = nat64_subscriber_take(table, bib->subscriber, visit, bib->l4, &bib->pool, &bib->pool_port);
	if (*verdict != NAT64_OK)
		goto no_port;
	bib_insert(table, bib);
	return bib;

no_port:
	nat64_subscriber_put(table, bib->subscriber);
no_subscriber:
	kmem_cache_free(bibs, bib);
	return NULL;
}

static void bib_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(bibs, container_of(rcu, struct nat64_bib, rcu));
}

void nat64_bib_free(struct nat64_bib *bib)
{
	kmem_cache_free(bibs, bib);
}

/* With the binding lock held and no session left. */
void nat64_bib_end(struct nat64_table *table, struct nat64_bib *bib, const struct nat64_policy *policy, u32 now)
{
	nat64_hash_remove(&table->bib6, nat64_bib_hash6(table, bib->l4, &bib->host, bib->port), &bib->by6);
	nat64_hash_remove(&table->bib4, bib_hash4(table, bib->l4, bib->pool, bib->pool_port), &bib->by4);
	if (bib->fixed)
		atomic_dec(&table->fixed);
	else
		nat64_subscriber_release(table, bib->subscriber, policy, bib->l4, bib->pool, bib->pool_port, now);
	nat64_subscriber_put(table, bib->subscriber);
	atomic_dec(&table->bibs);
	bib_event(table, bib, 1);
	call_rcu(&bib->rcu, bib_free_rcu);
}

/* ---- mappings by hand ------------------------------------------------------------------------- */

int nat64_bib_fix(struct nat64_table *table, const struct nat64_fixed *fixed)
{
	u32 value = nat64_bib_hash6(table, fixed->l4, &fixed->host, fixed->host_port);
	struct nat64_bib *bib = kmem_cache_zalloc(bibs, GFP_KERNEL);
	spinlock_t *lock;
	int error = 0;

	if (!bib)
		return -ENOMEM;
	bib->host = fixed->host;
	bib->port = fixed->host_port;
	bib->pool = fixed->pool;
	bib->pool_port = fixed->pool_port;
	bib->l4 = fixed->l4;
	bib->fixed = 1;
	lock = nat64_binding_lock(table, value);
	spin_lock_bh(lock);
	if (nat64_bib_find6(table, bib->l4, &bib->host, bib->port, value))
		error = -EEXIST;
	if (!error) {
		bib->subscriber = nat64_subscriber_get(table, &bib->host);
		error = bib->subscriber ? 0 : -ENOMEM;
	}
	if (!error) {
		atomic_inc(&table->fixed);
		bib_insert(table, bib);
	}
	spin_unlock_bh(lock);
	if (error)
		kmem_cache_free(bibs, bib);
	return error;
}

int nat64_bib_unfix(struct nat64_table *table, const struct nat64_fixed *fixed, const struct nat64_policy *policy,
		    u32 now)
{
	u32 value = nat64_bib_hash6(table, fixed->l4, &fixed->host, fixed->host_port);
	spinlock_t *lock = nat64_binding_lock(table, value);
	struct nat64_bib *bib;
	int error = 0;

	spin_lock_bh(lock);
	bib = nat64_bib_find6(table, fixed->l4, &fixed->host, fixed->host_port, value);
	if (!bib || !bib->fixed || bib->pool != fixed->pool || bib->pool_port != fixed->pool_port)
		error = -ENOENT;
	else if (bib->sessions)
		error = -EAGAIN;
	else
		nat64_bib_end(table, bib, policy, now);
	if (error == -EAGAIN)
		WRITE_ONCE(bib->dying, 1);
	spin_unlock_bh(lock);
	return error;
}

void nat64_binding_barrier(struct nat64_table *table)
{
	u32 value;

	for (value = 0; value < NAT64_BINDING_LOCKS; value++) {
		spinlock_t *lock = nat64_binding_lock(table, value);

		spin_lock_bh(lock);
		spin_unlock_bh(lock);
	}
}

void nat64_bib_condemn(struct nat64_table *table, struct nat64_bib *bib)
{
	spinlock_t *lock = nat64_binding_lock(table, nat64_bib_hash6(table, bib->l4, &bib->host, bib->port));

	spin_lock_bh(lock);
	WRITE_ONCE(bib->dying, 1);
	spin_unlock_bh(lock);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * How sessions begin and end, and mappings with them. All of it happens under the binding lock of the IPv6 host and port, so that a mapping is made once, and ends
 * with its last session, whatever CPUs the packets are on.
 */
#include "kmod/nat64/state.h"

static struct kmem_cache *sessions;

int nat64_binding_module_init(void)
{
	sessions = kmem_cache_create("osnc_nat64_session", sizeof(struct nat64_session), 0,
				     SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	return sessions ? 0 : -ENOMEM;
}

void nat64_binding_module_exit(void)
{
	kmem_cache_destroy(sessions);
	sessions = NULL;
}

/* Of the hash peers: all sessions of a mapping with one remote address. */
static u32 peer_hash(const struct nat64_table *table, const struct nat64_session *session)
{
	return nat64_hash4(table, session->l4, session->pool, session->pool_port, session->key.remote, 0);
}

/* ---- sessions --------------------------------------------------------------------------------- */

void nat64_describe_session(const struct nat64_session *session, u32 now, struct nat64_event *event)
{
	u64 life = atomic64_read(&session->life);
	s32 left = nat64_life_end(life) - now;

	*event = (struct nat64_event){
		.type = NAT64_EVENT_SESSION,
		.l4 = session->l4,
		.state = nat64_life_state(life),
		.host = session->key.host,
		.pool = session->pool,
		.remote = session->key.remote,
		.host_port = session->key.port,
		.pool_port = session->pool_port,
		.remote_port = session->key.remote_port,
		.id = session->id,
		.generation = nat64_life_generation(life),
		.left = left > 0 ? left : 0,
	};
}

static void session_event(struct nat64_table *table, const struct nat64_session *session, u32 now, u8 gone)
{
	struct nat64_event event;

	if (!nat64_listened(table, NAT64_EVENT_SESSION))
		return;
	nat64_describe_session(session, now, &event);
	event.gone = gone;
	table->calls->event(table->owner, &event);
}

/* The session of this mapping with this remote address that is in the hash; the others are its ring. */
static struct nat64_session *peer_find(struct nat64_table *table, enum nat64_l4 l4, __be32 pool, __be16 pool_port,
				       __be32 remote)
{
	u32 value = nat64_hash4(table, l4, pool, pool_port, remote, 0);
	struct nat64_link *link;

	nat64_hash_for_each(link, &table->peers, value)
	{
		struct nat64_session *session = container_of(link, struct nat64_session, peer);

		if (session->key.remote == remote && session->pool == pool && session->pool_port == pool_port &&
		    session->l4 == l4)
			return session;
	}
	return NULL;
}

static struct nat64_session *peer_of(struct nat64_table *table, const struct nat64_session *session)
{
	return peer_find(table, session->l4, session->pool, session->pool_port, session->key.remote);
}

static void peer_insert(struct nat64_table *table, struct nat64_session *session)
{
	struct nat64_session *first = peer_of(table, session);

	if (!first) {
		session->ring_next = session;
		session->ring_previous = session;
		nat64_hash_insert(&table->peers, peer_hash(table, session), &session->peer);
		return;
	}
	session->ring_next = first->ring_next;
	session->ring_previous = first;
	first->ring_next->ring_previous = session;
	first->ring_next = session;
}

static void peer_remove(struct nat64_table *table, struct nat64_session *session)
{
	struct nat64_session *next = session->ring_next;

	if (peer_of(table, session) == session) {
		if (next == session)
			nat64_hash_remove(&table->peers, peer_hash(table, session), &session->peer);
		else
			nat64_hash_replace(&table->peers, peer_hash(table, session), &session->peer, &next->peer);
	}
	next->ring_previous = session->ring_previous;
	session->ring_previous->ring_next = next;
}

/* With the binding lock held: has this mapping a living session with the remote address? */
static int peer_known(struct nat64_table *table, const struct nat64_request *request, u32 now)
{
	struct nat64_session *first =
		peer_find(table, request->l4, request->pool, request->pool_port, request->key.remote);
	struct nat64_session *session = first;

	if (!first)
		return 0;
	do {
		if (!nat64_life_over(atomic64_read(&session->life), now))
			return 1;
		session = session->ring_next;
	} while (session != first);
	return 0;
}

static void session_insert(struct nat64_table *table, struct nat64_session *session, u32 now)
{
	const struct nat64_key6 *key = &session->key;

	session->id = atomic64_inc_return(&table->next_id);
	WRITE_ONCE(session->bib->sessions, session->bib->sessions + 1);
	peer_insert(table, session);
	nat64_hash_insert(&table->by4,
			  nat64_hash4(table, session->l4, session->pool, session->pool_port, key->remote,
				      key->remote_port),
			  &session->by4);
	nat64_hash_insert(&table->by6, nat64_hash6(table, session->l4, key), &session->by6);
	session_event(table, session, now, 0);
}

/* Counts one session in everywhere, if all limits let it. */
static enum nat64_verdict count_in(struct nat64_table *table, const struct nat64_policy *policy,
				   struct nat64_subscriber *subscriber)
{
	if ((u32)atomic_inc_return(&subscriber->sessions) > policy->max_per_subscriber)
		goto subscriber_full;
	if ((u32)atomic_inc_return(&table->sessions) > table->shape.max_sessions)
		goto table_full;
	if ((u32)atomic_inc_return(&table->share->sessions) <= READ_ONCE(*table->share->max))
		return NAT64_OK;
	atomic_dec(&table->share->sessions);
table_full:
	atomic_dec(&table->sessions);
	atomic_dec(&subscriber->sessions);
	return NAT64_SESSION_LIMIT;
subscriber_full:
	atomic_dec(&subscriber->sessions);
	return NAT64_SUBSCRIBER_SESSIONS;
}

static void count_out(struct nat64_table *table, struct nat64_subscriber *subscriber)
{
	atomic_dec(&table->share->sessions);
	atomic_dec(&table->sessions);
	atomic_dec(&subscriber->sessions);
}

static void session_free_rcu(struct rcu_head *rcu)
{
	nat64_session_free(container_of(rcu, struct nat64_session, rcu));
}

void nat64_session_free(struct nat64_session *session)
{
	kfree(session->alg);
	kmem_cache_free(sessions, session);
}

int nat64_session_claim(struct nat64_session *session)
{
	u64 life = atomic64_read(&session->life);

	for (;;) {
		u64 closed = nat64_life(nat64_life_end(life), NAT64_STATE_CLOSED, nat64_life_generation(life));
		u64 found;

		if (nat64_life_state(life) == NAT64_STATE_CLOSED)
			return 0;
		found = atomic64_cmpxchg(&session->life, life, closed);
		if (found == life)
			return 1;
		life = found;
	}
}

/* With the binding lock held and the session claimed. */
void nat64_session_end_locked(struct nat64_table *table, struct nat64_session *session,
			      const struct nat64_policy *policy, u32 now)
{
	const struct nat64_key6 *key = &session->key;
	struct nat64_bib *bib = session->bib;

	nat64_hash_remove(&table->by6, nat64_hash6(table, session->l4, key), &session->by6);
	nat64_hash_remove(&table->by4,
			  nat64_hash4(table, session->l4, session->pool, session->pool_port, key->remote,
				      key->remote_port),
			  &session->by4);
	peer_remove(table, session);
	session_event(table, session, now, 1);
	count_out(table, bib->subscriber);
	if (session->alg)
		atomic_dec(&table->attached);
	WRITE_ONCE(bib->sessions, bib->sessions - 1);
	if (!bib->sessions && !bib->fixed)
		nat64_bib_end(table, bib, policy, now);
	call_rcu(&session->rcu, session_free_rcu);
}

void nat64_session_end(struct nat64_table *table, struct nat64_session *session, const struct nat64_policy *policy,
		       u32 now)
{
	spinlock_t *lock =
		nat64_binding_lock(table, nat64_bib_hash6(table, session->l4, &session->key.host, session->key.port));

	spin_lock_bh(lock);
	nat64_session_end_locked(table, session, policy, now);
	spin_unlock_bh(lock);
}

/* ---- opening ---------------------------------------------------------------------------------- */

static enum nat64_verdict session_make(struct nat64_table *table, const struct nat64_visit *visit,
				       struct nat64_request *request, struct nat64_bib *bib,
				       const struct nat64_step *begin)
{
	struct nat64_session *session;
	struct nat64_step step = *begin;
	enum nat64_verdict verdict;

	verdict = count_in(table, visit->policy, bib->subscriber);
	if (verdict != NAT64_OK)
		return verdict;
	session = kmem_cache_zalloc(sessions, GFP_ATOMIC | __GFP_NOWARN);
	if (!session) {
		count_out(table, bib->subscriber);
		return NAT64_NO_MEMORY;
	}
	session->key = request->key;
	session->pool = bib->pool;
	session->pool_port = bib->pool_port;
	session->l4 = bib->l4;
	session->hairpin = nat64_pool_has(READ_ONCE(table->pool), be32_to_cpu(request->key.remote));
	session->bib = bib;
	/* The SYN from the other side came first (RFC 5382 REQ-4): both have opened. */
	if (request->from6 && step.state == NAT64_STATE_V6_INIT &&
	    nat64_held_match(table, bib->pool, bib->pool_port, request->key.remote, request->key.remote_port)) {
		step.state = NAT64_STATE_ESTABLISHED;
		step.lifetime = visit->policy->lifetimes.tcp_established;
	}
	atomic64_set(&session->life, nat64_life(visit->now + step.lifetime, step.state, 0));
	session_insert(table, session, visit->now);
	return NAT64_OK;
}

static enum nat64_verdict create(struct nat64_table *table, const struct nat64_visit *visit,
				 struct nat64_request *request, struct nat64_bib *bib, const struct nat64_step *step)
{
	enum nat64_verdict verdict;
	int made = !bib;

	if (made && (u32)atomic_read(&table->sessions) >= table->shape.max_sessions)
		return NAT64_SESSION_LIMIT;
	if (made)
		bib = nat64_bib_make(table, visit, request, &verdict);
	if (!bib)
		return verdict;
	verdict = session_make(table, visit, request, bib, step);
	if (verdict == NAT64_OK) {
		request->pool = bib->pool;
		request->pool_port = bib->pool_port;
	} else if (made) {
		nat64_bib_end(table, bib, visit->policy, visit->now);
	}
	return verdict;
}

int nat64_binding_expect(struct nat64_table *table, const struct nat64_visit *visit, const struct nat64_ends *ends,
			 u32 lifetime, struct nat64_bib **bib)
{
	const struct nat64_step step = { .state = NAT64_STATE_V4_INIT, .lifetime = lifetime };
	struct nat64_request request = { .l4 = NAT64_L4_TCP,
					 .from6 = 1,
					 .key = { .host = ends->host, .remote = ends->remote, .port = ends->port } };

	if (create(table, visit, &request, *bib, &step) != NAT64_OK)
		return -ENOSPC;
	if (!*bib)
		*bib = nat64_bib_find4(table, NAT64_L4_TCP, request.pool, request.pool_port);
	return 0;
}

/* With the binding lock held: a session was opened on a mapping that was made for one. */
static void arrived(struct nat64_table *table, const struct nat64_visit *visit, const struct nat64_request *request,
		    struct nat64_bib *bib)
{
	struct nat64_key6 key = request->key;
	struct nat64_session *session;

	/* its owner uses it as any other */
	bib->expected = request->from6 ? NAT64_EXPECTED_NOT : NAT64_EXPECTED_TAKEN;
	key.remote_port = 0;
	session = nat64_find6(table, request->l4, &key);
	if (session && !request->from6 && request->key.remote_port && nat64_session_claim(session))
		nat64_session_end_locked(table, session, visit->policy, visit->now);
}

enum nat64_open nat64_binding_weigh(struct nat64_table *table, const struct nat64_visit *visit,
				    const struct nat64_request *request, const struct nat64_bib *bib,
				    struct nat64_step *step)
{
	struct nat64_opening opening = {
		.l4 = request->l4,
		.from6 = request->from6,
		.tcp_flags = visit->tcp_flags,
		.filtering = visit->policy->filtering,
		.hold_syn = visit->policy->hold_syn,
		.mapped = !!bib,
	};

	if (bib && bib->expected && !request->from6) {
		if (bib->expected == NAT64_EXPECTED_TAKEN)
			return NAT64_OPEN_FILTER;
		opening.filtering = NAT64_FILTER_ADDRESS_DEPENDENT;
	}
	if (bib && !request->from6)
		opening.known = opening.filtering == NAT64_FILTER_ADDRESS_DEPENDENT &&
				peer_known(table, request, visit->now);
	return nat64_session_open(&opening, &visit->policy->lifetimes, step);
}

/* With the binding lock held. bib: the mapping, or NULL. */
static enum nat64_verdict decide(struct nat64_table *table, const struct nat64_visit *visit,
				 struct nat64_request *request, struct nat64_bib *bib)
{
	struct nat64_step step;
	enum nat64_verdict verdict;

	switch (nat64_binding_weigh(table, visit, request, bib, &step)) {
	case NAT64_OPEN_CREATE:
		if (bib && bib->dying)
			return NAT64_NO_MAPPING;
		verdict = create(table, visit, request, bib, &step);
		if (verdict == NAT64_OK && bib && bib->expected)
			arrived(table, visit, request, bib);
		return verdict;
	case NAT64_OPEN_PASS:
		request->pool = bib->pool;
		request->pool_port = bib->pool_port;
		return NAT64_OK;
	case NAT64_OPEN_HOLD:
		return NAT64_SYN_HELD;
	case NAT64_OPEN_FILTER:
		return NAT64_FILTERED;
	case NAT64_OPEN_REFUSE:
		break;
	}
	return request->from6 ? NAT64_NO_SESSION : NAT64_NO_MAPPING;
}

/*
 * With the binding lock held: 1: a session is there after all (another CPU was faster with a packet of the same flow). One whose time is over is ended
 * now: the sweep must not find it and have it probed when there is a new one.
 */
static int exists(struct nat64_table *table, const struct nat64_visit *visit, struct nat64_request *request)
{
	struct nat64_session *session = nat64_find6(table, request->l4, &request->key);

	if (!session)
		return 0;
	request->pool = session->pool;
	request->pool_port = session->pool_port;
	if (!nat64_life_over(atomic64_read(&session->life), visit->now))
		return 1;
	if (nat64_session_claim(session))
		nat64_session_end_locked(table, session, visit->policy, visit->now);
	return 0;
}

static enum nat64_verdict open6(struct nat64_table *table, const struct nat64_visit *visit,
				struct nat64_request *request)
{
	u32 value = nat64_bib_hash6(table, request->l4, &request->key.host, request->key.port);
	spinlock_t *lock = nat64_binding_lock(table, value);
	enum nat64_verdict verdict = NAT64_OK;

	spin_lock_bh(lock);
	if (!exists(table, visit, request))
		verdict = decide(table, visit, request,
				 nat64_bib_find6(table, request->l4, &request->key.host, request->key.port, value));
	spin_unlock_bh(lock);
	return verdict;
}

static enum nat64_verdict open4(struct nat64_table *table, const struct nat64_visit *visit,
				struct nat64_request *request)
{
	struct nat64_bib *bib = nat64_bib_find4(table, request->l4, request->pool, request->pool_port);
	enum nat64_verdict verdict = NAT64_OK;
	spinlock_t *lock;

	if (!bib)
		return decide(table, visit, request, NULL);
	request->key.host = bib->host;
	request->key.port = bib->port;
	lock = nat64_binding_lock(table, nat64_bib_hash6(table, bib->l4, &bib->host, bib->port));
	spin_lock_bh(lock);
	if (!exists(table, visit, request)) {
		/* Did it end in between, or just now with its last session? */
		if (nat64_bib_find4(table, request->l4, request->pool, request->pool_port) != bib)
			bib = NULL;
		verdict = decide(table, visit, request, bib);
	}
	spin_unlock_bh(lock);
	return verdict;
}

enum nat64_verdict nat64_binding_open(struct nat64_table *table, const struct nat64_visit *visit,
				      struct nat64_request *request)
{
	return request->from6 ? open6(table, visit, request) : open4(table, visit, request);
}

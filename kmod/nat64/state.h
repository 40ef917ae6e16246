/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table's objects and their locks. Only table.c, bib.c, binding.c, expect.c, foresee.c, subscriber.c, held.c and upkeep.c include this.
 *
 * Locks, outermost first:
 *	binding lock	chosen by IPv6 host and port: all that makes or ends mappings and sessions of it
 *	subscriber lock	chosen by the subscriber: its blocks and counts
 *	pool lock	which blocks are taken
 *	hash locks	a chain
 * Packets of existing sessions take none: they find the session under RCU and change its life word by compare-and-exchange. Whoever changes it to CLOSED
 * owns the session's end.
 */
#ifndef OSNC_NAT64_STATE_H
#define OSNC_NAT64_STATE_H

#include "kmod/nat64/hash.h"
#include "kmod/nat64/table.h"

/* What a packet from IPv6 is found by; a packet from IPv4 by pool address and port with remote and remote_port. */
struct nat64_key6 {
	struct nat64_in6 host;
	__be32 remote;
	__be16 port;
	__be16 remote_port;
} __aligned(8);

/* Two cache lines: one that packets read, one that they may write. */
struct nat64_session {
	struct nat64_link by6;
	struct nat64_link by4;
	struct nat64_key6 key;
	__be32 pool;
	__be16 pool_port;
	u8 l4;
	u8 hairpin; /* remote is a pool address */
	struct nat64_bib *bib;
	u64 id;

	/* From the low end: when it ends (32 bits, seconds), state (8), generation (24). */
	atomic64_t life ____cacheline_aligned;
	void *alg; /* cold state of an application gateway, NULL: none */
	/* Sessions of one mapping with one remote address are a ring; one of them is in the hash peers (address-dependent filtering). */
	struct nat64_link peer;
	struct nat64_session *ring_next, *ring_previous;
	struct rcu_head rcu;
};

/* A mapping that was made for one connection from one peer, which is not there yet: a session with the peer's port 0 stands for it. */
enum nat64_expectation {
	NAT64_EXPECTED_NOT,
	NAT64_EXPECTED_WAITING, /* only that peer may open a session */
	NAT64_EXPECTED_TAKEN,   /* it did: nobody else */
};

/* (X', x) <-> (T, t). */
struct nat64_bib {
	struct nat64_link by6;
	struct nat64_link by4;
	struct nat64_in6 host;
	__be32 pool;
	__be16 port;
	__be16 pool_port;
	u8 l4;
	u8 fixed;    /* by hand: lives without sessions */
	u8 dying;    /* its block has gone: no new sessions */
	u8 expected; /* enum nat64_expectation */
	u32 sessions;
	struct nat64_subscriber *subscriber;
	u64 id;
	struct rcu_head rcu;
};

struct nat64_block {
	struct nat64_block *next; /* of the subscriber */
	struct nat64_pool_place place;
	u32 mark;
	u16 first;
	u8 dying; /* in no pool any more */
	u64 id;
	struct nat64_ports ports;
};

struct nat64_subscriber {
	struct nat64_subscriber *next;
	struct nat64_in6 prefix;
	atomic_t sessions;
	u32 bibs;
	struct nat64_block *block;
};

/* A port of a mapping by hand: no block gives it out. */
struct nat64_reserved {
	struct nat64_reserved *next;
	u32 address; /* host order */
	u16 port;
	u8 l4;
};

/* A SYN from IPv4 that waits. */
struct nat64_held {
	void *packet; /* NULL: free */
	__be32 pool, remote;
	__be16 pool_port, remote_port;
	u32 end;
};

#define NAT64_HELD_MAX 64
#define NAT64_BINDING_LOCKS 1024
#define NAT64_SUBSCRIBER_BUCKETS 4096
#define NAT64_SUBSCRIBER_LOCKS 256

struct nat64_table {
	/* read by every packet */
	struct nat64_hash by6, by4;
	hsiphash_key_t keys[NAT64_L4_COUNT];
	struct nat64_pool *pool; /* READ_ONCE; changed under pool_lock, with release */
	/* read when something is made or ends */
	struct nat64_hash peers, bib6, bib4;
	spinlock_t *binding_locks;
	struct nat64_subscriber **subscribers;
	spinlock_t *subscriber_locks;
	hsiphash_key_t key;
	struct nat64_shape shape;
	const struct nat64_owner *calls;
	void *owner;
	struct nat64_share *share;
	u32 listening;

	/* written then */
	atomic_t sessions ____cacheline_aligned;
	atomic_t bibs, fixed, subscriber_count, blocks, held_count;
	atomic_t attached; /* sessions with state of a gateway */
	atomic64_t next_id;
	spinlock_t pool_lock; /* the pool's blocks, ids of blocks, reserved */
	u8 moving;            /* another pool is coming: no new blocks */
	struct nat64_reserved *reserved;
	spinlock_t held_lock;
	struct nat64_held held[NAT64_HELD_MAX];
	u32 gc_session, gc_subscriber;
	u32 gc_session_rest, gc_subscriber_rest; /* 256ths of a bucket that are due */
};

/* ---- life words ------------------------------------------------------------------------------- */

static inline u64 nat64_life(u32 end, u8 state, u32 generation)
{
	return end | (u64)state << 32 | (u64)generation << 40;
}

static inline u32 nat64_life_end(u64 life)
{
	return (u32)life;
}

static inline u8 nat64_life_state(u64 life)
{
	return life >> 32 & 0xff;
}

static inline u32 nat64_life_generation(u64 life)
{
	return life >> 40;
}

static inline int nat64_life_over(u64 life, u32 now)
{
	return nat64_life_state(life) == NAT64_STATE_CLOSED || (s32)(nat64_life_end(life) - now) <= 0;
}

/* ---- table.c: finding ------------------------------------------------------------------------- */

u32 nat64_hash6(const struct nat64_table *table, enum nat64_l4 l4, const struct nat64_key6 *key);
u32 nat64_hash4(const struct nat64_table *table, enum nat64_l4 l4, __be32 pool, __be16 pool_port, __be32 remote,
		__be16 remote_port);
/* Not CLOSED, but perhaps over. */
struct nat64_session *nat64_find6(struct nat64_table *table, enum nat64_l4 l4, const struct nat64_key6 *key);
void nat64_describe_session(const struct nat64_session *session, u32 now, struct nat64_event *event);
void nat64_describe_bib(const struct nat64_bib *bib, struct nat64_event *event);

static inline int nat64_listened(const struct nat64_table *table, enum nat64_event_type type)
{
	return READ_ONCE(table->listening) >> type & 1;
}

/* ---- bib.c: mappings -------------------------------------------------------------------------- */

int nat64_bib_module_init(void);
void nat64_bib_module_exit(void);

u32 nat64_bib_hash6(const struct nat64_table *table, enum nat64_l4 l4, const struct nat64_in6 *host, __be16 port);
/* The binding lock of a nat64_bib_hash6(). */
spinlock_t *nat64_binding_lock(struct nat64_table *table, u32 value);
/* Waits for all that is being made now. */
void nat64_binding_barrier(struct nat64_table *table);

/* value: nat64_bib_hash6(). */
struct nat64_bib *nat64_bib_find6(struct nat64_table *table, enum nat64_l4 l4, const struct nat64_in6 *host,
				  __be16 port, u32 value);
struct nat64_bib *nat64_bib_find4(struct nat64_table *table, enum nat64_l4 l4, __be32 pool, __be16 pool_port);

/* What a packet without a session asks for; from6: key.host and key.port are set, else pool and pool_port. */
struct nat64_request {
	u8 l4;
	u8 from6;
	struct nat64_key6 key;
	__be32 pool;
	__be16 pool_port;
};

/* With the binding lock held: a mapping for request's host and port, or NULL and why. */
struct nat64_bib *nat64_bib_make(struct nat64_table *table, const struct nat64_visit *visit,
				 const struct nat64_request *request, enum nat64_verdict *verdict);
/* With the binding lock held and no session left. */
void nat64_bib_end(struct nat64_table *table, struct nat64_bib *bib, const struct nat64_policy *policy, u32 now);
/* No new sessions for this mapping. */
void nat64_bib_condemn(struct nat64_table *table, struct nat64_bib *bib);
/* Frees without ado: the table is going. */
void nat64_bib_free(struct nat64_bib *bib);

/* fix and unfix of the face, but for the pool's ports. */
int nat64_bib_fix(struct nat64_table *table, const struct nat64_fixed *fixed);
/* Ends it. -EAGAIN: it has sessions; it gets no more, end them and try again. */
int nat64_bib_unfix(struct nat64_table *table, const struct nat64_fixed *fixed, const struct nat64_policy *policy,
		    u32 now);

/* ---- binding.c: sessions ---------------------------------------------------------------------- */

int nat64_binding_module_init(void);
void nat64_binding_module_exit(void);

/* Decides (nat64_session_open()), makes what is needed and fills request's other half. */
enum nat64_verdict nat64_binding_open(struct nat64_table *table, const struct nat64_visit *visit,
				      struct nat64_request *request);
/* With the binding lock held: what the packet asks for; bib: the mapping, or NULL. step is filled for NAT64_OPEN_CREATE. */
enum nat64_open nat64_binding_weigh(struct nat64_table *table, const struct nat64_visit *visit,
				    const struct nat64_request *request, const struct nat64_bib *bib,
				    struct nat64_step *step);
/* Changes the life word to CLOSED unless somebody else did: 1: the end is the caller's. */
int nat64_session_claim(struct nat64_session *session);
/* Ends a session that the caller claimed, and its mapping with the last one. */
void nat64_session_end(struct nat64_table *table, struct nat64_session *session, const struct nat64_policy *policy,
		       u32 now);
/* The same with the binding lock held. */
void nat64_session_end_locked(struct nat64_table *table, struct nat64_session *session,
			      const struct nat64_policy *policy, u32 now);
/*
 * With the binding lock held: a session from ends->host and port, with ends->remote and port 0, that no packet made. bib: the mapping, or NULL: one is
 * made, and given back. 0 or -ENOSPC.
 */
int nat64_binding_expect(struct nat64_table *table, const struct nat64_visit *visit, const struct nat64_ends *ends,
			 u32 lifetime, struct nat64_bib **bib);
/* Frees without ado. */
void nat64_session_free(struct nat64_session *session);

/* ---- foresee.c -------------------------------------------------------------------------------- */

/* What nat64_binding_open() would say of a packet that has no living session, and fill in of request. */
enum nat64_verdict nat64_foresee_open(struct nat64_table *table, const struct nat64_visit *visit,
				      struct nat64_request *request, struct nat64_foresight *foresight);

/* ---- subscriber.c ----------------------------------------------------------------------------- */

/* Finds or makes it and counts one mapping in. NULL: no memory. */
struct nat64_subscriber *nat64_subscriber_get(struct nat64_table *table, const struct nat64_in6 *host);
/* Counts one mapping out. */
void nat64_subscriber_put(struct nat64_table *table, struct nat64_subscriber *subscriber);
/* A port for a new mapping, in one of its blocks with this mark or a new one. */
enum nat64_verdict nat64_subscriber_take(struct nat64_table *table, struct nat64_subscriber *subscriber,
					 const struct nat64_visit *visit, enum nat64_l4 l4, __be32 *address,
					 __be16 *port);
/* What making a mapping for host would come to: its subscriber's limits (ending sessions are not counted), and whether there is a port. Takes and gives back. */
enum nat64_verdict nat64_subscriber_foresee(struct nat64_table *table, const struct nat64_in6 *host,
					    const struct nat64_visit *visit, enum nat64_l4 l4, u32 ending);
/* Gives it back. */
void nat64_subscriber_release(struct nat64_table *table, struct nat64_subscriber *subscriber,
			      const struct nat64_policy *policy, enum nat64_l4 l4, __be32 address, __be16 port,
			      u32 now);
/* Keeps a port for a mapping by hand, out of all blocks: 0, -EEXIST (somebody has it), -ENOMEM. */
int nat64_subscriber_reserve(struct nat64_table *table, enum nat64_l4 l4, __be32 address, __be16 port);
void nat64_subscriber_unreserve(struct nat64_table *table, const struct nat64_policy *policy, enum nat64_l4 l4,
				__be32 address, __be16 port, u32 now);
/* 1: the port's block is in no pool any more. */
int nat64_subscriber_lost(struct nat64_table *table, struct nat64_subscriber *subscriber, __be32 address, __be16 port);
/* Frees blocks of this bucket on which nothing is, and subscribers without any. */
void nat64_subscriber_sweep(struct nat64_table *table, u32 bucket, const struct nat64_policy *policy, u32 now);
/* Takes the blocks of this bucket over into the table's pool, which is new; those that it has not are dying. */
void nat64_subscriber_move(struct nat64_table *table, u32 bucket);
/* Frees dying blocks, on which nothing is any more. */
void nat64_subscriber_drop_dying(struct nat64_table *table, u32 bucket);
void nat64_subscriber_free_all(struct nat64_table *table);

/* ---- held.c: SYNs that wait -------------------------------------------------------------------- */

/* Keeps the SYN until end: 0, -EEXIST (one like it waits), -ENOSPC. */
int nat64_held_add(struct nat64_table *table, const struct nat64_request *request, u32 end, void *packet);
/* A SYN from IPv6 goes to (remote, remote_port) from this mapping: 1 if one from there was waiting for it; it is given back. */
int nat64_held_match(struct nat64_table *table, __be32 pool, __be16 pool_port, __be32 remote, __be16 remote_port);
void nat64_held_sweep(struct nat64_table *table, u32 now);
void nat64_held_free_all(struct nat64_table *table);

#endif

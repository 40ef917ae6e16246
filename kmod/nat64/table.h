/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The session table of a stateful instance (RFC 6146): subscribers, port blocks, mappings (BIB entries) and sessions. It finds or makes the mapping of a
 * packet and fills struct nat64_map as nat64_map_46() and nat64_map_64() do for a stateless instance.
 *
 * Packet calls are made inside rcu_read_lock() with bottom halves off. Time comes in: seconds of a clock that never goes back, 32 bits.
 */
#ifndef OSNC_NAT64_TABLE_H
#define OSNC_NAT64_TABLE_H

#include "kmod/nat64/core/core.h"
#include "kmod/nat64/core/session.h"
#include "kmod/nat64/pool.h"

/* What may change while the table lives; the caller keeps it (it is part of the instance's configuration). */
struct nat64_policy {
	struct nat64_lifetimes lifetimes;
	u32 max_per_subscriber; /* sessions; 0: no session at all */
	u16 max_blocks;         /* port blocks of a subscriber, for each mark of the pool */
	u8 filtering;           /* enum nat64_filtering */
	u8 hold_syn;            /* 1: unsolicited SYNs wait for a SYN from IPv6 (RFC 5382 REQ-4) */
	u8 inbound_refresh;     /* nat64_session_step() */
	u8 paired; /* 1: a subscriber never gets a second address (RFC 6888 REQ-2); 0: only if the first has no block left */
};

/* What cannot: another table. */
struct nat64_shape {
	u32 max_sessions;     /* 64 to NAT64_TABLE_MAX: also how many mappings, and what the hashes are sized for */
	u8 subscriber_length; /* of the IPv6 prefix that is one subscriber: 32 to 128 */
	u16 block_size;       /* ports in a block: 1 to NAT64_BLOCK_MAX */
};

#define NAT64_TABLE_MAX (1U << 24)

/* Sessions of all tables of a namespace. */
struct nat64_share {
	atomic_t sessions;
	const u32 *max;
};

struct nat64_table;
struct nat64_session;
struct nat64_bib;

/* What happens to the table's objects, as a listener or a log sees it. */
enum nat64_event_type { NAT64_EVENT_BLOCK, NAT64_EVENT_BIB, NAT64_EVENT_SESSION };

struct nat64_event {
	u8 type;               /* enum nat64_event_type */
	u8 gone;               /* 0: it came to be */
	u8 l4;                 /* but for a block */
	u8 state;              /* of a session: enum nat64_state */
	u8 fixed;              /* a static BIB entry */
	u8 bits;               /* of a block: length of the prefix in host */
	u16 ports;             /* of a block: from pool_port on */
	struct nat64_in6 host; /* a block's subscriber, else the IPv6 host */
	__be32 pool, remote;   /* remote: of a session */
	__be16 host_port, pool_port, remote_port;
	u64 id;
	u32 generation; /* of a session: changes with its state */
	u32 left;       /* of a session in a list: seconds that it lives */
	u32 sessions;   /* of a BIB entry in a list */
};

/* What the table asks of its owner. Called with spin locks held: must neither sleep nor come back into the table. */
struct nat64_owner {
	/* Only for types in the mask that nat64_table_listen() was given. */
	void (*event)(void *owner, const struct nat64_event *event);
	/* 1: the host itself uses this port: never give it to a subscriber. */
	int (*bound)(void *owner, enum nat64_l4 l4, __be32 address, __be16 port);
	/* A SYN that was held: expired 1: nobody wanted it, tell its sender (ICMP 3/3); else forget it. Takes the packet over. */
	void (*release)(void *owner, void *packet, int expired);
	/* Ask the ends of an idle connection whether they live (RFC 6146 3.5.2.2). */
	void (*probe)(void *owner, const struct nat64_event *session);
};

/* Of the module, once. 0 or -ENOMEM. */
int nat64_table_module_init(void);
void nat64_table_module_exit(void);

/*
 * May sleep. owner's functions and share outlive the table. The pool becomes the table's when it succeeds. 0, -ENOMEM, or -EINVAL: the shape cannot be.
 */
int nat64_table_create(const struct nat64_shape *shape, struct nat64_pool *pool, struct nat64_share *share,
		       const struct nat64_owner *calls, void *owner, struct nat64_table **out);
/* No packet may be in it any more (a grace period after the last could find it). Objects go without events. */
void nat64_table_destroy(struct nat64_table *table);
/* The share it was created with goes before the table does: its sessions are counted out of it. No packet may be in the table any more. */
void nat64_table_leave(struct nat64_table *table);
/* Mask of 1 << enum nat64_event_type. */
void nat64_table_listen(struct nat64_table *table, u32 mask);

/* What the packet calls need besides the flow. */
struct nat64_visit {
	const struct nat64_config *config;
	const struct nat64_policy *policy;
	u32 now;
	u32 mark;     /* of the packet: chooses the pool's lines for a new mapping */
	u8 tcp_flags; /* octet 13 of the TCP header; of an unfragmented packet or first fragment */
};

/*
 * IPv6 to IPv4. Fills map on NAT64_OK only; map->hairpin: the destination is a pool address, the result is to be translated back. Of a fragment without
 * ports the caller has filled those of its first one into the flow and set upper.
 */
enum nat64_verdict nat64_table_64(struct nat64_table *table, const struct nat64_visit *visit,
				  const struct nat64_flow *flow, struct nat64_map *map);
/*
 * IPv4 to IPv6. NAT64_NOT_OURS: the destination is no pool address. NAT64_NO_MAPPING: it is, and nothing is mapped there (on an address that the host
 * owns, the packet is the host's). NAT64_SYN_HELD: the caller may give the packet to nat64_table_hold().
 */
enum nat64_verdict nat64_table_46(struct nat64_table *table, const struct nat64_visit *visit,
				  const struct nat64_flow *flow, struct nat64_map *map);

/* What a packet would do to the table; ascending by how much. */
enum nat64_fate {
	NAT64_FATE_NONE,
	NAT64_FATE_SESSION,     /* belongs to one */
	NAT64_FATE_MAPPING,     /* passes by a mapping, nothing is kept */
	NAT64_FATE_NEW_SESSION, /* on a mapping that is there */
	NAT64_FATE_NEW_MAPPING, /* and a session */
};

struct nat64_foresight {
	u8 fate;                  /* enum nat64_fate */
	struct nat64_event event; /* the session, or the mapping, that is there */
};

/*
 * As nat64_table_64() and nat64_table_46(), but nothing is made, changed or told: what would become of the packet. foresight is filled on NAT64_OK only; with
 * NAT64_FATE_NEW_MAPPING the new address and port in map are 0, as nobody knows them yet. Whether there is memory is not foreseen.
 */
enum nat64_verdict nat64_table_foresee_64(struct nat64_table *table, const struct nat64_visit *visit,
					  const struct nat64_flow *flow, struct nat64_map *map,
					  struct nat64_foresight *foresight);
enum nat64_verdict nat64_table_foresee_46(struct nat64_table *table, const struct nat64_visit *visit,
					  const struct nat64_flow *flow, struct nat64_map *map,
					  struct nat64_foresight *foresight);

/* Keeps an unsolicited SYN. 0: it is the table's now; -ENOSPC, -EEXIST: it is still the caller's (drop it). */
int nat64_table_hold(struct nat64_table *table, const struct nat64_visit *visit, const struct nat64_flow *flow,
		     void *packet);

/* ---- application gateways (expect.c) ---------------------------------------------------------- */

/* A TCP session by its IPv6 host and IPv4 peer. */
struct nat64_ends {
	struct nat64_in6 host;
	__be32 remote;
	__be16 port;
	__be16 remote_port;
};

/* State that was attached to the session, which it lives as long as; NULL: none, or there is no session. A packet call. */
void *nat64_table_attached(struct nat64_table *table, const struct nat64_ends *ends);
/*
 * Attaches it: the table frees it with kfree(), a grace period after the session's end. most: of all sessions, with state. 0, -ENOENT (no session), -EEXIST
 * (it has some), -ENOSPC. A packet call.
 */
int nat64_table_attach(struct nat64_table *table, const struct nat64_ends *ends, void *state, u32 most);
/*
 * A mapping of ends->host and port for one connection from ends->remote, from any of its ports (ends->remote_port is 0), that is to come within lifetime
 * seconds: at *pool_port of the address pool. A mapping that is there already stays as open as it is. 0, -EADDRNOTAVAIL (it is, or would be, at another
 * address), -ENOSPC (limits, or no memory). A packet call.
 */
int nat64_table_expect(struct nat64_table *table, const struct nat64_visit *visit, const struct nat64_ends *ends,
		       __be32 pool, u32 lifetime, __be16 *pool_port);

/* ---- upkeep ----------------------------------------------------------------------------------- */

/* Looks at part parts of 256 of the table for what is over. May be called from one place at a time. Takes rcu_read_lock() itself. */
void nat64_table_gc(struct nat64_table *table, const struct nat64_policy *policy, u32 now, u32 part);

/* One mapping by hand. */
struct nat64_fixed {
	u8 l4;
	struct nat64_in6 host;
	__be16 host_port;
	__be32 pool;
	__be16 pool_port;
};

/* 0, -EEXIST (either side is mapped, or the port is taken), -ENOENT (address and port are not the pool's), -ENOSPC (limits), -ENOMEM. */
int nat64_table_fix(struct nat64_table *table, const struct nat64_policy *policy, const struct nat64_fixed *fixed,
		    u32 now);
/* Ends its sessions too. 0 or -ENOENT (no such mapping, or it is not one by hand). May sleep. */
int nat64_table_unfix(struct nat64_table *table, const struct nat64_policy *policy, const struct nat64_fixed *fixed,
		      u32 now);
/* Ends all sessions, and with them all mappings but those by hand. May sleep. */
void nat64_table_flush(struct nat64_table *table, const struct nat64_policy *policy, u32 now);
/*
 * Puts another pool in place: blocks that are in both stay, with their mappings and sessions; what was on others ends, with events. -EBUSY: a mapping by
 * hand would be left outside (the pool is still the caller's). May sleep; not beside gc, fix, unfix or another of these.
 */
int nat64_table_set_pool(struct nat64_table *table, const struct nat64_policy *policy, struct nat64_pool *pool,
			 u32 now);

struct nat64_counts {
	u32 sessions, bibs, fixed, subscribers, blocks, pool_blocks, held;
};

/* 1: all mappings by hand lie within this pool: nat64_table_set_pool() will not refuse it. */
int nat64_table_pool_fits(struct nat64_table *table, const struct nat64_pool *pool);

void nat64_table_counts(const struct nat64_table *table, struct nat64_counts *counts);

/* Where a list goes on: all 0 at first. */
struct nat64_cursor {
	u32 bucket;
	u64 id; /* the last one given; 0: the bucket's start */
};

/* Gives each BIB entry or session to each(); stops when it returns not 0, and cursor then points to that very one. 1: stopped; 0: all were given. */
int nat64_table_walk(struct nat64_table *table, enum nat64_event_type type, u32 now, struct nat64_cursor *cursor,
		     int (*each)(void *context, const struct nat64_event *event), void *context);

#endif

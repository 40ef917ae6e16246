/* SPDX-License-Identifier: GPL-2.0-only */
/* The session table of a stateful instance, from its first pool4 to the instance's end: its packets, its time, its events. */
#ifndef OSNC_NAT64_STATEFUL_H
#define OSNC_NAT64_STATEFUL_H

#include <linux/mutex.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>

#include "kmod/nat64/namespace.h"

struct nat64_stateful {
	struct nat64_table *table;
	struct nat64_net *nn;
	struct nat64_instance *instance; /* it owns this */
	struct nat64_shape shape;
	struct delayed_work work;
	struct mutex lock;         /* the table's upkeep, and what follows */
	struct nat64_rules *rules; /* in force; NULL: none yet, or the instance was removed */
	struct nat64_pool *next;   /* what the next commit puts into force; NULL: nothing new */
};

/* With the namespace's lock held: makes the table, or the pool, that these rules need: all that can fail. 0 or -errno with extack. */
int nat64_stateful_prepare(struct nat64_net *nn, struct nat64_instance *instance, struct nat64_rules *rules,
			   struct netlink_ext_ack *extack);
/* The namespace's new snapshot is in force (either may be NULL): tables follow, those of instances that are gone stop. */
void nat64_stateful_commit(struct nat64_net *nn, const struct nat64_snapshot *old, const struct nat64_snapshot *new);
/* The instance goes; no packet is in the table. NULL: nothing to do. */
void nat64_stateful_free(struct nat64_stateful *stateful);

/* What a packet's calls to the table need. */
void nat64_stateful_visit(const struct nat64_entry *entry, const struct sk_buff *skb, const struct nat64_flow *flow,
			  struct nat64_visit *visit);
/* As nat64_map_64() and nat64_map_46(). */
enum nat64_verdict nat64_stateful_64(const struct nat64_entry *entry, struct sk_buff *skb,
				     const struct nat64_flow *flow, struct nat64_map *map);
enum nat64_verdict nat64_stateful_46(const struct nat64_entry *entry, struct sk_buff *skb,
				     const struct nat64_flow *flow, struct nat64_map *map);
/* The same of a fragment, either way: the flow has upper and ports of its datagram's first one. */
enum nat64_verdict nat64_stateful_piece(const struct nat64_entry *entry, struct sk_buff *skb,
					const struct nat64_flow *flow, struct nat64_map *map);
/* A packet that nat64_stateful_46() said NAT64_SYN_HELD of: keeps or drops it. NF_STOLEN. */
unsigned int nat64_stateful_hold(const struct nat64_entry *entry, struct sk_buff *skb, const struct nat64_flow *flow);

static inline u32 nat64_stateful_now(void)
{
	return ktime_get_seconds();
}

/* listing.c: tells listeners. Called with spin locks held. */
void nat64_listing_event(const struct nat64_stateful *stateful, const struct nat64_event *event);

#endif

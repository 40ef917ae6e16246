/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of a flow's addresses: the one thing in which a stateless and a stateful instance differ. NAT64_OK fills map; NAT64_NOT_OURS leaves the
 * packet to the next instance, and at last to the stack; any other verdict refuses it, and nothing of it may have been changed. Called under
 * rcu_read_lock(), from softirq or with bottom halves on; the packet's octets are the stack's still.
 */
#ifndef OSNC_NAT64_MAPPING_H
#define OSNC_NAT64_MAPPING_H

#include <linux/random.h>
#include <linux/skbuff.h>

#include "kmod/nat64/namespace.h"
#include "kmod/nat64/stateful.h"

/* Which of several RFC 6791 addresses an error gets. */
static inline u32 nat64_mapping_hash(const struct nat64_flow *flow)
{
	return flow->outer.upper == NAT64_ERROR ? get_random_u32() : 0;
}

static inline enum nat64_verdict nat64_mapping_64(const struct nat64_entry *entry, struct sk_buff *skb,
						  const struct nat64_flow *flow, struct nat64_map *map)
{
	if (entry->rules->mode == OSNC_NAT64_STATEFUL)
		return nat64_stateful_64(entry, skb, flow, map);
	return nat64_map_64(&entry->rules->core, flow, nat64_mapping_hash(flow), map);
}

static inline enum nat64_verdict nat64_mapping_46(const struct nat64_entry *entry, struct sk_buff *skb,
						  const struct nat64_flow *flow, struct nat64_map *map)
{
	if (entry->rules->mode == OSNC_NAT64_STATEFUL)
		return nat64_stateful_46(entry, skb, flow, map);
	return nat64_map_46(&entry->rules->core, flow, nat64_mapping_hash(flow), map);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* The way out, looked up before a packet is changed. All are called under rcu_read_lock(). */
#ifndef OSNC_NAT64_ROUTE_H
#define OSNC_NAT64_ROUTE_H

#include <linux/skbuff.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "kmod/nat64/core/core.h"

/* Whether the namespace and the device forward both families. */
bool nat64_route_forwards(const struct net *net, const struct net_device *in);

/*
 * IPv4's route for an IPv6 packet that becomes the one in map: a reference, or -errno. The source is not looked at: it may be an address of our own.
 * _local: the host sends it, from sk if that is not NULL, and IPv6 would have had it leave by in.
 */
struct rtable *nat64_route4(struct net *net, const struct sk_buff *skb, const struct net_device *in,
			    const struct nat64_flow *flow, const struct nat64_map *map);
struct rtable *nat64_route4_local(struct net *net, const struct sk_buff *skb, const struct net_device *in,
				  const struct sock *sk, const struct nat64_flow *flow, const struct nat64_map *map);
/* The host's own address towards an IPv4 destination, or 0. */
__be32 nat64_route_own4(struct net *net, const struct net_device *in, __be32 destination);

/* IPv6's route for an IPv4 packet, without a reference; its error says why there is none. */
struct dst_entry *nat64_route6(struct net *net, struct sk_buff *skb, struct net_device *in,
			       const struct nat64_flow *flow, const struct nat64_map *map);

/* Whether the stack keeps this IPv4 destination to itself: an address of this host, broadcast or multicast. */
bool nat64_route_local4(struct net *net, const struct net_device *in, __be32 address);

#endif

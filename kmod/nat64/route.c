// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/route.h"

#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <net/addrconf.h>
#include <net/ip_fib.h>
#include <net/l3mdev.h>

#include "kmod/nat64/dstcache.h"
#include "kmod/nat64/namespace.h"

bool nat64_route_forwards(const struct net *net, const struct net_device *in)
{
	struct in_device *device = __in_dev_get_rcu(in);

	return device && IN_DEV_FORWARD(device) && READ_ONCE(net->ipv6.devconf_all->forwarding);
}

/* Rules that name the device a packet came by mean the real one, which an output lookup does not know: they choose the device to leave by first. */
static int device_by_rules(struct net *net, const struct flowi4 *wanted, const struct net_device *in)
{
#ifdef CONFIG_IP_MULTIPLE_TABLES
	if (unlikely(net->ipv4.fib_has_custom_rules)) {
		struct flowi4 flow = *wanted;
		struct fib_result result;

		flow.flowi4_iif = in->ifindex;
		if (!fib_lookup(net, &flow, &result, 0) && result.type == RTN_UNICAST && result.nhc &&
		    result.nhc->nhc_dev)
			return result.nhc->nhc_dev->ifindex;
	}
#endif
	return 0;
}

static struct flowi4 wanted4(const struct sk_buff *skb, const struct net_device *in, const struct nat64_flow *flow,
			     const struct nat64_map *map)
{
	return (struct flowi4){
		.flowi4_l3mdev = l3mdev_master_ifindex_rcu(in),
		.flowi4_mark = skb->mark,
		.flowi4_tos = RT_TOS(flow->outer.tos),
		.flowi4_proto = flow->outer.protocol,
		.flowi4_flags = FLOWI_FLAG_ANYSRC,
		.daddr = map->outer.destination.v4,
		.saddr = map->outer.source.v4,
		.fl4_sport = map->outer.source_port,
		.fl4_dport = map->outer.destination_port,
	};
}

struct rtable *nat64_route4(struct net *net, const struct sk_buff *skb, const struct net_device *in,
			    const struct nat64_flow *flow, const struct nat64_map *map)
{
	struct flowi4 wanted = wanted4(skb, in, flow, map), asked;
	struct rtable *route;

	wanted.flowi4_oif = device_by_rules(net, &wanted, in);
	route = nat64_dstcache_get4(nat64_net(net), &wanted);
	if (likely(route))
		return route;
	asked = wanted; /* the lookup fills in what was left open */
	route = ip_route_output_key(net, &asked);
	if (!IS_ERR(route))
		nat64_dstcache_put4(nat64_net(net), &wanted, route);
	return route;
}

struct rtable *nat64_route4_local(struct net *net, const struct sk_buff *skb, const struct net_device *in,
				  const struct sock *sk, const struct nat64_flow *flow, const struct nat64_map *map)
{
	struct flowi4 wanted = wanted4(skb, in, flow, map);

	if (sk && sk_fullsock(sk)) {
		wanted.flowi4_oif = READ_ONCE(sk->sk_bound_dev_if);
		wanted.flowi4_uid = sock_net_uid(net, sk);
	}
	return ip_route_output_key(net, &wanted);
}

__be32 nat64_route_own4(struct net *net, const struct net_device *in, __be32 destination)
{
	struct flowi4 wanted = { .flowi4_l3mdev = l3mdev_master_ifindex_rcu(in), .daddr = destination };
	struct rtable *route = ip_route_output_key(net, &wanted);

	if (IS_ERR(route))
		return 0;
	ip_rt_put(route);
	return wanted.saddr;
}

static void copy_in6(struct in6_addr *to, const struct nat64_in6 *from)
{
	memcpy(to, from, sizeof(*to));
}

struct dst_entry *nat64_route6(struct net *net, struct sk_buff *skb, struct net_device *in,
			       const struct nat64_flow *flow, const struct nat64_map *map)
{
	struct flowi6 wanted = {
		.flowi6_iif = in->ifindex,
		.flowi6_mark = skb->mark,
		.flowi6_proto = flow->outer.protocol,
		.flowlabel = ip6_make_flowinfo(flow->outer.tos, 0),
		.fl6_sport = map->outer.source_port,
		.fl6_dport = map->outer.destination_port,
		/* never 0: the kernel would take its hash from headers that are not IPv6's yet */
		.mp_hash =
			(skb_get_hash_raw(skb)
				 ?: (__force u32)flow->outer.source.v4 * 31 + (__force u32)flow->outer.destination.v4) |
			1,
	};
	struct dst_entry *dst;

	copy_in6(&wanted.daddr, &map->outer.destination.v6);
	copy_in6(&wanted.saddr, &map->outer.source.v6);
	dst = nat64_dstcache_get6(nat64_net(net), &wanted);
	if (likely(dst))
		return dst;
	dst = ip6_route_input_lookup(net, in, &wanted, skb, RT6_LOOKUP_F_HAS_SADDR | RT6_LOOKUP_F_DST_NOREF);
	nat64_dstcache_put6(nat64_net(net), &wanted, dst);
	return dst;
}

bool nat64_route_local4(struct net *net, const struct net_device *in, __be32 address)
{
	if (ipv4_is_multicast(address) || ipv4_is_lbcast(address) || ipv4_is_loopback(address))
		return true;
	switch (inet_addr_type_dev_table(net, in, address)) {
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_MULTICAST:
		return true;
	default:
		return false;
	}
}

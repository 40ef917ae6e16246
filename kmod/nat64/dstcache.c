// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/dstcache.h"

#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <net/ip6_fib.h>

#include "kmod/nat64/namespace.h"

#define ORDER 8

struct kept4 {
	__be32 destination, source;
	int l3mdev, oif;
	u8 tos;
	struct rtable *route; /* a reference, or NULL */
};

struct kept6 {
	struct in6_addr destination, source;
	int iif;
	u32 cookie;
	struct dst_entry *dst; /* a reference, or NULL */
};

struct nat64_dstcache {
	struct kept4 four[1 << ORDER];
	struct kept6 six[1 << ORDER];
};

/* ---- beginning and end ----------------------------------------------------------------------------------------- */

static void release(struct nat64_dstcache *cache)
{
	unsigned int i;

	for (i = 0; cache && i < 1 << ORDER; i++) {
		if (cache->four[i].route)
			ip_rt_put(cache->four[i].route);
		dst_release(cache->six[i].dst);
	}
	kvfree(cache);
}

int nat64_dstcache_begin(struct nat64_net *nn)
{
	struct nat64_dstcache *__percpu *caches;
	int cpu;

	if (nn->dstcache)
		return 0;
	caches = alloc_percpu_gfp(struct nat64_dstcache *, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!caches)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
	{
		struct nat64_dstcache *cache = kvzalloc_node(sizeof(*cache), GFP_KERNEL_ACCOUNT, cpu_to_node(cpu));

		if (!cache)
			goto fail;
		*per_cpu_ptr(caches, cpu) = cache;
	}
	/* whose packets find it, has found its rules before: see nat64_hook_register() */
	smp_store_release(&nn->dstcache, caches);
	return 0;
fail:
	for_each_possible_cpu(cpu) release(*per_cpu_ptr(caches, cpu));
	free_percpu(caches);
	return -ENOMEM;
}

void nat64_dstcache_end(struct nat64_net *nn)
{
	int cpu;

	if (!nn->dstcache)
		return;
	for_each_possible_cpu(cpu) release(*per_cpu_ptr(nn->dstcache, cpu));
	free_percpu(nn->dstcache);
	nn->dstcache = NULL;
}

/* This CPU's. NULL where another packet might come in between. */
static struct nat64_dstcache *mine(const struct nat64_net *nn)
{
	return likely(in_softirq()) ? *this_cpu_ptr(nn->dstcache) : NULL;
}

/* ---- IPv4 ------------------------------------------------------------------------------------------------------ */

static bool decides_more4(const struct net *net)
{
#ifdef CONFIG_IP_MULTIPLE_TABLES
	if (net->ipv4.fib_has_custom_rules)
		return true;
#endif
#ifdef CONFIG_IP_ROUTE_MULTIPATH
	if (READ_ONCE(net->ipv4.sysctl_fib_multipath_hash_policy))
		return true;
#endif
	return false;
}

static struct kept4 *slot4(struct nat64_dstcache *cache, const struct flowi4 *wanted)
{
	return &cache->four[hash_32((__force u32)wanted->daddr ^ (__force u32)wanted->saddr * 3, ORDER)];
}

struct rtable *nat64_dstcache_get4(struct nat64_net *nn, const struct flowi4 *wanted)
{
	struct nat64_dstcache *cache = mine(nn);
	const struct kept4 *kept;

	if (unlikely(!cache || decides_more4(nn->net)))
		return NULL;
	kept = slot4(cache, wanted);
	if (!kept->route || kept->destination != wanted->daddr || kept->source != wanted->saddr ||
	    kept->l3mdev != wanted->flowi4_l3mdev || kept->oif != wanted->flowi4_oif || kept->tos != wanted->flowi4_tos)
		return NULL;
	if (!dst_check(&kept->route->dst, 0))
		return NULL;
	dst_hold(&kept->route->dst);
	return kept->route;
}

void nat64_dstcache_put4(struct nat64_net *nn, const struct flowi4 *wanted, struct rtable *route)
{
	struct nat64_dstcache *cache = mine(nn);
	struct kept4 *kept;

	if (!cache || decides_more4(nn->net) || dst_xfrm(&route->dst))
		return;
	kept = slot4(cache, wanted);
	if (kept->route)
		ip_rt_put(kept->route);
	dst_hold(&route->dst);
	*kept = (struct kept4){
		.destination = wanted->daddr,
		.source = wanted->saddr,
		.l3mdev = wanted->flowi4_l3mdev,
		.oif = wanted->flowi4_oif,
		.tos = wanted->flowi4_tos,
		.route = route,
	};
}

/* ---- IPv6 ------------------------------------------------------------------------------------------------------ */

static bool decides_more6(const struct net *net)
{
#ifdef CONFIG_IPV6_MULTIPLE_TABLES
	if (net->ipv6.fib6_has_custom_rules)
		return true;
#endif
	return false;
}

static struct kept6 *slot6(struct nat64_dstcache *cache, const struct flowi6 *wanted)
{
	const u32 *to = (__force const u32 *)wanted->daddr.s6_addr32,
		  *from = (__force const u32 *)wanted->saddr.s6_addr32;

	return &cache->six[hash_32(to[3] ^ to[2] ^ to[1] ^ (from[3] ^ from[2] ^ from[1]) * 3, ORDER)];
}

struct dst_entry *nat64_dstcache_get6(struct nat64_net *nn, const struct flowi6 *wanted)
{
	struct nat64_dstcache *cache = mine(nn);
	const struct kept6 *kept;

	if (unlikely(!cache || decides_more6(nn->net)))
		return NULL;
	kept = slot6(cache, wanted);
	if (!kept->dst || kept->iif != wanted->flowi6_iif || !ipv6_addr_equal(&kept->destination, &wanted->daddr) ||
	    !ipv6_addr_equal(&kept->source, &wanted->saddr))
		return NULL;
	return dst_check(kept->dst, kept->cookie);
}

/* Whether its next hop was chosen from several: by a hash over ports. */
static bool one_of_several(const struct rt6_info *route)
{
	const struct fib6_info *from = rcu_dereference(route->from);

	return !from || from->nh || READ_ONCE(from->fib6_nsiblings);
}

void nat64_dstcache_put6(struct nat64_net *nn, const struct flowi6 *wanted, struct dst_entry *dst)
{
	struct rt6_info *route = (struct rt6_info *)dst;
	struct nat64_dstcache *cache = mine(nn);
	struct kept6 *kept;

	if (!cache || dst->error || decides_more6(nn->net) || one_of_several(route) || !dst_hold_safe(dst))
		return;
	kept = slot6(cache, wanted);
	dst_release(kept->dst);
	*kept = (struct kept6){
		.destination = wanted->daddr,
		.source = wanted->saddr,
		.iif = wanted->flowi6_iif,
		.cookie = rt6_get_cookie(route),
		.dst = dst,
	};
}

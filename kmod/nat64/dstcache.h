/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Routes that a CPU looked up lately, for packets that are forwarded: a lookup costs as much as the translation. An entry counts as long as the stack says that its
 * route does (dst_check()), so a change of routes, addresses or path MTUs is seen by the next packet. Nothing is kept where more than the addresses and
 * the device a packet came by decide: policy rules, several next hops chosen by ports, IPsec. Called under rcu_read_lock().
 */
#ifndef OSNC_NAT64_DSTCACHE_H
#define OSNC_NAT64_DSTCACHE_H

#include <linux/types.h>
#include <net/ip6_route.h>
#include <net/route.h>

struct nat64_net;

/* Memory for a namespace, once; process context. 0 or -ENOMEM. */
int nat64_dstcache_begin(struct nat64_net *nn);
/* When no packet is under way any more; process context. */
void nat64_dstcache_end(struct nat64_net *nn);

/* IPv4's route for these, with a reference; NULL: look it up. */
struct rtable *nat64_dstcache_get4(struct nat64_net *nn, const struct flowi4 *wanted);
void nat64_dstcache_put4(struct nat64_net *nn, const struct flowi4 *wanted, struct rtable *route);

/* IPv6's, without a reference. */
struct dst_entry *nat64_dstcache_get6(struct nat64_net *nn, const struct flowi6 *wanted);
void nat64_dstcache_put6(struct nat64_net *nn, const struct flowi6 *wanted, struct dst_entry *dst);

#endif

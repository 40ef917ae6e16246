/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet's way through the translator, once a filter let it in: find the instance, look at all that may refuse it, then rewrite and send it on.
 * Called under rcu_read_lock(). All return a netfilter verdict: NF_ACCEPT leaves the packet to the stack as it came, NF_STOLEN is everything else.
 */
#ifndef OSNC_NAT64_PATH_H
#define OSNC_NAT64_PATH_H

#include <linux/netfilter.h>

#include "kmod/nat64/error.h"
#include "kmod/nat64/mapping.h"
#include "kmod/nat64/namespace.h"

struct nat64_pass {
	struct net *net;
	struct net_device *in; /* of what the host itself sends: the one that IPv6 would have it leave by */
	struct sock *sk;       /* its sender, or NULL */
	bool local;            /* the host sends it */
	const struct nat64_entry *entry;
	struct nat64_fault fault;
	struct nat64_packet packet;
	struct nat64_flow flow;
	struct nat64_map map;
};

/* The first entry of the view that has a word to say about the packet, in pass->entry: its verdict. NAT64_NOT_OURS: none has. */
enum nat64_verdict nat64_path_find(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
				   struct sk_buff *skb, u8 family, struct nat64_pass *pass);
/* Whether the rules cover the packet's destination. */
bool nat64_path_covers(const struct nat64_rules *rules, const struct sk_buff *skb, u8 family);
/* A pool4 address may be the router's own: whether what came to this of a packet to it is the router's: nothing is mapped there, or it cannot be carried. */
bool nat64_path_is_hosts(struct net *net, const struct net_device *in, __be32 destination, enum nat64_verdict verdict);
/* The instance with this number; NULL: it is gone. */
const struct nat64_entry *nat64_path_entry(const struct nat64_snapshot *snapshot, u32 id);
/* Counts, traces, tells the sender, frees (but NAT64_FRAGMENT_HELD, which is not ours any more): NF_STOLEN. */
unsigned int nat64_path_refuse(struct nat64_pass *pass, struct sk_buff *skb, u8 family, enum nat64_verdict verdict);
/* The whole way again for each segment of a GSO packet. */
unsigned int nat64_path_segments(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
				 struct sk_buff *skb, u8 family, struct nat64_pass *pass);
/* The MSS that both sides of a TCP connection can use: mtu6 and mtu4 are those of the way out and back. */
void nat64_path_clamp(struct nat64_pass *pass, unsigned int mtu6, unsigned int mtu4);

/* Once, before the first packet. */
void nat64_path64_init(void);

/* An IPv6 packet in PREROUTING, one that the host itself sends, in LOCAL_OUT, and an IPv4 packet in PREROUTING. */
unsigned int nat64_path64(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
			  struct sk_buff *skb, const struct nf_hook_state *state);
unsigned int nat64_path64_local(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
				struct sk_buff *skb, const struct nf_hook_state *state);
unsigned int nat64_path46(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
			  struct sk_buff *skb, const struct nf_hook_state *state);
/* Takes a packet that was just made IPv4 back to IPv6 (RFC 7757 section 4); pass->entry is the instance. */
unsigned int nat64_path_hairpin(struct nat64_pass *pass, struct sk_buff *skb);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/path.h"

#include <linux/tcp.h>

#include "kmod/nat64/fragment.h"
#include "kmod/nat64/route.h"
#include "kmod/nat64/skb.h"
#include "kmod/nat64/stats.h"
#include "kmod/nat64/trace.h"

bool nat64_path_covers(const struct nat64_rules *rules, const struct sk_buff *skb, u8 family)
{
	struct nat64_in6 v6;

	if (family == 4 && rules->mode == OSNC_NAT64_STATEFUL)
		return nat64_pool4_has(rules->pool4, ip_hdr(skb)->daddr);
	if (family == 4)
		return nat64_covers_4(&rules->core, ip_hdr(skb)->daddr);
	memcpy(&v6, &ipv6_hdr(skb)->daddr, sizeof(v6));
	return nat64_covers_6(&rules->core, &v6);
}

const struct nat64_entry *nat64_path_entry(const struct nat64_snapshot *snapshot, u32 id)
{
	u32 i;

	for (i = 0; snapshot && i < snapshot->count; i++)
		if (snapshot->entry[i].instance->id == id)
			return &snapshot->entry[i];
	return NULL;
}

bool nat64_path_is_hosts(struct net *net, const struct net_device *in, __be32 destination, enum nat64_verdict verdict)
{
	switch (verdict) {
	case NAT64_OK:
	case NAT64_FILTERED:
	case NAT64_SUBSCRIBER_SESSIONS:
	case NAT64_SESSION_LIMIT:
	case NAT64_NO_MEMORY:
	case NAT64_FRAGMENT_HELD: /* another CPU may have it */
		return false;
	default:
		return nat64_route_local4(net, in, destination);
	}
}

/* An IPv4 destination that is an instance's only because pool6 takes any: it need not want it, and what is the router's own is the stack's. */
static bool is_passed_over(const struct nat64_pass *pass, const struct sk_buff *skb)
{
	return !pass->entry->rules->embed_destinations || nat64_route_local4(pass->net, pass->in, ip_hdr(skb)->daddr);
}

static bool in_eamt(const struct nat64_eamt *eamt, __be32 destination)
{
	struct nat64_in6 v6;

	return eamt && nat64_eamt_46(eamt, destination, &v6);
}

/* What one instance has to say. NAT64_NOT_OURS: nothing. */
static __always_inline enum nat64_verdict ask(const struct nat64_snapshot *snapshot,
					      const struct nat64_front_view *view, struct sk_buff *skb, u8 family,
					      enum nat64_verdict parsed, struct nat64_pass *pass)
{
	const struct nat64_rules *rules = pass->entry->rules;

	if (unlikely(parsed != NAT64_OK)) {
		if (!nat64_path_covers(rules, skb, family))
			return NAT64_NOT_OURS;
		pass->map.embedded = family == 4 && rules->mode == OSNC_NAT64_STATELESS &&
				     !in_eamt(rules->core.eamt, ip_hdr(skb)->daddr);
		return parsed;
	}
	if (unlikely(pass->flow.outer.flags & NAT64_F_FRAGMENTED))
		return nat64_fragment_map(snapshot, view, skb, pass);
	return family == 6 ? nat64_mapping_64(pass->entry, skb, &pass->flow, &pass->map)
			   : nat64_mapping_46(pass->entry, skb, &pass->flow, &pass->map);
}

enum nat64_verdict nat64_path_find(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
				   struct sk_buff *skb, u8 family, struct nat64_pass *pass)
{
	const enum nat64_verdict parsed = nat64_skb_parse(skb, family, &pass->packet, &pass->flow);
	const struct nat64_entry *entry = &snapshot->entry[view->first], *end = entry + view->count, *catch_all = NULL;
	enum nat64_verdict verdict, caught = NAT64_NOT_OURS;

	for (; entry < end; entry++) {
		if ((skb->mark ^ entry->rules->mark) & entry->rules->mark_mask)
			continue;
		pass->entry = entry;
		verdict = ask(snapshot, view, skb, family, parsed, pass);
		if (verdict == NAT64_NOT_OURS)
			continue;
		if (family == 6)
			return verdict;
		if (entry->rules->mode == OSNC_NAT64_STATEFUL) {
			/* it may not have been parsed */
			if (nat64_path_is_hosts(pass->net, pass->in, ip_hdr(skb)->daddr, verdict))
				continue;
			return verdict;
		}
		if (likely(!pass->map.embedded))
			return verdict;
		/* An EAMT entry or a pool4 of an instance behind this one goes before its prefix, that takes any destination. */
		if (!catch_all && !is_passed_over(pass, skb)) {
			catch_all = entry;
			caught = verdict;
		}
	}
	if (!catch_all || pass->entry == catch_all)
		return caught;
	pass->entry = catch_all;
	return ask(snapshot, view, skb, family, parsed, pass);
}

unsigned int nat64_path_refuse(struct nat64_pass *pass, struct sk_buff *skb, u8 family, enum nat64_verdict verdict)
{
	const struct nat64_instance *instance = pass->entry->instance;

	nat64_count(instance, verdict[verdict]);
	if (verdict == NAT64_FRAGMENT_HELD)
		return NF_STOLEN;
	trace_nat64_drop(pass->net, instance, skb, family, verdict);
	nat64_error_send(skb, family, instance, verdict, &pass->fault);
	kfree_skb(skb);
	return NF_STOLEN;
}

unsigned int nat64_path_segments(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
				 struct sk_buff *skb, u8 family, struct nat64_pass *pass)
{
	const struct nf_hook_state state = { .net = pass->net, .in = pass->in, .out = pass->in, .sk = pass->sk };
	unsigned int (*const path)(const struct nat64_snapshot *, const struct nat64_front_view *, struct sk_buff *,
				   const struct nf_hook_state *) = pass->local   ? nat64_path64_local
								   : family == 6 ? nat64_path64
										 : nat64_path46;
	struct sk_buff *segment, *next;

	nat64_count(pass->entry->instance, segmented);
	segment = nat64_skb_segment(skb);
	if (IS_ERR(segment)) {
		nat64_count(pass->entry->instance, verdict[NAT64_BIG_TCP]);
		return NF_STOLEN;
	}
	skb_list_walk_safe(segment, segment, next)
	{
		skb_mark_not_on_list(segment);
		if (path(snapshot, view, segment, &state) != NF_STOLEN)
			kfree_skb(segment);
	}
	return NF_STOLEN;
}

void nat64_path_clamp(struct nat64_pass *pass, unsigned int mtu6, unsigned int mtu4)
{
	const unsigned int headers6 = sizeof(struct ipv6hdr) + sizeof(struct tcphdr);
	const unsigned int headers4 = sizeof(struct iphdr) + sizeof(struct tcphdr);
	const unsigned int mss = min(mtu6 - headers6, mtu4 - headers4);

	if (nat64_clamp_mss(&pass->flow, &pass->packet, min(mss, 0xffffU)))
		nat64_count(pass->entry->instance, clamped);
}

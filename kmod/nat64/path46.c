// SPDX-License-Identifier: GPL-2.0-only
/* IPv4 -> IPv6: the packet is rewritten and enters IPv6's PREROUTING; the rest of its way is the stack's. */
#include <linux/if_ether.h>
#include <linux/netfilter_ipv6.h>
#include <linux/udp.h>
#include <net/dst_metadata.h>
#include <net/ip6_fib.h>
#include <net/xfrm.h>

#include "kmod/nat64/control.h"
#include "kmod/nat64/fragment.h"
#include "kmod/nat64/route.h"
#include "kmod/nat64/skb.h"
#include "kmod/nat64/stats.h"

#define GROWTH ((unsigned int)(sizeof(struct ipv6hdr) - sizeof(struct iphdr)))

/* How the packet leaves: what admit() found out. */
struct exit {
	struct dst_entry *dst; /* no reference */
	unsigned int mtu;
	unsigned int limit; /* of the fragments it leaves in; 0: it leaves whole */
	bool segment;       /* a GSO packet whose segments have to be fragmented */
};

static bool is_local(struct dst_entry *dst)
{
	return ((struct rt6_info *)dst)->rt6i_flags & RTF_LOCAL;
}

/* RFC 7915 section 4: what must not be fragmented has to fit the path; the rest leaves in packets of lowest-ipv6-mtu. */
static enum nat64_verdict fit(struct nat64_pass *pass, struct sk_buff *skb, struct exit *exit)
{
	const struct nat64_flow *flow = &pass->flow;
	const bool fragmented = flow->outer.flags & NAT64_F_FRAGMENTED;
	const unsigned int header = sizeof(struct ipv6hdr) + (fragmented ? sizeof(struct frag_hdr) : 0);
	unsigned int length = nat64_skb_wire_length(skb, flow, header);
	unsigned int limit = min_t(unsigned int, exit->mtu, pass->entry->rules->lowest_ipv6_mtu);
	const unsigned int pieces = IPCB(skb)->frag_max_size;
	bool whole = flow->outer.flags & NAT64_F_DF;

	if (unlikely(pieces)) { /* conntrack put it together: it leaves in pieces as long as it came in, or shorter */
		length = pieces + GROWTH + sizeof(struct frag_hdr);
		exit->limit = whole ? length : min(length, limit);
		if (!whole || length <= exit->mtu)
			return NAT64_OK;
	}
	if (likely(length <= (whole ? exit->mtu : limit) || flow->outer.upper == NAT64_ERROR))
		return NAT64_OK;
	if (whole) {
		pass->fault.mtu = exit->mtu - GROWTH - (fragmented || pieces ? sizeof(struct frag_hdr) : 0);
		return NAT64_PACKET_TOO_BIG;
	}
	if (skb_is_gso(skb))
		exit->segment = true;
	else
		exit->limit = limit;
	return NAT64_OK;
}

static enum nat64_verdict admit(struct nat64_pass *pass, struct sk_buff *skb, struct exit *exit)
{
	const struct nat64_rules *rules = pass->entry->rules;
	enum nat64_verdict verdict;

	if (unlikely(!nat64_route_forwards(pass->net, pass->in)))
		return NAT64_FORWARDING_OFF;
	if (unlikely(skb_warn_if_lro(skb)))
		return NAT64_LRO;
	if (!xfrm4_policy_check(NULL, XFRM_POLICY_FWD, skb))
		return NAT64_XFRM;
	verdict = nat64_check_46(&rules->core, &pass->flow);
	if (unlikely(verdict != NAT64_OK))
		return verdict;
	exit->dst = nat64_route6(pass->net, skb, pass->in, &pass->flow, &pass->map);
	if (unlikely(exit->dst->error)) {
		pass->fault.error = exit->dst->error;
		return NAT64_NO_ROUTE;
	}
	exit->limit = 0;
	exit->segment = false;
	if (unlikely(is_local(exit->dst))) {
		exit->mtu = 0;
		return NAT64_OK;
	}
	if (unlikely(pass->flow.outer.ttl <= 1))
		return NAT64_HOP_LIMIT;
	exit->mtu = ip6_dst_mtu_maybe_forward(exit->dst, true);
	return fit(pass, skb, exit);
}

/* ---- entering IPv6 --------------------------------------------------------------------------------------------- */

static int behind_prerouting(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	if (!skb_valid_dst(skb))
		nf_get_ipv6_ops()->route_input(skb);
	return dst_input(skb);
}

/* Whether anybody but us has hooks there: only then there is somebody to pay for. */
static bool hooked(const struct net *net)
{
#ifdef CONFIG_JUMP_LABEL
	if (!static_key_enabled(&nf_hooks_needed[NFPROTO_IPV6][NF_INET_PRE_ROUTING]))
		return false;
#endif
	{
		const struct nf_hook_entries *entries = rcu_dereference(net->nf.hooks_ipv6[NF_INET_PRE_ROUTING]);

		return entries && entries->num_hook_entries > READ_ONCE(nat64_net(net)->fronts);
	}
}

static void enter(struct nat64_pass *pass, struct sk_buff *skb, struct dst_entry *dst)
{
	nf_reset_ct(skb);
	skb_dst_drop(skb);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->iif = skb->skb_iif;
	IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
	IP6CB(skb)->flags = NAT64_CB_TRANSLATED;
	skb_set_transport_header(skb, sizeof(struct ipv6hdr));
	if (hooked(pass->net)) {
		NF_HOOK(NFPROTO_IPV6, NF_INET_PRE_ROUTING, pass->net, NULL, skb, pass->in, NULL, behind_prerouting);
		return;
	}
	skb_dst_set_noref(skb, dst);
	dst_input(skb);
}

static unsigned int enter_in_pieces(struct nat64_pass *pass, struct sk_buff *skb, const struct exit *exit)
{
	struct sk_buff_head pieces;
	struct sk_buff *piece;

	__skb_queue_head_init(&pieces);
	nat64_count(pass->entry->instance, fragmented);
	if (nat64_skb_fragment6(skb, exit->limit, LL_MAX_HEADER, &pieces)) {
		nat64_count(pass->entry->instance, verdict[NAT64_NO_MEMORY]);
		return NF_STOLEN;
	}
	while ((piece = __skb_dequeue(&pieces)))
		enter(pass, piece, exit->dst);
	return NF_STOLEN;
}

static unsigned int rewrite(struct nat64_pass *pass, struct sk_buff *skb, const struct exit *exit)
{
	const struct nat64_rules *rules = pass->entry->rules;
	const struct nat64_instance *instance = pass->entry->instance;
	const unsigned int length = skb->len;
	struct nat64_way way = {
		.mtu_in = READ_ONCE(pass->in->mtu),
		.mtu_out = exit->mtu,
		.hops = 0, /* IPv6's forwarding takes one off */
		.fragment = exit->limit && !(pass->flow.outer.flags & NAT64_F_FRAGMENTED),
	};
	enum nat64_verdict verdict = NAT64_NO_MEMORY;

	if (!nat64_skb_writable(skb, &pass->flow,
				pass->flow.outer.upper == NAT64_ERROR ? NAT64_GROWTH : GROWTH + sizeof(struct frag_hdr),
				LL_RESERVED_SPACE(exit->dst->dev)))
		return nat64_path_refuse(pass, skb, 4, verdict);
	nat64_skb_packet(skb, &pass->packet);
	if (unlikely(pass->flow.outer.flags & NAT64_F_UDP_ZERO && pass->flow.outer.udp_length > sizeof(struct udphdr)))
		way.payload_sum = skb_checksum(skb, pass->flow.outer.l4 + sizeof(struct udphdr),
					       pass->flow.outer.udp_length - sizeof(struct udphdr), 0);
	if (rules->mss_clamp && pass->flow.outer.upper == NAT64_TCP && exit->mtu)
		nat64_path_clamp(pass, exit->mtu, way.mtu_in);
	verdict = nat64_rewrite_46(&rules->core, &pass->flow, &pass->map, &way, &pass->packet);
	if (unlikely(verdict != NAT64_OK))
		return nat64_path_refuse(pass, skb, 4, verdict);
	nat64_skb_apply(skb, &pass->packet, htons(ETH_P_IPV6));
	nat64_count(instance, packets_46);
	nat64_count_by(instance, octets_46, length);
	nat64_count(instance, verdict[NAT64_OK]);
	if (unlikely(exit->limit && skb->len > exit->limit))
		return enter_in_pieces(pass, skb, exit);
	enter(pass, skb, exit->dst);
	return NF_STOLEN;
}

unsigned int nat64_path46(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
			  struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct nat64_pass pass = { .net = state->net, .in = state->in };
	enum nat64_verdict verdict;
	struct exit exit;
	bool control;

	if (unlikely(skb->pkt_type != PACKET_HOST))
		return NF_ACCEPT;
	verdict = nat64_path_find(snapshot, view, skb, 4, &pass);
	if (verdict == NAT64_NOT_OURS)
		return NF_ACCEPT;
	control = verdict == NAT64_OK && nat64_control_concerns(&pass, pass.flow.outer.source_port);
	if (likely(verdict == NAT64_OK) && !nat64_skb_must_segment(skb, GROWTH) && !(control && skb_is_gso(skb))) {
		verdict = admit(&pass, skb, &exit);
		if (control && verdict == NAT64_OK && !exit.segment)
			verdict = nat64_control_pass(&pass, skb, 4);
		if (likely(verdict == NAT64_OK) && !exit.segment)
			return rewrite(&pass, skb, &exit);
	}
	if (verdict == NAT64_OK)
		return nat64_path_segments(snapshot, view, skb, 4, &pass);
	if (unlikely(verdict == NAT64_SYN_HELD))
		return nat64_stateful_hold(pass.entry, skb, &pass.flow);
	return nat64_path_refuse(&pass, skb, 4, verdict);
}

unsigned int nat64_path_hairpin(struct nat64_pass *pass, struct sk_buff *skb)
{
	const u16 total = pass->flow.outer.upper == NAT64_ECHO ? pass->flow.outer.total : 0;
	enum nat64_verdict verdict;
	struct exit exit;

	verdict = nat64_skb_parse(skb, 4, &pass->packet, &pass->flow);
	pass->flow.hairpin = 1;
	if (verdict == NAT64_OK)
		verdict = pass->flow.outer.flags & NAT64_F_FRAGMENTED
				  ? nat64_fragment_return(skb, pass, total)
				  : nat64_mapping_46(pass->entry, skb, &pass->flow, &pass->map);
	if (verdict == NAT64_OK)
		verdict = admit(pass, skb, &exit);
	if (verdict != NAT64_OK || exit.segment)
		return nat64_path_refuse(pass, skb, 4, verdict != NAT64_OK ? verdict : NAT64_PACKET_TOO_BIG);
	return rewrite(pass, skb, &exit);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv6 -> IPv4: the packet runs through IPv6's FORWARD chain as it is, and leaves through IPv4's POSTROUTING. What the host itself sends has been through IPv6's
 * OUTPUT, and leaves through IPv4's OUTPUT and POSTROUTING.
 */
#include <linux/if_ether.h>
#include <linux/netfilter_ipv6.h>
#include <linux/tcp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/xfrm.h>

#include "kmod/nat64/core/identification.h"
#include "kmod/nat64/control.h"
#include "kmod/nat64/fragment.h"
#include "kmod/nat64/route.h"
#include "kmod/nat64/skb.h"
#include "kmod/nat64/stats.h"

#define SHRINK ((int)sizeof(struct iphdr) - (int)sizeof(struct ipv6hdr))

/* The gateway of FTP reads segments one by one. */
static bool must_read(const struct nat64_pass *pass, const struct sk_buff *skb)
{
	return skb_is_gso(skb) && nat64_control_concerns(pass, pass->flow.outer.destination_port);
}

static bool is_local(const struct rtable *route)
{
	return route->rt_flags & RTCF_LOCAL;
}

/* RFC 7915 section 5: up to 1280 octets an IPv6 packet becomes an IPv4 one that may be fragmented; so does a fragment. Others must fit. */
static bool fits(struct nat64_pass *pass, struct sk_buff *skb, const struct rtable *route)
{
	const struct nat64_flow *flow = &pass->flow;
	const unsigned int mtu = ip_dst_mtu_maybe_forward(&route->dst, true);
	unsigned int length = nat64_skb_wire_length(skb, flow, sizeof(struct iphdr));

	if (IP6CB(skb)->frag_max_size) /* conntrack put it together: it leaves in pieces as long as it came in */
		length = IP6CB(skb)->frag_max_size + SHRINK - (int)sizeof(struct frag_hdr);
	else if (length <= IPV6_MIN_MTU + SHRINK || flow->outer.flags & NAT64_F_FRAGMENTED)
		return true;
	if (likely(length <= mtu) || flow->outer.upper == NAT64_ERROR)
		return true;
	if (pass->local && skb->ignore_df && !skb_is_gso(skb)) { /* its sender lets the host fragment it */
		IP6CB(skb)->frag_max_size = mtu - SHRINK + sizeof(struct frag_hdr);
		return true;
	}
	pass->fault.mtu = mtu - SHRINK;
	return false;
}

/* All that may refuse the packet, its firewall left out. NAT64_OK fills *route, with a reference. */
static enum nat64_verdict admit(struct nat64_pass *pass, struct sk_buff *skb, struct rtable **route)
{
	enum nat64_verdict verdict;
	struct rtable *found;

	if (unlikely(!pass->local && !nat64_route_forwards(pass->net, pass->in)))
		return NAT64_FORWARDING_OFF;
	if (unlikely(skb_warn_if_lro(skb)))
		return NAT64_LRO;
	if (!pass->local && !xfrm6_policy_check(NULL, XFRM_POLICY_FWD, skb))
		return NAT64_XFRM;
	verdict = nat64_check_64(&pass->entry->rules->core, &pass->flow);
	if (unlikely(verdict != NAT64_OK))
		return verdict;
	if (unlikely(pass->map.hairpin)) {
		*route = NULL;
		return pass->flow.outer.ttl > 1 ? NAT64_OK : NAT64_HOP_LIMIT;
	}
	found = unlikely(pass->local) ? nat64_route4_local(pass->net, skb, pass->in, pass->sk, &pass->flow, &pass->map)
				      : nat64_route4(pass->net, skb, pass->in, &pass->flow, &pass->map);
	if (IS_ERR(found)) {
		pass->fault.error = PTR_ERR(found);
		return NAT64_NO_ROUTE;
	}
	if (unlikely(found->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)))
		verdict = NAT64_SCOPE;
	else if (unlikely(pass->flow.outer.ttl <= 1 && !is_local(found) && !pass->local))
		verdict = NAT64_HOP_LIMIT;
	else if (unlikely(!fits(pass, skb, found)))
		verdict = NAT64_PACKET_TOO_BIG;
	if (unlikely(verdict != NAT64_OK)) {
		ip_rt_put(found);
		return verdict;
	}
	*route = found;
	return NAT64_OK;
}

static DEFINE_PER_CPU(u32, identifications);
static u64 identification_key __read_mostly;

void __init nat64_path64_init(void)
{
	int cpu;

	get_random_bytes(&identification_key, sizeof(identification_key));
	for_each_possible_cpu(cpu) per_cpu(identifications, cpu) = get_random_u32();
}

static u16 identification(void)
{
	return nat64_identification(identification_key, this_cpu_inc_return(identifications));
}

/* The firewall has had its say: the flow's entry is confirmed, as IPv6's POSTROUTING would, and stays on this side. */
static bool confirm(struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	if (unlikely(skb_nfct(skb))) {
		enum ip_conntrack_info info;
		const struct nf_conn *ct = nf_ct_get(skb, &info);
		const struct nf_ct_hook *hook = rcu_dereference(nf_ct_hook);

		if (ct && hook && !nf_ct_is_template(ct) && !nf_ct_is_confirmed(ct) && hook->confirm(skb) != NF_ACCEPT)
			return false;
		nf_reset_ct(skb);
	}
#endif
	return true;
}

/* What the core cannot know: segments short enough to be fragmented on their way, and pieces that conntrack had put together. */
static void may_fragment(struct sk_buff *skb, unsigned int wire_length, unsigned int frag_max_size)
{
	struct iphdr *header = ip_hdr(skb);
	const __be16 old_off = header->frag_off, old_id = header->id;

	if (!(header->frag_off & htons(IP_DF)))
		return;
	if (!frag_max_size && (!skb_is_gso(skb) || wire_length > IPV6_MIN_MTU + SHRINK))
		return;
	header->frag_off &= ~htons(IP_DF);
	header->id = htons(identification());
	csum_replace2(&header->check, old_off, header->frag_off);
	csum_replace2(&header->check, old_id, header->id);
}

static void enter4(struct sk_buff *skb, unsigned int frag_max_size)
{
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->iif = skb->skb_iif;
	IPCB(skb)->flags = IPSKB_FORWARDED;
	if (unlikely(frag_max_size))
		IPCB(skb)->frag_max_size = frag_max_size + SHRINK - sizeof(struct frag_hdr);
}

/* To be filtered in IPv4's OUTPUT as well, but neither tracked nor translated there. */
static void send_local(struct nat64_pass *pass, struct sk_buff *skb)
{
	IPCB(skb)->flags = 0;
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
#endif
	ip_local_out(pass->net, pass->sk, skb);
}

static void send(struct nat64_pass *pass, struct sk_buff *skb, struct rtable *route)
{
	skb_dst_drop(skb);
	skb_dst_set(skb, &route->dst);
	skb_set_transport_header(skb, sizeof(struct iphdr));
	if (unlikely(is_local(route) && !pass->local)) {
		dst_input(skb);
		return;
	}
	if (likely(!pass->local)) {
		skb_clear_tstamp(skb);
		skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
	}
	if (unlikely(!xfrm4_route_forward(skb))) {
		nat64_count(pass->entry->instance, verdict[NAT64_XFRM]);
		kfree_skb(skb);
		return;
	}
	if (unlikely(pass->local))
		send_local(pass, skb);
	else
		dst_output(pass->net, NULL, skb);
}

static unsigned int turn_back(struct nat64_pass *pass, struct sk_buff *skb)
{
	/* it comes in from now on: as from a device */
	if (pass->local)
		skb_orphan(skb);
	local_bh_disable();
	nat64_path_hairpin(pass, skb);
	local_bh_enable();
	return NF_STOLEN;
}

/* Takes route over. */
static unsigned int leave(struct nat64_pass *pass, struct sk_buff *skb, struct rtable *route)
{
	const struct nat64_rules *rules = pass->entry->rules;
	const struct nat64_instance *instance = pass->entry->instance;
	const unsigned int mtu_out = route ? ip_dst_mtu_maybe_forward(&route->dst, true) : 0;
	const unsigned int frag_max_size = IP6CB(skb)->frag_max_size, length = skb->len;
	const unsigned int wire_length = nat64_skb_wire_length(skb, &pass->flow, sizeof(struct iphdr));
	const struct nat64_way way = {
		.mtu_in = READ_ONCE(pass->in->mtu),
		.mtu_out = mtu_out,
		.identification = length <= IPV6_MIN_MTU ? identification() : 0,
		/* what turns back is forwarded by IPv6, which takes its one off */
		.hops = route && !is_local(route) && !pass->local,
	};
	enum nat64_verdict verdict = NAT64_NO_MEMORY;

	if (!confirm(skb)) {
		verdict = NAT64_UNCONFIRMED;
		goto refuse;
	}
	if (!nat64_skb_writable(skb, &pass->flow, 0, 0))
		goto refuse;
	nat64_skb_packet(skb, &pass->packet);
	if (rules->mss_clamp && pass->flow.outer.upper == NAT64_TCP && route)
		nat64_path_clamp(pass, way.mtu_in, mtu_out);
	verdict = nat64_rewrite_64(&rules->core, &pass->flow, &pass->map, &way, &pass->packet);
	if (unlikely(verdict != NAT64_OK))
		goto refuse;
	nat64_skb_apply(skb, &pass->packet, htons(ETH_P_IP));
	nat64_count(instance, packets_64);
	nat64_count_by(instance, octets_64, length);
	nat64_count(instance, verdict[NAT64_OK]);
	if (unlikely(skb_is_gso(skb) || frag_max_size))
		may_fragment(skb, wire_length, frag_max_size);
	enter4(skb, frag_max_size);
	if (unlikely(!route))
		return turn_back(pass, skb);
	send(pass, skb, route);
	return NF_STOLEN;
refuse:
	if (route)
		ip_rt_put(route);
	return nat64_path_refuse(pass, skb, 6, verdict);
}

/* Takes route over. */
static unsigned int rewrite(struct nat64_pass *pass, struct sk_buff *skb, struct rtable *route)
{
	if (nat64_control_concerns(pass, pass->flow.outer.destination_port)) {
		const enum nat64_verdict verdict = nat64_control_pass(pass, skb, 6);

		if (verdict != NAT64_OK) {
			if (route)
				ip_rt_put(route);
			return nat64_path_refuse(pass, skb, 6, verdict);
		}
	}
	return leave(pass, skb, route);
}

/* Behind the FORWARD chain, which may have changed the packet or kept it for a while: everything is looked up again. */
static int behind_forward(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	const struct nat64_snapshot *snapshot = rcu_dereference(nat64_net(net)->snapshot);
	struct nat64_pass pass = { .net = net, .in = skb->dev };
	enum nat64_verdict verdict = NAT64_NOT_OURS;
	struct rtable *route;

	pass.entry = nat64_path_entry(snapshot, NAT64_CB(skb)->instance_id);
	if (!pass.entry) {
		kfree_skb(skb);
		return 0;
	}
	skb_dst_drop(skb);
	verdict = nat64_skb_parse(skb, 6, &pass.packet, &pass.flow);
	if (verdict == NAT64_OK)
		verdict = unlikely(pass.flow.outer.flags & NAT64_F_FRAGMENTED)
				  ? nat64_fragment_recall(skb, &pass)
				  : nat64_mapping_64(pass.entry, skb, &pass.flow, &pass.map);
	if (verdict == NAT64_OK)
		verdict = admit(&pass, skb, &route);
	if (verdict == NAT64_OK)
		rewrite(&pass, skb, route);
	else
		nat64_path_refuse(&pass, skb, 6, verdict);
	return 0;
}

static unsigned int filter(struct nat64_pass *pass, struct sk_buff *skb, struct rtable *route)
{
	struct net_device *out = route ? route->dst.dev : pass->in;

	NAT64_CB(skb)->instance_id = pass->entry->instance->id;
	if (unlikely(pass->flow.outer.flags & NAT64_F_FRAGMENTED))
		nat64_fragment_note(skb, &pass->flow);
	/* What looks at a forwarded packet's route (reject, for one) must find one of IPv6's; this one leads nowhere. */
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, &pass->net->ipv6.ip6_null_entry->dst);
	if (route)
		ip_rt_put(route);
	NF_HOOK(NFPROTO_IPV6, NF_INET_FORWARD, pass->net, NULL, skb, pass->in, out, behind_forward);
	return NF_STOLEN;
}

unsigned int nat64_path64(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
			  struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct nat64_pass pass = { .net = state->net, .in = state->in };
	enum nat64_verdict verdict;
	struct rtable *route;

	if (unlikely(skb->pkt_type != PACKET_HOST || IP6CB(skb)->flags & NAT64_CB_TRANSLATED))
		return NF_ACCEPT;
	/* the host to itself: what had to be translated was, on its way out */
	if (unlikely(pass.in->flags & IFF_LOOPBACK))
		return NF_ACCEPT;
	verdict = nat64_path_find(snapshot, view, skb, 6, &pass);
	if (verdict == NAT64_NOT_OURS)
		return NF_ACCEPT;
	if (unlikely(verdict == NAT64_OK && (nat64_skb_must_segment(skb, SHRINK) || must_read(&pass, skb))))
		return nat64_path_segments(snapshot, view, skb, 6, &pass);
	if (likely(verdict == NAT64_OK))
		verdict = admit(&pass, skb, &route);
	if (unlikely(verdict != NAT64_OK))
		return nat64_path_refuse(&pass, skb, 6, verdict);
	if (rcu_access_pointer(pass.net->nf.hooks_ipv6[NF_INET_FORWARD]))
		return filter(&pass, skb, route);
	return rewrite(&pass, skb, route);
}

/* An error of the host's own, whose source has no IPv4 address of its own in the translation: it gets the host's (RFC 7915 section 5.1, RFC 6791). */
static enum nat64_verdict map_own_error(struct nat64_pass *pass)
{
	struct nat64_config core = pass->entry->rules->core;

	/* the destination was found before the source was not */
	core.error_pool4[0] = nat64_route_own4(pass->net, pass->in, pass->map.outer.destination.v4);
	core.error_pool4_count = 1;
	if (!core.error_pool4[0])
		return NAT64_SOURCE_UNMAPPED;
	return nat64_map_64(&core, &pass->flow, 0, &pass->map);
}

/* Those whom an EAMT entry gives an IPv4 address, itself among them, the host reaches as they are. */
static bool within_pool6(const struct nat64_pass *pass, const struct sk_buff *skb)
{
	struct nat64_in6 destination;
	__be32 unused;

	memcpy(&destination, &ipv6_hdr(skb)->daddr, sizeof(destination));
	return nat64_extract(&pass->entry->rules->core.pool6, &destination, &unused) != NAT64_NOT_OURS;
}

unsigned int nat64_path64_local(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
				struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct nat64_pass pass = { .net = state->net, .in = state->out, .sk = state->sk, .local = true };
	const unsigned int mtu = dst_mtu(skb_dst(skb));
	enum nat64_verdict verdict;
	struct rtable *route;

	skb->dev = state->out;
	/* IPv6 would cut it behind us, to pieces that are no longer than this */
	if (skb->len > mtu && skb->ignore_df && !skb_is_gso(skb))
		IP6CB(skb)->frag_max_size = mtu;
	verdict = nat64_path_find(snapshot, view, skb, 6, &pass);
	if (verdict == NAT64_NOT_OURS || !within_pool6(&pass, skb)) {
		IP6CB(skb)->frag_max_size = 0;
		return NF_ACCEPT;
	}
	if (verdict == NAT64_OK && nat64_skb_must_segment(skb, SHRINK))
		return nat64_path_segments(snapshot, view, skb, 6, &pass);
	if (verdict == NAT64_SOURCE_UNMAPPED && pass.flow.outer.upper == NAT64_ERROR)
		verdict = map_own_error(&pass);
	if (verdict == NAT64_OK)
		verdict = admit(&pass, skb, &route);
	if (verdict != NAT64_OK)
		return nat64_path_refuse(&pass, skb, 6, verdict);
	return leave(&pass, skb, route);
}

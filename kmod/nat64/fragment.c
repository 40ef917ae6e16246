// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/fragment.h"

#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <net/route.h>

#include "kmod/nat64/datagram.h"
#include "kmod/nat64/skb.h"
#include "kmod/nat64/stats.h"
#include "kmod/nat64/trace.h"

/* ---- beginning and end ----------------------------------------------------------------------------------------- */

static void release(void *packet)
{
	struct sk_buff *skb = packet;

	dev_put(skb->dev);
	kfree_skb(skb);
}

int nat64_fragment_begin(struct nat64_net *nn)
{
	if (!nn->datagrams)
		nn->datagrams = nat64_datagrams_new();
	return nn->datagrams ? 0 : -ENOMEM;
}

void nat64_fragment_end(struct nat64_net *nn)
{
	nat64_datagrams_free(nn->datagrams, release);
	nn->datagrams = NULL;
}

/* A fragment that was held. */
static void drop(struct nat64_net *nn, struct sk_buff *skb, enum nat64_verdict verdict)
{
	const u8 family = skb->protocol == htons(ETH_P_IPV6) ? 6 : 4;
	const struct nat64_entry *entry = nat64_path_entry(rcu_dereference(nn->snapshot), NAT64_CB(skb)->instance_id);

	if (entry) {
		nat64_count(entry->instance, verdict[verdict]);
		trace_nat64_drop(nn->net, entry->instance, skb, family, verdict);
	}
	release(skb);
}

static void drop_all(struct nat64_net *nn, struct nat64_waiting *waiting, enum nat64_verdict verdict)
{
	struct sk_buff *skb;

	while ((skb = nat64_datagram_take(nn->datagrams, waiting)))
		drop(nn, skb, verdict);
}

void nat64_fragment_sweep(struct nat64_net *nn)
{
	struct nat64_waiting waiting;

	rcu_read_lock();
	for (;;) {
		nat64_datagrams_sweep(nn->datagrams, nat64_stateful_now(), &waiting);
		if (!waiting.next)
			break;
		drop_all(nn, &waiting, NAT64_FRAGMENT_UNKNOWN);
	}
	rcu_read_unlock();
}

/* ---- the way --------------------------------------------------------------------------------------------------- */

static bool is_followed(const struct nat64_pass *pass)
{
	return pass->entry->rules->mode == OSNC_NAT64_STATEFUL && !(pass->flow.outer.flags & NAT64_F_ATOMIC);
}

static enum nat64_verdict map_whole(struct sk_buff *skb, struct nat64_pass *pass)
{
	return pass->flow.family == 6 ? nat64_mapping_64(pass->entry, skb, &pass->flow, &pass->map)
				      : nat64_mapping_46(pass->entry, skb, &pass->flow, &pass->map);
}

/* The flow has upper, ports and total of its datagram. */
static enum nat64_verdict map_piece(struct sk_buff *skb, struct nat64_pass *pass)
{
	struct nat64_half *half = &pass->flow.outer;
	enum nat64_verdict verdict = NAT64_ICMP_FRAGMENT;

	if (half->upper != NAT64_OTHER || half->protocol != (pass->flow.family == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		verdict = nat64_stateful_piece(pass->entry, skb, &pass->flow, &pass->map);
	if (half->fragment_offset)
		half->upper = NAT64_FRAGMENT;
	return verdict;
}

/* The host's after all: past what is left of PREROUTING, where conntrack is not, or it would have put the datagram together. */
static void to_host(struct sk_buff *skb)
{
	const struct iphdr *header = ip_hdr(skb);

	if (skb->protocol != htons(ETH_P_IP) ||
	    ip_route_input_noref(skb, header->daddr, header->saddr, header->tos, skb->dev))
		kfree_skb(skb);
	else
		dst_input(skb);
}

/* What waited goes as if it came now. */
static void go_on(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view, struct net *net,
		  struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	const struct nf_hook_state state = { .net = net, .in = dev };
	const bool v6 = skb->protocol == htons(ETH_P_IPV6);

	if ((v6 ? nat64_path64 : nat64_path46)(snapshot, view, skb, &state) != NF_STOLEN)
		to_host(skb);
	dev_put(dev);
}

enum nat64_verdict nat64_fragment_map(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
				      struct sk_buff *skb, struct nat64_pass *pass)
{
	const struct nat64_entry *entry = pass->entry;
	struct nat64_net *nn = nat64_net(pass->net);
	struct net_device *dev = skb->dev;
	const struct nat64_arrival arrival = {
		.packet = skb,
		.octets = skb->truesize,
		.now = nat64_stateful_now(),
		.lifetime = entry->rules->policy.lifetimes.fragment + 1,
	};
	struct nat64_waiting waiting;
	enum nat64_verdict verdict;

	if (!is_followed(pass))
		return map_whole(skb, pass);
	if (!entry->instance->stateful || !nat64_path_covers(entry->rules, skb, pass->flow.family))
		return NAT64_NOT_OURS;
	/* once it is held, another CPU may send it on */
	NAT64_CB(skb)->instance_id = entry->instance->id;
	skb_dst_force(skb);
	dev_hold(dev);
	verdict = nat64_datagram_see(nn->datagrams, &pass->flow, &arrival, &waiting);
	if (verdict == NAT64_FRAGMENT_HELD)
		return verdict;
	dev_put(dev);
	if (verdict != NAT64_OK) {
		drop_all(nn, &waiting, verdict);
		return verdict;
	}
	verdict = map_piece(skb, pass);
	while ((skb = nat64_datagram_take(nn->datagrams, &waiting)))
		go_on(snapshot, view, pass->net, skb);
	return verdict;
}

void nat64_fragment_note(struct sk_buff *skb, const struct nat64_flow *flow)
{
	NAT64_CB(skb)->source_port = flow->outer.source_port;
	if (flow->outer.protocol == IPPROTO_ICMPV6)
		NAT64_CB(skb)->total = flow->outer.total;
	else
		NAT64_CB(skb)->destination_port = flow->outer.destination_port;
}

static enum nat64_verdict map_again(struct sk_buff *skb, struct nat64_pass *pass, __be16 source, __be16 destination,
				    u16 total)
{
	struct nat64_half *half = &pass->flow.outer;

	if (!is_followed(pass))
		return map_whole(skb, pass);
	half->upper = half->protocol == IPPROTO_TCP   ? NAT64_TCP
		      : half->protocol == IPPROTO_UDP ? NAT64_UDP
						      : NAT64_ECHO;
	half->total = total;
	if (half->fragment_offset) {
		half->source_port = source;
		half->destination_port = destination;
	}
	return map_piece(skb, pass);
}

enum nat64_verdict nat64_fragment_recall(struct sk_buff *skb, struct nat64_pass *pass)
{
	const struct nat64_cb *cb = NAT64_CB(skb);

	if (pass->flow.outer.protocol == IPPROTO_ICMPV6)
		return map_again(skb, pass, cb->source_port, cb->source_port, cb->total);
	return map_again(skb, pass, cb->source_port, cb->destination_port, 0);
}

enum nat64_verdict nat64_fragment_return(struct sk_buff *skb, struct nat64_pass *pass, u16 total)
{
	return map_again(skb, pass, pass->map.outer.source_port, pass->map.outer.destination_port, total);
}

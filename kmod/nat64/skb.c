// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/skb.h"

#include <linux/icmp.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "kmod/compat/gso.h"

/* Kinds of GSO packets whose one header says all; what flips or stays with the family. */
#define KEPT (SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_UDP_L4 | SKB_GSO_TCP_ECN | SKB_GSO_TCP_FIXEDID | SKB_GSO_DODGY)

static_assert(sizeof(struct nat64_cb) <= 32, "GSO and NFQUEUE own the rest of skb->cb");

/* ---- reading --------------------------------------------------------------------------------------------------- */

static bool pull(struct sk_buff *skb, unsigned int len, struct nat64_packet *packet)
{
	if (!pskb_may_pull(skb, min(len, skb->len)))
		return false;
	nat64_skb_packet(skb, packet);
	return true;
}

enum nat64_verdict nat64_skb_parse(struct sk_buff *skb, u8 family, struct nat64_packet *packet, struct nat64_flow *flow)
{
	enum nat64_verdict verdict;

	nat64_skb_packet(skb, packet);
	verdict = nat64_parse(packet, family, flow);
	if (likely(packet->linear == packet->len))
		return verdict;
	if (verdict == NAT64_TRUNCATED && packet->linear < NAT64_PULL) {
		if (!pull(skb, NAT64_PULL, packet))
			return NAT64_NO_MEMORY;
		verdict = nat64_parse(packet, family, flow);
	}
	if (verdict == NAT64_OK && unlikely(flow->outer.upper == NAT64_ERROR)) {
		if (!pull(skb, skb->len, packet))
			return NAT64_NO_MEMORY;
		verdict = nat64_parse(packet, family, flow);
	}
	return verdict;
}

unsigned int nat64_skb_wire_length(const struct sk_buff *skb, const struct nat64_flow *flow, unsigned int header)
{
	unsigned int upper = sizeof(struct udphdr);

	if (likely(!skb_is_gso(skb)))
		return header + skb->len - flow->outer.l4;
	if (flow->outer.upper == NAT64_TCP)
		upper = 4 * ((const struct tcphdr *)(skb->data + flow->outer.l4))->doff;
	return header + upper + skb_shinfo(skb)->gso_size;
}

/* ---- segments -------------------------------------------------------------------------------------------------- */

bool nat64_skb_must_segment(const struct sk_buff *skb, int growth)
{
	return skb_is_gso(skb) && ((skb_shinfo(skb)->gso_type & ~KEPT) || (int)skb->len + growth > 0xffff);
}

struct sk_buff *nat64_skb_segment(struct sk_buff *skb)
{
	struct sk_buff *segments = skb_gso_segment(skb, 0);

	if (IS_ERR_OR_NULL(segments)) {
		kfree_skb(skb);
		return segments ? segments : ERR_PTR(-EINVAL);
	}
	consume_skb(skb);
	return segments;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static unsigned int written(const struct sk_buff *skb, const struct nat64_flow *flow)
{
	switch (flow->outer.upper) {
	case NAT64_TCP:
		/* with the MSS option; what else is in the linear part costs nothing */
		return min(flow->outer.l4 + 60U, skb_headlen(skb));
	case NAT64_UDP:
		return flow->outer.l4 + sizeof(struct udphdr);
	case NAT64_ECHO:
		return flow->outer.l4 + sizeof(struct icmphdr);
	case NAT64_ERROR:
		return skb_headlen(skb);
	case NAT64_OTHER:
		/* DCCP and UDP-Lite have a checksum there */
		return min_t(unsigned int, flow->outer.l4 + sizeof(struct udphdr), skb_headlen(skb));
	default:
		return min_t(unsigned int, flow->outer.l4, skb_headlen(skb));
	}
}

bool nat64_skb_writable(struct sk_buff *skb, const struct nat64_flow *flow, unsigned int growth, unsigned int reserve)
{
	const unsigned int room = skb_headroom(skb), need = growth + reserve;

	/* the shared info of a GSO packet changes with the family: what a clone shares must be ours then */
	if (likely(room >= need &&
		   (!skb_cloned(skb) || (!skb_is_gso(skb) && skb_clone_writable(skb, written(skb, flow))))))
		return true;
	return !pskb_expand_head(skb, room < need ? ALIGN(need - room, NET_SKB_PAD) : 0, 0, GFP_ATOMIC);
}

void nat64_skb_apply(struct sk_buff *skb, const struct nat64_packet *packet, __be16 protocol)
{
	const int growth = skb->data - packet->data;

	if (growth >= 0)
		__skb_push(skb, growth);
	else
		__skb_pull(skb, -growth);
	/* only the tail of an ICMP error is cut, and that is linear */
	if (unlikely(packet->len < skb->len))
		__skb_trim(skb, packet->len);
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	if (skb_is_gso(skb)) {
		struct skb_shared_info *info = skb_shinfo(skb);

		if (info->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6))
			info->gso_type ^= SKB_GSO_TCPV4 | SKB_GSO_TCPV6;
		/* IPv4's identification is gone, or new */
		info->gso_type &= ~SKB_GSO_TCP_FIXEDID;
	}
	skb->protocol = protocol;
	skb_reset_network_header(skb);
	skb_reset_mac_header(skb);
	skb->mac_len = 0;
}

/* ---- fragments ------------------------------------------------------------------------------------------------- */

#define FRONT (sizeof(struct ipv6hdr) + sizeof(struct frag_hdr))

static struct sk_buff *fragment(const struct sk_buff *skb, unsigned int at, unsigned int len, bool last,
				unsigned int reserve)
{
	struct sk_buff *piece = alloc_skb(reserve + FRONT + len, GFP_ATOMIC);
	struct frag_hdr *header;

	if (!piece)
		return NULL;
	skb_reserve(piece, reserve);
	skb_reset_network_header(piece);
	skb_put_data(piece, skb->data, FRONT);
	if (skb_copy_bits(skb, FRONT + at, skb_put(piece, len), len)) {
		kfree_skb(piece);
		return NULL;
	}
	header = (struct frag_hdr *)(piece->data + sizeof(struct ipv6hdr));
	header->frag_off = htons((ntohs(header->frag_off) & IP6_OFFSET) + at) |
			   (last ? header->frag_off & htons(IP6_MF) : htons(IP6_MF));
	ipv6_hdr(piece)->payload_len = htons(sizeof(struct frag_hdr) + len);
	piece->protocol = skb->protocol;
	piece->pkt_type = skb->pkt_type;
	piece->priority = skb->priority;
	piece->mark = skb->mark;
	piece->dev = skb->dev;
	piece->skb_iif = skb->skb_iif;
	skb_copy_hash(piece, skb);
	memcpy(piece->cb, skb->cb, sizeof(piece->cb));
	skb_reset_mac_header(piece);
	return piece;
}

int nat64_skb_fragment6(struct sk_buff *skb, unsigned int limit, unsigned int reserve, struct sk_buff_head *list)
{
	const unsigned int payload = skb->len - FRONT, most = (limit - FRONT) & ~7U;
	unsigned int at, len;

	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		goto fail;
	for (at = 0; at < payload; at += len) {
		struct sk_buff *piece;

		len = min(most, payload - at);
		piece = fragment(skb, at, len, at + len == payload, reserve);
		if (!piece)
			goto fail;
		__skb_queue_tail(list, piece);
	}
	consume_skb(skb);
	return 0;
fail:
	__skb_queue_purge(list);
	kfree_skb(skb);
	return -ENOMEM;
}

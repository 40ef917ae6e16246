/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the stack's packet and the core's. skb->data is at the IP header throughout. */
#ifndef OSNC_NAT64_SKB_H
#define OSNC_NAT64_SKB_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/ip.h>

#include "kmod/nat64/core/core.h"

/*
 * What a hook leaves in skb->cb for what comes after other people's hooks: behind the IP layer's own part, in front of GSO's (at octet 32).
 */
struct nat64_cb {
	union {
		struct inet_skb_parm h4;
		struct inet6_skb_parm h6;
	};
	u32 instance_id;
	/* of a fragment, what its datagram's first one told: fragment.c */
	__be16 source_port;
	union {
		__be16 destination_port;
		u16 total;
	};
};

#define NAT64_CB(skb) ((struct nat64_cb *)(skb)->cb)
/* In IP6CB(skb)->flags, where the kernel uses bits up to 1 << 10: this packet came out of a translator already. */
#define NAT64_CB_TRANSLATED (1 << 15)

/* The skb as the core sees it. */
static inline void nat64_skb_packet(struct sk_buff *skb, struct nat64_packet *packet)
{
	packet->data = skb->data;
	packet->headroom = skb_headroom(skb);
	packet->linear = skb_headlen(skb);
	packet->len = skb->len;
	packet->sum = skb->ip_summed == CHECKSUM_PARTIAL ? NAT64_SUM_PARTIAL : NAT64_SUM_FULL;
}

/* nat64_parse(), with what the core must see pulled into the linear part. */
enum nat64_verdict nat64_skb_parse(struct sk_buff *skb, u8 family, struct nat64_packet *packet,
				   struct nat64_flow *flow);

/*
 * Whether only its segments can be translated: too long for the other family's length field, or segments of a kind that carry headers of their own.
 * growth is what the IP header gains (negative: loses).
 */
bool nat64_skb_must_segment(const struct sk_buff *skb, int growth);
/* The segments as a list; skb is gone. ERR_PTR: it was freed. */
struct sk_buff *nat64_skb_segment(struct sk_buff *skb);

/* Octets of the packet, or of one segment of a GSO packet, once header octets stand in place of what is in front of the upper layer. */
unsigned int nat64_skb_wire_length(const struct sk_buff *skb, const struct nat64_flow *flow, unsigned int header);

/* Makes what the core rewrites ours alone, with growth octets in front of it and reserve more for what the device puts there. False: no memory. */
bool nat64_skb_writable(struct sk_buff *skb, const struct nat64_flow *flow, unsigned int growth, unsigned int reserve);

/* Takes over what the core made of the packet. protocol is the new one; the MAC header is gone. */
void nat64_skb_apply(struct sk_buff *skb, const struct nat64_packet *packet, __be16 protocol);

/*
 * Cuts an IPv6 packet that begins with IPv6 header and fragment header into fragments of at most limit octets (1280 or more), onto list; skb is gone.
 * 0 or -ENOMEM (list empty then). Source: RFC 8200 4.5.
 */
int nat64_skb_fragment6(struct sk_buff *skb, unsigned int limit, unsigned int reserve, struct sk_buff_head *list);

#endif

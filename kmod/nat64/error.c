// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/error.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/route.h>

#include "kmod/nat64/skb.h"
#include "kmod/nat64/stats.h"

#define SILENT 0xff

struct error_row {
	u8 type6, code6;
	u8 type4, code4;
};

/* Verdicts that are not here are silent. */
static const struct error_row rows[NAT64_VERDICT_COUNT] = {
	[NAT64_HOP_LIMIT] = { ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL },
	[NAT64_PACKET_TOO_BIG] = { ICMPV6_PKT_TOOBIG, 0, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED },
	[NAT64_TOO_BIG_FOR_IPV4] = { ICMPV6_PKT_TOOBIG, 0, SILENT, 0 },
	[NAT64_NO_ROUTE] = { ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE, ICMP_DEST_UNREACH, ICMP_NET_UNREACH },
	/* RFC 7915 sections 4.4 and 5.4: what is not specified otherwise */
	[NAT64_SOURCE_UNMAPPED] = { ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED },
	[NAT64_DESTINATION_UNMAPPED] = { ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, ICMP_DEST_UNREACH,
					 ICMP_HOST_UNREACH },
	[NAT64_WKP_NON_GLOBAL] = { ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED },
	/* RFC 7915 sections 4.1 and 5.1 */
	[NAT64_SOURCE_ROUTE] = { ICMPV6_PARAMPROB, ICMPV6_HDR_FIELD, ICMP_DEST_UNREACH, ICMP_SR_FAILED },
	/* RFC 6146 section 3.5.1.1, RFC 5382 REQ-4: what was held is told when its time is over */
	[NAT64_POOL_EXHAUSTED] = { ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, SILENT, 0 },
	[NAT64_SUBSCRIBER_PORTS] = { ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, SILENT, 0 },
	[NAT64_SUBSCRIBER_SESSIONS] = { ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED, SILENT, 0 },
	[NAT64_SESSION_LIMIT] = { ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, SILENT, 0 },
	[NAT64_NO_MAPPING] = { ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH },
	[NAT64_SYN_HELD] = { ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH },
	[NAT64_UNKNOWN_L4] = { ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH },
};

static void send6(struct sk_buff *skb, enum nat64_verdict verdict, const struct nat64_fault *fault)
{
	const struct error_row *row = &rows[verdict];
	struct nat64_packet packet;
	u8 code = row->code6;
	u32 info = 0;

	switch (verdict) {
	case NAT64_PACKET_TOO_BIG:
		info = max_t(u32, fault->mtu, IPV6_MIN_MTU);
		break;
	case NAT64_TOO_BIG_FOR_IPV4:
		info = IP_MAX_MTU + sizeof(struct ipv6hdr) - sizeof(struct iphdr);
		break;
	case NAT64_SOURCE_ROUTE:
		nat64_skb_packet(skb, &packet);
		info = nat64_segments_left(&packet);
		break;
	case NAT64_NO_ROUTE:
		if (fault->error == -EACCES)
			code = ICMPV6_ADM_PROHIBITED;
		else if (fault->error == -EHOSTUNREACH)
			code = ICMPV6_ADDR_UNREACH;
		break;
	default:
		break;
	}
	icmpv6_send(skb, row->type6, code, info);
}

/* icmp_send() answers only what has a route, and no packet has one this early: the route back to the sender serves. */
static bool route_back(struct sk_buff *skb)
{
	const struct iphdr *header = ip_hdr(skb);
	struct flowi4 wanted = {
		.flowi4_l3mdev = l3mdev_master_ifindex_rcu(skb->dev),
		.flowi4_tos = RT_TOS(header->tos),
		.daddr = header->saddr,
	};
	struct rtable *route;

	if (skb_rtable(skb))
		return true;
	route = ip_route_output_key(dev_net(skb->dev), &wanted);
	if (IS_ERR(route))
		return false;
	skb_dst_set(skb, &route->dst);
	return true;
}

static void send4(struct sk_buff *skb, enum nat64_verdict verdict, const struct nat64_fault *fault)
{
	const struct error_row *row = &rows[verdict];
	u8 code = row->code4;
	u32 info = 0;

	if (verdict == NAT64_PACKET_TOO_BIG)
		info = fault->mtu;
	else if (verdict == NAT64_NO_ROUTE && fault->error == -EACCES)
		code = ICMP_PKT_FILTERED;
	else if (verdict == NAT64_NO_ROUTE && fault->error == -EHOSTUNREACH)
		code = ICMP_HOST_UNREACH;
	if (route_back(skb))
		icmp_send(skb, row->type4, code, htonl(info));
}

void nat64_error_send(struct sk_buff *skb, u8 family, const struct nat64_instance *instance, enum nat64_verdict verdict,
		      const struct nat64_fault *fault)
{
	const struct error_row *row = &rows[verdict];

	/* no ICMP type of either is 0 but IPv4's echo reply, which is no error */
	if (!row->type6 || (family == 4 && row->type4 == SILENT))
		return;
	nat64_count(instance, errors_sent);
	if (family == 6)
		send6(skb, verdict, fault);
	else
		send4(skb, verdict, fault);
}

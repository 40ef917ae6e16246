/* SPDX-License-Identifier: GPL-2.0-only */
/* The upper-layer header's part in rewriting, the same in both directions and for a packet that an error quotes. */
#ifndef OSNC_NAT64_CORE_UPPER_H
#define OSNC_NAT64_CORE_UPPER_H

#include "kmod/nat64/core/checksum.h"
#include "kmod/nat64/core/core.h"
#include "kmod/nat64/core/octets.h"
#include "kmod/nat64/core/protocol.h"

/* Differences of the pseudo header. */
struct nat64_pseudo {
	__u64 addresses; /* what has one in both families: only its addresses change */
	__u64 icmp;      /* ICMP: only IPv6's has one, all of it comes or goes */
};

static NAT64_INLINE void nat64_adjust_field(__u8 *at, __u64 pseudo, __u64 message, __u8 sum)
{
	nat64_put16(at, nat64_adjust(nat64_get16(at), pseudo, message, sum));
}

/* Writes the new ports, which lie side by side everywhere; returns the difference. */
static NAT64_INLINE __u64 nat64_upper_ports(__u8 *upper, const struct nat64_map_half *map)
{
	const __be32 old = nat64_get32(upper);
	__be32 new;

	NAT64_COPY(&new, &map->source_port, 2);
	NAT64_COPY((__u8 *)&new + 2, &map->destination_port, 2);
	nat64_put32(upper, new);
	return nat64_sum32(new) + nat64_minus32(old);
}

static NAT64_INLINE void nat64_upper_echo(__u8 *icmp, const struct nat64_half *half, const struct nat64_map_half *map,
					  __u8 type, __u64 pseudo, __u8 sum)
{
	__u64 message =
		nat64_minus16(nat64_get16(icmp)) + nat64_minus16(half->source_port) + nat64_sum16(map->source_port);

	icmp[0] = type;
	message += nat64_sum16(nat64_get16(icmp));
	nat64_put16(icmp + 4, map->source_port);
	nat64_adjust_field(icmp + 2, pseudo, message, sum);
}

/* size octets of the header are there, 8 or more; the checksum may be missing in a quoted one. */
static NAT64_INLINE void nat64_upper_tcp(__u8 *tcp, __u32 size, const struct nat64_map_half *map, __u64 pseudo,
					 __u8 sum)
{
	const __u64 message = nat64_upper_ports(tcp, map);

	if (size >= 18)
		nat64_adjust_field(tcp + 16, pseudo, message, sum);
}

static NAT64_INLINE void nat64_upper_udp(__u8 *udp, __u8 flags, const struct nat64_map_half *map, __u64 pseudo,
					 __u8 sum)
{
	const __u64 message = nat64_upper_ports(udp, map);
	__be16 check;

	if (flags & NAT64_F_UDP_ZERO)
		return;
	check = nat64_adjust(nat64_get16(udp + 6), pseudo, message, sum);
	if (!check && sum == NAT64_SUM_FULL)
		check = (__force __be16)0xffff; /* 0 would say that there is none */
	nat64_put16(udp + 6, check);
}

/*
 * upper: the header, of which size octets are there: all of it, or 8 or more of a quoted one. echo: the new type. UDP-Lite and DCCP have their
 * checksums where UDP has; other protocols have none over addresses.
 */
static inline void nat64_upper(__u8 *upper, __u32 size, const struct nat64_half *half, const struct nat64_map_half *map,
			       const struct nat64_pseudo *pseudo, __u8 echo, __u8 sum)
{
	switch (half->upper) {
	case NAT64_TCP:
		nat64_upper_tcp(upper, size, map, pseudo->addresses, sum);
		break;
	case NAT64_UDP:
		nat64_upper_udp(upper, half->flags, map, pseudo->addresses, sum);
		break;
	case NAT64_ECHO:
		nat64_upper_echo(upper, half, map, echo, pseudo->icmp, sum);
		break;
	case NAT64_OTHER:
		if ((half->protocol == PROTOCOL_UDP_LITE || half->protocol == PROTOCOL_DCCP) && size >= 8)
			nat64_adjust_field(upper + 6, pseudo->addresses, 0, sum);
		break;
	default:
		break;
	}
}

/* Octets behind the IP headers, for ICMPv6's pseudo header: of a fragment, those of all of them. */
static NAT64_INLINE __u32 nat64_message(const struct nat64_half *half)
{
	return half->upper == NAT64_ECHO && half->total ? half->total : half->payload;
}

static NAT64_INLINE int nat64_is_other(const struct nat64_half *half)
{
	const __u8 protocol = half->protocol;

	if (half->upper != NAT64_OTHER && half->upper != NAT64_FRAGMENT)
		return 0;
	return protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP && protocol != PROTOCOL_ICMP4 &&
	       protocol != PROTOCOL_ICMP6;
}

static NAT64_INLINE enum nat64_verdict nat64_check_other(const struct nat64_config *config,
							 const struct nat64_flow *flow)
{
	if (flow->outer.upper <= NAT64_ECHO)
		return NAT64_OK;
	if (flow->outer.upper == NAT64_ICMP_PIECE)
		return NAT64_ICMP_FRAGMENT;
	if (config->carry_other)
		return NAT64_OK;
	if (nat64_is_other(&flow->outer))
		return NAT64_UNKNOWN_L4;
	return flow->outer.upper == NAT64_ERROR && nat64_is_other(&flow->inner) ? NAT64_ICMP_INNER : NAT64_OK;
}

/* After the headers were written: the packet begins at data, from octets behind where it began, and has len octets. */
static NAT64_INLINE void nat64_packet_move(struct nat64_packet *packet, __u32 from, __u32 len)
{
	packet->data += (__s32)from;
	packet->headroom += from;
	packet->linear = nat64_min(packet->linear - from, len);
	packet->len = len;
}

#endif

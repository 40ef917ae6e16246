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

static inline void nat64_adjust_field(__u8 *at, __u64 pseudo, __u64 message, __u8 sum)
{
	nat64_put16(at, nat64_adjust(nat64_get16(at), pseudo, message, sum));
}

/* Writes the new ports; returns the difference. */
static inline __u64 nat64_upper_ports(__u8 *upper, const struct nat64_half *half, const struct nat64_map_half *map)
{
	nat64_put16(upper, map->source_port);
	nat64_put16(upper + 2, map->destination_port);
	return nat64_sum16(map->source_port) + nat64_sum16(map->destination_port) + nat64_minus16(half->source_port) +
	       nat64_minus16(half->destination_port);
}

static inline void nat64_upper_echo(__u8 *icmp, const struct nat64_half *half, const struct nat64_map_half *map,
				    __u8 type, __u64 pseudo, __u8 sum)
{
	__u64 message =
		nat64_minus16(nat64_get16(icmp)) + nat64_minus16(half->source_port) + nat64_sum16(map->source_port);

	icmp[0] = type;
	message += nat64_sum16(nat64_get16(icmp));
	nat64_put16(icmp + 4, map->source_port);
	nat64_adjust_field(icmp + 2, pseudo, message, sum);
}

/*
 * upper: the header, of which size octets are there: all of it, or 8 or more of a quoted one (then its checksum may be missing). echo: the new
 * type. UDP-Lite and DCCP have their checksums where UDP has; other protocols have none over addresses.
 */
static inline void nat64_upper(__u8 *upper, __u32 size, const struct nat64_half *half, const struct nat64_map_half *map,
			       const struct nat64_pseudo *pseudo, __u8 echo, __u8 sum)
{
	__u64 message;

	switch (half->upper) {
	case NAT64_TCP:
		message = nat64_upper_ports(upper, half, map);
		if (size >= 18)
			nat64_adjust_field(upper + 16, pseudo->addresses, message, sum);
		break;
	case NAT64_UDP:
		message = nat64_upper_ports(upper, half, map);
		if (half->flags & NAT64_F_UDP_ZERO)
			break;
		nat64_adjust_field(upper + 6, pseudo->addresses, message, sum);
		if (!nat64_get16(upper + 6) && sum == NAT64_SUM_FULL)
			nat64_put16(upper + 6, (__force __be16)0xffff); /* 0 would say that there is none */
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

static inline int nat64_is_other(const struct nat64_half *half)
{
	const __u8 protocol = half->protocol;

	if (half->upper != NAT64_OTHER && half->upper != NAT64_FRAGMENT)
		return 0;
	return protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP && protocol != PROTOCOL_ICMP4 &&
	       protocol != PROTOCOL_ICMP6;
}

static inline enum nat64_verdict nat64_check_other(const struct nat64_config *config, const struct nat64_flow *flow)
{
	if (config->carry_other)
		return NAT64_OK;
	if (nat64_is_other(&flow->outer))
		return NAT64_UNKNOWN_L4;
	return flow->outer.upper == NAT64_ERROR && nat64_is_other(&flow->inner) ? NAT64_ICMP_INNER : NAT64_OK;
}

/* After the headers were written: the packet begins at data and has len octets. */
static inline void nat64_packet_move(struct nat64_packet *packet, __u8 *data, __u32 len)
{
	const __u8 *end = packet->data + packet->linear;

	packet->headroom = (__u32)(data - (packet->data - packet->headroom));
	packet->data = data;
	packet->linear = nat64_min((__u32)(end - data), len);
	packet->len = len;
}

#endif

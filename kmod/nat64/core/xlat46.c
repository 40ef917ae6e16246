// SPDX-License-Identifier: GPL-2.0-only
/* IPv4 -> IPv6 (RFC 7915 4). */
#include "kmod/nat64/core/extension.h"
#include "kmod/nat64/core/icmp.h"
#include "kmod/nat64/core/upper.h"

/* The IPv6 header to write. */
struct header6 {
	const struct nat64_half *half;
	const struct nat64_map_half *map;
	__u32 payload; /* octets behind all IP headers */
	__u8 tos;
	__u8 hops; /* hop limit */
	__u8 fragment;
};

static __u32 header6_size(int fragment)
{
	return fragment ? IP6_HEADER + FRAGMENT_HEADER : IP6_HEADER;
}

static __u8 next_header(const struct nat64_half *half)
{
	return half->protocol == PROTOCOL_ICMP4 ? PROTOCOL_ICMP6 : half->protocol;
}

static NAT64_INLINE void write_header6(__u8 *ip, const struct header6 *header)
{
	const struct nat64_half *half = header->half;

	nat64_put_host32(ip, 0x60000000 | (__u32)header->tos << 20);
	nat64_put_host16(ip + 4, (__u16)(header->payload + (header->fragment ? FRAGMENT_HEADER : 0)));
	ip[6] = header->fragment ? PROTOCOL_FRAGMENT : next_header(half);
	ip[7] = header->hops;
	NAT64_COPY(ip + 8, &header->map->source.v6, 16);
	NAT64_COPY(ip + 24, &header->map->destination.v6, 16);
	if (!header->fragment)
		return;
	ip[40] = next_header(half);
	ip[41] = 0;
	nat64_put_host16(ip + 42, half->fragment_offset | (half->flags & NAT64_F_MORE ? 1 : 0));
	nat64_put_host32(ip + 44, half->identification);
}

static NAT64_INLINE void pseudo_46(const struct nat64_half *half, const struct nat64_map_half *map, __u32 payload,
				   struct nat64_pseudo *pseudo)
{
	const __u64 new = nat64_sum_pair6(&map->source.v6, &map->destination.v6);

	pseudo->addresses = new + nat64_minus32(half->source.v4) + nat64_minus32(half->destination.v4);
	pseudo->icmp = new + nat64_sum_pseudo(payload, PROTOCOL_ICMP6);
}

static __u8 echo_46(const struct nat64_half *half)
{
	return half->type == ICMP4_ECHO ? ICMP6_ECHO : ICMP6_ECHO_REPLY;
}

static __u8 tos_46(const struct nat64_config *config, const struct nat64_half *half)
{
	return config->tos_override ? config->tos : half->tos;
}

enum nat64_verdict nat64_check_46(const struct nat64_config *config, const struct nat64_flow *flow)
{
	if (flow->outer.flags & NAT64_F_UDP_ZERO) {
		if (flow->outer.flags & NAT64_F_FRAGMENTED)
			return NAT64_UDP_ZERO_FRAGMENT;
		if (!config->amend_udp_zero)
			return NAT64_UDP_ZERO;
	}
	return nat64_check_other(config, flow);
}

/* A UDP checksum where there was none. The header has its new ports. */
static void amend_udp(__u8 *udp, const struct nat64_half *half, const struct nat64_map_half *map, __wsum payload_sum)
{
	const __u64 sum = nat64_sum_pair6(&map->source.v6, &map->destination.v6) +
			  nat64_sum_pseudo(half->udp_length, PROTOCOL_UDP) + nat64_sum_octets(udp, UDP_HEADER) +
			  (__force __u32)payload_sum;
	const __u16 check = (__u16)~nat64_fold(sum);

	nat64_put16(udp + 6, (__force __be16)(check ? check : (__u16)0xffff));
}

/* The second word of an ICMPv6 error. */
static __u32 icmp_word(const struct nat64_config *config, const struct nat64_way *way, const struct nat64_icmp *new,
		       const __u8 *message, __u16 quoted_length)
{
	switch (new->rest) {
	case NAT64_REST_POINTER:
		return new->pointer;
	case NAT64_REST_MTU:
		return nat64_mtu_46(config, way, nat64_host16(message + 6), quoted_length);
	default:
		return 0;
	}
}

NAT64_RARE enum nat64_verdict rewrite_error(const struct nat64_config *config, const struct nat64_flow *flow,
					    const struct nat64_map *map, const struct nat64_way *way,
					    struct nat64_packet *packet)
{
	const struct nat64_half *outer = &flow->outer, *inner = &flow->inner;
	const __u32 rest = outer->l4 + ICMP_HEADER + flow->quoted - inner->l4; /* quoted behind the IP header */
	const int fragment = inner->flags & NAT64_F_FRAGMENTED;
	const __u32 header = header6_size(fragment);
	const __u16 length = nat64_host16(packet->data + inner->l3 + 2);
	__u8 *message = packet->data + outer->l4, *at = packet->data + inner->l4;
	struct nat64_pseudo pseudo;
	struct nat64_tail tail;
	struct nat64_icmp new;
	__u32 word, size;
	__be16 field;
	__u64 old;

	if (outer->ttl <= way->hops)
		return NAT64_HOP_LIMIT;
	if (packet->linear < outer->l4 + outer->payload)
		return NAT64_NO_MEMORY;
	if (!nat64_icmp_46(outer->type, outer->code, message[4], &new))
		return NAT64_ICMP_TYPE;
	nat64_tail_plan(6, nat64_icmp_extended6(new.type), header, rest, flow->extension, &tail);
	if (inner->l4 + packet->headroom < IP6_HEADER + ICMP_HEADER + header + tail.padding)
		return NAT64_NO_MEMORY;
	old = nat64_sum_octets(message, outer->payload);
	field = nat64_get16(message + 2);
	word = icmp_word(config, way, &new, message, length);
	if (nat64_icmp_extended6(new.type))
		word = (__u32)tail.attribute << 24;

	pseudo_46(inner, &map->inner, length - (inner->l4 - inner->l3), &pseudo);
	nat64_upper(at, nat64_min(rest, inner->payload), inner, &map->inner, &pseudo, echo_46(inner), NAT64_SUM_FULL);
	at = nat64_tail_build(&tail, at, rest) - header;
	write_header6(at, &(struct header6){ inner, &map->inner, length - (inner->l4 - inner->l3),
					     tos_46(config, inner), inner->ttl, fragment != 0 });
	message = at - ICMP_HEADER;
	message[0] = new.type;
	message[1] = new.code;
	nat64_put16(message + 2, 0);
	nat64_put_host32(message + 4, word);
	size = ICMP_HEADER + header + tail.kept + tail.padding + tail.extension;
	pseudo_46(outer, &map->outer, size, &pseudo);
	nat64_put16(message + 2,
		    nat64_adjust(field, pseudo.icmp,
				 nat64_sum_octets(message, size) + nat64_minus(old) + nat64_sum16(field), packet->sum));
	at = message - IP6_HEADER;
	write_header6(at,
		      &(struct header6){ outer, &map->outer, size, tos_46(config, outer), outer->ttl - way->hops, 0 });
	nat64_packet_move(packet, (__u32)(at - packet->data), IP6_HEADER + size);
	return NAT64_OK;
}

/* plain: TCP or UDP without a fragment header. Compiled twice, as the parser is. */
static NAT64_INLINE enum nat64_verdict rewrite(const struct nat64_config *config, const struct nat64_flow *flow,
					       const struct nat64_map *map, const struct nat64_way *way,
					       struct nat64_packet *packet, int plain)
{
	const struct nat64_half *outer = &flow->outer;
	const int fragment = !plain && (outer->flags & NAT64_F_FRAGMENTED || way->fragment);
	const __u32 header = header6_size(fragment);
	__u8 *l4 = packet->data + outer->l4;
	struct nat64_pseudo pseudo;

	if (outer->ttl <= way->hops)
		return NAT64_HOP_LIMIT;
	if (outer->l4 + packet->headroom < header)
		return NAT64_NO_MEMORY;
	pseudo_46(outer, &map->outer, plain ? outer->payload : nat64_message(outer), &pseudo);
	if (!plain)
		nat64_upper(l4, nat64_min(outer->payload, packet->linear - outer->l4), outer, &map->outer, &pseudo,
			    echo_46(outer), packet->sum);
	else if (outer->upper == NAT64_TCP)
		nat64_upper_tcp(l4, TCP_HEADER, &map->outer, pseudo.addresses, packet->sum);
	else
		nat64_upper_udp(l4, 0, &map->outer, pseudo.addresses, packet->sum);
	if (!plain && outer->flags & NAT64_F_UDP_ZERO)
		amend_udp(l4, outer, &map->outer, way->payload_sum);
	write_header6(l4 - header, &(struct header6){ outer, &map->outer, outer->payload, tos_46(config, outer),
						      outer->ttl - way->hops, fragment != 0 });
	nat64_packet_move(packet, outer->l4 - header, header + outer->payload);
	return NAT64_OK;
}

NAT64_RARE enum nat64_verdict rewrite_rare(const struct nat64_config *config, const struct nat64_flow *flow,
					   const struct nat64_map *map, const struct nat64_way *way,
					   struct nat64_packet *packet)
{
	const enum nat64_verdict verdict = nat64_check_46(config, flow);

	if (verdict != NAT64_OK)
		return verdict;
	return flow->outer.upper == NAT64_ERROR ? rewrite_error(config, flow, map, way, packet)
						: rewrite(config, flow, map, way, packet, 0);
}

enum nat64_verdict nat64_rewrite_46(const struct nat64_config *config, const struct nat64_flow *flow,
				    const struct nat64_map *map, const struct nat64_way *way,
				    struct nat64_packet *packet)
{
	if (flow->outer.upper > NAT64_UDP || flow->outer.flags & (NAT64_F_UDP_ZERO | NAT64_F_FRAGMENTED) ||
	    way->fragment)
		return rewrite_rare(config, flow, map, way, packet);
	return rewrite(config, flow, map, way, packet, 1);
}

// SPDX-License-Identifier: GPL-2.0-only
/* IPv6 -> IPv4 (RFC 7915 5). */
#include "kmod/nat64/core/extension.h"
#include "kmod/nat64/core/icmp.h"
#include "kmod/nat64/core/upper.h"

#define DF_ABOVE 1260 /* octets; a shorter packet may be fragmented on its way (RFC 7915 5.1) */

/* The IPv4 header to write. */
struct header4 {
	const struct nat64_half *half;
	const struct nat64_map_half *map;
	__u32 payload;        /* octets behind the header */
	__u16 identification; /* unless the half has a fragment header */
	__u8 tos;
	__u8 ttl;
};

/* Identification, flags and offset, as the header's second word. */
static NAT64_INLINE __u32 fragment_word(const struct header4 *header)
{
	const struct nat64_half *half = header->half;

	if (half->flags & NAT64_F_FRAGMENTED)
		return half->identification << 16 | (half->flags & NAT64_F_MORE ? IP4_MF : 0) |
		       half->fragment_offset / 8u;
	return (__u32)header->identification << 16 | (header->payload + IP4_HEADER > DF_ABOVE ? IP4_DF : 0);
}

static NAT64_INLINE void write_header4(__u8 *ip, const struct header4 *header)
{
	const __u8 protocol = header->half->protocol == PROTOCOL_ICMP6 ? PROTOCOL_ICMP4 : header->half->protocol;
	const __be32 words[3] = {
		__cpu_to_be32(0x45000000 | (__u32)header->tos << 16 | (header->payload + IP4_HEADER)),
		__cpu_to_be32(fragment_word(header)),
		__cpu_to_be32((__u32)header->ttl << 24 | (__u32)protocol << 16),
	};
	const __be32 source = header->map->source.v4, destination = header->map->destination.v4;

	nat64_put32(ip, words[0]);
	nat64_put32(ip + 4, words[1]);
	nat64_put32(ip + 8, words[2]);
	nat64_put32(ip + 12, source);
	nat64_put32(ip + 16, destination);
	nat64_put16(ip + 10,
		    (__force __be16)(__u16)~nat64_fold(nat64_sum32(words[0]) + nat64_sum32(words[1]) +
						       nat64_sum32(words[2]) + nat64_sum_pair4(source, destination)));
}

static NAT64_INLINE void pseudo_64(const struct nat64_half *half, const struct nat64_map_half *map, __u32 payload,
				   struct nat64_pseudo *pseudo)
{
	const __u64 old = nat64_minus_pair6(&half->source.v6, &half->destination.v6);

	pseudo->addresses = nat64_sum_pair4(map->source.v4, map->destination.v4) + old;
	pseudo->icmp = old + nat64_minus(nat64_sum_pseudo(payload, PROTOCOL_ICMP6));
}

static __u8 echo_64(const struct nat64_half *half)
{
	return half->type == ICMP6_ECHO ? ICMP4_ECHO : ICMP4_ECHO_REPLY;
}

static __u8 tos_64(const struct nat64_config *config, const struct nat64_half *half)
{
	return config->tos_override ? config->tos : half->tos;
}

enum nat64_verdict nat64_check_64(const struct nat64_config *config, const struct nat64_flow *flow)
{
	return nat64_check_other(config, flow);
}

/* The second word of an ICMPv4 error. */
static __u32 icmp_word(const struct nat64_way *way, const struct nat64_icmp *new, const __u8 *message, __u8 attribute)
{
	const __u32 length = (__u32)attribute << 16;

	switch (new->rest) {
	case NAT64_REST_POINTER:
		return (__u32) new->pointer << 24 | length;
	case NAT64_REST_MTU:
		return nat64_mtu_64(way, nat64_host32(message + 4)) | length;
	default:
		return length;
	}
}

NAT64_RARE enum nat64_verdict rewrite_error(const struct nat64_config *config, const struct nat64_flow *flow,
					    const struct nat64_map *map, const struct nat64_way *way,
					    struct nat64_packet *packet)
{
	const struct nat64_half *outer = &flow->outer, *inner = &flow->inner;
	const __u32 rest = outer->l4 + ICMP_HEADER + flow->quoted - inner->l4; /* quoted behind the IP headers */
	const __u32 payload = nat64_host16(packet->data + inner->l3 + 4) - (inner->l4 - inner->l3 - IP6_HEADER);
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
	if (!nat64_icmp_64(outer->type, outer->code, nat64_host32(message + 4), &new))
		return NAT64_ICMP_TYPE;
	nat64_tail_plan(4, nat64_icmp_extended6(outer->type), IP4_HEADER, rest, flow->extension, &tail);
	old = nat64_sum_octets(message, outer->payload);
	field = nat64_get16(message + 2);
	word = icmp_word(way, &new, message, tail.attribute);

	pseudo_64(inner, &map->inner, payload, &pseudo);
	nat64_upper(at, nat64_min(rest, inner->payload), inner, &map->inner, &pseudo, echo_64(inner), NAT64_SUM_FULL);
	at = nat64_tail_build(&tail, at, rest) - IP4_HEADER;
	write_header4(at, &(struct header4){ inner, &map->inner, payload, (__u16)way->identification,
					     tos_64(config, inner), inner->ttl });
	message = at - ICMP_HEADER;
	message[0] = new.type;
	message[1] = new.code;
	nat64_put16(message + 2, 0);
	nat64_put_host32(message + 4, word);
	size = ICMP_HEADER + IP4_HEADER + tail.kept + tail.padding + tail.extension;
	pseudo_64(outer, &map->outer, outer->payload, &pseudo);
	nat64_put16(message + 2,
		    nat64_adjust(field, pseudo.icmp,
				 nat64_sum_octets(message, size) + nat64_minus(old) + nat64_sum16(field), packet->sum));
	at = message - IP4_HEADER;
	write_header4(at, &(struct header4){ outer, &map->outer, size, (__u16)way->identification,
					     tos_64(config, outer), outer->ttl - way->hops });
	nat64_packet_move(packet, (__u32)(at - packet->data), IP4_HEADER + size);
	return NAT64_OK;
}

/* plain: TCP or UDP. Compiled twice, as the parser is. */
static NAT64_INLINE enum nat64_verdict rewrite(const struct nat64_config *config, const struct nat64_flow *flow,
					       const struct nat64_map *map, const struct nat64_way *way,
					       struct nat64_packet *packet, int plain)
{
	const struct nat64_half *outer = &flow->outer;
	__u8 *l4 = packet->data + outer->l4;
	struct nat64_pseudo pseudo;

	if (outer->ttl <= way->hops)
		return NAT64_HOP_LIMIT;
	pseudo_64(outer, &map->outer, plain ? outer->payload : nat64_message(outer), &pseudo);
	if (!plain)
		nat64_upper(l4, nat64_min(outer->payload, packet->linear - outer->l4), outer, &map->outer, &pseudo,
			    echo_64(outer), packet->sum);
	else if (outer->upper == NAT64_TCP)
		nat64_upper_tcp(l4, TCP_HEADER, &map->outer, pseudo.addresses, packet->sum);
	else
		nat64_upper_udp(l4, outer->flags, &map->outer, pseudo.addresses, packet->sum);
	write_header4(l4 - IP4_HEADER,
		      &(struct header4){ outer, &map->outer, outer->payload, (__u16)way->identification,
					 tos_64(config, outer), outer->ttl - way->hops });
	nat64_packet_move(packet, outer->l4 - IP4_HEADER, IP4_HEADER + outer->payload);
	return NAT64_OK;
}

NAT64_RARE enum nat64_verdict rewrite_rare(const struct nat64_config *config, const struct nat64_flow *flow,
					   const struct nat64_map *map, const struct nat64_way *way,
					   struct nat64_packet *packet)
{
	const enum nat64_verdict verdict = nat64_check_64(config, flow);

	if (verdict != NAT64_OK)
		return verdict;
	return flow->outer.upper == NAT64_ERROR ? rewrite_error(config, flow, map, way, packet)
						: rewrite(config, flow, map, way, packet, 0);
}

enum nat64_verdict nat64_rewrite_64(const struct nat64_config *config, const struct nat64_flow *flow,
				    const struct nat64_map *map, const struct nat64_way *way,
				    struct nat64_packet *packet)
{
	if (flow->outer.upper > NAT64_UDP)
		return rewrite_rare(config, flow, map, way, packet);
	return rewrite(config, flow, map, way, packet, 1);
}

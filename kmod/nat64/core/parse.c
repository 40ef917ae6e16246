// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/core/address.h"
#include "kmod/nat64/core/extension.h"
#include "kmod/nat64/core/icmp.h"
#include "kmod/nat64/core/octets.h"
#include "kmod/nat64/core/protocol.h"

#define CHAIN_MAX 8   /* extension headers */
#define INNER_UPPER 8 /* octets of the upper-layer header that an error quotes at least (RFC 792) */
#define DATAGRAM_MAX 65535
#define IP4_PAYLOAD_MAX (DATAGRAM_MAX - IP4_HEADER)

/* What is being read: octets [0, seen) may be looked at, the packet goes on to end. */
struct view {
	const __u8 *data;
	__u32 seen;
	__u32 end;
	__u8 family;
	__u8 inner; /* quoted by an error: may be cut short anywhere behind its IP headers */
	__u8 sum;
	__u8 plain; /* TCP or UDP behind a bare IP header, or AGAIN */
};

/*
 * The parser is compiled twice: first comes one that knows only TCP and UDP without extension headers and options, calls nothing and keeps all
 * in registers; what it leaves is parsed by the whole one, from the beginning.
 */
#define AGAIN NAT64_VERDICT_COUNT

static NAT64_INLINE int is_plain(__u8 protocol)
{
	return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP;
}

/* size octets at may be read. at is never beyond end. */
static NAT64_INLINE int readable(const struct view *view, __u32 at, __u32 size)
{
	return at <= view->seen && view->seen - at >= size;
}

/* size octets of the upper-layer header may be read. */
static NAT64_INLINE int upper_readable(const struct view *view, const struct nat64_half *half, __u32 size)
{
	return half->payload >= size && readable(view, half->l4, size);
}

static NAT64_INLINE int is_fragment(const struct nat64_half *half)
{
	return (half->flags & (NAT64_F_FRAGMENTED | NAT64_F_ATOMIC)) == NAT64_F_FRAGMENTED;
}

/* size octets are not there: not in a first fragment, which has to have them (RFC 7112), not in the packet, or not in what is linear. */
static NAT64_INLINE enum nat64_verdict missing(const struct nat64_half *half, __u32 size)
{
	return is_fragment(half) && half->payload < size ? NAT64_TINY_FRAGMENT : NAT64_TRUNCATED;
}

/* What most packets do not have, side by side. */
static NAT64_INLINE void clear(struct nat64_half *half, __u32 at)
{
	half->identification = 0;
	half->l3 = (__u16)at;
	half->fragment_header = 0;
	half->fragment_offset = 0;
	half->type = 0;
	half->code = 0;
	half->flags = 0;
	half->udp_length = 0;
	half->source_port = half->destination_port = 0;
}

/* ---- upper layers ------------------------------------------------------------------------------ */

static NAT64_INLINE enum nat64_verdict parse_tcp(const struct view *view, struct nat64_half *half)
{
	const __u8 *tcp = view->data + half->l4;
	__u32 size = view->inner ? INNER_UPPER : TCP_HEADER;

	half->upper = NAT64_TCP;
	if (!upper_readable(view, half, size))
		return missing(half, size);
	half->source_port = nat64_get16(tcp);
	half->destination_port = nat64_get16(tcp + 2);
	if (view->inner)
		return NAT64_OK;
	size = (tcp[12] >> 4) * 4u;
	if (size < TCP_HEADER)
		return NAT64_BAD_L4;
	if (size > half->payload)
		return is_fragment(half) ? NAT64_TINY_FRAGMENT : NAT64_BAD_L4;
	return NAT64_OK;
}

static NAT64_INLINE enum nat64_verdict parse_udp(const struct view *view, struct nat64_half *half)
{
	const __u8 *udp = view->data + half->l4;

	half->upper = NAT64_UDP;
	if (!upper_readable(view, half, UDP_HEADER))
		return missing(half, UDP_HEADER);
	half->source_port = nat64_get16(udp);
	half->destination_port = nat64_get16(udp + 2);
	if (!nat64_get16(udp + 6) && view->sum == NAT64_SUM_FULL)
		half->flags |= NAT64_F_UDP_ZERO;
	if (view->inner)
		return NAT64_OK;
	half->udp_length = nat64_host16(udp + 4);
	if (half->udp_length < UDP_HEADER || (half->udp_length > half->payload && !is_fragment(half)))
		return NAT64_BAD_L4;
	return NAT64_OK;
}

static int is_echo(const struct view *view, __u8 type)
{
	if (view->family == 4)
		return type == ICMP4_ECHO || type == ICMP4_ECHO_REPLY;
	return type == ICMP6_ECHO || type == ICMP6_ECHO_REPLY;
}

static int is_error(const struct view *view, __u8 type)
{
	if (view->family == 4) /* source quench and redirect are errors too, but are never translated */
		return type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER ||
		       type == 4 || type == 5;
	return type < 128;
}

static enum nat64_verdict parse_icmp(const struct view *view, struct nat64_half *half)
{
	const __u8 *icmp = view->data + half->l4;
	struct nat64_icmp new;
	int known;

	if (!upper_readable(view, half, ICMP_HEADER))
		return view->inner ? NAT64_TRUNCATED : missing(half, ICMP_HEADER);
	half->type = icmp[0];
	half->code = icmp[1];
	half->total = 0;
	if (is_fragment(half) && !view->inner) {
		half->upper = NAT64_ICMP_PIECE;
		half->source_port = half->destination_port = is_echo(view, half->type) ? nat64_get16(icmp + 4)
										       : (__force __be16)0;
		return NAT64_OK;
	}
	if (is_echo(view, half->type)) {
		half->upper = NAT64_ECHO;
		half->source_port = half->destination_port = nat64_get16(icmp + 4);
		return NAT64_OK;
	}
	if (view->inner)
		return is_error(view, half->type) ? NAT64_ICMP_INNER_ERROR : NAT64_ICMP_INNER;
	half->upper = NAT64_ERROR;
	if (view->family == 4)
		known = nat64_icmp_46(half->type, half->code, icmp[4], &new);
	else
		known = nat64_icmp_64(half->type, half->code, nat64_host32(icmp + 4), &new);
	return known ? NAT64_OK : NAT64_ICMP_TYPE;
}

/* half's IP fields are all there; half->l4 and half->payload lie within the packet. */
static NAT64_INLINE enum nat64_verdict parse_upper(const struct view *view, struct nat64_half *half)
{
	const __u8 icmp = view->family == 4 ? PROTOCOL_ICMP4 : PROTOCOL_ICMP6;

	if (!view->plain && half->fragment_offset) {
		half->upper = half->protocol == icmp && !view->inner ? NAT64_ICMP_PIECE : NAT64_FRAGMENT;
		return NAT64_OK;
	}
	if (half->protocol == PROTOCOL_UDP)
		return parse_udp(view, half);
	if (view->plain || half->protocol == PROTOCOL_TCP)
		return parse_tcp(view, half);
	if (half->protocol == icmp)
		return parse_icmp(view, half);
	half->upper = NAT64_OTHER;
	/* Their checksums have to be in reach, if they are there. */
	if ((half->protocol == PROTOCOL_UDP_LITE || half->protocol == PROTOCOL_DCCP) && half->payload >= UDP_HEADER &&
	    !readable(view, half->l4, UDP_HEADER))
		return NAT64_TRUNCATED;
	return NAT64_OK;
}

/* ---- IPv4 -------------------------------------------------------------------------------------- */

/* Loose or strict source route whose pointer is not yet behind its end. Other options, and broken ones, are ignored (RFC 7915 4.1). */
static int has_source_route(const __u8 *option, __u32 left)
{
	while (left >= 2 && option[0] != 0) {
		__u32 size = 1;

		if (option[0] != 1) {
			size = option[1];
			if (size < 2 || size > left)
				return 0;
			if ((option[0] == 131 || option[0] == 137) && size >= 3 && option[2] <= size)
				return 1;
		}
		option += size;
		left -= size;
	}
	return 0;
}

/* Protocols that the next header field would make something else of. */
static enum nat64_verdict protocol_4(__u8 protocol)
{
	switch (protocol) {
	case PROTOCOL_IGMP: /* RFC 7915 4.2 */
		return NAT64_ICMP_TYPE;
	case PROTOCOL_HOP_BY_HOP:
	case PROTOCOL_ROUTING:
	case PROTOCOL_FRAGMENT:
	case PROTOCOL_ICMP6:
	case PROTOCOL_DESTINATION:
		return NAT64_NO_NEXT_HEADER;
	default:
		return NAT64_OK;
	}
}

static NAT64_INLINE enum nat64_verdict parse_4(const struct view *view, __u32 at, struct nat64_half *half)
{
	const __u8 *ip = view->data + at;
	__u32 size, total, left = view->end - at, bits;
	enum nat64_verdict verdict;

	if (view->plain && (view->seen < IP4_HEADER + UDP_HEADER || ip[0] != 0x45 || !is_plain(ip[9]) ||
			    nat64_host16(ip + 6) & (IP4_MF | IP4_OFFSET)))
		return AGAIN;
	if (left < IP4_HEADER || !readable(view, at, IP4_HEADER))
		return NAT64_TRUNCATED;
	if (ip[0] >> 4 != 4)
		return NAT64_BAD_VERSION;
	size = (ip[0] & 15) * 4u;
	total = nat64_host16(ip + 2);
	if (size < IP4_HEADER)
		return NAT64_BAD_HEADER_LENGTH;
	if (total < size || (total > left && !view->inner))
		return NAT64_BAD_TOTAL_LENGTH;
	if (size > left || !readable(view, at, size))
		return NAT64_TRUNCATED;
	half->source.v4 = nat64_get32(ip + 12);
	half->destination.v4 = nat64_get32(ip + 16);
	half->protocol = ip[9];
	half->tos = ip[1];
	half->ttl = ip[8];
	clear(half, at);
	half->l4 = (__u16)(at + size);
	half->identification = nat64_host16(ip + 4);
	half->payload = nat64_min(total, left) - size;
	bits = nat64_host16(ip + 6);
	half->fragment_offset = (__u16)((bits & IP4_OFFSET) * 8);
	half->flags = bits & IP4_DF ? NAT64_F_DF : 0;
	if (!view->plain && bits & (IP4_MF | IP4_OFFSET)) {
		half->flags |= NAT64_F_FRAGMENTED | (bits & IP4_MF ? NAT64_F_MORE : 0);
		if (!view->inner &&
		    ((bits & IP4_MF && (total - size) % 8) || half->fragment_offset + total > DATAGRAM_MAX))
			return NAT64_BAD_FRAGMENT;
	}
	if (size > IP4_HEADER && !view->inner && has_source_route(ip + IP4_HEADER, size - IP4_HEADER))
		return NAT64_SOURCE_ROUTE;
	verdict = view->plain ? NAT64_OK : protocol_4(half->protocol);
	return verdict != NAT64_OK ? verdict : parse_upper(view, half);
}

/* ---- IPv6 -------------------------------------------------------------------------------------- */

static int is_extension(__u8 protocol)
{
	switch (protocol) {
	case PROTOCOL_HOP_BY_HOP:
	case PROTOCOL_ROUTING:
	case PROTOCOL_FRAGMENT:
	case PROTOCOL_AH:
	case PROTOCOL_DESTINATION:
	case PROTOCOL_MOBILITY:
	case PROTOCOL_HIP:
	case PROTOCOL_SHIM6:
		return 1;
	default:
		return 0;
	}
}

static enum nat64_verdict parse_fragment_header(const struct view *view, __u32 at, __u32 end, struct nat64_half *half)
{
	const __u8 *header = view->data + at;
	const __u32 bits = nat64_host16(header + 2), payload = end - at - FRAGMENT_HEADER;

	half->fragment_header = (__u16)at;
	half->fragment_offset = (__u16)(bits & ~7u);
	half->identification = nat64_host32(header + 4);
	half->flags |= NAT64_F_FRAGMENTED | (bits & 1 ? NAT64_F_MORE : 0);
	if (!(bits & ~6u))
		half->flags |= NAT64_F_ATOMIC;
	if (is_extension(header[0]))
		return NAT64_BAD_CHAIN;
	if (view->inner)
		return NAT64_OK;
	if ((bits & 1 && payload % 8) || half->fragment_offset + payload > DATAGRAM_MAX)
		return NAT64_BAD_FRAGMENT;
	return half->fragment_offset + payload > IP4_PAYLOAD_MAX ? NAT64_TOO_BIG_FOR_IPV4 : NAT64_OK;
}

static NAT64_INLINE int is_skipped(__u8 next)
{
	return next == PROTOCOL_HOP_BY_HOP || next == PROTOCOL_ROUTING || next == PROTOCOL_DESTINATION ||
	       next == PROTOCOL_FRAGMENT;
}

/*
 * Steps over the extension headers that have no meaning in IPv4, to the first that is carried (RFC 7915 5.1). AH and ESP are carried, as
 * protocols. half has the first, end: what the payload length, or being cut short, leaves of the packet.
 */
static enum nat64_verdict parse_chain(const struct view *view, __u32 end, struct nat64_half *half)
{
	enum nat64_verdict verdict;
	__u32 at = half->l4;
	__u8 next = half->protocol;

	for (int count = 0; is_skipped(next); count++) {
		const __u8 *header = view->data + at;
		__u32 size;

		if (count == CHAIN_MAX || (next == PROTOCOL_HOP_BY_HOP && count))
			return NAT64_BAD_CHAIN;
		if (end - at < 8 || !readable(view, at, 8))
			return NAT64_TRUNCATED;
		size = next == PROTOCOL_FRAGMENT ? FRAGMENT_HEADER : header[1] * 8u + 8;
		if (end - at < size)
			return NAT64_TRUNCATED;
		if (next == PROTOCOL_ROUTING && header[3])
			return NAT64_SOURCE_ROUTE;
		if (next == PROTOCOL_FRAGMENT) {
			verdict = parse_fragment_header(view, at, end, half);
			if (verdict != NAT64_OK)
				return verdict;
		}
		next = header[0];
		at += size;
	}
	if (at > view->seen)
		return NAT64_TRUNCATED;
	half->protocol = next;
	half->l4 = (__u16)at;
	half->payload = end - at;
	return NAT64_OK;
}

static NAT64_INLINE enum nat64_verdict parse_6(const struct view *view, __u32 at, struct nat64_half *half)
{
	const __u8 *ip = view->data + at;
	__u32 left = view->end - at, length;
	enum nat64_verdict verdict;

	if (view->plain && (view->seen < IP6_HEADER + UDP_HEADER || ip[0] >> 4 != 6 || !is_plain(ip[6])))
		return AGAIN;
	if (left < IP6_HEADER || !readable(view, at, IP6_HEADER))
		return NAT64_TRUNCATED;
	if (ip[0] >> 4 != 6)
		return NAT64_BAD_VERSION;
	left -= IP6_HEADER;
	length = nat64_host16(ip + 4);
	if (length > left && !view->inner)
		return NAT64_BAD_TOTAL_LENGTH;
	left = nat64_min(length, left);
	NAT64_COPY(&half->source.v6, ip + 8, 16);
	NAT64_COPY(&half->destination.v6, ip + 24, 16);
	half->tos = (__u8)(nat64_host16(ip) >> 4);
	half->ttl = ip[7];
	clear(half, at);
	at += IP6_HEADER;
	half->protocol = ip[6];
	half->l4 = (__u16)at;
	half->payload = left;
	if (!view->plain && is_skipped(half->protocol)) {
		verdict = parse_chain(view, at + left, half);
		if (verdict != NAT64_OK)
			return verdict;
	}
	if (!view->plain && half->protocol == PROTOCOL_ICMP4)
		return NAT64_NO_NEXT_HEADER;
	if (length - (half->l4 - at) > IP4_PAYLOAD_MAX)
		return NAT64_TOO_BIG_FOR_IPV4;
	return parse_upper(view, half);
}

__u32 nat64_segments_left(const struct nat64_packet *packet)
{
	const __u32 seen = nat64_min(packet->linear, packet->len);
	__u32 at = IP6_HEADER;
	__u8 next;

	if (seen < IP6_HEADER)
		return 0;
	next = packet->data[6];
	for (int count = 0; count < CHAIN_MAX && seen - at >= 8; count++) {
		const __u8 *header = packet->data + at;
		const __u32 size = next == PROTOCOL_FRAGMENT ? FRAGMENT_HEADER : header[1] * 8u + 8;

		if (next == PROTOCOL_ROUTING && header[3])
			return at + 3;
		if (!is_skipped(next) || size > seen - at)
			return 0;
		next = header[0];
		at += size;
	}
	return 0;
}

/* ---- both -------------------------------------------------------------------------------------- */

/* The packet that an error quotes. */
static enum nat64_verdict parse_inner(const struct nat64_packet *packet, struct nat64_flow *flow)
{
	const struct nat64_half *outer = &flow->outer;
	struct view view = {
		packet->data, nat64_min(packet->linear, packet->len), 0, flow->family, 1, NAT64_SUM_FULL, 0
	};
	const __u32 message = outer->l4, at = message + ICMP_HEADER, end = message + outer->payload;
	enum nat64_verdict verdict;

	verdict = nat64_extension_parse(packet->data + message, flow->family, outer->payload,
					nat64_min(outer->payload, view.seen - message), &flow->quoted,
					&flow->extension);
	if (verdict != NAT64_OK)
		return verdict;
	view.end = at + flow->quoted;
	view.seen = nat64_min(view.seen, view.end);
	verdict = flow->family == 4 ? parse_4(&view, at, &flow->inner) : parse_6(&view, at, &flow->inner);
	if (verdict == NAT64_OK || verdict == NAT64_ICMP_INNER_ERROR)
		return verdict;
	return verdict == NAT64_TRUNCATED && packet->linear < end ? verdict : NAT64_ICMP_INNER;
}

static NAT64_INLINE enum nat64_verdict parse_outer(const struct nat64_packet *packet, __u8 family, int plain,
						   struct nat64_flow *flow)
{
	const struct view view = {
		packet->data, nat64_min(packet->linear, packet->len), packet->len, family, 0, packet->sum, plain
	};
	enum nat64_verdict verdict;

	if (packet->len > DATAGRAM_MAX + (family == 6 ? IP6_HEADER : 0))
		return NAT64_BIG_TCP;
	flow->family = family;
	flow->hairpin = 0;
	flow->quoted = flow->extension = 0;
	verdict = family == 4 ? parse_4(&view, 0, &flow->outer) : parse_6(&view, 0, &flow->outer);
	if (verdict != NAT64_OK)
		return verdict;
	if (family == 4 ? nat64_scoped4(flow->outer.source.v4) : nat64_scoped6(&flow->outer.source.v6))
		return NAT64_SCOPE;
	return !plain && flow->outer.upper == NAT64_ERROR ? parse_inner(packet, flow) : NAT64_OK;
}

NAT64_RARE enum nat64_verdict whole_4(const struct nat64_packet *packet, struct nat64_flow *flow)
{
	return parse_outer(packet, 4, 0, flow);
}

NAT64_RARE enum nat64_verdict whole_6(const struct nat64_packet *packet, struct nat64_flow *flow)
{
	return parse_outer(packet, 6, 0, flow);
}

enum nat64_verdict nat64_parse_4(const struct nat64_packet *packet, struct nat64_flow *flow)
{
	const enum nat64_verdict verdict = parse_outer(packet, 4, 1, flow);

	return verdict == AGAIN ? whole_4(packet, flow) : verdict;
}

enum nat64_verdict nat64_parse_6(const struct nat64_packet *packet, struct nat64_flow *flow)
{
	const enum nat64_verdict verdict = parse_outer(packet, 6, 1, flow);

	return verdict == AGAIN ? whole_6(packet, flow) : verdict;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The translator's core: pure functions over header octets. No skb, clock, random number, lock or allocator; the same files are
 * compiled into nat64.ko, the unit tests and the fuzzers.
 *
 * A packet takes three steps, and the glue may stop between any two:
 *
 *	nat64_parse()		reads the headers once		-> struct nat64_flow
 *	nat64_map_*()		finds the new addresses		-> struct nat64_map	(stateful: the session table fills it)
 *	nat64_rewrite_*()	changes the octets in place
 *
 * Everything that can refuse a packet does so before the third step changes a byte, so that the glue can look up the exit route, check
 * hop limit and MTU, and send an error about the packet as its sender knows it.
 */
#ifndef OSNC_NAT64_CORE_H
#define OSNC_NAT64_CORE_H

#include <linux/types.h>

#include "kmod/nat64/core/verdict.h"

/* Layout of struct in6_addr; big endian words. */
struct nat64_in6 {
	__be32 word[4];
};

/* One address of either family. IPv4 in v4. */
union nat64_addr {
	__be32 v4;
	struct nat64_in6 v6;
};

/* RFC 6052 2.2: length is 32, 40, 48, 56, 64 or 96; 0: there is none. Host bits of address are 0. */
struct nat64_prefix6 {
	struct nat64_in6 address;
	__u8 length;
};

/* ---- the packet ------------------------------------------------------------------------------- */

/* How the upper-layer checksum stands in the packet. */
enum nat64_sum {
	NAT64_SUM_FULL,    /* complete (or to be carried over as wrong as it is) */
	NAT64_SUM_PARTIAL, /* holds the pseudo header only: hardware or the stack completes it */
};

/*
 * The linear front of a packet. The caller owns the memory and has made [data - headroom, data + linear) writable. Octets behind linear
 * are never looked at.
 *
 * linear must hold all headers: NAT64_PULL octets, or len if that is less. NAT64_TRUNCATED with linear < len means that more is worth a try.
 * To be rewritten, an ICMP error must be linear as a whole: parse, see NAT64_ERROR, pull it, parse again. headroom must be NAT64_GROWTH for
 * IPv4 -> IPv6. Octets behind the length that the IP header states are cut off by rewriting.
 */
struct nat64_packet {
	__u8 *data;     /* the IP header */
	__u32 headroom; /* octets in front of data */
	__u32 linear;   /* octets from data on */
	__u32 len;      /* the whole packet from data on */
	__u8 sum;       /* enum nat64_sum */
};

#define NAT64_PULL 256 /* IPv6 with extension headers, TCP with options */
#define NAT64_GROWTH \
	64 /* IPv6 header - IPv4 header, outer and inner, a fragment header for each, and RFC 4884 padding */

/* ---- what was parsed -------------------------------------------------------------------------- */

/* What stands behind the IP headers. */
enum nat64_upper {
	NAT64_TCP,
	NAT64_UDP,
	NAT64_ECHO,     /* ICMP echo request or reply: has an identifier */
	NAT64_ERROR,    /* ICMP error: has an inner packet */
	NAT64_FRAGMENT, /* not the first fragment: no upper-layer header here */
	NAT64_OTHER,    /* any other protocol: carried as it is by a stateless instance */
	/* A fragment of an ICMP message: refused, unless who followed the datagram makes an ECHO with a total of it, or a FRAGMENT. */
	NAT64_ICMP_PIECE,
};

enum nat64_flags {
	NAT64_F_FRAGMENTED = 1 << 0, /* more fragments, an offset, or an IPv6 fragment header at all */
	NAT64_F_MORE = 1 << 1,
	NAT64_F_DF = 1 << 2,       /* IPv4 only */
	NAT64_F_UDP_ZERO = 1 << 3, /* UDP without checksum */
	NAT64_F_ATOMIC = 1 << 4,   /* IPv6 fragment header with offset 0 and no more fragments (RFC 6946) */
};

/* One IP header and what follows it, offsets from nat64_packet.data. An inner packet of an ICMP error may be cut short. */
struct nat64_half {
	union nat64_addr source;
	union nat64_addr destination;
	__u8 protocol;      /* upper-layer protocol number as it stands there (ICMP 1, ICMPv6 58) */
	__u8 upper;         /* enum nat64_upper */
	__u8 tos;           /* IPv4 TOS or IPv6 traffic class */
	__u8 ttl;           /* or hop limit */
	__be16 source_port; /* TCP, UDP; ECHO: the identifier in both; else 0 */
	__be16 destination_port;
	__u32 payload;         /* octets behind the IP headers as the length field says, not more than are there */
	__u16 l4;              /* offset of the upper-layer header, or of a fragment's payload */
	__u16 udp_length;      /* UDP, not of an inner packet: its length field, else 0 */
	__u32 identification;  /* host order; IPv4: 16 bits */
	__u16 l3;              /* offset of the IP header */
	__u16 fragment_header; /* IPv6: offset of the fragment header; 0: none */
	__u16 fragment_offset; /* in octets */
	__u8 type, code;       /* of ICMP, else 0 */
	__u8 flags;            /* enum nat64_flags */
	/* ICMP: of an ECHO that is a first fragment, filled in by who followed the datagram: octets of the whole message. Else 0. */
	__u16 total;
};

struct nat64_flow {
	__u8 family;  /* 4 or 6 */
	__u8 hairpin; /* 0; set by the glue before nat64_map_46() of a packet for which nat64_map_64() said hairpin */
	__u16 quoted; /* ICMP error: octets of the original datagram field, RFC 4884 padding included */
	__u16 extension; /* ICMP error: octets of the RFC 4884 extension structure behind it; 0: none */
	struct nat64_half outer;
	struct nat64_half inner; /* only if outer.upper == NAT64_ERROR */
};

/*
 * Reads an IPv4 (family 4) or IPv6 (6) packet. Fills flow on NAT64_OK only; refuses what no translator may carry, whatever its configuration.
 * Source: RFC 7915 4, 5; RFC 8200 4; RFC 7112.
 */
enum nat64_verdict nat64_parse_4(const struct nat64_packet *packet, struct nat64_flow *flow);
enum nat64_verdict nat64_parse_6(const struct nat64_packet *packet, struct nat64_flow *flow);

static inline enum nat64_verdict nat64_parse(const struct nat64_packet *packet, __u8 family, struct nat64_flow *flow)
{
	return family == 4 ? nat64_parse_4(packet, flow) : nat64_parse_6(packet, flow);
}

/*
 * Offset of the Segments Left field of the first routing header that has segments left: the pointer of the Parameter Problem (type 4, code 0)
 * that an IPv6 packet refused with NAT64_SOURCE_ROUTE is answered with (RFC 7915 5.1). 0: there is none.
 */
__u32 nat64_segments_left(const struct nat64_packet *packet);

/* ---- the configuration of an instance --------------------------------------------------------- */

enum nat64_hairpin { NAT64_HAIRPIN_OFF, NAT64_HAIRPIN_SIMPLE, NAT64_HAIRPIN_INTRINSIC }; /* RFC 7757 4 */

struct nat64_eamt; /* eamt.h: immutable once built */

/* Immutable: a reload builds another and swaps the pointer. */
struct nat64_config {
	struct nat64_prefix6 pool6;
	const struct nat64_eamt *eamt; /* NULL: none */
	__u8 hairpin;                  /* enum nat64_hairpin */
	__u8 wkp_non_global;           /* 1: translate non-global IPv4 addresses within 64:ff9b::/96 all the same */
	__u8 amend_udp_zero; /* 1: compute the checksum of an unfragmented UDP datagram that has none (RFC 7915 4.5) */
	__u8 tos_override;   /* 1: tos instead of the packet's (RFC 7915 4.1, 5.1) */
	__u8 tos;
	__u8 carry_other;      /* 1: NAT64_OTHER is carried as it is */
	__u16 lowest_ipv6_mtu; /* RFC 7915 4; 1280 or more */
	__u8 plateau_count;    /* RFC 1191 7: MTUs for a Fragmentation Needed that names none, falling */
	__u16 plateaus[16];
	__be32 error_pool4[4]; /* RFC 6791: sources of ICMPv4 errors whose IPv6 source has no IPv4 representation */
	__u8 error_pool4_count;
	struct nat64_in6
		error_source6; /* the same for IPv6, all 0: none; usually unnecessary, pool6 maps any IPv4 source */
};

/* ---- addresses -------------------------------------------------------------------------------- */

/* RFC 6052 2.3: embeds v4 in the prefix (length valid). */
void nat64_embed(const struct nat64_prefix6 *prefix, __be32 v4, struct nat64_in6 *v6);
/* RFC 6052 2.3: NAT64_NOT_OURS if v6 is outside of the prefix, NAT64_BAD_SUFFIX if bits 64-71 are not 0; other suffix bits are ignored. */
enum nat64_verdict nat64_extract(const struct nat64_prefix6 *prefix, const struct nat64_in6 *v6, __be32 *v4);
/* RFC 6052 3.1 and the IANA special-purpose registry (RFC 6890): 1 if v4 must not be represented in 64:ff9b::/96. */
int nat64_non_global4(__be32 v4);

/* ---- the new addresses ------------------------------------------------------------------------ */

/* What a half gets. Ports are those the half already has if it has none or keeps them. */
struct nat64_map_half {
	union nat64_addr source;
	union nat64_addr destination;
	__be16 source_port;
	__be16 destination_port;
};

struct nat64_map {
	struct nat64_map_half outer;
	struct nat64_map_half inner; /* of an ICMP error */
	__u8 hairpin; /* the result must be translated back at once (RFC 7757 4.2 intrinsic, or simple's return to us) */
	/* The IPv4 destination is in no EAMT entry, only pool6 represents it. Set by nat64_map_46(), unless that says NAT64_NOT_OURS. */
	__u8 embedded;
};

/*
 * 1 if a stateless instance translates packets to this destination: the first question about any packet, before it is parsed. IPv4: an
 * EAMT entry or, as pool6 can represent any address, anything that may leave its link. The glue asks for local destinations first.
 */
int nat64_covers_4(const struct nat64_config *config, __be32 destination);
int nat64_covers_6(const struct nat64_config *config, const struct nat64_in6 *destination);

/* The stateless mapping (RFC 7915 with 6052, 7757, 6791). map is whole on NAT64_OK only. error_hash picks one of a 6791 pool. */
enum nat64_verdict nat64_map_46(const struct nat64_config *config, const struct nat64_flow *flow, __u32 error_hash,
				struct nat64_map *map);
enum nat64_verdict nat64_map_64(const struct nat64_config *config, const struct nat64_flow *flow, __u32 error_hash,
				struct nat64_map *map);

/* ---- rewriting -------------------------------------------------------------------------------- */

/* What the glue knows of the way out. */
struct nat64_way {
	__u32 mtu_in;  /* MTU of the next hop towards the source family's side, for ICMP MTU arithmetic; 0: unknown */
	__u32 mtu_out; /* MTU of the next hop in the other family; 0: unknown */
	__u32 identification; /* for an IPv4 header that needs one and has none to carry over (RFC 7915 5.1); only 16 bits count */
	/*
	 * 4 -> 6, NAT64_F_UDP_ZERO and amend_udp_zero only: csum_partial() of the udp_length - 8 octets from flow->outer.l4 + 8 on, which may
	 * lie behind linear. A fragment has fewer: ask nat64_check_46() first, it refuses those.
	 */
	__wsum payload_sum;
	__u8 hops; /* what hop limit falls by: 0 where the stack's forwarding takes one off behind us, else 1 */
	__u8 fragment; /* 4 -> 6: 1: put a fragment header in even if the packet is whole (the glue will fragment behind us);
			  ignored for ICMP errors, which get no longer than 1280 octets */
};

/* 1 if rewriting cannot fail for this flow; else the verdict it would end with. Lets glue decide before it makes the packet writable. */
enum nat64_verdict nat64_check_46(const struct nat64_config *config, const struct nat64_flow *flow);
enum nat64_verdict nat64_check_64(const struct nat64_config *config, const struct nat64_flow *flow);

/*
 * Changes the packet in place: data, headroom, linear and len move with the headers, the payload stays where it is (but for the tail of an
 * ICMP error, RFC 4884). On anything but NAT64_OK the octets are as they were. flow must be nat64_parse()'s of these octets. Behind flow->outer.l4
 * it writes: TCP 18 octets, UDP, ECHO and OTHER 8, ERROR all, FRAGMENT none.
 */
enum nat64_verdict nat64_rewrite_46(const struct nat64_config *config, const struct nat64_flow *flow,
				    const struct nat64_map *map, const struct nat64_way *way,
				    struct nat64_packet *packet);
enum nat64_verdict nat64_rewrite_64(const struct nat64_config *config, const struct nat64_flow *flow,
				    const struct nat64_map *map, const struct nat64_way *way,
				    struct nat64_packet *packet);

/*
 * Lowers the MSS option of a TCP SYN to at most mss (host order), checksum kept right; packet is of either family, flow of these octets (so: before
 * they are rewritten). Only what is linear is looked at. 1 if it was changed.
 */
int nat64_clamp_mss(const struct nat64_flow *flow, struct nat64_packet *packet, __u16 mss);

#endif

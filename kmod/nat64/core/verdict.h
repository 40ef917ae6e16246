/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a packet was not translated: one list for the enum, the counters, the tracepoint, nat64ctl and the manual.
 *
 *	X(NAME, "counter", "what it means")
 *
 * Append only: the numbers are part of the netlink interface.
 */
#ifndef OSNC_NAT64_CORE_VERDICT_H
#define OSNC_NAT64_CORE_VERDICT_H

/* clang-format off */
#define NAT64_VERDICTS(X) \
	X(OK,                  "translated",          "translated") \
	X(NOT_OURS,            "not_ours",            "no prefix, EAMT entry or pool of the instance covers it: left to the stack") \
	/* the IPv4 or IPv6 header (RFC 791, RFC 8200) */ \
	X(TRUNCATED,           "truncated",           "a header ends behind the end of the packet") \
	X(BAD_VERSION,         "bad_version",         "the version field is not that of the protocol it came by") \
	X(BAD_HEADER_LENGTH,   "bad_header_length",   "an IPv4 header length or an extension header length that cannot be") \
	X(BAD_TOTAL_LENGTH,    "bad_total_length",    "the length field is greater than the packet, or less than its headers") \
	X(BAD_CHAIN,           "bad_chain",           "more than 8 IPv6 extension headers, hop-by-hop options not in front, or an extension header behind a fragment header (RFC 7915 5.1.1)") \
	X(SOURCE_ROUTE,        "source_route",        "an unexpired IPv4 source route (RFC 7915 4.1) or a routing header with segments left (5.1)") \
	X(NO_NEXT_HEADER,      "no_next_header",      "a protocol number that means another thing in the other family: ICMPv6 or IPv6 extension headers in IPv4, ICMPv4 in IPv6") \
	/* fragments */ \
	X(BAD_FRAGMENT,        "bad_fragment",        "a fragment whose length is not a multiple of 8, or that ends behind 65535 (RFC 791, RFC 8200 4.5)") \
	X(TINY_FRAGMENT,       "tiny_fragment",       "a first fragment without its whole upper-layer header (RFC 7112)") \
	X(ICMP_FRAGMENT,       "icmp_fragment",       "a fragment of an ICMP message: its checksum cannot be carried over (RFC 7915 1.2), but for an echo by a stateful instance") \
	X(UDP_ZERO_FRAGMENT,   "udp_zero_fragment",   "a fragment of an IPv4 UDP datagram without checksum (RFC 7915 4.5)") \
	X(UDP_ZERO,            "udp_zero",            "an IPv4 UDP datagram without checksum while amend-udp-checksum-zero is off") \
	X(TOO_BIG_FOR_IPV4,    "too_big_for_ipv4",    "an IPv6 datagram of more octets than an IPv4 one can have") \
	X(BIG_TCP,             "big_tcp",             "a packet over 65535 octets that could not be segmented") \
	/* addresses (RFC 6052, RFC 7757) */ \
	X(BAD_SUFFIX,          "bad_suffix",          "bits 64 to 71 of an IPv4-embedded address are not zero (RFC 6052 2.2)") \
	X(WKP_NON_GLOBAL,      "wkp_non_global",      "a non-global IPv4 address within 64:ff9b::/96 (RFC 6052 3.1)") \
	X(SOURCE_UNMAPPED,     "source_unmapped",     "the source has no representation in the other family") \
	X(DESTINATION_UNMAPPED, "destination_unmapped", "the destination has no representation in the other family") \
	X(SCOPE,               "scope",               "a source, or a destination within the prefix, that must not leave its link or host (loopback, link-local, multicast, broadcast, unspecified)") \
	/* upper layers */ \
	X(BAD_L4,              "bad_l4",              "an upper-layer header with lengths that cannot be") \
	X(UNKNOWN_L4,          "unknown_l4",          "an upper-layer protocol that the instance does not carry (RFC 6146 3)") \
	/* ICMP (RFC 7915 4.2, 4.3, 5.2, 5.3) */ \
	X(ICMP_TYPE,           "icmp_type",           "an ICMP message that has no translation: silently dropped by RFC 7915 4.2 or 5.2") \
	X(ICMP_INNER,          "icmp_inner",          "an ICMP error whose inner packet cannot be translated") \
	X(ICMP_INNER_ERROR,    "icmp_inner_error",    "an ICMP error about an ICMP error (RFC 7915 4.3)") \
	X(ICMP_EXTENSION,      "icmp_extension",      "an ICMP extension structure that is malformed (RFC 4884 4)") \
	/* the way out, found before a byte is changed */ \
	X(HOP_LIMIT,           "hop_limit",           "the hop limit ends here: Time Exceeded was sent in the sender's family") \
	X(PACKET_TOO_BIG,      "packet_too_big",      "longer than the path takes: Packet Too Big or Fragmentation Needed was sent") \
	X(NO_ROUTE,            "no_route",            "no route in the other family: Destination Unreachable was sent") \
	X(LOOP,                "loop",                "translated more often than a hairpin needs") \
	X(NO_MEMORY,           "no_memory",           "no memory for headroom, a copy of a shared packet or a session") \
	/* the session table (RFC 6146) */ \
	X(NO_MAPPING,          "no_mapping",          "nothing is mapped to this pool address and port") \
	X(NO_SESSION,          "no_session",          "a TCP packet from IPv6 that opens no connection and belongs to none (RFC 6146 3.5.2.2)") \
	X(FILTERED,            "filtered",            "address-dependent filtering: the mapping's owner has sent nothing to this address (RFC 4787 5)") \
	X(SYN_HELD,            "syn_held",            "a SYN from IPv4 that nobody asked for: kept for a simultaneous open (RFC 5382 REQ-4), or dropped as too many are kept") \
	X(POOL_EXHAUSTED,      "pool_exhausted",      "no free port block in the pool, or none with the packet's mark") \
	X(SUBSCRIBER_PORTS,    "subscriber_ports",    "the subscriber has used up the port blocks that it may have (RFC 6888 REQ-4)") \
	X(SUBSCRIBER_SESSIONS, "subscriber_sessions", "the subscriber has as many sessions as it may have (RFC 6888 REQ-4, REQ-5)") \
	X(SESSION_LIMIT,       "session_limit",       "the instance or the namespace has as many sessions as it may have") \
	X(FRAGMENT_UNKNOWN,    "fragment_unknown",    "a fragment whose first fragment did not come in time") \
	/* the glue's own */ \
	X(FORWARDING_OFF,      "forwarding_off",      "the device it came by or its namespace does not forward both families") \
	X(LRO,                 "lro",                 "put together by large receive offload, which a router must not have on") \
	X(XFRM,                "xfrm",                "an IPsec policy forbids it") \
	X(UNCONFIRMED,         "unconfirmed",         "conntrack refused to confirm its flow") \
	/* fragments on their way through a session table (RFC 6146 3.4) */ \
	X(FRAGMENT_HELD,       "fragment_held",       "a fragment that came before the first one of its datagram: kept for it") \
	X(FRAGMENT_OVERLAP,    "fragment_overlap",    "a fragment that came twice; or fragments of a datagram overlap, or have too many gaps (RFC 5722): the rest of it is dropped") \
	X(FRAGMENT_LIMIT,      "fragment_limit",      "too many fragmented datagrams, or too many fragments that wait for their first one") \
	/* FTP control connections (RFC 6384) */ \
	X(FTP_REORDERED,       "ftp_reordered",       "a segment of an FTP control connection that overtook another: its sender repeats it") \
	X(FTP_CHECKSUM,        "ftp_checksum",        "a segment of an FTP control connection whose checksum is wrong: it cannot be read") \
	X(FTP_FRAGMENT,        "ftp_fragment",        "a fragment of a segment of an FTP control connection: it cannot be read by itself")
/* clang-format on */

enum nat64_verdict {
#define X(name, counter, text) NAT64_##name,
	NAT64_VERDICTS(X)
#undef X
		NAT64_VERDICT_COUNT
};

#endif

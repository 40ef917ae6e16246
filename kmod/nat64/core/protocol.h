/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers of IANA's registries that the core compares with. */
#ifndef OSNC_NAT64_CORE_PROTOCOL_H
#define OSNC_NAT64_CORE_PROTOCOL_H

/* Protocol numbers; [x] also an IPv6 extension header type. */
enum nat64_protocol {
	PROTOCOL_HOP_BY_HOP = 0, /* x */
	PROTOCOL_ICMP4 = 1,
	PROTOCOL_IGMP = 2,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_DCCP = 33,
	PROTOCOL_ROUTING = 43,  /* x */
	PROTOCOL_FRAGMENT = 44, /* x */
	PROTOCOL_ESP = 50,      /* x */
	PROTOCOL_AH = 51,       /* x */
	PROTOCOL_ICMP6 = 58,
	PROTOCOL_DESTINATION = 60, /* x */
	PROTOCOL_MOBILITY = 135,   /* x */
	PROTOCOL_UDP_LITE = 136,
	PROTOCOL_HIP = 139,   /* x */
	PROTOCOL_SHIM6 = 140, /* x */
};

enum nat64_icmp4 {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
};

enum nat64_icmp6 {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
};

#define IP4_HEADER 20
#define IP6_HEADER 40
#define FRAGMENT_HEADER 8
#define TCP_HEADER 20
#define UDP_HEADER 8
#define ICMP_HEADER 8

/* IPv4 flags and offset, host order. */
#define IP4_DF 0x4000
#define IP4_MF 0x2000
#define IP4_OFFSET 0x1fff

#endif

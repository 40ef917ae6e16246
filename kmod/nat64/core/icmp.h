/* SPDX-License-Identifier: GPL-2.0-only */
/* What ICMP errors become (RFC 7915 4.2, 5.2). */
#ifndef OSNC_NAT64_CORE_ICMP_H
#define OSNC_NAT64_CORE_ICMP_H

#include "kmod/nat64/core/core.h"

/* What the second word of the new message holds. */
enum nat64_icmp_rest {
	NAT64_REST_UNUSED, /* 0, or the RFC 4884 length alone */
	NAT64_REST_POINTER,
	NAT64_REST_MTU,
};

struct nat64_icmp {
	__u8 type;
	__u8 code;
	__u8 rest; /* enum nat64_icmp_rest */
	__u8 pointer;
};

/* 1 and *out, or 0: the error is silently dropped. pointer: a Parameter Problem's (IPv6's has 32 bits). */
int nat64_icmp_46(__u8 type, __u8 code, __u8 pointer, struct nat64_icmp *out);
int nat64_icmp_64(__u8 type, __u8 code, __u32 pointer, struct nat64_icmp *out);

/*
 * The MTU field. mtu: the received one; length: the Total Length of the packet quoted, for a router that names no MTU (RFC 1191 5);
 * fallen below 1280 it is raised to it. IPv4's never falls below 68 (RFC 791).
 */
__u32 nat64_mtu_46(const struct nat64_config *config, const struct nat64_way *way, __u16 mtu, __u16 length);
__u16 nat64_mtu_64(const struct nat64_way *way, __u32 mtu);

/* 1 if an error of this type has RFC 4884's length attribute (RFC 4884 4). IPv4: also type 3 code 4. */
static inline int nat64_icmp_extended4(__u8 type)
{
	return type == 3 || type == 11 || type == 12;
}

static inline int nat64_icmp_extended6(__u8 type)
{
	return type == 1 || type == 3;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The explicit address mapping table (RFC 7757 3): longest prefix match in both directions over immutable sorted intervals. The memory is the
 * caller's: nat64_eamt_size() octets, any alignment that suits a __be32... of the kernel's allocators or malloc.
 */
#ifndef OSNC_NAT64_CORE_EAMT_H
#define OSNC_NAT64_CORE_EAMT_H

#include "kmod/nat64/core/core.h"

struct nat64_eam {
	__be32 v4;
	__u8 v4_length; /* 0 to 32 */
	struct nat64_in6 v6;
	__u8 v6_length; /* 0 to 128; 32 - v4_length <= 128 - v6_length (RFC 7757 3.1) */
};

/* Why a table cannot be built. */
enum nat64_eam_error {
	NAT64_EAM_OK,
	NAT64_EAM_V4_LENGTH,
	NAT64_EAM_V6_LENGTH,
	NAT64_EAM_SUFFIX,    /* more IPv4 suffix bits than IPv6 ones */
	NAT64_EAM_HOST_BITS, /* bits behind a prefix are not 0 */
	NAT64_EAM_OVERLAP4,  /* the prefix, or with overlaps forbidden a part of it, stands in another entry */
	NAT64_EAM_OVERLAP6,
};

/* Octets that a table of count entries needs. */
__u32 nat64_eamt_size(__u32 count);
/* Builds the table in memory; entries are copied. overlap 1: entries may nest (longest prefix wins, RFC 7757 3.2), equal prefixes never.
 * On failure *bad is the index of the entry that is wrong. */
enum nat64_eam_error nat64_eamt_build(void *memory, const struct nat64_eam *entries, __u32 count, int overlap,
				      __u32 *bad, struct nat64_eamt **out);
/* 1 and *v6, or 0: no entry covers it. RFC 7757 3.3.1. */
int nat64_eamt_46(const struct nat64_eamt *eamt, __be32 v4, struct nat64_in6 *v6);
/* RFC 7757 3.3.2. */
int nat64_eamt_64(const struct nat64_eamt *eamt, const struct nat64_in6 *v6, __be32 *v4);

#endif

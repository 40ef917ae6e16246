/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the EAMT: each direction is a line of 128-bit keys (an IPv4 address stands in the highest 32 bits) cut into intervals, each with the
 * entry of the longest prefix that covers it, or none. A lookup first compares the bits that all entries share, so that an address of another
 * network costs a few instructions and no call; then it takes the next few bits as an index into the intervals, and searches what is left
 * between two marks.
 */
#ifndef OSNC_NAT64_CORE_TABLE_H
#define OSNC_NAT64_CORE_TABLE_H

#include "kmod/nat64/core/core.h"
#include "kmod/nat64/core/octets.h"

struct nat64_key {
	__u64 high;
	__u64 low;
};

/* The intervals in which the keys of an index value begin and end. */
struct nat64_mark {
	__u32 first;
	__u32 last;
};

struct nat64_side {
	struct nat64_key prefix; /* what all entries have in common, and its mask */
	struct nat64_key mask;
	__be64 raw_prefix[2]; /* the same as they lie in a packet */
	__be64 raw_mask[2];
	__u32 skip;  /* its length, 127 at most */
	__u32 shift; /* 64 - bits that the index has */
	__u32 start; /* octets from the table's beginning to struct nat64_key[]: where the intervals begin */
	__u32 value; /* to __u32[]: octets to the entry of the interval, 0: none */
	__u32 mark;  /* to struct nat64_mark[] */
	__u32 count; /* intervals */
};

struct nat64_eamt {
	struct nat64_side side4;
	struct nat64_side side6;
	__u32 entries; /* octets to the entries */
};

/* 1: no entry can cover it. */
static NAT64_INLINE int nat64_eamt_far4(const struct nat64_eamt *eamt, __be32 v4)
{
	const struct nat64_side *side = &eamt->side4;

	return (__be32_to_cpu(v4) & (__u32)(side->mask.high >> 32)) != (__u32)(side->prefix.high >> 32);
}

static NAT64_INLINE int nat64_eamt_far6(const struct nat64_eamt *eamt, const struct nat64_in6 *v6)
{
	const struct nat64_side *side = &eamt->side6;
	__be64 high, low;

	NAT64_COPY(&high, &v6->word[0], 8);
	NAT64_COPY(&low, &v6->word[2], 8);
	return (((high & side->raw_mask[0]) ^ side->raw_prefix[0]) |
		((low & side->raw_mask[1]) ^ side->raw_prefix[1])) != 0;
}

/* nat64_eamt_46() and _64() of an address that is not far. */
int nat64_eamt_near_46(const struct nat64_eamt *eamt, __be32 v4, struct nat64_in6 *v6);
int nat64_eamt_near_64(const struct nat64_eamt *eamt, const struct nat64_in6 *v6, __be32 *v4);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a destination may be ours, in a few instructions whatever is configured: bitmaps over a hash of the destination's first bits, as many as
 * the shortest prefix has; one for pools, whose prefixes are short, and one for EAMT entries, whose are long. What passes is looked up in earnest;
 * what does not is left to the stack at once. This is what traffic that is not ours pays.
 */
#ifndef OSNC_NAT64_FILTER_H
#define OSNC_NAT64_FILTER_H

#include <linux/bitops.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <asm/byteorder.h>

enum nat64_filter_part { NAT64_FILTER_POOLS, NAT64_FILTER_EAMT, NAT64_FILTER_PARTS };

struct nat64_filter_map {
	unsigned long *bits; /* 1 << (64 - shift); all of the parts in one allocation that the first owns */
	u64 mask[2];         /* of an IPv6 destination, or [0] of an IPv4 one */
	u8 shift;
};

struct nat64_filter {
	struct nat64_filter_map part[NAT64_FILTER_PARTS];
};

static inline u64 nat64_filter_place(const struct nat64_filter_map *map, u64 high, u64 low)
{
	return ((high & map->mask[0]) * 0x9e3779b97f4a7c15ULL ^ (low & map->mask[1]) * 0xc2b2ae3d27d4eb4fULL) >>
	       map->shift;
}

static inline bool nat64_filter_bit(const struct nat64_filter_map *map, u64 high, u64 low)
{
	return test_bit(nat64_filter_place(map, high, low), map->bits);
}

static inline bool nat64_filter6(const struct nat64_filter *filter, const struct in6_addr *address)
{
	const u64 high = (u64)be32_to_cpu(address->s6_addr32[0]) << 32 | be32_to_cpu(address->s6_addr32[1]);
	const u64 low = (u64)be32_to_cpu(address->s6_addr32[2]) << 32 | be32_to_cpu(address->s6_addr32[3]);

	return nat64_filter_bit(&filter->part[NAT64_FILTER_POOLS], high, low) ||
	       nat64_filter_bit(&filter->part[NAT64_FILTER_EAMT], high, low);
}

static inline bool nat64_filter4(const struct nat64_filter *filter, __be32 address)
{
	const u64 high = (u64)be32_to_cpu(address) << 32;

	return nat64_filter_bit(&filter->part[NAT64_FILTER_POOLS], high, 0) ||
	       nat64_filter_bit(&filter->part[NAT64_FILTER_EAMT], high, 0);
}

/* A filter is planned (number and shortest length of the prefixes of each part), then made, then filled. */
struct nat64_filter_plan {
	u32 count[NAT64_FILTER_PARTS];
	u8 shortest[NAT64_FILTER_PARTS];
};

void nat64_filter_plan_init(struct nat64_filter_plan *plan);
void nat64_filter_plan_add(struct nat64_filter_plan *plan, enum nat64_filter_part part, u8 length);
/* 0 or -ENOMEM. */
int nat64_filter_make(struct nat64_filter *filter, const struct nat64_filter_plan *plan);
void nat64_filter_add6(struct nat64_filter *filter, enum nat64_filter_part part, const __be32 address[4]);
void nat64_filter_add4(struct nat64_filter *filter, enum nat64_filter_part part, __be32 address);
void nat64_filter_free(struct nat64_filter *filter);

#endif

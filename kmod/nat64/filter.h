/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a destination may be ours, in a dozen instructions whatever is configured: a bitmap over a hash of the destination's first bits. What
 * passes is looked up in earnest; what does not is left to the stack at once. This is what traffic that is not ours pays.
 */
#ifndef OSNC_NAT64_FILTER_H
#define OSNC_NAT64_FILTER_H

#include <linux/bitops.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <asm/byteorder.h>

struct nat64_filter {
	unsigned long *bits; /* 1 << order */
	u64 mask;            /* of the first 64 bits of an IPv6 destination, or of an IPv4 one */
	u8 shift;            /* 64 - order */
};

#define NAT64_FILTER_FACTOR 0x9e3779b97f4a7c15ULL

static inline bool nat64_filter_bit(const struct nat64_filter *filter, u64 key)
{
	return test_bit((key & filter->mask) * NAT64_FILTER_FACTOR >> filter->shift, filter->bits);
}

static inline bool nat64_filter6(const struct nat64_filter *filter, const struct in6_addr *address)
{
	return nat64_filter_bit(filter,
				(u64)be32_to_cpu(address->s6_addr32[0]) << 32 | be32_to_cpu(address->s6_addr32[1]));
}

static inline bool nat64_filter4(const struct nat64_filter *filter, __be32 address)
{
	return nat64_filter_bit(filter, be32_to_cpu(address));
}

/* A filter is planned (the shortest prefix and the number of prefixes), then made, then filled. */
struct nat64_filter_plan {
	u32 count;
	u8 shortest; /* bits; 64 (IPv6) or 32 (IPv4) to begin with */
};

void nat64_filter_plan_add(struct nat64_filter_plan *plan, u8 length);
/* width: 64 or 32. 0 or -ENOMEM. */
int nat64_filter_make(struct nat64_filter *filter, const struct nat64_filter_plan *plan, u8 width);
void nat64_filter_add6(struct nat64_filter *filter, const __be32 address[2]);
void nat64_filter_add4(struct nat64_filter *filter, __be32 address);
void nat64_filter_free(struct nat64_filter *filter);

#endif

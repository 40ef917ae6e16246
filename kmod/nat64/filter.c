// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/filter.h"

#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

/* 16 bits for a prefix: one foreign destination in 16 is looked up for nothing. */
#define BITS_PER_PREFIX 16
#define ORDER_LEAST 6
#define ORDER_MOST 20

void nat64_filter_plan_add(struct nat64_filter_plan *plan, u8 length)
{
	plan->count++;
	plan->shortest = min(plan->shortest, length);
}

int nat64_filter_make(struct nat64_filter *filter, const struct nat64_filter_plan *plan, u8 width)
{
	const u32 wanted = min_t(u32, plan->count, 1 << ORDER_MOST) * BITS_PER_PREFIX;
	const unsigned int order = clamp_t(unsigned int, order_base_2(wanted | 1), ORDER_LEAST, ORDER_MOST);
	unsigned long *bits = kvcalloc(BITS_TO_LONGS(1UL << order), sizeof(long), GFP_KERNEL_ACCOUNT);

	if (!bits)
		return -ENOMEM;
	filter->bits = bits;
	filter->shift = 64 - order;
	filter->mask = plan->shortest ? ~0ULL << (width - plan->shortest) : 0;
	return 0;
}

static void add(struct nat64_filter *filter, u64 key)
{
	__set_bit((key & filter->mask) * NAT64_FILTER_FACTOR >> filter->shift, filter->bits);
}

void nat64_filter_add6(struct nat64_filter *filter, const __be32 address[2])
{
	add(filter, (u64)be32_to_cpu(address[0]) << 32 | be32_to_cpu(address[1]));
}

void nat64_filter_add4(struct nat64_filter *filter, __be32 address)
{
	add(filter, be32_to_cpu(address));
}

void nat64_filter_free(struct nat64_filter *filter)
{
	kvfree(filter->bits);
	filter->bits = NULL;
}

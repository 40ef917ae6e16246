// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/filter.h"

#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

/* 16 bits for a prefix: one foreign destination in 16 is looked up for nothing. */
#define BITS_PER_PREFIX 16
#define ORDER_LEAST 6
#define ORDER_MOST 20

void nat64_filter_plan_init(struct nat64_filter_plan *plan)
{
	memset(plan->count, 0, sizeof(plan->count));
	memset(plan->shortest, 128, sizeof(plan->shortest));
}

void nat64_filter_plan_add(struct nat64_filter_plan *plan, enum nat64_filter_part part, u8 length)
{
	plan->count[part]++;
	plan->shortest[part] = min(plan->shortest[part], length);
}

static unsigned int order_of(u32 count)
{
	const u32 wanted = min_t(u32, count, 1 << ORDER_MOST) * BITS_PER_PREFIX;

	return clamp_t(unsigned int, order_base_2(wanted | 1), ORDER_LEAST, ORDER_MOST);
}

static u64 first_bits(unsigned int n)
{
	return n >= 64 ? ~0ULL : n ? ~0ULL << (64 - n) : 0;
}

int nat64_filter_make(struct nat64_filter *filter, const struct nat64_filter_plan *plan)
{
	unsigned long longs = 0, *bits;
	int part;

	for (part = 0; part < NAT64_FILTER_PARTS; part++)
		longs += BITS_TO_LONGS(1UL << order_of(plan->count[part]));
	bits = kvcalloc(longs, sizeof(long), GFP_KERNEL_ACCOUNT);
	if (!bits)
		return -ENOMEM;
	for (part = 0; part < NAT64_FILTER_PARTS; part++) {
		struct nat64_filter_map *map = &filter->part[part];
		const u8 shortest = plan->shortest[part];

		map->bits = bits;
		map->shift = 64 - order_of(plan->count[part]);
		map->mask[0] = first_bits(shortest);
		map->mask[1] = shortest > 64 ? first_bits(shortest - 64) : 0;
		bits += BITS_TO_LONGS(1UL << order_of(plan->count[part]));
	}
	return 0;
}

static void add(struct nat64_filter_map *map, u64 high, u64 low)
{
	__set_bit(nat64_filter_place(map, high, low), map->bits);
}

void nat64_filter_add6(struct nat64_filter *filter, enum nat64_filter_part part, const __be32 address[4])
{
	add(&filter->part[part], (u64)be32_to_cpu(address[0]) << 32 | be32_to_cpu(address[1]),
	    (u64)be32_to_cpu(address[2]) << 32 | be32_to_cpu(address[3]));
}

void nat64_filter_add4(struct nat64_filter *filter, enum nat64_filter_part part, __be32 address)
{
	add(&filter->part[part], (u64)be32_to_cpu(address) << 32, 0);
}

void nat64_filter_free(struct nat64_filter *filter)
{
	kvfree(filter->part[0].bits);
	filter->part[0].bits = NULL;
}

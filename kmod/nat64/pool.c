// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/pool.h"

static u32 last(const struct nat64_pool_line *line)
{
	return line->first + (line->addresses - 1);
}

static enum nat64_pool_error line_bad(const struct nat64_pool_line *line)
{
	if (!line->addresses || line->addresses - 1 > ~line->first)
		return NAT64_POOL_ADDRESS;
	if (!line->first_port || line->last_port < line->first_port)
		return NAT64_POOL_PORTS;
	return NAT64_POOL_OK;
}

static int overlap(const struct nat64_pool_line *a, const struct nat64_pool_line *b)
{
	return a->first <= last(b) && b->first <= last(a) && a->first_port <= b->last_port &&
	       b->first_port <= a->last_port;
}

static enum nat64_pool_error lines_bad(const struct nat64_pool_line *lines, u32 count, u32 *bad)
{
	u32 addresses = 0, i, j;

	*bad = 0;
	if (!count || count > NAT64_POOL_LINES_MAX)
		return NAT64_POOL_LINES;
	for (i = 0; i < count; i++) {
		enum nat64_pool_error error = line_bad(&lines[i]);

		*bad = i;
		if (error != NAT64_POOL_OK)
			return error;
		if (lines[i].addresses > NAT64_POOL_MAX - addresses)
			return NAT64_POOL_SIZE;
		addresses += lines[i].addresses;
		for (j = 0; j < i; j++)
			if (overlap(&lines[i], &lines[j]))
				return NAT64_POOL_OVERLAP;
	}
	return NAT64_POOL_OK;
}

/* Insertion into entries sorted by first address. */
static void place_line(struct nat64_pool *pool, const struct nat64_pool_line *line)
{
	u32 at = pool->count++;

	for (; at > 0 && pool->entries[at - 1].line.first > line->first; at--)
		pool->entries[at] = pool->entries[at - 1];
	pool->entries[at].line = *line;
}

static int entry_init(struct nat64_pool_entry *entry, u16 block_size)
{
	entry->range.first = entry->line.first_port;
	entry->range.last = entry->line.last_port;
	entry->range.size = block_size;
	entry->blocks = nat64_range_blocks(&entry->range);
	entry->words = NAT64_WORDS(entry->blocks);
	entry->taken = kvcalloc((size_t)entry->words * entry->line.addresses, sizeof(u64), GFP_KERNEL_ACCOUNT);
	entry->full = kvcalloc(NAT64_WORDS(entry->line.addresses), sizeof(u64), GFP_KERNEL_ACCOUNT);
	return entry->taken && entry->full ? 0 : -ENOMEM;
}

static void join_spans(struct nat64_pool *pool)
{
	u32 i;

	for (i = 0; i < pool->count; i++) {
		const struct nat64_pool_line *line = &pool->entries[i].line;
		struct nat64_pool_span *span = &pool->span[pool->spans];

		if (pool->spans && line->first <= span[-1].last) {
			if (span[-1].last < last(line))
				span[-1].last = last(line);
		} else {
			span->first = line->first;
			span->last = last(line);
			pool->spans++;
		}
	}
}

static int pool_init(struct nat64_pool *pool, const struct nat64_pool_line *lines, u32 count, u16 block_size)
{
	u32 i;

	pool->span = kvcalloc(count, sizeof(*pool->span), GFP_KERNEL_ACCOUNT);
	if (!pool->span)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		place_line(pool, &lines[i]);
	for (i = 0; i < count; i++) {
		if (entry_init(&pool->entries[i], block_size))
			return -ENOMEM;
		pool->blocks += pool->entries[i].blocks * pool->entries[i].line.addresses;
	}
	join_spans(pool);
	return 0;
}

enum nat64_pool_error nat64_pool_build(const struct nat64_pool_line *lines, u32 count, u16 block_size,
				       struct nat64_pool **out, u32 *bad)
{
	enum nat64_pool_error error = lines_bad(lines, count, bad);
	struct nat64_pool *pool;

	if (error != NAT64_POOL_OK)
		return error;
	pool = kvzalloc(sizeof(*pool) + count * sizeof(pool->entries[0]), GFP_KERNEL_ACCOUNT);
	if (!pool)
		return NAT64_POOL_MEMORY;
	if (pool_init(pool, lines, count, block_size)) {
		nat64_pool_free(pool);
		return NAT64_POOL_MEMORY;
	}
	*out = pool;
	return NAT64_POOL_OK;
}

void nat64_pool_free(struct nat64_pool *pool)
{
	u32 i;

	if (!pool)
		return;
	for (i = 0; i < pool->count; i++) {
		kvfree(pool->entries[i].taken);
		kvfree(pool->entries[i].full);
	}
	kvfree(pool->span);
	kvfree(pool);
}

int nat64_pool_covers(const struct nat64_pool *pool, u32 address, u16 port)
{
	u32 i;

	for (i = 0; i < pool->count; i++) {
		const struct nat64_pool_line *line = &pool->entries[i].line;

		if (address >= line->first && address <= last(line) && port >= line->first_port &&
		    port <= line->last_port)
			return 1;
	}
	return 0;
}

static u64 *blocks_of(struct nat64_pool_entry *entry, u32 index)
{
	return entry->taken + (size_t)index * entry->words;
}

static void take(struct nat64_pool *pool, struct nat64_pool_entry *entry, u32 index, u32 block,
		 struct nat64_pool_place *place)
{
	u64 *taken = blocks_of(entry, index);
	const u64 *maps[1] = { taken };

	nat64_bit_set(taken, block);
	pool->used++;
	/* The last one of the address? */
	if (nat64_bits_pick(maps, 1, entry->blocks, 0) < 0)
		nat64_bit_set(entry->full, index);
	place->entry = entry - pool->entries;
	place->address = entry->line.first + index;
	place->block = block;
}

/* A random block of one address, the index-th of its entry. */
static int take_of_address(struct nat64_pool *pool, struct nat64_pool_entry *entry, u32 index,
			   struct nat64_pool_place *place)
{
	const u64 *maps[1] = { blocks_of(entry, index) };
	int block = nat64_bits_pick(maps, 1, entry->blocks, get_random_u32());

	if (block < 0)
		return -ENOSPC;
	take(pool, entry, index, block, place);
	return 0;
}

static int take_of_entry(struct nat64_pool *pool, struct nat64_pool_entry *entry, u32 address,
			 struct nat64_pool_place *place)
{
	const u64 *maps[1] = { entry->full };
	int index;

	if (address) {
		if (address < entry->line.first || address > last(&entry->line))
			return -ENOSPC;
		index = address - entry->line.first;
	} else {
		index = nat64_bits_pick(maps, 1, entry->line.addresses, get_random_u32());
	}
	return index < 0 ? -ENOSPC : take_of_address(pool, entry, index, place);
}

/* The entry to begin with: each in proportion to its addresses, so that no address is preferred. */
static u32 random_entry(const struct nat64_pool *pool, u32 mark)
{
	u32 addresses = 0, pick, i;

	for (i = 0; i < pool->count; i++)
		if (pool->entries[i].line.mark == mark)
			addresses += pool->entries[i].line.addresses;
	pick = ((u64)get_random_u32() * addresses) >> 32;
	for (i = 0; i < pool->count; i++) {
		if (pool->entries[i].line.mark != mark)
			continue;
		if (pick < pool->entries[i].line.addresses)
			return i;
		pick -= pool->entries[i].line.addresses;
	}
	return 0;
}

int nat64_pool_take(struct nat64_pool *pool, u32 mark, u32 address, struct nat64_pool_place *place)
{
	u32 start = random_entry(pool, mark), step;

	for (step = 0; step < pool->count; step++) {
		struct nat64_pool_entry *entry = &pool->entries[(start + step) % pool->count];

		if (entry->line.mark == mark && !take_of_entry(pool, entry, address, place))
			return 0;
	}
	return -ENOSPC;
}

void nat64_pool_release(struct nat64_pool *pool, const struct nat64_pool_place *place)
{
	struct nat64_pool_entry *entry = &pool->entries[place->entry];
	u32 index = place->address - entry->line.first;

	nat64_bit_clear(blocks_of(entry, index), place->block);
	nat64_bit_clear(entry->full, index);
	pool->used--;
}

static int claim_of_entry(struct nat64_pool *pool, struct nat64_pool_entry *entry, u32 address, u16 port, u16 count,
			  struct nat64_pool_place *place)
{
	u32 index = address - entry->line.first;
	u32 block = (port - entry->range.first) / entry->range.size;

	if (nat64_range_first(&entry->range, block) != port || nat64_range_count(&entry->range, block) != count ||
	    nat64_bit(blocks_of(entry, index), block))
		return -ENOENT;
	take(pool, entry, index, block, place);
	return 0;
}

int nat64_pool_claim(struct nat64_pool *pool, u32 address, u16 port, u16 count, u32 mark,
		     struct nat64_pool_place *place)
{
	u32 i;

	for (i = 0; i < pool->count; i++) {
		const struct nat64_pool_line *line = &pool->entries[i].line;

		if (line->mark == mark && address >= line->first && address <= last(line) && port >= line->first_port &&
		    port <= line->last_port)
			return claim_of_entry(pool, &pool->entries[i], address, port, count, place);
	}
	return -ENOENT;
}

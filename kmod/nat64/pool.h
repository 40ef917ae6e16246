/* SPDX-License-Identifier: GPL-2.0-only */
/* The IPv4 addresses and ports of a stateful instance, in blocks (RFC 6888; RFC 6146 3.5.1.1). Built once; which blocks are taken changes. */
#ifndef OSNC_NAT64_POOL_H
#define OSNC_NAT64_POOL_H

#include "kmod/nat64/core/block.h"
#include "kmod/nat64/primitive.h"

/* One line of the configuration: addresses first to first + addresses - 1 (host order), each with the same ports, for packets with this mark. */
struct nat64_pool_line {
	u32 first;
	u32 addresses;
	u16 first_port, last_port;
	u32 mark;
};

enum nat64_pool_error {
	NAT64_POOL_OK,
	NAT64_POOL_LINES,   /* no line, or more than NAT64_POOL_LINES_MAX */
	NAT64_POOL_ADDRESS, /* no address, or it ends behind 255.255.255.255 */
	NAT64_POOL_PORTS,   /* port 0, or the last before the first */
	NAT64_POOL_OVERLAP, /* address and port stand in another line too */
	NAT64_POOL_SIZE,    /* more than NAT64_POOL_MAX addresses in all */
	NAT64_POOL_MEMORY,
};

#define NAT64_POOL_MAX 65536
#define NAT64_POOL_LINES_MAX 1024

struct nat64_pool_entry {
	struct nat64_pool_line line;
	struct nat64_range range;
	u32 blocks; /* of one address */
	u32 words;  /* of one address's bitmap */
	u64 *taken; /* words for each address: blocks */
	u64 *full;  /* a bit for each address */
};

/* Addresses without their ports, apart from each other. */
struct nat64_pool_span {
	u32 first, last;
};

struct nat64_pool {
	u32 spans;
	struct nat64_pool_span *span; /* rising */
	u32 count;
	u32 blocks; /* in all */
	u32 used;
	struct nat64_pool_entry entries[]; /* by first address */
};

/* A block's place in its pool. */
struct nat64_pool_place {
	u32 address; /* host order */
	u16 entry;
	u16 block;
};

/* May sleep. On failure *bad is the line that is wrong. block_size: 1 to NAT64_BLOCK_MAX. */
enum nat64_pool_error nat64_pool_build(const struct nat64_pool_line *lines, u32 count, u16 block_size,
				       struct nat64_pool **out, u32 *bad);
void nat64_pool_free(struct nat64_pool *pool);

/* 1: address (host order) is one of the pool's, with whatever port or mark. Lockless. */
static inline int nat64_pool_has(const struct nat64_pool *pool, u32 address)
{
	u32 low = 0, high = pool->spans;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (address > pool->span[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pool->spans && address >= pool->span[low].first;
}

/* 1: address and port are the pool's. Lockless. */
int nat64_pool_covers(const struct nat64_pool *pool, u32 address, u16 port);

/* The caller keeps others out. Takes a random block of a line with this mark; of this address only if it is not 0. 0 or -ENOSPC. */
int nat64_pool_take(struct nat64_pool *pool, u32 mark, u32 address, struct nat64_pool_place *place);
void nat64_pool_release(struct nat64_pool *pool, const struct nat64_pool_place *place);
/* Takes the block that begins at port and has count ports, if there is such a block and it is free: 0 or -ENOENT. */
int nat64_pool_claim(struct nat64_pool *pool, u32 address, u16 port, u16 count, u32 mark,
		     struct nat64_pool_place *place);

#endif

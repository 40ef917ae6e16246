/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Port blocks: how a range of ports falls into blocks, and which ports of a block are taken. One block serves TCP, UDP and ICMP identifiers alike.
 * Random numbers and the time (seconds, any epoch, 32 bits that may wrap) come in.
 */
#ifndef OSNC_NAT64_CORE_BLOCK_H
#define OSNC_NAT64_CORE_BLOCK_H

#include <linux/types.h>

#include "kmod/nat64/core/session.h"

#define NAT64_BLOCK_MAX 4096 /* ports */

/* ---- a bitmap of any length ------------------------------------------------------------------- */

#define NAT64_WORDS(bits) (((bits) + 63) / 64)

/*
 * The first bit, from random on and around (RFC 6056 3.3.1), that is 0 in each of count bitmaps; -1: none. bits > 0. Bits from bits on are never
 * looked at.
 */
int nat64_bits_pick(const __u64 *const *maps, int count, __u32 bits, __u32 random);

static inline int nat64_bit(const __u64 *map, __u32 bit)
{
	return map[bit / 64] >> (bit % 64) & 1;
}

static inline void nat64_bit_set(__u64 *map, __u32 bit)
{
	map[bit / 64] |= 1ULL << (bit % 64);
}

static inline void nat64_bit_clear(__u64 *map, __u32 bit)
{
	map[bit / 64] &= ~(1ULL << (bit % 64));
}

/* ---- a range of ports in blocks --------------------------------------------------------------- */

/* The ports first to last, in blocks of size; the last block is what is left. */
struct nat64_range {
	__u16 first, last;
	__u16 size;
};

static inline __u32 nat64_range_blocks(const struct nat64_range *range)
{
	return ((__u32)range->last - range->first) / range->size + 1;
}

static inline __u16 nat64_range_first(const struct nat64_range *range, __u32 block)
{
	return range->first + block * range->size;
}

/* Ports in a block. */
static inline __u16 nat64_range_count(const struct nat64_range *range, __u32 block)
{
	__u32 left = (__u32)range->last + 1 - nat64_range_first(range, block);

	return left < range->size ? left : range->size;
}

/* ---- the ports of a block --------------------------------------------------------------------- */

/*
 * A port that was given back is not given out for hold_down seconds, nor is it held for more than twice that (RFC 6888 REQ-8): it goes into the newer of
 * two bitmaps; when the older has been the older for that long, it is cleared and becomes the newer.
 */
struct nat64_ports {
	__u16 count;                /* ports in the block */
	__u16 used[NAT64_L4_COUNT]; /* how many are taken */
	__u8 newer;                 /* which of the held bitmaps */
	__u8 held;                  /* 1: one of the held bitmaps may have a bit */
	__u32 turned;               /* when the bitmaps changed places */
	__u64 words[];              /* per l4: taken, held 0, held 1 */
};

/* Octets that a block of count ports (1 to NAT64_BLOCK_MAX) needs. */
static inline __u32 nat64_ports_size(__u32 count)
{
	return sizeof(struct nat64_ports) + 3 * NAT64_L4_COUNT * NAT64_WORDS(count) * sizeof(__u64);
}

void nat64_ports_init(struct nat64_ports *ports, __u16 count, __u32 now);
/* Takes a random free port: its index in the block, or -1. */
int nat64_ports_take(struct nat64_ports *ports, enum nat64_l4 l4, __u32 random, __u32 now, __u32 hold_down);
/* Takes this one, held or not: 0, or -1 if it is taken. */
int nat64_ports_reserve(struct nat64_ports *ports, enum nat64_l4 l4, __u16 index);
/* Gives a taken port back; hold 0: it may be taken again at once (it was never used). */
void nat64_ports_release(struct nat64_ports *ports, enum nat64_l4 l4, __u16 index, __u32 now, __u32 hold_down);
/* 1: no port is taken or held: the block may go to somebody else. */
int nat64_ports_idle(struct nat64_ports *ports, __u32 now, __u32 hold_down);

#endif

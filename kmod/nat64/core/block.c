// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/core/block.h"

/* Bits that are 1 in any of the maps. */
static __u64 joined(const __u64 *const *maps, int count, __u32 word)
{
	__u64 bits = 0;
	int map;

	for (map = 0; map < count; map++)
		bits |= maps[map][word];
	return bits;
}

int nat64_bits_pick(const __u64 *const *maps, int count, __u32 bits, __u32 random)
{
	__u32 start = ((__u64)random * bits) >> 32;
	__u32 words = NAT64_WORDS(bits);
	__u32 word = start / 64;
	__u32 step;

	/* One word more than there are: the first is looked at again for the bits in front of start. */
	for (step = 0; step <= words; step++) {
		__u64 free = ~joined(maps, count, word);

		if (step == 0)
			free &= ~0ULL << (start % 64);
		if (word == words - 1 && bits % 64)
			free &= (1ULL << (bits % 64)) - 1;
		if (free)
			return word * 64 + __builtin_ctzll(free);
		word = word + 1 == words ? 0 : word + 1;
	}
	return -1;
}

static __u64 *taken(struct nat64_ports *ports, enum nat64_l4 l4)
{
	return ports->words + (__u32)l4 * 3 * NAT64_WORDS(ports->count);
}

static __u64 *held(struct nat64_ports *ports, enum nat64_l4 l4, int which)
{
	return taken(ports, l4) + (1 + which) * NAT64_WORDS(ports->count);
}

void nat64_ports_init(struct nat64_ports *ports, __u16 count, __u32 now)
{
	__u32 words = 3 * NAT64_L4_COUNT * NAT64_WORDS(count);
	__u32 word, l4;

	ports->count = count;
	ports->newer = 0;
	ports->held = 0;
	ports->turned = now;
	for (l4 = 0; l4 < NAT64_L4_COUNT; l4++)
		ports->used[l4] = 0;
	for (word = 0; word < words; word++)
		ports->words[word] = 0;
}

/* Clears one generation of all protocols and says whether the other holds anything. */
static int clear(struct nat64_ports *ports, int which)
{
	__u32 words = NAT64_WORDS(ports->count), word, l4;
	__u64 left = 0;

	for (l4 = 0; l4 < NAT64_L4_COUNT; l4++)
		for (word = 0; word < words; word++) {
			held(ports, (enum nat64_l4)l4, which)[word] = 0;
			left |= held(ports, (enum nat64_l4)l4, !which)[word];
		}
	return !!left;
}

static void turn(struct nat64_ports *ports, __u32 now, __u32 hold_down)
{
	__u32 since = now - ports->turned;

	if (!ports->held || since < hold_down)
		return;
	/* A bit is set after turn() only: those of the newer are of [turned, turned + hold_down). */
	ports->newer = !ports->newer;
	ports->turned += hold_down;
	ports->held = clear(ports, ports->newer);
	if (ports->held && since - hold_down >= hold_down) {
		ports->newer = !ports->newer;
		clear(ports, ports->newer);
		ports->held = 0;
	}
	if (!ports->held)
		ports->turned = now;
}

int nat64_ports_take(struct nat64_ports *ports, enum nat64_l4 l4, __u32 random, __u32 now, __u32 hold_down)
{
	const __u64 *maps[3];
	int index;

	if (ports->used[l4] == ports->count)
		return -1;
	turn(ports, now, hold_down);
	maps[0] = taken(ports, l4);
	maps[1] = held(ports, l4, 0);
	maps[2] = held(ports, l4, 1);
	index = nat64_bits_pick(maps, ports->held ? 3 : 1, ports->count, random);
	if (index < 0)
		return -1;
	nat64_bit_set(taken(ports, l4), index);
	ports->used[l4]++;
	return index;
}

int nat64_ports_reserve(struct nat64_ports *ports, enum nat64_l4 l4, __u16 index)
{
	if (nat64_bit(taken(ports, l4), index))
		return -1;
	nat64_bit_set(taken(ports, l4), index);
	ports->used[l4]++;
	return 0;
}

void nat64_ports_release(struct nat64_ports *ports, enum nat64_l4 l4, __u16 index, __u32 now, __u32 hold_down)
{
	nat64_bit_clear(taken(ports, l4), index);
	ports->used[l4]--;
	if (!hold_down)
		return;
	turn(ports, now, hold_down);
	if (!ports->held)
		ports->turned = now;
	nat64_bit_set(held(ports, l4, ports->newer), index);
	ports->held = 1;
}

int nat64_ports_idle(struct nat64_ports *ports, __u32 now, __u32 hold_down)
{
	__u32 l4;

	for (l4 = 0; l4 < NAT64_L4_COUNT; l4++)
		if (ports->used[l4])
			return 0;
	turn(ports, now, hold_down);
	return !ports->held;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "kmod/nat64/core/block.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define HOLD 120

static unsigned int seed;

static unsigned int random32(void)
{
	return (unsigned int)rand_r(&seed) << 17 ^ (unsigned int)rand_r(&seed);
}

static struct nat64_ports *block(unsigned int count, unsigned int now)
{
	struct nat64_ports *ports = malloc(nat64_ports_size(count));

	ck_assert_ptr_nonnull(ports);
	nat64_ports_init(ports, count, now);
	return ports;
}

START_TEST(a_range_falls_into_blocks)
{
	struct nat64_range range = { 1024, 65535, 256 };
	unsigned int block, next = 1024;

	ck_assert_uint_eq(nat64_range_blocks(&range), 252);
	for (block = 0; block < 252; block++) {
		ck_assert_uint_eq(nat64_range_first(&range, block), next);
		next += nat64_range_count(&range, block);
	}
	ck_assert_uint_eq(next, 65536);
	range = (struct nat64_range){ 5000, 5009, 4 };
	ck_assert_uint_eq(nat64_range_blocks(&range), 3);
	ck_assert_uint_eq(nat64_range_count(&range, 1), 4);
	ck_assert_uint_eq(nat64_range_first(&range, 2), 5008);
	ck_assert_uint_eq(nat64_range_count(&range, 2), 2);
	range = (struct nat64_range){ 0, 65535, 4096 };
	ck_assert_uint_eq(nat64_range_blocks(&range), 16);
	ck_assert_uint_eq(nat64_range_count(&range, 15), 4096);
	range = (struct nat64_range){ 7, 7, 64 };
	ck_assert_uint_eq(nat64_range_blocks(&range), 1);
	ck_assert_uint_eq(nat64_range_count(&range, 0), 1);
}
END_TEST

/* The slow twin: every bit by itself, from the start that the random number means. */
static int pick_slowly(const __u64 *a, const __u64 *b, unsigned int bits, unsigned int random)
{
	unsigned int start = ((__u64)random * bits) >> 32, i;

	for (i = 0; i < bits; i++) {
		unsigned int bit = (start + i) % bits;

		if (!nat64_bit(a, bit) && !nat64_bit(b, bit))
			return bit;
	}
	return -1;
}

START_TEST(picks_as_its_slow_twin)
{
	unsigned int round;

	for (round = 0; round < 20000; round++) {
		unsigned int bits = 1 + random32() % 300, fill = random32() % 5, i;
		__u64 words[2][NAT64_WORDS(300)];
		const __u64 *maps[2] = { words[0], words[1] };
		unsigned int random = random32();

		/* Garbage behind the last bit too: it must not count. */
		for (i = 0; i < 2 * NAT64_WORDS(300); i++) {
			__u64 word = (__u64)random32() << 32 | random32();

			words[i % 2][i / 2] = fill == 0 ? 0 : fill == 4 ? ~0ULL : fill == 3 ? word | ~word << 1 : word;
		}
		ck_assert_int_eq(nat64_bits_pick(maps, 2, bits, random), pick_slowly(words[0], words[1], bits, random));
	}
}
END_TEST

START_TEST(every_port_is_given_once)
{
	static const unsigned int counts[] = { 1, 2, 63, 64, 65, 256, 1000, NAT64_BLOCK_MAX };
	unsigned int i, n;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct nat64_ports *ports = block(counts[i], 0);
		char *seen = calloc(3, counts[i]);

		for (n = 0; n < 3 * counts[i]; n++) {
			int index = nat64_ports_take(ports, n % 3, random32(), 0, HOLD);

			ck_assert_int_ge(index, 0);
			ck_assert_int_lt(index, (int)counts[i]);
			ck_assert_int_eq(seen[n % 3 * counts[i] + index]++, 0);
		}
		for (n = 0; n < 3; n++)
			ck_assert_int_eq(nat64_ports_take(ports, n, random32(), 1000, HOLD), -1);
		free(seen);
		free(ports);
	}
}
END_TEST

START_TEST(a_port_given_back_is_held_down)
{
	struct nat64_ports *ports = block(1, 4294967290U);
	unsigned int now = 4294967290U, round;

	/* Across the end of the clock, many times over. */
	for (round = 0; round < 50; round++) {
		unsigned int wait;

		ck_assert_int_eq(nat64_ports_take(ports, NAT64_L4_UDP, random32(), now, HOLD), 0);
		nat64_ports_release(ports, NAT64_L4_UDP, 0, now, HOLD);
		for (wait = 0; nat64_ports_take(ports, NAT64_L4_UDP, random32(), now + wait, HOLD) < 0; wait++)
			ck_assert_uint_le(wait, 2 * HOLD);
		ck_assert_uint_ge(wait, HOLD);
		ck_assert_int_eq(nat64_ports_take(ports, NAT64_L4_TCP, random32(), now + wait, HOLD), 0);
		nat64_ports_release(ports, NAT64_L4_UDP, 0, now + wait, 0);
		nat64_ports_release(ports, NAT64_L4_TCP, 0, now + wait, 0);
		now += wait + random32() % 500;
	}
	free(ports);
}
END_TEST

START_TEST(hold_down_against_a_list_of_times)
{
	enum { COUNT = 70, ROUNDS = 100000 };
	struct nat64_ports *ports = block(COUNT, 5);
	unsigned int released[3][COUNT], now = 5, round;
	char taken[3][COUNT] = { { 0 } }, before[3][COUNT] = { { 0 } };
	unsigned int refused = 0;

	for (round = 0; round < ROUNDS; round++) {
		unsigned int l4 = random32() % 3, i;

		now += random32() % 8 ? random32() % 3 : random32() % 200;
		if (random32() % 2) {
			int index = nat64_ports_take(ports, l4, random32(), now, HOLD);

			if (index >= 0) {
				ck_assert(!taken[l4][index]);
				ck_assert(!before[l4][index] || now - released[l4][index] >= HOLD);
				taken[l4][index] = 1;
				continue;
			}
			refused++;
			for (i = 0; i < COUNT; i++)
				ck_assert(taken[l4][i] || (before[l4][i] && now - released[l4][i] <= 2 * HOLD));
		} else {
			i = random32() % COUNT;
			if (!taken[l4][i])
				continue;
			nat64_ports_release(ports, l4, i, now, HOLD);
			taken[l4][i] = 0;
			before[l4][i] = 1;
			released[l4][i] = now;
		}
	}
	ck_assert_uint_gt(refused, 100);
	free(ports);
}
END_TEST

START_TEST(a_reserved_port_is_never_given)
{
	struct nat64_ports *ports = block(4, 0);
	int n;

	ck_assert_int_eq(nat64_ports_reserve(ports, NAT64_L4_TCP, 2), 0);
	ck_assert_int_eq(nat64_ports_reserve(ports, NAT64_L4_TCP, 2), -1);
	for (n = 0; n < 3; n++)
		ck_assert_int_ne(nat64_ports_take(ports, NAT64_L4_TCP, random32(), 0, HOLD), 2);
	ck_assert_int_eq(nat64_ports_take(ports, NAT64_L4_TCP, random32(), 0, HOLD), -1);
	ck_assert_int_eq(nat64_ports_reserve(ports, NAT64_L4_UDP, 2), 0);
	free(ports);
}
END_TEST

START_TEST(a_block_is_idle_when_nothing_is_taken_or_held)
{
	struct nat64_ports *ports = block(10, 0);
	int index;

	ck_assert(nat64_ports_idle(ports, 0, HOLD));
	index = nat64_ports_take(ports, NAT64_L4_ICMP, random32(), 0, HOLD);
	ck_assert(!nat64_ports_idle(ports, 1000, HOLD));
	nat64_ports_release(ports, NAT64_L4_ICMP, index, 1000, HOLD);
	ck_assert(!nat64_ports_idle(ports, 1000, HOLD));
	ck_assert(!nat64_ports_idle(ports, 1000 + HOLD - 1, HOLD));
	ck_assert(nat64_ports_idle(ports, 1000 + 2 * HOLD, HOLD));
	index = nat64_ports_take(ports, NAT64_L4_TCP, random32(), 2000, HOLD);
	nat64_ports_release(ports, NAT64_L4_TCP, index, 2000, 0);
	ck_assert(nat64_ports_idle(ports, 2000, HOLD));
	free(ports);
}
END_TEST

/* RFC 6056: the next port must not be told from the last. Each of 64 ports comes first about as often as any other. */
START_TEST(choice_is_even)
{
	enum { COUNT = 64, ROUNDS = 64000 };
	unsigned int hits[COUNT] = { 0 }, i;

	for (i = 0; i < ROUNDS; i++) {
		struct nat64_ports *ports = block(COUNT, 0);

		hits[nat64_ports_take(ports, NAT64_L4_UDP, random32(), 0, HOLD)]++;
		free(ports);
	}
	for (i = 0; i < COUNT; i++) {
		ck_assert_uint_gt(hits[i], ROUNDS / COUNT / 2);
		ck_assert_uint_lt(hits[i], ROUNDS / COUNT * 2);
	}
}
END_TEST

int main(void)
{
	const char *given = getenv("OSNC_SEED");
	Suite *suite = suite_create("nat64_block");
	TCase *tests = tcase_create("block");
	SRunner *runner = srunner_create(suite);
	int failed;

	seed = given ? strtoul(given, NULL, 10) : 20261130;
	printf("OSNC_SEED=%u\n", seed);
	tcase_add_test(tests, a_range_falls_into_blocks);
	tcase_add_test(tests, picks_as_its_slow_twin);
	tcase_add_test(tests, every_port_is_given_once);
	tcase_add_test(tests, a_port_given_back_is_held_down);
	tcase_add_test(tests, hold_down_against_a_list_of_times);
	tcase_add_test(tests, a_reserved_port_is_never_given);
	tcase_add_test(tests, a_block_is_idle_when_nothing_is_taken_or_held);
	tcase_add_test(tests, choice_is_even);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

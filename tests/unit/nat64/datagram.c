// SPDX-License-Identifier: GPL-2.0-or-later
/* Fragments in any order: the ports of the first one for all, none twice, none for ever. */
#include "kmod/nat64/datagram.h"

#include <check.h>
#include <stdio.h>

#define LIFETIME 2

static struct nat64_datagrams *all;
static unsigned int released;

static void release(void *packet)
{
	released++;
}

static void begin(void)
{
	twin_seed(1);
	all = nat64_datagrams_new();
	ck_assert_ptr_nonnull(all);
	released = 0;
}

static void end(void)
{
	nat64_datagrams_free(all, release);
	ck_assert_uint_eq(twin_memory(), 0);
}

static struct nat64_flow fragment(unsigned int id, unsigned int offset, unsigned int length)
{
	struct nat64_flow flow = { .family = 4 };

	flow.outer.source.v4 = cpu_to_be32(0x01020304);
	flow.outer.destination.v4 = cpu_to_be32(0x05060708);
	flow.outer.protocol = 17;
	flow.outer.identification = id;
	flow.outer.fragment_offset = offset;
	flow.outer.payload = length;
	flow.outer.flags = NAT64_F_FRAGMENTED;
	flow.outer.upper = offset ? NAT64_FRAGMENT : NAT64_UDP;
	if (!offset) {
		flow.outer.source_port = cpu_to_be16(1000 + id);
		flow.outer.destination_port = cpu_to_be16(53);
	}
	return flow;
}

static void *taken[NAT64_DATAGRAM_HELD_ALL];
static unsigned int taken_count;

static void take_all(struct nat64_waiting *waiting)
{
	void *packet;

	taken_count = 0;
	while ((packet = nat64_datagram_take(all, waiting)))
		taken[taken_count++] = packet;
}

static enum nat64_verdict see(struct nat64_flow *flow, void *packet, unsigned int octets, unsigned int now)
{
	const struct nat64_arrival arrival = { packet, octets, now, LIFETIME };
	struct nat64_waiting waiting = { 77 };
	enum nat64_verdict verdict = nat64_datagram_see(all, flow, &arrival, &waiting);

	take_all(&waiting);
	return verdict;
}

static enum nat64_verdict seen(unsigned int id, unsigned int offset, unsigned int length, unsigned int now,
			       void *packet, int flags)
{
	struct nat64_flow flow = fragment(id, offset, length);
	enum nat64_verdict verdict;

	flow.outer.flags |= flags;
	verdict = see(&flow, packet, length, now);
	if (verdict == NAT64_OK) {
		ck_assert_int_eq(flow.outer.upper, NAT64_UDP);
		ck_assert_uint_eq(flow.outer.source_port, cpu_to_be16(1000 + id));
		ck_assert_uint_eq(flow.outer.destination_port, cpu_to_be16(53));
	}
	return verdict;
}

static enum nat64_verdict more(unsigned int id, unsigned int offset, unsigned int length, unsigned int now,
			       void *packet)
{
	return seen(id, offset, length, now, packet, NAT64_F_MORE);
}

static enum nat64_verdict first(unsigned int id, unsigned int length, unsigned int now)
{
	return more(id, 0, length, now, "first");
}

static enum nat64_verdict last(unsigned int id, unsigned int offset, unsigned int length, unsigned int now)
{
	return seen(id, offset, length, now, "last", 0);
}

static unsigned int sweep(unsigned int now)
{
	struct nat64_waiting waiting;

	nat64_datagrams_sweep(all, now, &waiting);
	take_all(&waiting);
	return taken_count;
}

START_TEST(in_order)
{
	begin();
	ck_assert_int_eq(first(1, 800, 10), NAT64_OK);
	ck_assert_int_eq(more(1, 800, 800, 10, NULL), NAT64_OK);
	ck_assert_int_eq(more(1, 1600, 8, 11, NULL), NAT64_OK);
	ck_assert_int_eq(more(2, 800, 800, 11, "x"), NAT64_FRAGMENT_HELD);
	end();
	ck_assert_uint_eq(released, 1);
}
END_TEST

START_TEST(the_first_comes_last)
{
	char packets[3];

	begin();
	ck_assert_int_eq(more(1, 1600, 8, 10, &packets[0]), NAT64_FRAGMENT_HELD);
	ck_assert_int_eq(more(1, 800, 800, 11, &packets[1]), NAT64_FRAGMENT_HELD);
	ck_assert_int_eq(first(1, 800, 11), NAT64_OK);
	ck_assert_uint_eq(taken_count, 2);
	ck_assert_ptr_eq(taken[0], &packets[0]);
	ck_assert_ptr_eq(taken[1], &packets[1]);
	/* They come again, and find their ports. */
	ck_assert_int_eq(more(1, 1600, 8, 11, &packets[0]), NAT64_OK);
	ck_assert_int_eq(more(1, 800, 800, 11, &packets[1]), NAT64_OK);
	end();
	ck_assert_uint_eq(released, 0);
}
END_TEST

START_TEST(overlap_ends_it)
{
	static const struct {
		unsigned int offset, length;
	} overlaps[] = { { 1592, 16 }, { 8, 4000 }, { 0, 2000 } };
	unsigned int i;

	begin();
	for (i = 0; i < sizeof(overlaps) / sizeof(overlaps[0]); i++) {
		ck_assert_int_eq(first(i, 800, 10), NAT64_OK);
		ck_assert_int_eq(more(i, 800, 800, 10, NULL), NAT64_OK);
		ck_assert_int_eq(more(i, overlaps[i].offset, overlaps[i].length, 10, NULL), NAT64_FRAGMENT_OVERLAP);
		ck_assert_int_eq(more(i, 4000, 8, 10, NULL), NAT64_FRAGMENT_OVERLAP);
		ck_assert_int_eq(first(i, 8, 10), NAT64_FRAGMENT_OVERLAP);
	}
	/* What waits is given up with it. */
	ck_assert_int_eq(more(99, 800, 800, 10, "x"), NAT64_FRAGMENT_HELD);
	ck_assert_int_eq(more(99, 1592, 16, 10, "y"), NAT64_FRAGMENT_OVERLAP);
	ck_assert_uint_eq(taken_count, 1);
	end();
}
END_TEST

/* What adds nothing is dropped, and its datagram goes on. */
START_TEST(a_copy_is_dropped)
{
	static const struct {
		unsigned int offset, length;
	} copies[] = { { 800, 800 }, { 0, 800 }, { 8, 8 }, { 792, 16 } };
	unsigned int i;

	begin();
	ck_assert_int_eq(first(1, 800, 10), NAT64_OK);
	ck_assert_int_eq(more(1, 800, 800, 10, NULL), NAT64_OK);
	for (i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
		ck_assert_int_eq(more(1, copies[i].offset, copies[i].length, 10, NULL), NAT64_FRAGMENT_OVERLAP);
	ck_assert_int_eq(more(1, 1600, 8, 10, NULL), NAT64_OK);
	end();
}
END_TEST

START_TEST(nothing_is_behind_the_last)
{
	begin();
	ck_assert_int_eq(first(1, 800, 10), NAT64_OK);
	ck_assert_int_eq(last(1, 1600, 8, 10), NAT64_OK);
	ck_assert_int_eq(more(1, 1608, 8, 10, NULL), NAT64_FRAGMENT_OVERLAP);
	ck_assert_int_eq(more(1, 800, 800, 10, NULL), NAT64_FRAGMENT_OVERLAP);
	ck_assert_int_eq(first(2, 800, 10), NAT64_OK);
	ck_assert_int_eq(more(2, 1600, 8, 10, NULL), NAT64_OK);
	ck_assert_int_eq(last(2, 800, 8, 10), NAT64_FRAGMENT_OVERLAP);
	ck_assert_int_eq(more(2, 808, 8, 10, NULL), NAT64_FRAGMENT_OVERLAP);
	end();
}
END_TEST

/* A datagram that has come as a whole takes no room: more than there is room for, one after the other. */
START_TEST(whole_ones_make_room)
{
	unsigned int i;

	begin();
	for (i = 0; i < 10 * NAT64_DATAGRAMS_MAX; i++) {
		if (i % 2)
			ck_assert_int_eq(last(i, 800, 100, 10), NAT64_FRAGMENT_HELD);
		ck_assert_int_eq(first(i, 800, 10), NAT64_OK);
		ck_assert_uint_eq(taken_count, i % 2);
		ck_assert_int_eq(last(i, 800, 100, 10), NAT64_OK);
	}
	end();
	ck_assert_uint_eq(released, 0);
}
END_TEST

static struct nat64_flow echo(unsigned int family, unsigned int offset, unsigned int length, unsigned int type)
{
	struct nat64_flow flow = fragment(1, offset, length);

	flow.family = family;
	flow.outer.protocol = family == 4 ? 1 : 58;
	flow.outer.upper = NAT64_ICMP_PIECE;
	flow.outer.type = offset ? 0 : type;
	flow.outer.source_port = flow.outer.destination_port = cpu_to_be16(offset ? 0 : 7);
	return flow;
}

/* An ICMP message goes when its first and its last fragment have come, and the first is told its length. */
START_TEST(icmp_waits_for_its_length)
{
	static const unsigned int types[][2] = { { 4, 8 }, { 4, 0 }, { 6, 128 }, { 6, 129 } };
	struct nat64_flow flow;
	unsigned int i;

	begin();
	for (i = 0; i < 4; i++) {
		flow = echo(types[i][0], 0, 800, types[i][1]);
		flow.outer.flags |= NAT64_F_MORE;
		flow.outer.identification = i;
		ck_assert_int_eq(see(&flow, "0", 8, 10), NAT64_FRAGMENT_HELD);
		flow = echo(types[i][0], 800, 800, 0);
		flow.outer.flags |= NAT64_F_MORE;
		flow.outer.identification = i;
		ck_assert_int_eq(see(&flow, "1", 8, 10), NAT64_FRAGMENT_HELD);
		flow = echo(types[i][0], 1600, 50, 0);
		flow.outer.identification = i;
		ck_assert_int_eq(see(&flow, "2", 8, 10), NAT64_OK);
		ck_assert_int_eq(flow.outer.upper, NAT64_ECHO);
		ck_assert_uint_eq(flow.outer.source_port, cpu_to_be16(7));
		ck_assert_uint_eq(taken_count, 2);
		flow = echo(types[i][0], 0, 800, types[i][1]);
		flow.outer.flags |= NAT64_F_MORE;
		flow.outer.identification = i;
		ck_assert_int_eq(see(&flow, "0", 8, 10), NAT64_OK);
		ck_assert_int_eq(flow.outer.upper, NAT64_ECHO);
		ck_assert_uint_eq(flow.outer.total, 1650);
	}
	/* of others nobody waits for the length */
	flow = echo(4, 0, 800, 3);
	flow.outer.flags |= NAT64_F_MORE;
	flow.outer.identification = 9;
	ck_assert_int_eq(see(&flow, "0", 8, 10), NAT64_OK);
	ck_assert_int_eq(flow.outer.upper, NAT64_OTHER);
	end();
}
END_TEST

START_TEST(it_is_forgotten_in_time)
{
	begin();
	ck_assert_int_eq(first(1, 800, 10), NAT64_OK);
	ck_assert_int_eq(more(1, 800, 8, 11, NULL), NAT64_OK);
	ck_assert_int_eq(more(1, 808, 8, 12, "x"), NAT64_FRAGMENT_HELD);
	ck_assert_uint_eq(sweep(13), 0);
	ck_assert_uint_eq(sweep(14), 1);
	ck_assert_uint_eq(sweep(14), 0);
	end();
	ck_assert_uint_eq(released, 0);
}
END_TEST

START_TEST(it_is_bounded)
{
	unsigned int i, held = 0, refused = 0, swept = 0;

	begin();
	for (i = 0; i < NAT64_DATAGRAM_HELD; i++)
		ck_assert_int_eq(more(1, 800 + 8 * i, 8, 10, "x"), NAT64_FRAGMENT_HELD);
	ck_assert_int_eq(more(1, 8000, 8, 10, "x"), NAT64_FRAGMENT_LIMIT);
	for (i = 2; i < 8000; i++) {
		enum nat64_verdict verdict = more(i, 800, 8, 10, "x");

		held += verdict == NAT64_FRAGMENT_HELD;
		refused += verdict == NAT64_FRAGMENT_LIMIT;
	}
	ck_assert_uint_eq(held, NAT64_DATAGRAMS_MAX - 1);
	ck_assert_uint_eq(held + refused, 7998);
	while (sweep(12))
		swept += taken_count;
	ck_assert_uint_eq(swept, held + NAT64_DATAGRAM_HELD);
	ck_assert_int_eq(first(5000, 8, 12), NAT64_OK);
	end();
	ck_assert_uint_eq(released, 0);
}
END_TEST

/* Fragments, and the memory they take, of all datagrams together. */
START_TEST(all_are_bounded)
{
	unsigned int i, held = 0;
	struct nat64_flow flow;

	begin();
	for (i = 0; i < 100 * 64; i++)
		held += more(i % 100, 800 + 8 * (i / 100), 8, 10, "x") == NAT64_FRAGMENT_HELD;
	ck_assert_uint_eq(held, NAT64_DATAGRAM_HELD_ALL);
	while (sweep(12))
		;
	for (i = 0; i < 100; i++) {
		flow = fragment(i, 800, 8);
		flow.outer.flags |= NAT64_F_MORE;
		ck_assert_int_eq(see(&flow, "x", NAT64_DATAGRAM_OCTETS / 64, 13),
				 i < 64 ? NAT64_FRAGMENT_HELD : NAT64_FRAGMENT_LIMIT);
	}
	end();
	ck_assert_uint_eq(released, 64);
}
END_TEST

/* 65,528 octets in pieces of 8, shuffled: ranges join, and more than 16 gaps at a time are too many. */
START_TEST(many_pieces)
{
	unsigned int i;

	begin();
	ck_assert_int_eq(first(1, 8, 10), NAT64_OK);
	for (i = 1; i < 8191; i++)
		ck_assert_int_eq(more(1, 8 * i, 8, 10, NULL), NAT64_OK);
	ck_assert_int_eq(first(2, 8, 10), NAT64_OK);
	for (i = 1; i < 16; i++)
		ck_assert_int_eq(more(2, 16 * i, 8, 10, NULL), NAT64_OK);
	for (i = 1; i < 16; i++)
		ck_assert_int_eq(more(2, 16 * i - 8, 8, 10, NULL), NAT64_OK);
	for (i = 1; i < 16; i++)
		ck_assert_int_eq(more(2, 1000 * i, 8, 10, NULL), NAT64_OK);
	ck_assert_int_eq(more(2, 32000, 8, 10, NULL), NAT64_FRAGMENT_OVERLAP);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_datagram");
	TCase *tests = tcase_create("datagram");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, in_order);
	tcase_add_test(tests, the_first_comes_last);
	tcase_add_test(tests, overlap_ends_it);
	tcase_add_test(tests, a_copy_is_dropped);
	tcase_add_test(tests, nothing_is_behind_the_last);
	tcase_add_test(tests, whole_ones_make_room);
	tcase_add_test(tests, icmp_waits_for_its_length);
	tcase_add_test(tests, it_is_forgotten_in_time);
	tcase_add_test(tests, it_is_bounded);
	tcase_add_test(tests, all_are_bounded);
	tcase_add_test(tests, many_pieces);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

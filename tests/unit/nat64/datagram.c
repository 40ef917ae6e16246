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

static struct nat64_waiting waiting;

static enum nat64_verdict first(unsigned int id, unsigned int length, unsigned int now)
{
	struct nat64_flow flow = fragment(id, 0, length);

	return nat64_datagram_first(all, &flow, now, LIFETIME, &waiting);
}

static enum nat64_verdict more(unsigned int id, unsigned int offset, unsigned int length, unsigned int now,
			       void *packet)
{
	struct nat64_flow flow = fragment(id, offset, length);
	struct nat64_half half = flow.outer;
	enum nat64_verdict verdict = nat64_datagram_more(all, &flow, now, LIFETIME, packet, &half, &waiting);

	if (verdict == NAT64_OK) {
		ck_assert_int_eq(half.upper, NAT64_UDP);
		ck_assert_uint_eq(half.source_port, cpu_to_be16(1000 + id));
		ck_assert_uint_eq(half.destination_port, cpu_to_be16(53));
	}
	return verdict;
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
	ck_assert_uint_eq(waiting.count, 2);
	ck_assert_ptr_eq(waiting.packet[0], &packets[0]);
	ck_assert_ptr_eq(waiting.packet[1], &packets[1]);
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
	} overlaps[] = { { 800, 8 }, { 1592, 16 }, { 792, 16 }, { 8, 8 }, { 800, 800 }, { 8, 4000 } };
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
	ck_assert_uint_eq(waiting.count, 1);
	end();
}
END_TEST

START_TEST(it_is_forgotten_in_time)
{
	begin();
	ck_assert_int_eq(first(1, 800, 10), NAT64_OK);
	ck_assert_int_eq(more(1, 800, 8, 11, NULL), NAT64_OK);
	ck_assert_int_eq(more(1, 808, 8, 12, "x"), NAT64_FRAGMENT_HELD);
	nat64_datagrams_sweep(all, 13, &waiting);
	ck_assert_uint_eq(waiting.count, 0);
	nat64_datagrams_sweep(all, 14, &waiting);
	ck_assert_uint_eq(waiting.count, 1);
	nat64_datagrams_sweep(all, 14, &waiting);
	ck_assert_uint_eq(waiting.count, 0);
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
	for (i = 2; i < 3000; i++) {
		enum nat64_verdict verdict = more(i, 800, 8, 10, "x");

		held += verdict == NAT64_FRAGMENT_HELD;
		refused += verdict == NAT64_FRAGMENT_LIMIT;
	}
	ck_assert_uint_eq(held, NAT64_DATAGRAMS_MAX - 1);
	ck_assert_uint_eq(held + refused, 2998);
	for (;;) {
		nat64_datagrams_sweep(all, 12, &waiting);
		if (!waiting.count)
			break;
		swept += waiting.count;
	}
	ck_assert_uint_eq(swept, held + NAT64_DATAGRAM_HELD);
	ck_assert_int_eq(first(5000, 8, 12), NAT64_OK);
	end();
	ck_assert_uint_eq(released, 0);
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
	tcase_add_test(tests, it_is_forgotten_in_time);
	tcase_add_test(tests, it_is_bounded);
	tcase_add_test(tests, many_pieces);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

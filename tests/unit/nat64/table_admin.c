// SPDX-License-Identifier: GPL-2.0-or-later
/* The session table under its administrator: mappings by hand, other pools, lists, shapes; and without memory. */
#include "tests/unit/nat64/world.h"

#include <check.h>
#include <stdio.h>

static struct world w;

static const struct nat64_pool_line one = { POOL + 1, 1, 1024, 65535, 0 };

static void begin(void)
{
	ck_assert_int_eq(nat64_table_module_init(), 0);
	world_defaults(&w);
}

static void create(void)
{
	ck_assert_int_eq(world_create(&w, &one, 1), 0);
}

static void end(void)
{
	world_destroy(&w);
	nat64_table_module_exit();
	ck_assert_uint_eq(twin_memory(), 0);
	ck_assert_int_eq(atomic_read(&w.share.sessions), 0);
}

#define SERVER 0x08080808

static const struct ends client = { 1, 1, SERVER, 40000, 80 };

START_TEST(mappings_by_hand)
{
	struct nat64_fixed fixed = {
		.l4 = TCP, .host = world_host(1, 5), .host_port = cpu_to_be16(22), .pool = cpu_to_be32(POOL + 1)
	};
	struct ends stranger = { 1, 5, SERVER, 22, 4444 }, owner = stranger, other = client;
	struct mapped mapped = { POOL + 1, 2022, 0 }, found;
	unsigned int i;

	begin();
	w.policy.max_blocks = 1000;
	create();
	fixed.pool_port = cpu_to_be16(80);
	ck_assert_int_eq(nat64_table_fix(w.table, &w.policy, &fixed, w.now), -ENOENT);
	fixed.pool_port = cpu_to_be16(2022);
	ck_assert_int_eq(nat64_table_unfix(w.table, &w.policy, &fixed, w.now), -ENOENT);
	ck_assert_int_eq(nat64_table_fix(w.table, &w.policy, &fixed, w.now), 0);
	ck_assert_int_eq(nat64_table_fix(w.table, &w.policy, &fixed, w.now), -EEXIST);
	ck_assert_uint_eq(w.event.fixed, 1);
	/* Reached from outside at once. */
	ck_assert_int_eq(world_4(&w, &stranger, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_int_eq(world_6(&w, &owner, TCP, SYN | ACK, &found), NAT64_OK);
	ck_assert_uint_eq(found.port, 2022);
	/* Nobody else gets the port, though all others are taken; another protocol's is free. */
	for (i = 0; i < 64512 / 64; i++) {
		unsigned int n;

		other.subscriber = 10 + i;
		for (n = 0; n < 64; n++) {
			other.port = n;
			if (world_6(&w, &other, TCP, SYN, &found) != NAT64_OK)
				break;
			ck_assert_uint_ne(found.port, 2022);
			world_pass(&w, 0);
		}
		if (n < 64)
			break;
	}
	ck_assert_uint_ge(world_counts(&w).sessions, 4096);
	nat64_table_flush(w.table, &w.policy, w.now);
	twin_quiesce();
	ck_assert_uint_eq(world_counts(&w).sessions, 0);
	ck_assert_uint_eq(world_counts(&w).bibs, 1);
	ck_assert_uint_eq(world_counts(&w).fixed, 1);
	ck_assert_int_eq(world_4(&w, &stranger, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_int_eq(nat64_table_unfix(w.table, &w.policy, &fixed, w.now), 0);
	twin_quiesce();
	ck_assert_uint_eq(world_counts(&w).sessions, 0);
	ck_assert_uint_eq(world_counts(&w).fixed, 0);
	ck_assert_int_eq(world_4(&w, &stranger, TCP, ACK, &mapped), NAT64_NO_MAPPING);
	end();
}
END_TEST

START_TEST(a_taken_port_cannot_be_fixed)
{
	struct nat64_fixed fixed = {
		.l4 = UDP, .host = world_host(9, 9), .host_port = cpu_to_be16(1), .pool = cpu_to_be32(POOL + 1)
	};
	struct mapped mapped;

	begin();
	create();
	ck_assert_int_eq(world_6(&w, &client, UDP, 0, &mapped), NAT64_OK);
	fixed.pool_port = cpu_to_be16(mapped.port);
	ck_assert_int_eq(nat64_table_fix(w.table, &w.policy, &fixed, w.now), -EEXIST);
	/* In a block that exists, and the host is mapped already. */
	fixed.pool_port = cpu_to_be16(mapped.port ^ 1);
	fixed.host = world_host(client.subscriber, client.host);
	fixed.host_port = cpu_to_be16(client.port);
	ck_assert_int_eq(nat64_table_fix(w.table, &w.policy, &fixed, w.now), -EEXIST);
	fixed.host_port = cpu_to_be16(1);
	ck_assert_int_eq(nat64_table_fix(w.table, &w.policy, &fixed, w.now), 0);
	ck_assert_int_eq(nat64_table_unfix(w.table, &w.policy, &fixed, w.now), 0);
	ck_assert_uint_eq(world_counts(&w).bibs, 1);
	end();
}
END_TEST

START_TEST(another_pool)
{
	static const struct nat64_pool_line before[] = { { POOL + 1, 2, 1024, 1024 + 639, 0 } };
	static const struct nat64_pool_line after[] = { { POOL + 2, 2, 1024, 1024 + 639, 0 } };
	struct nat64_fixed fixed = { .l4 = TCP,
				     .host = world_host(1, 5),
				     .host_port = cpu_to_be16(22),
				     .pool = cpu_to_be32(POOL + 1),
				     .pool_port = cpu_to_be16(1030) };
	struct mapped mapped[20], now;
	unsigned int i, stayed = 0;
	struct nat64_pool *pool;

	begin();
	ck_assert_int_eq(world_create(&w, before, 1), 0);
	for (i = 0; i < 20; i++) {
		struct ends ends = { i, 1, SERVER, 1000, 53 };

		ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped[i]), NAT64_OK);
	}
	ck_assert_int_eq(nat64_table_fix(w.table, &w.policy, &fixed, w.now), 0);
	pool = world_pool(&w, after, 1);
	ck_assert_int_eq(nat64_table_set_pool(w.table, &w.policy, pool, w.now), -EBUSY);
	ck_assert_int_eq(nat64_table_unfix(w.table, &w.policy, &fixed, w.now), 0);
	ck_assert_int_eq(nat64_table_set_pool(w.table, &w.policy, pool, w.now), 0);
	twin_quiesce();
	for (i = 0; i < 20; i++) {
		struct ends ends = { i, 1, SERVER, 1000, 53 };

		if (mapped[i].pool == POOL + 2) {
			stayed++;
			ck_assert_int_eq(world_4(&w, &ends, UDP, 0, &mapped[i]), NAT64_OK);
		} else {
			ck_assert_int_eq(world_4(&w, &ends, UDP, 0, &mapped[i]), NAT64_NOT_OURS);
		}
	}
	ck_assert_uint_eq(stayed, 10);
	ck_assert_uint_eq(world_counts(&w).sessions, 10);
	ck_assert_uint_eq(world_counts(&w).blocks, 10);
	ck_assert_uint_eq(w.sessions_gone, 10);
	ck_assert_uint_eq(w.blocks_gone, 10);
	for (i = 0; i < 20; i++) {
		struct ends ends = { i, 1, SERVER, 1000, 53 };

		ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &now), NAT64_OK);
		ck_assert_int_eq(now.pool == POOL + 2, mapped[i].pool == POOL + 2);
	}
	world_pass(&w, 300);
	world_pass(&w, 240);
	ck_assert_uint_eq(world_counts(&w).blocks, 0);
	end();
}
END_TEST

static unsigned int listed[4096], listed_count, listed_most;

static int list(void *context, const struct nat64_event *event)
{
	if (listed_count == listed_most)
		return 1;
	listed[listed_count++] = be16_to_cpu(event->host_port);
	ck_assert_uint_eq(event->id != 0, 1);
	return 0;
}

START_TEST(lists_go_on_where_they_stopped)
{
	int type;

	begin();
	w.shape.max_sessions = 64; /* long chains */
	w.shape.block_size = 256;
	create();
	for (type = NAT64_EVENT_BIB; type <= NAT64_EVENT_SESSION; type++) {
		struct nat64_cursor cursor = { 0, 0 };
		char seen[64] = { 0 };
		unsigned int i;

		for (i = 0; i < 64; i++) {
			struct ends ends = { 1, 1, SERVER, i, 53 };
			struct mapped mapped;

			ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped), NAT64_OK);
		}
		listed_count = 0;
		listed_most = 0;
		while (nat64_table_walk(w.table, type, w.now, &cursor, list, NULL))
			listed_most = listed_count + 1;
		ck_assert_uint_eq(listed_count, 64);
		for (i = 0; i < 64; i++)
			ck_assert_int_eq(seen[listed[i]]++, 0);
	}
	end();
}
END_TEST

/* Each allocation fails once: the packet is refused with a reason, and nothing is lost. */
START_TEST(no_memory_at_any_point)
{
	unsigned int fail, refused = 0;
	struct mapped mapped;

	for (fail = 0; fail < 60; fail++) {
		begin();
		twin_fail_after(fail);
		if (world_create(&w, &one, 1)) {
			twin_fail_after(-1);
			refused++;
			nat64_table_module_exit();
			ck_assert_uint_eq(twin_memory(), 0);
			continue;
		}
		if (world_6(&w, &client, UDP, 0, &mapped) != NAT64_OK) {
			refused++;
			ck_assert_uint_eq(world_counts(&w).sessions, 0);
			ck_assert_uint_eq(world_counts(&w).bibs, 0);
		}
		twin_fail_after(-1);
		ck_assert_int_eq(world_6(&w, &client, UDP, 0, &mapped), NAT64_OK);
		world_pass(&w, 300);
		world_pass(&w, 240);
		ck_assert_uint_eq(world_counts(&w).subscribers, 0);
		end();
	}
	ck_assert_uint_gt(refused, 15);
}
END_TEST

START_TEST(shapes_that_cannot_be)
{
	static const struct nat64_shape shapes[] = {
		{ 63, 64, 64 }, { (1 << 24) + 1, 64, 64 }, { 64, 31, 64 }, { 64, 129, 64 },
		{ 64, 64, 0 },  { 64, 64, 4097 },
	};
	struct nat64_table *table;
	unsigned int i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		ck_assert_int_eq(nat64_table_create(&shapes[i], NULL, NULL, NULL, NULL, &table), -EINVAL);
}
END_TEST

/* Subscribers are prefixes of whatever length: hosts that differ in the last bit of it are two, behind it one. */
START_TEST(a_subscriber_is_a_prefix)
{
	static const struct {
		unsigned int length, blocks;
	} cases[] = { { 32, 1 }, { 62, 1 }, { 63, 2 }, { 64, 3 }, { 127, 3 }, { 128, 4 } };
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ends hosts[4] = { client, client, client, client };
		struct mapped mapped;
		unsigned int n;

		begin();
		w.shape.subscriber_length = cases[i].length;
		create();
		hosts[0].subscriber = 4;
		hosts[1].subscriber = 5;
		hosts[2].subscriber = 7;
		hosts[3].subscriber = 7;
		hosts[3].host = hosts[2].host ^ 1;
		for (n = 0; n < 4; n++)
			ck_assert_int_eq(world_6(&w, &hosts[n], UDP, 0, &mapped), NAT64_OK);
		ck_assert_uint_eq(world_counts(&w).blocks, cases[i].blocks);
		ck_assert_uint_eq(world_counts(&w).subscribers, cases[i].blocks);
		end();
	}
}
END_TEST

/* The bound that the design states. */
START_TEST(sizes)
{
	ck_assert_uint_gt(sizeof(struct nat64_event), 0);
	begin();
	create();
	{
		size_t empty = twin_memory();
		struct mapped mapped;

		ck_assert_int_eq(world_6(&w, &client, UDP, 0, &mapped), NAT64_OK);
		/* session + mapping + subscriber + block of 64 */
		ck_assert_uint_le(twin_memory() - empty, 128 + 80 + 64 + 192);
	}
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_table_admin");
	TCase *tests = tcase_create("admin");
	SRunner *runner = srunner_create(suite);
	int failed;

	twin_seed(20261130);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, mappings_by_hand);
	tcase_add_test(tests, a_taken_port_cannot_be_fixed);
	tcase_add_test(tests, another_pool);
	tcase_add_test(tests, lists_go_on_where_they_stopped);
	tcase_add_test(tests, no_memory_at_any_point);
	tcase_add_test(tests, shapes_that_cannot_be);
	tcase_add_test(tests, a_subscriber_is_a_prefix);
	tcase_add_test(tests, sizes);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The session table, behaviour by behaviour. */
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
#define OTHER 0x08080404

static const struct ends client = { 1, 1, SERVER, 40000, 80 };

START_TEST(there_and_back)
{
	struct mapped mapped;
	int l4;

	begin();
	create();
	for (l4 = TCP; l4 <= ICMP; l4++) {
		ck_assert_int_eq(world_6(&w, &client, l4, SYN, &mapped), NAT64_OK);
		ck_assert_uint_eq(mapped.pool, POOL + 1);
		ck_assert_uint_ge(mapped.port, 1024);
		ck_assert_int_eq(mapped.hairpin, 0);
		ck_assert_int_eq(world_4(&w, &client, l4, SYN | ACK, &mapped), NAT64_OK);
	}
	ck_assert_uint_eq(world_counts(&w).sessions, 3);
	ck_assert_uint_eq(world_counts(&w).bibs, 3);
	ck_assert_uint_eq(world_counts(&w).blocks, 1);
	ck_assert_uint_eq(world_counts(&w).subscribers, 1);
	ck_assert_uint_eq(w.sessions, 3);
	ck_assert_uint_eq(w.bibs, 3);
	ck_assert_uint_eq(w.blocks, 1);
	end();
}
END_TEST

START_TEST(mapping_is_endpoint_independent)
{
	struct ends elsewhere = client;
	struct mapped a, b;
	int l4;

	begin();
	create();
	for (l4 = TCP; l4 <= ICMP; l4++) {
		elsewhere.remote = OTHER;
		elsewhere.remote_port = 443;
		ck_assert_int_eq(world_6(&w, &client, l4, SYN, &a), NAT64_OK);
		ck_assert_int_eq(world_6(&w, &elsewhere, l4, SYN, &b), NAT64_OK);
		ck_assert_uint_eq(a.port, b.port);
		elsewhere.remote = SERVER;
		ck_assert_int_eq(world_6(&w, &elsewhere, l4, SYN, &b), NAT64_OK);
		ck_assert_uint_eq(a.port, b.port);
	}
	ck_assert_uint_eq(world_counts(&w).bibs, 3);
	/* an echo has no remote port */
	ck_assert_uint_eq(world_counts(&w).sessions, 8);
	elsewhere.port++;
	ck_assert_int_eq(world_6(&w, &elsewhere, UDP, 0, &b), NAT64_OK);
	ck_assert_uint_eq(world_counts(&w).bibs, 4);
	end();
}
END_TEST

START_TEST(filtering)
{
	struct ends stranger = client, neighbour = client;
	struct mapped mapped;

	begin();
	create();
	stranger.remote = OTHER;
	neighbour.remote_port = 8080;
	ck_assert_int_eq(world_6(&w, &client, UDP, 0, &mapped), NAT64_OK);
	w.policy.filtering = NAT64_FILTER_ADDRESS_DEPENDENT;
	ck_assert_int_eq(world_4(&w, &stranger, UDP, 0, &mapped), NAT64_FILTERED);
	ck_assert_int_eq(world_4(&w, &neighbour, UDP, 0, &mapped), NAT64_OK);
	ck_assert_uint_eq(world_counts(&w).sessions, 2);
	w.policy.filtering = NAT64_FILTER_ENDPOINT_INDEPENDENT;
	ck_assert_int_eq(world_4(&w, &stranger, UDP, 0, &mapped), NAT64_OK);
	ck_assert_uint_eq(world_counts(&w).sessions, 3);
	w.policy.filtering = NAT64_FILTER_ADDRESS_DEPENDENT;
	ck_assert_int_eq(world_4(&w, &stranger, UDP, 0, &mapped), NAT64_OK);
	/* Another protocol's mapping is another thing (RFC 7857 6). */
	ck_assert_int_eq(world_4(&w, &client, TCP, ACK, &mapped), NAT64_NO_MAPPING);
	mapped.port ^= 1;
	ck_assert_int_eq(world_4(&w, &client, UDP, 0, &mapped), NAT64_NO_MAPPING);
	mapped.pool++;
	ck_assert_int_eq(world_4(&w, &client, UDP, 0, &mapped), NAT64_NOT_OURS);
	end();
}
END_TEST

/* Sessions with one remote address come and go in any order: it stays known until the last is gone. */
START_TEST(a_remote_is_known_by_any_of_its_sessions)
{
	unsigned int order, i;

	for (order = 0; order < 6; order++) {
		static const unsigned int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
							   { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
		struct ends ends[3] = { client, client, client }, asker = client, keeper = client;
		struct mapped mapped;

		begin();
		create();
		w.policy.filtering = NAT64_FILTER_ADDRESS_DEPENDENT;
		w.policy.inbound_refresh = 0;
		keeper.remote = OTHER;
		asker.remote_port = 9999;
		ck_assert_int_eq(world_6(&w, &keeper, UDP, 0, &mapped), NAT64_OK);
		for (i = 0; i < 3; i++) {
			ends[orders[order][i]].remote_port = 100 + orders[order][i];
			ck_assert_int_eq(world_6(&w, &ends[orders[order][i]], UDP, 0, &mapped), NAT64_OK);
		}
		/* One after the other is left alone. */
		for (i = 0; i < 3; i++) {
			unsigned int later;

			world_pass(&w, 200);
			ck_assert_int_eq(world_6(&w, &keeper, UDP, 0, &mapped), NAT64_OK);
			for (later = i + 1; later < 3; later++)
				ck_assert_int_eq(world_6(&w, &ends[later], UDP, 0, &mapped), NAT64_OK);
			world_pass(&w, 150);
			ck_assert_uint_eq(world_counts(&w).sessions, 3 - i);
			if (i < 2)
				continue;
			ck_assert_int_eq(world_4(&w, &asker, UDP, 0, &mapped), NAT64_FILTERED);
		}
		ck_assert_int_eq(world_6(&w, &ends[0], UDP, 0, &mapped), NAT64_OK);
		ck_assert_int_eq(world_4(&w, &asker, UDP, 0, &mapped), NAT64_OK);
		end();
	}
}
END_TEST

START_TEST(tcp_lives_and_dies)
{
	struct mapped mapped, again;

	begin();
	create();
	ck_assert_int_eq(world_6(&w, &client, TCP, ACK, &mapped), NAT64_NO_SESSION);
	ck_assert_int_eq(world_6(&w, &client, TCP, SYN, &mapped), NAT64_OK);
	world_pass(&w, 239);
	ck_assert_uint_eq(world_counts(&w).sessions, 1);
	ck_assert_int_eq(world_4(&w, &client, TCP, SYN | ACK, &mapped), NAT64_OK);
	ck_assert_uint_eq(w.event.generation, 0);
	world_pass(&w, 7439);
	ck_assert_int_eq(world_6(&w, &client, TCP, ACK, &again), NAT64_OK);
	ck_assert_uint_eq(again.port, mapped.port);
	/* Idle for too long: probed, and alive when something comes back. */
	world_pass(&w, 7440);
	ck_assert_uint_eq(w.probes, 1);
	ck_assert_uint_eq(w.event.state, NAT64_STATE_TRANS);
	world_pass(&w, 239);
	ck_assert_int_eq(world_4(&w, &client, TCP, ACK, &mapped), NAT64_OK);
	world_pass(&w, 7439);
	ck_assert_uint_eq(world_counts(&w).sessions, 1);
	/* Both FINs: four minutes, whatever comes. */
	ck_assert_int_eq(world_4(&w, &client, TCP, FIN | ACK, &mapped), NAT64_OK);
	ck_assert_int_eq(world_6(&w, &client, TCP, FIN | ACK, &mapped), NAT64_OK);
	world_pass(&w, 200);
	ck_assert_int_eq(world_4(&w, &client, TCP, ACK, &mapped), NAT64_OK);
	world_pass(&w, 40);
	ck_assert_uint_eq(world_counts(&w).sessions, 0);
	ck_assert_uint_eq(world_counts(&w).bibs, 0);
	ck_assert_uint_eq(w.sessions_gone, 1);
	ck_assert_uint_eq(w.bibs_gone, 1);
	ck_assert_int_eq(world_4(&w, &client, TCP, ACK, &mapped), NAT64_NO_MAPPING);
	/* The block goes when its port may be used again. */
	ck_assert_uint_eq(world_counts(&w).blocks, 1);
	world_pass(&w, 240);
	ck_assert_uint_eq(world_counts(&w).blocks, 0);
	ck_assert_uint_eq(world_counts(&w).subscribers, 0);
	ck_assert_uint_eq(w.blocks_gone, 1);
	end();
}
END_TEST

START_TEST(an_expired_session_is_none_before_the_sweep_comes)
{
	struct mapped mapped, again;

	begin();
	create();
	ck_assert_int_eq(world_6(&w, &client, UDP, 0, &mapped), NAT64_OK);
	w.now += 300;
	/* From outside it is over, and so is its mapping. */
	ck_assert_int_eq(world_4(&w, &client, UDP, 0, &mapped), NAT64_NO_MAPPING);
	ck_assert_uint_eq(world_counts(&w).sessions, 0);
	/* From inside a new one begins, on another port: the old one is held down. */
	ck_assert_int_eq(world_6(&w, &client, UDP, 0, &again), NAT64_OK);
	ck_assert_uint_ne(again.port, mapped.port);
	ck_assert_uint_eq(world_counts(&w).sessions, 1);
	ck_assert_uint_eq(world_counts(&w).bibs, 1);
	end();
}
END_TEST

START_TEST(simultaneous_open)
{
	struct ends stranger = client;
	struct mapped mapped;
	int packet, second;

	begin();
	create();
	stranger.remote = OTHER;
	w.policy.filtering = NAT64_FILTER_ADDRESS_DEPENDENT;
	ck_assert_int_eq(world_6(&w, &client, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_int_eq(world_4(&w, &stranger, TCP, SYN, &mapped), NAT64_SYN_HELD);
	ck_assert_int_eq(world_hold(&w, &stranger, &mapped, &packet), 0);
	ck_assert_int_eq(world_hold(&w, &stranger, &mapped, &second), -EEXIST);
	world_pass(&w, 5);
	ck_assert_uint_eq(w.released, 0);
	ck_assert_uint_eq(world_counts(&w).held, 1);
	/* The SYN the other way comes in time. */
	ck_assert_int_eq(world_6(&w, &stranger, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_uint_eq(w.released, 1);
	ck_assert_uint_eq(w.expired, 0);
	ck_assert_ptr_eq(w.released_packet, &packet);
	ck_assert_uint_eq(w.event.state, NAT64_STATE_ESTABLISHED);
	ck_assert_uint_eq(w.event.left, 7440);
	/* It does not. */
	stranger.remote++;
	ck_assert_int_eq(world_hold(&w, &stranger, &mapped, &second), 0);
	world_pass(&w, 6);
	ck_assert_uint_eq(w.released, 2);
	ck_assert_uint_eq(w.expired, 1);
	ck_assert_ptr_eq(w.released_packet, &second);
	ck_assert_uint_eq(world_counts(&w).held, 0);
	w.policy.hold_syn = 0;
	ck_assert_int_eq(world_4(&w, &stranger, TCP, SYN, &mapped), NAT64_FILTERED);
	end();
}
END_TEST

START_TEST(held_syns_are_bounded)
{
	struct mapped mapped = { POOL + 1, 2000, 0 };
	struct ends stranger = client;
	int packet;
	unsigned int i;

	begin();
	create();
	for (i = 0; i < 64; i++) {
		stranger.remote_port = i;
		ck_assert_int_eq(world_4(&w, &stranger, TCP, SYN, &mapped), NAT64_SYN_HELD);
		ck_assert_int_eq(world_hold(&w, &stranger, &mapped, &packet), 0);
	}
	stranger.remote_port = i;
	ck_assert_int_eq(world_hold(&w, &stranger, &mapped, &packet), -ENOSPC);
	ck_assert_uint_eq(world_counts(&w).sessions, 0);
	end();
	ck_assert_uint_eq(w.released, 64);
	ck_assert_uint_eq(w.expired, 0);
}
END_TEST

START_TEST(hairpin)
{
	struct ends a = client, b = { 2, 7, 0, 5000, 0 }, to_b, seen;
	struct mapped of_a, of_b;

	begin();
	create();
	b.remote = SERVER;
	b.remote_port = 53;
	ck_assert_int_eq(world_6(&w, &b, UDP, 0, &of_b), NAT64_OK);
	/* a sends to b's outside. */
	to_b = a;
	to_b.remote = of_b.pool;
	to_b.remote_port = of_b.port;
	ck_assert_int_eq(world_6(&w, &to_b, UDP, 0, &of_a), NAT64_OK);
	ck_assert_int_eq(of_a.hairpin, 1);
	ck_assert_int_eq(world_6(&w, &to_b, UDP, 0, &of_a), NAT64_OK);
	ck_assert_int_eq(of_a.hairpin, 1);
	/* The same packet comes back in, from a's outside (RFC 4787 REQ-9 a: external source). */
	seen = b;
	seen.remote = of_a.pool;
	seen.remote_port = of_a.port;
	ck_assert_int_eq(world_4(&w, &seen, UDP, 0, &of_b), NAT64_OK);
	end();
}
END_TEST

START_TEST(sources_that_cannot_be)
{
	struct nat64_visit visit;
	struct nat64_flow flow = { .family = 6 };
	struct nat64_map map;

	begin();
	create();
	visit = (struct nat64_visit){ .config = &w.config, .policy = &w.policy, .now = w.now };
	nat64_embed(&w.config.pool6, cpu_to_be32(SERVER), &flow.outer.destination.v6);
	nat64_embed(&w.config.pool6, cpu_to_be32(OTHER), &flow.outer.source.v6);
	flow.outer.upper = NAT64_UDP;
	ck_assert_int_eq(nat64_table_64(w.table, &visit, &flow, &map), NAT64_LOOP);
	flow.outer.source.v6 = (struct nat64_in6){ { cpu_to_be32(0xfe800000), 0, 0, cpu_to_be32(1) } };
	ck_assert_int_eq(nat64_table_64(w.table, &visit, &flow, &map), NAT64_SCOPE);
	flow.outer.source.v6 = world_host(1, 1);
	flow.outer.destination.v6 = world_host(1, 2);
	ck_assert_int_eq(nat64_table_64(w.table, &visit, &flow, &map), NAT64_NOT_OURS);
	nat64_embed(&w.config.pool6, cpu_to_be32(0x0a000001), &flow.outer.destination.v6);
	ck_assert_int_eq(nat64_table_64(w.table, &visit, &flow, &map), NAT64_WKP_NON_GLOBAL);
	w.config.wkp_non_global = 1;
	ck_assert_int_eq(nat64_table_64(w.table, &visit, &flow, &map), NAT64_OK);
	flow.outer.upper = NAT64_OTHER;
	ck_assert_int_eq(nat64_table_64(w.table, &visit, &flow, &map), NAT64_UNKNOWN_L4);
	flow.outer.upper = NAT64_FRAGMENT;
	ck_assert_int_eq(nat64_table_64(w.table, &visit, &flow, &map), NAT64_FRAGMENT_UNKNOWN);
	ck_assert_uint_eq(world_counts(&w).sessions, 1);
	end();
}
END_TEST

START_TEST(icmp_errors_find_their_session_and_change_nothing)
{
	struct nat64_in6 host = world_host(1, 1),
			 router = { { cpu_to_be32(0x0064ff9b), 0, 0, cpu_to_be32(0x05060708) } };
	struct mapped mapped;
	struct nat64_map map;
	int l4;

	begin();
	create();
	for (l4 = TCP; l4 <= ICMP; l4++) {
		unsigned int life = l4 == TCP ? 240 : l4 == UDP ? 300 : 60;

		ck_assert_int_eq(world_error6(&w, &client, l4, 99, &map), NAT64_ICMP_INNER);
		ck_assert_int_eq(world_6(&w, &client, l4, SYN, &mapped), NAT64_OK);
		world_pass(&w, life - 1);
		ck_assert_int_eq(world_error4(&w, &client, l4, 0x05060708, &mapped, &map), NAT64_OK);
		ck_assert(!memcmp(&map.outer.source.v6, &router, sizeof(router)));
		ck_assert(!memcmp(&map.outer.destination.v6, &host, sizeof(host)));
		ck_assert(!memcmp(&map.inner.source.v6, &host, sizeof(host)));
		ck_assert_uint_eq(map.inner.source_port, cpu_to_be16(client.port));
		ck_assert_uint_eq(map.inner.destination_port,
				  cpu_to_be16(l4 == ICMP ? client.port : client.remote_port));
		/* A router on the IPv6 side has no IPv4 address: the mapping's is put there. */
		ck_assert_int_eq(world_error6(&w, &client, l4, 99, &map), NAT64_OK);
		ck_assert_uint_eq(map.outer.source.v4, cpu_to_be32(mapped.pool));
		ck_assert_uint_eq(map.outer.destination.v4, cpu_to_be32(SERVER));
		ck_assert_uint_eq(map.inner.source.v4, cpu_to_be32(SERVER));
		ck_assert_uint_eq(map.inner.destination.v4, cpu_to_be32(mapped.pool));
		ck_assert_uint_eq(map.inner.destination_port, cpu_to_be16(mapped.port));
		ck_assert_uint_eq(map.inner.source_port, cpu_to_be16(l4 == ICMP ? mapped.port : client.remote_port));
		ck_assert_int_eq(world_error6(&w, &client, l4, 0x05060708, &map), NAT64_OK);
		ck_assert_uint_eq(map.outer.source.v4, cpu_to_be32(0x05060708));
		/* Nothing was refreshed. */
		world_pass(&w, 1);
		ck_assert_uint_eq(world_counts(&w).sessions, 0);
		ck_assert_int_eq(world_error4(&w, &client, l4, 0x05060708, &mapped, &map), NAT64_NO_MAPPING);
		ck_assert_uint_eq(world_counts(&w).sessions, 0);
	}
	end();
}
END_TEST

START_TEST(one_subscriber_cannot_take_all)
{
	struct ends greedy = client, modest = client;
	struct mapped mapped;
	unsigned int i, n;

	begin();
	w.policy.max_blocks = 2;
	w.policy.max_per_subscriber = 200;
	create();
	/* Ports: two blocks of 64, however many addresses of the /64 are used. */
	for (i = 0; i < 128; i++) {
		greedy.host = i;
		ck_assert_int_eq(world_6(&w, &greedy, UDP, 0, &mapped), NAT64_OK);
	}
	greedy.host = i;
	ck_assert_int_eq(world_6(&w, &greedy, UDP, 0, &mapped), NAT64_SUBSCRIBER_PORTS);
	ck_assert_int_eq(world_6(&w, &greedy, TCP, SYN, &mapped), NAT64_OK);
	/* Sessions. */
	greedy.host = 0;
	for (n = 1, i = 129; i < 200; i++) {
		greedy.remote_port = 1000 + n++;
		ck_assert_int_eq(world_6(&w, &greedy, UDP, 0, &mapped), NAT64_OK);
	}
	greedy.remote_port = 1000 + n;
	ck_assert_int_eq(world_6(&w, &greedy, UDP, 0, &mapped), NAT64_SUBSCRIBER_SESSIONS);
	/* Nor can strangers fill it from outside. */
	greedy.remote = OTHER;
	ck_assert_int_eq(world_4(&w, &greedy, UDP, 0, &mapped), NAT64_SUBSCRIBER_SESSIONS);
	modest.subscriber = 2;
	ck_assert_int_eq(world_6(&w, &modest, UDP, 0, &mapped), NAT64_OK);
	ck_assert_uint_eq(world_counts(&w).sessions, 201);
	ck_assert_uint_eq(world_counts(&w).blocks, 3);
	end();
}
END_TEST

START_TEST(instance_and_namespace_are_bounded)
{
	struct ends ends = client;
	struct mapped mapped;
	unsigned int i;

	begin();
	w.shape.max_sessions = 64;
	create();
	for (i = 0; i < 64; i++) {
		ends.subscriber = i;
		ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped), NAT64_OK);
	}
	ends.subscriber = i;
	ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped), NAT64_SESSION_LIMIT);
	world_pass(&w, 300);
	w.share_max = 1;
	ck_assert_int_eq(world_6(&w, &client, UDP, 0, &mapped), NAT64_OK);
	ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped), NAT64_SESSION_LIMIT);
	ck_assert_uint_eq(world_counts(&w).bibs, 1);
	ck_assert_int_eq(atomic_read(&w.share.sessions), 1);
	end();
}
END_TEST

START_TEST(pool_exhaustion_pairing_and_marks)
{
	static const struct nat64_pool_line lines[] = {
		{ POOL + 1, 2, 1024, 1024 + 127, 0 }, /* two addresses with two blocks each */
		{ POOL + 9, 1, 2000, 2063, 7 },
	};
	struct ends a = client, b = client, c = client;
	struct mapped first, mapped;
	unsigned int i, address;

	begin();
	w.policy.paired = 1;
	ck_assert_int_eq(world_create(&w, lines, 2), 0);
	b.subscriber = 2;
	c.subscriber = 3;
	ck_assert_int_eq(world_6(&w, &a, UDP, 0, &first), NAT64_OK);
	for (i = 1; i < 128; i++) {
		a.port++;
		ck_assert_int_eq(world_6(&w, &a, UDP, 0, &mapped), NAT64_OK);
		ck_assert_uint_eq(mapped.pool, first.pool);
	}
	a.port++;
	ck_assert_int_eq(world_6(&w, &a, UDP, 0, &mapped), NAT64_POOL_EXHAUSTED);
	/* Without the must it gets the other address. */
	w.policy.paired = 0;
	ck_assert_int_eq(world_6(&w, &a, UDP, 0, &mapped), NAT64_OK);
	address = mapped.pool;
	ck_assert_uint_ne(address, first.pool);
	ck_assert_int_eq(world_6(&w, &b, UDP, 0, &mapped), NAT64_OK);
	ck_assert_uint_eq(mapped.pool, address);
	ck_assert_int_eq(world_6(&w, &c, UDP, 0, &mapped), NAT64_POOL_EXHAUSTED);
	/* A mark has addresses of its own, and only those. */
	w.mark = 7;
	ck_assert_int_eq(world_6(&w, &c, UDP, 0, &mapped), NAT64_OK);
	ck_assert_uint_eq(mapped.pool, POOL + 9);
	ck_assert_uint_ge(mapped.port, 2000);
	ck_assert_uint_le(mapped.port, 2063);
	w.mark = 8;
	b.port = 1;
	ck_assert_int_eq(world_6(&w, &b, UDP, 0, &mapped), NAT64_POOL_EXHAUSTED);
	/* Nobody can be had who got none. */
	ck_assert_uint_eq(world_counts(&w).blocks, 5);
	end();
}
END_TEST

START_TEST(ports_of_the_host_are_left_alone)
{
	struct ends ends = client;
	struct mapped mapped;
	unsigned int i;

	begin();
	create();
	w.policy.max_blocks = 1;
	ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped), NAT64_OK);
	w.bound_port = mapped.port ^ 1;
	for (i = 2; i < 64; i++) {
		ends.port++;
		ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped), NAT64_OK);
		ck_assert_int_ne(mapped.port, w.bound_port);
	}
	ends.port++;
	ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped), NAT64_SUBSCRIBER_PORTS);
	/* It has it free again: then it is to be had. */
	i = w.bound_port;
	w.bound_port = -1;
	ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped), NAT64_OK);
	ck_assert_uint_eq(mapped.port, i);
	w.bound_port = -2;
	ends.subscriber++;
	ck_assert_int_eq(world_6(&w, &ends, UDP, 0, &mapped), NAT64_SUBSCRIBER_PORTS);
	ck_assert_uint_gt(w.bound_asked, 63);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_table");
	TCase *tests = tcase_create("table");
	SRunner *runner = srunner_create(suite);
	int failed;

	twin_seed(20261130);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, there_and_back);
	tcase_add_test(tests, mapping_is_endpoint_independent);
	tcase_add_test(tests, filtering);
	tcase_add_test(tests, a_remote_is_known_by_any_of_its_sessions);
	tcase_add_test(tests, tcp_lives_and_dies);
	tcase_add_test(tests, an_expired_session_is_none_before_the_sweep_comes);
	tcase_add_test(tests, simultaneous_open);
	tcase_add_test(tests, held_syns_are_bounded);
	tcase_add_test(tests, hairpin);
	tcase_add_test(tests, sources_that_cannot_be);
	tcase_add_test(tests, icmp_errors_find_their_session_and_change_nothing);
	tcase_add_test(tests, one_subscriber_cannot_take_all);
	tcase_add_test(tests, instance_and_namespace_are_bounded);
	tcase_add_test(tests, pool_exhaustion_pairing_and_marks);
	tcase_add_test(tests, ports_of_the_host_are_left_alone);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

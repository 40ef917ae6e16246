// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of the same few flows from several threads, while another sweeps, lists, fixes, changes the pool and lets memory go: for ASan and TSan to watch. At the
 * end the counts must agree, and all of the memory must be free. What the table calls its owner for is counted, so these calls race too.
 */
#include "kmod/nat64/table.h"

#include <check.h>
#include <stdio.h>

#define POOL 0x05090100
#define SERVER 0x08080800

enum { THREADS = 3, HOSTS = 20, REMOTES = 4 };

static struct nat64_table *table;
static struct nat64_config config;
static struct nat64_policy policy;
static const u32 share_max = 100000;
static struct nat64_share share = { .max = &share_max };
static unsigned int now = 1000, rounds, balance[3], stop, through, probes, released;

static void on_event(void *owner, const struct nat64_event *event)
{
	__atomic_add_fetch(&balance[event->type], event->gone ? -1 : 1, __ATOMIC_RELAXED);
}

static int on_bound(void *owner, enum nat64_l4 l4, __be32 address, __be16 port)
{
	return be16_to_cpu(port) % 16 == 0;
}

static void on_release(void *owner, void *packet, int expired)
{
	__atomic_add_fetch(&released, 1, __ATOMIC_RELAXED);
}

static void on_probe(void *owner, const struct nat64_event *session)
{
	__atomic_add_fetch(&probes, 1, __ATOMIC_RELAXED);
}

static const struct nat64_owner calls = { on_event, on_bound, on_release, on_probe };

static void packets(unsigned int *seed)
{
	static const u8 flags[] = { NAT64_TCP_SYN, NAT64_TCP_SYN, NAT64_TCP_ACK, NAT64_TCP_FIN | NAT64_TCP_ACK,
				    NAT64_TCP_RST };
	static const u8 uppers[] = { NAT64_TCP, NAT64_UDP, NAT64_ECHO };
	struct nat64_visit visit = {
		.config = &config,
		.policy = &policy,
		.now = __atomic_load_n(&now, __ATOMIC_RELAXED),
		.tcp_flags = flags[rand_r(seed) % 5],
	};
	struct nat64_flow out = { .family = 6 }, back = { .family = 4 };
	struct nat64_map map;
	u32 host = rand_r(seed) % HOSTS;

	out.outer.upper = uppers[rand_r(seed) % 3];
	out.outer.source.v6 =
		(struct nat64_in6){ { cpu_to_be32(0x20010db8), cpu_to_be32(host / 4), 0, cpu_to_be32(host) } };
	nat64_embed(&config.pool6, cpu_to_be32(SERVER + rand_r(seed) % REMOTES), &out.outer.destination.v6);
	out.outer.source_port = cpu_to_be16(rand_r(seed) % 8);
	out.outer.destination_port = out.outer.upper == NAT64_ECHO ? out.outer.source_port : cpu_to_be16(80);
	rcu_read_lock();
	if (nat64_table_64(table, &visit, &out, &map) == NAT64_OK) {
		back.outer.upper = out.outer.upper;
		back.outer.source.v4 = map.outer.destination.v4;
		back.outer.destination.v4 = map.outer.source.v4;
		back.outer.source_port = map.outer.destination_port;
		back.outer.destination_port = map.outer.source_port;
		if (nat64_table_46(table, &visit, &back, &map) == NAT64_OK)
			__atomic_add_fetch(&through, 1, __ATOMIC_RELAXED);
		/* A stranger. */
		back.outer.source.v4 ^= cpu_to_be32(0x100);
		visit.tcp_flags = NAT64_TCP_SYN;
		if (nat64_table_46(table, &visit, &back, &map) == NAT64_SYN_HELD)
			nat64_table_hold(table, &visit, &back, &through);
	}
	rcu_read_unlock();
}

static void *sender(void *argument)
{
	unsigned int seed = (uintptr_t)argument, i;

	for (i = 0; i < rounds; i++)
		packets(&seed);
	return NULL;
}

static int look(void *context, const struct nat64_event *event)
{
	return ++*(unsigned int *)context % 50 == 0;
}

static struct nat64_pool *pool_of(unsigned int addresses)
{
	struct nat64_pool_line line = { POOL + 1, addresses, 1024, 1024 + 511, 0 };
	struct nat64_pool *pool = NULL;
	u32 bad;

	nat64_pool_build(&line, 1, 32, &pool, &bad);
	ck_assert_ptr_nonnull(pool);
	return pool;
}

static void *keeper(void *argument)
{
	unsigned int turn = 0, listed = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		struct nat64_fixed fixed = { .l4 = turn % 3,
					     .host_port = cpu_to_be16(turn % 8),
					     .pool = cpu_to_be32(POOL + 1),
					     .pool_port = cpu_to_be16(1024 + turn % 512) };
		struct nat64_cursor cursor = { 0, 0 };
		u32 at = __atomic_add_fetch(&now, turn % 40 ? 1 : 4000, __ATOMIC_RELAXED);

		fixed.host = (struct nat64_in6){ { cpu_to_be32(0x20010db8), 0, 0, cpu_to_be32(turn % 4) } };
		nat64_table_gc(table, &policy, at, 64);
		twin_quiesce();
		nat64_table_walk(table, turn % 2 ? NAT64_EVENT_SESSION : NAT64_EVENT_BIB, at, &cursor, look, &listed);
		if (turn % 8 == 0 && !nat64_table_fix(table, &policy, &fixed, at))
			ck_assert_int_eq(nat64_table_unfix(table, &policy, &fixed, at), 0);
		if (turn % 16 == 5)
			ck_assert_int_eq(nat64_table_set_pool(table, &policy, pool_of(1 + turn / 16 % 2), at), 0);
		if (turn % 64 == 9)
			nat64_table_flush(table, &policy, at);
		turn++;
	}
	return NULL;
}

START_TEST(together)
{
	struct nat64_shape shape = { .max_sessions = 1024, .subscriber_length = 64, .block_size = 32 };
	struct nat64_counts counts;
	pthread_t senders[THREADS], keeps;
	unsigned int i;

	ck_assert_int_eq(nat64_table_module_init(), 0);
	nat64_lifetimes_default(&policy.lifetimes);
	policy.max_per_subscriber = 150;
	policy.max_blocks = 4;
	policy.hold_syn = 1;
	policy.filtering = NAT64_FILTER_ADDRESS_DEPENDENT;
	config.pool6.address.word[0] = cpu_to_be32(0x0064ff9b);
	config.pool6.length = 96;
	ck_assert_int_eq(nat64_table_create(&shape, pool_of(1), &share, &calls, NULL, &table), 0);
	nat64_table_listen(table, 7);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&senders[i], NULL, sender, (void *)(uintptr_t)(i + 1)), 0);
	ck_assert_int_eq(pthread_create(&keeps, NULL, keeper, NULL), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(senders[i], NULL);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	pthread_join(keeps, NULL);
	nat64_table_counts(table, &counts);
	ck_assert_uint_eq(balance[NAT64_EVENT_SESSION], counts.sessions);
	ck_assert_uint_eq(balance[NAT64_EVENT_BIB], counts.bibs);
	ck_assert_uint_eq(balance[NAT64_EVENT_BLOCK], counts.blocks);
	ck_assert_int_eq(atomic_read(&share.sessions), counts.sessions);
	ck_assert_uint_gt(through, rounds / 10);
	nat64_table_flush(table, &policy, now);
	nat64_table_gc(table, &policy, now, 256);
	nat64_table_gc(table, &policy, now + 1000, 256);
	twin_quiesce();
	nat64_table_counts(table, &counts);
	ck_assert_uint_eq(counts.sessions, 0);
	ck_assert_uint_eq(counts.bibs, 0);
	ck_assert_uint_eq(counts.blocks, 0);
	ck_assert_uint_eq(counts.subscribers, 0);
	ck_assert_uint_eq(counts.held, 0);
	nat64_table_destroy(table);
	nat64_table_module_exit();
	ck_assert_uint_eq(twin_memory(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_table_threads");
	TCase *tests = tcase_create("threads");
	SRunner *runner = srunner_create(suite);
	int failed;

	rounds = getenv("OSNC_LONG") ? 300000 : 15000;
	tcase_set_timeout(tests, 600);
	tcase_add_test(tests, together);
	suite_add_tcase(suite, tests);
	/* TSan's report is made at the end of the process that it is about. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

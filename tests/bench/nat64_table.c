// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The translator's session table outside of the kernel: what a packet of an existing session costs it, what making a session costs at different occupancies of the
 * pool, and how much memory a session takes. Keys are random; what making up a packet costs by itself is taken off.
 *
 * usage: bench-nat64-table [MOST [PACKETS]]	(sessions, default 1000000; packets for each line, default 1000000)
 *
 * tests/bench/nat64-table runs it under callgrind too, which counts instructions inside of the functions called measured_...
 */
#include "kmod/nat64/table.h"

#include <stdio.h>
#include <time.h>

static struct nat64_config config;
static struct nat64_policy policy;
static const u32 share_max = 1 << 30;
static struct nat64_share share = { .max = &share_max };
static u32 packets = 1000000;

static void on_event(void *owner, const struct nat64_event *event)
{
}

static int on_bound(void *owner, enum nat64_l4 l4, __be32 address, __be16 port)
{
	return 0;
}

static void on_release(void *owner, void *packet, int expired)
{
}

static void on_probe(void *owner, const struct nat64_event *session)
{
}

static const struct nat64_owner calls = { on_event, on_bound, on_release, on_probe };

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static u32 mixed(u32 n)
{
	n ^= n >> 16;
	n *= 0x7feb352d;
	n ^= n >> 15;
	n *= 0x846ca68b;
	return n ^ n >> 16;
}

/* The n-th flow: per_host sessions of one mapping, per_subscriber mappings of one /64. */
static void flow_of(u32 n, u32 per_mapping, u32 per_subscriber, struct nat64_flow *flow)
{
	u32 mapping = n / per_mapping, subscriber = mapping / per_subscriber;
	struct nat64_half *half = &flow->outer;

	flow->family = 6;
	half->upper = NAT64_UDP;
	half->source.v6 = (struct nat64_in6){ { cpu_to_be32(0x20010db8), cpu_to_be32(subscriber),
						cpu_to_be32(mixed(subscriber)), cpu_to_be32(mixed(mapping)) } };
	half->source_port = cpu_to_be16(mapping % per_subscriber + 1024);
	nat64_embed(&config.pool6, cpu_to_be32(0x08000000 | (mixed(n) & 0xffffff)), &half->destination.v6);
	half->destination_port = cpu_to_be16(n % 7 + 440);
}

static struct nat64_table *table_of(u32 max, u32 addresses)
{
	struct nat64_shape shape = { .max_sessions = max, .subscriber_length = 64, .block_size = 128 };
	struct nat64_pool_line line = { 0x05000000, addresses, 1024, 65535, 0 };
	struct nat64_table *table;
	struct nat64_pool *pool;
	u32 bad;

	if (nat64_pool_build(&line, 1, shape.block_size, &pool, &bad) ||
	    nat64_table_create(&shape, pool, &share, &calls, NULL, &table)) {
		fprintf(stderr, "bench-nat64-table: no memory\n");
		exit(1);
	}
	return table;
}

static void must(enum nat64_verdict verdict)
{
	static const char *const names[] = {
#define X(name, counter_name, text) counter_name,
		NAT64_VERDICTS(X)
#undef X
	};

	if (verdict == NAT64_OK)
		return;
	fprintf(stderr, "bench-nat64-table: refused: %s\n", names[verdict]);
	exit(1);
}

static struct nat64_visit visit = { .config = &config, .policy = &policy, .now = 1000 };

static void fill(struct nat64_table *table, u32 count, u32 per_mapping, u32 per_subscriber)
{
	struct nat64_flow flow = { 0 };
	struct nat64_map map;
	u32 n;

	for (n = 0; n < count; n++) {
		flow_of(n, per_mapping, per_subscriber, &flow);
		must(nat64_table_64(table, &visit, &flow, &map));
	}
}

/* Where the sessions of a table are on the outside. */
struct outside {
	__be32 pool;
	__be16 port;
};

static void back_of(u32 n, const struct outside *outside, struct nat64_flow *flow)
{
	struct nat64_half *half = &flow->outer;

	flow->family = 4;
	half->upper = NAT64_UDP;
	half->source.v4 = cpu_to_be32(0x08000000 | (mixed(n) & 0xffffff));
	half->source_port = cpu_to_be16(n % 7 + 440);
	half->destination.v4 = outside[n].pool;
	half->destination_port = outside[n].port;
}

/* The functions that callgrind counts inside of: the call and nothing else. */
__attribute__((noinline)) enum nat64_verdict measured_64(struct nat64_table *table, const struct nat64_flow *flow,
							 struct nat64_map *map);
__attribute__((noinline)) enum nat64_verdict measured_46(struct nat64_table *table, const struct nat64_flow *flow,
							 struct nat64_map *map);
__attribute__((noinline)) enum nat64_verdict measured_setup(struct nat64_table *table, const struct nat64_flow *flow,
							    struct nat64_map *map);

enum nat64_verdict measured_64(struct nat64_table *table, const struct nat64_flow *flow, struct nat64_map *map)
{
	return nat64_table_64(table, &visit, flow, map);
}

enum nat64_verdict measured_46(struct nat64_table *table, const struct nat64_flow *flow, struct nat64_map *map)
{
	return nat64_table_46(table, &visit, flow, map);
}

enum nat64_verdict measured_setup(struct nat64_table *table, const struct nat64_flow *flow, struct nat64_map *map)
{
	return nat64_table_64(table, &visit, flow, map);
}

/* ns a packet of a random session; table NULL: of making it up. */
static double run(struct nat64_table *table, u32 count, const struct outside *outside)
{
	struct nat64_flow flow = { 0 };
	struct nat64_map map;
	double begin = now_ns();
	u32 i, random = 1;

	for (i = 0; i < packets; i++) {
		u32 n = ((u64)(random = random * 1664525 + 1013904223) * count) >> 32;

		if (outside)
			back_of(n, outside, &flow);
		else
			flow_of(n, 1, 64, &flow);
		if (table)
			must(outside ? measured_46(table, &flow, &map) : measured_64(table, &flow, &map));
		__asm__ volatile("" : : "r"(&flow) : "memory");
	}
	return (now_ns() - begin) / packets;
}

static void lookups(u32 count)
{
	struct nat64_table *table = table_of(count, count / 64 / 504 + 1);
	struct outside *outside = calloc(count, sizeof(*outside));
	struct nat64_flow flow = { 0 };
	struct nat64_map map;
	double there, back;
	u32 n;

	for (n = 0; outside && n < count; n++) {
		flow_of(n, 1, 64, &flow);
		must(nat64_table_64(table, &visit, &flow, &map));
		outside[n] = (struct outside){ map.outer.source.v4, map.outer.source_port };
	}
	there = run(table, count, NULL) - run(NULL, count, NULL);
	back = run(table, count, outside) - run(NULL, count, outside);
	printf("lookup  %8u sessions   6->4 %6.1f ns   4->6 %6.1f ns\n", count, there, back);
	free(outside);
	nat64_table_destroy(table);
}

static void memory(u32 count, u32 per_mapping, u32 per_subscriber)
{
	size_t before = twin_memory();
	struct nat64_table *table = table_of(count, count / per_mapping / per_subscriber / 504 + 1);
	double empty = twin_memory() - before, all;

	fill(table, count, per_mapping, per_subscriber);
	all = twin_memory() - before;
	printf("memory  %8u sessions, %7u mappings, %6u subscribers: %6.1f octets a session (%.1f without the empty table)\n",
	       count, count / per_mapping, count / per_mapping / per_subscriber, all / count, (all - empty) / count);
	nat64_table_destroy(table);
}

/* Sessions with new mappings of new subscribers, where percent of the pool's ports are taken. */
static void setup(u32 percent)
{
	enum { ADDRESSES = 16, EACH = 64 };
	u32 blocks = ADDRESSES * 504, taken = blocks * percent / 100, more = (blocks - taken) * EACH, n;
	struct nat64_table *table = table_of(1 << 20, ADDRESSES);
	struct nat64_flow flow = { 0 };
	struct nat64_map map;
	double begin, made_up;

	if (more > packets / 16)
		more = packets / 16;
	fill(table, taken * 126, 1, 126);
	begin = now_ns();
	for (n = 0; n < more; n++)
		flow_of(n + (1 << 24), 1, EACH, &flow);
	made_up = now_ns() - begin;
	begin = now_ns();
	for (n = 0; n < more; n++) {
		flow_of(n + (1 << 24), 1, EACH, &flow);
		must(measured_setup(table, &flow, &map));
	}
	printf("set-up  %8u %% of blocks taken   %6.1f ns\n", percent, (now_ns() - begin - made_up) / more);
	nat64_table_destroy(table);
}

int main(int argc, char **argv)
{
	u32 most = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;

	if (argc > 2)
		packets = strtoul(argv[2], NULL, 10);
	if (most < 1000 || most > NAT64_TABLE_MAX || packets < 1000) {
		fprintf(stderr, "usage: bench-nat64-table [MOST (1000 to %u) [PACKETS (1000 or more)]]\n",
			NAT64_TABLE_MAX);
		return 2;
	}
	twin_single_thread();
	nat64_lifetimes_default(&policy.lifetimes);
	policy.max_per_subscriber = ~0U;
	policy.max_blocks = 256;
	policy.inbound_refresh = 1;
	config.pool6.address.word[0] = cpu_to_be32(0x0064ff9b);
	config.pool6.length = 96;
	if (nat64_table_module_init())
		return 1;
	if (most > 1000)
		lookups(1000);
	if (most > 100000)
		lookups(100000);
	lookups(most);
	memory(most, 1, 64);
	memory(most, 1, 16);
	memory(most, most < 1000000 ? 10 : 1000, 10);
	setup(1);
	setup(50);
	setup(95);
	nat64_table_module_exit();
	return 0;
}

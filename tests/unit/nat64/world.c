// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/nat64/world.h"

#include <check.h>
#include <stdio.h>

static void on_event(void *owner, const struct nat64_event *event)
{
	struct world *world = owner;
	unsigned int *count[3][2] = {
		{ &world->blocks, &world->blocks_gone },
		{ &world->bibs, &world->bibs_gone },
		{ &world->sessions, &world->sessions_gone },
	};

	++*count[event->type][event->gone];
	world->event = *event;
}

static int on_bound(void *owner, enum nat64_l4 l4, __be32 address, __be16 port)
{
	struct world *world = owner;

	world->bound_asked++;
	return world->bound_port == -2 || world->bound_port == be16_to_cpu(port);
}

static void on_release(void *owner, void *packet, int expired)
{
	struct world *world = owner;

	world->released++;
	world->expired += expired;
	world->released_packet = packet;
}

static void on_probe(void *owner, const struct nat64_event *session)
{
	struct world *world = owner;

	world->probes++;
	world->event = *session;
}

static const struct nat64_owner calls = { on_event, on_bound, on_release, on_probe };

void world_defaults(struct world *world)
{
	memset(world, 0, sizeof(*world));
	nat64_lifetimes_default(&world->policy.lifetimes);
	world->policy.max_per_subscriber = 1000;
	world->policy.max_blocks = 4;
	world->policy.hold_syn = 1;
	world->policy.inbound_refresh = 1;
	world->shape = (struct nat64_shape){ .max_sessions = 4096, .subscriber_length = 64, .block_size = 64 };
	world->share_max = 1 << 30;
	world->share.max = &world->share_max;
	world->config.pool6.address.word[0] = cpu_to_be32(0x0064ff9b);
	world->config.pool6.length = 96;
	world->now = 1000;
	world->bound_port = -1;
}

struct nat64_pool *world_pool(const struct world *world, const struct nat64_pool_line *lines, unsigned int count)
{
	struct nat64_pool *pool = NULL;
	u32 bad;

	nat64_pool_build(lines, count, world->shape.block_size, &pool, &bad);
	return pool;
}

int world_create(struct world *world, const struct nat64_pool_line *lines, unsigned int count)
{
	struct nat64_pool *pool = world_pool(world, lines, count);
	int error;

	if (!pool)
		return -ENOMEM;
	error = nat64_table_create(&world->shape, pool, &world->share, &calls, world, &world->table);
	if (error)
		nat64_pool_free(pool);
	else
		nat64_table_listen(world->table, 7);
	return error;
}

void world_destroy(struct world *world)
{
	twin_quiesce();
	nat64_table_destroy(world->table);
	twin_quiesce();
}

struct nat64_in6 world_host(unsigned int subscriber, unsigned int host)
{
	return (struct nat64_in6){ { cpu_to_be32(0x20010db8), cpu_to_be32(subscriber), 0, cpu_to_be32(host) } };
}

static struct nat64_in6 embedded(const struct world *world, unsigned int address)
{
	struct nat64_in6 v6;

	nat64_embed(&world->config.pool6, cpu_to_be32(address), &v6);
	return v6;
}

static struct nat64_visit visit_of(const struct world *world, int flags)
{
	return (struct nat64_visit){ .config = &world->config,
				     .policy = &world->policy,
				     .now = world->now,
				     .mark = world->mark,
				     .tcp_flags = flags };
}

static u8 upper_of(int l4)
{
	return l4 == TCP ? NAT64_TCP : l4 == UDP ? NAT64_UDP : NAT64_ECHO;
}

static void half_6(const struct world *world, const struct ends *ends, int l4, struct nat64_half *half)
{
	half->source.v6 = world_host(ends->subscriber, ends->host);
	half->destination.v6 = embedded(world, ends->remote);
	half->upper = upper_of(l4);
	half->source_port = cpu_to_be16(ends->port);
	half->destination_port = l4 == ICMP ? half->source_port : cpu_to_be16(ends->remote_port);
}

static void half_4(const struct ends *ends, int l4, const struct mapped *mapped, struct nat64_half *half)
{
	half->source.v4 = cpu_to_be32(ends->remote);
	half->destination.v4 = cpu_to_be32(mapped->pool);
	half->upper = upper_of(l4);
	half->destination_port = cpu_to_be16(mapped->port);
	half->source_port = l4 == ICMP ? half->destination_port : cpu_to_be16(ends->remote_port);
}

/* ---- every packet is foreseen before it comes ------------------------------------------------------- */

struct dry_run {
	struct world before;
	struct nat64_counts counts;
	enum nat64_verdict verdict;
	struct nat64_foresight foresight;
	struct nat64_map map;
};

/* What the table says would become of it, and that saying so changes nothing. */
static void foresee(struct world *world, const struct nat64_visit *visit, const struct nat64_flow *flow,
		    struct dry_run *dry)
{
	struct nat64_counts counts;

	dry->before = *world;
	nat64_table_counts(world->table, &dry->counts);
	rcu_read_lock();
	dry->verdict = (flow->family == 6 ? nat64_table_foresee_64 : nat64_table_foresee_46)(
		world->table, visit, flow, &dry->map, &dry->foresight);
	rcu_read_unlock();
	nat64_table_counts(world->table, &counts);
	ck_assert_int_eq(memcmp(&counts, &dry->counts, sizeof(counts)), 0);
	world->bound_asked = dry->before.bound_asked;
	ck_assert_int_eq(memcmp(&world->now, &dry->before.now, sizeof(*world) - offsetof(struct world, now)), 0);
}

/* It came as it was foreseen. Memory is not; nor with a host that uses all ports, which is not asked about blocks that nobody has. */
static void came_true(const struct world *world, const struct dry_run *dry, enum nat64_verdict verdict,
		      const struct nat64_map *map)
{
	const struct world *before = &dry->before;

	if (verdict == NAT64_NO_MEMORY || world->bound_port == -2)
		return;
	ck_assert_int_eq(dry->verdict, verdict);
	if (verdict != NAT64_OK)
		return;
	ck_assert_uint_eq(world->bibs - before->bibs, dry->foresight.fate == NAT64_FATE_NEW_MAPPING);
	ck_assert_uint_eq(world->sessions - before->sessions, dry->foresight.fate >= NAT64_FATE_NEW_SESSION);
	ck_assert_uint_ne(dry->foresight.fate, NAT64_FATE_NONE);
	ck_assert_uint_eq(map->hairpin, dry->map.hairpin);
	if (dry->foresight.fate != NAT64_FATE_NEW_MAPPING)
		ck_assert_int_eq(memcmp(&map->outer, &dry->map.outer, sizeof(map->outer)), 0);
}

enum nat64_verdict world_6(struct world *world, const struct ends *ends, int l4, int flags, struct mapped *mapped)
{
	struct nat64_visit visit = visit_of(world, flags);
	struct nat64_flow flow = { .family = 6 };
	struct nat64_map map = { .hairpin = 9 };
	struct dry_run dry = { .map = { .hairpin = 9 } };
	enum nat64_verdict verdict;

	half_6(world, ends, l4, &flow.outer);
	foresee(world, &visit, &flow, &dry);
	rcu_read_lock();
	verdict = nat64_table_64(world->table, &visit, &flow, &map);
	rcu_read_unlock();
	came_true(world, &dry, verdict, &map);
	if (verdict != NAT64_OK)
		return verdict;
	ck_assert_uint_eq(map.outer.destination.v4, cpu_to_be32(ends->remote));
	ck_assert_uint_eq(map.outer.destination_port,
			  l4 == ICMP ? map.outer.source_port : cpu_to_be16(ends->remote_port));
	mapped->pool = be32_to_cpu(map.outer.source.v4);
	mapped->port = be16_to_cpu(map.outer.source_port);
	mapped->hairpin = map.hairpin;
	return verdict;
}

enum nat64_verdict world_4(struct world *world, const struct ends *ends, int l4, int flags, const struct mapped *mapped)
{
	struct nat64_in6 host = world_host(ends->subscriber, ends->host), remote = embedded(world, ends->remote);
	struct nat64_visit visit = visit_of(world, flags);
	struct nat64_flow flow = { .family = 4 };
	struct nat64_map map = { .hairpin = 9 };
	struct dry_run dry = { .map = { .hairpin = 9 } };
	enum nat64_verdict verdict;

	half_4(ends, l4, mapped, &flow.outer);
	foresee(world, &visit, &flow, &dry);
	rcu_read_lock();
	verdict = nat64_table_46(world->table, &visit, &flow, &map);
	rcu_read_unlock();
	came_true(world, &dry, verdict, &map);
	if (verdict != NAT64_OK)
		return verdict;
	ck_assert(!memcmp(&map.outer.source.v6, &remote, sizeof(remote)));
	ck_assert(!memcmp(&map.outer.destination.v6, &host, sizeof(host)));
	ck_assert_uint_eq(map.outer.destination_port, cpu_to_be16(ends->port));
	ck_assert_uint_eq(map.outer.source_port, cpu_to_be16(l4 == ICMP ? ends->port : ends->remote_port));
	ck_assert_int_eq(map.hairpin, 0);
	return verdict;
}

enum nat64_verdict world_error6(struct world *world, const struct ends *ends, int l4, unsigned int sender,
				struct nat64_map *map)
{
	struct nat64_visit visit = visit_of(world, 0);
	struct nat64_flow flow = { .family = 6 };
	enum nat64_verdict verdict;

	flow.outer.source.v6 = sender < 1000 ? world_host(ends->subscriber, sender) : embedded(world, sender);
	flow.outer.destination.v6 = embedded(world, ends->remote);
	flow.outer.upper = NAT64_ERROR;
	/* The packet that it is about went to the host. */
	half_6(world, ends, l4, &flow.inner);
	flow.inner.destination.v6 = flow.inner.source.v6;
	flow.inner.source.v6 = flow.outer.destination.v6;
	flow.inner.source_port = cpu_to_be16(l4 == ICMP ? ends->port : ends->remote_port);
	flow.inner.destination_port = cpu_to_be16(ends->port);
	rcu_read_lock();
	verdict = nat64_table_64(world->table, &visit, &flow, map);
	rcu_read_unlock();
	return verdict;
}

enum nat64_verdict world_error4(struct world *world, const struct ends *ends, int l4, unsigned int sender,
				const struct mapped *mapped, struct nat64_map *map)
{
	struct nat64_visit visit = visit_of(world, 0);
	struct nat64_flow flow = { .family = 4 };
	enum nat64_verdict verdict;

	flow.outer.source.v4 = cpu_to_be32(sender);
	flow.outer.destination.v4 = cpu_to_be32(mapped->pool);
	flow.outer.upper = NAT64_ERROR;
	half_4(ends, l4, mapped, &flow.inner);
	flow.inner.source.v4 = flow.inner.destination.v4;
	flow.inner.destination.v4 = cpu_to_be32(ends->remote);
	flow.inner.source_port = cpu_to_be16(mapped->port);
	flow.inner.destination_port = cpu_to_be16(l4 == ICMP ? mapped->port : ends->remote_port);
	rcu_read_lock();
	verdict = nat64_table_46(world->table, &visit, &flow, map);
	rcu_read_unlock();
	return verdict;
}

int world_hold(struct world *world, const struct ends *ends, const struct mapped *mapped, void *packet)
{
	struct nat64_visit visit = visit_of(world, SYN);
	struct nat64_flow flow = { .family = 4 };

	half_4(ends, TCP, mapped, &flow.outer);
	return nat64_table_hold(world->table, &visit, &flow, packet);
}

void world_pass(struct world *world, unsigned int seconds)
{
	world->now += seconds;
	nat64_table_gc(world->table, &world->policy, world->now, 256);
	twin_quiesce();
}

struct nat64_counts world_counts(const struct world *world)
{
	struct nat64_counts counts;

	nat64_table_counts(world->table, &counts);
	return counts;
}

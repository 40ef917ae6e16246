// SPDX-License-Identifier: GPL-2.0-only
/* A packet's way through the table: find the session, let it step, fill the map. What has no session goes to binding.c. */
#include "kmod/nat64/state.h"

/* ---- finding ---------------------------------------------------------------------------------- */

u32 nat64_hash6(const struct nat64_table *table, enum nat64_l4 l4, const struct nat64_key6 *key)
{
	BUILD_BUG_ON(sizeof(*key) != 24);
	return hsiphash(key, sizeof(*key), &table->keys[l4]);
}

u32 nat64_hash4(const struct nat64_table *table, enum nat64_l4 l4, __be32 pool, __be16 pool_port, __be32 remote,
		__be16 remote_port)
{
	struct {
		__be32 pool, remote;
		__be16 pool_port, remote_port;
		u32 zero;
	} __aligned(8) key = { pool, remote, pool_port, remote_port, 0 };

	BUILD_BUG_ON(sizeof(key) != 16);
	return hsiphash(&key, sizeof(key), &table->keys[l4]);
}

static int same_key6(const struct nat64_key6 *a, const struct nat64_key6 *b)
{
	const u64 *x = (const void *)a, *y = (const void *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]));
}

struct nat64_session *nat64_find6(struct nat64_table *table, enum nat64_l4 l4, const struct nat64_key6 *key)
{
	u32 value = nat64_hash6(table, l4, key);
	struct nat64_link *link;

	nat64_hash_for_each(link, &table->by6, value)
	{
		struct nat64_session *session = container_of(link, struct nat64_session, by6);

		__builtin_prefetch(&session->life, 1); /* the other line, while this one is on its way */
		if (same_key6(&session->key, key) && session->l4 == l4 &&
		    nat64_life_state(atomic64_read(&session->life)) != NAT64_STATE_CLOSED)
			return session;
	}
	return NULL;
}

static struct nat64_session *find4(struct nat64_table *table, const struct nat64_request *request)
{
	const struct nat64_key6 *key = &request->key;
	u32 value = nat64_hash4(table, request->l4, request->pool, request->pool_port, key->remote, key->remote_port);
	struct nat64_link *link;

	nat64_hash_for_each(link, &table->by4, value)
	{
		struct nat64_session *session = container_of(link, struct nat64_session, by4);

		__builtin_prefetch(&session->life, 1);
		if (session->key.remote == key->remote && session->key.remote_port == key->remote_port &&
		    session->pool_port == request->pool_port && session->pool == request->pool &&
		    session->l4 == request->l4 && nat64_life_state(atomic64_read(&session->life)) != NAT64_STATE_CLOSED)
			return session;
	}
	return NULL;
}

/*
 * The packet's effect on its session. Within one second, and in one state, nothing is written. 0: it is over: as if it were not there.
 */
static int touch(struct nat64_session *session, const struct nat64_visit *visit, int from6)
{
	u64 life = atomic64_read(&session->life);

	for (;;) {
		struct nat64_step step;
		u64 next, found;

		if (nat64_life_over(life, visit->now))
			return 0;
		nat64_session_step(nat64_life_state(life), session->l4, from6, visit->tcp_flags,
				   visit->policy->inbound_refresh, &visit->policy->lifetimes, &step);
		next = nat64_life(step.lifetime ? visit->now + step.lifetime : nat64_life_end(life), step.state,
				  nat64_life_generation(life) + (step.state != nat64_life_state(life)));
		if (next == life)
			return 1;
		found = atomic64_cmpxchg(&session->life, life, next);
		if (found == life)
			return 1;
		life = found;
	}
}

/* ---- the packet ------------------------------------------------------------------------------- */

static int l4_of(const struct nat64_half *half)
{
	switch (half->upper) {
	case NAT64_TCP:
		return NAT64_L4_TCP;
	case NAT64_UDP:
		return NAT64_L4_UDP;
	case NAT64_ECHO:
		return NAT64_L4_ICMP;
	default:
		return -1;
	}
}

/* Why there is none. */
static enum nat64_verdict no_session(const struct nat64_half *half)
{
	if (half->upper == NAT64_ICMP_PIECE)
		return NAT64_ICMP_FRAGMENT;
	return half->upper == NAT64_FRAGMENT ? NAT64_FRAGMENT_UNKNOWN : NAT64_UNKNOWN_L4;
}

/* An echo has one identifier where others have two ports: it is the host's, and the remote side has none. */
static __be16 remote_port(int l4, __be16 port)
{
	return l4 == NAT64_L4_ICMP ? 0 : port;
}

/* 64:ff9b::/96 (RFC 6052 2.1). */
static int well_known(const struct nat64_prefix6 *prefix)
{
	return prefix->length == 96 && prefix->address.word[0] == cpu_to_be32(0x0064ff9b) && !prefix->address.word[1] &&
	       !prefix->address.word[2];
}

/* The remote IPv4 address in a pool6 one. */
static enum nat64_verdict extract(const struct nat64_config *config, const struct nat64_in6 *v6, __be32 *v4)
{
	enum nat64_verdict verdict = nat64_extract(&config->pool6, v6, v4);

	if (verdict == NAT64_OK && !config->wkp_non_global && well_known(&config->pool6) && nat64_non_global4(*v4))
		return NAT64_WKP_NON_GLOBAL;
	return verdict;
}

/* 0.0.0.0/8, 127.0.0.0/8, multicast, class E and broadcast: nothing to have a session with. */
static int scoped4(__be32 address)
{
	u32 top = be32_to_cpu(address) >> 24;

	return top == 0 || top == 127 || top >= 224;
}

/* ::, ::1 (and all of ::/127), link-local, multicast. */
static int scoped6(const struct nat64_in6 *address)
{
	u32 first = be32_to_cpu(address->word[0]);

	return first >> 24 == 0xff || first >> 22 == 0xfe80 >> 6 ||
	       !(first || address->word[1] || address->word[2] || be32_to_cpu(address->word[3]) > 1);
}

static void set_ports(struct nat64_map_half *half, int l4, __be16 source, __be16 destination)
{
	half->source_port = source;
	half->destination_port = l4 == NAT64_L4_ICMP ? source : destination;
}

/* ---- ICMP errors: found by their inner packet, never make or refresh anything (RFC 6146 3.5, RFC 5508 REQ-4 to REQ-6) ---------------- */

static enum nat64_verdict error_64(struct nat64_table *table, const struct nat64_visit *visit,
				   const struct nat64_flow *flow, struct nat64_map *map)
{
	const struct nat64_half *inner = &flow->inner;
	int l4 = l4_of(inner);
	struct nat64_key6 key = { .host = inner->destination.v6, .port = inner->destination_port };
	struct nat64_session *session;
	enum nat64_verdict verdict;

	/* An error goes to whom its packet came from, which is to be seen on both. */
	if (l4 < 0 || memcmp(&flow->outer.destination.v6, &inner->source.v6, sizeof(inner->source.v6)))
		return NAT64_ICMP_INNER;
	verdict = extract(visit->config, &inner->source.v6, &key.remote);
	if (verdict != NAT64_OK)
		return NAT64_ICMP_INNER;
	key.remote_port = remote_port(l4, inner->source_port);
	session = nat64_find6(table, l4, &key);
	if (!session)
		return NAT64_ICMP_INNER;
	/* Whoever sent the error: an address of the prefix has an IPv4 one, for any other the mapping's own stands (RFC 6146 3.6.1 lets it). */
	if (nat64_extract(&visit->config->pool6, &flow->outer.source.v6, &map->outer.source.v4) != NAT64_OK)
		map->outer.source.v4 = session->pool;
	map->outer.destination.v4 = key.remote;
	map->outer.source_port = flow->outer.source_port;
	map->outer.destination_port = flow->outer.destination_port;
	map->inner.source.v4 = key.remote;
	map->inner.destination.v4 = session->pool;
	set_ports(&map->inner, NAT64_L4_TCP, inner->source_port, session->pool_port);
	if (l4 == NAT64_L4_ICMP)
		map->inner.source_port = session->pool_port;
	map->hairpin = session->hairpin;
	return NAT64_OK;
}

static enum nat64_verdict error_46(struct nat64_table *table, const struct nat64_visit *visit,
				   const struct nat64_flow *flow, struct nat64_map *map)
{
	const struct nat64_half *inner = &flow->inner;
	struct nat64_request request = { .pool = inner->source.v4, .pool_port = inner->source_port };
	struct nat64_session *session;
	int l4 = l4_of(inner);

	if (l4 < 0)
		return NAT64_ICMP_INNER;
	if (inner->source.v4 != flow->outer.destination.v4)
		return NAT64_NO_MAPPING;
	request.l4 = l4;
	request.key.remote = inner->destination.v4;
	request.key.remote_port = remote_port(l4, inner->destination_port);
	session = find4(table, &request);
	if (!session)
		return NAT64_NO_MAPPING;
	nat64_embed(&visit->config->pool6, flow->outer.source.v4, &map->outer.source.v6);
	map->outer.destination.v6 = session->key.host;
	map->outer.source_port = flow->outer.source_port;
	map->outer.destination_port = flow->outer.destination_port;
	map->inner.source.v6 = session->key.host;
	nat64_embed(&visit->config->pool6, inner->destination.v4, &map->inner.destination.v6);
	set_ports(&map->inner, l4, session->key.port, inner->destination_port);
	map->hairpin = 0;
	return NAT64_OK;
}

/* ---- both ways -------------------------------------------------------------------------------- */

/* foresight: NULL: in earnest. Known when this is compiled, so that packets pay nothing for the dry run. */
static __always_inline int goes_by(struct nat64_session *session, const struct nat64_visit *visit, int from6,
				   struct nat64_foresight *foresight)
{
	if (!foresight)
		return touch(session, visit, from6);
	if (nat64_life_over(atomic64_read(&session->life), visit->now))
		return 0;
	foresight->fate = NAT64_FATE_SESSION;
	nat64_describe_session(session, visit->now, &foresight->event);
	return 1;
}

static __always_inline enum nat64_verdict open_or_foresee(struct nat64_table *table, const struct nat64_visit *visit,
							  struct nat64_request *request,
							  struct nat64_foresight *foresight)
{
	return foresight ? nat64_foresee_open(table, visit, request, foresight)
			 : nat64_binding_open(table, visit, request);
}

static __always_inline enum nat64_verdict pass_64(struct nat64_table *table, const struct nat64_visit *visit,
						  const struct nat64_flow *flow, struct nat64_map *map,
						  struct nat64_foresight *foresight)
{
	const struct nat64_half *half = &flow->outer;
	struct nat64_request request = { .from6 = 1 };
	struct nat64_session *session;
	enum nat64_verdict verdict;
	int l4 = l4_of(half);
	__be32 ignored;

	verdict = extract(visit->config, &half->destination.v6, &request.key.remote);
	if (verdict != NAT64_OK)
		return verdict;
	if (half->upper == NAT64_ERROR)
		return error_64(table, visit, flow, map);
	if (l4 < 0)
		return no_session(half);
	request.l4 = l4;
	request.key.host = half->source.v6;
	request.key.port = half->source_port;
	request.key.remote_port = remote_port(l4, half->destination_port);
	session = nat64_find6(table, l4, &request.key);
	if (likely(session && goes_by(session, visit, 1, foresight))) {
		request.pool = session->pool;
		request.pool_port = session->pool_port;
		map->hairpin = session->hairpin;
	} else {
		/* A source inside of the prefix would go round and round (RFC 6146 3.5). */
		if (nat64_extract(&visit->config->pool6, &half->source.v6, &ignored) != NAT64_NOT_OURS)
			return NAT64_LOOP;
		if (scoped6(&half->source.v6) || scoped4(request.key.remote))
			return NAT64_SCOPE;
		verdict = open_or_foresee(table, visit, &request, foresight);
		if (verdict != NAT64_OK)
			return verdict;
		map->hairpin = nat64_pool_has(READ_ONCE(table->pool), be32_to_cpu(request.key.remote));
	}
	map->outer.source.v4 = request.pool;
	map->outer.destination.v4 = request.key.remote;
	set_ports(&map->outer, l4, request.pool_port, half->destination_port);
	return NAT64_OK;
}

/* What both a packet and a SYN to be held are found by. */
static int request_46(const struct nat64_half *half, int l4, struct nat64_request *request)
{
	if (l4 < 0)
		return 0;
	request->l4 = l4;
	request->pool = half->destination.v4;
	request->pool_port = half->destination_port;
	request->key.remote = half->source.v4;
	request->key.remote_port = remote_port(l4, half->source_port);
	return 1;
}

static __always_inline enum nat64_verdict pass_46(struct nat64_table *table, const struct nat64_visit *visit,
						  const struct nat64_flow *flow, struct nat64_map *map,
						  struct nat64_foresight *foresight)
{
	const struct nat64_half *half = &flow->outer;
	struct nat64_request request = { .from6 = 0 };
	struct nat64_session *session;
	enum nat64_verdict verdict;
	int l4 = l4_of(half);

	if (!nat64_pool_has(READ_ONCE(table->pool), be32_to_cpu(half->destination.v4)))
		return NAT64_NOT_OURS;
	if (half->upper == NAT64_ERROR)
		return error_46(table, visit, flow, map);
	if (!request_46(half, l4, &request))
		return no_session(half);
	session = find4(table, &request);
	if (likely(session && goes_by(session, visit, 0, foresight))) {
		map->outer.destination.v6 = session->key.host;
		request.key.port = session->key.port;
	} else {
		if (scoped4(half->source.v4))
			return NAT64_SCOPE;
		verdict = open_or_foresee(table, visit, &request, foresight);
		if (verdict != NAT64_OK)
			return verdict;
		map->outer.destination.v6 = request.key.host;
	}
	nat64_embed(&visit->config->pool6, half->source.v4, &map->outer.source.v6);
	map->outer.source_port = l4 == NAT64_L4_ICMP ? request.key.port : half->source_port;
	map->outer.destination_port = request.key.port;
	map->hairpin = 0;
	return NAT64_OK;
}

enum nat64_verdict nat64_table_64(struct nat64_table *table, const struct nat64_visit *visit,
				  const struct nat64_flow *flow, struct nat64_map *map)
{
	return pass_64(table, visit, flow, map, NULL);
}

enum nat64_verdict nat64_table_46(struct nat64_table *table, const struct nat64_visit *visit,
				  const struct nat64_flow *flow, struct nat64_map *map)
{
	return pass_46(table, visit, flow, map, NULL);
}

enum nat64_verdict nat64_table_foresee_64(struct nat64_table *table, const struct nat64_visit *visit,
					  const struct nat64_flow *flow, struct nat64_map *map,
					  struct nat64_foresight *foresight)
{
	*foresight = (struct nat64_foresight){ .fate = NAT64_FATE_NONE };
	return pass_64(table, visit, flow, map, foresight);
}

enum nat64_verdict nat64_table_foresee_46(struct nat64_table *table, const struct nat64_visit *visit,
					  const struct nat64_flow *flow, struct nat64_map *map,
					  struct nat64_foresight *foresight)
{
	*foresight = (struct nat64_foresight){ .fate = NAT64_FATE_NONE };
	return pass_46(table, visit, flow, map, foresight);
}

/* ---- SYNs that wait --------------------------------------------------------------------------- */

int nat64_table_hold(struct nat64_table *table, const struct nat64_visit *visit, const struct nat64_flow *flow,
		     void *packet)
{
	struct nat64_request request = { .from6 = 0 };

	if (!request_46(&flow->outer, l4_of(&flow->outer), &request))
		return -EINVAL;
	return nat64_held_add(table, &request, visit->now + visit->policy->lifetimes.tcp_incoming_syn, packet);
}

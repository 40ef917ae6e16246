// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random packets, time, settings and administration against a slow and obvious model: lists that are searched from end to end. Which port a new mapping gets is the
 * table's choice; the model checks that it may be had.
 */
#include "tests/unit/nat64/world.h"

#include <check.h>
#include <stdio.h>

enum {
	HOSTS = 3,
	SUBSCRIBERS = 4,
	PORTS = 6,
	REMOTES = 3,
	REMOTE_PORTS = 3,
	MAPPINGS = 600,
	SESSIONS = 3000,
	HISTORY = 20000
};

struct mapping {
	int used, fixed, l4;
	unsigned int subscriber, host, pool;
	unsigned short port, pool_port;
};

struct session {
	int used, state;
	struct mapping *mapping;
	unsigned int remote, end;
	unsigned short remote_port;
};

static struct world w;
static struct mapping mappings[MAPPINGS];
static struct session sessions[SESSIONS];
static struct {
	int l4;
	unsigned int pool, at;
	unsigned short port;
} released[HISTORY];
static unsigned int releases, seed, counts[NAT64_VERDICT_COUNT];

static const struct nat64_pool_line pools[2][2] = {
	{ { POOL + 1, 2, 1024, 1087, 0 }, { POOL + 3, 1, 5000, 5099, 0 } },
	{ { POOL + 2, 1, 1024, 1087, 0 }, { POOL + 3, 2, 5000, 5099, 0 } },
};
static unsigned int pool_now;

static unsigned int roll(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

static struct mapping *by_host(int l4, const struct ends *ends)
{
	unsigned int i;

	for (i = 0; i < MAPPINGS; i++)
		if (mappings[i].used && mappings[i].l4 == l4 && mappings[i].subscriber == ends->subscriber &&
		    mappings[i].host == ends->host && mappings[i].port == ends->port)
			return &mappings[i];
	return NULL;
}

static struct mapping *by_pool(int l4, unsigned int pool, unsigned short port)
{
	unsigned int i;

	for (i = 0; i < MAPPINGS; i++)
		if (mappings[i].used && mappings[i].l4 == l4 && mappings[i].pool == pool &&
		    mappings[i].pool_port == port)
			return &mappings[i];
	return NULL;
}

static struct session *session_of(const struct mapping *mapping, const struct ends *ends)
{
	unsigned int i;

	for (i = 0; i < SESSIONS; i++)
		if (sessions[i].used && sessions[i].mapping == mapping && sessions[i].remote == ends->remote &&
		    (mapping->l4 == ICMP || sessions[i].remote_port == ends->remote_port))
			return &sessions[i];
	return NULL;
}

static int knows(const struct mapping *mapping, unsigned int remote)
{
	unsigned int i;

	for (i = 0; i < SESSIONS; i++)
		if (sessions[i].used && sessions[i].mapping == mapping && sessions[i].remote == remote &&
		    sessions[i].end > w.now)
			return 1;
	return 0;
}

static unsigned int sessions_of(unsigned int subscriber)
{
	unsigned int count = 0, i;

	for (i = 0; i < SESSIONS; i++)
		count += sessions[i].used && sessions[i].mapping->subscriber == subscriber;
	return count;
}

static void forget(struct session *session)
{
	struct mapping *mapping = session->mapping;
	unsigned int i;

	session->used = 0;
	for (i = 0; i < SESSIONS; i++)
		if (sessions[i].used && sessions[i].mapping == mapping)
			return;
	if (mapping->fixed)
		return;
	ck_assert_uint_lt(releases, HISTORY);
	released[releases].l4 = mapping->l4;
	released[releases].pool = mapping->pool;
	released[releases].port = mapping->pool_port;
	released[releases++].at = w.now;
	mapping->used = 0;
}

static void remember(struct mapping *mapping, const struct ends *ends, const struct nat64_step *step)
{
	unsigned int i;

	for (i = 0; sessions[i].used; i++)
		ck_assert_uint_lt(i, SESSIONS - 1);
	sessions[i] =
		(struct session){ 1, step->state, mapping, ends->remote, w.now + step->lifetime, ends->remote_port };
}

/* What the table made of a first packet must be a choice that it had. */
static struct mapping *accept_choice(int l4, const struct ends *ends, const struct mapped *mapped)
{
	unsigned int covered = 0, i;

	for (i = 0; i < 2; i++) {
		const struct nat64_pool_line *line = &pools[pool_now][i];

		covered += mapped->pool >= line->first && mapped->pool < line->first + line->addresses &&
			   mapped->port >= line->first_port && mapped->port <= line->last_port;
	}
	ck_assert_uint_eq(covered, 1);
	ck_assert_ptr_null(by_pool(l4, mapped->pool, mapped->port));
	for (i = 0; i < releases; i++)
		if (released[i].l4 == l4 && released[i].pool == mapped->pool && released[i].port == mapped->port)
			ck_assert_uint_ge(w.now - released[i].at, w.policy.lifetimes.hold_down);
	for (i = 0; mappings[i].used; i++)
		ck_assert_uint_lt(i, MAPPINGS - 1);
	mappings[i] =
		(struct mapping){ 1, 0, l4, ends->subscriber, ends->host, mapped->pool, ends->port, mapped->port };
	return &mappings[i];
}

static void stepped(struct session *session, int from6, int flags)
{
	struct nat64_step step;

	nat64_session_step(session->state, session->mapping->l4, from6, flags, w.policy.inbound_refresh,
			   &w.policy.lifetimes, &step);
	session->state = step.state;
	if (step.lifetime)
		session->end = w.now + step.lifetime;
}

static int random_flags(void)
{
	static const int flags[] = { SYN, SYN, SYN, SYN | ACK, ACK, ACK, ACK, FIN | ACK, RST };

	return flags[roll(sizeof(flags) / sizeof(flags[0]))];
}

static struct ends random_ends(void)
{
	return (struct ends){ roll(SUBSCRIBERS), roll(HOSTS), 0x08080800 + roll(REMOTES), roll(PORTS),
			      roll(REMOTE_PORTS) };
}

static void packet6(void)
{
	struct ends ends = random_ends();
	int l4 = roll(3), flags = random_flags();
	struct mapping *mapping = by_host(l4, &ends);
	struct session *session = mapping ? session_of(mapping, &ends) : NULL;
	struct nat64_opening opening = { .l4 = l4, .from6 = 1, .tcp_flags = flags, .hold_syn = w.policy.hold_syn };
	struct nat64_step step;
	struct mapped mapped;
	enum nat64_verdict verdict = world_6(&w, &ends, l4, flags, &mapped);
	enum nat64_open open;

	counts[verdict]++;
	if (session && session->end <= w.now) {
		forget(session);
		session = NULL;
		mapping = by_host(l4, &ends);
	}
	if (session) {
		ck_assert_int_eq(verdict, NAT64_OK);
		ck_assert_uint_eq(mapped.pool, mapping->pool);
		ck_assert_uint_eq(mapped.port, mapping->pool_port);
		stepped(session, 1, flags);
		return;
	}
	opening.mapped = !!mapping;
	opening.filtering = w.policy.filtering;
	open = nat64_session_open(&opening, &w.policy.lifetimes, &step);
	if (open == NAT64_OPEN_REFUSE) {
		ck_assert_int_eq(verdict, NAT64_NO_SESSION);
		return;
	}
	if (open == NAT64_OPEN_CREATE && sessions_of(ends.subscriber) >= w.policy.max_per_subscriber) {
		ck_assert_int_eq(verdict, NAT64_SUBSCRIBER_SESSIONS);
		return;
	}
	/* Ports may be used up or held down: then nothing has changed. Whether they are is checked where they are given. */
	if (!mapping && (verdict == NAT64_SUBSCRIBER_PORTS || verdict == NAT64_POOL_EXHAUSTED))
		return;
	ck_assert_int_eq(verdict, NAT64_OK);
	if (!mapping)
		mapping = accept_choice(l4, &ends, &mapped);
	ck_assert_uint_eq(mapped.pool, mapping->pool);
	ck_assert_uint_eq(mapped.port, mapping->pool_port);
	if (open == NAT64_OPEN_CREATE)
		remember(mapping, &ends, &step);
}

static void packet4(void)
{
	struct mapping *mapping = &mappings[roll(MAPPINGS)];
	struct ends ends = random_ends();
	int flags = random_flags(), l4 = roll(3);
	struct mapped mapped = { POOL + 1 + roll(4), roll(2) ? 1024 + roll(64) : 5000 + roll(100), 0 };
	struct nat64_opening opening = { .tcp_flags = flags,
					 .hold_syn = w.policy.hold_syn,
					 .filtering = w.policy.filtering };
	struct session *session = NULL;
	enum nat64_verdict verdict;
	struct nat64_step step;
	unsigned int tries;

	/* Mostly to what is there. */
	for (tries = 0; tries < 50 && !mapping->used; tries++)
		mapping = &mappings[roll(MAPPINGS)];
	if (mapping->used && roll(10)) {
		l4 = mapping->l4;
		mapped = (struct mapped){ mapping->pool, mapping->pool_port, 0 };
	}
	mapping = by_pool(l4, mapped.pool, mapped.port);
	if (mapping) {
		ends.subscriber = mapping->subscriber;
		ends.host = mapping->host;
		ends.port = mapping->port;
		session = session_of(mapping, &ends);
	}
	verdict = world_4(&w, &ends, l4, flags, &mapped);
	counts[verdict]++;
	if (session && session->end <= w.now) {
		forget(session);
		session = NULL;
		mapping = by_pool(l4, mapped.pool, mapped.port);
	}
	if (session) {
		ck_assert_int_eq(verdict, NAT64_OK);
		stepped(session, 0, flags);
		return;
	}
	if (mapped.pool < pools[pool_now][0].first || mapped.pool >= POOL + 5 ||
	    (!pool_now && mapped.pool == POOL + 4)) {
		ck_assert_int_eq(verdict, NAT64_NOT_OURS);
		return;
	}
	opening.l4 = l4;
	opening.mapped = !!mapping;
	opening.known = mapping && knows(mapping, ends.remote);
	switch (nat64_session_open(&opening, &w.policy.lifetimes, &step)) {
	case NAT64_OPEN_CREATE:
		if (sessions_of(ends.subscriber) >= w.policy.max_per_subscriber) {
			ck_assert_int_eq(verdict, NAT64_SUBSCRIBER_SESSIONS);
			return;
		}
		ck_assert_int_eq(verdict, NAT64_OK);
		remember(mapping, &ends, &step);
		return;
	case NAT64_OPEN_PASS:
		ck_assert_int_eq(verdict, NAT64_OK);
		return;
	case NAT64_OPEN_HOLD:
		ck_assert_int_eq(verdict, NAT64_SYN_HELD);
		return;
	case NAT64_OPEN_FILTER:
		ck_assert_int_eq(verdict, NAT64_FILTERED);
		return;
	case NAT64_OPEN_REFUSE:
		ck_assert_int_eq(verdict, NAT64_NO_MAPPING);
	}
}

static void pass(void)
{
	static const unsigned int seconds[] = { 0, 1, 5, 30, 61, 119, 240, 301, 7440 };
	unsigned int i, by = seconds[roll(sizeof(seconds) / sizeof(seconds[0]))];

	w.now += by;
	/* Half of the time nobody sweeps: packets meet what is over. */
	if (roll(2))
		return;
	world_pass(&w, 0);
	for (i = 0; i < SESSIONS; i++) {
		struct nat64_step step;

		if (!sessions[i].used || sessions[i].end > w.now)
			continue;
		nat64_session_expire(sessions[i].state, sessions[i].mapping->l4, &w.policy.lifetimes, &step);
		sessions[i].state = step.state;
		sessions[i].end = w.now + step.lifetime;
		if (step.state == NAT64_STATE_CLOSED)
			forget(&sessions[i]);
	}
}

static void by_hand(void)
{
	struct ends ends = random_ends();
	int l4 = roll(3);
	struct mapping *mapping = by_host(l4, &ends), *other;
	struct nat64_fixed fixed = { .l4 = l4,
				     .host = world_host(ends.subscriber, ends.host),
				     .host_port = cpu_to_be16(ends.port) };
	unsigned int pool = POOL + 3, i;
	unsigned short port = 5000 + roll(100);
	int error;

	if (mapping && mapping->fixed) {
		fixed.pool = cpu_to_be32(mapping->pool);
		fixed.pool_port = cpu_to_be16(mapping->pool_port);
		ck_assert_int_eq(nat64_table_unfix(w.table, &w.policy, &fixed, w.now), 0);
		for (i = 0; i < SESSIONS; i++)
			if (sessions[i].used && sessions[i].mapping == mapping)
				sessions[i].used = 0;
		ck_assert_uint_lt(releases, HISTORY);
		released[releases].l4 = l4;
		released[releases].pool = mapping->pool;
		released[releases].port = mapping->pool_port;
		released[releases++].at = w.now - 1000; /* a block may not have existed: not held */
		mapping->used = 0;
		return;
	}
	fixed.pool = cpu_to_be32(pool);
	fixed.pool_port = cpu_to_be16(port);
	other = by_pool(l4, pool, port);
	error = nat64_table_fix(w.table, &w.policy, &fixed, w.now);
	if (mapping || other) {
		ck_assert_int_eq(error, -EEXIST);
		return;
	}
	ck_assert_int_eq(error, 0);
	for (i = 0; mappings[i].used; i++)
		ck_assert_uint_lt(i, MAPPINGS - 1);
	mappings[i] = (struct mapping){ 1, 1, l4, ends.subscriber, ends.host, pool, ends.port, port };
}

static void change_pool(void)
{
	unsigned int i, next = !pool_now;
	struct nat64_pool *pool = world_pool(&w, pools[next], 2);

	ck_assert_int_eq(nat64_table_set_pool(w.table, &w.policy, pool, w.now), 0);
	pool_now = next;
	/* Only the first line's first or second address is not in both. */
	for (i = 0; i < SESSIONS; i++)
		if (sessions[i].used && sessions[i].mapping->pool == (next ? POOL + 1 : POOL + 4))
			sessions[i].used = 0;
	for (i = 0; i < MAPPINGS; i++)
		if (mappings[i].used && mappings[i].pool == (next ? POOL + 1 : POOL + 4))
			mappings[i].used = 0;
}

static void settings(void)
{
	w.policy.filtering = roll(2);
	w.policy.hold_syn = roll(2);
	w.policy.inbound_refresh = roll(2);
	w.policy.paired = roll(2);
	w.policy.max_per_subscriber = roll(3) ? 1000 : 20;
	w.policy.max_blocks = roll(3) ? 3 : 1;
}

static int seen_sessions, seen_mappings;

static int check_one(void *context, const struct nat64_event *event)
{
	struct ends ends = { be32_to_cpu(event->host.word[1]), be32_to_cpu(event->host.word[3]),
			     be32_to_cpu(event->remote), be16_to_cpu(event->host_port),
			     be16_to_cpu(event->remote_port) };
	struct mapping *mapping = by_host(event->l4, &ends);
	struct session *session;

	ck_assert_ptr_nonnull(mapping);
	ck_assert_uint_eq(mapping->pool, be32_to_cpu(event->pool));
	ck_assert_uint_eq(mapping->pool_port, be16_to_cpu(event->pool_port));
	if (event->type == NAT64_EVENT_BIB) {
		ck_assert_int_eq(mapping->fixed, event->fixed);
		seen_mappings++;
		return 0;
	}
	session = session_of(mapping, &ends);
	ck_assert_ptr_nonnull(session);
	ck_assert_int_eq(session->state, event->state);
	ck_assert_uint_eq(session->end > w.now ? session->end - w.now : 0, event->left);
	seen_sessions++;
	return 0;
}

static void compare_all(void)
{
	struct nat64_cursor cursor = { 0, 0 };
	int in_sessions = 0, in_mappings = 0;
	unsigned int i;

	for (i = 0; i < SESSIONS; i++)
		in_sessions += sessions[i].used;
	for (i = 0; i < MAPPINGS; i++)
		in_mappings += mappings[i].used;
	seen_sessions = 0;
	seen_mappings = 0;
	ck_assert_int_eq(nat64_table_walk(w.table, NAT64_EVENT_SESSION, w.now, &cursor, check_one, NULL), 0);
	cursor = (struct nat64_cursor){ 0, 0 };
	ck_assert_int_eq(nat64_table_walk(w.table, NAT64_EVENT_BIB, w.now, &cursor, check_one, NULL), 0);
	ck_assert_int_eq(seen_sessions, in_sessions);
	ck_assert_int_eq(seen_mappings, in_mappings);
	ck_assert_uint_eq(world_counts(&w).sessions, in_sessions);
	ck_assert_uint_eq(world_counts(&w).bibs, in_mappings);
	ck_assert_uint_eq(w.sessions - w.sessions_gone, in_sessions);
	ck_assert_uint_eq(w.bibs - w.bibs_gone, in_mappings);
	ck_assert_uint_eq(w.blocks - w.blocks_gone, world_counts(&w).blocks);
}

START_TEST(as_the_model)
{
	unsigned int rounds = getenv("OSNC_LONG") ? 400000 : 25000, round;

	memset(mappings, 0, sizeof(mappings));
	memset(sessions, 0, sizeof(sessions));
	memset(counts, 0, sizeof(counts));
	releases = 0;
	pool_now = 0;
	ck_assert_int_eq(nat64_table_module_init(), 0);
	world_defaults(&w);
	w.shape.block_size = 16;
	w.policy.max_blocks = 3;
	ck_assert_int_eq(world_create(&w, pools[0], 2), 0);
	for (round = 0; round < rounds; round++) {
		unsigned int what = roll(1000);

		if (what < 500)
			packet6();
		else if (what < 920)
			packet4();
		else if (what < 960)
			pass();
		else if (what < 975)
			by_hand();
		else if (what < 980)
			settings();
		else if (what < 982)
			change_pool();
		if (round % 64 == 0)
			twin_quiesce();
		if (round % 200 == 0)
			compare_all();
		/* Hold-downs that are long over need not be kept. */
		if (releases > HISTORY / 2) {
			memmove(released, released + HISTORY / 4, (releases - HISTORY / 4) * sizeof(released[0]));
			releases -= HISTORY / 4;
		}
	}
	compare_all();
	nat64_table_flush(w.table, &w.policy, w.now);
	ck_assert_uint_eq(world_counts(&w).sessions, 0);
	world_destroy(&w);
	nat64_table_module_exit();
	ck_assert_uint_eq(twin_memory(), 0);
	/* Of each kind there was something to compare. */
	ck_assert_uint_gt(counts[NAT64_OK], rounds / 10);
	ck_assert_uint_gt(counts[NAT64_NO_SESSION], 10);
	ck_assert_uint_gt(counts[NAT64_NO_MAPPING], 10);
	ck_assert_uint_gt(counts[NAT64_FILTERED], 10);
	ck_assert_uint_gt(counts[NAT64_SYN_HELD], 10);
	ck_assert_uint_gt(counts[NAT64_SUBSCRIBER_SESSIONS], 10);
	ck_assert_uint_gt(counts[NAT64_SUBSCRIBER_PORTS], 0);
	ck_assert_uint_gt(counts[NAT64_NOT_OURS], 10);
}
END_TEST

int main(void)
{
	const char *given = getenv("OSNC_SEED");
	Suite *suite = suite_create("nat64_table_model");
	TCase *tests = tcase_create("model");
	SRunner *runner = srunner_create(suite);
	int failed;

	seed = given ? strtoul(given, NULL, 10) : 20261130;
	printf("OSNC_SEED=%u\n", seed);
	twin_seed(seed);
	tcase_set_timeout(tests, 600);
	tcase_add_test(tests, as_the_model);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

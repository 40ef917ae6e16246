// SPDX-License-Identifier: GPL-2.0-or-later
/* What gateways ask of the session table: state that is kept with a session, and mappings for one connection that is to come. */
#include "tests/unit/nat64/world.h"

#include <check.h>

#define SERVER 0x08080808
#define STRANGER 0x08080809
#define LIFETIME 60

static struct world w;

static const struct nat64_pool_line one = { POOL + 1, 1, 1024, 65535, 0 };
static const struct ends control = { 1, 1, SERVER, 40000, 21 };
/* the server's connection to the port that the client listens on, and others */
static const struct ends data = { 1, 1, SERVER, 50000, 20 }, again = { 1, 1, SERVER, 50000, 2020 };
static const struct ends stranger = { 1, 1, STRANGER, 50000, 20 };

static void begin(void)
{
	ck_assert_int_eq(nat64_table_module_init(), 0);
	world_defaults(&w);
	w.policy.hold_syn = 0;
	ck_assert_int_eq(world_create(&w, &one, 1), 0);
}

static void end(void)
{
	world_destroy(&w);
	nat64_table_module_exit();
	ck_assert_uint_eq(twin_memory(), 0);
	ck_assert_int_eq(atomic_read(&w.share.sessions), 0);
}

static struct nat64_ends ends_of(const struct ends *ends)
{
	return (struct nat64_ends){ world_host(ends->subscriber, ends->host), cpu_to_be32(ends->remote),
				    cpu_to_be16(ends->port), cpu_to_be16(ends->remote_port) };
}

/* A mapping of data's host and port for its remote. */
static int expect(unsigned int pool, struct mapped *mapped)
{
	const struct nat64_visit visit = { .config = &w.config, .policy = &w.policy, .now = w.now };
	struct nat64_ends ends = ends_of(&data);
	__be16 port = 0;
	int error;

	ends.remote_port = 0;
	rcu_read_lock();
	error = nat64_table_expect(w.table, &visit, &ends, cpu_to_be32(pool), LIFETIME, &port);
	rcu_read_unlock();
	*mapped = (struct mapped){ pool, be16_to_cpu(port), 0 };
	return error;
}

/* One connection, from the peer's address, and nothing else; in either kind of filtering. */
START_TEST(one_connection)
{
	struct mapped mapped, found;

	begin();
	w.policy.filtering = _i ? NAT64_FILTER_ADDRESS_DEPENDENT : NAT64_FILTER_ENDPOINT_INDEPENDENT;
	ck_assert_int_eq(expect(POOL + 1, &mapped), 0);
	ck_assert_uint_eq(world_counts(&w).bibs, 1);
	ck_assert_int_eq(world_4(&w, &stranger, TCP, SYN, &mapped), NAT64_FILTERED);
	ck_assert_int_eq(world_4(&w, &stranger, TCP, ACK, &mapped), NAT64_FILTERED);
	ck_assert_int_eq(world_4(&w, &data, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_uint_eq(world_counts(&w).sessions, 1); /* what stood for it is gone */
	ck_assert_int_eq(world_4(&w, &again, TCP, SYN, &mapped), NAT64_FILTERED);
	ck_assert_int_eq(world_4(&w, &stranger, TCP, SYN, &mapped), NAT64_FILTERED);
	ck_assert_int_eq(world_6(&w, &data, TCP, SYN | ACK, &found), NAT64_OK);
	ck_assert_uint_eq(found.port, mapped.port);
	ck_assert_int_eq(world_4(&w, &data, TCP, ACK, &mapped), NAT64_OK);
	/* and one more when it is asked for, at the same place */
	ck_assert_int_eq(expect(POOL + 1, &found), 0);
	ck_assert_uint_eq(found.port, mapped.port);
	ck_assert_int_eq(world_4(&w, &stranger, TCP, SYN, &mapped), NAT64_FILTERED);
	ck_assert_int_eq(world_4(&w, &again, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_uint_eq(world_counts(&w).sessions, 2);
	end();
}
END_TEST

/* Nobody came: it is over, before the sweep comes by too. */
START_TEST(in_time)
{
	struct mapped mapped, prolonged;

	begin();
	ck_assert_int_eq(expect(POOL + 1, &mapped), 0);
	w.now += LIFETIME - 1;
	ck_assert_int_eq(expect(POOL + 1, &prolonged), 0);
	ck_assert_uint_eq(prolonged.port, mapped.port);
	ck_assert_uint_eq(world_counts(&w).sessions, 1);
	w.now += LIFETIME;
	ck_assert_int_eq(world_4(&w, &data, TCP, SYN, &mapped), NAT64_FILTERED);
	world_pass(&w, 1);
	ck_assert_uint_eq(world_counts(&w).bibs, 0);
	ck_assert_int_eq(world_4(&w, &data, TCP, SYN, &mapped), NAT64_NO_MAPPING);
	end();
}
END_TEST

/* A mapping that is there stays as open as its instance lets it be; one that its owner uses is any other. */
START_TEST(of_ordinary_use)
{
	const struct ends other = { 1, 1, STRANGER, 50000, 80 };
	struct mapped mapped, found;

	begin();
	ck_assert_int_eq(world_6(&w, &other, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_int_eq(expect(POOL + 1, &found), 0);
	ck_assert_uint_eq(found.port, mapped.port);
	ck_assert_int_eq(world_4(&w, &data, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_int_eq(world_4(&w, &again, TCP, SYN, &mapped), NAT64_OK);
	end();
	begin();
	ck_assert_int_eq(expect(POOL + 1, &mapped), 0);
	ck_assert_int_eq(world_6(&w, &other, TCP, SYN, &found), NAT64_OK);
	ck_assert_int_eq(world_4(&w, &stranger, TCP, SYN, &mapped), NAT64_OK);
	end();
}
END_TEST

/* No mapping: at another address than the peer knows, or because of a limit. Nothing is left behind. */
START_TEST(refused)
{
	struct mapped mapped;

	begin();
	ck_assert_int_eq(expect(POOL + 2, &mapped), -EADDRNOTAVAIL);
	ck_assert_uint_eq(world_counts(&w).bibs + world_counts(&w).sessions, 0);
	w.policy.max_per_subscriber = 0;
	ck_assert_int_eq(expect(POOL + 1, &mapped), -ENOSPC);
	ck_assert_uint_eq(world_counts(&w).bibs + world_counts(&w).sessions, 0);
	w.policy.max_per_subscriber = 2;
	ck_assert_int_eq(world_6(&w, &data, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_int_eq(expect(POOL + 2, &mapped), -EADDRNOTAVAIL);
	ck_assert_uint_eq(world_counts(&w).sessions, 1);
	end();
}
END_TEST

/* State is found from either side, lives as long as its session, and is counted. */
START_TEST(state)
{
	const struct ends second = { 1, 2, SERVER, 40000, 21 };
	const struct nat64_ends ends = ends_of(&control), other = ends_of(&second);
	void *first = kmalloc(100, GFP_ATOMIC), *late = kmalloc(100, GFP_ATOMIC);
	struct mapped mapped;

	begin();
	ck_assert_int_eq(nat64_table_attach(w.table, &ends, first, 1), -ENOENT);
	ck_assert_int_eq(world_6(&w, &control, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_int_eq(world_6(&w, &second, TCP, SYN, &mapped), NAT64_OK);
	rcu_read_lock();
	ck_assert_ptr_null(nat64_table_attached(w.table, &ends));
	ck_assert_int_eq(nat64_table_attach(w.table, &ends, first, 1), 0);
	ck_assert_int_eq(nat64_table_attach(w.table, &ends, late, 1), -EEXIST);
	ck_assert_int_eq(nat64_table_attach(w.table, &other, late, 1), -ENOSPC);
	ck_assert_ptr_eq(nat64_table_attached(w.table, &ends), first);
	ck_assert_ptr_null(nat64_table_attached(w.table, &other));
	rcu_read_unlock();
	nat64_table_flush(w.table, &w.policy, w.now);
	twin_quiesce();
	ck_assert_int_eq(world_6(&w, &second, TCP, SYN, &mapped), NAT64_OK);
	ck_assert_int_eq(nat64_table_attach(w.table, &other, late, 1), 0);
	end(); /* frees it */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_table_expect");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(cases, one_connection, 0, 2);
	tcase_add_test(cases, in_time);
	tcase_add_test(cases, of_ordinary_use);
	tcase_add_test(cases, refused);
	tcase_add_test(cases, state);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

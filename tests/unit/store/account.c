/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of accounts that cross each other: whoever comes second is told, and no account comes back. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/store/fixture.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define ANNA "anna@example.org"

static struct fixture f;

static void setup(void)
{
	fixture_make(&f);
	fixture_open(&f);
}

static void teardown(void)
{
	fixture_remove(&f);
}

static void reopen(bool without_index)
{
	char name[128];

	fixture_close(&f);
	snprintf(name, sizeof(name), "%s/index/life", f.path);
	if (without_index)
		ck_assert_int_eq(unlink(name), 0);
	fixture_open(&f);
}

static struct store_txn *change(struct store_account *a, const char *hash)
{
	struct store_txn *txn;

	strcpy(a->hash, hash);
	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	ck_assert_int_eq(store_txn_account(txn, a), 0);
	return txn;
}

static struct store_txn *removal(const struct store_account *a)
{
	struct store_txn *txn;

	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	ck_assert_int_eq(store_txn_account_remove(txn, a), 0);
	return txn;
}

static int commit(struct store_txn *txn)
{
	return store_commit_wait(f.store, &txn);
}

static const char *hash_of(const char *address)
{
	static struct store_account a;
	const int r = store_account_find(f.store, address, &a);

	ck_assert(!r || r == -ENOENT);
	return r ? "none" : a.hash;
}

/* The same, now and after starts with the index and without it. */
static void must_be(const char *hash)
{
	for (int round = 0; round < 4; round++) {
		ck_assert_str_eq(hash_of(ANNA), hash);
		reopen(round % 2);
	}
}

START_TEST(an_update_after_the_removal)
{
	struct store_account a = fixture_account(&f, ANNA);

	ck_assert_int_eq(commit(removal(&a)), 0);
	ck_assert_int_eq(commit(change(&a, "late")), -ENOENT);
	ck_assert_int_eq(commit(removal(&a)), -ENOENT);
	must_be("none");
}
END_TEST

/* The address has a new owner: the update of the old one must not take it away. */
START_TEST(an_update_of_an_earlier_owner)
{
	struct store_account a = fixture_account(&f, ANNA), b;

	ck_assert_int_eq(commit(removal(&a)), 0);
	b = fixture_account(&f, ANNA);
	ck_assert_int_eq(fixture_deliver(&f, &b, 1, "new\r\n", 5), 0);
	ck_assert_int_eq(commit(change(&a, "old")), -ENOENT);
	ck_assert_int_eq(commit(removal(&a)), -ENOENT);
	ck_assert_uint_eq(fixture_count(&f, &b), 1);
	must_be("*");
}
END_TEST

START_TEST(one_of_two_updates)
{
	struct store_account a = fixture_account(&f, ANNA), b = a;

	ck_assert_int_eq(commit(change(&a, "first")), 0);
	ck_assert_int_eq(commit(change(&b, "second")), -ESTALE);
	must_be("first");
	ck_assert_int_eq(store_account_find(f.store, ANNA, &a), 0);
	ck_assert_int_eq(commit(change(&a, "third")), 0);
	/* a removal does not mind what it has become */
	ck_assert_int_eq(commit(removal(&b)), 0);
	must_be("none");
}
END_TEST

START_TEST(one_of_two_of_a_name)
{
	struct store_account a = { .bucket = 1 }, b = { .bucket = 1 };

	strcpy(a.address, ANNA);
	strcpy(b.address, ANNA);
	ck_assert_int_eq(commit(change(&a, "first")), 0);
	ck_assert_int_eq(commit(change(&b, "second")), -EEXIST);
	must_be("first");
}
END_TEST

/* ---- at one time --------------------------------------------------------------------------------------- */

#define MANY 40

struct results {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	size_t n;
	int error[MANY];
};

static void done(void *arg, int error)
{
	struct results *r = arg;

	pthread_mutex_lock(&r->lock);
	r->error[r->n++] = error;
	pthread_cond_signal(&r->cond);
	pthread_mutex_unlock(&r->lock);
}

static void post(struct results *r, struct store_txn *txn)
{
	store_commit(f.store, &txn, done, r);
}

static void await(struct results *r, size_t n)
{
	pthread_mutex_lock(&r->lock);
	while (r->n < n)
		pthread_cond_wait(&r->cond, &r->lock);
	pthread_mutex_unlock(&r->lock);
	ck_assert_int_eq(store_barrier(f.store), 0);
}

/* Handed over together, so that they are likely to be in one batch. Each answer is by what came before, and only one update of many that
 * know the same state is taken. */
START_TEST(all_at_once)
{
	struct results r = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, { 0 } };
	struct store_account a = fixture_account(&f, ANNA), other = fixture_account(&f, "bert@example.org");
	struct store_account copies[MANY];
	size_t good = 0;

	for (size_t i = 0; i < MANY - 2; i++) {
		copies[i] = a;
		post(&r, change(&copies[i], i ? "later" : "first"));
	}
	post(&r, removal(&a));
	copies[MANY - 1] = a;
	post(&r, change(&copies[MANY - 1], "last"));
	await(&r, MANY);
	for (size_t i = 0; i < MANY - 2; i++) {
		ck_assert(!r.error[i] || r.error[i] == -ESTALE);
		good += !r.error[i];
	}
	ck_assert_uint_eq(good, 1);
	ck_assert_int_eq(r.error[0], 0);
	ck_assert_int_eq(r.error[MANY - 2], 0);
	ck_assert_int_eq(r.error[MANY - 1], -ENOENT);
	ck_assert_int_eq(fixture_deliver(&f, &other, 1, "x\r\n", 3), 0);
	must_be("none");
	ck_assert_str_eq(hash_of("bert@example.org"), "*");
}
END_TEST

/* ---- mail for an account that has gone -------------------------------------------------------------------- */

/* Mail that was under way when its only recipient went takes no room for ever: compaction drops it. */
START_TEST(nobody_wants_it)
{
	struct store_account a = fixture_account(&f, ANNA), b = fixture_account(&f, "bert@example.org"),
			     both[2] = { b, a };
	struct store_status s;
	char *text = malloc(300 << 10);
	uint64_t freed;

	memset(text, 'x', 300 << 10);
	ck_assert_int_eq(commit(removal(&a)), 0);
	ck_assert_int_eq(fixture_deliver(&f, &a, 1, text, 300 << 10), 0);
	ck_assert_int_eq(fixture_deliver(&f, both, 2, "for bert\r\n", 10), 0);
	ck_assert_int_eq(store_get_status(f.store, &s), 0);
	ck_assert_uint_lt(s.live_octets, 10000);
	reopen(false);
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
	ck_assert_uint_ge(freed, 300 << 10);
	for (int round = 0; round < 2; round++) {
		size_t len;
		KEEL_AUTO_FREE char *got = fixture_read(&f, &b, 0, &len, NULL);

		ck_assert_str_eq(got, "for bert\r\n");
		reopen(true);
	}
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store account");
	TCase *t = tcase_create("account");
	SRunner *r;
	int failed;

	keel_log_set_level(KEEL_LOG_ERROR);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_update_after_the_removal);
	tcase_add_test(t, an_update_of_an_earlier_owner);
	tcase_add_test(t, one_of_two_updates);
	tcase_add_test(t, one_of_two_of_a_name);
	tcase_add_test(t, all_at_once);
	tcase_add_test(t, nobody_wants_it);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows that no version of ours writes: whoever comes upon one says so, and takes no part of it for the whole. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/state.h"
#include "tests/unit/store/fixture.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

static struct fixture f;
static struct store_account a;

static void setup(void)
{
	fixture_make(&f);
	fixture_open(&f);
	a = fixture_account(&f, "a@example.org");
	ck_assert_int_eq(fixture_deliver(&f, &a, 1, "one\r\n", 5), 0);
}

static void teardown(void)
{
	fixture_remove(&f);
}

static void put(enum index_table table, const void *key, size_t key_len, const void *row, size_t n)
{
	MDB_txn *txn;

	pthread_mutex_lock(&f.store->lock_rows);
	ck_assert_int_eq(index_begin(&f.store->index, &txn), 0);
	ck_assert_int_eq(index_put(&f.store->index, txn, table, key, key_len, row, n, NULL, 0), 0);
	ck_assert_int_eq(index_commit(&f.store->index, &txn, f.store->index.covered), 0);
	pthread_mutex_unlock(&f.store->lock_rows);
}

static int any_account(const struct store_account *account, void *arg)
{
	(void)account;
	(void)arg;
	return 0;
}

static int any_alias(const char *alias, const char *targets, void *arg)
{
	(void)alias;
	(void)targets;
	(void)arg;
	return 0;
}

static int any_domain(const char *domain, void *arg)
{
	(void)domain;
	(void)arg;
	return 0;
}

START_TEST(accounts)
{
	uint8_t row[sizeof(struct index_account) + STORE_HASH_MAX + 8] = { 0 };
	struct index_account good = { .hash_len = 3 };
	struct store_account found;
	static const struct {
		uint16_t hash_len;
		size_t n;
	} rows[] = { { 3, sizeof(good) - 1 },
		     { 3, sizeof(good) + 2 },
		     { 3, sizeof(good) + 4 },
		     { STORE_HASH_MAX, sizeof(good) + STORE_HASH_MAX } };

	for (size_t i = 0; i < KEEL_COUNT(rows); i++) {
		good.hash_len = rows[i].hash_len;
		memcpy(row, &good, sizeof(good));
		put(INDEX_ACCOUNT, "b@example.org", 13, row, rows[i].n);
		ck_assert_int_eq(store_account_find(f.store, "b@example.org", &found), -EIO);
		ck_assert_int_eq(store_each_account(f.store, any_account, NULL), -EIO);
	}
	/* the longest that is one */
	good.hash_len = STORE_HASH_MAX - 1;
	memcpy(row, &good, sizeof(good));
	put(INDEX_ACCOUNT, "b@example.org", 13, row, sizeof(good) + STORE_HASH_MAX - 1);
	ck_assert_int_eq(store_account_find(f.store, "b@example.org", &found), 0);
	ck_assert_int_eq(store_each_account(f.store, any_account, NULL), 0);
}
END_TEST

/* Keys longer than any address; LMDB takes them up to 511 octets. */
START_TEST(long_names)
{
	struct index_account row = { 0 };
	const uint64_t lsn = 1;
	char name[STORE_ADDRESS_MAX + 1];

	memset(name, 'x', sizeof(name));
	put(INDEX_DOMAIN, name, STORE_ADDRESS_MAX - 1, &lsn, sizeof(lsn));
	ck_assert_int_eq(store_each_domain(f.store, any_domain, NULL), 0);
	put(INDEX_DOMAIN, name, STORE_ADDRESS_MAX, &lsn, sizeof(lsn));
	ck_assert_int_eq(store_each_domain(f.store, any_domain, NULL), -EIO);
	put(INDEX_ACCOUNT, name, STORE_ADDRESS_MAX, &row, sizeof(row));
	ck_assert_int_eq(store_each_account(f.store, any_account, NULL), -EIO);
}
END_TEST

START_TEST(aliases)
{
	static const char *const targets[] = { "a@example.org", NULL };
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer row;
	struct store_id ids[4];
	size_t n = 4;

	keel_buffer_init(&row, 0);
	keel_buffer_le64(&row, 1);
	ck_assert_int_eq(record_put_alias(&row, "t@example.org", targets), 0);
	put(INDEX_ALIAS, "t@example.org", 13, row.data, row.len);
	ck_assert_int_eq(store_each_alias(f.store, any_alias, NULL), 0);
	ck_assert_int_eq(store_resolve(f.store, "t@example.org", ids, NULL, NULL, &n), 0);
	for (size_t cut = row.len - 1; cut > 5; cut--) {
		put(INDEX_ALIAS, "t@example.org", 13, row.data, cut);
		ck_assert_int_eq(store_each_alias(f.store, any_alias, NULL), -EIO);
		n = 4;
		ck_assert_int_eq(store_resolve(f.store, "t@example.org", ids, NULL, NULL, &n), -EIO);
	}
}
END_TEST

START_TEST(mailboxes)
{
	const struct index_mailbox_key box_key = { a.id, a.id };
	const struct index_entry_key key = index_entry_key(&a.id, 1);
	const struct index_mailbox box = { 0 };
	const struct index_entry row = { 0 };
	struct store_message *list = NULL;
	struct store_mailbox status;
	struct store_usage usage;
	size_t n = 77;

	put(INDEX_ENTRY, &key, sizeof(key), &row, sizeof(row) - 1);
	ck_assert_int_eq(store_mailbox_list(f.store, &a.id, &list, &n), -EIO);
	ck_assert(!list && n == 77);
	put(INDEX_MAILBOX, &box_key, sizeof(box_key), &box, sizeof(box) - 1);
	ck_assert_int_eq(store_usage(f.store, &a.id, &usage), -EIO);
	ck_assert_int_eq(store_mailbox_status(f.store, &a.id, &status), -EIO);
}
END_TEST

/* What a function finds where its own variables will be. */
static __attribute__((noinline)) void dirty_stack(void)
{
	volatile uint8_t octets[16384];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = 0x5a;
}

/* The index cannot follow the log, as on a full disk: that is told, and nothing else happens. */
START_TEST(index_is_behind)
{
	struct store_message *list = NULL;
	struct store_mailbox status;
	size_t n = 77;
	uint64_t promised;

	ck_assert_int_eq(store_barrier(f.store), 0);
	pthread_mutex_lock(&f.store->lock_index);
	promised = f.store->promised_lsn;
	f.store->promised_lsn = promised + 100;
	f.store->index_error = -ENOSPC;
	pthread_mutex_unlock(&f.store->lock_index);
	dirty_stack();
	ck_assert_int_eq(store_mailbox_list(f.store, &a.id, &list, &n), -ENOSPC);
	ck_assert(!list && n == 77);
	ck_assert_int_eq(store_mailbox_status(f.store, &a.id, &status), -ENOSPC);
	ck_assert_int_eq(store_each_account(f.store, any_account, NULL), -ENOSPC);
	ck_assert_int_eq(store_each_alias(f.store, any_alias, NULL), -ENOSPC);
	pthread_mutex_lock(&f.store->lock_index);
	f.store->promised_lsn = promised;
	f.store->index_error = 0;
	pthread_mutex_unlock(&f.store->lock_index);
	ck_assert_uint_eq(fixture_count(&f, &a), 1);
}
END_TEST

/* The body of an entry is not there: an export stops and says so. */
START_TEST(an_entry_without_its_body)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	const struct index_entry_key key = index_entry_key(&a.id, 1);
	const uint8_t full[sizeof(struct index_entry) + 2] = { 0 };
	uint64_t messages;
	char path[128];

	keel_buffer_init(&error, 0);
	put(INDEX_ENTRY, &key, sizeof(key), full, sizeof(full));
	snprintf(path, sizeof(path), "%s/mbox", f.path);
	dirty_stack();
	ck_assert_int_ne(store_export(f.store, &a, STORE_MBOX, path, NULL, NULL, &error, &messages), 0);
	ck_assert_uint_gt(error.len, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store rows");
	TCase *t = tcase_create("rows");
	SRunner *r;
	int failed;

	keel_log_set_level(KEEL_LOG_ERROR);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, accounts);
	tcase_add_test(t, long_names);
	tcase_add_test(t, aliases);
	tcase_add_test(t, mailboxes);
	tcase_add_test(t, index_is_behind);
	tcase_add_test(t, an_entry_without_its_body);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

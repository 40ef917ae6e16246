/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store through its face: what is committed is there, also after a reopen, a lost index, a compaction. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "porcupined/store/state.h"
#include "tests/unit/store/image.h"
#include "tools/lib/keel/cleanup.h"

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

static void expect(const struct store_account *a, size_t i, const char *text)
{
	size_t len, total;
	char *got = fixture_read(&f, a, i, &len, &total);

	ck_assert_str_eq(got, text);
	free(got);
}

static void drop_index(void)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/index/data.mdb", f.path);
	ck_assert_int_eq(unlink(name), 0);
}

/* Those of porcupined.conf(5): the tools open a store as the node does. */
START_TEST(defaults)
{
	struct store_config c;

	store_config_defaults(&c);
	ck_assert_uint_eq(c.segment_size, 67108864);
	ck_assert_uint_eq(c.body_memory, 262144);
	ck_assert_uint_eq(c.total_memory, 67108864);
	ck_assert_uint_eq(c.message_size, 52428800);
	ck_assert_uint_eq(c.reserve, 67108864);
	ck_assert(c.create && c.background_compaction && !c.compress);
}
END_TEST

START_TEST(deliver_and_read)
{
	struct store_account a = fixture_account(&f, "a@example.org");
	struct store_usage usage;

	ck_assert_int_eq(fixture_deliver(&f, &a, 1, "one\r\n", 5), 0);
	ck_assert_int_eq(fixture_deliver(&f, &a, 1, "two\r\n", 5), 0);
	ck_assert_uint_eq(fixture_count(&f, &a), 2);
	expect(&a, 0, "one\r\n");
	expect(&a, 1, "two\r\n");
	ck_assert_int_eq(store_usage(f.store, &a.id, &usage), 0);
	ck_assert_uint_eq(usage.messages, 2);
	ck_assert_uint_eq(usage.octets, 10);
}
END_TEST

START_TEST(survives_reopen)
{
	struct store_account a = fixture_account(&f, "a@example.org"), b = fixture_account(&f, "bb@example.org");
	const struct store_id uuid = f.store->uuid;
	const uint64_t node = f.store->node;
	struct store_account both[2] = { a, b };
	struct store_mailbox box;

	ck_assert_int_eq(fixture_deliver(&f, both, 2, "to both\r\n", 9), 0);
	ck_assert_int_eq(fixture_deliver(&f, &b, 1, "to b\r\n", 6), 0);
	fixture_expunge(&f, &b, 1);
	for (int round = 0; round < 2; round++) {
		fixture_close(&f);
		if (round)
			drop_index();
		fixture_open(&f);
		ck_assert_mem_eq(&f.store->uuid, &uuid, sizeof(uuid));
		ck_assert_uint_eq(f.store->node, node);
		ck_assert_uint_eq(fixture_count(&f, &a), 1);
		ck_assert_uint_eq(fixture_count(&f, &b), 1);
		expect(&a, 0, "to both\r\n");
		expect(&b, 0, "to both\r\n");
		ck_assert_int_eq(store_mailbox_status(f.store, &b.id, &box), 0);
		ck_assert_uint_eq(box.uidnext, 3);
		ck_assert_uint_eq(box.usage.messages, 1);
	}
}
END_TEST

/* What compaction carries of a mailbox that lost mail is one COUNTER. */
static void count_counters(size_t mailboxes)
{
	struct image images[16];
	size_t n = image_load(&f, images, KEEL_COUNT(images));

	ck_assert_uint_eq(image_count(images, n, RECORD_COUNTER), mailboxes);
	image_free(images, n);
}

/* Many messages over many segments; half of them expunged; compaction; the rest is there, also from footers alone. */
START_TEST(compacts)
{
	struct store_account a[8];
	struct store_status before, after;
	struct store_mailbox box;
	uint64_t freed;
	char address[32], text[4096];

	for (int i = 0; i < 8; i++) {
		snprintf(address, sizeof(address), "user%.*s@example.org", i + 1, "xxxxxxxx");
		a[i] = fixture_account(&f, address);
	}
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 800; i++) {
		int n = snprintf(text, sizeof(text), "message %d", i);

		text[n] = ' ';
		ck_assert_int_eq(fixture_deliver(&f, &a[i % 8], 1, text, sizeof(text)), 0);
	}
	ck_assert_int_eq(store_get_status(f.store, &before), 0);
	ck_assert_uint_gt(before.segments, 3);
	for (int i = 0; i < 8; i++)
		for (int k = 0; k < 75; k++)
			fixture_expunge(&f, &a[i], 25);
	fixture_close(&f); /* seals all */
	fixture_open(&f);
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
	ck_assert_uint_gt(freed, 2u << 20);
	count_counters(8);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 8; i++) {
			ck_assert_uint_eq(fixture_count(&f, &a[i]), 25);
			for (int k = 0; k < 25; k++) {
				size_t len, total;
				char want[32], *got = fixture_read(&f, &a[i], (size_t)k, &len, &total);

				snprintf(want, sizeof(want), "message %d ", k * 8 + i);
				ck_assert_uint_eq(len, sizeof(text));
				ck_assert_int_eq(strncmp(got, want, strlen(want)), 0);
				free(got);
			}
			/* No UID is used twice, though the records that held the high ones are gone. */
			ck_assert_int_eq(store_mailbox_status(f.store, &a[i].id, &box), 0);
			ck_assert_uint_eq(box.uidnext, 101);
		}
		fixture_close(&f);
		if (round)
			drop_index();
		fixture_open(&f);
	}
	ck_assert_int_eq(store_get_status(f.store, &after), 0);
	ck_assert_uint_lt(after.octets, before.octets / 2);
}
END_TEST

START_TEST(removed_account_stays_empty)
{
	struct store_account a = fixture_account(&f, "a@example.org"), again;
	struct store_txn *txn;

	ck_assert_int_eq(fixture_deliver(&f, &a, 1, "old\r\n", 5), 0);
	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	ck_assert_int_eq(store_txn_account_remove(txn, &a), 0);
	ck_assert_int_eq(store_commit_wait(f.store, &txn), 0);
	ck_assert_int_eq(store_account_find(f.store, "a@example.org", &again), -ENOENT);
	/* Mail that was under way when the account went is dropped, not an error. */
	ck_assert_int_eq(fixture_deliver(&f, &a, 1, "late\r\n", 6), 0);
	again = fixture_account(&f, "a@example.org");
	ck_assert_int_ne(memcmp(&again.id, &a.id, sizeof(a.id)), 0);
	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(store_account_find(f.store, "a@example.org", &again), 0);
		ck_assert_uint_eq(fixture_count(&f, &again), 0);
		ck_assert_uint_eq(fixture_count(&f, &a), 0);
		fixture_close(&f);
		if (round)
			drop_index();
		fixture_open(&f);
	}
}
END_TEST

START_TEST(aliases)
{
	struct store_account a = fixture_account(&f, "a@example.org"), b = fixture_account(&f, "bb@example.org");
	const char *both[] = { "a@example.org", "bb@example.org", "gone@example.org", NULL };
	const char *loop[] = { "loop@example.org", NULL }, *team[] = { "team@example.org", "a@example.org", NULL };
	struct store_id ids[4];
	struct store_txn *txn;
	size_t n = 4;

	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	ck_assert_int_eq(store_txn_alias(txn, "team@example.org", 7, both), 0);
	ck_assert_int_eq(store_txn_alias(txn, "all@example.org", 7, team), 0);
	ck_assert_int_eq(store_txn_alias(txn, "loop@example.org", 7, loop), 0);
	ck_assert_int_eq(store_commit_wait(f.store, &txn), 0);
	ck_assert_int_eq(store_resolve(f.store, "all@example.org", ids, NULL, NULL, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(memcmp(&ids[0], &a.id, 16), 0);
	ck_assert_int_eq(memcmp(&ids[1], &b.id, 16), 0);
	n = 4;
	ck_assert_int_eq(store_resolve(f.store, "loop@example.org", ids, NULL, NULL, &n), -ELOOP);
	n = 1;
	ck_assert_int_eq(store_resolve(f.store, "team@example.org", ids, NULL, NULL, &n), -E2BIG);
	ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
	ck_assert_int_eq(store_txn_alias(txn, "team@example.org", 7, NULL), 0);
	ck_assert_int_eq(store_txn_domain(txn, "example.org", true), 0);
	ck_assert_int_eq(store_commit_wait(f.store, &txn), 0);
	for (int round = 0; round < 2; round++) {
		n = 4;
		ck_assert_int_eq(store_resolve(f.store, "team@example.org", ids, NULL, NULL, &n), -ENOENT);
		ck_assert_int_eq(store_domain_find(f.store, "example.org"), -ENOENT);
		fixture_close(&f);
		drop_index();
		fixture_open(&f);
	}
}
END_TEST

/* Bodies that do not fit in memory, that shrink, that are empty, that end where a chunk ends. */
START_TEST(sizes)
{
	static const size_t sizes[] = { 0,
					1,
					31,
					4096,
					(256 << 10) - 1,
					(256 << 10) + 1,
					(1 << 20) - 32,
					1 << 20,
					(1 << 20) + 5,
					(1 << 20) + (256 << 10) - 16,
					5 << 20 };
	struct store_account a;

	for (int compress = 0; compress < 2; compress++) {
		fixture_close(&f);
		f.config.compress = compress;
		fixture_open(&f);
		a = fixture_account(&f, compress ? "z@example.org" : "plain@example.org");
		for (size_t i = 0; i < KEEL_COUNT(sizes); i++) {
			char *text = malloc(sizes[i] + 1), *got;
			size_t len, total;

			for (size_t k = 0; k < sizes[i]; k++)
				text[k] = (char)('a' + (k * k >> 7) % 26);
			ck_assert_int_eq(fixture_deliver(&f, &a, 1, text, sizes[i]), 0);
			got = fixture_read(&f, &a, i, &len, &total);
			ck_assert_uint_eq(len, sizes[i]);
			ck_assert_int_eq(memcmp(got ? got : "", text, len), 0);
			free(got);
			free(text);
		}
	}
	char *big = calloc(1, f.config.message_size + 1);

	ck_assert_int_eq(fixture_deliver(&f, &a, 1, big, f.config.message_size + 1), -EFBIG);
	free(big);
}
END_TEST

START_TEST(second_opener_names_the_first)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct store *second = NULL;
	char pid[32];

	keel_buffer_init(&error, 0);
	ck_assert_int_eq(store_open(f.path, &f.config, &error, &second), -EBUSY);
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), pid));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, defaults);
	tcase_add_test(t, deliver_and_read);
	tcase_add_test(t, survives_reopen);
	tcase_add_test(t, compacts);
	tcase_add_test(t, removed_account_stays_empty);
	tcase_add_test(t, aliases);
	tcase_add_test(t, sizes);
	tcase_add_test(t, second_opener_names_the_first);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

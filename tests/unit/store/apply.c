/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What records do to the rows, one by one, also where the log is not whole: hand-made records on an index without a store. */
#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/index.h"
#include "tools/lib/keel/cleanup.h"

static struct index ix;
static MDB_txn *txn;
static char path[64];
static const struct store_id anna = { { 1 } }, bert = { { 2 } }, body = { { 9 } };

static void setup(void)
{
	static const struct store_id uuid = { { 7 } };
	struct keel_buffer error;
	bool fresh;

	keel_buffer_init(&error, 0);
	strcpy(path, "/tmp/osnc-apply-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	ck_assert_int_eq(index_open(&ix, path, &uuid, &error, &fresh), 0);
	ck_assert(fresh);
	ck_assert_int_eq(index_begin(&ix, &txn), 0);
}

static int remove_one(const char *name, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(name);
}

static void teardown(void)
{
	index_abort(&txn);
	index_close(&ix, false);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- records ------------------------------------------------------------------------------------------------ */

static struct keel_buffer payload;

static struct record make(uint8_t type, uint64_t lsn, const struct store_id *account, const struct store_id *object)
{
	return (struct record){ .type = type,
				.flags = RECORD_TXN_END,
				.lsn = lsn,
				.account = *account,
				.object = *object,
				.length = (uint32_t)payload.len,
				.raw = (uint32_t)payload.len };
}

static int apply(const struct record *r, bool ghost)
{
	const int ret = ghost ? index_apply_ghost(&ix, txn, r, payload.data)
			      : index_apply(&ix, txn, r, 5, 4096, payload.data);

	keel_buffer_free(&payload);
	keel_buffer_init(&payload, 0);
	return ret;
}

static int put_account(const struct store_id *id, uint64_t lsn, const char *hash)
{
	const struct record_account a = { .address = { "a@b", 3 }, .hash = { hash, (uint16_t)strlen(hash) } };

	record_put_account(&payload, &a);
	const struct record r = make(RECORD_ACCOUNT, lsn, id, id);

	return apply(&r, false);
}

static int put_mailbox(const struct store_id *id, uint64_t lsn)
{
	const struct record_mailbox m = { .uidvalidity = 77, .name = { "INBOX", 5 } };

	record_put_mailbox(&payload, &m);
	const struct record r = make(RECORD_MAILBOX, lsn, id, id);

	return apply(&r, false);
}

static int put_body(uint64_t lsn)
{
	struct record r = make(RECORD_BODY, lsn, &anna, &body);

	r.length = 1000;
	return apply(&r, false);
}

static int put_entry(const struct store_id *to, uint64_t lsn, uint32_t uid, uint64_t modseq, bool last, bool ghost)
{
	const struct record_entry e = { .uid = uid, .modseq = modseq, .size = 50, .mailbox = *to, .body = body };

	record_put_entry(&payload, &e);
	struct record r = make(RECORD_ENTRY, lsn, to, &body);

	if (!last)
		r.flags = 0;
	return apply(&r, ghost);
}

static int put_expunge(const struct store_id *of, uint64_t lsn, uint64_t target, uint64_t modseq)
{
	const struct record_expunge e = { .modseq = modseq, .target = target, .mailbox = *of };

	record_put_expunge(&payload, &e);
	const struct record r = make(RECORD_EXPUNGE, lsn, of, of);

	return apply(&r, false);
}

static int put_counter(const struct store_id *of, uint64_t lsn, uint32_t uidnext, uint64_t modseq)
{
	const struct record_counter c = { .uidnext = uidnext, .modseq = modseq };

	record_put_counter(&payload, &c);
	const struct record r = make(RECORD_COUNTER, lsn, of, of);

	return apply(&r, false);
}

static int remove_account(const struct store_id *id, uint64_t lsn)
{
	record_put_text(&payload, "a@b");
	const struct record r = make(RECORD_ACCOUNT_REMOVED, lsn, id, id);

	return apply(&r, false);
}

/* ---- rows --------------------------------------------------------------------------------------------------- */

static void box_is(const struct store_id *id, uint64_t messages, uint64_t octets, uint32_t uidnext, uint64_t modseq)
{
	const struct index_mailbox_key key = { *id, *id };
	struct index_mailbox box;

	ck_assert_int_eq(index_get(&ix, txn, INDEX_MAILBOX, &key, sizeof(key), &box, sizeof(box), NULL, NULL), 0);
	ck_assert_uint_eq(box.messages, messages);
	ck_assert_uint_eq(box.octets, octets);
	ck_assert_uint_eq(box.uidnext, uidnext);
	ck_assert_uint_eq(box.modseq, modseq);
	ck_assert_uint_eq(box.uidvalidity, 77);
}

static bool has(enum index_table table, const void *key, size_t n)
{
	uint8_t some[8];

	return !index_get(&ix, txn, table, key, n, some, table == INDEX_ACCOUNT_ID ? 1 : 8, NULL, NULL);
}

static unsigned references(void)
{
	struct index_body row;

	return index_get(&ix, txn, INDEX_BODY, &body, sizeof(body), &row, sizeof(row), NULL, NULL) ? 99 : row.refs;
}

static uint64_t dead(void)
{
	const uint64_t segment = 5;
	struct index_segment row;

	return index_get(&ix, txn, INDEX_SEGMENT, &segment, 8, &row, sizeof(row), NULL, NULL) ? 0 : row.dead;
}

static void both(void)
{
	ck_assert_int_eq(put_mailbox(&anna, 1), 0);
	ck_assert_int_eq(put_mailbox(&bert, 2), 0);
	ck_assert_int_eq(put_body(3), 0);
	ck_assert_int_eq(put_entry(&anna, 4, 1, 2, false, false), 0);
	ck_assert_int_eq(put_entry(&bert, 5, 8, 9, true, false), 0);
	box_is(&anna, 1, 50, 2, 2);
	box_is(&bert, 1, 50, 9, 9);
	ck_assert_uint_eq(references(), 2);
}

/* ---- tests -------------------------------------------------------------------------------------------------- */

START_TEST(entries_and_expunges)
{
	both();
	ck_assert_int_eq(put_expunge(&anna, 6, 4, 3), 0);
	box_is(&anna, 0, 0, 2, 3);
	ck_assert_uint_eq(references(), 1);
	ck_assert_uint_eq(dead(), 0);
	/* again, and of one that never was: only MODSEQ rises, and never falls */
	ck_assert_int_eq(put_expunge(&anna, 7, 4, 5), 0);
	ck_assert_int_eq(put_expunge(&anna, 8, 4, 4), 0);
	ck_assert_int_eq(put_expunge(&bert, 9, 400, 12), 0);
	box_is(&anna, 0, 0, 2, 5);
	box_is(&bert, 1, 50, 9, 12);
	ck_assert_uint_eq(references(), 1);
	ck_assert_int_eq(put_expunge(&bert, 10, 5, 13), 0);
	ck_assert_uint_eq(references(), 99);
	ck_assert_uint_gt(dead(), 1000);
}
END_TEST

/* Numbers that an expunged entry or a counter holds up. */
START_TEST(numbers_only_rise)
{
	both();
	ck_assert_int_eq(put_entry(&anna, 6, 7, 3, true, true), 0);
	box_is(&anna, 1, 50, 8, 3);
	ck_assert_int_eq(put_entry(&anna, 7, 7, 30, true, true), 0);
	box_is(&anna, 1, 50, 8, 30);
	ck_assert_int_eq(put_entry(&anna, 8, 3, 4, true, true), 0);
	box_is(&anna, 1, 50, 8, 30);
	ck_assert_int_eq(put_entry(&anna, 9, 8, 4, true, true), 0);
	box_is(&anna, 1, 50, 9, 30);
	ck_assert_int_eq(put_counter(&anna, 10, 5, 31), 0);
	box_is(&anna, 1, 50, 9, 31);
	ck_assert_int_eq(put_counter(&anna, 11, 50, 6), 0);
	box_is(&anna, 1, 50, 50, 31);
	/* one that came late in the order of UIDs lowers nothing either */
	ck_assert_int_eq(put_entry(&anna, 12, 20, 20, true, false), 0);
	box_is(&anna, 2, 100, 50, 31);
	ck_assert_int_eq(put_entry(&anna, 13, 50, 32, true, false), 0);
	box_is(&anna, 3, 150, 51, 32);
}
END_TEST

/* The mailbox is not there: its record was damaged, or its account went. Nothing is an error and nothing is made. */
START_TEST(without_a_mailbox)
{
	ck_assert_int_eq(put_mailbox(&bert, 1), 0);
	ck_assert_int_eq(put_body(2), 0);
	ck_assert_int_eq(put_entry(&anna, 3, 1, 1, true, true), 0);
	ck_assert_int_eq(put_expunge(&anna, 4, 3, 2), 0);
	ck_assert_int_eq(put_counter(&anna, 5, 9, 9), 0);
	/* not the last of its transaction: others may want the body */
	ck_assert_int_eq(put_entry(&anna, 6, 2, 2, false, false), 0);
	ck_assert_uint_eq(references(), 0);
	/* nor where records come in any order */
	ix.any_order = true;
	ck_assert_int_eq(put_entry(&anna, 7, 2, 2, true, false), 0);
	ck_assert_uint_eq(references(), 0);
	ix.any_order = false;
	ck_assert_int_eq(put_entry(&bert, 8, 1, 2, false, false), 0);
	ck_assert_int_eq(put_entry(&anna, 9, 2, 2, true, false), 0);
	ck_assert_uint_eq(references(), 1);
	ck_assert_int_eq(put_expunge(&bert, 10, 8, 3), 0);
	ck_assert_int_eq(put_body(11), 0);
	ck_assert_int_eq(put_entry(&anna, 12, 2, 2, true, false), 0);
	ck_assert_uint_eq(references(), 99);
	/* and no body: the entry stays, to say so when it is read */
	ck_assert_int_eq(put_entry(&bert, 13, 2, 4, true, false), 0);
	box_is(&bert, 1, 50, 3, 4);
	ck_assert_int_eq(put_expunge(&bert, 14, 13, 5), 0);
	box_is(&bert, 0, 0, 3, 5);
}
END_TEST

static const char *hash_of_row(void)
{
	static char hash[64];
	struct index_account row;
	const uint8_t *rest;
	size_t n;

	if (index_get(&ix, txn, INDEX_ACCOUNT, "a@b", 3, &row, sizeof(row), &rest, &n))
		return "none";
	ck_assert_uint_eq(n, row.hash_len);
	memcpy(hash, rest, n);
	hash[n] = '\0';
	return hash;
}

START_TEST(accounts)
{
	ck_assert_int_eq(put_account(&anna, 10, "ten"), 0);
	/* in any order, the greatest LSN wins */
	ck_assert_int_eq(put_account(&anna, 9, "nine"), 0);
	ck_assert_str_eq(hash_of_row(), "ten");
	ck_assert_int_eq(put_account(&anna, 10, "again"), 0);
	ck_assert_str_eq(hash_of_row(), "ten");
	ck_assert_int_eq(put_account(&anna, 11, "eleven"), 0);
	ck_assert_str_eq(hash_of_row(), "eleven");
	both();
	/* a removal takes its own: not the row of the address' new owner, nor bodies that others have */
	ck_assert_int_eq(put_account(&bert, 12, "bert"), 0);
	ck_assert_int_eq(remove_account(&anna, 13), 0);
	ck_assert_str_eq(hash_of_row(), "bert");
	ck_assert(!has(INDEX_ACCOUNT_ID, &anna, sizeof(anna)));
	ck_assert(has(INDEX_ACCOUNT_ID, &bert, sizeof(bert)));
	box_is(&bert, 1, 50, 9, 9);
	ck_assert_uint_eq(references(), 1);
	ck_assert_int_eq(remove_account(&anna, 14), 0);
	ck_assert_int_eq(remove_account(&bert, 15), 0);
	ck_assert_str_eq(hash_of_row(), "none");
	ck_assert_uint_eq(references(), 99);
	ck_assert(!has(INDEX_ACCOUNT_ID, &bert, sizeof(bert)));
	ck_assert_int_eq(put_entry(&bert, 16, 1, 1, true, false), 0);
}
END_TEST

/* A mailbox' first record stays; what counts is kept when it comes again. */
START_TEST(a_mailbox_twice)
{
	both();
	ck_assert_int_eq(put_mailbox(&anna, 6), 0);
	box_is(&anna, 1, 50, 2, 2);
}
END_TEST

/* X(type that puts, type that removes) of what has a name and no more. */
START_TEST(named)
{
	static const char *const targets[] = { "a@b", NULL };

	for (int i = 0; i < 5; i++) {
		static const struct {
			uint64_t lsn;
			bool removal, there;
		} steps[] = { { 5, true, false },
			      { 10, false, true },
			      { 9, true, true },
			      { 10, true, true },
			      { 11, true, false } };
		const bool alias = _i;

		if (steps[i].removal || !alias)
			record_put_text(&payload, "name");
		else
			record_put_alias(&payload, "name", targets);
		const struct record r = make(alias ? (steps[i].removal ? RECORD_ALIAS_REMOVED : RECORD_ALIAS)
						   : (steps[i].removal ? RECORD_DOMAIN_REMOVED : RECORD_DOMAIN),
					     steps[i].lsn, &anna, &anna);

		ck_assert_int_eq(apply(&r, false), 0);
		ck_assert_int_eq(has(alias ? INDEX_ALIAS : INDEX_DOMAIN, "name", 4), steps[i].there);
	}
}
END_TEST

/* Payloads that cannot be read are said to be so; types of a later version are passed over. */
START_TEST(damaged)
{
	static const uint8_t types[] = { RECORD_ENTRY,           RECORD_EXPUNGE, RECORD_ACCOUNT,
					 RECORD_ACCOUNT_REMOVED, RECORD_MAILBOX, RECORD_COUNTER,
					 RECORD_DOMAIN,          RECORD_ALIAS,   RECORD_ALIAS_REMOVED };
	struct record r;

	for (size_t i = 0; i < sizeof(types); i++) {
		keel_buffer_putc(&payload, 1);
		r = make(types[i], 1, &anna, &anna);
		ck_assert_msg(apply(&r, false) == -EBADMSG, "type %u", types[i]);
	}
	keel_buffer_putc(&payload, 1);
	r = make(RECORD_ENTRY, 1, &anna, &anna);
	ck_assert_int_eq(apply(&r, true), -EBADMSG);
	r = make(200, 1, &anna, &anna);
	ck_assert_int_eq(apply(&r, false), 0);
}
END_TEST

START_TEST(segments_are_counted)
{
	ck_assert_int_eq(index_count_segment(&ix, txn, 5, 100, 0), 0);
	ck_assert_int_eq(index_count_segment(&ix, txn, 5, 20, 7), 0);
	ck_assert_int_eq(index_count_segment(&ix, txn, 6, 1, 1), 0);
	ck_assert_uint_eq(dead(), 7);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store apply");
	TCase *t = tcase_create("apply");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, entries_and_expunges);
	tcase_add_test(t, numbers_only_rise);
	tcase_add_test(t, without_a_mailbox);
	tcase_add_test(t, accounts);
	tcase_add_test(t, a_mailbox_twice);
	tcase_add_loop_test(t, named, 0, 2);
	tcase_add_test(t, damaged);
	tcase_add_test(t, segments_are_counted);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All at once: deliveries, readers and expunges of several threads while compaction, scrub and the keeper run. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "porcupined/store/state.h"
#include "tests/unit/store/image.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define WRITERS 3u
#define MESSAGES 600u /* of one writer */

/* Threads have no ck_assert: what is wrong is noted here and told at the end. */
#define HOLDS(x) \
	do { \
		const char *no = NULL; \
		if (!(x)) \
			atomic_compare_exchange_strong(&wrong, &no, __FILE__ ": " #x); \
	} while (0)

static struct fixture f;
static const char *_Atomic wrong;
static atomic_bool ending;
static struct store_account accounts[WRITERS];
static atomic_uint kept[WRITERS], gone[WRITERS];

static size_t text_of(unsigned writer, unsigned number, char out[3000])
{
	size_t n = (size_t)sprintf(out, "%u %u\r\n", writer, number);

	memset(out + n, 'a' + (int)(number % 26), 600 + number % 2000);
	return n + 600 + number % 2000;
}

/* Delivers to its own mailbox and expunges two of three, always the oldest but 20. */
static void *write_mail(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	char text[3000];

	for (unsigned i = 0; i < MESSAGES && !wrong; i++) {
		KEEL_AUTO_FREE struct store_message *list = NULL;
		struct store_delivery d = { .account = accounts[me].id,
					    .bucket = accounts[me].bucket,
					    .return_path = "from@example.org",
					    .delivered_to = accounts[me].address };
		struct store_body *body;
		struct store_txn *txn;
		size_t n;

		d.size = text_of(me, i, text);
		HOLDS(!store_body_new(f.store, &body));
		HOLDS(!store_body_append(body, text, d.size));
		HOLDS(!store_txn_new(f.store, &txn));
		HOLDS(!store_txn_deliver(txn, &body, &d, 1));
		HOLDS(!store_commit_wait(f.store, &txn));
		HOLDS(!store_mailbox_list(f.store, &accounts[me].id, &list, &n));
		HOLDS(n == ++kept[me] - gone[me]);
		if (i % 3 && n > 20) {
			HOLDS(!store_txn_new(f.store, &txn));
			HOLDS(!store_txn_expunge(txn, &accounts[me], &list[0]));
			HOLDS(!store_commit_wait(f.store, &txn));
			gone[me]++;
		}
	}
	return NULL;
}

static bool is_listed(const struct store_message *m)
{
	KEEL_AUTO_FREE struct store_message *list = NULL;
	size_t n;

	HOLDS(!store_mailbox_list(f.store, &m->mailbox, &list, &n));
	for (size_t i = 0; i < n; i++)
		if (list[i].lsn == m->lsn)
			return true;
	return false;
}

/* Reads whatever is listed; a message expunged meanwhile may be gone, but never wrong. */
static void *read_mail(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	while (!ending && !wrong) {
		KEEL_AUTO_FREE struct store_message *list = NULL;
		struct store_mailbox box;
		unsigned who = (seed = seed * 1103515245u + 12345u) >> 8 & 0xffff;
		size_t n;

		who %= WRITERS;
		HOLDS(!store_mailbox_list(f.store, &accounts[who].id, &list, &n));
		HOLDS(!store_mailbox_status(f.store, &accounts[who].id, &box));
		for (size_t i = 0; i < n && !wrong; i += 3) {
			struct store_reader *reader;
			const uint8_t *data;
			char want[3000], head[32] = "";
			unsigned writer = 0, number = 0;
			int r = store_reader_open(f.store, &list[i], &reader);
			ssize_t got;

			HOLDS(!i || list[i].uid > list[i - 1].uid);
			/* Its row, or its body's, may be gone: if it was expunged. */
			if (r == -ENOENT || r == -EBADMSG) {
				HOLDS(!is_listed(&list[i]));
				continue;
			}
			HOLDS(!r);
			if (r)
				break;
			got = store_reader_next(reader, true, &data);
			HOLDS(got >= 600);
			if (got >= 600) /* ends in no NUL */
				snprintf(head, sizeof(head), "%.*s", (int)sizeof(head) - 1, (const char *)data);
			HOLDS(sscanf(head, "%u %u", &writer, &number) == 2);
			HOLDS(got > 0 && writer == who && (size_t)got == text_of(writer, number, want) &&
			      !memcmp(data, want, (size_t)got));
			HOLDS(store_reader_next(reader, true, &data) == 0);
			store_reader_free(&reader);
		}
	}
	return NULL;
}

static void *compact(void *arg)
{
	(void)arg;
	for (unsigned i = 0; !ending && !wrong; i++) {
		KEEL_CLEANUP(keel_buffer_free) struct keel_buffer report;
		struct store_status status;
		struct store_scrub sum;
		uint64_t freed;

		keel_buffer_init(&report, 0);
		HOLDS(!store_compact(f.store, i % 2 ? 0 : 40, NULL, NULL, &freed));
		if (i % 4 == 0) {
			/* Rows go on changing while scrub looks at them: only records are held to. */
			HOLDS(!store_scrub(f.store, NULL, NULL, &report, &sum));
			HOLDS(!sum.bad_records);
		}
		HOLDS(!store_get_status(f.store, &status));
		usleep(2000);
	}
	return NULL;
}

START_TEST(together)
{
	pthread_t writers[WRITERS], readers[2], compactor;
	char address[64];

	fixture_make(&f);
	f.config.segment_size = 96u << 10;
	fixture_open(&f);
	for (unsigned i = 0; i < WRITERS; i++) {
		snprintf(address, sizeof(address), "w%.*s@example.org", (int)i, "xxxxxxx");
		accounts[i] = fixture_account(&f, address);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_create(&writers[i], NULL, write_mail, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&readers[i], NULL, read_mail, (void *)(uintptr_t)(i + 1));
	pthread_create(&compactor, NULL, compact, NULL);
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	ending = true;
	for (unsigned i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	pthread_join(compactor, NULL);
	ck_assert_msg(!wrong, "%s", wrong);
	for (int round = 0; round < 3; round++) {
		KEEL_CLEANUP(keel_buffer_free) struct keel_buffer report;
		struct store_scrub sum;

		keel_buffer_init(&report, 0);
		for (unsigned i = 0; i < WRITERS; i++) {
			struct store_mailbox box;

			ck_assert_uint_eq(fixture_count(&f, &accounts[i]), kept[i] - gone[i]);
			ck_assert_int_eq(store_mailbox_status(f.store, &accounts[i].id, &box), 0);
			ck_assert_uint_eq(box.uidnext, MESSAGES + 1);
			for (size_t k = 0; k < kept[i] - gone[i]; k += 5) {
				size_t len;
				char want[3000];
				unsigned writer, number;
				KEEL_AUTO_FREE char *got = fixture_read(&f, &accounts[i], k, &len, NULL);

				ck_assert_int_eq(sscanf(got, "%u %u", &writer, &number), 2);
				ck_assert_uint_eq(writer, i);
				ck_assert_uint_eq(len, text_of(writer, number, want));
				ck_assert_int_eq(memcmp(got, want, len), 0);
			}
		}
		ck_assert_int_eq(store_scrub(f.store, NULL, NULL, &report, &sum), 0);
		ck_assert_msg(!sum.bad_records && !sum.missing && !sum.index_errors, "%s", keel_buffer_text(&report));
		fixture_close(&f);
		if (round)
			image_lose_index(&f);
		fixture_open(&f);
	}
	fixture_remove(&f);
}
END_TEST

/* ---- a segment that is sealed after compaction's barrier, before the index has its records ------------------- */

static unsigned step;  /* of the thread that compacts; 0 = not armed */
static bool expunging; /* another test: a message dies while it is carried */
static pthread_t compacting;
static atomic_uint answered;

static void answer(void *arg, int error)
{
	(void)arg;
	HOLDS(!error);
	answered++;
}

static void deliver_without_waiting(unsigned number)
{
	struct store_delivery d = { .account = accounts[0].id,
				    .bucket = accounts[0].bucket,
				    .return_path = "from@example.org",
				    .delivered_to = accounts[0].address };
	struct store_body *body;
	struct store_txn *txn;
	char text[3000];

	d.size = text_of(0, number, text);
	HOLDS(!store_body_new(f.store, &body) && !store_body_append(body, text, d.size));
	HOLDS(!store_txn_new(f.store, &txn) && !store_txn_deliver(txn, &body, &d, 1));
	store_commit(f.store, &txn, answer, NULL);
}

MDB_txn *__real_index_read(struct index *ix);
MDB_txn *__wrap_index_read(struct index *ix);

MDB_txn *__wrap_index_read(struct index *ix)
{
	MDB_txn *txn;

	if (!step || !pthread_equal(compacting, pthread_self()))
		return __real_index_read(ix);
	if (expunging) {
		txn = __real_index_read(ix);
		if (step++ == 2) { /* its view of what lives is made */
			step = 0;
			fixture_expunge(&f, &accounts[0], 0);
		}
		return txn;
	}
	if (step == 1) { /* it chooses segments: the index stands still from here on, while mail fills some more */
		pthread_mutex_lock(&f.store->lock_rows);
		for (unsigned i = 0; i < 200; i++)
			deliver_without_waiting(i);
		while (answered < 200)
			usleep(1000);
		keeper_drain(f.store);
	}
	txn = __real_index_read(ix);
	if (step == 2) /* it looks what lives in them */
		pthread_mutex_unlock(&f.store->lock_rows);
	step = step == 1 ? 2 : 0;
	return txn;
}

START_TEST(sealed_meanwhile)
{
	uint64_t freed;

	fixture_make(&f);
	f.config.segment_size = 96u << 10;
	fixture_open(&f);
	accounts[0] = fixture_account(&f, "a@example.org");
	ck_assert_int_eq(fixture_deliver(&f, accounts, 1, "x\r\n", 3), 0);
	fixture_close(&f);
	fixture_open(&f);
	compacting = pthread_self();
	step = 1;
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
	ck_assert_uint_eq(step, 0);
	ck_assert_msg(!wrong, "%s", wrong);
	for (int round = 0; round < 2; round++) {
		ck_assert_uint_eq(fixture_count(&f, &accounts[0]), 201);
		for (size_t i = 1; i < 201; i++) {
			char want[3000];
			size_t len;
			KEEL_AUTO_FREE char *got = fixture_read(&f, &accounts[0], i, &len, NULL);

			ck_assert_uint_eq(len, text_of(0, (unsigned)i - 1, want));
			ck_assert_int_eq(memcmp(got, want, len), 0);
		}
		fixture_close(&f);
		image_lose_index(&f);
		fixture_open(&f);
	}
	fixture_remove(&f);
}
END_TEST

/* A message is expunged while compaction copies it: it is gone, and its octets count as dead. */
START_TEST(expunged_meanwhile)
{
	struct store_status now, anew;
	static char text[50000];
	uint64_t freed;

	fixture_make(&f);
	fixture_open(&f);
	accounts[0] = fixture_account(&f, "a@example.org");
	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(fixture_deliver(&f, accounts, 1, text, sizeof(text)), 0);
	ck_assert_int_eq(fixture_deliver(&f, accounts, 1, "y\r\n", 3), 0);
	fixture_close(&f);
	fixture_open(&f);
	compacting = pthread_self();
	expunging = true;
	step = 1;
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
	ck_assert_uint_eq(step, 0);
	ck_assert_uint_eq(fixture_count(&f, &accounts[0]), 1);
	ck_assert_int_eq(store_get_status(f.store, &now), 0);
	ck_assert_uint_lt(now.live_octets, sizeof(text));
	fixture_close(&f);
	image_lose_index(&f);
	fixture_open(&f);
	ck_assert_uint_eq(fixture_count(&f, &accounts[0]), 1);
	ck_assert_int_eq(store_get_status(f.store, &anew), 0);
	ck_assert_uint_lt(anew.live_octets, sizeof(text));
	fixture_remove(&f);
}
END_TEST

/* ---- while nobody waits for the index, transactions gather, and one commit of it serves many ----------------- */

static atomic_uint index_commits;

int __real_index_commit(struct index *ix, MDB_txn **txn, uint64_t covered);
int __wrap_index_commit(struct index *ix, MDB_txn **txn, uint64_t covered);

int __wrap_index_commit(struct index *ix, MDB_txn **txn, uint64_t covered)
{
	index_commits++;
	return __real_index_commit(ix, txn, covered);
}

START_TEST(gathers)
{
	struct timespec begin, end;
	unsigned rounds;
	int64_t ms;

	fixture_make(&f);
	fixture_open(&f);
	accounts[0] = fixture_account(&f, "a@example.org");
	index_commits = answered = 0;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned i = 0; i < 40; i++) {
		deliver_without_waiting(i);
		while (answered <= i)
			usleep(100);
	}
	rounds = index_commits;
	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000;
	ck_assert_int_le(rounds, 2 + ms / 50);
	ck_assert_msg(!wrong, "%s", wrong);
	fixture_remove(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store together");
	TCase *t = tcase_create("together");
	SRunner *r;
	int failed;

	keel_log_set_level(KEEL_LOG_ERROR);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, together);
	tcase_add_test(t, sealed_meanwhile);
	tcase_add_test(t, gathers);
	tcase_add_test(t, expunged_meanwhile);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reading costs, in octets: opening a store, and walking one bucket. OSNC_LONG=1: the store that is opened has 10 GB
 * (on /tmp), and the figures are printed.
 */
#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "porcupined/store/bucket.h"
#include "porcupined/store/crc32c.h"
#include "porcupined/store/state.h"
#include "tests/unit/store/image.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define ACCOUNTS 24u
#define MEAN 4700u /* octets of a message, the report's mean */
#define WINDOW 400u

static struct fixture f;

/* ---- filling: many transactions under way at once ---------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static unsigned under_way, failures;

static void done(void *arg, int error)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	under_way--;
	failures += error != 0;
	pthread_cond_signal(&change);
	pthread_mutex_unlock(&lock);
}

static void wait_below(unsigned n)
{
	pthread_mutex_lock(&lock);
	while (under_way >= n)
		pthread_cond_wait(&change, &lock);
	under_way += n > 1;
	pthread_mutex_unlock(&lock);
}

static void account_of(unsigned i, struct store_account *a)
{
	char address[64];

	snprintf(address, sizeof(address), "u%.*s@example.org", (int)i + 1, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	ck_assert_int_eq(store_account_find(f.store, address, a), 0);
}

/* Messages of octets in all; every 5th has two recipients in different buckets. */
static void fill(uint64_t octets)
{
	struct store_account a[ACCOUNTS];
	static char text[3 * MEAN];
	char address[64];
	unsigned seed = 3;

	for (unsigned i = 0; i < ACCOUNTS; i++) {
		snprintf(address, sizeof(address), "u%.*s@example.org", (int)i + 1, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		a[i] = fixture_account(&f, address);
	}
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + (i * i >> 5) % 26);
	for (uint64_t sum = 0; sum < octets;) {
		struct store_delivery d[2] = { 0 };
		struct store_body *body;
		struct store_txn *txn;
		size_t n;

		seed = seed * 1103515245u + 12345u;
		n = 100 + (seed >> 8) % (2 * MEAN - 200);
		for (unsigned k = 0; k < 2; k++) {
			const struct store_account *to = &a[((seed >> 12) + k * 5) % ACCOUNTS];

			d[k] = (struct store_delivery){ .account = to->id,
							.bucket = to->bucket,
							.size = n,
							.return_path = "a@b.c",
							.delivered_to = to->address };
		}
		ck_assert_int_eq(store_body_new(f.store, &body), 0);
		ck_assert_int_eq(store_body_append(body, text + seed % MEAN, n), 0);
		ck_assert_int_eq(store_txn_new(f.store, &txn), 0);
		ck_assert_int_eq(store_txn_deliver(txn, &body, d, seed % 5 ? 1 : 2), 0);
		wait_below(WINDOW);
		store_commit(f.store, &txn, done, NULL);
		sum += n;
	}
	wait_below(1);
	ck_assert_uint_eq(failures, 0);
	ck_assert_int_eq(store_barrier(f.store), 0);
}

/* ---- opening ----------------------------------------------------------------------------------------------- */

struct bounds {
	uint64_t ends;    /* header pages, trailers and lists of replaced segments */
	uint64_t footers; /* what a rebuild reads: state three times, bodies and entries once */
	uint64_t octets;  /* of the log */
};

/* By pread of trailers only: the store may be large. */
static struct bounds bounds_of(struct store *store)
{
	struct bounds b = { 0 };
	struct segment_table *t = &store->segments;

	for (size_t i = 0; i < t->n; i++) {
		const struct footer_part *p = t->rows[i]->trailer.part;

		b.ends += SEGMENT_HEADER + FOOTER_TRAILER + (t->rows[i]->sealed ? p[FOOTER_REPLACED].length : 0);
		b.octets += t->rows[i]->size;
		if (t->rows[i]->sealed)
			b.footers += 3 * p[FOOTER_STATE].length + p[FOOTER_BODIES].length + p[FOOTER_ENTRIES].length;
	}
	return b;
}

static uint64_t open_octets(void)
{
	struct store_status status;

	fixture_open(&f);
	ck_assert_int_eq(store_get_status(f.store, &status), 0);
	return status.open_octets_read;
}

/* After a clean stop only the ends of segments are read; after the process was killed also the segment it was writing; after a reboot
 * without a stop the footers, and no body in either case. */
START_TEST(opening)
{
	bool longer = getenv("OSNC_LONG") != NULL;
	uint64_t octets = longer ? 10ull << 30 : 64u << 20, clean, killed, reboot;
	struct bounds b;
	int status;
	pid_t pid;

	fixture_make(&f);
	if (longer) {
		rmdir(f.path);
		strcpy(f.path, "/tmp/osnc-store-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(f.path));
		f.config.segment_size = 64u << 20;
	}
	fixture_open(&f);
	fill(octets);
	fixture_close(&f);

	clean = open_octets();
	b = bounds_of(f.store);
	ck_assert_uint_gt(f.store->segments.n, 60);
	ck_assert_uint_le(clean, b.ends);
	fixture_close(&f);

	pid = fork();
	if (!pid) {
		struct store_account a;

		fixture_open(&f);
		account_of(0, &a);
		for (int i = 0; i < 20; i++)
			ck_assert_int_eq(fixture_deliver(&f, &a, 1, "the active segment has this\r\n", 29), 0);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ck_assert(WIFEXITED(status) && !WEXITSTATUS(status));
	killed = open_octets();
	b = bounds_of(f.store);
	ck_assert_uint_le(
		killed, b.ends + (1u << 20)); /* one segment, no matter how large its file is: what was written to it */
	fixture_close(&f);

	image_lose_index(&f);
	reboot = open_octets();
	b = bounds_of(f.store);
	ck_assert_uint_le(reboot, b.ends + b.footers);
	ck_assert_uint_le(reboot * 10, b.octets); /* and that is little of it all */
	printf("store of %" PRIu64 " octets in %zu segments: opening read %" PRIu64 " after a clean stop, %" PRIu64
	       " after kill -9, %" PRIu64 " (%.1f %%) after a reboot\n",
	       b.octets, f.store->segments.n, clean, killed, reboot, 100.0 * (double)reboot / (double)b.octets);
	fixture_remove(&f);
}
END_TEST

/* ---- one bucket ------------------------------------------------------------------------------------------------ */

/* A set of rows that does not care for order: sums of a hash of each. */
struct digest {
	uint64_t n, sum;
	uint64_t bodies; /* stored octets */
};

static void add(struct digest *d, const struct footer_row *row, uint64_t segment, const uint8_t *payload)
{
	uint64_t place[3] = { segment, row->offset, row->record.lsn };
	uint32_t crc = crc32c(crc32c(0, place, sizeof(place)), &row->record.object, sizeof(row->record.object));

	crc = crc32c(crc, payload, row->record.length);
	d->n++;
	d->sum += (uint64_t)crc * 0x9e3779b97f4a7c15ull;
	if (row->record.type == RECORD_BODY)
		d->bodies += row->record.length;
}

static int walked(const struct footer_row *row, uint64_t segment, void *arg)
{
	ck_assert_ptr_nonnull(row->payload);
	add(arg, row, segment, row->payload);
	return 0;
}

/* The slow twin: every record of every segment, by scanning for headers, filtered. Also what the walk may read at most. */
static struct digest filter(const struct image *images, size_t n, uint16_t bucket, uint64_t *allowed)
{
	struct digest d = { 0 };

	*allowed = 0;
	for (size_t i = 0; i < n; i++) {
		struct footer_row row = { 0 };

		if (!images[i].sealed)
			continue;
		*allowed += FOOTER_TRAILER + images[i].trailer.part[FOOTER_DIRECTORY].length;
		for (uint64_t at = SEGMENT_HEADER; at < images[i].trailer.data_end;
		     at += record_space(row.record.length)) {
			ck_assert_int_eq(record_decode(images[i].data + at, images[i].salt, &row.record), 0);
			if (row.record.bucket != bucket)
				continue;
			row.offset = at;
			add(&d, &row, images[i].trailer.segment, images[i].data + at + RECORD_HEADER);
			/* Its row, and the body's octets. */
			*allowed +=
				8 + (row.record.type == RECORD_BODY ? RECORD_HEADER : record_space(row.record.length));
		}
	}
	*allowed += d.bodies;
	return d;
}

START_TEST(one_bucket)
{
	static struct image images[64];
	uint16_t buckets[ACCOUNTS + 2];
	size_t n, k = 0;

	fixture_make(&f);
	fixture_open(&f);
	fill(12u << 20);
	fixture_close(&f);
	fixture_open(&f);
	if (_i) {
		uint64_t freed;
		struct store_account a;

		account_of(3, &a);
		for (int i = 0; i < 30; i++)
			fixture_expunge(&f, &a, 1);
		ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
		fixture_close(&f);
		fixture_open(&f);
	}
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		struct store_account a;

		account_of(i, &a);
		buckets[k++] = a.bucket;
	}
	buckets[k++] = 4095; /* nobody's */
	buckets[k++] = 0;
	n = image_load(&f, images, KEEL_COUNT(images));
	for (size_t i = 0; i < k; i++) {
		uint64_t allowed, read, before = f.store->segments.octets_read;
		struct digest want = filter(images, n, buckets[i], &allowed), got = { 0 };
		size_t sealed = 0;

		for (size_t s = 0; s < n; s++)
			sealed += images[s].sealed;
		ck_assert_int_eq(bucket_walk(f.store, buckets[i], true, walked, &got, &read), 0);
		ck_assert_msg(got.n == want.n && got.sum == want.sum,
			      "bucket %u: %" PRIu64 " rows, %" PRIu64 " expected, or others", buckets[i], got.n,
			      want.n);
		ck_assert_uint_le(read, allowed);
		/* What it says it read is what was read; trailers are in memory since the store was opened. */
		ck_assert_uint_eq(f.store->segments.octets_read - before, read - sealed * FOOTER_TRAILER);
		ck_assert(i >= ACCOUNTS || got.n > 20);
	}
	image_free(images, n);
	fixture_remove(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store bytes");
	TCase *t = tcase_create("bytes");
	SRunner *r;
	int failed;

	keel_log_set_level(KEEL_LOG_ERROR);
	tcase_set_timeout(t, getenv("OSNC_LONG") ? 3600 : 120);
	tcase_add_test(t, opening);
	tcase_add_loop_test(t, one_bucket, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

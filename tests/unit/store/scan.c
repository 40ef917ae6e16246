/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Torn tail or damage: segments made in memory with known batches, torn or damaged at known places, judged against what the
 * maker knows. Seeds are fixed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/footer.h"
#include "porcupined/store/scan.h"
#include "tools/lib/keel/cleanup.h"

#define SALT 0x1122334455667788ull
#define SIZE (256u << 10)
#define START 4096u

struct made {
	uint64_t offset, lsn, synced;
	size_t txn, batch;
	uint64_t space;
};

struct image {
	uint8_t *data;
	struct made rows[512];
	size_t n, txns, batches;
	uint64_t end;
	unsigned seed;
};

static unsigned rnd(struct image *im, unsigned below)
{
	im->seed = im->seed * 1103515245u + 12345u;
	return (im->seed >> 8) % below;
}

/* Adds one transaction of k records that belong to the current batch. */
static void add_txn(struct image *im, unsigned k, uint64_t *lsn, uint64_t synced)
{
	for (unsigned i = 0; i < k; i++) {
		struct record r = { .type = i ? RECORD_ENTRY : RECORD_BODY,
				    .flags = i == k - 1 ? RECORD_TXN_END : 0,
				    .txn_index = (uint16_t)i,
				    .length = rnd(im, 900),
				    .lsn = (*lsn)++,
				    .synced = synced,
				    .hlc = *lsn };
		uint8_t *at = im->data + im->end;

		for (uint32_t b = 0; b < r.length; b++)
			at[RECORD_HEADER + b] = (uint8_t)rnd(im, 256);
		/* Somebody mails us a record image: it must never count. */
		if (r.length > 200) {
			struct record forged = r;

			forged.length = 0;
			forged.lsn = 1000000;
			record_encode(&forged, SALT + 1, at + RECORD_HEADER + 8);
		}
		r.payload_crc = crc32c(0, at + RECORD_HEADER, r.length);
		record_encode(&r, SALT, at);
		im->rows[im->n++] =
			(struct made){ im->end, r.lsn, synced, im->txns, im->batches, record_space(r.length) };
		im->end += record_space(r.length);
	}
	im->txns++;
}

static void make(struct image *im, unsigned seed)
{
	uint64_t lsn = 101, synced = 100;

	memset(im, 0, sizeof(*im));
	im->seed = seed;
	im->data = calloc(1, SIZE);
	im->end = START;
	while (im->n < 60) {
		unsigned txns = 1 + rnd(im, 5);

		for (unsigned t = 0; t < txns; t++)
			add_txn(im, 1 + rnd(im, 4), &lsn, synced);
		synced = lsn - 1;
		im->batches++;
	}
}

/* Scans and judges the image; *keep records stay. Returns the scan, to be freed. */
static struct scan judge(struct image *im, uint64_t known, uint64_t next, size_t *keep, uint64_t *cut)
{
	struct scan s;
	struct scan_gap *gaps;
	size_t n;

	scan_init(&s);
	ck_assert_int_eq(scan_segment(&s, im->data, SIZE, START, SALT, 0), 0);
	gaps = scan_gaps(&s, &n);
	if (n && !gaps[0].first)
		gaps[0].first = 101;
	scan_judge(&s, known, next, keep, cut);
	return s;
}

START_TEST(whole)
{
	struct image im;
	uint64_t cut;
	size_t keep;

	make(&im, (unsigned)_i);
	struct scan s = judge(&im, 0, 0, &keep, &cut);

	ck_assert_uint_eq(keep, im.n);
	ck_assert_uint_eq(cut, im.end);
	scan_free(&s);
	free(im.data);
}
END_TEST

/* Any part of the last batch did not reach the disk: exactly the transactions before the first hole stay. */
START_TEST(torn)
{
	struct image im;
	size_t keep, first = 0, hole;
	uint64_t cut;

	make(&im, (unsigned)_i + 1000);
	while (im.rows[first].batch != im.batches - 1)
		first++;
	hole = im.n;
	for (size_t i = first; i < im.n; i++) {
		uint64_t from = rnd(&im, (unsigned)im.rows[i].space), len = 1 + rnd(&im, 64);

		if (rnd(&im, 3))
			continue;
		for (uint64_t b = from; b < im.rows[i].space && b < from + len; b++)
			im.data[im.rows[i].offset + b] ^= rnd(&im, 2) ? 0xff : im.data[im.rows[i].offset + b];
	}
	/* What is damaged now, by the records' own checks. */
	for (size_t i = first; i < im.n && hole == im.n; i++) {
		struct record r;
		const uint8_t *at = im.data + im.rows[i].offset;

		if (record_decode(at, SALT, &r) || crc32c(0, at + RECORD_HEADER, r.length) != r.payload_crc)
			hole = i;
	}
	while (hole < im.n && hole > 0 && im.rows[hole - 1].txn == im.rows[hole].txn)
		hole--;
	struct scan s = judge(&im, 0, 0, &keep, &cut);

	ck_assert_uint_eq(keep, hole);
	scan_free(&s);
	free(im.data);
}
END_TEST

/* A record of an acknowledged batch is damaged: nothing is cut, all others stay. */
START_TEST(damaged)
{
	struct image im;
	size_t keep, victim, n, gaps, last;
	uint64_t cut;

	make(&im, (unsigned)_i + 2000);
	last = im.n - 1;
	while (im.rows[last].batch == im.batches - 1)
		last--; /* the last record that a later one calls synced */
	victim = rnd(&im, (unsigned)last + 1);
	if (_i % 2)
		im.data[im.rows[victim].offset + rnd(&im, RECORD_HEADER - 2)] ^= 0x10;
	else
		memset(im.data + im.rows[victim].offset, 0, im.rows[victim].space);
	struct scan s = judge(&im, 0, 0, &keep, &cut);

	scan_records(&s, &n);
	const struct scan_gap *g = scan_gaps(&s, &gaps);

	ck_assert_uint_eq(n, im.n - 1);
	ck_assert_uint_eq(keep, im.n - 1);
	ck_assert_uint_eq(gaps, 1);
	ck_assert_uint_eq(g[0].first, im.rows[victim].lsn);
	ck_assert_uint_eq(g[0].last, im.rows[victim].lsn);
	scan_free(&s);
	free(im.data);
}
END_TEST

/* The tail is damaged, and only the next segment or the index knows that it had been acknowledged. */
START_TEST(damaged_tail_known_elsewhere)
{
	struct image im;
	uint64_t cut, last;
	size_t keep;

	make(&im, (unsigned)_i + 3000);
	last = im.rows[im.n - 1].lsn;
	im.data[im.rows[im.n - 1].offset + 20] ^= 1;
	struct scan s = judge(&im, last, last + 1, &keep, &cut);

	ck_assert_uint_eq(keep, im.n - 1);
	scan_free(&s);
	/* Without that knowledge the same octets are a torn tail. */
	s = judge(&im, 0, 0, &keep, &cut);
	ck_assert_uint_lt(keep, im.n);
	ck_assert(!keep || im.rows[keep - 1].txn < im.rows[im.n - 1].txn);
	scan_free(&s);
	free(im.data);
}
END_TEST

/* Rubbish behind the last record with the LSNs going on in the next segment is no record that is missing. */
START_TEST(rubbish_between_segments)
{
	struct image im;
	uint64_t cut, last;
	size_t keep;

	make(&im, (unsigned)_i + 4000);
	last = im.rows[im.n - 1].lsn;
	memset(im.data + im.end, 0x5a, 100);
	struct scan s = judge(&im, last + 5, last + 1, &keep, &cut);

	ck_assert_uint_eq(keep, im.n);
	scan_free(&s);
	memcpy(im.data + im.end, FOOTER_MAGIC, 8);
	s = judge(&im, 0, 0, &keep, &cut);
	ck_assert_uint_eq(keep, im.n);
	scan_free(&s);
	free(im.data);
}
END_TEST

/* A footer half written holds copies of every header: none may be taken for a record. */
START_TEST(footer_rows_are_no_records)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer out;
	struct footer_draft d;
	struct image im;
	uint64_t cut;
	size_t keep, n;
	const struct scan_record *rows;

	make(&im, (unsigned)_i + 5000);
	struct scan s = judge(&im, 0, 0, &keep, &cut);

	rows = scan_records(&s, &n);
	footer_draft_init(&d, 1);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(footer_draft_add(&d, SALT, &rows[i].record, rows[i].offset,
						  im.data + rows[i].offset + RECORD_HEADER),
				 0);
	keel_buffer_init(&out, 0);
	ck_assert_int_eq(footer_render(&d, SALT, im.end, &out), 0);
	scan_free(&s);
	memcpy(im.data + im.end, out.data, out.len < SIZE - im.end ? out.len : SIZE - im.end);
	memset(im.data + im.end, 0x77, 64); /* its start did not reach the disk */
	s = judge(&im, 0, 0, &keep, &cut);
	ck_assert_uint_eq(keep, im.n);
	ck_assert_uint_eq(cut, im.end);
	scan_free(&s);
	footer_draft_free(&d);
	free(im.data);
}
END_TEST

START_TEST(crc_matches_its_twin)
{
	uint8_t data[300];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 3);
	ck_assert_uint_eq(crc32c(0, "123456789", 9), 0xe3069283u); /* the check value of RFC 3720's CRC */
	for (size_t n = 0; n < sizeof(data); n++) {
		ck_assert_uint_eq(crc32c(0, data, n), crc32c_table(0, data, n));
		ck_assert_uint_eq(crc32c(crc32c(0, data, n), data + n, sizeof(data) - n),
				  crc32c(0, data, sizeof(data)));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("scan");
	TCase *t = tcase_create("scan");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, whole, 0, 50);
	tcase_add_loop_test(t, torn, 0, 300);
	tcase_add_loop_test(t, damaged, 0, 200);
	tcase_add_loop_test(t, damaged_tail_known_elsewhere, 0, 50);
	tcase_add_loop_test(t, rubbish_between_segments, 0, 20);
	tcase_add_loop_test(t, footer_rows_are_no_records, 0, 20);
	tcase_add_test(t, crc_matches_its_twin);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

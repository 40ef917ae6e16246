/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Footers: rendered, read back, sorted; the directory finds each bucket's rows; every flipped bit is seen. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/footer.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/cursor.h"

#define SALT 0xfedcba9876543210ull
#define DATA_END 8192u
#define ROWS 200u

static struct footer_draft draft;
static struct keel_buffer out;
static struct footer_trailer t;

static struct record row_of(unsigned i)
{
	static const uint8_t types[] = { RECORD_BODY, RECORD_ENTRY, RECORD_EXPUNGE, RECORD_ACCOUNT, 200 };
	struct record r = { .type = types[i % 5],
			    .bucket = (uint16_t)(i * 7 % 13 * 300),
			    .length = i % 29,
			    .lsn = i + 10,
			    .hlc = 1000 - i,
			    .synced = i };

	r.account.octet[0] = (uint8_t)(i % 3);
	r.object.octet[0] = (uint8_t)i;
	return r;
}

static void setup(void)
{
	footer_draft_init(&draft, 42);
	keel_buffer_init(&out, 0);
	for (unsigned i = 0; i < ROWS; i++) {
		struct record r = row_of(i * 77 % ROWS);
		uint8_t payload[32];

		memset(payload, (int)r.lsn, sizeof(payload));
		r.payload_crc = crc32c(0, payload, r.length);
		ck_assert_int_eq(footer_draft_add(&draft, SALT, &r, r.lsn * 128, payload), 0);
	}
	ck_assert_int_eq(footer_draft_replaces(&draft, 3), 0);
	ck_assert_int_eq(footer_draft_replaces(&draft, 5), 0);
	ck_assert_int_eq(footer_draft_bad(&draft, 4096, 16), 0);
	ck_assert_int_eq(footer_render(&draft, SALT, DATA_END, &out), 0);
	ck_assert_int_eq(footer_trailer_decode(out.data + out.len - FOOTER_TRAILER, SALT, DATA_END + out.len, &t), 0);
}

static void teardown(void)
{
	footer_draft_free(&draft);
	keel_buffer_free(&out);
}

static const uint8_t *part(int s)
{
	return out.data + (t.part[s].offset - DATA_END);
}

START_TEST(round_trip)
{
	unsigned seen[ROWS] = { 0 }, n = 0;

	ck_assert_int_eq(memcmp(out.data, FOOTER_MAGIC, 8), 0);
	ck_assert(t.segment == 42 && t.data_end == DATA_END && t.min_lsn == 10 && t.max_lsn == ROWS + 9 &&
		  t.max_hlc == 1000 && t.max_synced == ROWS - 1 && t.records == ROWS);
	for (int s = 0; s < FOOTER_DIRECTORY; s++) {
		const uint8_t *at = part(s), *end = at + t.part[s].length;
		struct footer_row row, last = { 0 };

		ck_assert_int_eq(footer_part_check(&t, s, at), 0);
		for (; at < end; n++) {
			ck_assert_int_eq(footer_row_next(&at, end, SALT, &row), 0);
			unsigned i = (unsigned)row.record.lsn - 10;
			struct record want = row_of(i);

			ck_assert_uint_lt(i, ROWS);
			ck_assert_uint_eq(seen[i]++, 0);
			ck_assert_int_eq((int)footer_section_of(row.record.type), s);
			ck_assert(row.record.type == want.type && row.record.bucket == want.bucket &&
				  row.offset == row.record.lsn * 128);
			ck_assert((row.payload == NULL) == (row.record.type == RECORD_BODY));
			for (unsigned k = 0; row.payload && k < row.record.length; k++)
				ck_assert_uint_eq(row.payload[k], (uint8_t)row.record.lsn);
			/* Bucket, account, LSN. */
			int order = (int)last.record.bucket - (int)row.record.bucket;

			if (!order)
				order = memcmp(&last.record.account, &row.record.account, 16);
			ck_assert(order < 0 || (!order && last.record.lsn < row.record.lsn));
			last = row;
		}
		ck_assert_ptr_eq(at, end);
	}
	ck_assert_uint_eq(n, ROWS);
	ck_assert_uint_eq(t.part[FOOTER_REPLACED].length, 16);
	ck_assert_int_eq(memcmp(part(FOOTER_REPLACED), "\3\0\0\0\0\0\0\0\5\0\0\0\0\0\0", 16), 0);
	ck_assert_int_eq(memcmp(part(FOOTER_BAD), "\0\x10\0\0\0\0\0\0\x10\0\0\0\0\0\0", 16), 0);
}
END_TEST

/* By the directory: all rows of each bucket, and none of another. */
START_TEST(directory)
{
	struct keel_cursor c;
	unsigned n = 0;

	keel_cursor_init(&c, part(FOOTER_DIRECTORY), t.part[FOOTER_DIRECTORY].length);
	while (keel_cursor_left(&c)) {
		uint32_t key = keel_cursor_le32(&c), zero = keel_cursor_le32(&c), offset = keel_cursor_le32(&c),
			 length = keel_cursor_le32(&c);
		const uint8_t *at = part(key & 0xff) + offset, *end = at + length;

		ck_assert(keel_cursor_ok(&c) && !zero && (key & 0xff) < FOOTER_DIRECTORY);
		ck_assert_uint_le((uint64_t)offset + length, t.part[key & 0xff].length);
		for (; at < end; n++) {
			struct footer_row row;

			ck_assert_int_eq(footer_row_next(&at, end, SALT, &row), 0);
			ck_assert_uint_eq(row.record.bucket, key >> 8);
		}
	}
	ck_assert_uint_eq(n, ROWS);
}
END_TEST

START_TEST(flipped_bits)
{
	uint8_t *trailer = out.data + out.len - FOOTER_TRAILER;
	struct footer_trailer got;

	for (size_t bit = 0; bit < FOOTER_TRAILER * 8; bit++) {
		trailer[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_msg(footer_trailer_decode(trailer, SALT, DATA_END + out.len, &got) == -EBADMSG,
			      "bit %zu of the trailer", bit);
		trailer[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(footer_trailer_decode(trailer, ~SALT, DATA_END + out.len, &got), -EBADMSG);
	ck_assert_int_eq(footer_trailer_decode(trailer, SALT, t.part[FOOTER_BAD].offset, &got),
			 -EBADMSG); /* parts beyond the file */
	for (int s = 0; s < FOOTER_SECTIONS; s++)
		for (size_t bit = 0; bit < t.part[s].length * 8; bit += 5) {
			uint8_t *at = (uint8_t *)(uintptr_t)part(s) + bit / 8;

			*at ^= (uint8_t)(1u << bit % 8);
			ck_assert_msg(footer_part_check(&t, s, part(s)) == -EBADMSG, "bit %zu of part %d", bit, s);
			*at ^= (uint8_t)(1u << bit % 8);
		}
}
END_TEST

/* Rows cut anywhere, in memory of that size. */
START_TEST(cut_rows)
{
	size_t length = t.part[FOOTER_ENTRIES].length < 600 ? t.part[FOOTER_ENTRIES].length : 600;

	for (size_t n = 0; n < length; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		const uint8_t *at = copy;
		struct footer_row row;
		int r = 0;

		memcpy(copy, part(FOOTER_ENTRIES), n);
		while (!r && at < copy + n)
			r = footer_row_next(&at, copy + n, SALT, &row);
		ck_assert(at <= copy + n && (r == 0 || r == -EBADMSG));
		free(copy);
	}
}
END_TEST

START_TEST(cut_draft)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer again;

	keel_buffer_init(&again, 0);
	ck_assert_int_eq(footer_draft_cut(&draft, 59), 0);
	ck_assert_int_eq(footer_render(&draft, SALT, DATA_END, &again), 0);
	ck_assert_int_eq(footer_trailer_decode(again.data + again.len - FOOTER_TRAILER, SALT, DATA_END + again.len, &t),
			 0);
	ck_assert(t.records == 50 && t.min_lsn == 10 && t.max_lsn == 59);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("footer");
	TCase *c = tcase_create("footer");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, round_trip);
	tcase_add_test(c, directory);
	tcase_add_test(c, flipped_bits);
	tcase_add_test(c, cut_rows);
	tcase_add_test(c, cut_draft);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

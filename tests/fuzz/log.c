/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log's readers on any octets. A fuzzer does not guess checksums, so the input is a program that makes a segment image: records with
 * right or wrong checksums, raw octets, footers, flips; then it is scanned and judged like a segment after a crash. The input's octets as such
 * go to every payload reader, too.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/footer.h"
#include "porcupined/store/scan.h"
#include "tools/lib/keel/cleanup.h"

#define SALT 0x5a17ull
#define SIZE 32768u
#define START 4096u

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t n);

struct input {
	const uint8_t *at;
	size_t left;
};

static uint8_t octet(struct input *i)
{
	if (!i->left)
		return 0;
	i->left--;
	return *i->at++;
}

struct image {
	uint8_t data[SIZE];
	uint64_t end, lsn, synced;
};

static void put_record(struct image *im, struct input *in, uint8_t how)
{
	struct record r = {
		.type = octet(in), .flags = octet(in), .length = octet(in), .txn_index = octet(in) % 4, .hlc = im->lsn
	};
	uint8_t jump = octet(in);
	uint8_t *at = im->data + im->end;

	if (im->end + record_space(r.length) > SIZE)
		return;
	r.raw = r.length;
	r.bucket = (uint16_t)(r.type * 16 % STORE_BUCKETS);
	r.lsn = jump > 240 ? im->lsn + jump - 240 : jump > 232 ? im->lsn - (jump - 232) : im->lsn;
	r.synced = octet(in) > 128 ? r.lsn - 1 : im->synced;
	if (!r.lsn || r.lsn > 1ull << 40)
		r.lsn = 1;
	for (uint32_t i = 0; i < r.length; i++)
		at[RECORD_HEADER + i] = octet(in);
	r.payload_crc = crc32c(0, at + RECORD_HEADER, r.length) ^ (how & 1);
	if (how & 2)
		r.length += octet(in); /* a right header that says too much */
	record_encode(&r, SALT, at);
	im->end += record_space(how & 2 ? r.raw : r.length);
	im->synced = r.synced;
	im->lsn = r.lsn + 1;
}

static void put_raw(struct image *im, struct input *in)
{
	size_t n = octet(in);

	for (size_t i = 0; i < n && im->end < SIZE; i++)
		im->data[im->end++] = octet(in);
	im->end = (im->end + 7) & ~7ull;
}

static void make(struct image *im, struct input *in)
{
	memset(im, 0, sizeof(*im));
	im->end = START;
	im->lsn = 100;
	im->synced = 99;
	while (in->left && im->end < SIZE) {
		uint8_t what = octet(in);

		if (what < 160)
			put_record(im, in, what % 8 == 7 ? what / 8 % 4 : 0);
		else if (what < 180)
			put_raw(im, in);
		else if (what < 200)
			im->data[START + (octet(in) << 8 | octet(in)) % (SIZE - START)] ^= octet(in);
		else if (what < 202 && im->end + 8 <= SIZE)
			memcpy(im->data + im->end, FOOTER_MAGIC, 8), im->end += 8;
		else
			im->end += 8u * (what % 16);
	}
}

/* Exactly as long as it says, so that a reader that goes beyond is caught. */
static void read_payloads(const uint8_t *data, size_t n)
{
	struct record_expunge expunge;
	struct record_account account;
	struct record_mailbox mailbox;
	struct record_counter counter;
	struct record_entry entry;
	struct record_alias alias;
	struct record_text text;
	uint8_t *copy = malloc(n ? n : 1);

	memcpy(copy, data, n);
	if (!record_get_entry(copy, n, &entry))
		assert((const uint8_t *)entry.delivered_to.at + entry.delivered_to.len == copy + n);
	record_get_expunge(copy, n, &expunge);
	if (!record_get_account(copy, n, &account))
		assert(account.address.len && account.address.len < STORE_ADDRESS_MAX &&
		       account.hash.len < STORE_HASH_MAX);
	record_get_mailbox(copy, n, &mailbox);
	record_get_counter(copy, n, &counter);
	if (!record_get_text(copy, n, &text))
		assert(text.len + 2u == n);
	if (!record_get_alias(copy, n, &alias)) {
		const uint8_t *at = (const uint8_t *)alias.targets.at;

		for (uint16_t i = 0; i < alias.n; i++) {
			uint16_t len;

			memcpy(&len, at, 2);
			at += 2u + len;
			assert(at <= copy + n);
		}
		assert(at == copy + n);
	}
	free(copy);
}

static void check_scan(const struct scan *s, const struct image *im)
{
	size_t n, n_gaps;
	const struct scan_record *rows = scan_records(s, &n);
	const struct scan_gap *gaps = scan_gaps(s, &n_gaps);
	uint64_t end = START;

	for (size_t i = 0; i < n; i++) {
		const struct scan_record *r = &rows[i];

		assert(r->offset >= end && r->offset % 8 == 0);
		end = r->offset + record_space(r->record.length);
		assert(end <= SIZE);
		assert(crc32c(0, im->data + r->offset + RECORD_HEADER, r->record.length) == r->record.payload_crc);
		assert(r->record.lsn <= s->max_lsn && r->record.synced <= s->max_synced);
		read_payloads(im->data + r->offset + RECORD_HEADER, r->record.length);
	}
	assert(s->end == end);
	end = START;
	for (size_t i = 0; i < n_gaps; i++) {
		assert(gaps[i].offset >= end && gaps[i].offset + gaps[i].length <= SIZE);
		end = gaps[i].offset + gaps[i].length;
		/* No record lies in a gap. */
		for (size_t k = 0; k < n; k++)
			assert(rows[k].offset + record_space(rows[k].record.length) <= gaps[i].offset ||
			       rows[k].offset >= end);
	}
}

static void check_judgement(const struct scan *s, uint64_t known, uint64_t next)
{
	size_t keep, keep_more, n;
	uint64_t cut, cut_more;
	const struct scan_record *rows = scan_records(s, &n);

	scan_judge(s, known, next, &keep, &cut);
	assert(keep <= n);
	assert(cut == (keep ? rows[keep - 1].offset + record_space(rows[keep - 1].record.length) : 0));
	/* What is known to be durable only ever keeps more. */
	scan_judge(s, UINT64_MAX, next, &keep_more, &cut_more);
	assert(keep_more == n && keep_more >= keep);
}

/* The kept records as a footer, read back: all of them, and with one octet wrong nothing worse than an error. */
static void check_footer(const struct scan *s, const struct image *im, uint8_t flip)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer out;
	struct footer_draft draft;
	struct footer_trailer t;
	size_t n, found = 0;
	const struct scan_record *rows = scan_records(s, &n);
	int r;

	keel_buffer_init(&out, 0);
	footer_draft_init(&draft, 1);
	for (size_t i = 0; i < n; i++)
		footer_draft_add(&draft, SALT, &rows[i].record, rows[i].offset,
				 im->data + rows[i].offset + RECORD_HEADER);
	footer_render(&draft, SALT, s->end, &out);
	footer_draft_free(&draft);
	r = footer_trailer_decode(out.data + out.len - FOOTER_TRAILER, SALT, s->end + out.len, &t);
	assert(!r && t.records == n);
	for (int pass = 0; pass < 2; pass++) {
		for (int k = 0; k < FOOTER_DIRECTORY; k++) {
			const uint8_t *at = out.data + (t.part[k].offset - s->end), *end = at + t.part[k].length;
			struct footer_row row;

			while (at < end && !footer_row_next(&at, end, SALT, &row)) {
				assert(at <= end);
				found += !pass;
			}
			assert(pass || at == end);
		}
		assert(found == n);
		for (size_t i = flip; i < out.len; i += 97)
			out.data[i] ^= flip | 1;
	}
	footer_trailer_decode(out.data + out.len - FOOTER_TRAILER, SALT, s->end + out.len, &t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct image im;
	struct input in = { data, n };
	uint8_t flip = octet(&in), from = octet(&in), next = octet(&in);
	struct footer_trailer t;
	struct footer_row row;
	struct scan s;

	read_payloads(data, n);
	make(&im, &in);
	scan_init(&s);
	if (!scan_segment(&s, im.data, SIZE, START, SALT, from & 1 ? 100 : 0)) {
		check_scan(&s, &im);
		check_judgement(&s, from, next);
		check_footer(&s, &im, flip);
	}
	scan_free(&s);
	/* Octets as they are, as a trailer and as rows. */
	if (n >= FOOTER_TRAILER)
		footer_trailer_decode(data, SALT, n, &t);
	for (const uint8_t *at = data; at < data + n && !footer_row_next(&at, data + n, SALT, &row);)
		;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/store/scan.h"

#include <errno.h>
#include <string.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/footer.h"

void scan_init(struct scan *s)
{
	memset(s, 0, sizeof(*s));
	keel_buffer_init(&s->records, 0);
	keel_buffer_init(&s->gaps, 0);
}

void scan_free(struct scan *s)
{
	keel_buffer_free(&s->records);
	keel_buffer_free(&s->gaps);
}

/* A whole record at data + at? header_ok: the header alone was right. */
static bool record_at(const uint8_t *data, uint64_t n, uint64_t at, uint64_t salt, struct record *r, bool *header_ok)
{
	*header_ok = false;
	if (n - at < RECORD_HEADER || record_decode(data + at, salt, r))
		return false;
	if (record_space(r->length) > n - at)
		return false;
	*header_ok = true;
	return crc32c(0, data + at + RECORD_HEADER, r->length) == r->payload_crc;
}

static bool zeros(const uint8_t *data, uint64_t n)
{
	return !n || (!data[0] && !memcmp(data, data + 1, n - 1));
}

int scan_segment(struct scan *s, const uint8_t *data, uint64_t n, uint64_t from, uint64_t salt, uint64_t expect)
{
	uint64_t at = from, gap = 0;
	bool in_gap = false, header_ok;
	struct record r;

	s->end = from;
	while (at <= n && n - at >= RECORD_HEADER) {
		if (!in_gap && n - at >= 8 && !memcmp(data + at, FOOTER_MAGIC, 8))
			break; /* sealing began: no record follows */
		if (record_at(data, n, at, salt, &r, &header_ok)) {
			struct scan_record row = { .record = r, .offset = at };

			/* A jump in LSNs without bad octets between is a lost write, too: a gap of no length tells. */
			if (in_gap || (expect && r.lsn != expect)) {
				struct scan_gap g = { .offset = in_gap ? gap : at, .first = expect, .last = r.lsn - 1 };

				g.length = at - g.offset;
				keel_buffer_append(&s->gaps, &g, sizeof(g));
				in_gap = false;
			}
			if (keel_buffer_append(&s->records, &row, sizeof(row)))
				return -ENOMEM;
			if (r.lsn > s->max_lsn)
				s->max_lsn = r.lsn;
			if (r.hlc > s->max_hlc)
				s->max_hlc = r.hlc;
			if (r.synced > s->max_synced)
				s->max_synced = r.synced;
			expect = r.lsn + 1;
			at += record_space(r.length);
			s->end = at;
			continue;
		}
		if (!in_gap) {
			if (zeros(data + at, n - at))
				break;
			in_gap = true;
			gap = at;
		}
		/* A right header tells where its damaged payload ends; else look for the next header. */
		at += header_ok ? record_space(r.length) : 8;
	}
	if (in_gap) {
		struct scan_gap g = { .offset = gap, .length = n - gap, .first = expect, .last = UINT64_MAX };

		keel_buffer_append(&s->gaps, &g, sizeof(g));
	}
	return s->records.failed ? s->records.failed : s->gaps.failed;
}

/* First record of the transaction that record i belongs to. */
static size_t transaction_start(const struct scan_record *records, size_t i)
{
	while (i > 0 && records[i].record.txn_index > 0 && !(records[i - 1].record.flags & RECORD_TXN_END))
		i--;
	return i;
}

void scan_judge(const struct scan *s, uint64_t known_synced, uint64_t next_lsn, size_t *keep, uint64_t *cut)
{
	size_t n, n_gaps, after = 0, stay;
	const struct scan_record *records = scan_records(s, &n);
	const struct scan_gap *gaps = scan_gaps(s, &n_gaps);

	stay = n;
	for (size_t g = 0; g < n_gaps; g++) {
		uint64_t synced = known_synced;

		while (after < n && records[after].offset < gaps[g].offset + gaps[g].length)
			after++;
		for (size_t k = after; k < n; k++)
			if (records[k].record.synced > synced)
				synced = records[k].record.synced;
		if (gaps[g].last == UINT64_MAX ? next_lsn && gaps[g].first >= next_lsn : gaps[g].first > gaps[g].last)
			continue; /* no record stood there: LSNs go on without a hole */
		if (synced >= gaps[g].first)
			continue; /* it had been acknowledged: damage */
		stay = after;
		break;
	}
	/* An unfinished transaction before the cut goes with it, unless it is known to have been durable. */
	if (stay > 0 && !(records[stay - 1].record.flags & RECORD_TXN_END) &&
	    records[stay - 1].record.lsn > known_synced)
		stay = transaction_start(records, stay - 1);
	*keep = stay;
	*cut = stay ? records[stay - 1].offset + record_space(records[stay - 1].record.length) : 0;
}

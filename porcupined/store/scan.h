/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a segment that has no footer: which records are whole, what lies between them, and whether the end is a torn tail or a
 * damage to something that had been acknowledged. Pure: octets in, a verdict out.
 */
#ifndef PORCUPINED_STORE_SCAN_H
#define PORCUPINED_STORE_SCAN_H

#include "porcupined/store/record.h"

struct scan_record {
	struct record record;
	uint64_t offset;
};

/* Octets that are no valid record. They stood for LSNs first..last; none if first > last. */
struct scan_gap {
	uint64_t offset, length;
	uint64_t first, last;
};

struct scan {
	struct keel_buffer records; /* struct scan_record, by offset */
	struct keel_buffer gaps;    /* struct scan_gap, by offset; the last may reach to the end */
	uint64_t end;               /* after the last valid record, or the start */
	uint64_t max_lsn, max_hlc, max_synced;
};

void scan_init(struct scan *s);
void scan_free(struct scan *s);
/* Scans data[from..n) of a segment. expect: LSN of the first record that should stand there, 0 = not
 * known: a gap at the start then has first = 0, for the caller to fill in. 0 or -ENOMEM. */
int scan_segment(struct scan *s, const uint8_t *data, uint64_t n, uint64_t from, uint64_t salt, uint64_t expect);
static inline const struct scan_record *scan_records(const struct scan *s, size_t *n)
{
	*n = s->records.len / sizeof(struct scan_record);
	return (const struct scan_record *)s->records.data;
}
static inline struct scan_gap *scan_gaps(const struct scan *s, size_t *n)
{
	*n = s->gaps.len / sizeof(struct scan_gap);
	return (struct scan_gap *)s->gaps.data;
}

/*
 * Judges the gaps of the scan. known_synced: an LSN known to be durable from elsewhere (later segments, the index); next_lsn:
 * first LSN of the following segment, 0 if there is none.
 *
 * A gap G is damage if any valid record after it, or known_synced, says that LSN G.first was durable: it had been acknowledged. Otherwise
 * everything from G on was never acknowledged and is cut, from the first record of the transaction that G interrupts. A
 * transaction without its end at the tail is cut the same way.
 * *keep: how many of the records stay. Gaps before them are damage to report. *cut: offset from which the log is void.
 */
void scan_judge(const struct scan *s, uint64_t known_synced, uint64_t next_lsn, size_t *keep, uint64_t *cut);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of compaction: which segments, and which of their records go on. */
#ifndef PORCUPINED_STORE_COMPACT_H
#define PORCUPINED_STORE_COMPACT_H

#include "porcupined/store/state.h"

/* One record to carry over. */
struct carry {
	struct record record;
	uint64_t segment, offset;
	size_t payload; /* of state and entries: offset in payloads */
};

struct run {
	struct store *store;
	uint64_t *ids; /* the segments */
	size_t n;
	struct keel_buffer carries; /* struct carry */
	struct keel_buffer payloads;
	struct keel_buffer counted; /* struct carry of mailboxes that lose entries: one COUNTER each */
	struct footer_trailer top;  /* greatest LSN and clocks of the segments: no number is given out twice */
	uint64_t done, total;
	store_progress_fn progress;
	void *arg;
};

/* live.c: fills carries, payloads and counted from the footers of the run's segments. 0 or -errno; -EBADMSG: one of them is damaged, and
 * marked so. */
int compact_gather(struct run *run);

#endif

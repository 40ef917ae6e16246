/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A footer is made from records and can be made again: what stands in a damaged part of it is read from the log itself. */
#include <errno.h>
#include <stdlib.h>

#include "porcupined/store/scan.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

/* The rows of a section, in arrival order, from the records of data[0..n). */
static int rows_of(const struct segment *s, const uint8_t *data, uint64_t n, enum footer_section section,
		   struct keel_buffer *out, size_t *n_gaps)
{
	const struct scan_record *rows;
	struct footer_draft draft;
	struct scan scan;
	size_t n_rows;
	int r;

	scan_init(&scan);
	footer_draft_init(&draft, s->id);
	/* LSNs of a compacted segment do not follow one another: only a gap that has octets is one. */
	r = scan_segment(&scan, data, n, SEGMENT_HEADER, s->salt, 0);
	rows = scan_records(&scan, &n_rows);
	for (size_t i = 0; !r && i < n_rows; i++)
		if (footer_section_of(rows[i].record.type) == section)
			r = footer_draft_add(&draft, s->salt, &rows[i].record, rows[i].offset,
					     data + rows[i].offset + RECORD_HEADER);
	if (!r)
		r = keel_buffer_append(out, draft.rows[section].data, draft.rows[section].len);
	const struct scan_gap *gaps = scan_gaps(&scan, &n_rows);

	*n_gaps = 0;
	for (size_t i = 0; i < n_rows; i++)
		*n_gaps += gaps[i].length != 0;
	footer_draft_free(&draft);
	scan_free(&scan);
	return r;
}

int salvage_rows(struct store *store, struct segment *s, enum footer_section section, struct keel_buffer *out)
{
	KEEL_AUTO_FREE uint8_t *data = NULL;
	uint64_t n = s->trailer.data_end;
	size_t gaps = 0;
	int r = segment_load(&store->segments, s, section, out);

	if (r != -EBADMSG && r != -EIO)
		return r;
	if (!s->damaged)
		keel_count(&store_metric.damaged);
	s->damaged = true;
	data = malloc(n);
	if (!data)
		return -ENOMEM;
	r = segment_read(&store->segments, s, 0, data, n);
	if (!r)
		r = rows_of(s, data, n, section, out, &gaps);
	keel_log(KEEL_LOG_ERROR, "store: damaged footer, read from the records themselves", "segment", KEEL_N(s->id),
		 "section", KEEL_N(section), "damaged-ranges", KEEL_N(gaps), "error", r ? strerror(-r) : "", NULL);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After a crash: segments without a footer are scanned, judged, cut where they were torn, and sealed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "porcupined/store/scan.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define LITTLE_ROOM (1u << 20) /* LMDB calls a short write EIO */

/* One unsealed segment in memory. */
struct unsealed {
	struct segment *segment; /* pinned */
	struct scan scan;
	uint8_t *data;
	uint64_t n;
};

/* Reads what was ever written; the rest of a prepared segment is zeros and costs nothing. */
static int read_extents(struct store *store, struct unsealed *u)
{
	off_t at = 0;

	while ((uint64_t)at < u->n) {
		off_t data = lseek(u->segment->fd, at, SEEK_DATA), hole;
		int r;

		if (data < 0)
			return errno == ENXIO ? 0 : -errno;
		hole = lseek(u->segment->fd, data, SEEK_HOLE);
		if (hole < 0)
			return -errno;
		if ((uint64_t)hole > u->n)
			hole = (off_t)u->n;
		r = segment_read(&store->segments, u->segment, (uint64_t)data, u->data + data, (size_t)(hole - data));
		if (r)
			return r;
		at = hole;
	}
	return 0;
}

static int load(struct store *store, uint64_t id, struct unsealed *u)
{
	struct stat st;
	int r;

	u->segment = segment_pin(&store->segments, id);
	if (!u->segment)
		return -errno;
	if (fstat(u->segment->fd, &st))
		return -errno;
	u->n = (uint64_t)st.st_size;
	scan_init(&u->scan);
	u->data = calloc(1, u->n ? u->n : 1);
	if (!u->data)
		return -ENOMEM;
	r = read_extents(store, u);
	if (!r)
		r = scan_segment(&u->scan, u->data, u->n, SEGMENT_HEADER, u->segment->salt, 0);
	return r;
}

static void unload(struct store *store, struct unsealed *u)
{
	scan_free(&u->scan);
	free(u->data);
	if (u->segment)
		segment_unpin(&store->segments, u->segment);
}

/* LSNs that a later segment says never were, leave the scan. */
static void apply_void(struct unsealed *u, const struct segment *by)
{
	size_t n, n_gaps;
	const struct scan_record *rows = scan_records(&u->scan, &n);
	const struct scan_gap *gaps = scan_gaps(&u->scan, &n_gaps);
	uint64_t from = UINT64_MAX;

	if (!by->void_last || by->id <= u->segment->id)
		return;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].record.lsn >= by->void_first && rows[i].record.lsn <= by->void_last) {
			from = rows[i].offset;
			u->scan.records.len = i * sizeof(*rows);
			break;
		}
	}
	for (size_t i = 0; i < n_gaps; i++) {
		if (gaps[i].offset >= from || (gaps[i].first >= by->void_first && gaps[i].first <= by->void_last)) {
			u->scan.gaps.len = i * sizeof(*gaps);
			break;
		}
	}
}

/* Copies octets that are no record aside, for whoever wants to look at them. */
static void quarantine(struct store *store, const struct unsealed *u, const struct scan_gap *g)
{
	KEEL_AUTO_CLOSE int dir = -1;
	KEEL_AUTO_CLOSE int fd = -1;
	char name[64];

	store->quarantined++;
	keel_count(&store_metric.damaged);
	snprintf(name, sizeof(name), "%016" PRIx64 "-%" PRIx64 ".bad", u->segment->id, g->offset);
	keel_log(KEEL_LOG_ERROR, "store: acknowledged records are damaged; their octets are in quarantine/", "file",
		 name, "first-lsn", KEEL_N(g->first), "last-lsn", KEEL_N(g->last == UINT64_MAX ? 0 : g->last), "octets",
		 KEEL_N(g->length), NULL);
	if (!g->length || (mkdirat(store->dir, "quarantine", 0700) && errno != EEXIST))
		return;
	dir = openat(store->dir, "quarantine", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dir < 0 ? -1 : openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (uint64_t at = 0; fd >= 0 && at < g->length;) {
		ssize_t put = write(fd, u->data + g->offset + at, g->length - at);

		if (put <= 0) {
			keel_log(KEEL_LOG_WARNING, "store: quarantine file not written", "file", name, "error",
				 strerror(errno), NULL);
			return;
		}
		at += (uint64_t)put;
	}
}

/* What the rest of the log knows of the LSNs around an unsealed segment. */
struct surroundings {
	uint64_t before; /* greatest LSN elsewhere below the segment's first record */
	uint64_t next;   /* smallest LSN elsewhere above the segment's last record, 0 = none */
	uint64_t synced; /* an LSN known durable */
};

static void look(struct surroundings *s, uint64_t min, uint64_t max, uint64_t first, uint64_t last)
{
	if (max < min)
		return; /* no records */
	if (max < first && max > s->before)
		s->before = max;
	if (min > last && (!s->next || min < s->next))
		s->next = min;
}

static void survey(struct store *store, const struct unsealed *all, size_t n, size_t self, struct surroundings *out)
{
	size_t n_rows;
	const struct scan_record *rows = scan_records(&all[self].scan, &n_rows);
	uint64_t first = n_rows ? rows[0].record.lsn : UINT64_MAX;
	uint64_t last = n_rows ? rows[n_rows - 1].record.lsn : 0;

	*out = (struct surroundings){ .synced = store->index.covered };
	for (size_t i = 0; i < store->segments.n; i++) {
		const struct segment *s = store->segments.rows[i];

		if (s->void_last && s->id <= all[self].segment->id && s->void_last > out->before)
			out->before = s->void_last;
		if (!s->sealed)
			continue;
		/* What is sealed had been acknowledged, and LSNs are acknowledged in order. */
		if (s->trailer.max_lsn > out->synced)
			out->synced = s->trailer.max_lsn;
		if (s->trailer.max_synced > out->synced)
			out->synced = s->trailer.max_synced;
		if (s->trailer.records)
			look(out, s->trailer.min_lsn, s->trailer.max_lsn, first, last);
	}
	for (size_t i = 0; i < n; i++) {
		size_t k;
		const struct scan_record *r = scan_records(&all[i].scan, &k);

		if (i == self || !k)
			continue;
		if (all[i].scan.max_synced > out->synced)
			out->synced = all[i].scan.max_synced;
		look(out, r[0].record.lsn, r[k - 1].record.lsn, first, last);
	}
}

static int settle(struct store *store, struct unsealed *all, size_t n, size_t self)
{
	struct unsealed *u = &all[self];
	struct surroundings s;
	struct footer_draft draft;
	struct scan_gap *gaps;
	const struct scan_record *rows;
	size_t keep, n_rows, n_gaps;
	uint64_t cut, end;
	int r = 0;

	survey(store, all, n, self, &s);
	gaps = scan_gaps(&u->scan, &n_gaps);
	if (n_gaps && !gaps[0].first)
		gaps[0].first = s.before + 1;
	scan_judge(&u->scan, s.synced, s.next, &keep, &cut);
	rows = scan_records(&u->scan, &n_rows);
	if (cut < SEGMENT_HEADER)
		cut = SEGMENT_HEADER;
	if (keep < n_rows || u->scan.end > cut)
		keel_log(KEEL_LOG_NOTICE, "store: torn tail cut, none of it had been acknowledged", "segment",
			 KEEL_N(u->segment->id), "records", KEEL_N(n_rows - keep), "offset", KEEL_N(cut), NULL);

	footer_draft_init(&draft, u->segment->id);
	end = cut;
	for (size_t i = 0; !r && i < keep; i++)
		r = footer_draft_add(&draft, u->segment->salt, &rows[i].record, rows[i].offset,
				     u->data + rows[i].offset + RECORD_HEADER);
	for (size_t i = 0; !r && i < n_gaps; i++) {
		bool empty = gaps[i].last == UINT64_MAX ? s.next && gaps[i].first >= s.next
							: gaps[i].first > gaps[i].last;

		if (empty || (gaps[i].offset >= cut && s.synced < gaps[i].first))
			continue;
		quarantine(store, u, &gaps[i]);
		r = footer_draft_bad(&draft, gaps[i].offset, gaps[i].length);
		if (gaps[i].offset + gaps[i].length > end)
			end = (gaps[i].offset + gaps[i].length + 7) & ~7ull;
	}
	u->scan.records.len = keep * sizeof(*rows);
	if (!r && !draft.trailer.records && !draft.bad.len) {
		segment_retire(&store->segments, u->segment->id);
	} else if (!r) {
		draft.trailer.data_end = end;
		r = segment_seal(&store->segments, u->segment, &draft);
	}
	footer_draft_free(&draft);
	return r;
}

/* ---- index ---------------------------------------------------------------------------------------- */

struct late_row {
	struct footer_row row;
	uint64_t segment;
	size_t payload; /* offset in the payload buffer */
};

static int compare_late(const void *a, const void *b)
{
	const struct late_row *x = a, *y = b;

	return x->row.record.lsn < y->row.record.lsn ? -1 : x->row.record.lsn > y->row.record.lsn;
}

/* Rows of one segment that the index does not cover. */
static int gather_late(struct store *store, struct segment *s, struct keel_buffer *late, struct keel_buffer *payloads)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer part;
	int r = 0;

	keel_buffer_init(&part, 0);
	for (int section = 0; !r && section < FOOTER_DIRECTORY; section++) {
		const uint8_t *at, *end;

		part.len = 0;
		r = salvage_rows(store, s, section, &part);
		at = part.data;
		end = at + part.len;
		while (!r && at < end) {
			struct late_row row = { .segment = s->id, .payload = payloads->len };

			r = footer_row_next(&at, end, s->salt, &row.row);
			if (r || row.row.record.lsn <= store->index.covered)
				continue;
			if (row.row.payload)
				keel_buffer_append(payloads, row.row.payload, row.row.record.length);
			keel_buffer_append(late, &row, sizeof(row));
			r = late->failed ? late->failed : payloads->failed;
		}
	}
	return r;
}

/* A compaction's output whose publication the index missed: bodies that were in segments now gone are here. */
static int adopt(struct store *store, MDB_txn *txn, struct segment *s)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer part;
	const uint8_t *at, *end;
	int r;

	keel_buffer_init(&part, 0);
	r = salvage_rows(store, s, FOOTER_BODIES, &part);
	at = part.data;
	end = at + part.len;
	while (!r && at < end) {
		struct footer_row row;
		struct index_body body;
		struct segment *was;

		r = footer_row_next(&at, end, s->salt, &row);
		if (r)
			break;
		r = index_get(&store->index, txn, INDEX_BODY, &row.record.object, sizeof(row.record.object), &body,
			      sizeof(body), NULL, NULL);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		was = r ? NULL : segment_pin(&store->segments, body.segment);
		if (was)
			segment_unpin(&store->segments, was);
		else if (!r)
			r = index_move_body(&store->index, txn, &row.record.object, body.segment, body.offset, s->id,
					    row.offset);
	}
	return r ? r : index_count_segment(&store->index, txn, s->id, s->trailer.data_end - SEGMENT_HEADER, 0);
}

/* Brings an index of this boot up to the log. */
static int catch_up(struct store *store)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer late = { 0 };
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer payloads = { 0 };
	struct index *ix = &store->index;
	uint64_t covered = ix->covered;
	struct late_row *rows;
	uint64_t *ids;
	size_t n, n_rows;
	MDB_txn *txn;
	int r = segment_ids(&store->segments, &ids, &n);

	if (r)
		return r;
	r = index_begin(ix, &txn);
	for (size_t i = 0; !r && i < n; i++) {
		struct segment *s = segment_pin(&store->segments, ids[i]);
		struct index_segment known;

		if (!s) {
			r = -errno;
			break;
		}
		if (s->trailer.part[FOOTER_REPLACED].length &&
		    index_get(ix, txn, INDEX_SEGMENT, &ids[i], sizeof(ids[i]), &known, sizeof(known), NULL, NULL) ==
			    -ENOENT)
			r = adopt(store, txn, s);
		if (!r && s->trailer.records && s->trailer.max_lsn > ix->covered)
			r = gather_late(store, s, &late, &payloads);
		segment_unpin(&store->segments, s);
	}
	free(ids);
	n_rows = late.len / sizeof(*rows);
	rows = (struct late_row *)(void *)late.data;
	if (n_rows)
		qsort(rows, n_rows, sizeof(*rows), compare_late);
	for (size_t i = 0; !r && i < n_rows; i++) {
		r = index_apply(ix, txn, &rows[i].row.record, rows[i].segment, rows[i].row.offset,
				payloads.data ? payloads.data + rows[i].payload : NULL);
		if (!r)
			r = index_count_segment(ix, txn, rows[i].segment, record_space(rows[i].row.record.length), 0);
		covered = rows[i].row.record.lsn;
	}
	if (r) {
		if (txn)
			index_abort(&txn);
		return r;
	}
	return index_commit(ix, &txn, covered);
}

int recover(struct store *store, bool fresh_index, struct keel_buffer *error)
{
	struct unsealed *all = NULL;
	uint64_t *ids = NULL, max_lsn = 0, max_hlc = 0;
	size_t n = 0, n_ids = 0;
	int r = segment_ids(&store->segments, &ids, &n_ids);

	if (!r) {
		all = calloc(n_ids + 1, sizeof(*all));
		if (!all)
			r = -ENOMEM;
	}
	for (size_t i = 0; !r && i < n_ids; i++) {
		struct segment *s = segment_pin(&store->segments, ids[i]);

		if (!s) {
			r = -errno;
			break;
		}
		if (!s->sealed)
			r = load(store, ids[i], &all[n++]);
		segment_unpin(&store->segments, s);
	}
	for (size_t i = 0; !r && i < n; i++)
		for (size_t k = 0; k < store->segments.n; k++) {
			apply_void(&all[i], store->segments.rows[k]);
			if (store->segments.rows[k]->void_last > max_lsn)
				max_lsn = store->segments.rows[k]->void_last;
		}
	for (size_t i = 0; !r && i < n; i++)
		r = settle(store, all, n, i);
	for (size_t i = 0; i < n; i++)
		unload(store, &all[i]);
	free(all);
	free(ids);
	if (r) {
		keel_buffer_printf(error, "recovery: %s", strerror(-r));
		return r;
	}
	for (size_t i = 0; i < store->segments.n; i++) {
		const struct footer_trailer *t = &store->segments.rows[i]->trailer;

		if (t->max_lsn > max_lsn)
			max_lsn = t->max_lsn;
		if (t->max_hlc > max_hlc)
			max_hlc = t->max_hlc;
	}
	if (!store->index.covered)
		fresh_index = true; /* a start that made it anew did not come to its end */
	if (store->index.covered > max_lsn && !fresh_index) {
		/* It knows more than the log: the log was put back from somewhere. */
		keel_log(KEEL_LOG_WARNING, "store: index is ahead of the log, made anew", NULL);
		fresh_index = true;
	}
	store->next_lsn = max_lsn + 1;
	atomic_store(&store->synced_lsn, max_lsn);
	atomic_store(&store->hlc, max_hlc);
	if (!r)
		r = fresh_index ? recover_index(store) : catch_up(store);
	if (r == -EBADMSG && !fresh_index)
		r = recover_index(store);
	if (r)
		keel_buffer_printf(error, "index: %s%s", strerror(-r),
				   keeper_room(store) < LITTLE_ROOM ? ": the file system is full" : "");
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a segment is alive: records that a compaction must carry over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/compact.h"
#include "porcupined/store/crc32c.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

static bool in_run(const struct run *run, uint64_t id)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->ids[i] == id)
			return true;
	return false;
}

/* May a segment outside the run hold a record with an LSN in first..last? */
static bool held_elsewhere(struct run *run, uint64_t first, uint64_t last)
{
	struct segment_table *t = &run->store->segments;
	bool held = false;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n && !held; i++) {
		const struct segment *s = t->rows[i];

		if (in_run(run, s->id))
			continue;
		/* Segments still being written are younger than anything sealed; abandoned ones are not. */
		held = s->abandoned ||
		       (s->sealed && s->trailer.records && s->trailer.min_lsn <= last && s->trailer.max_lsn >= first) ||
		       (s->sealed && s->trailer.part[FOOTER_BAD].length);
	}
	pthread_mutex_unlock(&t->lock);
	return held;
}

static int mailbox_row(struct run *run, MDB_txn *txn, const struct store_id *account, const struct store_id *mailbox,
		       struct index_mailbox *row)
{
	struct index_mailbox_key key = { *account, *mailbox };

	return index_get(&run->store->index, txn, INDEX_MAILBOX, &key, sizeof(key), row, sizeof(*row), NULL, NULL);
}

static int note_counter(struct run *run, const struct record *r, const struct store_id *mailbox)
{
	struct carry c = { .record = *r };

	c.record.object = *mailbox;
	return keel_buffer_append(&run->counted, &c, sizeof(c));
}

/* 1 = carry it, 0 = drop it, -errno. */
static int is_live(struct run *run, MDB_txn *txn, uint64_t segment, const struct footer_row *row)
{
	struct index *ix = &run->store->index;
	const struct record *r = &row->record;
	struct index_account account;
	struct index_mailbox box;
	struct index_entry entry;
	struct index_entry_key key;
	struct index_body body;
	struct record_account a;
	struct record_alias alias;
	struct record_entry e;
	struct record_expunge x;
	struct record_text text;
	uint64_t lsn;
	int error;

	switch (r->type) {
	case RECORD_BODY:
		error = index_get(ix, txn, INDEX_BODY, &r->object, sizeof(r->object), &body, sizeof(body), NULL, NULL);
		return error ? (error == -ENOENT ? 0 : error) : body.segment == segment && body.offset == row->offset;
	case RECORD_ENTRY:
		if (record_get_entry(row->payload, r->length, &e))
			return -EBADMSG;
		key = index_entry_key(&e.mailbox, r->lsn);
		error = index_get(ix, txn, INDEX_ENTRY, &key, sizeof(key), &entry, sizeof(entry), NULL, NULL);
		if (error == -ENOENT)
			error = note_counter(run, r, &e.mailbox);
		else if (!error)
			return 1;
		return error;
	case RECORD_EXPUNGE:
		if (record_get_expunge(row->payload, r->length, &x))
			return -EBADMSG;
		error = note_counter(run, r, &x.mailbox); /* its MODSEQ */
		return error ? error : held_elsewhere(run, x.target, x.target);
	case RECORD_ACCOUNT:
		if (record_get_account(row->payload, r->length, &a))
			return -EBADMSG;
		error = index_get(ix, txn, INDEX_ACCOUNT, a.address.at, a.address.len, &account, sizeof(account), NULL,
				  NULL);
		return error ? (error == -ENOENT ? 0 : error) : account.lsn == r->lsn;
	case RECORD_ACCOUNT_REMOVED:
	case RECORD_DOMAIN_REMOVED:
	case RECORD_ALIAS_REMOVED:
		return held_elsewhere(run, 0, r->lsn - 1);
	case RECORD_MAILBOX:
		error = mailbox_row(run, txn, &r->account, &r->object, &box);
		return error ? (error == -ENOENT ? 0 : error) : 1;
	case RECORD_COUNTER:
		error = note_counter(run, r, &r->object);
		return error;
	case RECORD_DOMAIN:
		if (record_get_text(row->payload, r->length, &text))
			return -EBADMSG;
		error = index_get(ix, txn, INDEX_DOMAIN, text.at, text.len, &lsn, sizeof(lsn), NULL, NULL);
		return error ? (error == -ENOENT ? 0 : error) : lsn == r->lsn;
	case RECORD_ALIAS:
		if (record_get_alias(row->payload, r->length, &alias))
			return -EBADMSG;
		error = index_get(ix, txn, INDEX_ALIAS, alias.alias.at, alias.alias.len, &lsn, sizeof(lsn), NULL, NULL);
		return error ? (error == -ENOENT ? 0 : error) : lsn == r->lsn;
	default:
		return 1; /* not understood: carried */
	}
}

static int gather_section(struct run *run, MDB_txn *txn, struct segment *s, enum footer_section section)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer part;
	const uint8_t *at, *end;
	int r;

	keel_buffer_init(&part, 0);
	r = segment_load(&run->store->segments, s, section, &part);
	at = part.data;
	end = at + part.len;
	while (!r && at < end) {
		struct carry c = { .segment = s->id, .payload = run->payloads.len };
		struct footer_row row;
		int live;

		r = footer_row_next(&at, end, s->salt, &row);
		if (r)
			break;
		live = is_live(run, txn, s->id, &row);
		if (live < 0)
			return live;
		if (!live)
			continue;
		c.record = row.record;
		c.offset = row.offset;
		if (row.payload)
			keel_buffer_append(&run->payloads, row.payload, row.record.length);
		keel_buffer_append(&run->carries, &c, sizeof(c));
		r = run->carries.failed ? run->carries.failed : run->payloads.failed;
	}
	return r;
}

static int compare_counted(const void *a, const void *b)
{
	const struct carry *x = a, *y = b;

	return memcmp(&x->record.object, &y->record.object, sizeof(x->record.object));
}

/* One COUNTER for each mailbox that lost a record which held its UID or MODSEQ up. */
static int add_counters(struct run *run, MDB_txn *txn)
{
	struct carry *rows = (struct carry *)(void *)run->counted.data;
	size_t n = run->counted.len / sizeof(*rows);

	if (n)
		qsort(rows, n, sizeof(*rows), compare_counted);
	for (size_t i = 0; i < n; i++) {
		struct carry c = rows[i];
		struct index_mailbox box;
		int r;

		if (i && !compare_counted(&rows[i - 1], &rows[i]))
			continue;
		r = mailbox_row(run, txn, &c.record.account, &c.record.object, &box);
		if (r == -ENOENT)
			continue;
		if (r)
			return r;
		struct record_counter counter = { .uidvalidity = box.uidvalidity,
						  .uidnext = box.uidnext,
						  .modseq = box.modseq };
		size_t from = run->payloads.len;

		r = record_put_counter(&run->payloads, &counter);
		if (r)
			return r;
		c.record.type = RECORD_COUNTER;
		c.record.flags = RECORD_TXN_END;
		c.record.txn_index = 0;
		c.record.length = c.record.raw = (uint32_t)(run->payloads.len - from);
		c.record.payload_crc = crc32c(0, run->payloads.data + from, c.record.length);
		c.payload = from;
		c.segment = 0;
		r = keel_buffer_append(&run->carries, &c, sizeof(c));
		if (r)
			return r;
	}
	return 0;
}

int compact_gather(struct run *run)
{
	MDB_txn *txn = index_read(&run->store->index);
	int r = 0;

	if (!txn)
		return -EAGAIN;
	for (size_t i = 0; !r && i < run->n; i++) {
		struct segment *s = segment_pin(&run->store->segments, run->ids[i]);

		if (!s) {
			r = -errno;
			break;
		}
		for (int section = 0; !r && section < FOOTER_DIRECTORY; section++)
			r = gather_section(run, txn, s, section);
		if (r == -EBADMSG) {
			s->damaged = true;
			keel_count(&store_metric.damaged);
			keel_log(KEEL_LOG_ERROR, "store: damaged footer found by compaction, its segment stays",
				 "segment", KEEL_N(s->id), NULL);
		}
		segment_unpin(&run->store->segments, s);
	}
	if (!r)
		r = add_counters(run, txn);
	index_read_end(&run->store->index, &txn);
	return r;
}

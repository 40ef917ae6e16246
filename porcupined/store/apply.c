/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each type of record does to the index rows. */
#include <errno.h>
#include <string.h>

#include "porcupined/store/index.h"

#define ENTRY_OVERHEAD 256u /* what a dead message's entry takes beside the body: an estimate for compaction */

int index_count_segment(struct index *ix, MDB_txn *txn, uint64_t segment, uint64_t total, uint64_t dead)
{
	struct index_segment row = { 0 };
	int r = index_get(ix, txn, INDEX_SEGMENT, &segment, sizeof(segment), &row, sizeof(row), NULL, NULL);

	if (r && r != -ENOENT)
		return r;
	row.total += total;
	row.dead += dead;
	return index_put(ix, txn, INDEX_SEGMENT, &segment, sizeof(segment), &row, sizeof(row), NULL, 0);
}

static int mailbox_get(struct index *ix, MDB_txn *txn, const struct store_id *account, const struct store_id *mailbox,
		       struct index_mailbox *row)
{
	struct index_mailbox_key key = { *account, *mailbox };

	return index_get(ix, txn, INDEX_MAILBOX, &key, sizeof(key), row, sizeof(*row), NULL, NULL);
}

static int mailbox_put(struct index *ix, MDB_txn *txn, const struct store_id *account, const struct store_id *mailbox,
		       const struct index_mailbox *row)
{
	struct index_mailbox_key key = { *account, *mailbox };

	return index_put(ix, txn, INDEX_MAILBOX, &key, sizeof(key), row, sizeof(*row), NULL, 0);
}

/* One reference less; the last one frees the body. */
static int body_release(struct index *ix, MDB_txn *txn, const struct store_id *body)
{
	struct index_body row;
	int r = index_get(ix, txn, INDEX_BODY, body, sizeof(*body), &row, sizeof(row), NULL, NULL);

	if (r)
		return r == -ENOENT ? 0 : r;
	if (row.refs > 1) {
		row.refs--;
		return index_put(ix, txn, INDEX_BODY, body, sizeof(*body), &row, sizeof(row), NULL, 0);
	}
	r = index_delete(ix, txn, INDEX_BODY, body, sizeof(*body));
	return r ? r : index_count_segment(ix, txn, row.segment, 0, record_space(row.length) + ENTRY_OVERHEAD);
}

/* An entry whose account went while the mail was under way. If nobody else got the message, its body goes, too: told at the end of the
 * transaction, but not while an index is made anew, where other entries may come later. */
static int pass_over(struct index *ix, MDB_txn *txn, const struct record *r, const struct store_id *body)
{
	struct index_body row;
	int error;

	if (ix->any_order || !(r->flags & RECORD_TXN_END))
		return 0;
	error = index_get(ix, txn, INDEX_BODY, body, sizeof(*body), &row, sizeof(row), NULL, NULL);
	if (error)
		return error == -ENOENT ? 0 : error;
	return row.refs ? 0 : body_release(ix, txn, body);
}

static int apply_body(struct index *ix, MDB_txn *txn, const struct record *r, uint64_t segment, uint64_t offset)
{
	struct index_body row = { .segment = segment,
				  .offset = offset,
				  .lsn = r->lsn,
				  .length = r->length,
				  .raw = r->raw,
				  .crc = r->payload_crc,
				  .bucket = r->bucket,
				  .flags = r->flags };

	return index_put(ix, txn, INDEX_BODY, &r->object, sizeof(r->object), &row, sizeof(row), NULL, 0);
}

static int apply_entry(struct index *ix, MDB_txn *txn, const struct record *r, const uint8_t *payload)
{
	struct record_entry e;
	struct index_mailbox box;
	struct index_body body;
	struct index_entry row;
	struct index_entry_key key;
	int error = record_get_entry(payload, r->length, &e);

	if (error)
		return error;
	error = mailbox_get(ix, txn, &r->account, &e.mailbox, &box);
	if (error)
		return error == -ENOENT ? pass_over(ix, txn, r, &e.body) : error;
	key = index_entry_key(&e.mailbox, r->lsn);
	row = (struct index_entry){ .id = r->object,
				    .body = e.body,
				    .modseq = e.modseq,
				    .date = e.date,
				    .size = e.size,
				    .uid = e.uid,
				    .flags = e.flags,
				    .return_path_len = e.return_path.len,
				    .delivered_to_len = e.delivered_to.len };
	/* The payload ends in the two strings with the second's length between: the row takes them as they stand. */
	error = index_put(ix, txn, INDEX_ENTRY, &key, sizeof(key), &row, sizeof(row), e.return_path.at,
			  (size_t)e.return_path.len + 2 + e.delivered_to.len);
	if (error)
		return error;
	box.messages++;
	box.octets += e.size;
	if (e.uid >= box.uidnext)
		box.uidnext = e.uid + 1;
	if (e.modseq > box.modseq)
		box.modseq = e.modseq;
	error = mailbox_put(ix, txn, &r->account, &e.mailbox, &box);
	if (error)
		return error;
	error = index_get(ix, txn, INDEX_BODY, &e.body, sizeof(e.body), &body, sizeof(body), NULL, NULL);
	if (error)
		return error == -ENOENT ? 0 : error; /* damaged: the entry stays and says so when it is read */
	body.refs++;
	return index_put(ix, txn, INDEX_BODY, &e.body, sizeof(e.body), &body, sizeof(body), NULL, 0);
}

int index_apply_ghost(struct index *ix, MDB_txn *txn, const struct record *r, const uint8_t *payload)
{
	struct record_entry e;
	struct index_mailbox box;
	int error = record_get_entry(payload, r->length, &e);

	if (!error)
		error = mailbox_get(ix, txn, &r->account, &e.mailbox, &box);
	if (error)
		return error == -ENOENT ? 0 : error;
	if (e.uid < box.uidnext && e.modseq <= box.modseq)
		return 0;
	if (e.uid >= box.uidnext)
		box.uidnext = e.uid + 1;
	if (e.modseq > box.modseq)
		box.modseq = e.modseq;
	return mailbox_put(ix, txn, &r->account, &e.mailbox, &box);
}

static int apply_expunge(struct index *ix, MDB_txn *txn, const struct record *r, const uint8_t *payload)
{
	struct record_expunge e;
	struct index_mailbox box;
	struct index_entry row;
	struct index_entry_key key;
	int error = record_get_expunge(payload, r->length, &e);

	if (error)
		return error;
	key = index_entry_key(&e.mailbox, e.target);
	error = mailbox_get(ix, txn, &r->account, &e.mailbox, &box);
	if (error)
		return error == -ENOENT ? 0 : error;
	if (e.modseq > box.modseq)
		box.modseq = e.modseq;
	error = index_get(ix, txn, INDEX_ENTRY, &key, sizeof(key), &row, sizeof(row), NULL, NULL);
	if (!error) {
		box.messages--;
		box.octets -= row.size;
		error = index_delete(ix, txn, INDEX_ENTRY, &key, sizeof(key));
		if (!error)
			error = body_release(ix, txn, &row.body);
	}
	if (error && error != -ENOENT)
		return error;
	return mailbox_put(ix, txn, &r->account, &e.mailbox, &box);
}

static int apply_account(struct index *ix, MDB_txn *txn, const struct record *r, const uint8_t *payload)
{
	struct record_account a;
	struct index_account row;
	int error = record_get_account(payload, r->length, &a);

	if (error)
		return error;
	error = index_get(ix, txn, INDEX_ACCOUNT, a.address.at, a.address.len, &row, sizeof(row), NULL, NULL);
	if (error && error != -ENOENT)
		return error;
	if (!error && row.lsn >= r->lsn)
		return 0;
	row = (struct index_account){ .id = r->object,
				      .lsn = r->lsn,
				      .quota = a.quota,
				      .created = a.created,
				      .flags = a.flags,
				      .bucket = r->bucket,
				      .hash_len = a.hash.len };
	error = index_put(ix, txn, INDEX_ACCOUNT, a.address.at, a.address.len, &row, sizeof(row), a.hash.at,
			  a.hash.len);
	if (error)
		return error;
	return index_put(ix, txn, INDEX_ACCOUNT_ID, &r->object, sizeof(r->object), a.address.at, a.address.len, NULL,
			 0);
}

/* Every row of a mailbox goes; so do bodies nothing else refers to. */
static int mailbox_empty(struct index *ix, MDB_txn *txn, const struct store_id *mailbox)
{
	struct index_entry_key key = { .mailbox = *mailbox };
	MDB_val k = { sizeof(key), &key }, v;
	MDB_cursor *cursor;
	int error = 0, code = mdb_cursor_open(txn, ix->dbi[INDEX_ENTRY], &cursor);

	if (code)
		return index_error(code);
	for (code = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE); !code;
	     code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
		struct index_entry row;

		if (k.mv_size != sizeof(key) || memcmp(k.mv_data, mailbox, sizeof(*mailbox)) || v.mv_size < sizeof(row))
			break;
		memcpy(&row, v.mv_data, sizeof(row));
		code = mdb_cursor_del(cursor, 0);
		if (!code)
			error = body_release(ix, txn, &row.body);
		if (code || error)
			break;
	}
	mdb_cursor_close(cursor);
	return error ? error : code == MDB_NOTFOUND ? 0 : index_error(code);
}

static int apply_account_removed(struct index *ix, MDB_txn *txn, const struct record *r, const uint8_t *payload)
{
	struct record_text address;
	struct index_account row;
	struct index_mailbox_key key = { .account = r->object };
	MDB_val k = { sizeof(key), &key }, v;
	MDB_cursor *cursor;
	int code, error = record_get_text(payload, r->length, &address);

	if (error)
		return error;
	error = index_get(ix, txn, INDEX_ACCOUNT, address.at, address.len, &row, sizeof(row), NULL, NULL);
	if (!error && !memcmp(&row.id, &r->object, sizeof(row.id)))
		error = index_delete(ix, txn, INDEX_ACCOUNT, address.at, address.len);
	if (error && error != -ENOENT)
		return error;
	error = index_delete(ix, txn, INDEX_ACCOUNT_ID, &r->object, sizeof(r->object));
	if (error && error != -ENOENT)
		return error;
	code = mdb_cursor_open(txn, ix->dbi[INDEX_MAILBOX], &cursor);
	if (code)
		return index_error(code);
	error = 0;
	for (code = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE); !code && !error;
	     code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
		struct index_mailbox_key found;

		if (k.mv_size != sizeof(found) || memcmp(k.mv_data, &r->object, sizeof(r->object)))
			break;
		memcpy(&found, k.mv_data, sizeof(found));
		error = mailbox_empty(ix, txn, &found.mailbox);
		if (!error)
			error = index_error(mdb_cursor_del(cursor, 0));
	}
	mdb_cursor_close(cursor);
	return error ? error : code == MDB_NOTFOUND ? 0 : index_error(code);
}

static int apply_mailbox(struct index *ix, MDB_txn *txn, const struct record *r, const uint8_t *payload)
{
	struct record_mailbox m;
	struct index_mailbox row;
	int error = record_get_mailbox(payload, r->length, &m);

	if (error)
		return error;
	error = mailbox_get(ix, txn, &r->account, &r->object, &row);
	if (error != -ENOENT)
		return error;
	row = (struct index_mailbox){ .lsn = r->lsn, .uidvalidity = m.uidvalidity, .uidnext = 1, .modseq = 1 };
	return mailbox_put(ix, txn, &r->account, &r->object, &row);
}

static int apply_counter(struct index *ix, MDB_txn *txn, const struct record *r, const uint8_t *payload)
{
	struct record_counter c;
	struct index_mailbox row;
	int error = record_get_counter(payload, r->length, &c);

	if (error)
		return error;
	error = mailbox_get(ix, txn, &r->account, &r->object, &row);
	if (error)
		return error == -ENOENT ? 0 : error;
	if (c.uidnext > row.uidnext)
		row.uidnext = c.uidnext;
	if (c.modseq > row.modseq)
		row.modseq = c.modseq;
	return mailbox_put(ix, txn, &r->account, &r->object, &row);
}

/* Domains and aliases: the record with the greatest LSN wins, be it a put or a removal. */
static int apply_named(struct index *ix, MDB_txn *txn, const struct record *r, enum index_table table,
		       const struct record_text *name, bool removed, const uint8_t *rest, size_t rest_len)
{
	uint64_t lsn;
	int error = index_get(ix, txn, table, name->at, name->len, &lsn, sizeof(lsn), NULL, NULL);

	if (error && error != -ENOENT)
		return error;
	if (!error && lsn >= r->lsn)
		return 0;
	if (!removed)
		return index_put(ix, txn, table, name->at, name->len, &r->lsn, sizeof(r->lsn), rest, rest_len);
	return error == -ENOENT ? 0 : index_delete(ix, txn, table, name->at, name->len);
}

int index_apply(struct index *ix, MDB_txn *txn, const struct record *r, uint64_t segment, uint64_t offset,
		const uint8_t *payload)
{
	struct record_alias alias;
	struct record_text name;
	int error;

	switch (r->type) {
	case RECORD_BODY:
		return apply_body(ix, txn, r, segment, offset);
	case RECORD_ENTRY:
		return apply_entry(ix, txn, r, payload);
	case RECORD_EXPUNGE:
		return apply_expunge(ix, txn, r, payload);
	case RECORD_ACCOUNT:
		return apply_account(ix, txn, r, payload);
	case RECORD_ACCOUNT_REMOVED:
		return apply_account_removed(ix, txn, r, payload);
	case RECORD_MAILBOX:
		return apply_mailbox(ix, txn, r, payload);
	case RECORD_COUNTER:
		return apply_counter(ix, txn, r, payload);
	case RECORD_DOMAIN:
	case RECORD_DOMAIN_REMOVED:
		error = record_get_text(payload, r->length, &name);
		return error ? error
			     : apply_named(ix, txn, r, INDEX_DOMAIN, &name, r->type == RECORD_DOMAIN_REMOVED, NULL, 0);
	case RECORD_ALIAS:
		error = record_get_alias(payload, r->length, &alias);
		return error ? error : apply_named(ix, txn, r, INDEX_ALIAS, &alias.alias, false, payload, r->length);
	case RECORD_ALIAS_REMOVED:
		error = record_get_text(payload, r->length, &name);
		return error ? error : apply_named(ix, txn, r, INDEX_ALIAS, &name, true, NULL, 0);
	default:
		return 0; /* of a newer version, compatible by the store header's word: carried, not understood */
	}
}

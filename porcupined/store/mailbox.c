/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the index says: accounts, addresses, mailboxes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"

#define ALIAS_DEPTH 8

static int account_get(struct index *ix, MDB_txn *txn, const char *address, size_t len, struct store_account *out)
{
	struct index_account row;
	struct store_account got;
	const uint8_t *hash;
	size_t hash_len;
	int r;

	if (!len || len >= STORE_ADDRESS_MAX)
		return -ENOENT;
	r = index_get(ix, txn, INDEX_ACCOUNT, address, len, &row, sizeof(row), &hash, &hash_len);
	if (r)
		return r;
	if (hash_len != row.hash_len || hash_len >= STORE_HASH_MAX)
		return -EIO;
	got = (struct store_account){ .id = row.id,
				      .bucket = row.bucket,
				      .flags = row.flags,
				      .quota = row.quota,
				      .created = row.created,
				      .lsn = row.lsn };
	memcpy(got.address, address, len);
	memcpy(got.hash, hash, hash_len);
	*out = got;
	return 0;
}

int store_account_find(struct store *store, const char *address, struct store_account *out)
{
	MDB_txn *txn = index_read(&store->index);
	int r;

	if (!txn)
		return -EAGAIN;
	r = account_get(&store->index, txn, address, strlen(address), out);
	index_read_end(&store->index, &txn);
	return r;
}

int store_domain_find(struct store *store, const char *domain)
{
	MDB_txn *txn = index_read(&store->index);
	uint64_t lsn;
	int r;

	if (!txn)
		return -EAGAIN;
	r = *domain ? index_get(&store->index, txn, INDEX_DOMAIN, domain, strlen(domain), &lsn, sizeof(lsn), NULL, NULL)
		    : -ENOENT;
	index_read_end(&store->index, &txn);
	return r;
}

struct resolving {
	struct store_id *ids;
	uint16_t *buckets;
	uint64_t *quotas;
	size_t n, cap;
};

static int resolve(struct index *ix, MDB_txn *txn, const char *address, size_t len, unsigned depth,
		   struct resolving *out)
{
	struct store_account account;
	struct record_alias alias;
	const uint8_t *payload;
	size_t payload_len, at = 0;
	uint64_t lsn;
	int r = account_get(ix, txn, address, len, &account);

	if (!r) {
		for (size_t i = 0; i < out->n; i++)
			if (!memcmp(&out->ids[i], &account.id, sizeof(account.id)))
				return 0;
		if (out->n == out->cap)
			return -E2BIG;
		out->ids[out->n] = account.id;
		if (out->buckets)
			out->buckets[out->n] = account.bucket;
		if (out->quotas)
			out->quotas[out->n] = account.quota;
		out->n++;
		return 0;
	}
	if (r != -ENOENT)
		return r;
	r = index_get(ix, txn, INDEX_ALIAS, address, len, &lsn, sizeof(lsn), &payload, &payload_len);
	if (r)
		return r;
	if (!depth)
		return -ELOOP;
	if (record_get_alias(payload, payload_len, &alias))
		return -EIO;
	for (uint16_t i = 0; i < alias.n; i++) {
		uint16_t n;

		memcpy(&n, alias.targets.at + at, 2);
		r = resolve(ix, txn, alias.targets.at + at + 2, n, depth - 1, out);
		/* A target that is gone does not take the mail of the others with it. */
		if (r && r != -ENOENT)
			return r;
		at += 2u + n;
	}
	return out->n ? 0 : -ENOENT;
}

int store_resolve(struct store *store, const char *address, struct store_id *out, uint16_t *buckets, uint64_t *quotas,
		  size_t *n)
{
	struct resolving found = { out, buckets, quotas, 0, *n };
	MDB_txn *txn = index_read(&store->index);
	int r;

	if (!txn)
		return -EAGAIN;
	r = *address ? resolve(&store->index, txn, address, strlen(address), ALIAS_DEPTH, &found) : -ENOENT;
	index_read_end(&store->index, &txn);
	if (!r)
		*n = found.n;
	return r;
}

int store_usage(struct store *store, const struct store_id *account, struct store_usage *out)
{
	struct index_mailbox_key key = { .account = *account };
	MDB_txn *txn = index_read(&store->index);
	struct store_usage sum = { 0 };
	MDB_val k = { sizeof(key), &key }, v;
	MDB_cursor *cursor;
	int code;

	if (!txn)
		return -EAGAIN;
	code = mdb_cursor_open(txn, store->index.dbi[INDEX_MAILBOX], &cursor);
	if (!code) {
		for (code = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE); !code;
		     code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
			struct index_mailbox box;

			if (k.mv_size != sizeof(key) || memcmp(k.mv_data, account, sizeof(*account)))
				break;
			if (v.mv_size < sizeof(box)) {
				code = MDB_CORRUPTED;
				break;
			}
			memcpy(&box, v.mv_data, sizeof(box));
			sum.messages += box.messages;
			sum.octets += box.octets;
		}
		mdb_cursor_close(cursor);
	}
	index_read_end(&store->index, &txn);
	if (code && code != MDB_NOTFOUND)
		return index_error(code);
	*out = sum;
	return 0;
}

/* Walks a whole table; each() gets key and row, borrowed. */
static int walk(struct store *store, enum index_table table, int (*each)(const MDB_val *k, const MDB_val *v, void *arg),
		void *arg)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	MDB_val k, v;
	int code, r = store_barrier(store);

	if (r)
		return r;
	txn = index_read(&store->index);
	if (!txn)
		return -EAGAIN;
	code = mdb_cursor_open(txn, store->index.dbi[table], &cursor);
	if (!code) {
		for (code = mdb_cursor_get(cursor, &k, &v, MDB_FIRST); !code && !r;
		     code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT))
			r = each(&k, &v, arg);
		mdb_cursor_close(cursor);
	}
	index_read_end(&store->index, &txn);
	return r ? r : code == MDB_NOTFOUND ? 0 : index_error(code);
}

struct each_account {
	int (*each)(const struct store_account *account, void *arg);
	void *arg;
};

static int one_account(const MDB_val *k, const MDB_val *v, void *arg)
{
	struct each_account *e = arg;
	struct store_account a = { 0 };
	struct index_account row;

	if (v->mv_size < sizeof(row) || k->mv_size >= sizeof(a.address))
		return -EIO;
	memcpy(&row, v->mv_data, sizeof(row));
	if (v->mv_size - sizeof(row) != row.hash_len || row.hash_len >= sizeof(a.hash))
		return -EIO;
	a.id = row.id;
	a.bucket = row.bucket;
	a.flags = row.flags;
	a.quota = row.quota;
	a.created = row.created;
	a.lsn = row.lsn;
	memcpy(a.address, k->mv_data, k->mv_size);
	memcpy(a.hash, (const uint8_t *)v->mv_data + sizeof(row), row.hash_len);
	return e->each(&a, e->arg);
}

int store_each_account(struct store *store, int (*each)(const struct store_account *account, void *arg), void *arg)
{
	return walk(store, INDEX_ACCOUNT, one_account, &(struct each_account){ each, arg });
}

struct each_domain {
	int (*each)(const char *domain, void *arg);
	void *arg;
};

static int one_domain(const MDB_val *k, const MDB_val *v, void *arg)
{
	struct each_domain *e = arg;
	char domain[STORE_ADDRESS_MAX] = "";

	if (k->mv_size >= sizeof(domain))
		return -EIO;
	memcpy(domain, k->mv_data, k->mv_size);
	return e->each(domain, e->arg);
}

int store_each_domain(struct store *store, int (*each)(const char *domain, void *arg), void *arg)
{
	return walk(store, INDEX_DOMAIN, one_domain, &(struct each_domain){ each, arg });
}

struct each_alias {
	int (*each)(const char *alias, const char *targets, void *arg);
	void *arg;
};

static int one_alias(const MDB_val *k, const MDB_val *v, void *arg)
{
	struct each_alias *e = arg;
	char name[STORE_ADDRESS_MAX] = "";
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer targets = { 0 };
	struct record_alias alias;
	size_t at = 0;

	if (k->mv_size >= sizeof(name) || v->mv_size < 8 ||
	    record_get_alias((const uint8_t *)v->mv_data + 8, v->mv_size - 8, &alias))
		return -EIO;
	memcpy(name, k->mv_data, k->mv_size);
	for (uint16_t i = 0; i < alias.n; i++) {
		uint16_t n;

		memcpy(&n, alias.targets.at + at, 2);
		if (i)
			keel_buffer_putc(&targets, ',');
		keel_buffer_append(&targets, alias.targets.at + at + 2, n);
		at += 2u + n;
	}
	const char *text = keel_buffer_text(&targets);

	return text ? e->each(name, text, e->arg) : -ENOMEM;
}

int store_each_alias(struct store *store, int (*each)(const char *alias, const char *targets, void *arg), void *arg)
{
	return walk(store, INDEX_ALIAS, one_alias, &(struct each_alias){ each, arg });
}

int store_mailbox_list(struct store *store, const struct store_id *mailbox, struct store_message **out, size_t *n)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer list = { 0 };
	struct index_entry_key key = { .mailbox = *mailbox };
	MDB_val k = { sizeof(key), &key }, v;
	MDB_cursor *cursor;
	MDB_txn *txn;
	int code, r = store_barrier(store);

	if (r)
		return r;
	txn = index_read(&store->index);
	if (!txn)
		return -EAGAIN;
	code = mdb_cursor_open(txn, store->index.dbi[INDEX_ENTRY], &cursor);
	if (!code) {
		for (code = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE); !code;
		     code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
			struct index_entry_key at;
			struct index_entry row;
			struct store_message m;

			if (k.mv_size != sizeof(at) || memcmp(k.mv_data, mailbox, sizeof(*mailbox)))
				break;
			if (v.mv_size < sizeof(row)) {
				code = MDB_CORRUPTED;
				break;
			}
			memcpy(&at, k.mv_data, sizeof(at));
			memcpy(&row, v.mv_data, sizeof(row));
			m = (struct store_message){ .mailbox = *mailbox,
						    .id = row.id,
						    .body = row.body,
						    .lsn = __builtin_bswap64(at.lsn_be),
						    .modseq = row.modseq,
						    .date = row.date,
						    .size = row.size,
						    .uid = row.uid,
						    .flags = row.flags };
			if (keel_buffer_append(&list, &m, sizeof(m)))
				break;
		}
		mdb_cursor_close(cursor);
	}
	index_read_end(&store->index, &txn);
	if (list.failed)
		return list.failed;
	if (code && code != MDB_NOTFOUND)
		return index_error(code);
	*n = list.len / sizeof(**out);
	*out = (struct store_message *)(void *)keel_take(list.data);
	return 0;
}

int store_mailbox_status(struct store *store, const struct store_id *mailbox, struct store_mailbox *out)
{
	/* Until there are more mailboxes than INBOX, a mailbox's id is its account's. */
	struct index_mailbox_key key = { *mailbox, *mailbox };
	struct index_mailbox box;
	MDB_txn *txn;
	int r = store_barrier(store);

	if (r)
		return r;
	txn = index_read(&store->index);
	if (!txn)
		return -EAGAIN;
	r = index_get(&store->index, txn, INDEX_MAILBOX, &key, sizeof(key), &box, sizeof(box), NULL, NULL);
	index_read_end(&store->index, &txn);
	if (r)
		return r;
	*out = (struct store_mailbox){ .account = *mailbox,
				       .uidvalidity = box.uidvalidity,
				       .uidnext = box.uidnext,
				       .highestmodseq = box.modseq,
				       .usage = { box.messages, box.octets } };
	return 0;
}

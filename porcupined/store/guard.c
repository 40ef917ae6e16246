/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a transaction takes for granted about accounts is looked at again on the commit thread, behind all that was committed before:
 * between a caller's look and its commit the account may have been changed, removed, or made by somebody else.
 */
#include <errno.h>
#include <string.h>

#include "porcupined/store/state.h"

/* One record of an account against the row that its address has now. */
static int check(const struct txn_record *row, int found, const struct index_account *now)
{
	if (found && found != -ENOENT)
		return found;
	if (row->guard == TXN_GUARD_NEW)
		return found ? 0 : -EEXIST;
	if (found || memcmp(&now->id, &row->record.object, sizeof(now->id)))
		return -ENOENT;
	return row->guard == TXN_GUARD_SAME && now->lsn != row->expected ? -ESTALE : 0;
}

static int address_of(const struct txn_record *row, const uint8_t *payload, struct record_text *address)
{
	struct record_account account;
	int r;

	if (row->record.type == RECORD_ACCOUNT_REMOVED)
		return record_get_text(payload, row->record.length, address);
	r = record_get_account(payload, row->record.length, &account);
	if (!r)
		*address = account.address;
	return r;
}

int guard(struct store *store, const struct store_txn *t)
{
	struct index *ix = &store->index;
	size_t n;
	const struct txn_record *rows = txn_records(t, &n);
	int r = store_barrier(store);
	MDB_txn *txn;

	if (r)
		return r;
	txn = index_read(ix);
	if (!txn)
		return -EAGAIN;
	for (size_t i = 0; i < n && !r; i++) {
		struct record_text address;
		struct index_account now;

		if (rows[i].guard == TXN_GUARD_NONE)
			continue;
		r = address_of(&rows[i], t->small.data + rows[i].at + RECORD_HEADER, &address);
		if (!r)
			r = check(&rows[i],
				  index_get(ix, txn, INDEX_ACCOUNT, address.at, address.len, &now, sizeof(now), NULL,
					    NULL),
				  &now);
	}
	index_read_end(ix, &txn);
	return r;
}

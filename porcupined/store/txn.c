/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building transactions: records in memory, without LSNs; the commit thread fills those in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"

int store_txn_new(struct store *store, struct store_txn **out)
{
	struct store_txn *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->store = store;
	keel_buffer_init(&t->records, 0);
	keel_buffer_init(&t->small, 0);
	*out = t;
	return 0;
}

void store_txn_free(struct store_txn **txn)
{
	struct store_txn *t = keel_take(*txn);

	if (!t)
		return;
	store_body_free(&t->body);
	keel_buffer_free(&t->records);
	keel_buffer_free(&t->small);
	free(t);
}

const struct store_id *store_txn_body_id(const struct store_txn *txn)
{
	size_t n;
	const struct txn_record *r = txn_records(txn, &n);

	return n && r->record.type == RECORD_BODY ? &r->record.object : NULL;
}

/* Adds one record whose payload the caller appends to txn->small between begin and end. */
static size_t begin(struct store_txn *t)
{
	static const uint8_t room[RECORD_HEADER];
	size_t at = t->small.len;

	keel_buffer_append(&t->small, room, sizeof(room));
	return at;
}

static bool readable(uint8_t type, const uint8_t *payload, size_t n)
{
	struct record_account account;
	struct record_alias alias;
	struct record_text text;

	switch (type) {
	case RECORD_ACCOUNT:
		return !record_get_account(payload, n, &account);
	case RECORD_ALIAS:
		return !record_get_alias(payload, n, &alias);
	case RECORD_ACCOUNT_REMOVED:
	case RECORD_DOMAIN:
	case RECORD_DOMAIN_REMOVED:
	case RECORD_ALIAS_REMOVED:
		return !record_get_text(payload, n, &text);
	default:
		return true;
	}
}

/* Lays down what the record added last takes for granted. */
static void take_for_granted(struct store_txn *t, enum txn_guard guard, uint64_t expected)
{
	size_t n;
	struct txn_record *rows = txn_records(t, &n);

	rows[n - 1].guard = guard;
	rows[n - 1].expected = expected;
	t->guarded = true;
}

static int end(struct store_txn *t, size_t at, uint8_t type, uint16_t bucket, const struct store_id *account,
	       const struct store_id *object)
{
	static const uint8_t zeros[8];
	struct txn_record row = { .at = at };

	if (t->small.failed)
		return t->small.failed;
	/* A record that cannot be read back would stop every start from here on. */
	if (!readable(type, t->small.data + at + RECORD_HEADER, t->small.len - at - RECORD_HEADER))
		return -EINVAL;
	row.record.type = type;
	row.record.bucket = bucket;
	if (account)
		row.record.account = *account;
	row.record.object = object ? *object : store_new_id(t->store);
	row.record.length = row.record.raw = (uint32_t)(t->small.len - at - RECORD_HEADER);
	keel_buffer_append(&t->small, zeros, record_space(row.record.length) - RECORD_HEADER - row.record.length);
	keel_buffer_append(&t->records, &row, sizeof(row));
	t->space += record_space(row.record.length);
	return t->small.failed ? t->small.failed : t->records.failed;
}

static struct record_text text_of(const char *text)
{
	size_t n = strlen(text);

	return (struct record_text){ text, n > UINT16_MAX ? UINT16_MAX : (uint16_t)n };
}

int store_txn_deliver(struct store_txn *t, struct store_body **body, const struct store_delivery *deliveries, size_t n)
{
	struct store_body *b = keel_take(*body);
	struct txn_record row = { .record = { .type = RECORD_BODY } };
	int error;

	if (t->body || t->records.len || !n || n > UINT16_MAX - 1u) {
		store_body_free(&b);
		return -EINVAL;
	}
	t->body = b;
	row.record.bucket = deliveries[0].bucket;
	row.record.account = deliveries[0].account;
	row.record.object = store_new_id(t->store);
	error = body_finish(b, &row.record);
	if (error)
		return error;
	error = keel_buffer_append(&t->records, &row, sizeof(row));
	if (error)
		return error;
	t->space += record_space(row.record.length);
	for (size_t i = 0; i < n; i++) {
		const struct store_delivery *d = &deliveries[i];
		struct record_entry e = { .flags = d->flags,
					  .date = d->date ? d->date : (uint64_t)time(NULL),
					  .size = d->size,
					  .mailbox = d->account,
					  .body = row.record.object,
					  .return_path = text_of(d->return_path),
					  .delivered_to = text_of(d->delivered_to) };
		size_t at = begin(t);

		record_put_entry(&t->small, &e);
		error = end(t, at, RECORD_ENTRY, d->bucket, &d->account, NULL);
		if (error)
			return error;
	}
	return 0;
}

int store_txn_expunge(struct store_txn *t, const struct store_account *account, const struct store_message *message)
{
	struct record_expunge e = { .target = message->lsn, .mailbox = message->mailbox };
	size_t at = begin(t);

	record_put_expunge(&t->small, &e);
	return end(t, at, RECORD_EXPUNGE, account->bucket, &account->id, &message->id);
}

int store_txn_account(struct store_txn *t, struct store_account *account)
{
	static const struct store_id none;
	bool fresh = !memcmp(&account->id, &none, sizeof(none));
	struct record_account a;
	size_t at;
	int error;

	if (fresh) {
		if (getrandom(account->id.octet, sizeof(account->id.octet), 0) != sizeof(account->id.octet))
			return -EIO;
		account->created = (uint64_t)time(NULL);
	}
	a = (struct record_account){ .flags = account->flags,
				     .quota = account->quota,
				     .created = account->created,
				     .address = text_of(account->address),
				     .hash = text_of(account->hash) };
	at = begin(t);
	record_put_account(&t->small, &a);
	error = end(t, at, RECORD_ACCOUNT, account->bucket, &account->id, &account->id);
	if (error)
		return error;
	take_for_granted(t, fresh ? TXN_GUARD_NEW : TXN_GUARD_SAME, account->lsn);
	if (!fresh)
		return 0;
	/* INBOX has the account's id. UIDVALIDITY is the time: greater than any an address had before (RFC 9051 2.3.1.1). */
	struct record_mailbox m = { .uidvalidity = (uint32_t)account->created, .name = text_of("INBOX") };

	at = begin(t);
	record_put_mailbox(&t->small, &m);
	return end(t, at, RECORD_MAILBOX, account->bucket, &account->id, &account->id);
}

int store_txn_account_remove(struct store_txn *t, const struct store_account *account)
{
	size_t at = begin(t);
	int error;

	record_put_text(&t->small, account->address);
	error = end(t, at, RECORD_ACCOUNT_REMOVED, account->bucket, &account->id, &account->id);
	if (!error)
		take_for_granted(t, TXN_GUARD_THERE, 0);
	return error;
}

/* Domains belong to no account: their bucket comes from their name, by the rule for addresses. */
static uint16_t name_bucket(const char *name)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n;

	if (!EVP_Digest(name, strlen(name), digest, &n, EVP_sha256(), NULL))
		return 0;
	return (uint16_t)(digest[0] << 4 | digest[1] >> 4);
}

int store_txn_domain(struct store_txn *t, const char *domain, bool remove)
{
	size_t at = begin(t);

	record_put_text(&t->small, domain);
	return end(t, at, remove ? RECORD_DOMAIN_REMOVED : RECORD_DOMAIN, name_bucket(domain), NULL, NULL);
}

int store_txn_alias(struct store_txn *t, const char *alias, uint16_t bucket, const char *const *targets)
{
	size_t at = begin(t);

	if (targets)
		record_put_alias(&t->small, alias, targets);
	else
		record_put_text(&t->small, alias);
	return end(t, at, targets ? RECORD_ALIAS : RECORD_ALIAS_REMOVED, bucket, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/store/model.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/keel/cleanup.h"

#define ALIAS "team@example.org"

unsigned model_random(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 8) % below;
}

void model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->alias = MODEL_ACCOUNTS;
	m->next = 1;
}

char *model_text(unsigned number, size_t *len)
{
	unsigned seed = number;
	size_t n = number % 23 == 0   ? 0
		   : number % 11 == 0 ? 20000 + model_random(&seed, 20000)
				      : 20 + model_random(&seed, 2500);
	char *text = malloc(n + 16);
	size_t head = (size_t)sprintf(text, "m%u\r\n", number);

	for (size_t i = head; i < n; i++)
		text[i] = (char)(i % 70 == 69 ? '\n' : 'a' + model_random(&seed, 26));
	*len = n < head && n ? head : n;
	return text;
}

static void address_of(unsigned account, char out[64])
{
	snprintf(out, 64, "user%.*s@example.org", (int)account + 1, "xxxxxxxx");
}

/* ---- running ------------------------------------------------------------------------------------------ */

static int run_deliver(struct model *m, struct fixture *f, const struct model_op *op)
{
	struct store_account to[MODEL_ACCOUNTS];
	size_t n = 0, len;
	KEEL_AUTO_FREE char *text = model_text(op->number, &len);

	for (unsigned i = 0; i < MODEL_ACCOUNTS; i++)
		if (op->mask >> i & 1) {
			to[n] = (struct store_account){ .id = m->accounts[i].id, .bucket = (uint16_t)(i * 37 + 5) };
			address_of(i, to[n++].address);
		}
	return fixture_deliver(f, to, n, text, len);
}

static int run_expunge(struct model *m, struct fixture *f, const struct model_op *op)
{
	struct model_account *a = &m->accounts[op->account];
	struct store_account account = { .id = a->id, .bucket = (uint16_t)(op->account * 37 + 5) };
	KEEL_AUTO_FREE struct store_message *list = NULL;
	struct store_txn *txn;
	size_t n;
	int r = store_mailbox_list(f->store, &a->id, &list, &n);

	if (r)
		return r;
	ck_assert_uint_eq(n, a->n);
	ck_assert_int_eq(store_txn_new(f->store, &txn), 0);
	ck_assert_int_eq(store_txn_expunge(txn, &account, &list[op->at]), 0);
	return store_commit_wait(f->store, &txn);
}

static int run_account(struct model *m, struct fixture *f, struct model_op *op)
{
	struct store_account a = { .bucket = (uint16_t)(op->account * 37 + 5) };
	struct store_txn *txn;
	int r;

	address_of(op->account, a.address);
	if (op->kind != MODEL_CREATE)
		ck_assert_int_eq(store_account_find(f->store, a.address, &a), 0);
	snprintf(a.hash, sizeof(a.hash), "hash-%u", op->number);
	ck_assert_int_eq(store_txn_new(f->store, &txn), 0);
	if (op->kind == MODEL_CREATE)
		ck_assert_int_eq(store_txn_domain(txn, "example.org", false), 0);
	ck_assert_int_eq(op->kind == MODEL_REMOVE ? store_txn_account_remove(txn, &a) : store_txn_account(txn, &a), 0);
	if (op->kind == MODEL_CREATE) { /* the id that it has if this comes to be */
		m->accounts[op->account] = (struct model_account){ .id = a.id };
	}
	r = store_commit_wait(f->store, &txn);
	return r;
}

static int run_alias(struct fixture *f, const struct model_op *op)
{
	char address[64];
	const char *targets[2] = { address, NULL };
	struct store_txn *txn;

	address_of(op->account, address);
	ck_assert_int_eq(store_txn_new(f->store, &txn), 0);
	ck_assert_int_eq(store_txn_alias(txn, ALIAS, 77, op->account < MODEL_ACCOUNTS ? targets : NULL), 0);
	return store_commit_wait(f->store, &txn);
}

static void apply(struct model *m, const struct model_op *op)
{
	struct model_account *a = &m->accounts[op->account % MODEL_ACCOUNTS];

	switch (op->kind) {
	case MODEL_DELIVER:
		for (unsigned i = 0; i < MODEL_ACCOUNTS; i++)
			if (op->mask >> i & 1) {
				ck_assert_uint_lt(m->accounts[i].n, MODEL_MESSAGES);
				m->accounts[i].messages[m->accounts[i].n++] =
					(struct model_message){ .number = op->number };
			}
		break;
	case MODEL_EXPUNGE:
		memmove(a->messages + op->at, a->messages + op->at + 1, (a->n - op->at - 1) * sizeof(*a->messages));
		a->n--;
		break;
	case MODEL_CREATE:
		a->exists = true;
		a->hash = op->number;
		break;
	case MODEL_REMOVE:
		memset(a, 0, sizeof(*a));
		break;
	case MODEL_PASSWD:
		a->hash = op->number;
		break;
	case MODEL_ALIAS:
		m->alias = op->account;
		break;
	default:
		break;
	}
}

int model_run(struct model *m, struct fixture *f, struct model_op op)
{
	int r;

	m->now = op;
	r = op.kind == MODEL_DELIVER   ? run_deliver(m, f, &op)
	    : op.kind == MODEL_EXPUNGE ? run_expunge(m, f, &op)
	    : op.kind == MODEL_ALIAS   ? run_alias(f, &op)
	    : op.kind == MODEL_NOTHING ? 0
				       : run_account(m, f, &op);
	if (!r)
		apply(m, &op);
	/* An error is an answer, too: it did not happen and must not. */
	m->now.kind = MODEL_NOTHING;
	return r;
}

struct model_op model_pick(struct model *m, unsigned *seed)
{
	struct model_op op = { .account = model_random(seed, MODEL_ACCOUNTS), .number = m->next++ };
	struct model_account *a = &m->accounts[op.account];
	unsigned dice = model_random(seed, 100), left = 0;

	if (!a->exists) {
		op.kind = MODEL_CREATE;
		return op;
	}
	for (unsigned i = 0; i < MODEL_ACCOUNTS; i++)
		left |= m->accounts[i].exists && m->accounts[i].n < MODEL_MESSAGES ? 1u << i : 0;
	if (dice < 35 && a->n) {
		op.kind = MODEL_EXPUNGE;
		op.at = model_random(seed, (unsigned)a->n);
	} else if (dice < 38) {
		op.kind = MODEL_REMOVE;
	} else if (dice < 42) {
		op.kind = MODEL_PASSWD;
	} else if (dice < 46) {
		op.kind = MODEL_ALIAS;
		op.account = m->alias == MODEL_ACCOUNTS ? op.account : MODEL_ACCOUNTS;
	} else {
		op.kind = MODEL_DELIVER;
		op.mask = 1u << op.account;
		if (dice > 80)
			op.mask |= model_random(seed, 1u << MODEL_ACCOUNTS);
		op.mask &= left;
		if (!op.mask)
			op.kind = MODEL_NOTHING;
	}
	return op;
}

/* ---- checking ----------------------------------------------------------------------------------------- */

static bool same_message(const struct model_message *want, const struct store_message *got, size_t len)
{
	static const struct store_id none;

	return got->size == len && (!want->uid || want->uid == got->uid) &&
	       (!memcmp(&want->id, &none, sizeof(none)) || !memcmp(&want->id, &got->id, sizeof(got->id)));
}

static size_t length_of(unsigned number)
{
	size_t len;

	free(model_text(number, &len));
	return len;
}

/* Does the listing fit the account's messages? */
static bool fits(const struct model_account *a, const struct store_message *list, size_t n)
{
	if (n != a->n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_message(&a->messages[i], &list[i], length_of(a->messages[i].number)))
			return false;
	return true;
}

/* Did what was under way come to be? Told from one thing that it changes; the checks that follow hold it to all the others. */
static bool happened(struct model *m, struct fixture *f)
{
	const struct model_op *op = &m->now;
	KEEL_AUTO_FREE struct store_message *list = NULL;
	struct store_account account;
	struct store_id id;
	char address[64];
	unsigned i = op->account;
	size_t n = 1;

	switch (op->kind) {
	case MODEL_DELIVER:
		for (i = 0; !(op->mask >> i & 1);)
			i++;
		ck_assert_int_eq(store_mailbox_list(f->store, &m->accounts[i].id, &list, &n), 0);
		return n > m->accounts[i].n;
	case MODEL_EXPUNGE:
		ck_assert_int_eq(store_mailbox_list(f->store, &m->accounts[i].id, &list, &n), 0);
		return n < m->accounts[i].n;
	case MODEL_ALIAS:
		return (store_resolve(f->store, ALIAS, &id, NULL, NULL, &n) == 0) == (op->account < MODEL_ACCOUNTS);
	case MODEL_NOTHING:
		return false;
	default:
		address_of(i, address);
		if (store_account_find(f->store, address, &account))
			return op->kind == MODEL_REMOVE;
		snprintf(address, sizeof(address), "hash-%u", op->number);
		return op->kind == MODEL_CREATE || (op->kind == MODEL_PASSWD && !strcmp(account.hash, address));
	}
}

static void check_body(struct fixture *f, const struct store_message *m, unsigned number, unsigned account)
{
	size_t len, at = 0;
	KEEL_AUTO_FREE char *want = model_text(number, &len);
	struct store_reader *reader;
	const uint8_t *data;
	char address[64];
	ssize_t n;

	ck_assert_int_eq(store_reader_open(f->store, m, &reader), 0);
	address_of(account, address);
	ck_assert_str_eq(store_reader_delivered_to(reader), address);
	while ((n = store_reader_next(reader, true, &data)) > 0) {
		ck_assert_uint_le(at + (size_t)n, len);
		ck_assert_int_eq(memcmp(want + at, data, (size_t)n), 0);
		at += (size_t)n;
	}
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(at, len);
	store_reader_free(&reader);
}

static void check_account(struct model *m, struct fixture *f, unsigned i, bool bodies)
{
	struct model_account *a = &m->accounts[i];
	KEEL_AUTO_FREE struct store_message *list = NULL;
	struct store_account account;
	struct store_mailbox box;
	uint64_t octets = 0;
	uint32_t uid = 0;
	char text[64];
	size_t n;

	address_of(i, text);
	if (!a->exists) {
		ck_assert_int_eq(store_account_find(f->store, text, &account), -ENOENT);
		return;
	}
	ck_assert_int_eq(store_account_find(f->store, text, &account), 0);
	ck_assert_int_eq(memcmp(&account.id, &a->id, sizeof(a->id)), 0);
	snprintf(text, sizeof(text), "hash-%u", a->hash);
	ck_assert_str_eq(account.hash, text);
	ck_assert_int_eq(store_mailbox_list(f->store, &a->id, &list, &n), 0);
	ck_assert_msg(fits(a, list, n), "account %u: %zu messages listed, %zu expected, or others", i, n, a->n);
	ck_assert_int_eq(store_mailbox_status(f->store, &a->id, &box), 0);
	for (size_t k = 0; k < n; k++) {
		ck_assert_uint_gt(list[k].uid, uid);
		uid = list[k].uid;
		/* One not seen before has a number nobody had. */
		if (!a->messages[k].uid && a->uidnext)
			ck_assert_uint_ge(uid, a->uidnext);
		a->messages[k].uid = uid;
		a->messages[k].id = list[k].id;
		octets += list[k].size;
		if (bodies)
			check_body(f, &list[k], a->messages[k].number, i);
	}
	ck_assert_uint_eq(box.usage.messages, n);
	ck_assert_uint_eq(box.usage.octets, octets);
	ck_assert_uint_gt(box.uidnext, uid);
	ck_assert_uint_ge(box.uidnext, a->uidnext);
	ck_assert_uint_ge(box.highestmodseq, a->modseq);
	ck_assert(!a->uidvalidity || box.uidvalidity == a->uidvalidity);
	a->uidnext = box.uidnext;
	a->uidvalidity = box.uidvalidity;
	a->modseq = box.highestmodseq;
}

void model_check(struct model *m, struct fixture *f, bool bodies)
{
	struct store_status status;
	struct store_id id;
	size_t n = 1;
	int r;

	if (happened(m, f))
		apply(m, &m->now);
	m->now.kind = MODEL_NOTHING;
	for (unsigned i = 0; i < MODEL_ACCOUNTS; i++)
		check_account(m, f, i, bodies);
	r = store_resolve(f->store, ALIAS, &id, NULL, NULL, &n);
	if (m->alias < MODEL_ACCOUNTS && m->accounts[m->alias].exists) {
		ck_assert_int_eq(r, 0);
		ck_assert_int_eq(memcmp(&id, &m->accounts[m->alias].id, sizeof(id)), 0);
	} else {
		ck_assert_int_eq(r, -ENOENT);
	}
	ck_assert_int_eq(store_get_status(f->store, &status), 0);
	ck_assert_uint_ge(status.next_lsn, m->lsn);
	m->lsn = status.next_lsn;
}

void model_scrub(struct fixture *f)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer report;
	struct store_scrub sum;

	keel_buffer_init(&report, 0);
	ck_assert_int_eq(store_scrub(f->store, NULL, NULL, &report, &sum), 0);
	ck_assert_msg(!sum.bad_records && !sum.missing && !sum.index_errors, "scrub: %s", keel_buffer_text(&report));
}

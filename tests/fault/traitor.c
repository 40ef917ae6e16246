// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Treason, linked into porcupined with --wrap: bad builds that the history checker must find out. TRAITOR names the crime, and
 * every TRAITOR_EVERY-th chance is taken. tests/fault/liars.test runs them all.
 *
 *   drop       a message is answered as stored and is not
 *   half       a message for several loses its last recipient
 *   duplicate  a recipient gets it twice
 *   flip       a bit of a message changes on its way in
 *   early      the answer comes before the message is durable
 *   hasty      the same of a delete
 *   resurrect  a delete is answered as done and is not
 *   retry      a failed fdatasync is called again, and its second answer believed
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/store.h"

int __real_store_txn_deliver(struct store_txn *txn, struct store_body **body, const struct store_delivery *deliveries,
			     size_t n);
int __real_store_txn_expunge(struct store_txn *txn, const struct store_account *account,
			     const struct store_message *message);
int __real_store_body_append(struct store_body *body, const void *data, size_t n);
void __real_store_commit(struct store *store, struct store_txn **txn, void (*done)(void *arg, int error), void *arg);
int __real_fdatasync(int fd);
int __wrap_store_txn_deliver(struct store_txn *txn, struct store_body **body, const struct store_delivery *deliveries,
			     size_t n);
int __wrap_store_txn_expunge(struct store_txn *txn, const struct store_account *account,
			     const struct store_message *message);
int __wrap_store_body_append(struct store_body *body, const void *data, size_t n);
void __wrap_store_commit(struct store *store, struct store_txn **txn, void (*done)(void *arg, int error), void *arg);
int __wrap_fdatasync(int fd);

/* Transactions under way that bring mail: they are made on one thread and committed on another. */
static const struct store_txn *bringing[4096];

static bool swap(const struct store_txn *from, const struct store_txn *to)
{
	for (size_t i = 0; i < sizeof(bringing) / sizeof(bringing[0]); i++) {
		const struct store_txn *is = from;

		if (__atomic_compare_exchange_n(&bringing[i], &is, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

static bool is(const char *crime)
{
	const char *mine = getenv("TRAITOR");

	return mine && !strcmp(mine, crime);
}

/* Is this one of the chances to take? */
static bool now(const char *crime)
{
	static unsigned chances;
	const char *every = getenv("TRAITOR_EVERY");

	return is(crime) &&
	       __atomic_add_fetch(&chances, 1, __ATOMIC_RELAXED) % (every ? (unsigned)atoi(every) : 50) == 0;
}

int __wrap_store_txn_deliver(struct store_txn *txn, struct store_body **body, const struct store_delivery *deliveries,
			     size_t n)
{
	struct store_delivery *more;
	int r;

	swap(NULL, txn);
	if (n > 1 && now("half"))
		return __real_store_txn_deliver(txn, body, deliveries, n - 1);
	if (!now("duplicate"))
		return __real_store_txn_deliver(txn, body, deliveries, n);
	more = calloc(n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	memcpy(more, deliveries, n * sizeof(*more));
	more[n] = deliveries[0];
	r = __real_store_txn_deliver(txn, body, more, n + 1);
	free(more);
	return r;
}

int __wrap_store_txn_expunge(struct store_txn *txn, const struct store_account *account,
			     const struct store_message *message)
{
	return now("resurrect") ? 0 : __real_store_txn_expunge(txn, account, message);
}

int __wrap_store_body_append(struct store_body *body, const void *data, size_t n)
{
	uint8_t *copy;
	int r;

	if (n < 64 || !now("flip"))
		return __real_store_body_append(body, data, n);
	copy = malloc(n);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, n);
	copy[n / 2] ^= 1;
	r = __real_store_body_append(body, copy, n);
	free(copy);
	return r;
}

static void nobody(void *arg, int error)
{
	(void)arg;
	(void)error;
}

void __wrap_store_commit(struct store *store, struct store_txn **txn, void (*done)(void *arg, int error), void *arg)
{
	bool brings = swap(*txn, NULL);

	if (brings && now("drop")) {
		store_txn_free(txn);
		done(arg, 0);
	} else if (brings ? is("early") : is("hasty")) {
		__real_store_commit(store, txn, nobody, NULL);
		done(arg, 0);
	} else {
		__real_store_commit(store, txn, done, arg);
	}
}

int __wrap_fdatasync(int fd)
{
	int r = __real_fdatasync(fd);

	return r && is("retry") ? __real_fdatasync(fd) : r;
}

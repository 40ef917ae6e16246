// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/admin/verb.h"
#include "porcupined/auth/address.h"
#include "tools/lib/keel/cleanup.h"

static int take_domain(json_t *request, char out[256], struct keel_buffer *error)
{
	const char *text;
	int ret = admin_text(request, "domain", &text, error);

	if (ret)
		return ret;
	ret = address_domain(text, out);
	return ret ? admin_say(error, ret, "%s is not a domain", text) : 0;
}

/* Appends the postmaster's account, unless the address is taken. He has no password: nobody logs in until one is set. */
static int add_postmaster(struct store *store, struct store_txn *txn, const char *domain)
{
	struct store_account account = { 0 };
	struct store_id ids[STORE_TARGETS_MAX];
	size_t n = STORE_TARGETS_MAX;
	int ret;

	snprintf(account.address, sizeof(account.address), "postmaster@%s", domain);
	ret = store_resolve(store, account.address, ids, NULL, NULL, &n);
	if (ret != -ENOENT)
		return ret;
	account.bucket = address_bucket(account.address);
	return store_txn_account(txn, &account);
}

static int add(struct store *store, const char *domain, struct keel_buffer *error)
{
	KEEL_CLEANUP(store_txn_free) struct store_txn *txn = NULL;
	int ret = store_domain_find(store, domain);

	if (!ret)
		return admin_say(error, -EEXIST, "domain %s is local already", domain);
	ret = store_txn_new(store, &txn);
	if (!ret)
		ret = store_txn_domain(txn, domain, false);
	if (!ret)
		ret = add_postmaster(store, txn, domain);
	if (!ret)
		ret = store_commit_wait(store, &txn);
	return ret ? admin_say(error, ret, "domain %s: %s", domain, strerror(-ret)) : 0;
}

ADMIN_RUN(admin_domain_add)
{
	char domain[256];
	int ret = take_domain(request, domain, error);

	if (ret)
		return ret;
	pthread_mutex_lock(&admin_lock);
	ret = add(admin->store, domain, error);
	pthread_mutex_unlock(&admin_lock);
	if (!ret)
		*result = json_pack("{s:s}", "domain", domain);
	return ret;
}

static int list_one(const char *domain, void *arg)
{
	return json_array_append_new(arg, json_string(domain)) ? -ENOMEM : 0;
}

ADMIN_RUN(admin_domain_list)
{
	json_t *rows = json_array();
	const int ret = store_each_domain(admin->store, list_one, rows);

	if (ret) {
		json_decref(rows);
		return admin_say(error, ret, "cannot list: %s", strerror(-ret));
	}
	*result = json_pack("{s:o}", "domains", rows);
	return 0;
}

/* What a domain holds, and the transaction that removes it. */
struct removal {
	const char *domain;
	struct store *store;
	struct store_txn *txn;
	uint64_t users, aliases, messages; /* the postmaster's account is not counted as a user */
};

static bool is_in(const char *address, const char *domain)
{
	return !strcmp(strrchr(address, '@') + 1, domain);
}

static int remove_user(const struct store_account *account, void *arg)
{
	struct removal *r = arg;
	struct store_usage usage = { 0 };

	if (!is_in(account->address, r->domain))
		return 0;
	store_usage(r->store, &account->id, &usage);
	r->messages += usage.messages;
	r->users += !admin_is_postmaster(account->address);
	return store_txn_account_remove(r->txn, account);
}

static int remove_alias(const char *alias, const char *targets, void *arg)
{
	struct removal *r = arg;

	if (!is_in(alias, r->domain))
		return 0;
	r->aliases++;
	return store_txn_alias(r->txn, alias, address_bucket(alias), NULL);
}

ADMIN_RUN(admin_domain_remove)
{
	KEEL_CLEANUP(store_txn_free) struct store_txn *txn = NULL;
	struct removal r = { .store = admin->store };
	char domain[256];
	int ret = take_domain(request, domain, error);

	if (ret)
		return ret;
	pthread_mutex_lock(&admin_lock);
	ret = store_domain_find(admin->store, domain);
	if (ret == -ENOENT)
		admin_say(error, ret, "domain %s is not local", domain);
	if (!ret)
		ret = store_txn_new(admin->store, &txn);
	r.domain = domain;
	r.txn = txn;
	if (!ret)
		ret = store_each_account(admin->store, remove_user, &r);
	if (!ret)
		ret = store_each_alias(admin->store, remove_alias, &r);
	if (!ret)
		ret = store_txn_domain(txn, domain, true);
	if (!ret && (r.users || r.aliases || r.messages) && !json_is_true(json_object_get(request, "force")))
		ret = admin_say(error, -ENOTEMPTY,
				"domain %s has %llu users, %llu aliases and %llu messages: remove them, or use --force",
				domain, (unsigned long long)r.users, (unsigned long long)r.aliases,
				(unsigned long long)r.messages);
	if (!ret)
		ret = admin_commit(admin, &txn, error);
	pthread_mutex_unlock(&admin_lock);
	if (ret)
		return error->len ? ret : admin_say(error, ret, "domain %s: %s", domain, strerror(-ret));
	*result = json_pack("{s:s, s:I, s:I, s:I}", "domain", domain, "users", (json_int_t)r.users, "aliases",
			    (json_int_t)r.aliases, "messages", (json_int_t)r.messages);
	return 0;
}

/* ---- the node's own questions ------------------------------------------------------------------------ */

struct first {
	struct store *store;
	char address[STORE_ADDRESS_MAX];
};

static int first_postmaster(const char *domain, void *arg)
{
	struct first *f = arg;
	struct store_id ids[STORE_TARGETS_MAX];
	size_t n = STORE_TARGETS_MAX;
	char address[STORE_ADDRESS_MAX];

	snprintf(address, sizeof(address), "postmaster@%s", domain);
	if (store_resolve(f->store, address, ids, NULL, NULL, &n))
		return 0;
	strcpy(f->address, address);
	return 1;
}

int admin_postmaster(struct store *store, const char *hostname, char out[STORE_ADDRESS_MAX])
{
	struct first f = { .store = store };
	char domain[256];
	int ret;

	if (!address_domain(hostname, domain))
		first_postmaster(domain, &f);
	if (!*f.address) {
		ret = store_each_domain(store, first_postmaster, &f);
		if (ret < 0)
			return ret;
	}
	strcpy(out, f.address);
	return 0;
}

static int any(const char *domain, void *arg)
{
	return 1;
}

int admin_first_domain(struct store *store, const char *hostname, bool *added, struct keel_buffer *error)
{
	char domain[256];
	int ret = store_each_domain(store, any, NULL);

	*added = false;
	if (ret < 0)
		return admin_say(error, ret, "cannot list the domains: %s", strerror(-ret));
	if (ret || address_domain(hostname, domain))
		return 0;
	ret = add(store, domain, error);
	*added = !ret;
	return ret;
}

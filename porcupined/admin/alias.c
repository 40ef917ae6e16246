// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/admin/verb.h"
#include "porcupined/auth/address.h"
#include "tools/lib/keel/cleanup.h"

#define TARGETS_MOST 64 /* named by one alias; STORE_TARGETS_MAX bounds what they lead to */

struct targets {
	char text[TARGETS_MOST][ADDRESS_MAX];
	const char *list[TARGETS_MOST + 1];
	size_t n;
};

/* Mail goes nowhere else yet: a target is a user or an alias of this node. */
static int take_targets(const struct admin *admin, json_t *request, struct targets *t, struct keel_buffer *error)
{
	const json_t *list = json_object_get(request, "targets");
	struct store_id ids[STORE_TARGETS_MAX];
	size_t i;
	json_t *one;

	if (!json_is_array(list) || !json_array_size(list))
		return admin_say(error, -EINVAL, "\"targets\" is missing");
	if (json_array_size(list) > TARGETS_MOST)
		return admin_say(error, -E2BIG, "an alias has at most %d targets: let it name other aliases",
				 TARGETS_MOST);
	json_array_foreach(list, i, one) {
		const char *text = json_string_value(one);
		size_t n = STORE_TARGETS_MAX;
		int ret;

		if (!text || address_parse(text, false, t->text[i]))
			return admin_say(error, -EINVAL, "%s is not an address (name@domain)",
					 text ? text : "a target");
		ret = store_resolve(admin->store, t->text[i], ids, NULL, NULL, &n);
		if (ret == -ENOENT)
			return admin_say(error, ret, "no such user or alias: %s", t->text[i]);
		if (ret)
			return admin_say(error, ret, "%s: %s", t->text[i], strerror(-ret));
		t->list[i] = t->text[i];
	}
	t->n = json_array_size(list);
	t->list[t->n] = NULL;
	return 0;
}

/* An alias may take the place of the account that domain.add made for the postmaster, while that holds no mail and nobody logs in. */
static int make_room(const struct admin *admin, const char *address, struct store_txn *txn, struct keel_buffer *error)
{
	const char *domain = strrchr(address, '@') + 1;
	struct store_id ids[STORE_TARGETS_MAX];
	size_t n = STORE_TARGETS_MAX;
	struct store_account account;
	struct store_usage usage;
	int ret = store_domain_find(admin->store, domain);

	if (ret == -ENOENT)
		return admin_say(error, ret, "domain %s is not local: add it first (porcupinectl domain add %s)",
				 domain, domain);
	if (ret)
		return admin_say(error, ret, "%s: %s", domain, strerror(-ret));
	if (!store_account_find(admin->store, address, &account)) {
		ret = store_usage(admin->store, &account.id, &usage);
		if (ret || !admin_is_postmaster(address) || account.hash[0] || usage.messages)
			return admin_say(error, -EEXIST, "user %s exists%s", address,
					 admin_is_postmaster(address) ? " and has mail or a password" : "");
		return store_txn_account_remove(txn, &account);
	}
	ret = store_resolve(admin->store, address, ids, NULL, NULL, &n);
	if (ret == -ENOENT)
		return 0;
	return ret ? admin_say(error, ret, "%s: %s", address, strerror(-ret))
		   : admin_say(error, -EEXIST, "alias %s exists", address);
}

ADMIN_RUN(admin_alias_add)
{
	KEEL_CLEANUP(store_txn_free) struct store_txn *txn = NULL;
	KEEL_AUTO_FREE struct targets *t = calloc(1, sizeof(*t));
	char address[STORE_ADDRESS_MAX];
	int ret = t ? admin_address(request, address, error) : -ENOMEM;

	if (ret)
		return ret;
	pthread_mutex_lock(&admin_lock);
	ret = take_targets(admin, request, t, error);
	for (size_t i = 0; !ret && i < t->n; i++)
		if (!strcmp(t->list[i], address))
			ret = admin_say(error, -ELOOP, "%s cannot be a target of itself", address);
	if (!ret)
		ret = store_txn_new(admin->store, &txn);
	if (!ret)
		ret = make_room(admin, address, txn, error);
	if (!ret)
		ret = store_txn_alias(txn, address, address_bucket(address), t->list);
	if (!ret)
		ret = admin_commit(admin, &txn, error);
	pthread_mutex_unlock(&admin_lock);
	if (ret)
		return error->len ? ret : admin_say(error, ret, "%s: %s", address, strerror(-ret));
	*result = json_pack("{s:s}", "address", address);
	return 0;
}

struct listing {
	const char *domain;  /* NULL = all */
	const char *address; /* NULL = all */
	json_t *rows;
	size_t n;
};

static int list_one(const char *alias, const char *targets, void *arg)
{
	struct listing *l = arg;
	json_t *list;

	if ((l->domain && strcmp(strrchr(alias, '@') + 1, l->domain)) || (l->address && strcmp(alias, l->address)))
		return 0;
	l->n++;
	if (!l->rows)
		return 0;
	list = json_array();
	while (*targets) {
		const char *comma = strchrnul(targets, ',');

		json_array_append_new(list, json_stringn(targets, (size_t)(comma - targets)));
		targets = *comma ? comma + 1 : comma;
	}
	return json_array_append_new(l->rows, json_pack("{s:s, s:o}", "address", alias, "targets", list)) ? -ENOMEM : 0;
}

ADMIN_RUN(admin_alias_list)
{
	const char *text = json_string_value(json_object_get(request, "domain"));
	struct listing l = { 0 };
	char domain[256];
	int ret;

	if (text && address_domain(text, domain))
		return admin_say(error, -EINVAL, "%s is not a domain", text);
	l.domain = text ? domain : NULL;
	l.rows = json_array();
	ret = store_each_alias(admin->store, list_one, &l);
	if (ret) {
		json_decref(l.rows);
		return admin_say(error, ret, "cannot list: %s", strerror(-ret));
	}
	*result = json_pack("{s:o}", "aliases", l.rows);
	return 0;
}

ADMIN_RUN(admin_alias_remove)
{
	KEEL_CLEANUP(store_txn_free) struct store_txn *txn = NULL;
	struct store_account postmaster = { 0 };
	struct listing l = { 0 };
	char address[STORE_ADDRESS_MAX];
	int ret = admin_address(request, address, error);

	if (ret)
		return ret;
	l.address = address;
	pthread_mutex_lock(&admin_lock);
	ret = store_each_alias(admin->store, list_one, &l);
	if (!ret && !l.n)
		ret = admin_say(error, -ENOENT, "no such alias: %s", address);
	if (!ret)
		ret = store_txn_new(admin->store, &txn);
	if (!ret)
		ret = store_txn_alias(txn, address, address_bucket(address), NULL);
	/* a domain is never without a postmaster: the account comes back */
	if (!ret && admin_is_postmaster(address)) {
		strcpy(postmaster.address, address);
		postmaster.bucket = address_bucket(address);
		ret = store_txn_account(txn, &postmaster);
	}
	if (!ret)
		ret = admin_commit(admin, &txn, error);
	pthread_mutex_unlock(&admin_lock);
	if (ret)
		return error->len ? ret : admin_say(error, ret, "%s: %s", address, strerror(-ret));
	*result = json_pack("{s:s}", "address", address);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "porcupined/admin/verb.h"
#include "porcupined/auth/address.h"
#include "porcupined/auth/password.h"
#include "tools/lib/keel/cleanup.h"

/* The member "password" or "hash" as a crypt(3) string; neither: "", nobody logs in. */
static int take_hash(const struct admin *admin, json_t *request, char out[STORE_HASH_MAX], struct keel_buffer *error)
{
	const char *password, *hash;
	int ret;

	out[0] = '\0';
	if (json_object_get(request, "hash")) {
		ret = admin_text(request, "hash", &hash, error);
		if (ret)
			return ret;
		if (strlen(hash) >= STORE_HASH_MAX || !password_is_hash(hash))
			return admin_say(error, -EINVAL, "the hash is none that crypt(3) knows here");
		strcpy(out, hash);
		return 0;
	}
	if (!json_object_get(request, "password"))
		return 0;
	ret = admin_text(request, "password", &password, error);
	if (ret)
		return ret;
	ret = password_hash(password, admin->cost, out);
	if (ret == -EINVAL)
		return admin_say(error, ret, "the password is longer than %d octets", PASSWORD_MAX - 1);
	return ret ? admin_say(error, ret, "cannot hash the password: %s", strerror(-ret)) : 0;
}

static int take_quota(json_t *request, uint64_t *out, struct keel_buffer *error)
{
	const json_t *quota = json_object_get(request, "quota");

	if (!quota)
		return 0;
	if (!json_is_integer(quota) || json_integer_value(quota) < 0)
		return admin_say(error, -EINVAL, "the quota is not a number of octets");
	*out = (uint64_t)json_integer_value(quota);
	return 0;
}

static int must_be_free(const struct admin *admin, const char *address, struct keel_buffer *error)
{
	struct store_account account;
	struct store_id ids[STORE_TARGETS_MAX];
	size_t n = STORE_TARGETS_MAX;
	const char *domain = strrchr(address, '@') + 1;
	int ret = store_domain_find(admin->store, domain);

	if (ret == -ENOENT)
		return admin_say(error, ret, "domain %s is not local: add it first (porcupinectl domain add %s)",
				 domain, domain);
	if (!ret && !store_account_find(admin->store, address, &account))
		return admin_say(error, -EEXIST, "user %s exists", address);
	if (!ret)
		ret = store_resolve(admin->store, address, ids, NULL, NULL, &n);
	if (ret == -ENOENT)
		return 0;
	return ret ? admin_say(error, ret, "%s: %s", address, strerror(-ret))
		   : admin_say(error, -EEXIST, "alias %s exists", address);
}

static int put(const struct admin *admin, struct store_account *account, struct keel_buffer *error)
{
	KEEL_CLEANUP(store_txn_free) struct store_txn *txn = NULL;
	int ret = store_txn_new(admin->store, &txn);

	if (!ret)
		ret = store_txn_account(txn, account);
	if (ret)
		return admin_say(error, ret, "%s: %s", account->address, strerror(-ret));
	return admin_commit(admin, &txn, error);
}

ADMIN_RUN(admin_user_add)
{
	struct store_account account = { 0 };
	char id[33];
	int ret = admin_address(request, account.address, error);

	if (!ret)
		ret = take_quota(request, &account.quota, error);
	if (!ret)
		ret = must_be_free(admin, account.address, error);
	if (!ret)
		ret = take_hash(admin, request, account.hash, error);
	if (ret)
		return ret;
	account.bucket = address_bucket(account.address);
	pthread_mutex_lock(&admin_lock);
	ret = must_be_free(admin, account.address, error);
	if (!ret)
		ret = put(admin, &account, error);
	pthread_mutex_unlock(&admin_lock);
	if (ret)
		return ret;
	admin_id_text(&account.id, id);
	*result = json_pack("{s:s, s:s, s:i}", "address", account.address, "id", id, "bucket", account.bucket);
	return 0;
}

struct listing {
	const struct admin *admin;
	const char *domain; /* NULL = all */
	json_t *rows;
};

static int list_one(const struct store_account *account, void *arg)
{
	const struct listing *l = arg;
	struct store_usage usage = { 0 };
	char id[33];

	if (l->domain && strcmp(strrchr(account->address, '@') + 1, l->domain))
		return 0;
	store_usage(l->admin->store, &account->id, &usage);
	admin_id_text(&account->id, id);
	return json_array_append_new(l->rows,
				     json_pack("{s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:b}", "address", account->address,
					       "id", id, "bucket", account->bucket, "quota", (json_int_t)account->quota,
					       "messages", (json_int_t)usage.messages, "octets",
					       (json_int_t)usage.octets, "created", (json_int_t)account->created,
					       "login", account->hash[0] && !(account->flags & STORE_ACCOUNT_DISABLED)))
		       ? -ENOMEM
		       : 0;
}

/* The optional member "domain", canonical in text, and *out points to it or is NULL. */
static int take_domain(json_t *request, char text[256], const char **out, struct keel_buffer *error)
{
	const char *domain = json_string_value(json_object_get(request, "domain"));

	*out = NULL;
	if (!domain)
		return 0;
	if (address_domain(domain, text))
		return admin_say(error, -EINVAL, "%s is not a domain", domain);
	*out = text;
	return 0;
}

ADMIN_RUN(admin_user_list)
{
	struct listing l = { .admin = admin };
	char domain[256];
	int ret = take_domain(request, domain, &l.domain, error);

	if (ret)
		return ret;
	l.rows = json_array();
	ret = store_each_account(admin->store, list_one, &l);
	if (ret) {
		json_decref(l.rows);
		return admin_say(error, ret, "cannot list: %s", strerror(-ret));
	}
	*result = json_pack("{s:o}", "users", l.rows);
	return 0;
}

ADMIN_RUN(admin_user_remove)
{
	KEEL_CLEANUP(store_txn_free) struct store_txn *txn = NULL;
	struct store_account account;
	struct store_usage usage = { 0 };
	char address[STORE_ADDRESS_MAX];
	int ret = admin_address(request, address, error);

	if (ret)
		return ret;
	pthread_mutex_lock(&admin_lock);
	ret = admin_account(admin, address, &account, error);
	if (!ret && admin_is_postmaster(address))
		ret = admin_say(
			error, -EPERM,
			"a local domain has a postmaster (RFC 5321 4.5.1): make %s an alias (porcupinectl alias add), "
			"or remove the domain",
			address);
	if (!ret)
		store_usage(admin->store, &account.id, &usage);
	if (!ret)
		ret = store_txn_new(admin->store, &txn);
	if (!ret)
		ret = store_txn_account_remove(txn, &account);
	if (!ret)
		ret = admin_commit(admin, &txn, error);
	pthread_mutex_unlock(&admin_lock);
	if (ret)
		return error->len ? ret : admin_say(error, ret, "%s: %s", address, strerror(-ret));
	*result = json_pack("{s:s, s:I}", "address", address, "messages", (json_int_t)usage.messages);
	return 0;
}

ADMIN_RUN(admin_user_passwd)
{
	struct store_account account;
	char address[STORE_ADDRESS_MAX], hash[STORE_HASH_MAX];
	int ret = admin_address(request, address, error);

	if (!ret)
		ret = admin_account(admin, address, &account, error);
	if (!ret)
		ret = take_hash(admin, request, hash, error);
	if (ret)
		return ret;
	pthread_mutex_lock(&admin_lock);
	ret = admin_account(admin, address, &account, error);
	strcpy(account.hash, hash);
	if (!ret)
		ret = put(admin, &account, error);
	pthread_mutex_unlock(&admin_lock);
	if (!ret)
		*result = json_pack("{s:s}", "address", address);
	return ret;
}

ADMIN_RUN(admin_quota_set)
{
	struct store_account account;
	char address[STORE_ADDRESS_MAX];
	int ret = admin_address(request, address, error);

	if (!ret && !json_object_get(request, "quota"))
		ret = admin_say(error, -EINVAL, "\"quota\" is missing");
	if (ret)
		return ret;
	pthread_mutex_lock(&admin_lock);
	ret = admin_account(admin, address, &account, error);
	if (!ret)
		ret = take_quota(request, &account.quota, error);
	if (!ret)
		ret = put(admin, &account, error);
	pthread_mutex_unlock(&admin_lock);
	if (!ret)
		*result = json_pack("{s:s, s:I}", "address", address, "quota", (json_int_t)account.quota);
	return ret;
}

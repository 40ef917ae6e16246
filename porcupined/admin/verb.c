// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of verbs, and what they share. */
#include "porcupined/admin/verb.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "porcupined/auth/address.h"
#include "tools/lib/keel/cleanup.h"

pthread_mutex_t admin_lock = PTHREAD_MUTEX_INITIALIZER;

const struct admin_verb admin_verbs[] = {
	{ "user.add", admin_user_add, false, false,
	  "make an account: address, and password, hash or neither (no login); quota" },
	{ "user.list", admin_user_list, false, false, "the accounts; domain narrows" },
	{ "user.remove", admin_user_remove, false, false, "remove an account and its mail: address" },
	{ "user.passwd", admin_user_passwd, false, false,
	  "set a password: address, and password, hash or neither (no login)" },
	{ "quota.set", admin_quota_set, false, false,
	  "set an account's quota: address, quota in octets (0 = the default)" },
	{ "domain.add", admin_domain_add, false, true,
	  "make a domain local, with an account for its postmaster: domain" },
	{ "domain.list", admin_domain_list, false, false, "the local domains" },
	{ "domain.remove", admin_domain_remove, false, true,
	  "remove a local domain: domain; force: with its users, aliases and mail" },
	{ "alias.add", admin_alias_add, false, false, "make an alias: address, targets" },
	{ "alias.list", admin_alias_list, false, false, "the aliases; domain narrows" },
	{ "alias.remove", admin_alias_remove, false, false, "remove an alias: address" },
	{ "scrub", admin_scrub, true, false, "hold all that is stored against its checksums" },
	{ "compact", admin_compact, true, false, "give back the space of deleted mail: min_dead percent" },
	{ "export", admin_export, true, false, "write an account's mail: address, format (maildir or mbox), path" },
	{ "import", admin_import, true, false, "read mail into an account: address, format (maildir or mbox), path" },
};
const size_t admin_verbs_n = KEEL_COUNT(admin_verbs);

const struct admin_verb *admin_find(const char *name)
{
	for (size_t i = 0; i < admin_verbs_n; i++)
		if (!strcmp(admin_verbs[i].name, name))
			return &admin_verbs[i];
	return NULL;
}

int admin_say(struct keel_buffer *error, int ret, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	keel_buffer_vprintf(error, format, ap);
	va_end(ap);
	return ret;
}

int admin_text(json_t *request, const char *name, const char **out, struct keel_buffer *error)
{
	const char *text = json_string_value(json_object_get(request, name));

	if (!text || !*text)
		return admin_say(error, -EINVAL, "\"%s\" is missing", name);
	if (strlen(text) != json_string_length(json_object_get(request, name)))
		return admin_say(error, -EINVAL, "\"%s\" holds a NUL", name);
	*out = text;
	return 0;
}

int admin_address(json_t *request, char out[STORE_ADDRESS_MAX], struct keel_buffer *error)
{
	const char *text;
	int ret = admin_text(request, "address", &text, error);

	_Static_assert(ADDRESS_MAX <= STORE_ADDRESS_MAX, "an address fits the store");
	if (ret)
		return ret;
	ret = address_parse(text, false, out);
	if (ret == -ENAMETOOLONG)
		return admin_say(error, ret,
				 "%s: the local part may have 64 octets, a label of the domain 63, all of it 253",
				 text);
	if (ret)
		return admin_say(error, ret, "%s is not an address (name@domain)", text);
	return 0;
}

int admin_account(const struct admin *admin, const char *address, struct store_account *out, struct keel_buffer *error)
{
	const int ret = store_account_find(admin->store, address, out);

	if (ret == -ENOENT)
		return admin_say(error, ret, "no such user: %s", address);
	return ret ? admin_say(error, ret, "%s: %s", address, strerror(-ret)) : 0;
}

int admin_commit(const struct admin *admin, struct store_txn **txn, struct keel_buffer *error)
{
	const int ret = store_commit_wait(admin->store, txn);

	return ret ? admin_say(error, ret, "not stored: %s", strerror(-ret)) : 0;
}

bool admin_is_postmaster(const char *canonical)
{
	return !strncmp(canonical, "postmaster@", 11);
}

void admin_id_text(const struct store_id *id, char out[33])
{
	for (size_t i = 0; i < sizeof(id->octet); i++)
		sprintf(out + 2 * i, "%02x", id->octet[i]);
}

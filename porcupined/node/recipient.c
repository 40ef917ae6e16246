// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/recipient.h"

#include <errno.h>
#include <string.h>

#include "porcupined/auth/address.h"
#include "tools/lib/keel/log.h"

static enum smtp_reason trouble(const char *what, int error)
{
	static struct keel_log_limit limit = { .burst = 10, .interval = 60 };

	keel_log_limited(&limit, KEEL_LOG_ERROR, "cannot look up a recipient", "address", what, "why", strerror(-error),
			 NULL);
	return SMTP_REASON_STORAGE;
}

static int resolve(struct store *store, const char *address, struct recipient *out, uint64_t *quotas)
{
	size_t n = STORE_TARGETS_MAX;
	const int ret = store_resolve(store, address, out->accounts, out->buckets, quotas, &n);

	if (!ret)
		out->n = n;
	return ret;
}

static bool full(struct store *store, const struct store_id *account, uint64_t quota, uint64_t size)
{
	struct store_usage usage;

	/* a mailbox that cannot be counted is not called full */
	if (!quota || store_usage(store, account, &usage))
		return false;
	return usage.octets >= quota || size > quota - usage.octets;
}

static enum smtp_reason postmaster(struct store *store, const struct rules *rules, struct recipient *out)
{
	uint64_t quotas[STORE_TARGETS_MAX];
	int ret = resolve(store, rules->postmaster, out, quotas);

	/* RFC 5321 4.5.1: also while the setting names nobody */
	if (ret == -ENOENT)
		ret = resolve(store, rules->own_postmaster, out, quotas);
	if (ret && ret != -ENOENT)
		return trouble(rules->postmaster, ret);
	return ret ? SMTP_REASON_NO_SUCH_USER : SMTP_REASON_NONE;
}

/* A canonical address whose domain is known to be local. */
static enum smtp_reason local_user(struct store *store, const struct rules *rules, const char *canonical, uint64_t size,
				   struct recipient *out)
{
	const bool is_postmaster = !strncmp(canonical, "postmaster@", 11);
	uint64_t quotas[STORE_TARGETS_MAX];
	const int ret = resolve(store, canonical, out, quotas);

	if (ret == -ENOENT)
		return is_postmaster ? postmaster(store, rules, out) : SMTP_REASON_NO_SUCH_USER;
	if (ret)
		return trouble(canonical, ret);
	for (size_t i = 0; i < out->n && !is_postmaster; i++)
		if (full(store, &out->accounts[i], quotas[i] ? quotas[i] : rules->quota, size))
			return SMTP_REASON_OVER_QUOTA;
	return SMTP_REASON_NONE;
}

enum smtp_reason recipient_find(struct store *store, const struct rules *rules, const struct smtp_path *path,
				uint64_t size, struct recipient *out)
{
	char canonical[ADDRESS_MAX], domain[256];
	int ret, found;

	if (!*path->domain)
		return postmaster(store, rules, out);
	ret = address_canonical(path->local, path->domain, false, canonical);
	if (ret == -ENOMEM)
		return SMTP_REASON_STORAGE;
	/* an impossible local-part is nobody; an impossible domain is not ours */
	if (ret && address_domain(path->domain, domain))
		return SMTP_REASON_NOT_LOCAL;
	found = store_domain_find(store, ret ? domain : strrchr(canonical, '@') + 1);
	if (found == -ENOENT)
		return SMTP_REASON_NOT_LOCAL;
	if (found)
		return trouble(path->domain, found);
	return ret ? SMTP_REASON_NO_SUCH_USER : local_user(store, rules, canonical, size, out);
}

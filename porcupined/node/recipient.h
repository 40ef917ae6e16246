/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets the mail for an address. */
#ifndef PORCUPINED_NODE_RECIPIENT_H
#define PORCUPINED_NODE_RECIPIENT_H

#include "porcupined/node/rules.h"
#include "porcupined/smtp/smtp.h"
#include "porcupined/store/store.h"

struct recipient {
	struct store_id accounts[STORE_TARGETS_MAX];
	uint16_t buckets[STORE_TARGETS_MAX];
	size_t n; /* accounts behind the address, each once */
};

/*
 * SMTP_REASON_NONE with *out filled, or why not. size: octets announced, 0 = unknown. An account is full when what it has plus the message is
 * over its quota; of an alias no target may be full, so that nobody misses what the others got. The postmaster of a local domain, and
 * <postmaster>, is always accepted (RFC 5321 4.5.1).
 */
enum smtp_reason recipient_find(struct store *store, const struct rules *rules, const struct smtp_path *path,
				uint64_t size, struct recipient *out);

#endif

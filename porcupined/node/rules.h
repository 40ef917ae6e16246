/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sessions go by: a snapshot of the settings that a reload may change. A session keeps the one it began with; a loop gives new
 * sessions the newest.
 */
#ifndef PORCUPINED_NODE_RULES_H
#define PORCUPINED_NODE_RULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "porcupined/node/settings.h"
#include "porcupined/pop3/pop3.h"
#include "porcupined/smtp/smtp.h"

struct tls;

struct rules {
	_Atomic unsigned references;
	char hostname[256];
	char postmaster[320];     /* canonical, or "" */
	char own_postmaster[320]; /* of a local domain, for when the other is nobody; "" = none */
	struct smtp_config smtp, lmtp;
	struct pop3_config pop3;
	struct tls *tls; /* NULL = none; a reference */
	uint64_t smtp_timeout, pop3_timeout, tls_timeout;
	uint64_t connections, connections_per_address, messages_per_minute, failed_logins_per_minute;
	uint64_t quota;
	uint64_t cache_seconds;
	unsigned auth_cost;
	bool exempt_loopback;
	bool pop3_plaintext;
};

/* message_size: the most a session takes, whatever the settings say. tls: a reference that is taken over on success, or NULL. 0 or -errno. */
int rules_new(const struct node_settings *settings, uint64_t message_size, struct tls *tls, struct rules **out);
struct rules *rules_get(struct rules *rules);
/* *rules is NULL afterwards. */
void rules_put(struct rules **rules);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "porcupined/auth/address.h"
#include "porcupined/node/tls.h"
#include "tools/lib/keel/cleanup.h"

int rules_new(const struct node_settings *s, uint64_t message_size, struct tls *tls, struct rules **out)
{
	struct rules *r = calloc(1, sizeof(*r));
	int ret = 0;

	if (!r)
		return -ENOMEM;
	if (*s->hostname)
		snprintf(r->hostname, sizeof(r->hostname), "%s", s->hostname);
	else if (gethostname(r->hostname, sizeof(r->hostname) - 1) || !r->hostname[0])
		strcpy(r->hostname, "localhost");
	if (*s->postmaster)
		ret = address_parse(s->postmaster, false, r->postmaster);
	if (ret) {
		free(r);
		return ret;
	}
	r->references = 1;
	r->smtp = (struct smtp_config){
		.protocol = SMTP_PROTOCOL_SMTP,
		.hostname = r->hostname,
		.starttls = tls != NULL,
		.message_size = message_size,
		.recipients = (unsigned)s->recipients,
		.messages = (unsigned)s->messages,
		.commands = (unsigned)s->commands,
		.errors = (unsigned)s->errors,
		.text_line = s->text_line,
	};
	r->lmtp = r->smtp;
	r->lmtp.protocol = SMTP_PROTOCOL_LMTP;
	r->pop3 = (struct pop3_config){
		.hostname = r->hostname,
		.stls = tls != NULL,
		.errors = (unsigned)s->errors,
		.logins = (unsigned)s->logins,
	};
	r->tls = tls;
	r->smtp_timeout = s->smtp_timeout;
	r->pop3_timeout = s->pop3_timeout;
	r->tls_timeout = s->tls_timeout;
	r->connections = s->connections;
	r->connections_per_address = s->connections_per_address;
	r->messages_per_minute = s->messages_per_minute;
	r->failed_logins_per_minute = s->failed_logins_per_minute;
	r->quota = s->quota;
	r->cache_seconds = s->cache_seconds;
	r->auth_cost = (unsigned)s->auth_cost;
	r->exempt_loopback = s->exempt_loopback;
	r->pop3_plaintext = s->pop3_plaintext;
	*out = r;
	return 0;
}

struct rules *rules_get(struct rules *rules)
{
	atomic_fetch_add_explicit(&rules->references, 1, memory_order_relaxed);
	return rules;
}

void rules_put(struct rules **at)
{
	struct rules *r = keel_take(*at);

	if (!r || atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) != 1)
		return;
	tls_free(&r->tls);
	free(r);
}

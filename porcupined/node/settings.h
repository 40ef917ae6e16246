/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of a node: one table drives the file, --set, --dump, the manual and this struct. */
#ifndef PORCUPINED_NODE_SETTINGS_H
#define PORCUPINED_NODE_SETTINGS_H

#include "tools/lib/keel/setting.h"

struct node_settings {
	char *user;
	int log_level;
	char *hostname;
	char *postmaster;
	uint64_t loops, workers;

	char **smtp_listen, **lmtp_listen, **pop3_listen, **pop3s_listen;
	char *metrics_listen;
	char *control_path, *control_group;

	char *store_path;
	uint64_t store_segment_size, store_body_memory, store_total_memory, store_reserve;
	bool store_compress, store_compaction;

	char *tls_certificate, *tls_key;
	bool tls_self_signed;

	uint64_t message_size, text_line;
	uint64_t quota;
	uint64_t smtp_timeout, pop3_timeout, tls_timeout;
	bool pop3_plaintext;

	uint64_t connections, connections_per_address, messages_per_minute, failed_logins_per_minute;
	uint64_t recipients, messages, commands, errors, logins;
	bool exempt_loopback;

	uint64_t auth_cost, cache_entries, cache_seconds;
};

extern const struct keel_settings node_settings_table;

/* What rows cannot express. 0, or -EINVAL with error. */
int node_settings_validate(const void *settings, struct keel_buffer *error);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator may ask of a store: a table of verbs, JSON in, JSON out. The daemon runs them for its control socket, porcupinectl --store
 * runs them itself on a store that no daemon has. Every verb blocks, is thread-safe, and changes nothing when it fails.
 */
#ifndef PORCUPINED_ADMIN_ADMIN_H
#define PORCUPINED_ADMIN_ADMIN_H

#include <jansson.h>
#include <stdbool.h>

#include "porcupined/store/store.h"
#include "tools/lib/keel/buffer.h"

struct admin {
	struct store *store;
	unsigned cost;              /* of new password hashes: see password_hash() */
	store_progress_fn progress; /* of long verbs; may be NULL */
	void *arg;
};

struct admin_verb {
	const char *name; /* "user.add" */
	/* 0 with *result (a new reference, or NULL), or -errno with error. request is borrowed. */
	int (*run)(const struct admin *admin, json_t *request, json_t **result, struct keel_buffer *error);
	bool is_long; /* minutes: has progress, can be cancelled */
	bool domains; /* changes which domains are local */
	const char *help;
};

/* NULL if there is none. */
const struct admin_verb *admin_find(const char *name);
extern const struct admin_verb admin_verbs[];
extern const size_t admin_verbs_n;

/* The address that stands in for the postmaster: postmaster@hostname, or else of the first local domain; "" if there is none. 0 or
 * -errno. */
int admin_postmaster(struct store *store, const char *hostname, char out[STORE_ADDRESS_MAX]);
/* A store without any domain gets hostname as its first one, with its postmaster. *added says so. 0, or -errno with error. */
int admin_first_domain(struct store *store, const char *hostname, bool *added, struct keel_buffer *error);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of admin share; nobody outside includes it. */
#ifndef PORCUPINED_ADMIN_VERB_H
#define PORCUPINED_ADMIN_VERB_H

#include <pthread.h>

#include "porcupined/admin/admin.h"

#define ADMIN_RUN(name)                                                                                                           \
	int name(const struct admin *admin, json_t *request, json_t **result, struct keel_buffer *error)

/* Verbs look first and change then: one at a time. */
extern pthread_mutex_t admin_lock;

/* Appends why and returns -ret. */
int admin_say(struct keel_buffer *error, int ret, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A text member, or -EINVAL with error. */
int admin_text(json_t *request, const char *name, const char **out, struct keel_buffer *error);
/* The member "address", canonical. */
int admin_address(json_t *request, char out[STORE_ADDRESS_MAX], struct keel_buffer *error);
/* The account of that address, or error. */
int admin_account(const struct admin *admin, const char *address, struct store_account *out, struct keel_buffer *error);
int admin_commit(const struct admin *admin, struct store_txn **txn, struct keel_buffer *error);
/* True if it is the postmaster of a domain. */
bool admin_is_postmaster(const char *canonical);
void admin_id_text(const struct store_id *id, char out[33]);

ADMIN_RUN(admin_user_add);
ADMIN_RUN(admin_user_list);
ADMIN_RUN(admin_user_remove);
ADMIN_RUN(admin_user_passwd);
ADMIN_RUN(admin_quota_set);
ADMIN_RUN(admin_domain_add);
ADMIN_RUN(admin_domain_list);
ADMIN_RUN(admin_domain_remove);
ADMIN_RUN(admin_alias_add);
ADMIN_RUN(admin_alias_list);
ADMIN_RUN(admin_alias_remove);
ADMIN_RUN(admin_scrub);
ADMIN_RUN(admin_compact);
ADMIN_RUN(admin_export);
ADMIN_RUN(admin_import);

#endif

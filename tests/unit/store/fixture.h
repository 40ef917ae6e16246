/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the store's tests share: a store in a fresh directory, accounts in it, messages sent and read back. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <stdbool.h>

#include "porcupined/store/store.h"

struct fixture {
	char path[64];
	struct store *store;
	struct store_config config;
};

/* A new directory; no store opened yet. Background compaction is off. */
void fixture_make(struct fixture *f);
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
/* Closes and removes the directory. */
void fixture_remove(struct fixture *f);
/* Makes the account and its domain; aborts the test on failure. */
struct store_account fixture_account(struct fixture *f, const char *address);
/* Delivers text to n accounts in one transaction; returns store_commit_wait's error. */
int fixture_deliver(struct fixture *f, const struct store_account *to, size_t n, const char *text, size_t len);
/* Octets of message i of the account's INBOX, to free(). *total: how many messages are there. */
char *fixture_read(struct fixture *f, const struct store_account *a, size_t i, size_t *len, size_t *total);
size_t fixture_count(struct fixture *f, const struct store_account *a);
/* Expunges message i. */
void fixture_expunge(struct fixture *f, const struct store_account *a, size_t i);

#endif

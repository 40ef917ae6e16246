/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slow and obvious store: arrays in memory. Operations are run on the real store and, once acknowledged, on this; then both must
 * hold the same. It is one piece of memory without pointers, so that it can be shared with a child that is killed at some step.
 */
#ifndef TESTS_UNIT_STORE_MODEL_H
#define TESTS_UNIT_STORE_MODEL_H

#include "tests/unit/store/fixture.h"

#define MODEL_ACCOUNTS 5u
#define MODEL_MESSAGES 400u /* in one mailbox */

enum model_kind { MODEL_NOTHING, MODEL_DELIVER, MODEL_EXPUNGE, MODEL_CREATE, MODEL_REMOVE, MODEL_PASSWD, MODEL_ALIAS };

struct model_op {
	enum model_kind kind;
	unsigned account; /* index; alias: its target, MODEL_ACCOUNTS = remove the alias */
	unsigned mask;    /* deliver: accounts */
	unsigned at;      /* expunge: which message */
	unsigned number;  /* deliver, passwd: a number never used before */
};

struct model_message {
	unsigned number;
	struct store_id id; /* known once it was listed */
	uint32_t uid;
};

struct model_account {
	bool exists;
	struct store_id id;
	unsigned hash;
	uint32_t uidnext, uidvalidity; /* greatest seen of this id */
	uint64_t modseq;
	size_t n;
	struct model_message messages[MODEL_MESSAGES];
};

struct model {
	struct model_account accounts[MODEL_ACCOUNTS];
	unsigned alias;      /* target of team@example.org; MODEL_ACCOUNTS = none */
	unsigned next;       /* for number */
	uint64_t lsn;        /* next_lsn as last seen: never falls */
	struct model_op now; /* begun and not acknowledged */
};

void model_init(struct model *m);
/* Text of a message; its length goes from 0 to 40 KiB. To free(). */
char *model_text(unsigned number, size_t *len);
/* Runs op on the store, and on the model once it is acknowledged. Returns the store's error. */
int model_run(struct model *m, struct fixture *f, struct model_op op);
/* A random operation that makes sense now; *seed moves on. */
struct model_op model_pick(struct model *m, unsigned *seed);
unsigned model_random(unsigned *seed, unsigned below);
/* Aborts the test unless the store holds exactly what the model does. What m->now was about may have happened or not, whole; the
 * model then follows the store and forgets it. bodies: read them all, too. */
void model_check(struct model *m, struct fixture *f, bool bodies);
/* store_scrub finds nothing. */
void model_scrub(struct fixture *f);

#endif

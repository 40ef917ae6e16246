/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index: LMDB rows that say where records are and what mailboxes hold. It is soft: made from the log, thrown away when in
 * doubt. It knows up to which LSN it covers the log and in which boot it was written.
 */
#ifndef PORCUPINED_STORE_INDEX_H
#define PORCUPINED_STORE_INDEX_H

#include <lmdb.h>
#include <pthread.h>

#include "porcupined/store/record.h"

#define INDEX_READERS 64 /* read transactions kept for reuse */

/* X(enum name, database name, LMDB flags) */
#define INDEX_TABLES(X)                                                                                                \
	X(META, "meta", 0)                                                                                             \
	X(ACCOUNT, "account", 0)          /* address -> index_account and hash */                                       \
	X(ACCOUNT_ID, "account-id", 0)    /* account id -> address */                                                  \
	X(DOMAIN, "domain", 0)            /* domain -> LSN */                                                          \
	X(ALIAS, "alias", 0)              /* address -> LSN and the record's payload */                                \
	X(MAILBOX, "mailbox", 0)          /* account id, mailbox id -> index_mailbox */                                \
	X(ENTRY, "entry", 0)              /* mailbox id, LSN (big-endian) -> index_entry and strings */                \
	X(BODY, "body", 0)                /* body id -> index_body */                                                  \
	X(SEGMENT, "segment", MDB_INTEGERKEY) /* segment id -> index_segment */

enum index_table {
#define X(name, text, flags) INDEX_##name,
	INDEX_TABLES(X)
#undef X
		INDEX_TABLE_COUNT
};

struct index {
	char *path; /* owned */
	struct store_id uuid;
	MDB_env *env;
	MDB_dbi dbi[INDEX_TABLE_COUNT];
	uint64_t covered; /* LSN; all up to it is in the rows */
	bool any_order;   /* records are applied as footers have them, not by LSN */
	pthread_mutex_t lock;
	MDB_txn *idle[INDEX_READERS];
	size_t n_idle;
};

struct index_account {
	struct store_id id;
	uint64_t lsn, quota, created;
	uint32_t flags;
	uint16_t bucket, hash_len;
	/* hash */
};

struct index_mailbox {
	uint64_t lsn, modseq;
	uint64_t messages, octets;
	uint32_t uidvalidity, uidnext;
};

struct index_entry {
	struct store_id id, body;
	uint64_t modseq, date, size;
	uint32_t uid, flags;
	uint16_t return_path_len, delivered_to_len;
	/* return path, 16-bit length, delivered to: as the record's payload ends */
};

struct index_body {
	uint64_t segment, offset, lsn;
	uint32_t length, raw, crc;
	uint32_t refs;
	uint16_t bucket;
	uint8_t flags; /* enum record_flag */
};

struct index_segment {
	uint64_t total; /* octets of records seen */
	uint64_t dead;  /* of bodies that nothing refers to, and their entries */
};

/* LMDB's code as -errno. */
int index_error(int code);
/* Opens path (a directory, made if missing). An index of another store, format or unclean boot is removed. *fresh: it is
 * empty, all must be applied. 0 or -errno with error. */
int index_open(struct index *ix, const char *path, const struct store_id *uuid, struct keel_buffer *error, bool *fresh);
/* clean: everything durable is in the rows; they are synced and marked. */
void index_close(struct index *ix, bool clean);
/* Empties every table. */
int index_clear(struct index *ix);

/* One writer at a time. Every function below that takes a txn reads or writes in it. */
int index_begin(struct index *ix, MDB_txn **txn);
/* Commits and sets covered; on failure nothing was written. Consumes txn. */
int index_commit(struct index *ix, MDB_txn **txn, uint64_t covered);
void index_abort(MDB_txn **txn);
/* Applies one record. Records of one object must come in the order of their LSNs, except that puts of accounts, aliases and domains may come
 * in any order: the greatest LSN wins. */
int index_apply(struct index *ix, MDB_txn *txn, const struct record *r, uint64_t segment, uint64_t offset,
		const uint8_t *payload);
/* What an entry leaves behind that was expunged: its UID and MODSEQ are used up. */
int index_apply_ghost(struct index *ix, MDB_txn *txn, const struct record *r, const uint8_t *payload);
/* Adds to what the segment's row counts; total and dead in octets. */
int index_count_segment(struct index *ix, MDB_txn *txn, uint64_t segment, uint64_t total, uint64_t dead);
/* A body moved: its row follows if it still says from/from_offset. -ENOENT: it has none any more. */
int index_move_body(struct index *ix, MDB_txn *txn, const struct store_id *body, uint64_t from, uint64_t from_offset,
		    uint64_t to, uint64_t to_offset);
/* Bodies that no entry refers to. */
int index_drop_orphans(struct index *ix, uint64_t *dropped);

/* Read transactions; give them back soon. NULL: out of memory or readers. */
MDB_txn *index_read(struct index *ix);
void index_read_end(struct index *ix, MDB_txn **txn);

/* 0 or -ENOENT, -EIO. Outputs are copies, except *rest, which is borrowed from the txn. */
int index_get(struct index *ix, MDB_txn *txn, enum index_table table, const void *key, size_t key_len, void *out,
	      size_t n, const uint8_t **rest, size_t *rest_len);
int index_put(struct index *ix, MDB_txn *txn, enum index_table table, const void *key, size_t key_len, const void *row,
	      size_t n, const void *rest, size_t rest_len);
int index_delete(struct index *ix, MDB_txn *txn, enum index_table table, const void *key, size_t key_len);

struct index_mailbox_key {
	struct store_id account, mailbox;
};
struct index_entry_key {
	struct store_id mailbox;
	uint64_t lsn_be;
};
static inline struct index_entry_key index_entry_key(const struct store_id *mailbox, uint64_t lsn)
{
	return (struct index_entry_key){ .mailbox = *mailbox, .lsn_be = __builtin_bswap64(lsn) };
}

#endif

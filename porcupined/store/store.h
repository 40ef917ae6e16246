/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mail store of a node: one append-only log is the only hard state, an LMDB index over it is rebuildable. Format and
 * rules: Documentation/design/store.md. Every function is thread-safe unless it says otherwise; those marked [blocks] wait for a disk and
 * do not belong on an event loop.
 */
#ifndef PORCUPINED_STORE_STORE_H
#define PORCUPINED_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/lib/keel/buffer.h"
#include "tools/lib/keel/metric.h"

struct store;
struct store_body;
struct store_txn;
struct store_reader;

/* 128-bit id of an object, account or mailbox. An account's INBOX has the account's id. */
struct store_id {
	uint8_t octet[16];
};

#define STORE_BUCKETS 4096
#define STORE_ADDRESS_MAX 320 /* 64 @ 255, and the NUL */
#define STORE_HASH_MAX 256    /* a crypt(3) string and its NUL */
#define STORE_TARGETS_MAX 256 /* accounts behind one address */

struct store_config {
	uint64_t segment_size; /* octets; a segment is sealed when the next transaction would pass it */
	uint64_t body_memory;  /* octets one body under construction keeps in memory before it spills to a file */
	uint64_t total_memory; /* octets all of them keep; above, every body spills from 64 KiB on */
	uint64_t message_size; /* largest body, octets */
	uint64_t reserve;      /* octets of the file system to leave free: below, the store takes no new mail */
	bool compress;         /* zstd for bodies that shrink */
	bool background_compaction;
	bool create; /* make the store if the directory holds none */
};

/* ---- open, close ------------------------------------------------------------------------------ */

/* The defaults the daemon and the tools share. */
void store_config_defaults(struct store_config *config);
/* Opens (or makes) the store in the directory path: lock, recovery, index, threads. On failure error says why and what
 * to do; -EBUSY: another process has it (its pid is named); -ENOENT: no store there; -EBADMSG: damaged header; -EPROTONOSUPPORT:
 * written by a newer version. [blocks] */
int store_open(const char *path, const struct store_config *config, struct keel_buffer *error, struct store **out);
/* Finishes what was committed, seals the index as clean, frees. No call may be under way. [blocks] */
void store_close(struct store **store);

/* Why the store takes no new mail: 0 (it does), -ENOSPC or -EROFS. */
int store_writable(const struct store *store);

/* ---- addresses ---------------------------------------------------------------------------------- */

enum store_account_flag {
	STORE_ACCOUNT_DISABLED = 1 << 0, /* no login; mail is still taken */
};

struct store_account {
	struct store_id id;
	uint16_t bucket; /* first 12 bits of SHA-256 of the canonical address */
	uint32_t flags;
	uint64_t quota;                  /* octets; 0 = the node's default */
	uint64_t created;                /* Unix seconds */
	uint64_t lsn;                    /* of the record: changes with every change of the account */
	char address[STORE_ADDRESS_MAX]; /* canonical */
	char hash[STORE_HASH_MAX];       /* crypt(3) */
};

struct store_usage {
	uint64_t messages;
	uint64_t octets;
};

/* All take canonical addresses (auth/address.h), lower-case domains. -ENOENT if there is none. */
int store_account_find(struct store *store, const char *address, struct store_account *out);
/* The accounts that mail for address goes to: the account itself, or an alias' targets, aliases followed up to 8 deep, each
 * account once. *n: in capacity of out, out count. -ENOENT; -ELOOP; -E2BIG. */
int store_resolve(struct store *store, const char *address, struct store_id *out, uint16_t *buckets, uint64_t *quotas,
		  size_t *n);
int store_domain_find(struct store *store, const char *domain);
/* Messages and octets of all mailboxes of an account, as far as the index has come. */
int store_usage(struct store *store, const struct store_id *account, struct store_usage *out);
/* Calls each() in order of address (domain for domains) until it returns nonzero, which is returned. For aliases targets is comma
 * separated. [blocks] */
int store_each_account(struct store *store, int (*each)(const struct store_account *account, void *arg), void *arg);
int store_each_domain(struct store *store, int (*each)(const char *domain, void *arg), void *arg);
int store_each_alias(struct store *store, int (*each)(const char *alias, const char *targets, void *arg), void *arg);

/* ---- writing ------------------------------------------------------------------------------------ */

/* A message body under construction; one thread at a time. */
int store_body_new(struct store *store, struct store_body **out);
/* 0, -ENOMEM, -ENOSPC, -EFBIG (over message_size), -EIO. After a failure only free. May write to a spill file. */
int store_body_append(struct store_body *body, const void *data, size_t n);
uint64_t store_body_size(const struct store_body *body);
void store_body_free(struct store_body **body);

/* One recipient of a body. Strings are copied. */
struct store_delivery {
	struct store_id account;
	uint16_t bucket;
	uint64_t date;            /* internal date, Unix seconds; 0 = now */
	uint64_t size;            /* octets a reader sees: the body and the fields put in front of it */
	uint32_t flags;           /* IMAP flags, 0 for new mail */
	const char *return_path;  /* without <>; "" = null */
	const char *delivered_to; /* the recipient as accepted */
};

/* A transaction: all of it becomes durable or none. One thread at a time. */
int store_txn_new(struct store *store, struct store_txn **out);
/* Takes *body (it is NULL afterwards, also on failure) for n >= 1 recipients: one body record and n entries. Hashes: call it on the
 * thread that may spend the time. At most one body a transaction. */
int store_txn_deliver(struct store_txn *txn, struct store_body **body, const struct store_delivery *deliveries,
		      size_t n);
struct store_message;
/* Removes a message from its mailbox. */
int store_txn_expunge(struct store_txn *txn, const struct store_account *account, const struct store_message *message);
/* Makes or changes an account; a new one has a zero id and gets its id here. INBOX comes with it. The commit fails with -EEXIST if the
 * address of a new one has an account, -ENOENT if the account was removed, -ESTALE if it was changed since it was found. */
int store_txn_account(struct store_txn *txn, struct store_account *account);
/* Its mail goes with it. The commit fails with -ENOENT if the account was removed before. */
int store_txn_account_remove(struct store_txn *txn, const struct store_account *account);
int store_txn_domain(struct store_txn *txn, const char *domain, bool remove);
/* targets: NULL-terminated canonical addresses; NULL removes the alias. bucket: of the alias' address. */
int store_txn_alias(struct store_txn *txn, const char *alias, uint16_t bucket, const char *const *targets);
void store_txn_free(struct store_txn **txn);
/* The object id of the body, for replies and logs; valid after store_txn_deliver. */
const struct store_id *store_txn_body_id(const struct store_txn *txn);

/* Hands *txn over (NULL afterwards). done runs once, on the store's commit thread, after fdatasync: error 0 = durable; -ENOSPC, -EROFS,
 * -EIO, or what a record of an account is refused with = not stored. It must be short: post to a loop. */
void store_commit(struct store *store, struct store_txn **txn, void (*done)(void *arg, int error), void *arg);
/* The same, waiting; what was committed is visible when it returns. [blocks] */
int store_commit_wait(struct store *store, struct store_txn **txn);
/* Returns when everything that was durable before the call is visible to readers. Short, but may take the index lock. [blocks] */
int store_barrier(struct store *store);

/* ---- reading ------------------------------------------------------------------------------------ */

struct store_message {
	struct store_id mailbox;
	struct store_id id; /* of the entry: UIDL */
	struct store_id body;
	uint64_t lsn; /* of the entry */
	uint64_t modseq;
	uint64_t date; /* Unix seconds */
	uint64_t size; /* see store_delivery */
	uint32_t uid;  /* 0 = pending */
	uint32_t flags;
};

/* The messages of a mailbox in order of arrival, after a barrier: an array to free(). [blocks] */
int store_mailbox_list(struct store *store, const struct store_id *mailbox, struct store_message **out, size_t *n);

struct store_mailbox {
	struct store_id account;
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint64_t highestmodseq;
	struct store_usage usage;
};
int store_mailbox_status(struct store *store, const struct store_id *mailbox, struct store_mailbox *out);

/* Opens a message for reading: finds it and pins its segment. return_path and delivered_to are owned by the reader. */
int store_reader_open(struct store *store, const struct store_message *message, struct store_reader **out);
const char *store_reader_return_path(const struct store_reader *reader);
const char *store_reader_delivered_to(const struct store_reader *reader);
/* The next octets of the body, borrowed until the next call. > 0; 0 = end, and the checksum was right; -EBADMSG: it was not (up to
 * 1 MiB this is known before the first octet is given); -EAGAIN: may_block is false and it would; -EIO. */
ssize_t store_reader_next(struct store_reader *reader, bool may_block, const uint8_t **data);
void store_reader_free(struct store_reader **reader);

/* ---- care ----------------------------------------------------------------------------------------- */

/* Progress of long work: done of total octets. Nonzero = stop, -ECANCELED is returned. */
typedef int (*store_progress_fn)(uint64_t done, uint64_t total, void *arg);

struct store_scrub {
	uint64_t segments, records, octets;
	uint64_t bad_records;  /* wrong checksum, header or SHA-256 */
	uint64_t missing;      /* entries whose body is not there */
	uint64_t index_errors; /* rows that differ from the log */
};
/* Reads every octet and holds all against its checksums, and the index against the log. report gets a line per finding. [blocks] */
int store_scrub(struct store *store, store_progress_fn progress, void *arg, struct keel_buffer *report,
		struct store_scrub *out);
/* Rewrites sealed segments whose dead share is at least min_dead percent (0 = all). [blocks] */
int store_compact(struct store *store, unsigned min_dead, store_progress_fn progress, void *arg, uint64_t *freed);
/* Writes an account's INBOX as a Maildir (new directory) or mbox (new file); reads one in. *messages: how many. */
enum store_format { STORE_MAILDIR, STORE_MBOX };
int store_export(struct store *store, const struct store_account *account, enum store_format format, const char *path,
		 store_progress_fn progress, void *arg, struct keel_buffer *error, uint64_t *messages);
int store_import(struct store *store, const struct store_account *account, enum store_format format, const char *path,
		 store_progress_fn progress, void *arg, struct keel_buffer *error, uint64_t *messages);

struct store_status {
	char uuid[37];
	uint64_t node;
	uint64_t next_lsn, synced_lsn, indexed_lsn;
	uint64_t segments, octets, live_octets, quarantined;
	uint64_t accounts, messages;
	uint64_t open_octets_read; /* octets read from segments while opening */
	int writable;              /* see store_writable */
};
int store_get_status(struct store *store, struct store_status *out);

/* Rows for the daemon's metric table; static. */
const struct keel_metric *store_metrics(size_t *n);

#endif

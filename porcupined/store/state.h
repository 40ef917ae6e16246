/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store from inside. Four threads besides the callers: the commit thread owns the active segment and all LSNs; the index thread
 * applies what is durable; the keeper seals, prepares the next segment and compacts. Queues join them.
 */
#ifndef PORCUPINED_STORE_STATE_H
#define PORCUPINED_STORE_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <openssl/evp.h>

#include "porcupined/store/index.h"
#include "porcupined/store/segment.h"

/* ---- a body under construction ------------------------------------------------------------------ */

struct store_body {
	struct store *store;
	/* Room for the record header, then octets; after spilling: those not yet in the file. */
	struct keel_buffer memory;
	uint64_t size;      /* octets of the body */
	uint64_t charged;   /* of store->body_octets */
	int spill;          /* fd of an unnamed file, or -1 */
	uint64_t spilled;   /* octets in it */
	uint32_t crc;       /* of those */
	EVP_MD_CTX *digest; /* over those */
	int failed;
};

/* ---- a transaction ------------------------------------------------------------------------------- */

/* What a record of an account takes for granted, see guard.c. */
enum txn_guard {
	TXN_GUARD_NONE,
	TXN_GUARD_NEW,   /* the address has no account */
	TXN_GUARD_THERE, /* the address has this account */
	TXN_GUARD_SAME,  /* and it is as the record `expected` left it */
};

struct txn_record {
	struct record record;
	enum txn_guard guard;
	uint64_t expected; /* LSN */
	size_t at;         /* of the record in small; bodies: unused */
	uint64_t offset;   /* in the segment, once written */
};

struct store_txn {
	struct store_txn *next;
	struct store *store;
	struct store_body *body;    /* owned; its record is the first */
	struct keel_buffer records; /* struct txn_record */
	struct keel_buffer small;   /* records but the body's: room for the header, payload, padding */
	uint64_t space;             /* octets in the log */
	bool guarded;               /* a record has a guard */
	uint64_t segment;           /* id, once written */
	uint64_t began;             /* monotonic ns of store_commit */
	void (*done)(void *arg, int error);
	void *arg;
};

static inline struct txn_record *txn_records(const struct store_txn *t, size_t *n)
{
	*n = t->records.len / sizeof(struct txn_record);
	return (struct txn_record *)t->records.data;
}

/* ---- counters of mailboxes, kept by the commit thread ---------------------------------------------- */

struct uid_row {
	struct store_id mailbox;
	uint64_t modseq, last_lsn;
	uint32_t uidnext;
	bool used;
};

struct uid_table {
	struct uid_row *rows;
	size_t n, cap; /* cap: a power of two */
};

/* ---- the store ------------------------------------------------------------------------------------- */

struct seal_job {
	struct seal_job *next;
	struct segment *segment; /* pinned */
	struct footer_draft draft;
};

struct store {
	struct store_config config;
	char *path;
	int dir, lock;
	struct store_id uuid;
	uint64_t node;
	struct segment_table segments;
	struct index index;
	_Atomic uint64_t hlc;
	_Atomic uint64_t body_octets;
	_Atomic int writable; /* 0, -ENOSPC, -EROFS */
	uint64_t open_octets;
	uint64_t quarantined;

	/* commit queue */
	pthread_mutex_t lock_commit;
	pthread_cond_t wake_commit;
	struct store_txn *queue, **queue_end;
	bool ending;
	pthread_t committer;
	/* the commit thread's own */
	struct segment *active;
	struct footer_draft draft;
	uint64_t active_at; /* offset of the next record */
	uint64_t next_lsn;
	uint64_t void_first, void_last; /* to be stated by the next segment */
	struct uid_table uids;
	_Atomic uint64_t synced_lsn;

	/* index queue */
	pthread_mutex_t lock_index;
	pthread_cond_t wake_index, indexed;
	struct store_txn *pending, **pending_end;
	size_t n_pending;
	uint64_t promised_lsn; /* last LSN acknowledged: barriers wait for it */
	uint64_t queued_lsn;   /* last LSN handed to the index thread */
	uint64_t indexed_lsn;  /* last LSN in committed rows */
	unsigned waiters;
	int index_error;
	bool index_ending;
	pthread_t indexer;
	pthread_mutex_t lock_rows; /* one LMDB writer: index thread or compaction */

	/* keeper */
	pthread_mutex_t lock_keeper;
	pthread_cond_t wake_keeper, sealed;
	struct seal_job *seals, **seals_end;
	bool sealing;
	struct segment *spare;
	bool keeper_ending;
	pthread_t keeper;
	pthread_mutex_t lock_room; /* who makes a segment that must leave the reserve */
	pthread_mutex_t lock_compact;
	bool compaction_stopped; /* replaced segments are still there: only a start sorts that out; under lock_compact */
	bool started;
};

uint64_t store_monotonic(void);
/* A clock reading greater than every one before: Unix ms << 16 | counter. */
uint64_t store_hlc(struct store *store);
/* A new object id: clock, then node. */
struct store_id store_new_id(struct store *store);

/* body.c: hashes what is still in memory; the memory then holds the rest of the record behind the header: octets, digest, padding.
 * Sets length, raw, payload_crc and flags of r. */
int body_finish(struct store_body *body, struct record *r);

/* guard.c, on the commit thread: may t be committed now? 0; -EEXIST, -ENOENT, -ESTALE: an account is not as t takes it to be; or the index'
 * error. Waits for the index. */
int guard(struct store *store, const struct store_txn *t);
/* commit.c */
int commit_start(struct store *store);
void commit_stop(struct store *store);
/* indexer.c */
int indexer_start(struct store *store);
void indexer_stop(struct store *store);
/* lsn is durable and about to be acknowledged; the transactions follow by indexer_push. */
void indexer_promise(struct store *store, uint64_t lsn);
void indexer_push(struct store *store, struct store_txn *first, struct store_txn **end, size_t n, uint64_t lsn);
int uid_next(struct store *store, const struct store_id *account, const struct store_id *mailbox, uint64_t lsn,
	     bool take, uint32_t *uid, uint64_t *modseq);
void uid_free(struct uid_table *t);
/* keeper.c */
int keeper_start(struct store *store);
void keeper_stop(struct store *store);
/* Hands a full segment over to be sealed; takes the pin and the draft's memory. */
void keeper_seal(struct store *store, struct segment *segment, struct footer_draft *draft);
/* The prepared segment, pinned, or NULL. */
struct segment *keeper_spare(struct store *store);
/* segment_create() for mail: -ENOSPC unless the reserve is left then, whoever else makes one meanwhile. */
int keeper_create(struct store *store, uint64_t size, uint64_t void_first, uint64_t void_last, struct segment **out);
/* Octets that the file system would give us. */
uint64_t keeper_room(const struct store *store);
/* Waits until nothing is left to seal. */
void keeper_drain(struct store *store);
/* compact.c: one run if it is worth it. */
void compact_in_background(struct store *store);
/* recover.c: brings segments and index to one state; called before the threads start. */
int recover(struct store *store, bool fresh_index, struct keel_buffer *error);
/* Applies all of the log to an empty index. */
int recover_index(struct store *store);
/* salvage.c: rows of a section (STATE, BODIES or ENTRIES) of a sealed segment, appended to out. If that part of the footer is damaged, they are
 * made from the records themselves; a record that is damaged, too, has no row. 0 or -errno. */
int salvage_rows(struct store *store, struct segment *s, enum footer_section section, struct keel_buffer *out);

/* ---- metrics.c ------------------------------------------------------------------------------------- */

/* X(KIND, field, name, help): the one list of the store's metrics. */
#define STORE_METRICS(X)                                                                                               \
	X(COUNTER, commits, "porcupined_store_commits_total", "Group commits (one fdatasync each)")                   \
	X(COUNTER, transactions, "porcupined_store_transactions_total", "Transactions made durable")                  \
	X(COUNTER, written, "porcupined_store_written_bytes_total", "Octets written to segments, footers included")   \
	X(COUNTER, failures, "porcupined_store_failures_total", "Group commits that failed; their segment was abandoned") \
	X(COUNTER, damaged, "porcupined_store_damaged_total", "Records found damaged, at start or when read")         \
	X(COUNTER, spilled, "porcupined_store_spilled_total", "Message bodies that went through a spill file")        \
	X(COUNTER, indexed, "porcupined_store_indexed_total", "Transactions applied to the index")                    \
	X(COUNTER, compactions, "porcupined_store_compactions_total", "Compaction runs that replaced segments")       \
	X(COUNTER, freed, "porcupined_store_freed_bytes_total", "Octets freed by compaction")                         \
	X(GAUGE, body_memory, "porcupined_store_body_memory_bytes", "Octets of message bodies held in memory")        \
	X(GAUGE, index_backlog, "porcupined_store_index_backlog", "Transactions durable but not yet in the index")    \
	X(HISTOGRAM, sync, "porcupined_store_sync_seconds", "Time of write and fdatasync of a group commit")          \
	X(HISTOGRAM, commit, "porcupined_store_commit_seconds", "Time from handing a transaction over to its durability")

struct store_metrics {
#define STORE_FIELD_COUNTER _Atomic uint64_t
#define STORE_FIELD_GAUGE _Atomic int64_t
#define STORE_FIELD_HISTOGRAM struct keel_histogram
#define X(kind, field, name, help) STORE_FIELD_##kind field;
	STORE_METRICS(X)
#undef X
};
extern struct store_metrics store_metric;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of the log: a header of 96 octets, then the payload, padded with zeros to a multiple of 8. All
 * integers are little-endian. Documentation/design/store.md has the layout. Pure.
 */
#ifndef PORCUPINED_STORE_RECORD_H
#define PORCUPINED_STORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "porcupined/store/store.h"
#include "tools/lib/keel/buffer.h"

#define RECORD_HEADER 96u
#define RECORD_MAGIC 0x4345524fu /* "OREC" */
#define RECORD_DIGEST 32u        /* SHA-256 of a body, behind its octets; never compressed */
#define RECORD_PAYLOAD_MAX (1u << 31)

/* X(NAME, number, name in reports). Numbers are for ever. */
#define RECORD_TYPES(X)                                                                                                \
	X(BODY, 1, "body")                                                                                             \
	X(ENTRY, 2, "entry")                                                                                           \
	X(EXPUNGE, 3, "expunge")                                                                                       \
	X(ACCOUNT, 4, "account")                                                                                       \
	X(ACCOUNT_REMOVED, 5, "account-removed")                                                                       \
	X(MAILBOX, 6, "mailbox")                                                                                       \
	X(COUNTER, 7, "counter")                                                                                       \
	X(DOMAIN, 8, "domain")                                                                                         \
	X(DOMAIN_REMOVED, 9, "domain-removed")                                                                         \
	X(ALIAS, 10, "alias")                                                                                          \
	X(ALIAS_REMOVED, 11, "alias-removed")

enum record_type {
#define X(name, number, text) RECORD_##name = number,
	RECORD_TYPES(X)
#undef X
};

enum record_flag {
	RECORD_TXN_END = 1 << 0, /* last record of its transaction */
	RECORD_ZSTD = 1 << 1,    /* the stored payload is compressed; raw is its length before */
};

struct record {
	uint8_t type;
	uint8_t flags;
	uint16_t bucket;
	uint16_t txn_index;   /* place in its transaction, from 0 */
	uint32_t length;      /* stored payload, octets */
	uint32_t raw;         /* payload before compression, octets */
	uint32_t payload_crc; /* CRC32C of the stored payload */
	uint32_t epoch;       /* of the bucket; 0 on a lone node */
	uint64_t lsn;
	uint64_t synced; /* last LSN known durable when this was written */
	uint64_t hlc;    /* hybrid clock: Unix ms << 16 | counter */
	uint64_t origin; /* node id */
	struct store_id account;
	struct store_id object;
};

/* Octets of a message, of its BODY's length or raw: what is before the digest. Below 0: there is no digest. */
static inline int64_t record_octets(uint32_t length)
{
	return (int64_t)length - RECORD_DIGEST;
}

/* Octets a record of that payload takes in the log. */
static inline uint64_t record_space(uint32_t length)
{
	return ((uint64_t)RECORD_HEADER + length + 7) & ~7ull;
}

/* salt: the segment's; it enters the header's CRC so that octets mailed to us never pass for a record. */
void record_encode(const struct record *r, uint64_t salt, uint8_t out[RECORD_HEADER]);
/* 0 or -EBADMSG; the payload is not looked at. */
int record_decode(const uint8_t in[RECORD_HEADER], uint64_t salt, struct record *r);
const char *record_type_name(uint8_t type);

/* ---- payloads; strings are borrowed from the payload, with lengths ------------------------------ */

struct record_text {
	const char *at;
	uint16_t len;
};

/* uid, flags and modseq stand first: the commit thread sets them in place. */
#define RECORD_ENTRY_UID 0
#define RECORD_ENTRY_MODSEQ 8
#define RECORD_ENTRY_MAILBOX 32
struct record_entry {
	uint32_t uid, flags;
	uint64_t modseq, date, size;
	struct store_id mailbox, body;
	struct record_text return_path, delivered_to;
};

#define RECORD_EXPUNGE_MODSEQ 0
struct record_expunge {
	uint64_t modseq;
	uint64_t target; /* LSN of the entry */
	struct store_id mailbox;
};

struct record_account {
	uint32_t flags;
	uint64_t quota, created;
	struct record_text address, hash;
};

struct record_mailbox {
	uint32_t uidvalidity;
	struct record_text name;
};

struct record_counter {
	uint32_t uidvalidity, uidnext;
	uint64_t modseq;
};

struct record_alias {
	struct record_text alias;
	uint16_t n;
	struct record_text targets; /* n texts, each a 16-bit length and its octets */
};

int record_put_entry(struct keel_buffer *b, const struct record_entry *e);
int record_put_expunge(struct keel_buffer *b, const struct record_expunge *e);
int record_put_account(struct keel_buffer *b, const struct record_account *a);
int record_put_mailbox(struct keel_buffer *b, const struct record_mailbox *m);
int record_put_counter(struct keel_buffer *b, const struct record_counter *c);
int record_put_text(struct keel_buffer *b, const char *text);
int record_put_alias(struct keel_buffer *b, const char *alias, const char *const *targets);
/* Each: 0 or -EBADMSG, nothing left over. */
int record_get_entry(const void *payload, size_t n, struct record_entry *e);
int record_get_expunge(const void *payload, size_t n, struct record_expunge *e);
int record_get_account(const void *payload, size_t n, struct record_account *a);
int record_get_mailbox(const void *payload, size_t n, struct record_mailbox *m);
int record_get_counter(const void *payload, size_t n, struct record_counter *c);
int record_get_text(const void *payload, size_t n, struct record_text *t);
int record_get_alias(const void *payload, size_t n, struct record_alias *a);

#endif

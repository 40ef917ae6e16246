/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a message body: whole and checked before the first octet is given if it is small, in chunks if it is large. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <zstd.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define READ_WHOLE (1u << 20)
#define READ_CHUNK (256u << 10)

struct store_reader {
	struct store *store;
	struct segment *segment; /* pinned */
	struct index_body body;
	struct store_id id;
	uint64_t at; /* octets of the stored payload given or read */
	uint32_t crc;
	bool ended;
	uint8_t *memory;
	size_t have;    /* octets of the current chunk read so far */
	char strings[]; /* return path NUL delivered to NUL */
};

static int read_entry(struct store *store, const struct store_message *m, struct store_reader **out)
{
	struct index_entry_key key = index_entry_key(&m->mailbox, m->lsn);
	struct index_entry row;
	struct store_reader *reader;
	const uint8_t *strings;
	size_t len;
	MDB_txn *txn = index_read(&store->index);
	int r;

	if (!txn)
		return -EAGAIN;
	r = index_get(&store->index, txn, INDEX_ENTRY, &key, sizeof(key), &row, sizeof(row), &strings, &len);
	if (!r && len != (size_t)row.return_path_len + 2 + row.delivered_to_len)
		r = -EIO;
	reader = r ? NULL : calloc(1, sizeof(*reader) + len);
	if (!r && !reader)
		r = -ENOMEM;
	if (!r) {
		reader->store = store;
		reader->id = row.body;
		memcpy(reader->strings, strings, row.return_path_len);
		memcpy(reader->strings + row.return_path_len + 1, strings + row.return_path_len + 2,
		       row.delivered_to_len);
		r = index_get(&store->index, txn, INDEX_BODY, &row.body, sizeof(row.body), &reader->body,
			      sizeof(reader->body), NULL, NULL);
		if (r == -ENOENT)
			r = -EBADMSG; /* its record was damaged */
	}
	index_read_end(&store->index, &txn);
	if (r) {
		free(reader);
		return r;
	}
	*out = reader;
	return 0;
}

int store_reader_open(struct store *store, const struct store_message *message, struct store_reader **out)
{
	/* Compaction may move the body between the look-up and the pin: then look again. */
	for (int tries = 0; tries < 8; tries++) {
		struct store_reader *reader;
		int r = read_entry(store, message, &reader);

		if (r)
			return r;
		reader->segment = segment_pin(&store->segments, reader->body.segment);
		if (reader->segment) {
			if (record_octets(reader->body.length) < 0) {
				store_reader_free(&reader);
				return -EBADMSG;
			}
			*out = reader;
			return 0;
		}
		r = -errno;
		store_reader_free(&reader);
		if (r != -ENOENT)
			return r;
	}
	return -EBADMSG;
}

void store_reader_free(struct store_reader **reader)
{
	struct store_reader *r = keel_take(*reader);

	if (!r)
		return;
	if (r->segment)
		segment_unpin(&r->store->segments, r->segment);
	free(r->memory);
	free(r);
}

const char *store_reader_return_path(const struct store_reader *r)
{
	return r->strings;
}

const char *store_reader_delivered_to(const struct store_reader *r)
{
	return r->strings + strlen(r->strings) + 1;
}

static int damaged(struct store_reader *r, const char *why)
{
	struct keel_log_number offset;

	keel_count(&store_metric.damaged);
	keel_log(KEEL_LOG_ERROR, "store: damaged message", "why", why, "segment", KEEL_N(r->body.segment), "offset",
		 keel_log_number(&offset, (int64_t)r->body.offset), NULL);
	return -EBADMSG;
}

/* Fills memory with n octets of the payload from r->at on. */
static int fill(struct store_reader *r, size_t n, bool may_block)
{
	while (r->have < n) {
		struct iovec iov = { r->memory + r->have, n - r->have };
		off_t at = (off_t)(r->body.offset + RECORD_HEADER + r->at + r->have);
		ssize_t got = preadv2(r->segment->fd, &iov, 1, at, may_block ? 0 : RWF_NOWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EOPNOTSUPP && !may_block)
			return -EAGAIN;
		if (got < 0)
			return -errno;
		if (!got)
			return damaged(r, "end of file");
		r->have += (size_t)got;
	}
	return 0;
}

static int unpack(struct store_reader *r, size_t *n)
{
	const int64_t raw = record_octets(r->body.raw); /* below 0 it is too large as well */
	uint8_t *out;

	if ((uint64_t)raw > r->store->config.message_size + READ_WHOLE)
		return damaged(r, "length");
	out = malloc((size_t)raw + 1);
	if (!out)
		return -ENOMEM;
	if (ZSTD_decompress(out, (size_t)raw, r->memory, *n) != (size_t)raw) {
		free(out);
		return damaged(r, "decompression");
	}
	free(r->memory);
	r->memory = out;
	*n = (size_t)raw;
	return 0;
}

ssize_t store_reader_next(struct store_reader *r, bool may_block, const uint8_t **data)
{
	uint64_t left = r->body.length - r->at;
	bool whole = r->body.length <= READ_WHOLE || r->body.flags & RECORD_ZSTD;
	size_t want = whole || left < READ_CHUNK ? left : READ_CHUNK, give;
	int error;

	if (r->ended)
		return 0;
	/* A last chunk that held nothing but the digest would be given as no octets, which means the end: take it along. */
	if (!whole && left - want < RECORD_DIGEST && left > want)
		want = left - RECORD_DIGEST;
	if (!r->memory) {
		r->memory = malloc(whole ? r->body.length : READ_CHUNK);
		if (!r->memory)
			return -ENOMEM;
	}
	error = fill(r, want, may_block);
	if (error)
		return error;
	r->crc = crc32c(r->crc, r->memory, want);
	r->at += want;
	r->have = 0;
	if (r->at < r->body.length) {
		*data = r->memory;
		return (ssize_t)want;
	}
	r->ended = true;
	if (r->crc != r->body.crc)
		return damaged(r, "checksum");
	give = want - RECORD_DIGEST;
	if (r->body.flags & RECORD_ZSTD) {
		error = unpack(r, &give);
		if (error)
			return error;
	}
	*data = r->memory;
	return (ssize_t)give;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message body while it comes in: in memory while small, in an unnamed file when it is large or memory is short. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"

#define BODY_FIRST 7936u         /* first allocation: most messages fit */
#define BODY_PRESSED (64u << 10) /* memory a body may keep once all of them hold total_memory */
#define COMPRESS_LEVEL 1

static void charge(struct store_body *b)
{
	uint64_t now = b->memory.cap;

	if (now == b->charged)
		return;
	atomic_fetch_add_explicit(&b->store->body_octets, now - b->charged, memory_order_relaxed);
	keel_gauge_add(&store_metric.body_memory, (int64_t)(now - b->charged));
	b->charged = now;
}

int store_body_new(struct store *store, struct store_body **out)
{
	struct store_body *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->store = store;
	b->spill = -1;
	keel_buffer_init(&b->memory, 0);
	if (keel_buffer_reserve(&b->memory, BODY_FIRST)) {
		free(b);
		return -ENOMEM;
	}
	b->memory.len = RECORD_HEADER;
	charge(b);
	*out = b;
	return 0;
}

void store_body_free(struct store_body **body)
{
	struct store_body *b = keel_take(*body);

	if (!b)
		return;
	keel_buffer_free(&b->memory);
	charge(b);
	if (b->spill >= 0)
		close(b->spill);
	EVP_MD_CTX_free(b->digest);
	free(b);
}

uint64_t store_body_size(const struct store_body *body)
{
	return body->size;
}

static int spill_open(struct store_body *b)
{
	b->spill = openat(b->store->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (b->spill < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		char name[32];

		/* A file system without O_TMPFILE: a name that goes at once. */
		snprintf(name, sizeof(name), "spill-%p", (void *)b);
		b->spill = openat(b->store->dir, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
		if (b->spill >= 0)
			unlinkat(b->store->dir, name, 0);
	}
	if (b->spill < 0)
		return -errno;
	b->digest = EVP_MD_CTX_new();
	if (!b->digest || !EVP_DigestInit_ex(b->digest, EVP_sha256(), NULL))
		return -ENOMEM;
	keel_count(&store_metric.spilled);
	return 0;
}

/* Moves what memory holds to the file. */
static int spill(struct store_body *b)
{
	const uint8_t *at = b->memory.data + RECORD_HEADER;
	size_t n = b->memory.len - RECORD_HEADER;
	int r = b->spill < 0 ? spill_open(b) : 0;

	if (r)
		return r;
	b->crc = crc32c(b->crc, at, n);
	if (!EVP_DigestUpdate(b->digest, at, n))
		return -EIO;
	while (n) {
		ssize_t put = pwrite(b->spill, at, n, (off_t)b->spilled);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		at += put;
		n -= (size_t)put;
		b->spilled += (uint64_t)put;
	}
	b->memory.len = RECORD_HEADER;
	return 0;
}

int store_body_append(struct store_body *b, const void *data, size_t n)
{
	const struct store_config *c = &b->store->config;
	uint64_t limit = c->body_memory;

	if (b->failed)
		return b->failed;
	if (n > c->message_size || b->size > c->message_size - n)
		return b->failed = -EFBIG;
	if (atomic_load_explicit(&b->store->body_octets, memory_order_relaxed) > c->total_memory &&
	    limit > BODY_PRESSED)
		limit = BODY_PRESSED;
	if (b->memory.len - RECORD_HEADER + n > limit && b->memory.len > RECORD_HEADER)
		b->failed = spill(b);
	if (!b->failed)
		b->failed = keel_buffer_append(&b->memory, data, n);
	if (!b->failed)
		b->size += n;
	charge(b);
	return b->failed;
}

/* The body in memory becomes its zstd form, if that is smaller. */
static int compress(struct store_body *b, struct record *r)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer small;
	size_t n = b->memory.len - RECORD_HEADER, bound = ZSTD_compressBound(n), got;

	keel_buffer_init(&small, 0);
	if (keel_buffer_reserve(&small, RECORD_HEADER + bound + RECORD_DIGEST + 8))
		return -ENOMEM;
	got = ZSTD_compress(small.data + RECORD_HEADER, bound, b->memory.data + RECORD_HEADER, n, COMPRESS_LEVEL);
	if (ZSTD_isError(got) || got >= n)
		return 0;
	small.len = RECORD_HEADER + got;
	struct keel_buffer was = b->memory;
	b->memory = small;
	small = was;
	r->flags |= RECORD_ZSTD;
	return 0;
}

int body_finish(struct store_body *b, struct record *r)
{
	static const uint8_t zeros[8];
	uint8_t digest[RECORD_DIGEST];
	unsigned got = 0;
	uint64_t stored;
	int error;

	if (b->failed)
		return b->failed;
	if (b->spill >= 0) {
		error = spill(b);
		if (error)
			return b->failed = error;
		if (!EVP_DigestFinal_ex(b->digest, digest, &got))
			return b->failed = -EIO;
	} else {
		if (!EVP_Digest(b->memory.data + RECORD_HEADER, b->size, digest, &got, EVP_sha256(), NULL))
			return b->failed = -EIO;
		if (b->store->config.compress && b->size > 256) {
			error = compress(b, r);
			if (error)
				return b->failed = error;
		}
	}
	keel_buffer_append(&b->memory, digest, sizeof(digest));
	stored = b->spilled + b->memory.len - RECORD_HEADER;
	if (stored > RECORD_PAYLOAD_MAX)
		return b->failed = -EFBIG;
	r->payload_crc = crc32c(b->crc, b->memory.data + RECORD_HEADER, b->memory.len - RECORD_HEADER);
	r->length = (uint32_t)stored;
	r->raw = (uint32_t)(b->size + RECORD_DIGEST);
	keel_buffer_append(&b->memory, zeros, record_space(r->length) - RECORD_HEADER - r->length);
	charge(b);
	return b->failed = b->memory.failed;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A byte string that grows: the only way pure code takes memory. A limit bounds it; past the limit
 * or out of memory it fails closed: the content stays as it was, 'failed' is set and stays set until
 * keel_buffer_clear(), and every later append returns the same error.
 */
#ifndef KEEL_BUFFER_H
#define KEEL_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct keel_buffer {
	uint8_t *data; /* owned; NULL while nothing was appended */
	size_t len;    /* octets in use */
	size_t cap;    /* octets there is room for, never above limit; one more is allocated for a NUL */
	size_t limit;  /* most octets it may hold; 0 = no limit */
	int failed;    /* 0, -ENOMEM or -EMSGSIZE */
};

/* An empty buffer: no memory is taken before the first append. limit: octets, 0 = none. */
void keel_buffer_init(struct keel_buffer *b, size_t limit);
/* Frees the memory; the buffer is as after init with the same limit. Also for KEEL_CLEANUP. */
void keel_buffer_free(struct keel_buffer *b);
/* Forgets the content and the failure, keeps the memory. */
void keel_buffer_clear(struct keel_buffer *b);
/* Room for n more octets without moving. 0 or -errno. */
int keel_buffer_reserve(struct keel_buffer *b, size_t n);
/* keel_buffer_append when there is no room, or after a failure. */
int keel_buffer_append_slow(struct keel_buffer *b, const void *data, size_t n);

/* Each appends and returns 0 or -errno. data may lie inside the buffer itself. */
static inline int keel_buffer_append(struct keel_buffer *b, const void *data, size_t n)
{
	if (n == 0 || b->failed || n > b->cap - b->len)
		return keel_buffer_append_slow(b, data, n);
	memcpy(b->data + b->len, data, n);
	b->len += n;
	return 0;
}

static inline int keel_buffer_putc(struct keel_buffer *b, uint8_t octet)
{
	if (b->failed || b->len == b->cap)
		return keel_buffer_append_slow(b, &octet, 1);
	b->data[b->len++] = octet;
	return 0;
}

int keel_buffer_puts(struct keel_buffer *b, const char *text);
int keel_buffer_le16(struct keel_buffer *b, uint16_t v);
int keel_buffer_le32(struct keel_buffer *b, uint32_t v);
int keel_buffer_le64(struct keel_buffer *b, uint64_t v);
int keel_buffer_be16(struct keel_buffer *b, uint16_t v);
int keel_buffer_be32(struct keel_buffer *b, uint32_t v);
int keel_buffer_be64(struct keel_buffer *b, uint64_t v);
/* A decimal number. */
int keel_buffer_decimal(struct keel_buffer *b, uint64_t v);
int keel_buffer_printf(struct keel_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
int keel_buffer_vprintf(struct keel_buffer *b, const char *format, va_list ap) __attribute__((format(printf, 2, 0)));
/* Drops the first n octets (all if n >= len). */
void keel_buffer_drop(struct keel_buffer *b, size_t n);
/* The content as a C string: a NUL is kept behind it (not counted). "" when empty; NULL if out of memory. */
const char *keel_buffer_text(struct keel_buffer *b);

#endif

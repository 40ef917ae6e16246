/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one bounds check: a cursor over bytes that it does not own. Every reader compares what remains
 * with what it needs and fails closed: after the first failure the cursor stays failed, reads
 * give 0 or NULL, and keel_cursor_ok() says so once at the end.
 */
#ifndef KEEL_CURSOR_H
#define KEEL_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keel_cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

void keel_cursor_init(struct keel_cursor *c, const void *data, size_t len);
bool keel_cursor_ok(const struct keel_cursor *c);
/* Octets that remain; 0 once failed. */
size_t keel_cursor_left(const struct keel_cursor *c);
/* The next n octets (borrowed from the underlying memory), or NULL. */
const uint8_t *keel_cursor_take(struct keel_cursor *c, size_t n);
/* Copies the next n octets to out; on failure out is zeroed. */
bool keel_cursor_copy(struct keel_cursor *c, void *out, size_t n);
bool keel_cursor_skip(struct keel_cursor *c, size_t n);
uint8_t keel_cursor_u8(struct keel_cursor *c);
uint16_t keel_cursor_le16(struct keel_cursor *c);
uint32_t keel_cursor_le32(struct keel_cursor *c);
uint64_t keel_cursor_le64(struct keel_cursor *c);
uint16_t keel_cursor_be16(struct keel_cursor *c);
uint32_t keel_cursor_be32(struct keel_cursor *c);
uint64_t keel_cursor_be64(struct keel_cursor *c);

#endif

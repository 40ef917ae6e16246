// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/cursor.h"

#include <string.h>

void keel_cursor_init(struct keel_cursor *c, const void *data, size_t len)
{
	/* NULL + 0 is not C; an empty cursor may come from an empty buffer */
	static const uint8_t nothing[1];

	c->at = data ? data : nothing;
	c->end = data ? c->at + len : nothing;
	c->failed = !data && len;
}

bool keel_cursor_ok(const struct keel_cursor *c)
{
	return !c->failed;
}

size_t keel_cursor_left(const struct keel_cursor *c)
{
	return c->failed ? 0 : (size_t)(c->end - c->at);
}

const uint8_t *keel_cursor_take(struct keel_cursor *c, size_t n)
{
	const uint8_t *taken = c->at;

	if (c->failed || n > keel_cursor_left(c)) {
		c->failed = true;
		return NULL;
	}
	c->at += n;
	return taken;
}

bool keel_cursor_copy(struct keel_cursor *c, void *out, size_t n)
{
	const uint8_t *taken = keel_cursor_take(c, n);

	if (n == 0)
		return taken != NULL;
	if (!taken) {
		memset(out, 0, n);
		return false;
	}
	memcpy(out, taken, n);
	return true;
}

bool keel_cursor_skip(struct keel_cursor *c, size_t n)
{
	return keel_cursor_take(c, n) != NULL;
}

/* n <= 8 octets, the least significant first */
static uint64_t little(struct keel_cursor *c, unsigned n)
{
	const uint8_t *at = keel_cursor_take(c, n);
	uint64_t v = 0;

	if (!at)
		return 0;
	while (n--)
		v = v << 8 | at[n];
	return v;
}

/* n <= 8 octets, the most significant first */
static uint64_t big(struct keel_cursor *c, unsigned n)
{
	const uint8_t *at = keel_cursor_take(c, n);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (unsigned i = 0; i < n; i++)
		v = v << 8 | at[i];
	return v;
}

uint8_t keel_cursor_u8(struct keel_cursor *c)
{
	return (uint8_t)little(c, 1);
}

uint16_t keel_cursor_le16(struct keel_cursor *c)
{
	return (uint16_t)little(c, 2);
}

uint32_t keel_cursor_le32(struct keel_cursor *c)
{
	return (uint32_t)little(c, 4);
}

uint64_t keel_cursor_le64(struct keel_cursor *c)
{
	return little(c, 8);
}

uint16_t keel_cursor_be16(struct keel_cursor *c)
{
	return (uint16_t)big(c, 2);
}

uint32_t keel_cursor_be32(struct keel_cursor *c)
{
	return (uint32_t)big(c, 4);
}

uint64_t keel_cursor_be64(struct keel_cursor *c)
{
	return big(c, 8);
}

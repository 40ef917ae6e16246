// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/archive/image.h"

static void put32(struct keel_buffer *b, uint32_t v, bool big)
{
	if (big)
		keel_buffer_be32(b, v);
	else
		keel_buffer_le32(b, v);
}

/* An attribute of as few octets as it needs */
static void attribute(struct keel_buffer *b, unsigned kind, uint32_t value)
{
	unsigned n = value > 0xffffff ? 4 : value > 0xffff ? 3 : value > 0xff ? 2 : 1;

	keel_buffer_putc(b, (uint8_t)(kind << 3 | (n - 1)));
	while (n--)
		keel_buffer_putc(b, (uint8_t)(value >> 8 * n));
}

static uint32_t string(struct keel_buffer *b, const char *text)
{
	const uint32_t at = (uint32_t)b->len;

	keel_buffer_append(b, text, strlen(text) + 1);
	return at;
}

void image_make(struct keel_buffer *out, const struct image_entry *entries, unsigned n, bool big)
{
	struct keel_buffer strings, locations, places, content;

	keel_buffer_init(&strings, 0);
	keel_buffer_init(&locations, 0);
	keel_buffer_init(&places, 0);
	keel_buffer_init(&content, 0);
	keel_buffer_putc(&strings, 0);
	string(&strings, "zip"); /* at 1 */
	keel_buffer_putc(&locations, 0);
	put32(&places, 0, big);
	for (unsigned i = 0; i < n; i++) {
		const struct image_entry *e = &entries[i];

		put32(&places, (uint32_t)locations.len, big);
		if (*e->module)
			attribute(&locations, 1, string(&strings, e->module));
		if (*e->parent)
			attribute(&locations, 2, string(&strings, e->parent));
		attribute(&locations, 3, string(&strings, e->base));
		if (*e->extension)
			attribute(&locations, 4, string(&strings, e->extension));
		attribute(&locations, 5, (uint32_t)content.len);
		if (e->packed)
			attribute(&locations, 6, e->size);
		attribute(&locations, 7, e->packed ? e->packed : e->size);
		keel_buffer_putc(&locations, 0);
		keel_buffer_append(&content, e->content, e->size);
	}
	put32(out, 0xcafedada, big);
	put32(out, 1 << 16, big);
	put32(out, 0, big);
	put32(out, n, big);
	put32(out, n + 1, big);
	put32(out, (uint32_t)locations.len, big);
	put32(out, (uint32_t)strings.len, big);
	for (unsigned i = 0; i <= n; i++)
		put32(out, 0, big); /* the hash table's redirections, which nobody follows */
	keel_buffer_append(out, places.data, places.len);
	keel_buffer_append(out, locations.data, locations.len);
	keel_buffer_append(out, strings.data, strings.len);
	keel_buffer_append(out, content.data, content.len);
	keel_buffer_free(&strings);
	keel_buffer_free(&locations);
	keel_buffer_free(&places);
	keel_buffer_free(&content);
}

void image_pack(struct keel_buffer *out, const void *deflated, uint32_t len, uint32_t size, uint32_t decompressor,
		bool big)
{
	put32(out, 0xcafefafa, big);
	put32(out, big ? 0 : len + 6, big);
	put32(out, big ? len + 6 : 0, big);
	put32(out, big ? 0 : size, big);
	put32(out, big ? size : 0, big);
	put32(out, decompressor, big);
	put32(out, 0, big);
	keel_buffer_putc(out, 1);
	keel_buffer_append(out, "\x78\x9c", 2);
	keel_buffer_append(out, deflated, len);
	keel_buffer_append(out, "\0\0\0\0", 4);
}

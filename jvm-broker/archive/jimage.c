// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The jimage of a JDK (jdk.internal.jimage.ImageHeader, ImageLocation): a head, a hash table, places of attributes, attributes, strings, and
 * then the content. Numbers have the order of the machine the image is for. The hash table is not used: names are sorted here.
 */
#include <string.h>

#include "jvm-broker/archive/directory.h"
#include "tools/lib/keel/cursor.h"

#define MAGIC 0xcafedada
#define VERSION 0x00010000
#define HEAD_SIZE 28
#define PACKED_MAGIC 0xcafefafa
#define PACKED_SIZE 29 /* ResourceHeader */
#define NAME_MAX 65535

/* ImageLocation: what an attribute is */
enum {
	ATTRIBUTE_END,
	ATTRIBUTE_MODULE,
	ATTRIBUTE_PARENT,
	ATTRIBUTE_BASE,
	ATTRIBUTE_EXTENSION,
	ATTRIBUTE_OFFSET,
	ATTRIBUTE_COMPRESSED,
	ATTRIBUTE_UNCOMPRESSED,
	ATTRIBUTES
};

struct image {
	struct keel_cursor strings, locations, offsets;
	uint64_t content; /* where it begins */
	bool swapped;     /* big-endian */
};

static uint32_t read32(const struct image *image, struct keel_cursor *c)
{
	return image->swapped ? keel_cursor_be32(c) : keel_cursor_le32(c);
}

/* A string by its offset; NULL if it does not end inside the table. */
static const char *string(const struct image *image, uint64_t offset, size_t *len)
{
	struct keel_cursor c = image->strings;
	const uint8_t *from, *nul;

	if (offset >= keel_cursor_left(&c))
		return NULL;
	from = c.at + offset;
	nul = memchr(from, 0, (size_t)(c.end - from));
	if (!nul)
		return NULL;
	*len = (size_t)(nul - from);
	return (const char *)from;
}

static bool read_location(const struct image *image, uint32_t offset, uint64_t attributes[ATTRIBUTES])
{
	struct keel_cursor c = image->locations;

	memset(attributes, 0, ATTRIBUTES * sizeof(*attributes));
	if (!keel_cursor_skip(&c, offset))
		return false;
	for (;;) {
		const unsigned octet = keel_cursor_u8(&c), kind = octet >> 3;
		uint64_t value = 0;

		if (kind == ATTRIBUTE_END || kind >= ATTRIBUTES)
			return keel_cursor_ok(&c) && kind == ATTRIBUTE_END;
		for (unsigned n = (octet & 7) + 1; n; n--)
			value = value << 8 | keel_cursor_u8(&c);
		attributes[kind] = value;
	}
}

static char *put(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

/* "/module/parent/base.extension", of the parts that are there */
static enum archive_reason make_name(const struct image *image, const uint64_t attributes[ATTRIBUTES],
				     struct keel_arena *arena, struct archive_entry *e)
{
	size_t module_len, parent_len, base_len, extension_len;
	const char *module = string(image, attributes[ATTRIBUTE_MODULE], &module_len);
	const char *parent = string(image, attributes[ATTRIBUTE_PARENT], &parent_len);
	const char *base = string(image, attributes[ATTRIBUTE_BASE], &base_len);
	const char *extension = string(image, attributes[ATTRIBUTE_EXTENSION], &extension_len);
	char *name, *at;

	if (!module || !parent || !base || !extension)
		return ARCHIVE_REASON_IMAGE;
	if (module_len > NAME_MAX || parent_len > NAME_MAX || base_len > NAME_MAX || extension_len > NAME_MAX)
		return ARCHIVE_REASON_NAME;
	at = name = keel_arena_take(arena, module_len + parent_len + base_len + extension_len + 4);
	if (!name)
		return ARCHIVE_REASON_MEMORY;
	if (module_len) {
		*at++ = '/';
		at = put(at, module, module_len);
		*at++ = '/';
	}
	if (parent_len) {
		at = put(at, parent, parent_len);
		*at++ = '/';
	}
	at = put(at, base, base_len);
	if (extension_len) {
		*at++ = '.';
		at = put(at, extension, extension_len);
	}
	e->name = name;
	e->name_len = (uint32_t)(at - name);
	return ARCHIVE_REASON_NONE;
}

/* A compressed resource: one head that says "zip", and a zlib stream behind it. Its check is that of the deflated octets. */
static enum archive_reason read_packed(const struct directory *d, const struct image *image, struct archive_entry *e)
{
	struct keel_cursor c;
	const char *name;
	size_t len = 0;

	if (e->at > d->a.size || e->packed > d->a.size - e->at)
		return ARCHIVE_REASON_OUTSIDE;
	keel_cursor_init(&c, d->a.data + e->at, e->packed);
	if (e->packed < PACKED_SIZE + 6 || read32(image, &c) != PACKED_MAGIC)
		return ARCHIVE_REASON_METHOD;
	keel_cursor_skip(&c, 16); /* sizes: the location has said so */
	name = string(image, read32(image, &c), &len);
	keel_cursor_skip(&c, 4);
	if (!name || len != 3 || memcmp(name, "zip", 3) || keel_cursor_u8(&c) != 1)
		return ARCHIVE_REASON_METHOD;
	/* RFC 1950: deflate, no dictionary */
	if ((keel_cursor_u8(&c) & 0x0f) != 8 || keel_cursor_u8(&c) & 0x20)
		return ARCHIVE_REASON_DEFLATE;
	e->at += PACKED_SIZE + 2;
	e->packed -= PACKED_SIZE + 2 + 4;
	e->method = ARCHIVE_DEFLATED;
	return ARCHIVE_REASON_NONE;
}

static enum archive_reason read_entry(struct directory *d, const struct image *image, uint32_t location)
{
	struct archive_entry *e = &d->entries[d->a.n];
	uint64_t attributes[ATTRIBUTES];
	enum archive_reason reason;

	if (!read_location(image, location, attributes))
		return ARCHIVE_REASON_IMAGE;
	reason = make_name(image, attributes, d->arena, e);
	if (reason == ARCHIVE_REASON_MEMORY || reason == ARCHIVE_REASON_IMAGE)
		return reason;
	if (reason)
		directory_refuse(e, reason);
	e->size = attributes[ATTRIBUTE_UNCOMPRESSED];
	e->packed = attributes[ATTRIBUTE_COMPRESSED] ? attributes[ATTRIBUTE_COMPRESSED] : e->size;
	e->at = attributes[ATTRIBUTE_OFFSET] > d->a.size ? d->a.size + 1
							 : image->content + attributes[ATTRIBUTE_OFFSET];
	if (attributes[ATTRIBUTE_COMPRESSED])
		directory_refuse(e, read_packed(d, image, e));
	d->a.n++;
	return ARCHIVE_REASON_NONE;
}

/* A table of n octets, the next of the image */
static bool take(struct keel_cursor *c, uint64_t n, struct keel_cursor *out)
{
	const uint8_t *at = keel_cursor_take(c, n);

	keel_cursor_init(out, at, at ? n : 0);
	return at != NULL;
}

enum archive_reason directory_jimage(struct directory *d)
{
	struct image image = { 0 };
	uint32_t length, locations, strings;
	enum archive_reason reason;
	struct keel_cursor c, redirect;

	keel_cursor_init(&c, d->a.data, d->a.size);
	image.swapped = keel_cursor_le32(&c) != MAGIC;
	if (read32(&image, &c) != VERSION)
		return ARCHIVE_REASON_IMAGE;
	keel_cursor_skip(&c, 8); /* flags, resource_count: the length of the table tells more */
	length = read32(&image, &c);
	locations = read32(&image, &c);
	strings = read32(&image, &c);
	if (!take(&c, 4 * (uint64_t)length, &redirect) || !take(&c, 4 * (uint64_t)length, &image.offsets) ||
	    !take(&c, locations, &image.locations) || !take(&c, strings, &image.strings))
		return ARCHIVE_REASON_IMAGE;
	image.content = d->a.size - keel_cursor_left(&c);
	reason = directory_room(d, length);
	for (uint32_t i = 0; i < length && !reason; i++) {
		const uint32_t location = read32(&image, &image.offsets);

		/* places of the table that hold nothing lead to an empty list of attributes */
		if (location < keel_cursor_left(&image.locations) && !image.locations.at[location])
			continue;
		reason = read_entry(d, &image, location);
	}
	return reason;
}

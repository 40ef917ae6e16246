/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small jimages by hand, of either byte order. */
#ifndef TESTS_UNIT_ARCHIVE_IMAGE_H
#define TESTS_UNIT_ARCHIVE_IMAGE_H

#include "tools/lib/keel/buffer.h"

struct image_entry {
	const char *module, *parent, *base, *extension;
	const char *content;
	uint32_t size;   /* octets of the content */
	uint32_t packed; /* not 0: the content is a compressed resource, this is its size inflated */
};

/* Appends an image that holds these and one empty place. */
void image_make(struct keel_buffer *out, const struct image_entry *entries, unsigned n, bool big_endian);
/* Appends a compressed resource: its head, naming the decompressor by the offset of a string, and deflated octets in a zlib stream. */
void image_pack(struct keel_buffer *out, const void *deflated, uint32_t len, uint32_t size, uint32_t decompressor,
		bool big_endian);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include <libdeflate.h>

#include "jvm-broker/archive/archive.h"

struct archive_inflater *archive_inflater_new(void)
{
	return (struct archive_inflater *)libdeflate_alloc_decompressor();
}

void archive_inflater_free(struct archive_inflater **inflater)
{
	libdeflate_free_decompressor((struct libdeflate_decompressor *)*inflater);
	*inflater = NULL;
}

uint32_t archive_crc(const void *data, size_t size)
{
	return libdeflate_crc32(0, data, size);
}

static enum archive_reason inflate(const uint8_t *from, const struct archive_entry *entry,
				   struct archive_inflater *inflater, uint8_t *to)
{
	size_t used = 0, made = 0;

	switch (libdeflate_deflate_decompress_ex((struct libdeflate_decompressor *)inflater, from, entry->packed, to,
						 entry->size, &used, &made)) {
	case LIBDEFLATE_SUCCESS:
		return made == entry->size && used == entry->packed ? ARCHIVE_REASON_NONE : ARCHIVE_REASON_LYING;
	case LIBDEFLATE_INSUFFICIENT_SPACE:
		return ARCHIVE_REASON_LYING;
	default:
		return ARCHIVE_REASON_DEFLATE;
	}
}

enum archive_reason archive_read(const struct archive *a, const struct archive_entry *entry,
				 struct archive_inflater *inflater, struct keel_arena *arena, const uint8_t **content)
{
	const uint8_t *octets = a->data + entry->at;

	if (entry->reason)
		return entry->reason;
	if (entry->method == ARCHIVE_DEFLATED) {
		uint8_t *room = keel_arena_take(arena, entry->size);
		enum archive_reason reason;

		if (!room)
			return ARCHIVE_REASON_MEMORY;
		reason = inflate(octets, entry, inflater, room);
		if (reason)
			return reason;
		octets = room;
	}
	if (a->kind != ARCHIVE_JIMAGE && archive_crc(octets, entry->size) != entry->crc)
		return ARCHIVE_REASON_CRC;
	*content = octets;
	return ARCHIVE_REASON_NONE;
}

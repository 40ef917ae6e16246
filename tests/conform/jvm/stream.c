// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/conform/jvm/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char magic[8] = "OSNCCLS1";

int stream_open(FILE *file)
{
	char head[sizeof(magic)];

	if (fread(head, sizeof(head), 1, file) != 1)
		return ferror(file) ? -EIO : -EPROTO;
	return memcmp(head, magic, sizeof(magic)) ? -EPROTO : 0;
}

int stream_next(FILE *file, struct stream_class *into)
{
	uint8_t head[6];
	size_t got = fread(head, 1, sizeof(head), file), size, note;

	if (got == 0 && feof(file))
		return 0;
	if (got != sizeof(head))
		return -EPROTO;
	size = (size_t)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
	note = head[4] << 8 | head[5];
	if (size > STREAM_CLASS_MAX)
		return -EPROTO;
	if (size > into->room) {
		uint8_t *bytes = realloc(into->bytes, size);

		if (!bytes)
			return -ENOMEM;
		into->bytes = bytes;
		into->room = size;
	}
	if ((note && fread(into->note, note, 1, file) != 1) || (size && fread(into->bytes, size, 1, file) != 1))
		return -EPROTO;
	into->note[note] = 0;
	into->size = size;
	return 1;
}

void stream_class_free(struct stream_class *class)
{
	free(class->bytes);
	class->bytes = NULL;
	class->size = class->room = 0;
}

int stream_begin(FILE *file)
{
	return fwrite(magic, sizeof(magic), 1, file) == 1 ? 0 : -EIO;
}

int stream_put(FILE *file, const char *note, const uint8_t *bytes, size_t size)
{
	size_t length = strnlen(note, 65535);
	uint8_t head[6] = { size >> 24, size >> 16, size >> 8, size, length >> 8, length };

	if (fwrite(head, sizeof(head), 1, file) != 1 || fwrite(note, 1, length, file) != length ||
	    fwrite(bytes, 1, size, file) != size)
		return -EIO;
	return 0;
}

uint64_t stream_hash(const uint8_t *bytes, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

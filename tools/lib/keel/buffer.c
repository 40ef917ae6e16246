// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/buffer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROOM 64 /* octets of the first allocation */

void keel_buffer_init(struct keel_buffer *b, size_t limit)
{
	*b = (struct keel_buffer){ .limit = limit };
}

void keel_buffer_free(struct keel_buffer *b)
{
	free(b->data);
	keel_buffer_init(b, b->limit);
}

void keel_buffer_clear(struct keel_buffer *b)
{
	b->len = 0;
	b->failed = 0;
}

static int fail(struct keel_buffer *b, int error)
{
	b->failed = error;
	return error;
}

int keel_buffer_reserve(struct keel_buffer *b, size_t n)
{
	/* one octet of the address space is kept for the NUL of keel_buffer_text */
	const size_t most = b->limit && b->limit < SIZE_MAX - 1 ? b->limit : SIZE_MAX - 1;
	size_t room = b->cap ? b->cap : FIRST_ROOM;
	uint8_t *data;

	if (b->failed)
		return b->failed;
	if (b->data && n <= b->cap - b->len)
		return 0;
	if (n > most - b->len)
		return fail(b, -EMSGSIZE);
	while (room < b->len + n)
		room = room > most / 2 ? most : room * 2;
	if (room > most)
		room = most;
	data = realloc(b->data, room + 1);
	if (!data)
		return fail(b, -ENOMEM);
	b->data = data;
	b->cap = room;
	return 0;
}

int keel_buffer_append_slow(struct keel_buffer *b, const void *data, size_t n)
{
	const uintptr_t from = (uintptr_t)data, start = (uintptr_t)b->data;
	const bool inside = b->data && from >= start && from - start < b->len;
	int ret;

	if (b->failed || n == 0)
		return b->failed;
	ret = keel_buffer_reserve(b, n);
	if (ret)
		return ret;
	/* the octets moved with the memory that was grown */
	memcpy(b->data + b->len, inside ? b->data + (from - start) : data, n);
	b->len += n;
	return 0;
}

int keel_buffer_puts(struct keel_buffer *b, const char *text)
{
	return keel_buffer_append(b, text, strlen(text));
}

int keel_buffer_le16(struct keel_buffer *b, uint16_t v)
{
	const uint8_t octets[2] = { (uint8_t)v, (uint8_t)(v >> 8) };

	return keel_buffer_append(b, octets, sizeof(octets));
}

int keel_buffer_le32(struct keel_buffer *b, uint32_t v)
{
	uint8_t octets[4];

	for (unsigned i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(v >> (8 * i));
	return keel_buffer_append(b, octets, sizeof(octets));
}

int keel_buffer_le64(struct keel_buffer *b, uint64_t v)
{
	uint8_t octets[8];

	for (unsigned i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(v >> (8 * i));
	return keel_buffer_append(b, octets, sizeof(octets));
}

int keel_buffer_be16(struct keel_buffer *b, uint16_t v)
{
	const uint8_t octets[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	return keel_buffer_append(b, octets, sizeof(octets));
}

int keel_buffer_be32(struct keel_buffer *b, uint32_t v)
{
	uint8_t octets[4];

	for (unsigned i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(v >> (24 - 8 * i));
	return keel_buffer_append(b, octets, sizeof(octets));
}

int keel_buffer_be64(struct keel_buffer *b, uint64_t v)
{
	uint8_t octets[8];

	for (unsigned i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(v >> (56 - 8 * i));
	return keel_buffer_append(b, octets, sizeof(octets));
}

int keel_buffer_decimal(struct keel_buffer *b, uint64_t v)
{
	uint8_t digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v);
	return keel_buffer_append(b, digits + at, sizeof(digits) - at);
}

int keel_buffer_vprintf(struct keel_buffer *b, const char *format, va_list ap)
{
	size_t room;
	va_list again;
	int n, ret;

	if (b->failed)
		return b->failed;
	room = b->data ? b->cap - b->len + 1 : 0;
	va_copy(again, ap);
	n = vsnprintf(room ? (char *)b->data + b->len : NULL, room, format, again);
	va_end(again);
	if (n < 0)
		return fail(b, -EMSGSIZE);
	if ((size_t)n >= room) {
		ret = keel_buffer_reserve(b, (size_t)n);
		if (ret)
			return ret;
		n = vsnprintf((char *)b->data + b->len, (size_t)n + 1, format, ap);
		if (n < 0)
			return fail(b, -EMSGSIZE);
	}
	b->len += (size_t)n;
	return 0;
}

int keel_buffer_printf(struct keel_buffer *b, const char *format, ...)
{
	va_list ap;
	int ret;

	va_start(ap, format);
	ret = keel_buffer_vprintf(b, format, ap);
	va_end(ap);
	return ret;
}

void keel_buffer_drop(struct keel_buffer *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

const char *keel_buffer_text(struct keel_buffer *b)
{
	if (!b->data)
		return b->failed == -ENOMEM ? NULL : "";
	b->data[b->len] = '\0';
	return (const char *)b->data;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/pop3/credential.h"

#include <errno.h>

void pop3_wipe(struct keel_buffer *b)
{
	if (b->data) {
		memset(b->data, 0, b->cap);
		/* the compiler must take the memory for read, or it drops the store before a free */
		__asm__ __volatile__("" : : "r"(b->data) : "memory");
	}
	keel_buffer_free(b);
}

bool pop3_is_utf8(const uint8_t *at, size_t len)
{
	const uint8_t *end = at + len;

	while (at < end) {
		const uint8_t lead = *at++;
		uint32_t point, least;
		unsigned more;

		if (lead < 0x80)
			continue;
		if (lead < 0xc0 || lead > 0xf4)
			return false;
		more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
		least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
		if ((size_t)(end - at) < more)
			return false;
		point = lead & (0x3fu >> more);
		for (; more; more--, at++) {
			if ((*at & 0xc0) != 0x80)
				return false;
			point = point << 6 | (*at & 0x3f);
		}
		if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
			return false;
	}
	return true;
}

static int digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int pop3_base64(const uint8_t *text, size_t len, struct keel_buffer *out)
{
	if (len % 4)
		return -EINVAL;
	if (len && keel_buffer_reserve(out, len / 4 * 3))
		return -ENOMEM;
	for (size_t i = 0; i < len; i += 4) {
		const unsigned padding = i + 4 < len || text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
		uint32_t bits = 0;

		for (unsigned k = 0; k < 4; k++) {
			const int d = k < 4 - padding ? digit(text[i + k]) : 0;

			if (d < 0)
				return -EINVAL;
			bits = bits << 6 | (uint32_t)d;
		}
		/* one message, one encoding */
		if (bits & ((1u << 8 * padding) - 1))
			return -EINVAL;
		for (unsigned k = 0; k < 3 - padding; k++)
			keel_buffer_putc(out, (uint8_t)(bits >> (16 - 8 * k)));
	}
	return 0;
}

bool pop3_plain_split(const uint8_t *text, size_t len, struct pop3_plain *out)
{
	const uint8_t *end = text + len, *first, *second;

	first = len ? memchr(text, '\0', len) : NULL;
	second = first ? memchr(first + 1, '\0', (size_t)(end - first - 1)) : NULL;
	if (!second || second == first + 1 || second + 1 == end || memchr(second + 1, '\0', (size_t)(end - second - 1)))
		return false;
	*out = (struct pop3_plain){
		.user = (size_t)(first + 1 - text),
		.password = (size_t)(second + 1 - text),
	};
	return true;
}

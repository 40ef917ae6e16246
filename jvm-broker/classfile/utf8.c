// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "jvm-broker/classfile/name.h"

#define HIGH 0x8080808080808080
#define ONES 0x0101010101010101

static uint64_t load(const uint8_t *at)
{
	uint64_t v;

	__builtin_memcpy(&v, at, sizeof(v));
	return v;
}

/* Eight octets, all of 1 to 127? */
static bool plain(uint64_t v)
{
	return !((v | (v - ONES)) & HIGH);
}

int classfile_utf8_unit(const uint8_t *octets, size_t len, unsigned *used)
{
	const unsigned first = octets[0];

	if (first - 1 < 0x7f) {
		*used = 1;
		return (int)first;
	}
	if ((first & 0xe0) == 0xc0 && len >= 2 && (octets[1] & 0xc0) == 0x80) {
		*used = 2;
		return (int)((first & 0x1f) << 6 | (octets[1] & 0x3fu));
	}
	if ((first & 0xf0) == 0xe0 && len >= 3 && (octets[1] & 0xc0) == 0x80 && (octets[2] & 0xc0) == 0x80) {
		*used = 3;
		return (int)((first & 0x0f) << 12 | (octets[1] & 0x3fu) << 6 | (octets[2] & 0x3fu));
	}
	return -EINVAL;
}

static unsigned check_slowly(const uint8_t *octets, size_t len)
{
	unsigned found = 0, used;

	for (size_t i = 0; i < len; i += used) {
		const int unit = classfile_utf8_unit(octets + i, len - i, &used);

		if (unit < 0)
			return CLASSFILE_UTF8_BAD;
		/* two octets begin at 0x80, but 0 has two as well; three at 0x800 */
		if ((used == 2 && unit && unit < 0x80) || (used == 3 && unit < 0x800))
			found = CLASSFILE_UTF8_OVERLONG;
	}
	return found;
}

unsigned classfile_utf8_check(const uint8_t *octets, size_t len)
{
	size_t i = 0;

	if (len < 8) {
		for (; i < len; i++)
			if (octets[i] - 1u >= 0x7f)
				return check_slowly(octets + i, len - i);
		return 0;
	}
	for (; i < len - 8; i += 8)
		if (!plain(load(octets + i)))
			return check_slowly(octets + i, len - i);
	/* the last eight, some of them again */
	return plain(load(octets + len - 8)) ? 0 : check_slowly(octets + i, len - i);
}

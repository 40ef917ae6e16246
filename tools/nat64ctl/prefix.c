// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/nat64ctl/prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *text, int family, unsigned width, void *address, uint8_t *length,
		 struct keel_buffer *error)
{
	const char *slash = strchr(text, '/');
	const size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char copy[INET6_ADDRSTRLEN];
	unsigned long bits = width;
	char *end;

	if (slash) {
		errno = 0;
		bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || errno || bits > width)
			goto wrong;
	}
	if (n >= sizeof(copy))
		goto wrong;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (inet_pton(family, copy, address) != 1)
		goto wrong;
	*length = (uint8_t)bits;
	return 0;
wrong:
	keel_buffer_printf(error, "'%s' is no %s prefix", text, family == AF_INET ? "IPv4" : "IPv6");
	return -EINVAL;
}

int prefix4_parse(const char *text, struct prefix4 *out, struct keel_buffer *error)
{
	struct prefix4 prefix;
	const int ret = parse(text, AF_INET, 32, &prefix.address, &prefix.length, error);

	if (!ret)
		*out = prefix;
	return ret;
}

int prefix6_parse(const char *text, struct prefix6 *out, struct keel_buffer *error)
{
	struct prefix6 prefix;
	const int ret = parse(text, AF_INET6, 128, &prefix.address, &prefix.length, error);

	if (!ret)
		*out = prefix;
	return ret;
}

static const char *show(int family, const void *address, uint8_t length, char out[PREFIX_TEXT])
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(family, address, text, sizeof(text));
	snprintf(out, PREFIX_TEXT, "%s/%u", text, length);
	return out;
}

const char *prefix4_show(const void *address, uint8_t length, char out[PREFIX_TEXT])
{
	return show(AF_INET, address, length, out);
}

const char *prefix6_show(const void *address, uint8_t length, char out[PREFIX_TEXT])
{
	return show(AF_INET6, address, length, out);
}

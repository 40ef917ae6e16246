/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and prefixes as people write them. */
#ifndef NAT64CTL_PREFIX_H
#define NAT64CTL_PREFIX_H

#include <netinet/in.h>
#include <stdint.h>

#include "tools/lib/keel/buffer.h"

#define PREFIX_TEXT (INET6_ADDRSTRLEN + 4)

struct prefix4 {
	struct in_addr address;
	uint8_t length;
};

struct prefix6 {
	struct in6_addr address;
	uint8_t length;
};

/* "192.0.2.0/24"; an address alone is a whole one. 0 or -EINVAL with error. */
int prefix4_parse(const char *text, struct prefix4 *out, struct keel_buffer *error);
int prefix6_parse(const char *text, struct prefix6 *out, struct keel_buffer *error);
/* Into out, which is returned. */
const char *prefix4_show(const void *address, uint8_t length, char out[PREFIX_TEXT]);
const char *prefix6_show(const void *address, uint8_t length, char out[PREFIX_TEXT]);

#endif

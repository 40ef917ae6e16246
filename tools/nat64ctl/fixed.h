/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BIB entries that are made by hand. */
#ifndef NAT64CTL_FIXED_H
#define NAT64CTL_FIXED_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/nat64ctl/command.h"

struct fixed {
	uint8_t l4; /* enum osnc_nat64_l4 */
	struct in6_addr host;
	struct in_addr pool;
	uint16_t host_port, pool_port; /* host order */
};

/* words: PROTOCOL IPV6#PORT IPV4#PORT. 0, or -EINVAL with error. */
int fixed_parse(char **words, struct fixed *out, struct keel_buffer *error);
/* command: BIB_ADD or BIB_REMOVE. 0 or -errno with error. */
int fixed_change(struct keel_netlink *kernel, uint8_t command, const char *instance, const struct fixed *fixed,
		 struct keel_buffer *error);
/* Those of an instance; the caller frees *out. A stateless one, or one without a pool4, has none. 0 or -errno with error. */
int fixed_list(struct keel_netlink *kernel, const char *instance, struct fixed **out, size_t *n,
	       struct keel_buffer *error);
bool fixed_same(const struct fixed *a, const struct fixed *b);
/* As fixed_parse() takes it, without the line's end. */
void fixed_show(const struct fixed *fixed, FILE *out);

#endif

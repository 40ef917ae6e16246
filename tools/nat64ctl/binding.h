/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a pool4, BIB entries, sessions and port blocks: from words to the kernel, and from the kernel to JSON and text. */
#ifndef NAT64CTL_BINDING_H
#define NAT64CTL_BINDING_H

#include <jansson.h>
#include <stdio.h>

#include "tools/nat64ctl/command.h"

/* words: PREFIX [FIRST-LAST [MARK]]. command: POOL4_ADD or POOL4_REMOVE. 0 or -errno with error. */
int change_pool4(struct keel_netlink *kernel, uint8_t command, const char *name, char **words, int n,
		 struct keel_buffer *error);

/* A protocol, and ADDRESS#PORT, as no address of either family has a '#'; port in host order. 0, or -EINVAL with error. */
int parse_l4(const char *text, uint8_t *out, struct keel_buffer *error);
int parse_end(const char *text, int family, void *address, uint16_t *port, struct keel_buffer *error);
const char *l4_name(uint8_t l4);

/* NULL: the answer holds none. */
json_t *pool4_json(struct nlattr **attrs);
json_t *binding_json(struct nlattr **attrs);
void show_pool4(json_t *object, FILE *out);
void show_binding(json_t *object, FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes to the configuration, at once or within the socket's transaction. */
#ifndef NAT64CTL_CHANGE_H
#define NAT64CTL_CHANGE_H

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/nat64ctl/command.h"
#include "tools/nat64ctl/prefix.h"

struct eam {
	struct prefix4 v4;
	struct prefix6 v6;
};

/* 0 or -EINVAL with error. */
int eam_parse(const char *v4, const char *v6, struct eam *out, struct keel_buffer *error);
/* Adds or removes n entries, in as many messages as it takes. 0 or -errno with error. */
int change_eamt(struct keel_netlink *kernel, uint8_t command, const char *name, const struct eam *eams, size_t n,
		struct keel_buffer *error);
/* command: INSTANCE_ADD or INSTANCE_SET; defaults: what is not named is set to its default. 0 or -errno with error. */
int change_instance(struct keel_netlink *kernel, uint8_t command, const char *name, bool defaults, char **settings,
		    int n, struct keel_buffer *error);

#endif

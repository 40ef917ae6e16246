/* SPDX-License-Identifier: GPL-2.0-only */
/* net.nat64.*: a namespace's limits. */
#ifndef OSNC_NAT64_SYSCTL_H
#define OSNC_NAT64_SYSCTL_H

#include "kmod/nat64/namespace.h"

/* Sets the limits to their defaults and makes them visible. 0 or -ENOMEM. */
int nat64_sysctl_register(struct nat64_net *nn);
void nat64_sysctl_unregister(struct nat64_net *nn);

#endif

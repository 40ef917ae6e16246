/* SPDX-License-Identifier: GPL-2.0-only */
/* Where packets come in. */
#ifndef OSNC_NAT64_HOOK_H
#define OSNC_NAT64_HOOK_H

#include "kmod/nat64/namespace.h"

/* Registers or unregisters the hooks of a front (front->ops). 0 or -errno. */
int nat64_hook_register(struct nat64_front *front);
void nat64_hook_unregister(struct nat64_front *front);

#endif

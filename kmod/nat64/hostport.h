/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's own ports on addresses that are in a pool4 too. */
#ifndef OSNC_NAT64_HOSTPORT_H
#define OSNC_NAT64_HOSTPORT_H

#include <linux/netlink.h>
#include <net/net_namespace.h>

#include "kmod/nat64/core/session.h"
#include "kmod/nat64/pool4.h"

/* Whether the address is the host's and a socket of the host has this port. ICMP identifiers are not looked for. Under rcu_read_lock(), BHs off. */
bool nat64_hostport_bound(struct net *net, enum nat64_l4 l4, __be32 address, __be16 port);
/* -EADDRINUSE with extack: a line has an address of the host, and ports from which the kernel takes those of outgoing connections. */
int nat64_hostport_check(struct net *net, const struct nat64_pool4 *pool4, struct netlink_ext_ack *extack);

#endif

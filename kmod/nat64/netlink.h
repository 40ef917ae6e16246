/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family (Documentation/abi/osnc_nat64.md). */
#ifndef OSNC_NAT64_NETLINK_H
#define OSNC_NAT64_NETLINK_H

#include <net/genetlink.h>

#include "kmod/nat64/namespace.h"

int nat64_netlink_register(void);
void nat64_netlink_unregister(void);

extern struct genl_family nat64_family;

/* dump.c: the dumps, resumed by key. */
int nat64_dump_instances(struct sk_buff *message, struct netlink_callback *cb);
int nat64_dump_eamt(struct sk_buff *message, struct netlink_callback *cb);
int nat64_dump_stats(struct sk_buff *message, struct netlink_callback *cb);
/* An instance with all that is set. 0 or -EMSGSIZE. */
int nat64_dump_put_instance(struct sk_buff *message, const struct nat64_snapshot *snapshot,
			    const struct nat64_entry *entry);

/* explain.c: what an instance makes of a packet. */
int nat64_explain(struct sk_buff *request, struct genl_info *info);

/* The entry of an instance in the snapshot in force, by name: NULL with extack if there is none. Called with the namespace's lock held. */
const struct nat64_entry *nat64_netlink_entry(const struct nat64_net *nn, const char *name,
					      struct netlink_ext_ack *extack);

#endif

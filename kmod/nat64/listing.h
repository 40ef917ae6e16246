/* SPDX-License-Identifier: GPL-2.0-only */
/* What a stateful instance has, over netlink: pool4, BIB entries and sessions shown, added, ended. */
#ifndef OSNC_NAT64_LISTING_H
#define OSNC_NAT64_LISTING_H

#include <net/genetlink.h>

#include "kmod/nat64/namespace.h"

/* Puts a block, a BIB entry or a session into a message as a BINDING: 0 or -EMSGSIZE. */
int nat64_listing_put(struct sk_buff *message, const struct nat64_event *event);

/* With the namespace's lock held. */
int nat64_listing_bib_add(struct nat64_net *nn, struct genl_info *info);
int nat64_listing_bib_remove(struct nat64_net *nn, struct genl_info *info);
int nat64_listing_flush(struct nat64_net *nn, struct genl_info *info);

int nat64_listing_pool4(struct sk_buff *message, struct netlink_callback *cb);
int nat64_listing_bibs(struct sk_buff *message, struct netlink_callback *cb);
int nat64_listing_sessions(struct sk_buff *message, struct netlink_callback *cb);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink attributes to and from what they configure. */
#ifndef OSNC_NAT64_ATTRIBUTE_H
#define OSNC_NAT64_ATTRIBUTE_H

#include <net/netlink.h>

#include "kmod/nat64/instance.h"

extern const struct nla_policy nat64_attribute_policy[OSNC_NAT64_ATTR_MAX + 1];

/* The name of an instance: NULL with extack if it is missing or cannot be one. */
const char *nat64_attribute_name(struct nlattr *const *attrs, struct netlink_ext_ack *extack);
/* Changes what the attributes name and leaves the rest. 0 or -EINVAL with extack; settings may be half changed then. */
int nat64_attribute_settings(struct nlattr *const *attrs, struct nat64_settings *settings,
			     struct netlink_ext_ack *extack);
/* Every EAM of a message in an array (kvfree it); *count may be 0. -errno with extack. */
struct nat64_eam *nat64_attribute_eams(const struct nlmsghdr *message, unsigned int header, u32 *count,
				       struct netlink_ext_ack *extack);

/* Each puts it into a message: 0 or -EMSGSIZE. */
int nat64_attribute_put_settings(struct sk_buff *message, const struct nat64_settings *settings);
int nat64_attribute_put_eam(struct sk_buff *message, const struct nat64_eam *eam);

#endif

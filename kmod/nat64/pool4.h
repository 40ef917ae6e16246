/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of a stateful instance's pool4 as they are configured: shared by what reads them, replaced when edited. */
#ifndef OSNC_NAT64_POOL4_H
#define OSNC_NAT64_POOL4_H

#include <linux/log2.h>
#include <linux/netlink.h>
#include <linux/refcount.h>

#include "kmod/nat64/pool.h"

struct nat64_pool4 {
	refcount_t users;
	u32 count;
	struct nat64_pool_line line[]; /* each a prefix of at most 65536 addresses */
};

/* An empty one; NULL: no memory. */
struct nat64_pool4 *nat64_pool4_new(void);
struct nat64_pool4 *nat64_pool4_get(struct nat64_pool4 *pool4);
void nat64_pool4_put(struct nat64_pool4 *pool4);

/* The lines of a message added to old's, or taken away (none named: all). ERR_PTR with extack. */
struct nat64_pool4 *nat64_pool4_change(const struct nat64_pool4 *old, const struct nlmsghdr *message,
				       unsigned int header, bool add, struct netlink_ext_ack *extack);
/* Into a message: 0 or -EMSGSIZE. */
int nat64_pool4_put_line(struct sk_buff *message, const struct nat64_pool_line *line);
/* The pool of these lines. ERR_PTR with extack. May sleep. */
struct nat64_pool *nat64_pool4_build(const struct nat64_pool4 *pool4, u16 block_size, struct netlink_ext_ack *extack);

static inline u8 nat64_pool4_length(const struct nat64_pool_line *line)
{
	return 32 - ilog2(line->addresses);
}

static inline bool nat64_pool4_has(const struct nat64_pool4 *pool4, __be32 address)
{
	u32 i;

	for (i = 0; i < pool4->count; i++)
		if (be32_to_cpu(address) - pool4->line[i].first < pool4->line[i].addresses)
			return true;
	return false;
}

#endif

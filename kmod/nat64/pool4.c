// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/pool4.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"

static struct nat64_pool4 *make(u32 room)
{
	struct nat64_pool4 *pool4 = kvzalloc(struct_size(pool4, line, room), GFP_KERNEL_ACCOUNT);

	if (pool4)
		refcount_set(&pool4->users, 1);
	return pool4;
}

struct nat64_pool4 *nat64_pool4_new(void)
{
	return make(0);
}

struct nat64_pool4 *nat64_pool4_get(struct nat64_pool4 *pool4)
{
	refcount_inc(&pool4->users);
	return pool4;
}

void nat64_pool4_put(struct nat64_pool4 *pool4)
{
	if (pool4 && refcount_dec_and_test(&pool4->users))
		kvfree(pool4);
}

/* ---- lines of a message ------------------------------------------------------------------------ */

static const struct nla_policy line_policy[OSNC_NAT64_POOL4_MAX + 1] = {
	[OSNC_NAT64_POOL4_V4] = { .type = NLA_U32 },
	[OSNC_NAT64_POOL4_LENGTH] = NLA_POLICY_RANGE(NLA_U8, 16, 32),
	[OSNC_NAT64_POOL4_FIRST_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[OSNC_NAT64_POOL4_LAST_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[OSNC_NAT64_POOL4_MARK] = { .type = NLA_U32 },
};

static int read_line(const struct nlattr *nest, struct nat64_pool_line *line, struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[OSNC_NAT64_POOL4_MAX + 1];
	int ret = nla_parse_nested(attrs, OSNC_NAT64_POOL4_MAX, nest, line_policy, extack), i;
	u32 address;

	if (ret)
		return ret;
	for (i = OSNC_NAT64_POOL4_V4; i <= OSNC_NAT64_POOL4_LAST_PORT; i++)
		if (!attrs[i]) {
			NL_SET_ERR_MSG(extack, "a pool4 line lacks an address, a length or a port");
			return -EINVAL;
		}
	address = be32_to_cpu(nla_get_be32(attrs[OSNC_NAT64_POOL4_V4]));
	line->addresses = 1U << (32 - nla_get_u8(attrs[OSNC_NAT64_POOL4_LENGTH]));
	line->first = address;
	line->first_port = nla_get_u16(attrs[OSNC_NAT64_POOL4_FIRST_PORT]);
	line->last_port = nla_get_u16(attrs[OSNC_NAT64_POOL4_LAST_PORT]);
	line->mark = attrs[OSNC_NAT64_POOL4_MARK] ? nla_get_u32(attrs[OSNC_NAT64_POOL4_MARK]) : 0;
	if (address & (line->addresses - 1)) {
		NL_SET_ERR_MSG(extack, "pool4: bits behind the prefix are not 0");
		return -EINVAL;
	}
	if (!(address >> 24) || address >> 24 == 127 || address >> 28 >= 14) {
		NL_SET_ERR_MSG(extack, "pool4: not unicast addresses");
		return -EINVAL;
	}
	return 0;
}

static bool same(const struct nat64_pool_line *a, const struct nat64_pool_line *b)
{
	return a->first == b->first && a->addresses == b->addresses && a->first_port == b->first_port &&
	       a->last_port == b->last_port && a->mark == b->mark;
}

static int remove_line(struct nat64_pool4 *pool4, const struct nat64_pool_line *line)
{
	u32 i;

	for (i = 0; i < pool4->count; i++)
		if (same(&pool4->line[i], line))
			break;
	if (i == pool4->count)
		return -ENOENT;
	pool4->count--;
	memmove(pool4->line + i, pool4->line + i + 1, (pool4->count - i) * sizeof(*line));
	return 0;
}

static int change_line(struct nat64_pool4 *pool4, const struct nlattr *attr, bool add, struct netlink_ext_ack *extack)
{
	struct nat64_pool_line line;
	int ret = read_line(attr, &line, extack);

	if (ret)
		return ret;
	if (add) {
		pool4->line[pool4->count++] = line;
	} else if (remove_line(pool4, &line)) {
		NL_SET_ERR_MSG(extack, "there is no such pool4 line");
		return -ENOENT;
	}
	return 0;
}

struct nat64_pool4 *nat64_pool4_change(const struct nat64_pool4 *old, const struct nlmsghdr *message,
				       unsigned int header, bool add, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	struct nat64_pool4 *pool4;
	u32 named = 0;
	int left, ret = 0;

	nlmsg_for_each_attr(attr, message, header, left) named += nla_type(attr) == OSNC_NAT64_ATTR_POOL4;
	if (add && named > NAT64_POOL_LINES_MAX - min_t(u32, old->count, NAT64_POOL_LINES_MAX)) {
		NL_SET_ERR_MSG(extack, "pool4: more than 1024 lines");
		return ERR_PTR(-E2BIG);
	}
	pool4 = make(old->count + named);
	if (!pool4)
		return ERR_PTR(-ENOMEM);
	if (add || named) {
		pool4->count = old->count;
		memcpy(pool4->line, old->line, old->count * sizeof(old->line[0]));
	}
	nlmsg_for_each_attr(attr, message, header, left)
	{
		if (!ret && nla_type(attr) == OSNC_NAT64_ATTR_POOL4)
			ret = change_line(pool4, attr, add, extack);
	}
	if (ret) {
		nat64_pool4_put(pool4);
		return ERR_PTR(ret);
	}
	return pool4;
}

int nat64_pool4_put_line(struct sk_buff *message, const struct nat64_pool_line *line)
{
	struct nlattr *nest = nla_nest_start(message, OSNC_NAT64_ATTR_POOL4);

	if (!nest || nla_put_be32(message, OSNC_NAT64_POOL4_V4, cpu_to_be32(line->first)) ||
	    nla_put_u8(message, OSNC_NAT64_POOL4_LENGTH, nat64_pool4_length(line)) ||
	    nla_put_u16(message, OSNC_NAT64_POOL4_FIRST_PORT, line->first_port) ||
	    nla_put_u16(message, OSNC_NAT64_POOL4_LAST_PORT, line->last_port) ||
	    nla_put_u32(message, OSNC_NAT64_POOL4_MARK, line->mark))
		return -EMSGSIZE;
	nla_nest_end(message, nest);
	return 0;
}

struct nat64_pool *nat64_pool4_build(const struct nat64_pool4 *pool4, u16 block_size, struct netlink_ext_ack *extack)
{
	static const char *const why[] = {
		[NAT64_POOL_LINES] = "pool4: no line, or more than 1024",
		[NAT64_POOL_ADDRESS] = "pool4: a line without addresses",
		[NAT64_POOL_PORTS] = "pool4: the last port is less than the first",
		[NAT64_POOL_OVERLAP] = "pool4: an address and port stand in two lines",
		[NAT64_POOL_SIZE] = "pool4: more than 65536 addresses",
		[NAT64_POOL_MEMORY] = "pool4: no memory",
	};
	struct nat64_pool *pool;
	enum nat64_pool_error error;
	u32 bad;

	error = nat64_pool_build(pool4->line, pool4->count, block_size, &pool, &bad);
	if (error == NAT64_POOL_OK)
		return pool;
	NL_SET_ERR_MSG(extack, "pool4: cannot be");
	if (extack)
		extack->_msg = why[error];
	return ERR_PTR(error == NAT64_POOL_MEMORY ? -ENOMEM : -EINVAL);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/nat64ctl/fixed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/nat64ctl/binding.h"

int fixed_parse(char **words, struct fixed *out, struct keel_buffer *error)
{
	struct fixed fixed = { 0 };
	int ret = parse_l4(words[0], &fixed.l4, error);

	if (!ret)
		ret = parse_end(words[1], AF_INET6, &fixed.host, &fixed.host_port, error);
	if (!ret)
		ret = parse_end(words[2], AF_INET, &fixed.pool, &fixed.pool_port, error);
	if (!ret)
		*out = fixed;
	return ret;
}

int fixed_change(struct keel_netlink *kernel, uint8_t command, const char *instance, const struct fixed *fixed,
		 struct keel_buffer *error)
{
	struct nl_msg *message = instance_message(kernel, command, 0, instance);
	struct nlattr *nest = message ? nla_nest_start(message, OSNC_NAT64_ATTR_BINDING | NLA_F_NESTED) : NULL;

	if (!nest || nla_put_u8(message, OSNC_NAT64_BINDING_L4, fixed->l4) ||
	    nla_put(message, OSNC_NAT64_BINDING_HOST, sizeof(fixed->host), &fixed->host) ||
	    nla_put_u16(message, OSNC_NAT64_BINDING_HOST_PORT, htons(fixed->host_port)) ||
	    nla_put_u32(message, OSNC_NAT64_BINDING_POOL, fixed->pool.s_addr) ||
	    nla_put_u16(message, OSNC_NAT64_BINDING_POOL_PORT, htons(fixed->pool_port)) ||
	    nla_nest_end(message, nest) < 0) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return tell(kernel, message, error);
}

int run_bib_add(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		struct keel_buffer *error)
{
	struct fixed fixed;
	const int ret = fixed_parse(operands + 1, &fixed, error);

	return ret ? ret : fixed_change(kernel, OSNC_NAT64_CMD_BIB_ADD, operands[0], &fixed, error);
}

int run_bib_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		   struct keel_buffer *error)
{
	struct fixed fixed;
	const int ret = fixed_parse(operands + 1, &fixed, error);

	return ret ? ret : fixed_change(kernel, OSNC_NAT64_CMD_BIB_REMOVE, operands[0], &fixed, error);
}

/* ---- what there is -------------------------------------------------------------------------------------- */

struct list {
	struct fixed *fixed;
	size_t n, room;
};

static int note(uint8_t command, struct nlattr **attrs, void *arg)
{
	struct nlattr *at[OSNC_NAT64_BINDING_MAX + 1] = { NULL };
	struct list *list = arg;
	struct fixed *fixed;

	if (!attrs[OSNC_NAT64_ATTR_BINDING] ||
	    nla_parse_nested(at, OSNC_NAT64_BINDING_MAX, attrs[OSNC_NAT64_ATTR_BINDING], NULL) ||
	    !at[OSNC_NAT64_BINDING_FIXED])
		return 0;
	for (int i = OSNC_NAT64_BINDING_L4; i <= OSNC_NAT64_BINDING_POOL_PORT; i++)
		if (!at[i])
			return 0;
	if (nla_len(at[OSNC_NAT64_BINDING_HOST]) != sizeof(fixed->host))
		return 0;
	if (list->n == list->room) {
		const size_t room = list->room ? 2 * list->room : 16;

		fixed = realloc(list->fixed, room * sizeof(*fixed));
		if (!fixed)
			return -ENOMEM;
		list->fixed = fixed;
		list->room = room;
	}
	fixed = &list->fixed[list->n++];
	fixed->l4 = nla_get_u8(at[OSNC_NAT64_BINDING_L4]);
	memcpy(&fixed->host, nla_data(at[OSNC_NAT64_BINDING_HOST]), sizeof(fixed->host));
	fixed->pool.s_addr = nla_get_u32(at[OSNC_NAT64_BINDING_POOL]);
	fixed->host_port = ntohs(nla_get_u16(at[OSNC_NAT64_BINDING_HOST_PORT]));
	fixed->pool_port = ntohs(nla_get_u16(at[OSNC_NAT64_BINDING_POOL_PORT]));
	return 0;
}

int fixed_list(struct keel_netlink *kernel, const char *instance, struct fixed **out, size_t *n,
	       struct keel_buffer *error)
{
	struct list list = { 0 };
	int ret = keel_netlink_ask(kernel, instance_message(kernel, OSNC_NAT64_CMD_BIB_GET, NLM_F_DUMP, instance),
				   OSNC_NAT64_ATTR_MAX, note, &list, error);

	if (ret == -ENOENT) {
		keel_buffer_clear(error);
		ret = 0;
	}
	if (ret) {
		free(list.fixed);
		return ret;
	}
	*out = list.fixed;
	*n = list.n;
	return 0;
}

bool fixed_same(const struct fixed *a, const struct fixed *b)
{
	return a->l4 == b->l4 && a->host_port == b->host_port && a->pool_port == b->pool_port &&
	       a->pool.s_addr == b->pool.s_addr && !memcmp(&a->host, &b->host, sizeof(a->host));
}

void fixed_show(const struct fixed *fixed, FILE *out)
{
	char host[INET6_ADDRSTRLEN] = "", pool[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET6, &fixed->host, host, sizeof(host));
	inet_ntop(AF_INET, &fixed->pool, pool, sizeof(pool));
	fprintf(out, "%s %s#%u %s#%u", l4_name(fixed->l4), host, fixed->host_port, pool, fixed->pool_port);
}

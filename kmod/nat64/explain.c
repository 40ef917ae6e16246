// SPDX-License-Identifier: GPL-2.0-only
/* A dry run: a packet from user space through an instance's rules. Nothing is routed, sent, counted or remembered. */
#include <linux/slab.h>
#include <net/checksum.h>

#include "kmod/nat64/attribute.h"
#include "kmod/nat64/mapping.h"
#include "kmod/nat64/netlink.h"
#include "kmod/nat64/stats.h"

/* What a UDP checksum that is to be made needs (RFC 7915 section 4.5). Only after nat64_check_46(): a fragment has less than udp_length. */
static __wsum payload_sum(const struct nat64_packet *packet, const struct nat64_flow *flow)
{
	if (!(flow->outer.flags & NAT64_F_UDP_ZERO) || flow->outer.udp_length < 8)
		return 0;
	return csum_partial(packet->data + flow->outer.l4 + 8, flow->outer.udp_length - 8, 0);
}

static enum nat64_verdict run(const struct nat64_entry *entry, struct nat64_packet *packet)
{
	const struct nat64_config *core = &entry->rules->core;
	struct nat64_way way = { .hops = 1 };
	const u8 family = packet->len && packet->data[0] >> 4 == 6 ? 6 : 4;
	struct nat64_flow flow;
	struct nat64_map map;
	enum nat64_verdict verdict = nat64_parse(packet, family, &flow);

	if (verdict != NAT64_OK)
		return verdict;
	if (family == 6) {
		verdict = nat64_map_64(core, &flow, 0, &map);
		if (verdict == NAT64_OK)
			verdict = nat64_check_64(core, &flow);
		if (verdict == NAT64_OK && flow.outer.ttl <= 1)
			verdict = NAT64_HOP_LIMIT;
		return verdict == NAT64_OK ? nat64_rewrite_64(core, &flow, &map, &way, packet) : verdict;
	}
	verdict = nat64_map_46(core, &flow, 0, &map);
	if (verdict == NAT64_OK)
		verdict = nat64_check_46(core, &flow);
	if (verdict == NAT64_OK && flow.outer.ttl <= 1)
		verdict = NAT64_HOP_LIMIT;
	if (verdict != NAT64_OK)
		return verdict;
	way.payload_sum = payload_sum(packet, &flow);
	return nat64_rewrite_46(core, &flow, &map, &way, packet);
}

static int reply(struct genl_info *info, enum nat64_verdict verdict, const struct nat64_packet *packet)
{
	struct sk_buff *message = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *header;

	if (!message)
		return -ENOMEM;
	header = genlmsg_put_reply(message, info, &nat64_family, 0, OSNC_NAT64_CMD_EXPLAIN);
	if (!header || nla_put_u32(message, OSNC_NAT64_ATTR_VERDICT, verdict) ||
	    nla_put_string(message, OSNC_NAT64_ATTR_VERDICT_NAME, nat64_verdict_name(verdict)) ||
	    nla_put_string(message, OSNC_NAT64_ATTR_VERDICT_TEXT, nat64_verdict_text(verdict)) ||
	    (verdict == NAT64_OK && nla_put(message, OSNC_NAT64_ATTR_PACKET, packet->len, packet->data))) {
		nlmsg_free(message);
		return -EMSGSIZE;
	}
	genlmsg_end(message, header);
	return genlmsg_reply(message, info);
}

int nat64_explain(struct sk_buff *request, struct genl_info *info)
{
	const char *name = nat64_attribute_name(info->attrs, info->extack);
	struct nat64_net *nn = nat64_net(genl_info_net(info));
	const struct nat64_entry *entry;
	struct nat64_packet packet = { .headroom = NAT64_GROWTH };
	enum nat64_verdict verdict;
	u8 *memory;
	int ret;

	if (!name)
		return -EINVAL;
	if (!info->attrs[OSNC_NAT64_ATTR_PACKET]) {
		NL_SET_ERR_MSG(info->extack, "the packet is missing");
		return -EINVAL;
	}
	packet.len = nla_len(info->attrs[OSNC_NAT64_ATTR_PACKET]);
	packet.linear = packet.len;
	memory = kzalloc(NAT64_GROWTH + packet.len, GFP_KERNEL_ACCOUNT);
	if (!memory)
		return -ENOMEM;
	packet.data = memory + NAT64_GROWTH;
	nla_memcpy(packet.data, info->attrs[OSNC_NAT64_ATTR_PACKET], packet.len);
	mutex_lock(&nn->lock);
	entry = nat64_netlink_entry(nn, name, info->extack);
	ret = entry ? 0 : -ENOENT;
	if (entry && entry->rules->mode == OSNC_NAT64_STATEFUL) {
		NL_SET_ERR_MSG(info->extack, "a stateful instance is not explained: that would make sessions");
		ret = -EOPNOTSUPP;
	} else if (entry) {
		verdict = run(entry, &packet);
	}
	mutex_unlock(&nn->lock);
	if (!ret)
		ret = reply(info, verdict, &packet);
	kfree(memory);
	return ret;
}

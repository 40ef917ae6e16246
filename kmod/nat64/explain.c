// SPDX-License-Identifier: GPL-2.0-only
/* A dry run: a packet from user space through an instance's rules, and past its session table. Nothing is routed, sent, counted or remembered. */
#include <linux/slab.h>
#include <net/checksum.h>

#include "kmod/nat64/attribute.h"
#include "kmod/nat64/listing.h"
#include "kmod/nat64/netlink.h"
#include "kmod/nat64/path.h"
#include "kmod/nat64/stats.h"

/* What a UDP checksum that is to be made needs (RFC 7915 section 4.5). Only after nat64_check_46(): a fragment has less than udp_length. */
static __wsum payload_sum(const struct nat64_packet *packet, const struct nat64_flow *flow)
{
	if (!(flow->outer.flags & NAT64_F_UDP_ZERO) || flow->outer.udp_length < 8)
		return 0;
	return csum_partial(packet->data + flow->outer.l4 + 8, flow->outer.udp_length - 8, 0);
}

struct dry_run {
	struct net *net;
	const struct nat64_entry *entry;
	u32 mark;
	struct nat64_packet packet;
	struct nat64_flow flow;
	struct nat64_map map;
	struct nat64_foresight foresight; /* of a stateful instance */
};

static enum nat64_verdict foresee(struct dry_run *dry, u8 family)
{
	const struct nat64_half *half = &dry->flow.outer;
	const struct nat64_visit visit = {
		.config = &dry->entry->rules->core,
		.policy = &dry->entry->rules->policy,
		.now = nat64_stateful_now(),
		.mark = dry->mark,
		/* the parser has seen the whole header */
		.tcp_flags = half->upper == NAT64_TCP ? dry->packet.data[half->l4 + 13] : 0,
	};
	const struct nat64_stateful *stateful = dry->entry->instance->stateful;
	const struct nat64_foresight before = dry->foresight;
	enum nat64_verdict verdict;

	if (!stateful)
		return NAT64_NOT_OURS;
	rcu_read_lock_bh();
	verdict = (family == 6 ? nat64_table_foresee_64 : nat64_table_foresee_46)(stateful->table, &visit, &dry->flow,
										  &dry->map, &dry->foresight);
	rcu_read_unlock_bh();
	/* of both halves of a hairpin, the one that does more */
	if (before.fate > dry->foresight.fate)
		dry->foresight = before;
	return verdict;
}

static enum nat64_verdict map(struct dry_run *dry, u8 family)
{
	const struct nat64_config *core = &dry->entry->rules->core;

	if (dry->entry->rules->mode == OSNC_NAT64_STATEFUL)
		return foresee(dry, family);
	return family == 6 ? nat64_map_64(core, &dry->flow, 0, &dry->map)
			   : nat64_map_46(core, &dry->flow, 0, &dry->map);
}

/* Nobody knows the port of a mapping that is not there, nor what the packet would look like. */
static bool is_vague(const struct dry_run *dry)
{
	return dry->foresight.fate == NAT64_FATE_NEW_MAPPING;
}

static enum nat64_verdict run_46(struct dry_run *dry)
{
	const struct nat64_config *core = &dry->entry->rules->core;
	struct nat64_way way = { .hops = 1 };
	enum nat64_verdict verdict = nat64_parse_4(&dry->packet, &dry->flow);

	if (verdict == NAT64_OK)
		verdict = map(dry, 4);
	if (verdict == NAT64_OK)
		verdict = nat64_check_46(core, &dry->flow);
	if (verdict == NAT64_OK && dry->flow.outer.ttl <= 1)
		verdict = NAT64_HOP_LIMIT;
	if (verdict != NAT64_OK)
		return verdict;
	way.payload_sum = payload_sum(&dry->packet, &dry->flow);
	return nat64_rewrite_46(core, &dry->flow, &dry->map, &way, &dry->packet);
}

static enum nat64_verdict run_64(struct dry_run *dry)
{
	const struct nat64_config *core = &dry->entry->rules->core;
	struct nat64_way way = { .hops = 1 };
	enum nat64_verdict verdict = nat64_parse_6(&dry->packet, &dry->flow);
	bool back;

	if (verdict == NAT64_OK)
		verdict = map(dry, 6);
	if (verdict == NAT64_OK)
		verdict = nat64_check_64(core, &dry->flow);
	if (verdict == NAT64_OK && dry->flow.outer.ttl <= 1)
		verdict = NAT64_HOP_LIMIT;
	if (verdict != NAT64_OK || is_vague(dry))
		return verdict;
	/* on the way back one is taken off */
	back = dry->map.hairpin && dry->entry->rules->mode == OSNC_NAT64_STATEFUL;
	way.hops = !back;
	verdict = nat64_rewrite_64(core, &dry->flow, &dry->map, &way, &dry->packet);
	return verdict == NAT64_OK && back ? run_46(dry) : verdict;
}

static enum nat64_verdict run(struct dry_run *dry)
{
	const struct nat64_packet *packet = &dry->packet;
	enum nat64_verdict verdict;
	__be32 destination;

	if (packet->len && packet->data[0] >> 4 == 6)
		return run_64(dry);
	verdict = run_46(dry);
	if (dry->entry->rules->mode != OSNC_NAT64_STATEFUL || verdict == NAT64_OK || packet->len < 20)
		return verdict;
	memcpy(&destination, packet->data + 16, sizeof(destination));
	return nat64_path_is_hosts(dry->net, NULL, destination, verdict) ? NAT64_NOT_OURS : verdict;
}

static int put_fate(struct sk_buff *message, const struct dry_run *dry)
{
	static const u8 fates[] = {
		[NAT64_FATE_SESSION] = OSNC_NAT64_FATE_SESSION,
		[NAT64_FATE_MAPPING] = OSNC_NAT64_FATE_MAPPING,
		[NAT64_FATE_NEW_SESSION] = OSNC_NAT64_FATE_NEW_SESSION,
		[NAT64_FATE_NEW_MAPPING] = OSNC_NAT64_FATE_NEW_MAPPING,
	};
	const u8 fate = dry->foresight.fate;

	if (fate == NAT64_FATE_NONE)
		return 0;
	return nla_put_u8(message, OSNC_NAT64_ATTR_FATE, fates[fate]) ||
	       (!is_vague(dry) && nat64_listing_put(message, &dry->foresight.event));
}

static int reply(struct genl_info *info, enum nat64_verdict verdict, const struct dry_run *dry)
{
	const struct nat64_packet *packet = &dry->packet;
	struct sk_buff *message = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *header;

	if (!message)
		return -ENOMEM;
	header = genlmsg_put_reply(message, info, &nat64_family, 0, OSNC_NAT64_CMD_EXPLAIN);
	if (!header || nla_put_u32(message, OSNC_NAT64_ATTR_VERDICT, verdict) ||
	    nla_put_string(message, OSNC_NAT64_ATTR_VERDICT_NAME, nat64_verdict_name(verdict)) ||
	    nla_put_string(message, OSNC_NAT64_ATTR_VERDICT_TEXT, nat64_verdict_text(verdict)) ||
	    (verdict == NAT64_OK && put_fate(message, dry)) ||
	    (verdict == NAT64_OK && !is_vague(dry) &&
	     nla_put(message, OSNC_NAT64_ATTR_PACKET, packet->len, packet->data))) {
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
	struct dry_run dry = { .net = nn->net, .packet = { .headroom = NAT64_GROWTH } };
	struct nat64_packet *packet = &dry.packet;
	enum nat64_verdict verdict;
	u8 *memory;
	int ret;

	if (!name)
		return -EINVAL;
	if (!info->attrs[OSNC_NAT64_ATTR_PACKET]) {
		NL_SET_ERR_MSG(info->extack, "the packet is missing");
		return -EINVAL;
	}
	packet->len = nla_len(info->attrs[OSNC_NAT64_ATTR_PACKET]);
	packet->linear = packet->len;
	memory = kzalloc(NAT64_GROWTH + packet->len, GFP_KERNEL_ACCOUNT);
	if (!memory)
		return -ENOMEM;
	packet->data = memory + NAT64_GROWTH;
	nla_memcpy(packet->data, info->attrs[OSNC_NAT64_ATTR_PACKET], packet->len);
	if (info->attrs[OSNC_NAT64_ATTR_MARK])
		dry.mark = nla_get_u32(info->attrs[OSNC_NAT64_ATTR_MARK]);
	mutex_lock(&nn->lock);
	dry.entry = nat64_netlink_entry(nn, name, info->extack);
	ret = dry.entry ? 0 : -ENOENT;
	if (dry.entry)
		verdict = run(&dry);
	mutex_unlock(&nn->lock);
	if (!ret)
		ret = reply(info, verdict, &dry);
	kfree(memory);
	return ret;
}

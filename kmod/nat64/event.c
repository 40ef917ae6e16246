// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/event.h"

#include "kmod/nat64/netlink.h"

#define EVENTS 0 /* the group's place in the family */

static void emit(struct nat64_net *nn, u8 what, const struct nat64_instance *instance)
{
	const u32 sequence = atomic_inc_return(&nn->sequence);
	struct sk_buff *message;
	void *header;

	if (!genl_has_listeners(&nat64_family, nn->net, EVENTS))
		return;
	message = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!message)
		return;
	header = genlmsg_put(message, 0, 0, &nat64_family, 0, OSNC_NAT64_CMD_EVENT);
	if (!header || nla_put_u8(message, OSNC_NAT64_ATTR_EVENT, what) ||
	    nla_put_u32(message, OSNC_NAT64_ATTR_SEQUENCE, sequence) ||
	    nla_put_u32(message, OSNC_NAT64_ATTR_GENERATION, nn->generation) ||
	    (instance && (nla_put_string(message, OSNC_NAT64_ATTR_INSTANCE_NAME, instance->name) ||
			  nla_put_u32(message, OSNC_NAT64_ATTR_INSTANCE_ID, instance->id)))) {
		nlmsg_free(message);
		return;
	}
	genlmsg_end(message, header);
	genlmsg_multicast_netns(&nat64_family, nn->net, message, 0, EVENTS, GFP_KERNEL);
}

static bool holds(const struct nat64_snapshot *snapshot, u32 id)
{
	u32 i;

	for (i = 0; snapshot && i < snapshot->count; i++)
		if (snapshot->entry[i].instance->id == id)
			return true;
	return false;
}

void nat64_event_commit(struct nat64_net *nn, const struct nat64_snapshot *old, const struct nat64_snapshot *new)
{
	u32 i;

	for (i = 0; old && i < old->count; i++)
		if (!holds(new, old->entry[i].instance->id))
			emit(nn, OSNC_NAT64_EVENT_INSTANCE_REMOVED, old->entry[i].instance);
	for (i = 0; new &&i < new->count; i++)
		if (!holds(old, new->entry[i].instance->id))
			emit(nn, OSNC_NAT64_EVENT_INSTANCE_ADDED, new->entry[i].instance);
	emit(nn, OSNC_NAT64_EVENT_COMMIT, NULL);
}

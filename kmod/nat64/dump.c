// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps. Where one goes on after a full message is a key (an instance's id, an entry's prefix), not a position: what is committed in between makes
 * it neither skip nor repeat what stayed, and marks it with NLM_F_DUMP_INTR.
 */
#include <linux/string.h>
#include <net/sock.h>

#include "kmod/compat/genl.h"
#include "kmod/nat64/attribute.h"
#include "kmod/nat64/netlink.h"
#include "kmod/nat64/stats.h"

struct cursor {
	u32 id;  /* of the instance under way; those below are done */
	u32 row; /* of its counters */
	bool begun;
	struct nat64_eam eam; /* the last one that was shown */
};

static struct cursor *cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct cursor) > sizeof(cb->ctx));
	return (struct cursor *)cb->ctx;
}

static void *begin(struct sk_buff *message, struct netlink_callback *cb, const struct nat64_net *nn, u8 command)
{
	void *header = genlmsg_put(message, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &nat64_family, NLM_F_MULTI,
				   command);

	cb->seq = nn->generation + 1; /* 0 would mean: not known yet */
	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
}

/* The instance with the least id from id on, of the name asked for if one was. */
static const struct nat64_entry *next_entry(const struct nat64_snapshot *snapshot, const char *name, u32 id)
{
	const struct nat64_entry *best = NULL;
	u32 i;

	for (i = 0; snapshot && i < snapshot->count; i++) {
		const struct nat64_entry *entry = &snapshot->entry[i];

		if (entry->instance->id >= id && (!name || !strcmp(entry->instance->name, name)) &&
		    (!best || entry->instance->id < best->instance->id))
			best = entry;
	}
	return best;
}

int nat64_dump_put_instance(struct sk_buff *message, const struct nat64_snapshot *snapshot,
			    const struct nat64_entry *entry)
{
	if (nla_put_string(message, OSNC_NAT64_ATTR_INSTANCE_NAME, entry->instance->name) ||
	    nla_put_u32(message, OSNC_NAT64_ATTR_INSTANCE_ID, entry->instance->id) ||
	    nla_put_u32(message, OSNC_NAT64_ATTR_GENERATION, snapshot->generation) ||
	    nla_put_u8(message, OSNC_NAT64_ATTR_MODE, entry->instance->mode) ||
	    nla_put_u32(message, OSNC_NAT64_ATTR_EAM_COUNT, entry->rules->eams->count))
		return -EMSGSIZE;
	return nat64_attribute_put_settings(message, &entry->rules->settings);
}

static int put_instance(struct sk_buff *message, struct netlink_callback *cb, const struct nat64_net *nn,
			const struct nat64_snapshot *snapshot, const struct nat64_entry *entry)
{
	void *header = begin(message, cb, nn, OSNC_NAT64_CMD_INSTANCE_GET);

	if (!header)
		return -EMSGSIZE;
	if (nat64_dump_put_instance(message, snapshot, entry)) {
		genlmsg_cancel(message, header);
		return -EMSGSIZE;
	}
	genlmsg_end(message, header);
	return 0;
}

static const char *wanted_name(struct netlink_callback *cb)
{
	struct nlattr **attrs = compat_genl_dump_attrs(cb);

	return attrs[OSNC_NAT64_ATTR_INSTANCE_NAME] ? nla_data(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]) : NULL;
}

int nat64_dump_instances(struct sk_buff *message, struct netlink_callback *cb)
{
	struct nat64_net *nn = nat64_net(sock_net(message->sk));
	struct cursor *cursor = cursor_of(cb);
	const struct nat64_snapshot *snapshot;
	const struct nat64_entry *entry;

	mutex_lock(&nn->lock);
	snapshot = rcu_dereference_protected(nn->snapshot, lockdep_is_held(&nn->lock));
	while ((entry = next_entry(snapshot, wanted_name(cb), cursor->id))) {
		if (put_instance(message, cb, nn, snapshot, entry))
			break;
		cursor->id = entry->instance->id + 1;
	}
	mutex_unlock(&nn->lock);
	return message->len;
}

/* The first entry behind the cursor. */
static u32 resume(const struct nat64_eams *eams, const struct cursor *cursor)
{
	u32 low = 0, high = eams->count;

	if (!cursor->begun)
		return 0;
	while (low < high) {
		const u32 middle = low + (high - low) / 2;

		if (nat64_eam_compare(&eams->entry[middle], &cursor->eam) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int nat64_dump_eamt(struct sk_buff *message, struct netlink_callback *cb)
{
	struct nat64_net *nn = nat64_net(sock_net(message->sk));
	const char *name = nat64_attribute_name(compat_genl_dump_attrs(cb), cb->extack);
	struct cursor *cursor = cursor_of(cb);
	const struct nat64_entry *entry;
	const struct nat64_eams *eams;
	int ret = 0;
	u32 i;

	if (!name)
		return -EINVAL;
	mutex_lock(&nn->lock);
	entry = nat64_netlink_entry(nn, name, cb->extack);
	/* removed in the middle of the dump, it ends here; asked for in vain, it fails */
	if (!entry)
		ret = cursor->begun ? 0 : -ENOENT;
	eams = entry ? entry->rules->eams : NULL;
	for (i = eams ? resume(eams, cursor) : 0; eams && i < eams->count; i++) {
		void *header = begin(message, cb, nn, OSNC_NAT64_CMD_EAMT_GET);

		if (!header)
			break;
		if (nat64_attribute_put_eam(message, &eams->entry[i])) {
			genlmsg_cancel(message, header);
			break;
		}
		genlmsg_end(message, header);
		cursor->eam = eams->entry[i];
		cursor->begun = true;
	}
	mutex_unlock(&nn->lock);
	return ret ? ret : message->len;
}

static int put_counter(struct sk_buff *message, struct netlink_callback *cb, const struct nat64_net *nn,
		       const struct nat64_instance *instance, const struct nat64_counters *sum, u32 row)
{
	void *header = begin(message, cb, nn, OSNC_NAT64_CMD_STATS_GET);
	struct nlattr *nest;

	if (!header)
		return -EMSGSIZE;
	if (nla_put_string(message, OSNC_NAT64_ATTR_INSTANCE_NAME, instance->name) ||
	    nla_put_u32(message, OSNC_NAT64_ATTR_INSTANCE_ID, instance->id))
		goto full;
	nest = nla_nest_start(message, OSNC_NAT64_ATTR_COUNTER);
	if (!nest || nla_put_string(message, OSNC_NAT64_COUNTER_NAME, nat64_counter_rows[row].name) ||
	    nla_put_u64_64bit(message, OSNC_NAT64_COUNTER_VALUE, *(u64 *)((char *)sum + nat64_counter_rows[row].offset),
			      OSNC_NAT64_COUNTER_PAD) ||
	    nla_put_string(message, OSNC_NAT64_COUNTER_TEXT, nat64_counter_rows[row].text))
		goto full;
	nla_nest_end(message, nest);
	genlmsg_end(message, header);
	return 0;
full:
	genlmsg_cancel(message, header);
	return -EMSGSIZE;
}

int nat64_dump_stats(struct sk_buff *message, struct netlink_callback *cb)
{
	struct nat64_net *nn = nat64_net(sock_net(message->sk));
	struct cursor *cursor = cursor_of(cb);
	const struct nat64_snapshot *snapshot;
	const struct nat64_entry *entry;

	mutex_lock(&nn->lock);
	snapshot = rcu_dereference_protected(nn->snapshot, lockdep_is_held(&nn->lock));
	while ((entry = next_entry(snapshot, wanted_name(cb), cursor->id))) {
		struct nat64_counters *sum = kmalloc(sizeof(*sum), GFP_KERNEL);

		if (!sum)
			break;
		/* another than the one under way: that one went */
		if (entry->instance->id != cursor->id)
			cursor->row = 0;
		cursor->id = entry->instance->id;
		nat64_stats_sum(entry->instance, sum);
		for (; cursor->row < nat64_counter_rows_n; cursor->row++)
			if (put_counter(message, cb, nn, entry->instance, sum, cursor->row))
				break;
		kfree(sum);
		if (cursor->row < nat64_counter_rows_n)
			break;
		cursor->id++;
		cursor->row = 0;
	}
	mutex_unlock(&nn->lock);
	return message->len;
}

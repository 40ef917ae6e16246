// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/netlink.h"

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "kmod/nat64/attribute.h"
#include "kmod/nat64/draft.h"
#include "kmod/nat64/listing.h"

const struct nat64_entry *nat64_netlink_entry(const struct nat64_net *nn, const char *name,
					      struct netlink_ext_ack *extack)
{
	const struct nat64_snapshot *snapshot = rcu_dereference_protected(nn->snapshot, lockdep_is_held(&nn->lock));
	u32 i;

	for (i = 0; snapshot && i < snapshot->count; i++)
		if (!strcmp(snapshot->entry[i].instance->name, name))
			return &snapshot->entry[i];
	NL_SET_ERR_MSG(extack, "there is no instance of this name");
	return NULL;
}

/* ---- transactions ---------------------------------------------------------------------------------------------- */

static struct nat64_draft *own_draft(struct nat64_net *nn, struct genl_info *info)
{
	struct nat64_draft *draft = nat64_draft_find(nn, info->snd_portid);

	if (!draft)
		NL_SET_ERR_MSG(info->extack, "this socket has no open transaction");
	return draft;
}

static int do_begin(struct nat64_net *nn, struct genl_info *info)
{
	if (nat64_draft_find(nn, info->snd_portid)) {
		NL_SET_ERR_MSG(info->extack, "this socket has an open transaction already");
		return -EBUSY;
	}
	return PTR_ERR_OR_ZERO(nat64_draft_open(nn, info->snd_portid, info->extack));
}

static int do_commit(struct nat64_net *nn, struct genl_info *info)
{
	struct nat64_draft *draft = own_draft(nn, info);
	int ret;

	if (!draft)
		return -ENOENT;
	ret = nat64_draft_commit(nn, draft, info->extack);
	nat64_draft_close(nn, draft);
	return ret;
}

static int do_abort(struct nat64_net *nn, struct genl_info *info)
{
	struct nat64_draft *draft = own_draft(nn, info);

	if (!draft)
		return -ENOENT;
	nat64_draft_close(nn, draft);
	return 0;
}

/* ---- changes, to the socket's draft or at once ----------------------------------------------------------------- */

typedef int (*change_fn)(struct nat64_net *nn, struct nat64_draft *draft, const char *name, struct genl_info *info);

static int do_change(struct nat64_net *nn, struct genl_info *info, change_fn change)
{
	const char *name = nat64_attribute_name(info->attrs, info->extack);
	struct nat64_draft *draft;
	int ret;

	if (!name)
		return -EINVAL;
	draft = nat64_draft_find(nn, info->snd_portid);
	if (draft)
		return change(nn, draft, name, info);
	draft = nat64_draft_open(nn, 0, info->extack);
	if (IS_ERR(draft))
		return PTR_ERR(draft);
	ret = change(nn, draft, name, info);
	if (!ret)
		ret = nat64_draft_commit(nn, draft, info->extack);
	nat64_draft_close(nn, draft);
	return ret;
}

static int add_instance(struct nat64_net *nn, struct nat64_draft *draft, const char *name, struct genl_info *info)
{
	struct nlattr *mode = info->attrs[OSNC_NAT64_ATTR_MODE];
	struct nat64_settings settings;
	int ret;

	nat64_settings_default(&settings);
	ret = nat64_attribute_settings(info->attrs, &settings, info->extack);
	return ret ? ret
		   : nat64_draft_add(nn, draft, name, mode ? nla_get_u8(mode) : OSNC_NAT64_STATELESS, &settings,
				     info->extack);
}

static int set_instance(struct nat64_net *nn, struct nat64_draft *draft, const char *name, struct genl_info *info)
{
	struct nat64_draft_entry *entry = nat64_draft_entry(draft, name, info->extack);
	struct nat64_settings settings;
	int ret;

	if (!entry)
		return -ENOENT;
	if (info->attrs[OSNC_NAT64_ATTR_MODE] &&
	    nla_get_u8(info->attrs[OSNC_NAT64_ATTR_MODE]) != entry->instance->mode) {
		NL_SET_ERR_MSG(info->extack, "mode: an instance keeps the one it was added with");
		return -EINVAL;
	}
	if (info->attrs[OSNC_NAT64_ATTR_DEFAULTS])
		nat64_settings_default(&settings);
	else
		settings = entry->settings;
	ret = nat64_attribute_settings(info->attrs, &settings, info->extack);
	if (!ret)
		nat64_draft_set(entry, &settings);
	return ret;
}

static int remove_instance(struct nat64_net *nn, struct nat64_draft *draft, const char *name, struct genl_info *info)
{
	return nat64_draft_remove(draft, name, info->extack);
}

static int change_eamt(struct nat64_net *nn, struct nat64_draft *draft, const char *name, struct genl_info *info,
		       bool add)
{
	struct nat64_draft_entry *entry = nat64_draft_entry(draft, name, info->extack);
	struct nat64_eam *given;
	struct nat64_eams *eams;
	u32 count;

	if (!entry)
		return -ENOENT;
	given = nat64_attribute_eams(info->nlhdr, GENL_HDRLEN, &count, info->extack);
	if (IS_ERR(given))
		return PTR_ERR(given);
	if (add)
		eams = nat64_eams_add(entry->eams, given, count, nn->max_eamt, info->extack);
	else
		eams = nat64_eams_remove(entry->eams, given, count, info->extack);
	kvfree(given);
	if (IS_ERR(eams))
		return PTR_ERR(eams);
	nat64_draft_set_eams(entry, eams);
	return 0;
}

static int add_eamt(struct nat64_net *nn, struct nat64_draft *draft, const char *name, struct genl_info *info)
{
	return change_eamt(nn, draft, name, info, true);
}

static int remove_eamt(struct nat64_net *nn, struct nat64_draft *draft, const char *name, struct genl_info *info)
{
	return change_eamt(nn, draft, name, info, false);
}

static int change_pool4(struct nat64_draft *draft, const char *name, struct genl_info *info, bool add)
{
	struct nat64_draft_entry *entry = nat64_draft_entry(draft, name, info->extack);
	struct nat64_pool4 *pool4;

	if (!entry)
		return -ENOENT;
	if (entry->instance->mode != OSNC_NAT64_STATEFUL) {
		NL_SET_ERR_MSG(info->extack, "a stateless instance has no pool4");
		return -EINVAL;
	}
	pool4 = nat64_pool4_change(entry->pool4, info->nlhdr, GENL_HDRLEN, add, info->extack);
	if (IS_ERR(pool4))
		return PTR_ERR(pool4);
	nat64_draft_set_pool4(entry, pool4);
	return 0;
}

static int add_pool4(struct nat64_net *nn, struct nat64_draft *draft, const char *name, struct genl_info *info)
{
	return change_pool4(draft, name, info, true);
}

static int remove_pool4(struct nat64_net *nn, struct nat64_draft *draft, const char *name, struct genl_info *info)
{
	return change_pool4(draft, name, info, false);
}

static int do_pool4_add(struct nat64_net *nn, struct genl_info *info)
{
	return do_change(nn, info, add_pool4);
}

static int do_pool4_remove(struct nat64_net *nn, struct genl_info *info)
{
	return do_change(nn, info, remove_pool4);
}

static int do_instance_add(struct nat64_net *nn, struct genl_info *info)
{
	return do_change(nn, info, add_instance);
}

static int do_instance_set(struct nat64_net *nn, struct genl_info *info)
{
	return do_change(nn, info, set_instance);
}

static int do_instance_remove(struct nat64_net *nn, struct genl_info *info)
{
	return do_change(nn, info, remove_instance);
}

static int do_eamt_add(struct nat64_net *nn, struct genl_info *info)
{
	return do_change(nn, info, add_eamt);
}

static int do_eamt_remove(struct nat64_net *nn, struct genl_info *info)
{
	return do_change(nn, info, remove_eamt);
}

/* ---- looking --------------------------------------------------------------------------------------------------- */

static int do_instance_get(struct nat64_net *nn, struct genl_info *info)
{
	const char *name = nat64_attribute_name(info->attrs, info->extack);
	const struct nat64_entry *entry = name ? nat64_netlink_entry(nn, name, info->extack) : NULL;
	struct sk_buff *message;
	void *header;

	if (!entry)
		return name ? -ENOENT : -EINVAL;
	message = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!message)
		return -ENOMEM;
	header = genlmsg_put_reply(message, info, &nat64_family, 0, OSNC_NAT64_CMD_INSTANCE_GET);
	if (!header || nat64_dump_put_instance(
			       message, rcu_dereference_protected(nn->snapshot, lockdep_is_held(&nn->lock)), entry)) {
		nlmsg_free(message);
		return -EMSGSIZE;
	}
	genlmsg_end(message, header);
	return genlmsg_reply(message, info);
}

/* ---- the family ------------------------------------------------------------------------------------------------ */

static int (*const actions[__OSNC_NAT64_CMD_END])(struct nat64_net *nn, struct genl_info *info) = {
	[OSNC_NAT64_CMD_BEGIN] = do_begin,
	[OSNC_NAT64_CMD_COMMIT] = do_commit,
	[OSNC_NAT64_CMD_ABORT] = do_abort,
	[OSNC_NAT64_CMD_INSTANCE_ADD] = do_instance_add,
	[OSNC_NAT64_CMD_INSTANCE_SET] = do_instance_set,
	[OSNC_NAT64_CMD_INSTANCE_REMOVE] = do_instance_remove,
	[OSNC_NAT64_CMD_INSTANCE_GET] = do_instance_get,
	[OSNC_NAT64_CMD_EAMT_ADD] = do_eamt_add,
	[OSNC_NAT64_CMD_EAMT_REMOVE] = do_eamt_remove,
	[OSNC_NAT64_CMD_POOL4_ADD] = do_pool4_add,
	[OSNC_NAT64_CMD_POOL4_REMOVE] = do_pool4_remove,
	[OSNC_NAT64_CMD_BIB_ADD] = nat64_listing_bib_add,
	[OSNC_NAT64_CMD_BIB_REMOVE] = nat64_listing_bib_remove,
	[OSNC_NAT64_CMD_SESSION_FLUSH] = nat64_listing_flush,
};

static int locked(struct sk_buff *request, struct genl_info *info)
{
	struct nat64_net *nn = nat64_net(genl_info_net(info));
	int ret;

	mutex_lock(&nn->lock);
	ret = actions[info->genlhdr->cmd](nn, info);
	mutex_unlock(&nn->lock);
	return ret;
}

#define CHANGE(command) \
	{ \
		.cmd = command, .flags = GENL_UNS_ADMIN_PERM, .doit = locked \
	}

static const struct genl_ops operations[] = {
	CHANGE(OSNC_NAT64_CMD_BEGIN),
	CHANGE(OSNC_NAT64_CMD_COMMIT),
	CHANGE(OSNC_NAT64_CMD_ABORT),
	CHANGE(OSNC_NAT64_CMD_INSTANCE_ADD),
	CHANGE(OSNC_NAT64_CMD_INSTANCE_SET),
	CHANGE(OSNC_NAT64_CMD_INSTANCE_REMOVE),
	CHANGE(OSNC_NAT64_CMD_EAMT_ADD),
	CHANGE(OSNC_NAT64_CMD_EAMT_REMOVE),
	CHANGE(OSNC_NAT64_CMD_POOL4_ADD),
	CHANGE(OSNC_NAT64_CMD_POOL4_REMOVE),
	CHANGE(OSNC_NAT64_CMD_BIB_ADD),
	CHANGE(OSNC_NAT64_CMD_BIB_REMOVE),
	CHANGE(OSNC_NAT64_CMD_SESSION_FLUSH),
	{ .cmd = OSNC_NAT64_CMD_POOL4_GET, .flags = GENL_UNS_ADMIN_PERM, .dumpit = nat64_listing_pool4 },
	{ .cmd = OSNC_NAT64_CMD_BIB_GET, .flags = GENL_UNS_ADMIN_PERM, .dumpit = nat64_listing_bibs },
	{ .cmd = OSNC_NAT64_CMD_SESSION_GET, .flags = GENL_UNS_ADMIN_PERM, .dumpit = nat64_listing_sessions },
	{ .cmd = OSNC_NAT64_CMD_INSTANCE_GET,
	  .flags = GENL_UNS_ADMIN_PERM,
	  .doit = locked,
	  .dumpit = nat64_dump_instances },
	{ .cmd = OSNC_NAT64_CMD_EAMT_GET, .flags = GENL_UNS_ADMIN_PERM, .dumpit = nat64_dump_eamt },
	{ .cmd = OSNC_NAT64_CMD_STATS_GET, .flags = GENL_UNS_ADMIN_PERM, .dumpit = nat64_dump_stats },
	{ .cmd = OSNC_NAT64_CMD_EXPLAIN, .flags = GENL_UNS_ADMIN_PERM, .doit = nat64_explain },
};

static const struct genl_multicast_group groups[] = {
	{ .name = OSNC_NAT64_GROUP_EVENTS },
};

struct genl_family nat64_family __ro_after_init = {
	.name = OSNC_NAT64_FAMILY,
	.version = OSNC_NAT64_VERSION,
	.maxattr = OSNC_NAT64_ATTR_MAX,
	.policy = nat64_attribute_policy,
	.netnsok = true,
	.parallel_ops = true,
	.ops = operations,
	.n_ops = ARRAY_SIZE(operations),
	.resv_start_op = __OSNC_NAT64_CMD_END,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	.module = THIS_MODULE,
};

/* A transaction ends with its socket. */
static int on_release(struct notifier_block *block, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;
	struct nat64_draft *draft;
	struct nat64_net *nn;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	nn = nat64_net(notify->net);
	if (!nn)
		return NOTIFY_DONE;
	mutex_lock(&nn->lock);
	draft = nat64_draft_find(nn, notify->portid);
	if (draft)
		nat64_draft_close(nn, draft);
	mutex_unlock(&nn->lock);
	return NOTIFY_DONE;
}

static struct notifier_block release_block = { .notifier_call = on_release };

int nat64_netlink_register(void)
{
	int ret = netlink_register_notifier(&release_block);

	if (ret)
		return ret;
	ret = genl_register_family(&nat64_family);
	if (ret)
		netlink_unregister_notifier(&release_block);
	return ret;
}

void nat64_netlink_unregister(void)
{
	genl_unregister_family(&nat64_family);
	netlink_unregister_notifier(&release_block);
}

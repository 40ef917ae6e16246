// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <net/net_namespace.h>

#include "kmod/nat64/draft.h"
#include "kmod/nat64/dstcache.h"
#include "kmod/nat64/fragment.h"
#include "kmod/nat64/netlink.h"
#include "kmod/nat64/path.h"
#include "kmod/nat64/sysctl.h"

unsigned int nat64_net_id __read_mostly;

static int __net_init begin_net(struct net *net)
{
	struct nat64_net *nn = nat64_net(net);
	u8 i;

	nn->net = net;
	nn->share.max = &nn->max_sessions;
	mutex_init(&nn->lock);
	INIT_LIST_HEAD(&nn->drafts);
	for (i = 0; i < NAT64_FRONTS_MAX; i++) {
		nn->front[i].nn = nn;
		nn->front[i].index = i;
	}
	return nat64_sysctl_register(nn);
}

/* A grace period passes between these two: no packet that a hook let in is under way when its namespace's memory goes. */
static void __net_exit close_net(struct net *net)
{
	struct nat64_net *nn = nat64_net(net);

	mutex_lock(&nn->lock);
	nat64_draft_end(nn);
	mutex_unlock(&nn->lock);
}

static void __net_exit end_net(struct net *net)
{
	struct nat64_net *nn = nat64_net(net);

	nat64_fragment_end(nn);
	nat64_dstcache_end(nn);
	nat64_sysctl_unregister(nn);
}

static struct pernet_operations net_operations = {
	.init = begin_net,
	.pre_exit = close_net,
	.exit = end_net,
	.id = &nat64_net_id,
	.size = sizeof(struct nat64_net),
};

static int __init begin(void)
{
	int ret = nat64_table_module_init();

	if (ret)
		return ret;
	nat64_path64_init();
	ret = nat64_draft_start();
	if (ret)
		goto free_table;
	/* a device operation, not a subsystem: it ends before the namespace's devices do */
	ret = register_pernet_device(&net_operations);
	if (ret)
		goto stop;
	ret = nat64_netlink_register();
	if (ret)
		goto unregister;
	return 0;
unregister:
	unregister_pernet_device(&net_operations);
stop:
	nat64_draft_stop();
free_table:
	nat64_table_module_exit();
	return ret;
}

static void __exit end(void)
{
	nat64_netlink_unregister();
	unregister_pernet_device(&net_operations);
	nat64_draft_stop();
	nat64_table_module_exit();
}

module_init(begin);
module_exit(end);

MODULE_DESCRIPTION("IPv6/IPv4 translator (RFC 7915, 6052, 7757, 6146)");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/hook.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/slab.h>

#include "kmod/nat64/dstcache.h"
#include "kmod/nat64/path.h"

typedef unsigned int path_function(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
				   struct sk_buff *skb, const struct nf_hook_state *state);

static __always_inline unsigned int enter6(const struct nat64_front *front, struct sk_buff *skb,
					   const struct nf_hook_state *state, path_function *path)
{
	const struct nat64_snapshot *snapshot = rcu_dereference(front->nn->snapshot);
	const struct nat64_front_view *view;

	if (unlikely(!snapshot))
		return NF_ACCEPT;
	view = &snapshot->front[front->index];
	if (!nat64_filter6(&view->filter6, &ipv6_hdr(skb)->daddr))
		return NF_ACCEPT;
	return path(snapshot, view, skb, state);
}

static unsigned int from6(void *private, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return enter6(private, skb, state, nat64_path64);
}

static unsigned int local6(void *private, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return enter6(private, skb, state, nat64_path64_local);
}

static unsigned int from4(void *private, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct nat64_front *front = private;
	const struct nat64_snapshot *snapshot = rcu_dereference(front->nn->snapshot);
	const struct nat64_front_view *view;

	if (unlikely(!snapshot))
		return NF_ACCEPT;
	view = &snapshot->front[front->index];
	if (!nat64_filter4(&view->filter4, ip_hdr(skb)->daddr))
		return NF_ACCEPT;
	return nat64_path46(snapshot, view, skb, state);
}

static const struct nf_hook_ops templates[] = {
	{ .hook = from6, .pf = NFPROTO_IPV6, .hooknum = NF_INET_PRE_ROUTING },
	{ .hook = from4, .pf = NFPROTO_IPV4, .hooknum = NF_INET_PRE_ROUTING },
	/* behind everybody: what is in OUTPUT filters, marks and tracks the packet as it is */
	{ .hook = local6, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_OUT, .priority = NF_IP6_PRI_LAST },
};

int nat64_hook_register(struct nat64_front *front)
{
	struct nf_hook_ops *ops;
	unsigned int i;
	int ret = nat64_dstcache_begin(front->nn);

	if (ret)
		return ret;
	ops = kmemdup(templates, sizeof(templates), GFP_KERNEL_ACCOUNT);
	if (!ops)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(templates); i++) {
		ops[i].priv = front;
		if (ops[i].hooknum != NF_INET_LOCAL_OUT)
			ops[i].priority = ops[i].pf == NFPROTO_IPV6 ? front->priority6 : front->priority4;
	}
	ret = nf_register_net_hooks(front->nn->net, ops, ARRAY_SIZE(templates));
	if (ret) {
		kfree(ops);
		return ret;
	}
	front->ops = ops;
	/* never more than are registered: see hooked() in path46.c */
	WRITE_ONCE(front->nn->fronts, front->nn->fronts + 1);
	return 0;
}

void nat64_hook_unregister(struct nat64_front *front)
{
	WRITE_ONCE(front->nn->fronts, front->nn->fronts - 1);
	nf_unregister_net_hooks(front->nn->net, front->ops, ARRAY_SIZE(templates));
	kfree(front->ops);
	front->ops = NULL;
}

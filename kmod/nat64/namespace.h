/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a network namespace has of the translator. Packets see one pointer, the snapshot: everything that is configured, immutable. A draft is a
 * snapshot in the making, open to changes; its commit swaps the pointer.
 */
#ifndef OSNC_NAT64_NAMESPACE_H
#define OSNC_NAT64_NAMESPACE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <linux/types.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "kmod/nat64/filter.h"
#include "kmod/nat64/instance.h"

#define NAT64_FRONTS_MAX 4 /* pairs of hook priorities in one namespace */

/* One instance as packets see it. */
struct nat64_entry {
	struct nat64_instance *instance;
	struct nat64_rules *rules;
};

/* One pair of hooks: the entries with its priorities stand together. */
struct nat64_front_view {
	struct nat64_filter filter6, filter4;
	u32 first, count;
};

struct nat64_snapshot {
	struct nat64_front_view front[NAT64_FRONTS_MAX];
	u32 generation;
	u32 count;
	struct rcu_work retired;
	struct nat64_entry entry[];
};

struct nat64_datagrams;
struct nat64_dstcache;
struct nat64_net;

/* The hooks of one pair of priorities: what the kernel calls. */
struct nat64_front {
	struct nat64_net *nn;
	struct nf_hook_ops *ops; /* NULL: not registered */
	int priority6, priority4;
	u8 index;
};

struct nat64_net {
	struct nat64_snapshot __rcu *snapshot; /* NULL: no instance */
	struct net *net;
	u32 fronts; /* that are registered, or fewer */
	u32 generation;
	struct mutex lock; /* what follows, and who may swap the snapshot */
	struct list_head drafts;
	atomic_t sequence;                         /* of events */
	struct nat64_share share;                  /* sessions of all instances */
	struct nat64_dstcache *__percpu *dstcache; /* NULL: there was no instance yet */
	struct nat64_datagrams *datagrams;         /* fragments under way; NULL: no stateful instance */
	u32 max_instances;
	u32 max_eamt;
	u32 max_transactions;
	u32 max_sessions;
	u32 draft_count;
	struct ctl_table_header *sysctl;
	struct nat64_front front[NAT64_FRONTS_MAX];
};

extern unsigned int nat64_net_id;

static inline struct nat64_net *nat64_net(const struct net *net)
{
	return net_generic(net, nat64_net_id);
}

#endif

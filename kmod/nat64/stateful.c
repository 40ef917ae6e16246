// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/stateful.h"

#include <linux/netfilter.h>
#include <linux/tcp.h>

#include "kmod/nat64/error.h"
#include "kmod/nat64/fragment.h"
#include "kmod/nat64/hostport.h"
#include "kmod/nat64/stats.h"

/* The table is looked at as a whole every 8 s. */
#define SLICE (HZ / 4)
#define SLICE_PARTS 8 /* of 256 */

/* ---- what the table asks of us ----------------------------------------------------------------- */

static void on_event(void *owner, const struct nat64_event *event)
{
	nat64_listing_event(owner, event);
}

static int on_bound(void *owner, enum nat64_l4 l4, __be32 address, __be16 port)
{
	const struct nat64_stateful *stateful = owner;

	return nat64_hostport_bound(stateful->nn->net, l4, address, port);
}

static void on_release(void *owner, void *packet, int expired)
{
	const struct nat64_stateful *stateful = owner;
	const struct nat64_fault fault = { 0 };
	struct sk_buff *skb = packet;

	if (expired)
		nat64_error_send(skb, 4, stateful->instance, NAT64_SYN_HELD, &fault);
	dev_put(skb->dev);
	kfree_skb(skb);
}

/* RFC 6146 3.5.2.2 says SHOULD. We send none: the session has tcp-closing's time left, in which any packet of either end brings it back. */
static void on_probe(void *owner, const struct nat64_event *session)
{
}

static const struct nat64_owner calls = {
	.event = on_event, .bound = on_bound, .release = on_release, .probe = on_probe
};

static void collect(struct work_struct *work)
{
	struct nat64_stateful *stateful = container_of(to_delayed_work(work), struct nat64_stateful, work);

	mutex_lock(&stateful->lock);
	if (stateful->rules) {
		nat64_table_gc(stateful->table, &stateful->rules->policy, nat64_stateful_now(), SLICE_PARTS);
		nat64_fragment_sweep(stateful->nn);
		queue_delayed_work(system_power_efficient_wq, &stateful->work, SLICE);
	}
	mutex_unlock(&stateful->lock);
}

/* ---- beginning, commit and end ----------------------------------------------------------------- */

static struct nat64_shape shape_of(const struct nat64_settings *settings)
{
	return (struct nat64_shape){
		.max_sessions = settings->value[OSNC_NAT64_SETTING_MAX_SESSIONS],
		.subscriber_length = settings->value[OSNC_NAT64_SETTING_SUBSCRIBER_LENGTH],
		.block_size = settings->value[OSNC_NAT64_SETTING_BLOCK_SIZE],
	};
}

static int begin(struct nat64_net *nn, struct nat64_instance *instance, const struct nat64_shape *shape,
		 struct nat64_pool *pool)
{
	struct nat64_stateful *stateful = kzalloc(sizeof(*stateful), GFP_KERNEL_ACCOUNT);
	int ret = -ENOMEM;

	if (stateful)
		ret = nat64_fragment_begin(nn);
	if (!ret)
		ret = nat64_table_create(shape, pool, &nn->share, &calls, stateful, &stateful->table);
	if (ret) {
		kfree(stateful);
		nat64_pool_free(pool);
		return ret;
	}
	stateful->nn = nn;
	stateful->instance = instance;
	stateful->shape = *shape;
	INIT_DELAYED_WORK(&stateful->work, collect);
	mutex_init(&stateful->lock);
	nat64_table_listen(stateful->table, 1 << NAT64_EVENT_BLOCK | 1 << NAT64_EVENT_BIB | 1 << NAT64_EVENT_SESSION);
	instance->stateful = stateful;
	return 0;
}

static bool same_shape(const struct nat64_shape *a, const struct nat64_shape *b)
{
	return a->max_sessions == b->max_sessions && a->subscriber_length == b->subscriber_length &&
	       a->block_size == b->block_size;
}

int nat64_stateful_prepare(struct nat64_net *nn, struct nat64_instance *instance, struct nat64_rules *rules,
			   struct netlink_ext_ack *extack)
{
	struct nat64_stateful *stateful = instance->stateful;
	const struct nat64_shape shape = shape_of(&rules->settings);
	struct nat64_pool *pool;
	int ret;

	if (rules->eams->count) {
		NL_SET_ERR_MSG(extack, "a stateful instance has no EAMT");
		return -EINVAL;
	}
	if (stateful && !same_shape(&stateful->shape, &shape)) {
		NL_SET_ERR_MSG(
			extack,
			"max-sessions, subscriber-length and block-size cannot be changed any more: remove the instance");
		return -EINVAL;
	}
	if (stateful && stateful->rules && stateful->rules->pool4 == rules->pool4)
		return 0;
	if (!rules->pool4->count && !stateful)
		return 0; /* it translates nothing yet */
	if (!rules->pool4->count) {
		NL_SET_ERR_MSG(extack, "pool4: the last line cannot go: remove the instance");
		return -EINVAL;
	}
	ret = rules->settings.value[OSNC_NAT64_SETTING_SHARE_HOST_PORTS]
		      ? 0
		      : nat64_hostport_check(nn->net, rules->pool4, extack);
	if (ret)
		return ret;
	pool = nat64_pool4_build(rules->pool4, shape.block_size, extack);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	if (!stateful)
		return begin(nn, instance, &shape, pool);
	if (!nat64_table_pool_fits(stateful->table, pool)) {
		nat64_pool_free(pool);
		NL_SET_ERR_MSG(extack, "pool4: a BIB entry that was added by hand would be left outside");
		return -EBUSY;
	}
	nat64_pool_free(stateful->next); /* of a commit that failed */
	stateful->next = pool;
	return 0;
}

static void follow(struct nat64_stateful *stateful, struct nat64_rules *rules)
{
	struct nat64_rules *before;

	mutex_lock(&stateful->lock);
	before = stateful->rules;
	stateful->rules = nat64_rules_get(rules);
	if (rules->ftp_alg)
		WRITE_ONCE(stateful->instance->gateway, 1);
	if (stateful->next &&
	    nat64_table_set_pool(stateful->table, &rules->policy, stateful->next, nat64_stateful_now()))
		nat64_pool_free(stateful->next);
	stateful->next = NULL;
	mutex_unlock(&stateful->lock);
	if (!before)
		queue_delayed_work(system_power_efficient_wq, &stateful->work, SLICE);
	nat64_rules_put(before);
}

static void stop(struct nat64_stateful *stateful)
{
	struct nat64_rules *before;

	mutex_lock(&stateful->lock);
	before = stateful->rules;
	stateful->rules = NULL;
	mutex_unlock(&stateful->lock);
	cancel_delayed_work_sync(&stateful->work);
	nat64_table_listen(stateful->table, 0);
	/* Packets that still see the old snapshot; the namespace may be gone when the table is freed. */
	synchronize_rcu();
	nat64_table_leave(stateful->table);
	nat64_rules_put(before);
}

static bool holds(const struct nat64_snapshot *snapshot, const struct nat64_instance *instance)
{
	u32 i;

	for (i = 0; snapshot && i < snapshot->count; i++)
		if (snapshot->entry[i].instance == instance)
			return true;
	return false;
}

void nat64_stateful_commit(struct nat64_net *nn, const struct nat64_snapshot *old, const struct nat64_snapshot *new)
{
	bool any = false;
	u32 i;

	for (i = 0; old && i < old->count; i++)
		if (old->entry[i].instance->stateful && !holds(new, old->entry[i].instance))
			stop(old->entry[i].instance->stateful);
	for (i = 0; new &&i < new->count; i++)
		if (new->entry[i].instance->stateful) {
			follow(new->entry[i].instance->stateful, new->entry[i].rules);
			any = true;
		}
	if (!any)
		nat64_fragment_end(nn);
}

void nat64_stateful_free(struct nat64_stateful *stateful)
{
	if (!stateful)
		return;
	nat64_table_destroy(stateful->table);
	nat64_pool_free(stateful->next);
	kfree(stateful);
}

/* ---- packets ----------------------------------------------------------------------------------- */

static u8 tcp_flags(const struct sk_buff *skb, const struct nat64_flow *flow)
{
	u8 octet;
	const u8 *at = skb_header_pointer(skb, flow->outer.l4 + 13, 1, &octet);

	return at ? *at : 0;
}

void nat64_stateful_visit(const struct nat64_entry *entry, const struct sk_buff *skb, const struct nat64_flow *flow,
			  struct nat64_visit *visit)
{
	visit->config = &entry->rules->core;
	visit->policy = &entry->rules->policy;
	visit->now = nat64_stateful_now();
	visit->mark = skb->mark;
	visit->tcp_flags = flow->outer.upper == NAT64_TCP ? tcp_flags(skb, flow) : 0;
}

enum nat64_verdict nat64_stateful_64(const struct nat64_entry *entry, struct sk_buff *skb,
				     const struct nat64_flow *flow, struct nat64_map *map)
{
	struct nat64_visit visit;
	enum nat64_verdict verdict;

	if (unlikely(!entry->instance->stateful))
		return NAT64_NOT_OURS;
	nat64_stateful_visit(entry, skb, flow, &visit);
	local_bh_disable();
	verdict = nat64_table_64(entry->instance->stateful->table, &visit, flow, map);
	local_bh_enable();
	return verdict;
}

enum nat64_verdict nat64_stateful_46(const struct nat64_entry *entry, struct sk_buff *skb,
				     const struct nat64_flow *flow, struct nat64_map *map)
{
	struct nat64_visit visit;
	enum nat64_verdict verdict;

	if (unlikely(!entry->instance->stateful))
		return NAT64_NOT_OURS;
	nat64_stateful_visit(entry, skb, flow, &visit);
	local_bh_disable();
	verdict = nat64_table_46(entry->instance->stateful->table, &visit, flow, map);
	local_bh_enable();
	return verdict;
}

enum nat64_verdict nat64_stateful_piece(const struct nat64_entry *entry, struct sk_buff *skb,
					const struct nat64_flow *flow, struct nat64_map *map)
{
	struct nat64_visit visit;
	enum nat64_verdict verdict;

	nat64_stateful_visit(entry, skb, flow, &visit);
	if (flow->outer.fragment_offset)
		visit.tcp_flags = 0; /* payload stands where they would */
	local_bh_disable();
	verdict = (flow->family == 6 ? nat64_table_64 : nat64_table_46)(entry->instance->stateful->table, &visit, flow,
									map);
	local_bh_enable();
	return verdict;
}

unsigned int nat64_stateful_hold(const struct nat64_entry *entry, struct sk_buff *skb, const struct nat64_flow *flow)
{
	struct nat64_visit visit;

	nat64_count(entry->instance, verdict[NAT64_SYN_HELD]);
	nat64_stateful_visit(entry, skb, flow, &visit);
	dev_hold(skb->dev);
	local_bh_disable();
	if (nat64_table_hold(entry->instance->stateful->table, &visit, flow, skb)) {
		dev_put(skb->dev);
		kfree_skb(skb);
	}
	local_bh_enable();
	return NF_STOLEN;
}

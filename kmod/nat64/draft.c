// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/draft.h"

#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "kmod/nat64/event.h"
#include "kmod/nat64/hook.h"
#include "kmod/nat64/stateful.h"

/* ---- snapshots ------------------------------------------------------------------------------------------------- */

static struct workqueue_struct *retired;

int nat64_draft_start(void)
{
	retired = alloc_workqueue("osnc_nat64", 0, 0);
	return retired ? 0 : -ENOMEM;
}

void nat64_draft_stop(void)
{
	rcu_barrier(); /* what waits for readers is on the queue then */
	destroy_workqueue(retired);
}

static void free_snapshot(struct nat64_snapshot *snapshot)
{
	u32 i;

	for (i = 0; i < snapshot->count; i++) {
		nat64_rules_put(snapshot->entry[i].rules);
		nat64_instance_put(snapshot->entry[i].instance);
	}
	for (i = 0; i < NAT64_FRONTS_MAX; i++) {
		nat64_filter_free(&snapshot->front[i].filter6);
		nat64_filter_free(&snapshot->front[i].filter4);
	}
	kvfree(snapshot);
}

static void free_retired(struct work_struct *work)
{
	struct nat64_snapshot *snapshot = container_of(to_rcu_work(work), struct nat64_snapshot, retired);

	free_snapshot(snapshot);
}

/* Frees it once no packet looks at it any more. */
static void retire_snapshot(struct nat64_snapshot *snapshot)
{
	if (!snapshot)
		return;
	INIT_RCU_WORK(&snapshot->retired, free_retired);
	queue_rcu_work(retired, &snapshot->retired);
}

/* ---- drafts ---------------------------------------------------------------------------------------------------- */

static void free_entry(struct nat64_draft_entry *entry)
{
	nat64_instance_put(entry->instance);
	nat64_eams_put(entry->eams);
	nat64_pool4_put(entry->pool4);
	nat64_rules_put(entry->rules);
	kfree(entry);
}

static void free_draft(struct nat64_draft *draft)
{
	u32 i;

	for (i = 0; i < draft->count; i++)
		free_entry(draft->entry[i]);
	kfree(draft->entry);
	kfree(draft);
}

static int copy_entry(struct nat64_draft *draft, const struct nat64_entry *from)
{
	struct nat64_draft_entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);

	if (!entry)
		return -ENOMEM;
	entry->instance = nat64_instance_get(from->instance);
	entry->rules = nat64_rules_get(from->rules);
	entry->settings = from->rules->settings;
	entry->eams = nat64_eams_get(from->rules->eams);
	entry->pool4 = nat64_pool4_get(from->rules->pool4);
	draft->entry[draft->count++] = entry;
	return 0;
}

struct nat64_draft *nat64_draft_open(struct nat64_net *nn, u32 portid, struct netlink_ext_ack *extack)
{
	const struct nat64_snapshot *snapshot = rcu_dereference_protected(nn->snapshot, lockdep_is_held(&nn->lock));
	struct nat64_draft *draft;
	u32 i;

	if (portid && nn->draft_count >= nn->max_transactions) {
		NL_SET_ERR_MSG(extack, "more open transactions than net.nat64.max_transactions allows");
		return ERR_PTR(-EBUSY);
	}
	draft = kzalloc(sizeof(*draft), GFP_KERNEL_ACCOUNT);
	if (!draft)
		return ERR_PTR(-ENOMEM);
	draft->portid = portid;
	draft->generation = nn->generation;
	draft->room = nn->max_instances;
	draft->entry = kcalloc(draft->room, sizeof(*draft->entry), GFP_KERNEL_ACCOUNT);
	if (snapshot && snapshot->count > draft->room) {
		NL_SET_ERR_MSG(extack, "there are more instances than net.nat64.max_instances allows by now");
		free_draft(draft);
		return ERR_PTR(-E2BIG);
	}
	for (i = 0; draft->entry && snapshot && i < snapshot->count; i++)
		if (copy_entry(draft, &snapshot->entry[i]))
			break;
	if (!draft->entry || (snapshot && i < snapshot->count)) {
		free_draft(draft);
		return ERR_PTR(-ENOMEM);
	}
	INIT_LIST_HEAD(&draft->list);
	if (portid) {
		list_add(&draft->list, &nn->drafts);
		nn->draft_count++;
	}
	return draft;
}

struct nat64_draft *nat64_draft_find(struct nat64_net *nn, u32 portid)
{
	struct nat64_draft *draft;

	list_for_each_entry(draft, &nn->drafts, list) if (draft->portid == portid) return draft;
	return NULL;
}

void nat64_draft_close(struct nat64_net *nn, struct nat64_draft *draft)
{
	if (draft->portid) {
		list_del(&draft->list);
		nn->draft_count--;
	}
	free_draft(draft);
}

static u32 position(const struct nat64_draft *draft, const char *name)
{
	u32 i;

	for (i = 0; i < draft->count; i++)
		if (!strcmp(draft->entry[i]->instance->name, name))
			break;
	return i;
}

struct nat64_draft_entry *nat64_draft_entry(struct nat64_draft *draft, const char *name, struct netlink_ext_ack *extack)
{
	const u32 at = position(draft, name);

	if (at == draft->count) {
		NL_SET_ERR_MSG(extack, "there is no instance of this name");
		return NULL;
	}
	return draft->entry[at];
}

int nat64_draft_add(struct nat64_net *nn, struct nat64_draft *draft, const char *name, u8 mode,
		    const struct nat64_settings *settings, struct netlink_ext_ack *extack)
{
	static const struct nat64_eams none = { .count = 0 };
	struct nat64_draft_entry *entry;

	if (position(draft, name) < draft->count) {
		NL_SET_ERR_MSG(extack, "an instance of this name is there already");
		return -EEXIST;
	}
	if (draft->count == draft->room) {
		NL_SET_ERR_MSG(extack, "more instances than net.nat64.max_instances allows");
		return -E2BIG;
	}
	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	entry->settings = *settings;
	entry->eams = nat64_eams_add(&none, NULL, 0, 0, extack);
	if (IS_ERR(entry->eams))
		goto no_eams;
	entry->pool4 = nat64_pool4_new();
	if (!entry->pool4)
		goto no_pool4;
	entry->instance = nat64_instance_new(name, mode);
	if (IS_ERR(entry->instance))
		goto no_instance;
	draft->entry[draft->count++] = entry;
	return 0;
no_instance:
	nat64_pool4_put(entry->pool4);
no_pool4:
	nat64_eams_put(entry->eams);
no_eams:
	kfree(entry);
	return -ENOMEM;
}

int nat64_draft_remove(struct nat64_draft *draft, const char *name, struct netlink_ext_ack *extack)
{
	const u32 at = position(draft, name);

	if (!nat64_draft_entry(draft, name, extack))
		return -ENOENT;
	free_entry(draft->entry[at]);
	draft->count--;
	memmove(draft->entry + at, draft->entry + at + 1, (draft->count - at) * sizeof(*draft->entry));
	return 0;
}

static void dirty(struct nat64_draft_entry *entry)
{
	nat64_rules_put(entry->rules);
	entry->rules = NULL;
}

void nat64_draft_set(struct nat64_draft_entry *entry, const struct nat64_settings *settings)
{
	entry->settings = *settings;
	dirty(entry);
}

void nat64_draft_set_eams(struct nat64_draft_entry *entry, struct nat64_eams *eams)
{
	nat64_eams_put(entry->eams);
	entry->eams = eams;
	dirty(entry);
}

void nat64_draft_set_pool4(struct nat64_draft_entry *entry, struct nat64_pool4 *pool4)
{
	nat64_pool4_put(entry->pool4);
	entry->pool4 = pool4;
	dirty(entry);
}

/* ---- commit ---------------------------------------------------------------------------------------------------- */

/* What each front is to be after the commit. */
struct nat64_plan {
	bool used[NAT64_FRONTS_MAX];
	int priority6[NAT64_FRONTS_MAX], priority4[NAT64_FRONTS_MAX];
};

/* A front with these priorities: one that is registered, or a free one. -ENOSPC if there is none. */
static int choose_front(struct nat64_net *nn, struct nat64_plan *plan, int priority6, int priority4)
{
	int i;

	for (i = 0; i < NAT64_FRONTS_MAX; i++)
		if ((plan->used[i] || nn->front[i].ops) && plan->priority6[i] == priority6 &&
		    plan->priority4[i] == priority4) {
			plan->used[i] = true;
			return i;
		}
	for (i = 0; i < NAT64_FRONTS_MAX; i++)
		if (!plan->used[i] && !nn->front[i].ops) {
			plan->used[i] = true;
			plan->priority6[i] = priority6;
			plan->priority4[i] = priority4;
			return i;
		}
	return -ENOSPC;
}

static int plan_fronts(struct nat64_net *nn, const struct nat64_draft *draft, struct nat64_plan *plan, u8 *front,
		       struct netlink_ext_ack *extack)
{
	u32 i;

	for (i = 0; i < NAT64_FRONTS_MAX; i++) {
		plan->used[i] = false;
		plan->priority6[i] = nn->front[i].priority6;
		plan->priority4[i] = nn->front[i].priority4;
	}
	for (i = 0; i < draft->count; i++) {
		const u32 *value = draft->entry[i]->settings.value;
		const int ret = choose_front(nn, plan, (int)value[OSNC_NAT64_SETTING_PRIORITY6],
					     (int)value[OSNC_NAT64_SETTING_PRIORITY4]);

		if (ret < 0) {
			NL_SET_ERR_MSG(extack,
				       "priority6, priority4: more than 4 different pairs, old and new, at a time");
			return ret;
		}
		front[i] = ret;
	}
	return 0;
}

static int build_rules(struct nat64_draft *draft, struct netlink_ext_ack *extack)
{
	u32 i;

	for (i = 0; i < draft->count; i++) {
		struct nat64_draft_entry *entry = draft->entry[i];
		struct nat64_rules *rules;

		if (entry->rules)
			continue;
		rules = nat64_rules_build(entry->instance->mode, &entry->settings, entry->eams, entry->pool4, extack);
		if (IS_ERR(rules))
			return PTR_ERR(rules);
		entry->rules = rules;
	}
	return 0;
}

static int build_filters(struct nat64_snapshot *snapshot, struct nat64_front_view *view)
{
	struct nat64_filter_plan plan6, plan4;
	u32 i;
	int ret;

	nat64_filter_plan_init(&plan6);
	nat64_filter_plan_init(&plan4);
	for (i = 0; i < view->count; i++)
		nat64_rules_plan(snapshot->entry[view->first + i].rules, &plan6, &plan4);
	ret = nat64_filter_make(&view->filter6, &plan6);
	if (!ret)
		ret = nat64_filter_make(&view->filter4, &plan4);
	for (i = 0; !ret && i < view->count; i++)
		nat64_rules_fill(snapshot->entry[view->first + i].rules, &view->filter6, &view->filter4);
	return ret;
}

/* Tables that stateful instances need by now, and pools that they will get: all that can fail, before anything is in force. */
static int prepare_tables(struct nat64_net *nn, const struct nat64_draft *draft, struct netlink_ext_ack *extack)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < draft->count && !ret; i++)
		if (draft->entry[i]->instance->mode == OSNC_NAT64_STATEFUL)
			ret = nat64_stateful_prepare(nn, draft->entry[i]->instance, draft->entry[i]->rules, extack);
	return ret;
}

/* The entries of one front stand together, in the order in which they were added. */
static struct nat64_snapshot *build_snapshot(const struct nat64_draft *draft, const u8 *front)
{
	struct nat64_snapshot *snapshot = kvzalloc(struct_size(snapshot, entry, draft->count), GFP_KERNEL_ACCOUNT);
	int which, ret = 0;
	u32 i;

	if (!snapshot)
		return ERR_PTR(-ENOMEM);
	for (which = 0; which < NAT64_FRONTS_MAX && !ret; which++) {
		struct nat64_front_view *view = &snapshot->front[which];

		view->first = snapshot->count;
		for (i = 0; i < draft->count; i++) {
			struct nat64_entry *entry = &snapshot->entry[snapshot->count];

			if (front[i] != which)
				continue;
			entry->instance = nat64_instance_get(draft->entry[i]->instance);
			entry->rules = nat64_rules_get(draft->entry[i]->rules);
			snapshot->count++;
		}
		view->count = snapshot->count - view->first;
		ret = build_filters(snapshot, view);
	}
	if (ret) {
		free_snapshot(snapshot);
		return ERR_PTR(ret);
	}
	return snapshot;
}

static int register_fronts(struct nat64_net *nn, const struct nat64_plan *plan, struct netlink_ext_ack *extack)
{
	int i, ret;

	for (i = 0; i < NAT64_FRONTS_MAX; i++) {
		struct nat64_front *front = &nn->front[i];

		if (!plan->used[i] || front->ops)
			continue;
		front->priority6 = plan->priority6[i];
		front->priority4 = plan->priority4[i];
		ret = nat64_hook_register(front);
		if (ret) {
			NL_SET_ERR_MSG(extack, "the netfilter hooks cannot be registered");
			return ret;
		}
	}
	return 0;
}

/* Those that no instance of the snapshot in force needs. */
static void unregister_fronts(struct nat64_net *nn)
{
	const struct nat64_snapshot *snapshot = rcu_dereference_protected(nn->snapshot, lockdep_is_held(&nn->lock));
	int i;

	for (i = 0; i < NAT64_FRONTS_MAX; i++)
		if (nn->front[i].ops && (!snapshot || !snapshot->front[i].count))
			nat64_hook_unregister(&nn->front[i]);
}

static void swap_snapshot(struct nat64_net *nn, struct nat64_snapshot *snapshot)
{
	struct nat64_snapshot *old = rcu_replace_pointer(nn->snapshot, snapshot, lockdep_is_held(&nn->lock));

	nn->generation++;
	if (snapshot)
		snapshot->generation = nn->generation;
	unregister_fronts(nn);
	nat64_stateful_commit(nn, old, snapshot);
	nat64_event_commit(nn, old, snapshot);
	retire_snapshot(old);
}

int nat64_draft_commit(struct nat64_net *nn, struct nat64_draft *draft, struct netlink_ext_ack *extack)
{
	struct nat64_snapshot *snapshot = NULL;
	struct nat64_plan plan;
	u8 *front;
	int ret;

	if (draft->generation != nn->generation) {
		NL_SET_ERR_MSG(extack, "the configuration was changed by another since this transaction began");
		return -ESTALE;
	}
	front = kcalloc(draft->count + 1, sizeof(*front), GFP_KERNEL);
	if (!front)
		return -ENOMEM;
	ret = build_rules(draft, extack);
	if (!ret)
		ret = prepare_tables(nn, draft, extack);
	if (!ret)
		ret = plan_fronts(nn, draft, &plan, front, extack);
	if (!ret && draft->count) {
		snapshot = build_snapshot(draft, front);
		ret = PTR_ERR_OR_ZERO(snapshot);
	}
	kfree(front);
	if (ret)
		return ret;
	ret = register_fronts(nn, &plan, extack);
	if (ret) {
		if (snapshot)
			free_snapshot(snapshot);
		unregister_fronts(nn);
		return ret;
	}
	swap_snapshot(nn, snapshot);
	return 0;
}

void nat64_draft_end(struct nat64_net *nn)
{
	struct nat64_draft *draft, *next;

	list_for_each_entry_safe(draft, next, &nn->drafts, list) nat64_draft_close(nn, draft);
	if (rcu_access_pointer(nn->snapshot))
		swap_snapshot(nn, NULL);
}

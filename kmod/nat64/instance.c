// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/instance.h"

#include <linux/atomic.h>
#include <linux/bsearch.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "kmod/nat64/stateful.h"
#include "kmod/nat64/stats.h"

/* ---- instances ------------------------------------------------------------------------------------------------- */

struct nat64_instance *nat64_instance_new(const char *name, u8 mode)
{
	static atomic_t last_id = ATOMIC_INIT(0);
	struct nat64_instance *instance = kzalloc(sizeof(*instance), GFP_KERNEL_ACCOUNT);

	if (!instance)
		return ERR_PTR(-ENOMEM);
	instance->counters = alloc_percpu_gfp(struct nat64_counters, GFP_KERNEL_ACCOUNT);
	if (!instance->counters) {
		kfree(instance);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&instance->users, 1);
	instance->id = atomic_inc_return(&last_id);
	instance->mode = mode;
	strscpy(instance->name, name, sizeof(instance->name));
	return instance;
}

struct nat64_instance *nat64_instance_get(struct nat64_instance *instance)
{
	refcount_inc(&instance->users);
	return instance;
}

void nat64_instance_put(struct nat64_instance *instance)
{
	if (!instance || !refcount_dec_and_test(&instance->users))
		return;
	nat64_stateful_free(instance->stateful);
	free_percpu(instance->counters);
	kfree(instance);
}

/* ---- settings -------------------------------------------------------------------------------------------------- */

void nat64_settings_default(struct nat64_settings *settings)
{
	/* RFC 1191 section 7.1, without what IPv6 cannot use */
	static const u16 plateaus[] = { 65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68 };

	memset(settings, 0, sizeof(*settings));
#define X(name, text, kind, least, most, standard, ...) settings->value[OSNC_NAT64_SETTING_##name] = (u32)standard;
	OSNC_NAT64_SETTINGS(X)
#undef X
	settings->plateau_count = ARRAY_SIZE(plateaus);
	memcpy(settings->plateaus, plateaus, sizeof(plateaus));
}

static int check_prefix(const struct nat64_prefix6 *prefix, struct netlink_ext_ack *extack)
{
	int bit;

	switch (prefix->length) {
	case 0:
	case 32:
	case 40:
	case 48:
	case 56:
	case 64:
	case 96:
		break;
	default:
		NL_SET_ERR_MSG(extack, "pool6: the length must be 32, 40, 48, 56, 64 or 96 (RFC 6052 2.2)");
		return -EINVAL;
	}
	for (bit = prefix->length; bit < 128; bit++)
		if (be32_to_cpu(prefix->address.word[bit / 32]) >> (31 - bit % 32) & 1) {
			NL_SET_ERR_MSG(extack, "pool6: bits behind the prefix are not 0");
			return -EINVAL;
		}
	if (prefix->length == 96 && be32_to_cpu(prefix->address.word[2]) >> 24) {
		NL_SET_ERR_MSG(extack, "pool6: bits 64 to 71 must be 0 (RFC 6052 2.2)");
		return -EINVAL;
	}
	if (prefix->length && be32_to_cpu(prefix->address.word[0]) >> 24 == 0xff) {
		NL_SET_ERR_MSG(extack, "pool6: a multicast prefix");
		return -EINVAL;
	}
	return 0;
}

int nat64_settings_check(const struct nat64_settings *settings, struct netlink_ext_ack *extack)
{
	const u32 *value = settings->value;
	int i, ret;

	ret = check_prefix(&settings->pool6, extack);
	if (ret)
		return ret;
	for (i = 0; i < settings->plateau_count; i++)
		if (settings->plateaus[i] < 68 || (i && settings->plateaus[i] >= settings->plateaus[i - 1])) {
			NL_SET_ERR_MSG(extack, "plateaus: must fall, and be 68 or more (RFC 791)");
			return -EINVAL;
		}
	if (value[OSNC_NAT64_SETTING_MARK] & ~value[OSNC_NAT64_SETTING_MARK_MASK]) {
		NL_SET_ERR_MSG(extack, "mark: has bits that mark-mask does not look at");
		return -EINVAL;
	}
	return 0;
}

/* ---- EAMT entries ---------------------------------------------------------------------------------------------- */

int nat64_eam_compare(const struct nat64_eam *a, const struct nat64_eam *b)
{
	const u32 left = be32_to_cpu(a->v4), right = be32_to_cpu(b->v4);

	if (left != right)
		return left < right ? -1 : 1;
	return (int)a->v4_length - (int)b->v4_length;
}

static int compare_entries(const void *a, const void *b)
{
	return nat64_eam_compare(a, b);
}

struct nat64_eams *nat64_eams_get(struct nat64_eams *eams)
{
	refcount_inc(&eams->users);
	return eams;
}

void nat64_eams_put(struct nat64_eams *eams)
{
	if (eams && refcount_dec_and_test(&eams->users))
		kvfree(eams);
}

static struct nat64_eams *new_eams(u32 room)
{
	struct nat64_eams *eams = kvmalloc(struct_size(eams, entry, room), GFP_KERNEL_ACCOUNT);

	if (eams) {
		refcount_set(&eams->users, 1);
		eams->count = 0;
	}
	return eams;
}

struct nat64_eams *nat64_eams_add(const struct nat64_eams *old, const struct nat64_eam *entries, u32 count, u32 most,
				  struct netlink_ext_ack *extack)
{
	struct nat64_eams *eams;
	u32 i;

	if (count > most || old->count > most - count) {
		NL_SET_ERR_MSG(extack, "more EAMT entries than net.nat64.max_eamt allows");
		return ERR_PTR(-E2BIG);
	}
	eams = new_eams(old->count + count);
	if (!eams)
		return ERR_PTR(-ENOMEM);
	memcpy(eams->entry, old->entry, old->count * sizeof(*entries));
	memcpy(eams->entry + old->count, entries, count * sizeof(*entries));
	eams->count = old->count + count;
	sort(eams->entry, eams->count, sizeof(*entries), compare_entries, NULL);
	for (i = 1; i < eams->count; i++)
		if (!nat64_eam_compare(&eams->entry[i - 1], &eams->entry[i])) {
			nat64_eams_put(eams);
			NL_SET_ERR_MSG(extack, "an EAMT entry with this IPv4 prefix is there already");
			return ERR_PTR(-EEXIST);
		}
	return eams;
}

static bool same_entry(const struct nat64_eam *a, const struct nat64_eam *b)
{
	return !nat64_eam_compare(a, b) && a->v6_length == b->v6_length && !memcmp(&a->v6, &b->v6, sizeof(a->v6));
}

struct nat64_eams *nat64_eams_remove(const struct nat64_eams *old, const struct nat64_eam *entries, u32 count,
				     struct netlink_ext_ack *extack)
{
	struct nat64_eams *eams = new_eams(old->count);
	u32 i, j;

	if (!eams)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < count; i++) {
		const struct nat64_eam *found =
			bsearch(&entries[i], old->entry, old->count, sizeof(*entries), compare_entries);

		if (!found || !same_entry(found, &entries[i])) {
			nat64_eams_put(eams);
			NL_SET_ERR_MSG(extack, "there is no such EAMT entry");
			return ERR_PTR(-ENOENT);
		}
	}
	for (i = 0; i < old->count; i++) {
		for (j = 0; j < count && !same_entry(&old->entry[i], &entries[j]); j++)
			;
		if (count && j == count)
			eams->entry[eams->count++] = old->entry[i];
	}
	return eams;
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static int build_eamt(struct nat64_rules *rules, struct netlink_ext_ack *extack)
{
	static const char *const why[] = {
		[NAT64_EAM_V4_LENGTH] = "EAMT: an IPv4 prefix is longer than 32",
		[NAT64_EAM_V6_LENGTH] = "EAMT: an IPv6 prefix is longer than 128",
		[NAT64_EAM_SUFFIX] = "EAMT: an IPv4 prefix has more suffix bits than its IPv6 prefix (RFC 7757 3.1)",
		[NAT64_EAM_HOST_BITS] = "EAMT: bits behind a prefix are not 0",
		[NAT64_EAM_OVERLAP4] = "EAMT: two IPv4 prefixes overlap (eamt-overlap allows nested ones)",
		[NAT64_EAM_OVERLAP6] = "EAMT: two IPv6 prefixes overlap (eamt-overlap allows nested ones)",
	};
	struct nat64_eamt *eamt;
	enum nat64_eam_error error;
	u32 bad;

	if (!rules->eams->count)
		return 0;
	rules->eamt_memory = kvmalloc(nat64_eamt_size(rules->eams->count), GFP_KERNEL_ACCOUNT);
	if (!rules->eamt_memory)
		return -ENOMEM;
	error = nat64_eamt_build(rules->eamt_memory, rules->eams->entry, rules->eams->count,
				 rules->settings.value[OSNC_NAT64_SETTING_EAMT_OVERLAP], &bad, &eamt);
	if (error) {
		NL_SET_ERR_MSG(extack, "EAMT: an entry cannot be");
		if (extack && error < ARRAY_SIZE(why) && why[error])
			extack->_msg = why[error];
		return -EINVAL;
	}
	rules->core.eamt = eamt;
	return 0;
}

static void fill_core(struct nat64_config *core, const struct nat64_settings *settings)
{
	const u32 *value = settings->value;

	core->pool6 = settings->pool6;
	core->hairpin = value[OSNC_NAT64_SETTING_HAIRPIN];
	core->wkp_non_global = value[OSNC_NAT64_SETTING_WKP_NON_GLOBAL];
	core->amend_udp_zero = value[OSNC_NAT64_SETTING_AMEND_UDP_ZERO];
	core->tos_override = value[OSNC_NAT64_SETTING_TOS_OVERRIDE];
	core->tos = value[OSNC_NAT64_SETTING_TOS];
	core->carry_other = value[OSNC_NAT64_SETTING_CARRY_OTHER];
	core->lowest_ipv6_mtu = value[OSNC_NAT64_SETTING_LOWEST_IPV6_MTU];
	core->plateau_count = settings->plateau_count;
	memcpy(core->plateaus, settings->plateaus, sizeof(core->plateaus));
	core->error_pool4_count = settings->error_pool4_count;
	memcpy(core->error_pool4, settings->error_pool4, sizeof(core->error_pool4));
	core->error_source6 = settings->error_source6;
}

static void fill_policy(struct nat64_policy *policy, const struct nat64_settings *settings)
{
	const u32 *value = settings->value;

	policy->lifetimes = (struct nat64_lifetimes){
		.udp = value[OSNC_NAT64_SETTING_LIFETIME_UDP],
		.icmp = value[OSNC_NAT64_SETTING_LIFETIME_ICMP],
		.tcp_established = value[OSNC_NAT64_SETTING_LIFETIME_TCP_ESTABLISHED],
		.tcp_opening = value[OSNC_NAT64_SETTING_LIFETIME_TCP_OPENING],
		.tcp_closing = value[OSNC_NAT64_SETTING_LIFETIME_TCP_CLOSING],
		.tcp_incoming_syn = value[OSNC_NAT64_SETTING_LIFETIME_INCOMING_SYN],
		.fragment = 2,
		.hold_down = value[OSNC_NAT64_SETTING_HOLD_DOWN],
	};
	policy->max_per_subscriber = value[OSNC_NAT64_SETTING_MAX_PER_SUBSCRIBER];
	policy->max_blocks = value[OSNC_NAT64_SETTING_MAX_BLOCKS];
	policy->filtering = value[OSNC_NAT64_SETTING_FILTERING];
	policy->hold_syn = value[OSNC_NAT64_SETTING_HOLD_SYN];
	policy->inbound_refresh = value[OSNC_NAT64_SETTING_INBOUND_REFRESH];
	policy->paired = value[OSNC_NAT64_SETTING_PAIRED];
}

struct nat64_rules *nat64_rules_build(u8 mode, const struct nat64_settings *settings, struct nat64_eams *eams,
				      struct nat64_pool4 *pool4, struct netlink_ext_ack *extack)
{
	struct nat64_rules *rules = kzalloc(sizeof(*rules), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!rules)
		return ERR_PTR(-ENOMEM);
	refcount_set(&rules->users, 1);
	rules->settings = *settings;
	rules->mode = mode;
	rules->eams = nat64_eams_get(eams);
	rules->pool4 = nat64_pool4_get(pool4);
	fill_core(&rules->core, settings);
	fill_policy(&rules->policy, settings);
	rules->mark = settings->value[OSNC_NAT64_SETTING_MARK];
	rules->mark_mask = settings->value[OSNC_NAT64_SETTING_MARK_MASK];
	rules->mss_clamp = settings->value[OSNC_NAT64_SETTING_MSS_CLAMP];
	rules->embed_destinations = mode == OSNC_NAT64_STATELESS && settings->pool6.length &&
				    settings->value[OSNC_NAT64_SETTING_EMBED_DESTINATIONS];
	rules->lowest_ipv6_mtu = settings->value[OSNC_NAT64_SETTING_LOWEST_IPV6_MTU];
	rules->ftp_alg = settings->value[OSNC_NAT64_SETTING_FTP_ALG];
	rules->ftp_connections = settings->value[OSNC_NAT64_SETTING_FTP_CONNECTIONS];
	ret = nat64_settings_check(settings, extack);
	if (!ret && rules->ftp_alg && mode != OSNC_NAT64_STATEFUL) {
		NL_SET_ERR_MSG(extack, "ftp-alg: only a stateful instance has it");
		ret = -EINVAL;
	}
	if (!ret)
		ret = build_eamt(rules, extack);
	if (ret) {
		nat64_rules_put(rules);
		return ERR_PTR(ret);
	}
	return rules;
}

struct nat64_rules *nat64_rules_get(struct nat64_rules *rules)
{
	refcount_inc(&rules->users);
	return rules;
}

void nat64_rules_put(struct nat64_rules *rules)
{
	if (!rules || !refcount_dec_and_test(&rules->users))
		return;
	nat64_eams_put(rules->eams);
	nat64_pool4_put(rules->pool4);
	kvfree(rules->eamt_memory);
	kfree(rules);
}

void nat64_rules_plan(const struct nat64_rules *rules, struct nat64_filter_plan *plan6, struct nat64_filter_plan *plan4)
{
	u32 i;

	if (rules->core.pool6.length)
		nat64_filter_plan_add(plan6, NAT64_FILTER_POOLS, rules->core.pool6.length);
	if (rules->embed_destinations)
		nat64_filter_plan_add(plan4, NAT64_FILTER_POOLS, 0);
	for (i = 0; i < rules->eams->count; i++) {
		nat64_filter_plan_add(plan6, NAT64_FILTER_EAMT, rules->eams->entry[i].v6_length);
		nat64_filter_plan_add(plan4, NAT64_FILTER_EAMT, rules->eams->entry[i].v4_length);
	}
	for (i = 0; i < rules->pool4->count; i++)
		nat64_filter_plan_add(plan4, NAT64_FILTER_POOLS, nat64_pool4_length(&rules->pool4->line[i]));
}

void nat64_rules_fill(const struct nat64_rules *rules, struct nat64_filter *filter6, struct nat64_filter *filter4)
{
	u32 i;

	if (rules->core.pool6.length)
		nat64_filter_add6(filter6, NAT64_FILTER_POOLS, rules->core.pool6.address.word);
	if (rules->embed_destinations)
		nat64_filter_add4(filter4, NAT64_FILTER_POOLS, 0);
	for (i = 0; i < rules->eams->count; i++) {
		nat64_filter_add6(filter6, NAT64_FILTER_EAMT, rules->eams->entry[i].v6.word);
		nat64_filter_add4(filter4, NAT64_FILTER_EAMT, rules->eams->entry[i].v4);
	}
	for (i = 0; i < rules->pool4->count; i++)
		nat64_filter_add4(filter4, NAT64_FILTER_POOLS, cpu_to_be32(rules->pool4->line[i].first));
}

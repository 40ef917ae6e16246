/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An instance and its rules. The instance lives from its addition to its removal and owns what outlasts a change of configuration: counters, and
 * the session table of a stateful one. The rules are immutable: a commit builds new ones and swaps them.
 */
#ifndef OSNC_NAT64_INSTANCE_H
#define OSNC_NAT64_INSTANCE_H

#include <linux/netlink.h>
#include <linux/refcount.h>
#include <net/net_namespace.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "kmod/nat64/core/core.h"
#include "kmod/nat64/core/eamt.h"
#include "kmod/nat64/filter.h"
#include "kmod/nat64/pool4.h"
#include "kmod/nat64/table.h"

struct nat64_counters;
struct nat64_stateful;

struct nat64_instance {
	refcount_t users;
	u32 id;
	u8 mode;    /* enum osnc_nat64_mode */
	u8 gateway; /* 1: ftp-alg is on, or was: connections that were followed are to their end */
	char name[OSNC_NAT64_NAME_MAX];
	struct nat64_counters __percpu *counters;
	struct nat64_stateful *stateful; /* NULL: stateless, or without a pool4 yet */
};

/* 0 or -errno with extack. */
struct nat64_instance *nat64_instance_new(const char *name, u8 mode);
struct nat64_instance *nat64_instance_get(struct nat64_instance *instance);
void nat64_instance_put(struct nat64_instance *instance);

/* What may be set. */
struct nat64_settings {
	u32 value[__OSNC_NAT64_SETTING_END];
	struct nat64_prefix6 pool6;
	u8 plateau_count;
	u8 error_pool4_count;
	u16 plateaus[OSNC_NAT64_PLATEAUS_MAX];
	__be32 error_pool4[OSNC_NAT64_ERROR_POOL_MAX];
	struct nat64_in6 error_source6;
};

void nat64_settings_default(struct nat64_settings *settings);
/* Whether they may stand together: 0 or -EINVAL with extack. */
int nat64_settings_check(const struct nat64_settings *settings, struct netlink_ext_ack *extack);

/* Entries of an EAMT, ascending by IPv4 prefix: shared by what reads them, replaced when edited. */
struct nat64_eams {
	refcount_t users;
	u32 count;
	struct nat64_eam entry[];
};

/* < 0, 0, > 0: where a stands to b in the list. */
int nat64_eam_compare(const struct nat64_eam *a, const struct nat64_eam *b);
struct nat64_eams *nat64_eams_get(struct nat64_eams *eams);
void nat64_eams_put(struct nat64_eams *eams);
/* The list with count entries more (in any order), or without them; -EEXIST, -ENOENT, -E2BIG (more than most) with extack. */
struct nat64_eams *nat64_eams_add(const struct nat64_eams *old, const struct nat64_eam *entries, u32 count, u32 most,
				  struct netlink_ext_ack *extack);
struct nat64_eams *nat64_eams_remove(const struct nat64_eams *old, const struct nat64_eam *entries, u32 count,
				     struct netlink_ext_ack *extack);

struct nat64_rules {
	struct nat64_config core;
	u32 mark;
	u32 mark_mask;
	u8 mode; /* enum osnc_nat64_mode */
	u8 mss_clamp;
	u8 embed_destinations;
	u8 ftp_alg; /* 1: FTP control connections that begin are followed */
	u16 lowest_ipv6_mtu;
	u32 ftp_connections;
	refcount_t users;
	struct nat64_settings settings;
	struct nat64_eams *eams;
	struct nat64_pool4 *pool4; /* of a stateful instance */
	struct nat64_policy policy;
	void *eamt_memory;
};

/* Builds them, with references of their own to eams and pool4. -errno with extack. */
struct nat64_rules *nat64_rules_build(u8 mode, const struct nat64_settings *settings, struct nat64_eams *eams,
				      struct nat64_pool4 *pool4, struct netlink_ext_ack *extack);
struct nat64_rules *nat64_rules_get(struct nat64_rules *rules);
/* Readers of a snapshot that is gone have to be gone too. */
void nat64_rules_put(struct nat64_rules *rules);

/* Adds the destinations that the rules cover to plans and filters. */
void nat64_rules_plan(const struct nat64_rules *rules, struct nat64_filter_plan *plan6,
		      struct nat64_filter_plan *plan4);
void nat64_rules_fill(const struct nat64_rules *rules, struct nat64_filter *filter6, struct nat64_filter *filter4);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A configuration in the making: that of a namespace as it was when the draft was opened, and what was done to it since. It belongs to one
 * netlink socket; nobody else sees it before its commit, which puts all of it into force at once or refuses and changes nothing.
 *
 * All functions are called with the namespace's lock held. Those that fail leave the draft as it was, and set extack.
 */
#ifndef OSNC_NAT64_DRAFT_H
#define OSNC_NAT64_DRAFT_H

#include "kmod/nat64/namespace.h"

struct nat64_draft_entry {
	struct nat64_instance *instance;
	struct nat64_settings settings;
	struct nat64_eams *eams;
	struct nat64_pool4 *pool4;
	struct nat64_rules *rules; /* in force; NULL: to be built from settings and eams */
};

struct nat64_draft {
	struct list_head list; /* in nat64_net.drafts if it belongs to a socket */
	u32 portid;
	u32 generation; /* that it started from */
	u32 count, room;
	struct nat64_draft_entry **entry;
};

/* portid 0: a draft for one change. */
struct nat64_draft *nat64_draft_open(struct nat64_net *nn, u32 portid, struct netlink_ext_ack *extack);
struct nat64_draft *nat64_draft_find(struct nat64_net *nn, u32 portid);
/* Forgets it. */
void nat64_draft_close(struct nat64_net *nn, struct nat64_draft *draft);
/* -ESTALE if another was committed since it was opened. Does not close it. */
int nat64_draft_commit(struct nat64_net *nn, struct nat64_draft *draft, struct netlink_ext_ack *extack);

/* NULL with extack if there is none. */
struct nat64_draft_entry *nat64_draft_entry(struct nat64_draft *draft, const char *name,
					    struct netlink_ext_ack *extack);
int nat64_draft_add(struct nat64_net *nn, struct nat64_draft *draft, const char *name, u8 mode,
		    const struct nat64_settings *settings, struct netlink_ext_ack *extack);
int nat64_draft_remove(struct nat64_draft *draft, const char *name, struct netlink_ext_ack *extack);
void nat64_draft_set(struct nat64_draft_entry *entry, const struct nat64_settings *settings);
/* Takes eams over. */
void nat64_draft_set_eams(struct nat64_draft_entry *entry, struct nat64_eams *eams);
/* Takes pool4 over. */
void nat64_draft_set_pool4(struct nat64_draft_entry *entry, struct nat64_pool4 *pool4);

/* Removes everything at once: the namespace ends, or the module does. */
void nat64_draft_end(struct nat64_net *nn);

/* The work queue on which snapshots that nobody reads any more are freed. */
int nat64_draft_start(void);
void nat64_draft_stop(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments of stateful flows on their way (RFC 6146 3.4). What is no fragment never gets here; nor do datagrams that conntrack has put together. Called
 * under rcu_read_lock().
 */
#ifndef OSNC_NAT64_FRAGMENT_H
#define OSNC_NAT64_FRAGMENT_H

#include "kmod/nat64/path.h"

/* With the namespace's lock held: what follows its datagrams, with the first stateful instance, until the last is gone and no packet knows it. */
int nat64_fragment_begin(struct nat64_net *nn);
void nat64_fragment_end(struct nat64_net *nn);
/* Drops what has waited in vain. May be called from anywhere. */
void nat64_fragment_sweep(struct nat64_net *nn);

/*
 * As nat64_mapping_64() and nat64_mapping_46(), of a fragment, for pass->entry. NAT64_FRAGMENT_HELD: the packet is gone. What waited for this fragment goes
 * its whole way before this returns.
 */
enum nat64_verdict nat64_fragment_map(const struct nat64_snapshot *snapshot, const struct nat64_front_view *view,
				      struct sk_buff *skb, struct nat64_pass *pass);

/* Leaves in skb->cb what nat64_fragment_map() found out, for nat64_fragment_recall() behind other people's hooks. */
void nat64_fragment_note(struct sk_buff *skb, const struct nat64_flow *flow);
enum nat64_verdict nat64_fragment_recall(struct sk_buff *skb, struct nat64_pass *pass);
/* The mapping back of a fragment that was just made IPv4 (pass->map has its ports): total is that of the flow it was. */
enum nat64_verdict nat64_fragment_return(struct sk_buff *skb, struct nat64_pass *pass, u16 total);

#endif

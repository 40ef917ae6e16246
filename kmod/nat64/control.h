/* SPDX-License-Identifier: GPL-2.0-only */
/* FTP control connections of a stateful instance with ftp-alg (RFC 6384): their segments are taken through the core's gateway. */
#ifndef OSNC_NAT64_CONTROL_H
#define OSNC_NAT64_CONTROL_H

#include "kmod/nat64/core/ftp.h"
#include "kmod/nat64/path.h"

#define NAT64_CONTROL_EXPECT 60 /* seconds that a data connection has to come; RFC 6384 12: 30 at least */

/* Whether the packet, which was found and mapped, is for the gateway; port is the server's. All that others pay for it is the first branch. */
static inline bool nat64_control_concerns(const struct nat64_pass *pass, __be16 port)
{
	return unlikely(READ_ONCE(pass->entry->instance->gateway)) && pass->flow.outer.upper == NAT64_TCP &&
	       port == htons(NAT64_FTP_PORT) && !pass->map.hairpin;
}

/*
 * Before the packet is rewritten; not a GSO packet. NAT64_OK: it may be another now, and pass->packet and pass->flow are of that. Any other verdict
 * refuses it.
 */
enum nat64_verdict nat64_control_pass(struct nat64_pass *pass, struct sk_buff *skb, u8 family);

#endif

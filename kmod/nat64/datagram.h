/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragmented datagrams under way through a stateful instance (RFC 6146 3.4): the ports that their first fragments told, and fragments that came before it.
 * Nothing is reassembled. A datagram is followed for a few seconds; overlapping fragments end it (RFC 5722, RFC 1858).
 */
#ifndef OSNC_NAT64_DATAGRAM_H
#define OSNC_NAT64_DATAGRAM_H

#include "kmod/nat64/core/core.h"
#include "kmod/nat64/primitive.h"

#define NAT64_DATAGRAMS_MAX 256 /* under way at a time, in sets of 8 */
#define NAT64_DATAGRAM_HELD 16  /* fragments of one that wait for the first */
#define NAT64_DATAGRAM_RANGES 16

struct nat64_datagrams;

/* NULL: no memory. May sleep. */
struct nat64_datagrams *nat64_datagrams_new(void);
/* Fragments that wait are given to release(). */
void nat64_datagrams_free(struct nat64_datagrams *datagrams, void (*release)(void *packet));

struct nat64_waiting {
	void *packet[NAT64_DATAGRAM_HELD];
	u32 count;
};

/*
 * A first fragment that was mapped (offset 0): its ports are remembered. waiting: fragments that can go now, or, when the verdict is not NAT64_OK, must be
 * dropped: they are the caller's. now, lifetime: seconds.
 */
enum nat64_verdict nat64_datagram_first(struct nat64_datagrams *datagrams, const struct nat64_flow *flow, u32 now,
					u32 lifetime, struct nat64_waiting *waiting);
/*
 * Another fragment. NAT64_OK: upper and ports of half, a copy of flow->outer, are those of the first. NAT64_FRAGMENT_HELD: packet is ours and waits.
 * Others: drop it, and what is in waiting.
 */
enum nat64_verdict nat64_datagram_more(struct nat64_datagrams *datagrams, const struct nat64_flow *flow, u32 now,
				       u32 lifetime, void *packet, struct nat64_half *half,
				       struct nat64_waiting *waiting);
/* Takes what has waited for too long: up to one datagram's; 0 in waiting->count: there is none. */
void nat64_datagrams_sweep(struct nat64_datagrams *datagrams, u32 now, struct nat64_waiting *waiting);

#endif

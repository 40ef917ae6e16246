/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragmented datagrams under way through stateful instances (RFC 6146 3.4): the ports that their first fragments told, and fragments that came before it.
 * Nothing is reassembled. A datagram is followed for a few seconds, or until all of it has come; overlapping fragments end it (RFC 5722, RFC 1858).
 *
 * ICMPv6's checksum covers the length of the whole message, which only the last fragment tells: an ICMP message waits for that too.
 */
#ifndef OSNC_NAT64_DATAGRAM_H
#define OSNC_NAT64_DATAGRAM_H

#include "kmod/nat64/core/core.h"
#include "kmod/nat64/primitive.h"

#define NAT64_DATAGRAMS_MAX 512         /* under way at a time, in sets of 8 */
#define NAT64_DATAGRAM_HELD 128         /* fragments of one that wait */
#define NAT64_DATAGRAM_HELD_ALL 1024    /* of all */
#define NAT64_DATAGRAM_OCTETS (4 << 20) /* memory that those take */
#define NAT64_DATAGRAM_RANGES 16        /* gaps in what has come of one */

struct nat64_datagrams;

/* NULL: no memory. May sleep. */
struct nat64_datagrams *nat64_datagrams_new(void);
/* Fragments that wait are given to release(). NULL: nothing to do. */
void nat64_datagrams_free(struct nat64_datagrams *datagrams, void (*release)(void *packet));

/* A fragment: packet takes octets of memory if it is kept. now: seconds; lifetime: how many a datagram is followed, one less at worst. */
struct nat64_arrival {
	void *packet;
	u32 octets;
	u32 now;
	u32 lifetime;
};

/* Fragments that wait no longer: the caller's, who has to take them all. */
struct nat64_waiting {
	u16 next; /* 0: none */
};

/*
 * NAT64_OK: it can go. flow->outer has upper (never NAT64_FRAGMENT: see its fragment_offset), ports and total of its datagram; what is in waiting can
 * go now too, by the same way. NAT64_FRAGMENT_HELD: packet is kept. Others: it is to be dropped, and what is in waiting.
 */
enum nat64_verdict nat64_datagram_see(struct nat64_datagrams *datagrams, struct nat64_flow *flow,
				      const struct nat64_arrival *arrival, struct nat64_waiting *waiting);
/* Gives up a datagram that has waited for too long. 0 in waiting->next: there is none. */
void nat64_datagrams_sweep(struct nat64_datagrams *datagrams, u32 now, struct nat64_waiting *waiting);
/* The next of them, in the order in which they came; NULL: that was all. */
void *nat64_datagram_take(struct nat64_datagrams *datagrams, struct nat64_waiting *waiting);

#endif

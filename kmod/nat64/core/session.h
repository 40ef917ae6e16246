/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a session goes through (RFC 6146 3.5, with RFC 7857 2 and 7): rules without a table. A packet's direction, its TCP flags and the state come
 * in; the next state, a lifetime and what to do go out. Lifetimes are in seconds.
 */
#ifndef OSNC_NAT64_CORE_SESSION_H
#define OSNC_NAT64_CORE_SESSION_H

#include <linux/types.h>

/* What has a BIB of its own (RFC 6146 3.1; RFC 7857 5: mappings of different protocols are independent). */
enum nat64_l4 { NAT64_L4_TCP, NAT64_L4_UDP, NAT64_L4_ICMP, NAT64_L4_COUNT };

/* clang-format off */
/*	X(NAME, "name", "what it means") */
#define NAT64_STATES(X) \
	X(CLOSED,      "closed",       "no session") \
	X(V4_INIT,     "v4-init",      "a SYN came from IPv4 only") \
	X(V6_INIT,     "v6-init",      "a SYN came from IPv6 only") \
	X(ESTABLISHED, "established",  "SYNs came from both sides; UDP and ICMP: any session") \
	X(V4_FIN,      "v4-fin",       "a FIN came from IPv4") \
	X(V6_FIN,      "v6-fin",       "a FIN came from IPv6") \
	X(BOTH_FIN,    "v4-fin-v6-fin", "FINs came from both sides") \
	X(TRANS,       "trans",        "a RST came, or the connection was idle and is being probed")

/*	X(field, default, minimum, "where the minimum comes from") */
#define NAT64_LIFETIMES(X) \
	X(udp,             300,  120,  "RFC 4787 REQ-5, RFC 6146 4 UDP_MIN") \
	X(icmp,            60,   60,   "RFC 5508 REQ-2, RFC 6146 4 ICMP_DEFAULT") \
	X(tcp_established, 7440, 7440, "RFC 5382 REQ-5, RFC 6146 4 TCP_EST") \
	X(tcp_opening,     240,  6,    "RFC 7857 2.1: may be configured below TCP_TRANS, not below TCP_INCOMING_SYN") \
	X(tcp_closing,     240,  240,  "RFC 5382 REQ-5, RFC 6146 4 TCP_TRANS, RFC 7857 2.2") \
	X(tcp_incoming_syn, 6,   6,    "RFC 5382 REQ-4, RFC 6146 4 TCP_INCOMING_SYN") \
	X(fragment,        2,    2,    "RFC 6146 4 FRAGMENT_MIN") \
	X(hold_down,       120,  120,  "RFC 6888 REQ-8")
/* clang-format on */

enum nat64_state {
#define X(name, string, text) NAT64_STATE_##name,
	NAT64_STATES(X)
#undef X
		NAT64_STATE_COUNT
};

struct nat64_lifetimes {
#define X(name, standard, minimum, source) __u32 name;
	NAT64_LIFETIMES(X)
#undef X
};

#define NAT64_LIFETIME_MAX (100 * 24 * 3600) /* a lifetime and a clock of 32 bits must not meet */

void nat64_lifetimes_default(struct nat64_lifetimes *lifetimes);
/* NULL, or the name of the first field below its minimum or above NAT64_LIFETIME_MAX. Refused, not clamped: who asks for less must know. */
const char *nat64_lifetimes_bad(const struct nat64_lifetimes *lifetimes);

/* RFC 4787 5, RFC 5382 4.3. Mapping is endpoint-independent always. */
enum nat64_filtering {
	NAT64_FILTER_ENDPOINT_INDEPENDENT, /* whoever sends to a mapping reaches its owner */
	NAT64_FILTER_ADDRESS_DEPENDENT,    /* only whom the owner sent something to before */
};

/* TCP flags as octet 13 of the header has them. */
enum nat64_tcp_flags { NAT64_TCP_FIN = 0x01, NAT64_TCP_SYN = 0x02, NAT64_TCP_RST = 0x04, NAT64_TCP_ACK = 0x10 };

/* The state after a packet of an existing session. */
struct nat64_step {
	__u8 state;     /* enum nat64_state */
	__u32 lifetime; /* from now on; 0: what is left stays */
};

/*
 * from6: 1: the packet came from IPv6. inbound_refresh: 0: a UDP or ICMP packet from IPv4 leaves the lifetime alone (RFC 4787 REQ-6 lets either be;
 * RFC 6146 3.5.1 and 3.5.3 refresh, so 1 is the usual). The packet itself is forwarded in every case.
 */
void nat64_session_step(__u8 state, enum nat64_l4 l4, int from6, __u8 tcp_flags, int inbound_refresh,
			const struct nat64_lifetimes *lifetimes, struct nat64_step *step);

/* What a packet without a session does. */
enum nat64_open {
	NAT64_OPEN_CREATE, /* a session, and from IPv6 a mapping if there is none */
	NAT64_OPEN_PASS,   /* forwarded through the mapping, nothing is kept (RFC 6146 3.5.2.2, CLOSED) */
	NAT64_OPEN_HOLD,   /* a SYN from IPv4 that nobody asked for: kept until a SYN from IPv6 fits (RFC 5382 REQ-4) */
	NAT64_OPEN_FILTER, /* dropped by address-dependent filtering */
	NAT64_OPEN_REFUSE, /* dropped: there is no mapping it could belong to */
};

struct nat64_opening {
	__u8 l4; /* enum nat64_l4 */
	__u8 from6;
	__u8 tcp_flags;
	__u8 filtering; /* enum nat64_filtering */
	__u8 mapped;    /* a mapping exists */
	__u8 known;     /* from IPv4: the mapping has a session with the source's address */
	__u8 hold_syn;  /* the instance keeps unsolicited SYNs */
};

/* Fills step (state and lifetime of the new session) for NAT64_OPEN_CREATE only. RFC 6146 3.5.1 to 3.5.3. */
enum nat64_open nat64_session_open(const struct nat64_opening *opening, const struct nat64_lifetimes *lifetimes,
				   struct nat64_step *step);

/* The lifetime is over: step->state is CLOSED (remove it), or TRANS with a lifetime (probe its ends, RFC 6146 3.5.2.2 ESTABLISHED). */
void nat64_session_expire(__u8 state, enum nat64_l4 l4, const struct nat64_lifetimes *lifetimes,
			  struct nat64_step *step);

#endif

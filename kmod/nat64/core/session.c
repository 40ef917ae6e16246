// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/core/session.h"

void nat64_lifetimes_default(struct nat64_lifetimes *lifetimes)
{
#define X(name, standard, minimum, source) lifetimes->name = standard;
	NAT64_LIFETIMES(X)
#undef X
}

const char *nat64_lifetimes_bad(const struct nat64_lifetimes *lifetimes)
{
#define X(name, standard, minimum, source)                                          \
	if (lifetimes->name < minimum || lifetimes->name > NAT64_LIFETIME_MAX)      \
		return #name;
	NAT64_LIFETIMES(X)
#undef X
	return (const char *)0;
}

static __u32 plain_lifetime(enum nat64_l4 l4, const struct nat64_lifetimes *lifetimes)
{
	return l4 == NAT64_L4_UDP ? lifetimes->udp : lifetimes->icmp;
}

/*
 * RFC 6146 3.5.2.2. A RST moves ESTABLISHED to TRANS; in the FIN states, of which 6146 says nothing, it shortens what is left to RFC 7857 2.2's four
 * minutes, and any other packet takes that back. It never prolongs: who shoots RSTs off the path keeps nothing alive (RFC 7857 7.1).
 */
static void tcp_step(__u8 state, int from6, __u8 flags, const struct nat64_lifetimes *lifetimes,
		     struct nat64_step *step)
{
	switch (state) {
	case NAT64_STATE_V4_INIT:
		if (from6 && (flags & NAT64_TCP_SYN)) {
			step->state = NAT64_STATE_ESTABLISHED;
			step->lifetime = lifetimes->tcp_established;
		}
		break;
	case NAT64_STATE_V6_INIT:
		if (!(flags & NAT64_TCP_SYN))
			break;
		if (from6) {
			step->lifetime = lifetimes->tcp_opening;
		} else {
			step->state = NAT64_STATE_ESTABLISHED;
			step->lifetime = lifetimes->tcp_established;
		}
		break;
	case NAT64_STATE_ESTABLISHED:
		if (flags & NAT64_TCP_FIN) {
			step->state = from6 ? NAT64_STATE_V6_FIN : NAT64_STATE_V4_FIN;
		} else if (flags & NAT64_TCP_RST) {
			step->state = NAT64_STATE_TRANS;
			step->lifetime = lifetimes->tcp_closing;
		} else {
			step->lifetime = lifetimes->tcp_established;
		}
		break;
	case NAT64_STATE_V4_FIN:
	case NAT64_STATE_V6_FIN:
		if ((flags & NAT64_TCP_FIN) && from6 == (state == NAT64_STATE_V4_FIN)) {
			step->state = NAT64_STATE_BOTH_FIN;
			step->lifetime = lifetimes->tcp_closing;
		} else if (flags & NAT64_TCP_RST) {
			step->lifetime = lifetimes->tcp_closing;
		} else {
			step->lifetime = lifetimes->tcp_established;
		}
		break;
	case NAT64_STATE_TRANS:
		if (!(flags & NAT64_TCP_RST)) {
			step->state = NAT64_STATE_ESTABLISHED;
			step->lifetime = lifetimes->tcp_established;
		}
		break;
	}
}

void nat64_session_step(__u8 state, enum nat64_l4 l4, int from6, __u8 tcp_flags, int inbound_refresh,
			const struct nat64_lifetimes *lifetimes, struct nat64_step *step)
{
	step->state = state;
	step->lifetime = 0;
	if (l4 == NAT64_L4_TCP)
		tcp_step(state, !!from6, tcp_flags, lifetimes, step);
	else if (from6 || inbound_refresh)
		step->lifetime = plain_lifetime(l4, lifetimes);
}

static enum nat64_open open4(const struct nat64_opening *opening, int syn)
{
	int hold = syn && opening->hold_syn;

	if (!opening->mapped)
		return hold ? NAT64_OPEN_HOLD : NAT64_OPEN_REFUSE;
	if (opening->filtering == NAT64_FILTER_ADDRESS_DEPENDENT && !opening->known)
		return hold ? NAT64_OPEN_HOLD : NAT64_OPEN_FILTER;
	return opening->l4 != NAT64_L4_TCP || syn ? NAT64_OPEN_CREATE : NAT64_OPEN_PASS;
}

static enum nat64_open open6(const struct nat64_opening *opening, int syn)
{
	if (opening->l4 != NAT64_L4_TCP || syn)
		return NAT64_OPEN_CREATE;
	return opening->mapped ? NAT64_OPEN_PASS : NAT64_OPEN_REFUSE;
}

enum nat64_open nat64_session_open(const struct nat64_opening *opening, const struct nat64_lifetimes *lifetimes,
				   struct nat64_step *step)
{
	int syn = opening->l4 == NAT64_L4_TCP && (opening->tcp_flags & NAT64_TCP_SYN);
	enum nat64_open open = opening->from6 ? open6(opening, syn) : open4(opening, syn);

	if (open != NAT64_OPEN_CREATE)
		return open;
	if (opening->l4 == NAT64_L4_TCP) {
		step->state = opening->from6 ? NAT64_STATE_V6_INIT : NAT64_STATE_V4_INIT;
		step->lifetime = lifetimes->tcp_opening;
	} else {
		step->state = NAT64_STATE_ESTABLISHED;
		step->lifetime = plain_lifetime((enum nat64_l4)opening->l4, lifetimes);
	}
	return open;
}

void nat64_session_expire(__u8 state, enum nat64_l4 l4, const struct nat64_lifetimes *lifetimes,
			  struct nat64_step *step)
{
	step->state = NAT64_STATE_CLOSED;
	step->lifetime = 0;
	if (l4 == NAT64_L4_TCP && state == NAT64_STATE_ESTABLISHED) {
		step->state = NAT64_STATE_TRANS;
		step->lifetime = lifetimes->tcp_closing;
	}
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stateless instance, and one step of it. */
#ifndef OSNC_TESTS_UNIT_NAT64_TRANSLATOR_H
#define OSNC_TESTS_UNIT_NAT64_TRANSLATOR_H

#include "kmod/nat64/core/eamt.h"
#include "tests/unit/nat64/frame.h"

/*
 * pool6 2001:db8:64::/96; EAMT 192.0.2.1 <-> 2001:db8:a::1, 192.0.2.2 <-> 2001:db8:a::2, 198.51.100.0/24 <-> 2001:db8:b::/120;
 * lowest-ipv6-mtu 1280, RFC 1191's plateaus, other protocols carried, amend-udp-checksum-zero off, no RFC 6791 pool, hairpin off.
 */
void translator_init(struct nat64_config *config);
void translator_free(struct nat64_config *config);

/*
 * Parses, maps and rewrites a packet of the family its first octet states (a wrong one: 4). A payload sum that is wanted is computed. Asserts
 * that a packet that is refused, at whichever step, is as it was, and that nothing outside of the packet changed.
 */
enum nat64_verdict translator_step(const struct nat64_config *config, const struct nat64_way *way, struct frame *frame);
/* The same with a way of hops 1 and identification 0xabcd; an output that is wrong fails the test. */
void translator_pass(const struct nat64_config *config, struct frame *frame);
void translator_refuse(const struct nat64_config *config, struct frame *frame, enum nat64_verdict verdict);

extern const char *const translator_names[NAT64_VERDICT_COUNT];

#endif

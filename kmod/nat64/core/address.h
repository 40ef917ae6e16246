/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses that must not be forwarded (RFC 1812 5.3.7, RFC 4291 2.5-2.7, RFC 7915 4.1, 5.1). */
#ifndef OSNC_NAT64_CORE_ADDRESS_H
#define OSNC_NAT64_CORE_ADDRESS_H

#include "kmod/nat64/core/core.h"

/* 1: 0.0.0.0/8, loopback, link-local, multicast or limited broadcast. */
int nat64_scoped4(__be32 v4);
/* 1: unspecified, loopback, link-local or multicast. */
int nat64_scoped6(const struct nat64_in6 *v6);

#endif

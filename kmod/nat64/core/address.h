/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses that must not be forwarded (RFC 1812 5.3.7, RFC 4291 2.5-2.7, RFC 7915 4.1, 5.1). */
#ifndef OSNC_NAT64_CORE_ADDRESS_H
#define OSNC_NAT64_CORE_ADDRESS_H

#include "kmod/nat64/core/core.h"
#include "kmod/nat64/core/octets.h"

/* nat64_extract(), without a call for the usual length. */
static NAT64_INLINE enum nat64_verdict nat64_take(const struct nat64_prefix6 *prefix, const struct nat64_in6 *v6,
						  __be32 *v4)
{
	const __be32 *a = prefix->address.word, *b = v6->word;

	if (prefix->length != 96)
		return nat64_extract(prefix, v6, v4);
	if ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]))
		return NAT64_NOT_OURS;
	*v4 = b[3];
	return NAT64_OK;
}

/* nat64_embed(), the same. */
static NAT64_INLINE void nat64_put(const struct nat64_prefix6 *prefix, __be32 v4, struct nat64_in6 *v6)
{
	if (prefix->length != 96) {
		nat64_embed(prefix, v4, v6);
		return;
	}
	v6->word[0] = prefix->address.word[0];
	v6->word[1] = prefix->address.word[1];
	v6->word[2] = prefix->address.word[2];
	v6->word[3] = v4;
}

/* 1: 0.0.0.0/8, loopback, link-local, multicast or limited broadcast. */
static inline int nat64_scoped4(__be32 v4)
{
	const __u32 address = __be32_to_cpu(v4), octet = address >> 24;

	if (octet == 0 || octet == 127)
		return 1;
	if (octet < 224)
		return address >> 16 == 0xa9fe;
	return octet < 240 || address == 0xffffffff;
}

/* 1: unspecified, loopback, link-local or multicast. */
static inline int nat64_scoped6(const struct nat64_in6 *v6)
{
	const __u32 first = __be32_to_cpu(v6->word[0]);

	if (first == 0)
		return !(v6->word[1] | v6->word[2]) && __be32_to_cpu(v6->word[3]) <= 1;
	return first >> 24 == 0xff || first >> 22 == 0xfe800000 >> 22;
}

#endif

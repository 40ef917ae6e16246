// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/core/address.h"
#include "kmod/nat64/core/octets.h"

/* Octet of struct nat64_in6 that the pieces of an IPv4 address lie at; octet 8 (bits 64-71, "u") is stepped over (RFC 6052 2.2). */
static unsigned int next(unsigned int at)
{
	return at + 1 == 8 ? 9 : at + 1;
}

void nat64_embed(const struct nat64_prefix6 *prefix, __be32 v4, struct nat64_in6 *v6)
{
	unsigned int at = prefix->length / 8;
	const __u8 *from = (const __u8 *)&v4;
	__u8 *to = (__u8 *)v6;

	*v6 = prefix->address;
	if (prefix->length == 96) {
		v6->word[3] = v4;
		return;
	}
	at = at == 8 ? 9 : at;
	for (int i = 0; i < 4; i++, at = next(at))
		to[at] = from[i];
}

static int within(const struct nat64_prefix6 *prefix, const struct nat64_in6 *v6)
{
	const __be32 *a = prefix->address.word, *b = v6->word;
	const unsigned int length = prefix->length, whole = length / 32;

	for (unsigned int i = 0; i < whole; i++)
		if (a[i] != b[i])
			return 0;
	return length % 32 == 0 || !((a[whole] ^ b[whole]) & __cpu_to_be32(~0u << (32 - length % 32)));
}

enum nat64_verdict nat64_extract(const struct nat64_prefix6 *prefix, const struct nat64_in6 *v6, __be32 *v4)
{
	unsigned int at = prefix->length / 8;
	const __u8 *from = (const __u8 *)v6;
	__be32 result;
	__u8 *to = (__u8 *)&result;

	if (!prefix->length || !within(prefix, v6))
		return NAT64_NOT_OURS;
	if (prefix->length == 96) {
		*v4 = v6->word[3];
		return NAT64_OK;
	}
	if (from[8])
		return NAT64_BAD_SUFFIX;
	at = at == 8 ? 9 : at;
	for (int i = 0; i < 4; i++, at = next(at))
		to[i] = from[at];
	*v4 = result;
	return NAT64_OK;
}

/*
 * Blocks that are not "Global" in the IANA IPv4 special-purpose address registry (RFC 6890), and multicast, which no IPv4-embedded address
 * stands for. By first octet, since this is asked about most packets of an instance with the well-known prefix.
 */
int nat64_non_global4(__be32 v4)
{
	const __u32 address = __be32_to_cpu(v4);

	switch (address >> 24) {
	case 0:   /* "this network" */
	case 10:  /* private use */
	case 127: /* loopback */
		return 1;
	case 100: /* shared address space (RFC 6598) */
		return address >> 22 == 0x64400000 >> 22;
	case 169: /* link-local */
		return address >> 16 == 0xa9fe;
	case 172: /* private use */
		return address >> 20 == 0xac1;
	case 192: /* private use; TEST-NET-1; IETF protocol assignments, but for PCP's and TURN's anycast addresses */
		return address >> 16 == 0xc0a8 || address >> 8 == 0xc00002 ||
		       (address >> 8 == 0xc00000 && address != 0xc0000009 && address != 0xc000000a);
	case 198: /* benchmarking; TEST-NET-2 */
		return address >> 17 == 0xc6120000 >> 17 || address >> 8 == 0xc63364;
	case 203: /* TEST-NET-3 */
		return address >> 8 == 0xcb0071;
	default: /* multicast, reserved, limited broadcast */
		return address >> 28 >= 0xe;
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPv4 identifications for datagrams that may be fragmented on their way (RFC 7915 5.1). None comes back before 65,535 others (RFC 6864 4.3 wants that of
 * a source), and what comes next cannot be told from what came without the key (RFC 7739 3, RFC 5927 8): a counter, through a permutation of
 * 16 bits that depends on the key. It costs a quarter of a random number.
 */
#ifndef OSNC_NAT64_CORE_IDENTIFICATION_H
#define OSNC_NAT64_CORE_IDENTIFICATION_H

#include <linux/types.h>

/* The counter-th of a sequence. key: secret and random. After 65,536 the order is another one. */
static inline __u16 nat64_identification(__u64 key, __u32 counter)
{
	__u32 left = counter >> 8 & 0xff, right = counter & 0xff, next;
	int i;

	key += (__u64)(counter >> 16) * 0x9e3779b97f4a7c15ULL;
	/* four rounds of a Feistel network: whatever a round adds, it is a permutation */
	for (i = 0; i < 4; i++) {
		next = left ^ ((right + (__u32)(key & 0xffff)) * 0x9e3779b1U) >> 24;
		left = right;
		right = next;
		key >>= 16;
	}
	return (__u16)(left << 8 | right);
}

#endif

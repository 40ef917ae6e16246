/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One's complement arithmetic (RFC 1071, RFC 1624 eqn. 3). A sum is a __u64 to which 32-bit pieces of the packet are added as they lie in
 * memory; 2^32 of them fit. Byte order does not matter as long as all is added as it lies: what is not in the packet (a length, a protocol
 * number) is brought into network order first.
 *
 * Checksums are updated by the difference of what they cover, never computed anew, so that one that was wrong stays wrong by the same amount.
 */
#ifndef OSNC_NAT64_CORE_CHECKSUM_H
#define OSNC_NAT64_CORE_CHECKSUM_H

#include "kmod/nat64/core/core.h"
#include "kmod/nat64/core/octets.h"

static NAT64_INLINE __u64 nat64_sum16(__be16 value)
{
	return (__force __u16)value;
}

static NAT64_INLINE __u64 nat64_sum32(__be32 value)
{
	return (__force __u32)value;
}

/* What takes value out of a sum. */
static NAT64_INLINE __u64 nat64_minus16(__be16 value)
{
	return 0xffff - nat64_sum16(value);
}

static NAT64_INLINE __u64 nat64_minus32(__be32 value)
{
	return 0xffffffff - nat64_sum32(value);
}

/* Adds 8 octets; a carry out of the sum goes round. Not to be mixed with the plain additions, which have no room for it. */
static NAT64_INLINE __u64 nat64_add8(__u64 sum, const __be32 *at)
{
	__u64 value;

	NAT64_COPY(&value, at, 8);
	sum += value;
	return sum + (sum < value);
}

/* Of two addresses; fits into 33 bits. */
static NAT64_INLINE __u64 nat64_sum_pair6(const struct nat64_in6 *source, const struct nat64_in6 *destination)
{
	__u64 sum = nat64_add8(0, &source->word[0]);

	sum = nat64_add8(sum, &source->word[2]);
	sum = nat64_add8(sum, &destination->word[0]);
	sum = nat64_add8(sum, &destination->word[2]);
	return (sum & 0xffffffff) + (sum >> 32);
}

/*
 * The 16 bits that sum stands for; 0 only if all that was added is 0. A number plus itself with its halves exchanged has in its upper half the sum
 * of the halves with the carry that came out of it.
 */
static NAT64_INLINE __u16 nat64_fold(__u64 sum)
{
	__u32 half;

	sum += sum >> 32 | sum << 32;
	half = (__u32)(sum >> 32);
	half += half >> 16 | half << 16;
	return (__u16)(half >> 16);
}

/* Takes all of sum (folded) out of another. */
static NAT64_INLINE __u64 nat64_minus(__u64 sum)
{
	return 0xffff - (__u64)nat64_fold(sum);
}

/* Of size octets; an odd last one counts as if a 0 followed. */
static NAT64_INLINE __u64 nat64_sum_octets(const __u8 *at, __u32 size)
{
	__u64 sum = 0;

	for (; size >= 4; at += 4, size -= 4)
		sum += nat64_sum32(nat64_get32(at));
	if (size >= 2) {
		sum += nat64_sum16(nat64_get16(at));
		at += 2;
		size -= 2;
	}
	if (size)
		sum += nat64_sum16(__cpu_to_be16((__u16)(*at << 8)));
	return sum;
}

/* Source and destination as a pseudo header's part. */
static NAT64_INLINE __u64 nat64_sum_pair4(__be32 source, __be32 destination)
{
	return nat64_sum32(source) + nat64_sum32(destination);
}

/* What takes such a pair out of a sum, without folding it. */
static NAT64_INLINE __u64 nat64_minus_pair6(const struct nat64_in6 *source, const struct nat64_in6 *destination)
{
	return 2 * 0xffffffffull - nat64_sum_pair6(source, destination);
}

/* The rest of a pseudo header (RFC 8200 8.1). */
static NAT64_INLINE __u64 nat64_sum_pseudo(__u32 length, __u8 protocol)
{
	return nat64_sum32(__cpu_to_be32(length)) + nat64_sum16(__cpu_to_be16(protocol));
}

/*
 * The new checksum field. pseudo: the pseudo header's difference; message: that of the octets the checksum covers. A partial field holds the
 * pseudo header alone and not complemented.
 */
static NAT64_INLINE __be16 nat64_adjust(__be16 field, __u64 pseudo, __u64 message, __u8 sum)
{
	if (sum == NAT64_SUM_PARTIAL)
		return (__force __be16)nat64_fold(nat64_sum16(field) + pseudo);
	return (__force __be16)(__u16)~nat64_fold(nat64_minus16(field) + pseudo + message);
}

#endif

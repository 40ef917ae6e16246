/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading and writing header fields at any alignment. Offsets are checked by the callers: these only move octets. */
#ifndef OSNC_NAT64_CORE_OCTETS_H
#define OSNC_NAT64_CORE_OCTETS_H

#include <linux/types.h>
#include <asm/byteorder.h>

#ifndef __force
#define __force /* sparse's; <linux/types.h> of user space has none */
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif

/* What most packets do not need, kept out of the way of those (the kernel has a macro noinline). */
#define NAT64_RARE static __attribute__((__noinline__))

/* For what runs once a packet and has constant arguments, or is called from two places. */
#define NAT64_INLINE inline __attribute__((always_inline))

#define NAT64_COPY(to, from, size) __builtin_memcpy(to, from, size)

static NAT64_INLINE __be16 nat64_get16(const __u8 *at)
{
	__be16 value;

	NAT64_COPY(&value, at, 2);
	return value;
}

static NAT64_INLINE __be32 nat64_get32(const __u8 *at)
{
	__be32 value;

	NAT64_COPY(&value, at, 4);
	return value;
}

static NAT64_INLINE __u16 nat64_host16(const __u8 *at)
{
	return __be16_to_cpu(nat64_get16(at));
}

static NAT64_INLINE __u32 nat64_host32(const __u8 *at)
{
	return __be32_to_cpu(nat64_get32(at));
}

static NAT64_INLINE void nat64_put16(__u8 *at, __be16 value)
{
	NAT64_COPY(at, &value, 2);
}

static NAT64_INLINE void nat64_put32(__u8 *at, __be32 value)
{
	NAT64_COPY(at, &value, 4);
}

static NAT64_INLINE void nat64_put_host16(__u8 *at, __u16 value)
{
	nat64_put16(at, __cpu_to_be16(value));
}

static NAT64_INLINE void nat64_put_host32(__u8 *at, __u32 value)
{
	nat64_put32(at, __cpu_to_be32(value));
}

static NAT64_INLINE __u32 nat64_min(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

static NAT64_INLINE __u32 nat64_max(__u32 a, __u32 b)
{
	return a > b ? a : b;
}

#endif

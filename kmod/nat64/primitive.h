/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the session table takes from the kernel, and all that it takes: spin locks, RCU, atomics, slab caches, random numbers and SipHash. Outside of the
 * kernel the build forces a header in that defines the same names over pthreads, so that the same table runs under sanitizers and in benchmarks.
 */
#ifndef OSNC_NAT64_PRIMITIVE_H
#define OSNC_NAT64_PRIMITIVE_H

#ifdef __KERNEL__
#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#elif !defined(OSNC_KERNEL_TWIN)
#error "outside of the kernel: force the native twin's header in"
#endif

#endif

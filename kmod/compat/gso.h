/* SPDX-License-Identifier: GPL-2.0-only */
/* Segmentation of GSO packets: its declarations moved from <linux/skbuff.h> and <linux/netdevice.h> to <net/gso.h>. */
#ifndef OSNC_KMOD_COMPAT_GSO_H
#define OSNC_KMOD_COMPAT_GSO_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

#endif

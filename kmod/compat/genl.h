/* SPDX-License-Identifier: GPL-2.0-only */
/* Generic netlink: what a dump was asked for is found in another place since 6.7. */
#ifndef OSNC_KMOD_COMPAT_GENL_H
#define OSNC_KMOD_COMPAT_GENL_H

#include <linux/version.h>
#include <net/genetlink.h>

static inline struct nlattr **compat_genl_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif

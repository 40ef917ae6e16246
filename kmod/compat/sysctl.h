/* SPDX-License-Identifier: GPL-2.0-only */
/* sysctl tables: up to 6.10 an empty row ends them, from 6.6 on their length is given. */
#ifndef OSNC_KMOD_COMPAT_SYSCTL_H
#define OSNC_KMOD_COMPAT_SYSCTL_H

#include <linux/sysctl.h>
#include <linux/version.h>
#include <net/net_namespace.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define COMPAT_SYSCTL_END
#define COMPAT_SYSCTL_ENDS 0
#else
#define COMPAT_SYSCTL_END \
	{ \
	}
#define COMPAT_SYSCTL_ENDS 1
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define compat_register_net_sysctl(net, path, table, rows) register_net_sysctl_sz(net, path, table, rows)
#else
#define compat_register_net_sysctl(net, path, table, rows) register_net_sysctl(net, path, table)
#endif

#endif

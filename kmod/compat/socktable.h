/* SPDX-License-Identifier: GPL-2.0-only */
/* Where sockets are found by port: a namespace may have a UDP table of its own since 6.2. */
#ifndef OSNC_KMOD_COMPAT_SOCKTABLE_H
#define OSNC_KMOD_COMPAT_SOCKTABLE_H

#include <linux/version.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include <net/udp.h>

static inline struct inet_hashinfo *compat_tcp_hashinfo(const struct net *net)
{
	return net->ipv4.tcp_death_row.hashinfo;
}

static inline struct udp_table *compat_udp_table(const struct net *net)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return net->ipv4.udp_table;
#else
	return &udp_table;
#endif
}

#endif

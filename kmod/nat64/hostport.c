// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/hostport.h"

#include <linux/inetdevice.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>
#include <net/udp.h>

#include "kmod/compat/socktable.h"

static bool tcp_bound(struct net *net, u16 port)
{
	struct inet_hashinfo *info = compat_tcp_hashinfo(net);
	struct inet_bind_hashbucket *head = &info->bhash[inet_bhashfn(net, port, info->bhash_size)];
	struct inet_bind_bucket *bucket;
	bool bound = false;

	spin_lock_bh(&head->lock);
	inet_bind_bucket_for_each(bucket, &head->chain)
	{
		if (net_eq(ib_net(bucket), net) && bucket->port == port)
			bound = true;
	}
	spin_unlock_bh(&head->lock);
	return bound;
}

static bool udp_bound(struct net *net, u16 port)
{
	struct udp_hslot *slot = udp_hashslot(compat_udp_table(net), net, port);
	struct sock *sk;
	bool bound = false;

	spin_lock_bh(&slot->lock);
	sk_for_each(sk, &slot->head)
	{
		if (net_eq(sock_net(sk), net) && inet_sk(sk)->inet_num == port)
			bound = true;
	}
	spin_unlock_bh(&slot->lock);
	return bound;
}

bool nat64_hostport_bound(struct net *net, enum nat64_l4 l4, __be32 address, __be16 port)
{
	if (l4 == NAT64_L4_ICMP || inet_addr_type(net, address) != RTN_LOCAL)
		return false;
	return l4 == NAT64_L4_TCP ? tcp_bound(net, be16_to_cpu(port)) : udp_bound(net, be16_to_cpu(port));
}

int nat64_hostport_check(struct net *net, const struct nat64_pool4 *pool4, struct netlink_ext_ack *extack)
{
	int low, high;
	u32 i, n;

	inet_get_local_port_range(net, &low, &high);
	for (i = 0; i < pool4->count; i++) {
		const struct nat64_pool_line *line = &pool4->line[i];

		if (line->first_port > high || line->last_port < low)
			continue;
		for (n = 0; n < line->addresses; n++)
			if (inet_addr_type(net, cpu_to_be32(line->first + n)) == RTN_LOCAL) {
				NL_SET_ERR_MSG(
					extack,
					"pool4: ports of an address of this host overlap net.ipv4.ip_local_port_range (share-host-ports allows it)");
				return -EADDRINUSE;
			}
	}
	return 0;
}

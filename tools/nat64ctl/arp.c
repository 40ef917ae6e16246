// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For check: addresses of a pool4 within the subnet of a device, for which neighbours ask by ARP, and whether this host answers. It does (arp_process() of the
 * kernel) for its own addresses; and where the device forwards, for one that it has a route to by another device, if proxy_arp or a proxy neighbour entry says so,
 * or by the same one with proxy_arp_pvlan. arp_ignore, and programs that answer, are not looked at.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/command.h"

#define ADDRESSES_MOST 256 /* of one subnet and line that are looked at */

struct arp {
	const char *instance;
	struct nl_sock *route;
	struct ifaddrs *own;
	struct {
		uint32_t address;
		unsigned device; /* 0: any */
	} * proxy;
	size_t proxies;
	unsigned found;
};

/* Addresses in host order. */
struct subnet {
	const char *device;
	unsigned index;
	uint32_t address, mask;
};

/* ---- questions to the kernel ---------------------------------------------------------------------------- */

static int ask(struct nl_sock *socket, struct nl_msg *message, nl_recvmsg_msg_cb_t answer, void *arg)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret = -NLE_NOMEM;

	if (cb && message) {
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, answer, arg);
		ret = nl_send_auto(socket, message);
		if (ret >= 0)
			ret = nl_recvmsgs(socket, cb);
	}
	nl_cb_put(cb);
	nlmsg_free(message);
	return ret;
}

static struct nl_msg *request(int type, int flags, void *header, size_t size)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);

	if (message && nlmsg_append(message, header, size, NLMSG_ALIGNTO)) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

static int note_proxy(struct nl_msg *message, void *arg)
{
	const struct nlmsghdr *header = nlmsg_hdr(message);
	const struct ndmsg *neighbour = nlmsg_data(header);
	struct nlattr *attrs[NDA_MAX + 1] = { NULL };
	struct arp *arp = arg;
	void *grown;

	if (nlmsg_parse((struct nlmsghdr *)header, sizeof(*neighbour), attrs, NDA_MAX, NULL) || !attrs[NDA_DST] ||
	    neighbour->ndm_family != AF_INET || !(neighbour->ndm_flags & NTF_PROXY))
		return NL_SKIP;
	grown = realloc(arp->proxy, (arp->proxies + 1) * sizeof(*arp->proxy));
	if (!grown)
		return NL_STOP;
	arp->proxy = grown;
	arp->proxy[arp->proxies].address = ntohl(nla_get_u32(attrs[NDA_DST]));
	arp->proxy[arp->proxies++].device = neighbour->ndm_ifindex > 0 ? (unsigned)neighbour->ndm_ifindex : 0;
	return NL_OK;
}

struct way {
	uint8_t type; /* RTN_UNSPEC: there is none */
	unsigned device;
};

static int note_way(struct nl_msg *message, void *arg)
{
	struct nlattr *attrs[RTA_MAX + 1] = { NULL };
	struct way *way = arg;

	if (nlmsg_parse(nlmsg_hdr(message), sizeof(struct rtmsg), attrs, RTA_MAX, NULL))
		return NL_SKIP;
	way->type = ((const struct rtmsg *)nlmsg_data(nlmsg_hdr(message)))->rtm_type;
	way->device = attrs[RTA_OIF] ? nla_get_u32(attrs[RTA_OIF]) : 0;
	return NL_OK;
}

/* Where a packet from a neighbour to address would go, as the kernel asks for an ARP request. */
static struct way way_of(const struct arp *arp, const struct subnet *subnet, uint32_t neighbour, uint32_t address)
{
	struct rtmsg header = { .rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_src_len = 32 };
	struct nl_msg *message = request(RTM_GETROUTE, NLM_F_REQUEST, &header, sizeof(header));
	struct way way = { .type = RTN_UNSPEC };

	if (message &&
	    (nla_put_u32(message, RTA_DST, htonl(address)) || nla_put_u32(message, RTA_SRC, htonl(neighbour)) ||
	     nla_put_u32(message, RTA_IIF, subnet->index))) {
		nlmsg_free(message);
		message = NULL;
	}
	ask(arp->route, message, note_way, &way);
	return way;
}

/* ---- who answers ---------------------------------------------------------------------------------------- */

static bool is_set(const char *device, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", device, name);
	return number_in(path) > 0;
}

static bool is_own(const struct arp *arp, uint32_t address)
{
	for (const struct ifaddrs *own = arp->own; own; own = own->ifa_next)
		if (own->ifa_addr && own->ifa_addr->sa_family == AF_INET &&
		    ntohl(((const struct sockaddr_in *)own->ifa_addr)->sin_addr.s_addr) == address)
			return true;
	return false;
}

static bool has_proxy(const struct arp *arp, const struct subnet *subnet, uint32_t address)
{
	if (is_set(subnet->device, "proxy_arp") || is_set("all", "proxy_arp"))
		return true;
	for (size_t i = 0; i < arp->proxies; i++)
		if (arp->proxy[i].address == address &&
		    (!arp->proxy[i].device || arp->proxy[i].device == subnet->index))
			return true;
	return false;
}

/* A neighbour that may ask for address: any of the subnet but us. 0: there is no room for one. */
static uint32_t neighbour_of(const struct arp *arp, const struct subnet *subnet, uint32_t address)
{
	const uint32_t network = subnet->address & subnet->mask;

	for (uint32_t n = 1; n < ~subnet->mask; n++)
		if (network + n != address && !is_own(arp, network + n))
			return network + n;
	return 0;
}

static bool is_answered(const struct arp *arp, const struct subnet *subnet, uint32_t address)
{
	const uint32_t neighbour = neighbour_of(arp, subnet, address);
	struct way way;

	if (!neighbour || is_own(arp, address))
		return true;
	way = way_of(arp, subnet, neighbour, address);
	if (way.type == RTN_LOCAL)
		return true;
	if (way.type != RTN_UNICAST || !is_set(subnet->device, "forwarding"))
		return false;
	return way.device == subnet->index
		       ? is_set(subnet->device, "proxy_arp_pvlan") || is_set("all", "proxy_arp_pvlan")
		       : has_proxy(arp, subnet, address);
}

/* ---- a line of a pool4 ---------------------------------------------------------------------------------- */

static void look_at_subnet(struct arp *arp, const struct subnet *subnet, uint32_t first, uint32_t last)
{
	const uint32_t network = subnet->address & subnet->mask;
	/* the network's own address and broadcast are nobody's */
	const uint32_t from = first > network ? first : network + 1;
	const uint32_t to = last < (network | ~subnet->mask) ? last : (network | ~subnet->mask) - 1;
	uint32_t silent = 0, example = 0;
	char text[INET_ADDRSTRLEN];

	for (uint32_t n = 0; from + n <= to && n < ADDRESSES_MOST; n++)
		if (!is_answered(arp, subnet, from + n) && !silent++)
			example = htonl(from + n);
	if (!silent)
		return;
	inet_ntop(AF_INET, &example, text, sizeof(text));
	printf("instance %s: nothing here answers ARP on %s for %s", arp->instance, subnet->device, text);
	if (silent > 1)
		printf(" and %u more of its pool4", silent - 1);
	printf(": ip route add %s dev lo; ip neighbour add proxy %s dev %s\n", text, text, subnet->device);
	arp->found++;
}

static void look_at_line(struct arp *arp, uint32_t first, uint32_t last)
{
	for (const struct ifaddrs *own = arp->own; own; own = own->ifa_next) {
		struct subnet subnet = { .device = own->ifa_name };
		uint32_t network;

		if (!own->ifa_addr || own->ifa_addr->sa_family != AF_INET || !own->ifa_netmask ||
		    !(own->ifa_flags & IFF_UP) || own->ifa_flags & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT))
			continue;
		subnet.address = ntohl(((const struct sockaddr_in *)own->ifa_addr)->sin_addr.s_addr);
		subnet.mask = ntohl(((const struct sockaddr_in *)own->ifa_netmask)->sin_addr.s_addr);
		subnet.index = if_nametoindex(own->ifa_name);
		network = subnet.address & subnet.mask;
		/* of 31 bits and more nobody else is in it */
		if (!subnet.index || subnet.mask >= 0xfffffffe || last < network || first > (network | ~subnet.mask))
			continue;
		look_at_subnet(arp, &subnet, first, last);
	}
}

static int look(uint8_t command, struct nlattr **attrs, void *arg)
{
	struct nlattr *line[OSNC_NAT64_POOL4_MAX + 1] = { NULL };
	uint32_t first, length;

	if (!attrs[OSNC_NAT64_ATTR_POOL4] ||
	    nla_parse_nested(line, OSNC_NAT64_POOL4_MAX, attrs[OSNC_NAT64_ATTR_POOL4], NULL) ||
	    !line[OSNC_NAT64_POOL4_V4] || !line[OSNC_NAT64_POOL4_LENGTH])
		return 0;
	length = nla_get_u8(line[OSNC_NAT64_POOL4_LENGTH]);
	first = ntohl(nla_get_u32(line[OSNC_NAT64_POOL4_V4]));
	if (length && length <= 32)
		look_at_line(arg, first, first + (uint32_t)((1ULL << (32 - length)) - 1));
	return 0;
}

unsigned check_arp(struct keel_netlink *kernel, const char *instance)
{
	struct ndmsg header = { .ndm_family = AF_INET, .ndm_flags = NTF_PROXY };
	struct arp arp = { .instance = instance, .route = nl_socket_alloc() };
	struct keel_buffer error = { 0 };

	/* what cannot be found out is not told */
	if (arp.route && !getifaddrs(&arp.own) && !nl_connect(arp.route, NETLINK_ROUTE)) {
		nl_socket_disable_auto_ack(arp.route);
		ask(arp.route, request(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, &header, sizeof(header)), note_proxy,
		    &arp);
		keel_netlink_ask(kernel, instance_message(kernel, OSNC_NAT64_CMD_POOL4_GET, NLM_F_DUMP, instance),
				 OSNC_NAT64_ATTR_MAX, look, &arp, &error);
	}
	keel_buffer_free(&error);
	freeifaddrs(arp.own);
	nl_socket_free(arp.route);
	free(arp.proxy);
	return arp.found;
}

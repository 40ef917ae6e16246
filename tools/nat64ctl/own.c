// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether what this host itself sends is translated: it needs a route to pool6, and a stateless instance a source that it can map. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/nat64ctl/command.h"

#define GLOBAL4 "\x08\x08\x08\x08" /* any address that has nothing special about it; nothing is sent there */

/* An address of the prefix (RFC 6052 2.2; length in bits). */
static struct in6_addr embedded(const struct own *own)
{
	struct in6_addr address = own->pool6;
	unsigned at = own->length / 8;

	for (int i = 0; i < 4; i++, at++) {
		if (at == 8)
			at++;
		address.s6_addr[at] = (uint8_t)GLOBAL4[i];
	}
	return address;
}

/* The source that the kernel would choose: 0, or -1 if there is no route. */
static int source_to(const struct in6_addr *destination, struct in6_addr *source)
{
	struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = *destination };
	socklen_t size = sizeof(name);
	const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = -1;

	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&name, sizeof(name)) && !getsockname(fd, (struct sockaddr *)&name, &size)) {
		*source = name.sin6_addr;
		ret = 0;
	}
	close(fd);
	return ret;
}

/* The device of IPv4's default route, for the advice. */
static void way_out(char device[32])
{
	FILE *file = fopen("/proc/net/route", "re");
	char line[512], name[32];
	unsigned destination;

	strcpy(device, "DEVICE");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%31s %x", name, &destination) == 2 && !destination) {
			strcpy(device, name);
			break;
		}
	if (file)
		fclose(file);
}

static int look(uint8_t command, struct nlattr **attrs, void *arg)
{
	bool *unmapped = arg;

	*unmapped = !strcmp(nla_get_string(attrs[OSNC_NAT64_ATTR_VERDICT_NAME]), "source_unmapped");
	return 0;
}

static bool is_unmapped(struct keel_netlink *kernel, const struct own *own, const struct in6_addr *source,
			const struct in6_addr *destination)
{
	/* a UDP datagram without payload */
	uint8_t packet[48] = { 0x60, [5] = 8, [6] = 17, [7] = 64, [41] = 9, [43] = 9, [45] = 8, [47] = 1 };
	struct nl_msg *message = instance_message(kernel, OSNC_NAT64_CMD_EXPLAIN, 0, own->name);
	struct keel_buffer error = { 0 };
	bool unmapped = false;

	memcpy(packet + 8, source, 16);
	memcpy(packet + 24, destination, 16);
	if (message && nla_put(message, OSNC_NAT64_ATTR_PACKET, sizeof(packet), packet)) {
		nlmsg_free(message);
		message = NULL;
	}
	/* what cannot be found out is not told */
	if (keel_netlink_ask(kernel, message, OSNC_NAT64_ATTR_MAX, look, &unmapped, &error))
		unmapped = false;
	keel_buffer_free(&error);
	return unmapped;
}

void check_own(struct keel_netlink *kernel, const struct own *own)
{
	const struct in6_addr destination = embedded(own);
	char prefix[INET6_ADDRSTRLEN], address[INET6_ADDRSTRLEN], device[32];
	struct in6_addr source;

	inet_ntop(AF_INET6, &own->pool6, prefix, sizeof(prefix));
	way_out(device);
	if (source_to(&destination, &source)) {
		printf("note: this host itself has no IPv6 route to %s/%u: ip -6 route add %s/%u dev %s\n", prefix,
		       own->length, prefix, own->length, device);
		return;
	}
	if (!own->stateless || !is_unmapped(kernel, own, &source, &destination))
		return;
	inet_ntop(AF_INET6, &source, address, sizeof(address));
	printf("note: this host itself would send to %s/%u from %s, which has no IPv4 address: give it another for this alone: "
	       "ip address add IPV6 dev lo; nat64ctl eamt add %s IPV4 IPV6; ip -6 route replace %s/%u dev %s src IPV6\n",
	       prefix, own->length, address, own->name, prefix, own->length, device);
}

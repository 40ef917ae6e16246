// SPDX-License-Identifier: GPL-2.0-or-later
/* What in this namespace keeps packets from being translated. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/nat64ctl/command.h"

long number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	long value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

static unsigned say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static unsigned say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	return 1;
}

static unsigned check_forwarding(void)
{
	unsigned found = 0;

	if (number_in("/proc/sys/net/ipv4/ip_forward") != 1)
		found += say("IPv4 is not forwarded: sysctl -w net.ipv4.ip_forward=1");
	if (number_in("/proc/sys/net/ipv6/conf/all/forwarding") != 1)
		found += say("IPv6 is not forwarded: sysctl -w net.ipv6.conf.all.forwarding=1");
	return found;
}

/* Per device: IPv4 forwarding may be off for one alone, and large receive offload is nothing for a router. */
static unsigned check_devices(void)
{
	DIR *folder = opendir("/proc/sys/net/ipv4/conf");
	unsigned found = 0;
	struct dirent *entry;
	char path[512];

	if (!folder)
		return 0;
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "all") || !strcmp(entry->d_name, "default") ||
		    !strcmp(entry->d_name, "lo"))
			continue;
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/forwarding", entry->d_name);
		if (!number_in(path))
			found += say("%s does not forward IPv4: sysctl -w net.ipv4.conf.%s.forwarding=1", entry->d_name,
				     entry->d_name);
	}
	closedir(folder);
	return found;
}

/* Whether a table of the kernel has a route to more than this host: lines of which test says so. */
static bool any_line(const char *path, bool (*test)(const char *line))
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = test(line);
	if (file)
		fclose(file);
	return found;
}

/* /proc/net/route: device, destination, ... of the main table */
static bool is_route4(const char *line)
{
	return strncmp(line, "Iface", 5) != 0;
}

/* /proc/net/ipv6_route: destination, length, source, length, next hop, metric, references, use, flags, device; flags 0x200000 and more: not a way out */
static bool is_route6(const char *line)
{
	char destination[33], device[32];
	unsigned length, flags;

	if (sscanf(line, "%32s %x %*s %*x %*s %*x %*x %*x %x %31s", destination, &length, &flags, device) != 4)
		return false;
	return strcmp(device, "lo") && !(flags & 0x80000200) && strncmp(destination, "fe80", 4) &&
	       strncmp(destination, "ff", 2);
}

static unsigned check_routes(void)
{
	unsigned found = 0;

	if (!any_line("/proc/net/route", is_route4))
		found += say("there is no IPv4 route: nothing that was translated from IPv6 gets anywhere");
	if (!any_line("/proc/net/ipv6_route", is_route6))
		found += say("there is no IPv6 route: nothing that was translated from IPv4 gets anywhere");
	return found;
}

struct seen {
	unsigned instances, idle, owns;
	struct own own[16]; /* more than that are not looked at */
};

static void note(struct seen *seen, struct nlattr **attrs)
{
	struct own *own = &seen->own[seen->owns];

	own->length = nla_get_u8(attrs[OSNC_NAT64_ATTR_POOL6_LENGTH]);
	if (!own->length || !attrs[OSNC_NAT64_ATTR_POOL6] || nla_len(attrs[OSNC_NAT64_ATTR_POOL6]) != 16)
		return;
	memcpy(&own->pool6, nla_data(attrs[OSNC_NAT64_ATTR_POOL6]), 16);
	snprintf(own->name, sizeof(own->name), "%s", nla_get_string(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]));
	own->stateless = nla_get_u8(attrs[OSNC_NAT64_ATTR_MODE]) == OSNC_NAT64_STATELESS;
	seen->owns++;
}

static int look(uint8_t command, struct nlattr **attrs, void *arg)
{
	struct seen *seen = arg;

	seen->instances++;
	if (seen->owns < sizeof(seen->own) / sizeof(seen->own[0]))
		note(seen, attrs);
	if (!nla_get_u8(attrs[OSNC_NAT64_ATTR_POOL6_LENGTH]) && !nla_get_u32(attrs[OSNC_NAT64_ATTR_EAM_COUNT]))
		seen->idle += say("instance %s has neither pool6 nor EAMT: it translates nothing",
				  nla_get_string(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]));
	return 0;
}

int run_check(struct keel_netlink *kernel, const struct given *given, char **operands, int n, struct keel_buffer *error)
{
	struct seen seen = { 0 };
	unsigned found;
	int ret = keel_netlink_ask(kernel, keel_netlink_message(kernel, OSNC_NAT64_CMD_INSTANCE_GET, NLM_F_DUMP),
				   OSNC_NAT64_ATTR_MAX, look, &seen, error);

	if (ret)
		return ret;
	found = seen.idle;
	if (!seen.instances)
		found += say("there is no instance in this namespace: nat64ctl instance add");
	found += check_forwarding();
	found += check_devices();
	found += check_routes();
	for (unsigned i = 0; i < seen.owns; i++) {
		if (!seen.own[i].stateless)
			found += check_arp(kernel, seen.own[i].name);
		check_own(kernel, &seen.own[i]);
	}
	return found ? EXIT_FOUND : 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* nat64ctl: a client of nat64.ko's netlink family in the network namespace that it runs in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/command.h"

static int complain(const char *what, int status)
{
	fprintf(stderr, "nat64ctl: %s\n", what);
	return status;
}

static int run_command(const struct command *command, const struct given *given, char **operands, int n)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct keel_netlink kernel = { 0 };
	int ret = 0;

	keel_buffer_init(&error, 0);
	if (!command->offline)
		ret = keel_netlink_open(&kernel, OSNC_NAT64_FAMILY, OSNC_NAT64_VERSION, &error);
	if (ret)
		return complain(ret == -ENOENT ? "the kernel has no translator: modprobe nat64"
					       : keel_buffer_text(&error),
				EXIT_NO_MODULE);
	ret = command->run(&kernel, given, operands, n, &error);
	keel_netlink_close(&kernel);
	if (ret < 0)
		return complain(error.len ? keel_buffer_text(&error) : strerror(-ret), EXIT_REFUSED);
	return fflush(stdout) && !ret ? EXIT_REFUSED : ret;
}

int main(int argc, char **argv)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer said;
	struct given given = { 0 };
	const void *row;
	int at;

	keel_buffer_init(&said, 0);
	at = keel_subcommands_parse(&commands, argc, argv, &given, &given, &row, &said);
	if (at < 0) {
		fputs(keel_buffer_text(&said), at == -ECANCELED ? stdout : stderr);
		return at == -ECANCELED ? 0 : EXIT_USAGE;
	}
	return run_command(row, &given, argv + at, argc - at);
}

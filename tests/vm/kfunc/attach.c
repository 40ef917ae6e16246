// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attaches count.bpf.c natively (in the driver, not the generic path) to a network device and holds it there.
 *
 *	attach DEVICE
 *
 * Prints "attached" once the driver has it. At the end of its input it detaches, prints "packets N last N" and exits.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tests/vm/kfunc/count.skel.h"

static int hold(struct count *program, unsigned int device)
{
	int fd = bpf_program__fd(program->progs.count);
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	char byte;
	int error;

	error = bpf_xdp_attach((int)device, fd, XDP_FLAGS_DRV_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	if (error)
		return error;
	error = bpf_xdp_query((int)device, 0, &query);
	if (!error && query.attach_mode != XDP_ATTACHED_DRV)
		error = -ENOTSUP;
	if (!error) {
		puts("attached");
		fflush(stdout);
		while (read(STDIN_FILENO, &byte, 1) > 0)
			;
	}
	bpf_xdp_detach((int)device, XDP_FLAGS_DRV_MODE, NULL);
	return error;
}

int main(int argc, char **argv)
{
	unsigned int device = argc == 2 ? if_nametoindex(argv[1]) : 0;
	struct count *program;
	int error;

	if (!device) {
		fprintf(stderr, "usage: attach DEVICE (an existing one)\n");
		return 2;
	}
	program = count__open_and_load();
	if (!program) {
		fprintf(stderr, "attach: the program does not load: %s\n", strerror(errno));
		return 1;
	}
	error = hold(program, device);
	if (error)
		fprintf(stderr, "attach: %s: %s\n", argv[1], strerror(-error));
	else
		printf("packets %llu last %llu\n", program->bss->packets, program->bss->last);
	count__destroy(program);
	return error ? 1 : 0;
}

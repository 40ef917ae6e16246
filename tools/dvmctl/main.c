// SPDX-License-Identifier: GPL-2.0-or-later
/* dvmctl: what the broker does with class files, at a prompt. */
#include <errno.h>
#include <stdio.h>

#include "tools/dvmctl/command.h"
#include "tools/lib/keel/cleanup.h"

int main(int argc, char **argv)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer said;
	struct given given = { 0 };
	const struct command *command;
	const void *row;
	int at;

	keel_buffer_init(&said, 0);
	at = keel_subcommands_parse(&commands, argc, argv, &given, &given, &row, &said);
	if (at < 0) {
		fputs(keel_buffer_text(&said), at == -ECANCELED ? stdout : stderr);
		return at == -ECANCELED ? EXIT_DONE : EXIT_USAGE;
	}
	command = row;
	return command->run(&given, argv + at, argc - at);
}

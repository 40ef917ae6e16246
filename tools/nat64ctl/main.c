// SPDX-License-Identifier: GPL-2.0-or-later
/* nat64ctl: a client of nat64.ko's netlink family in the network namespace that it runs in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/command.h"

static const struct keel_option json_row = {
	"json", 'j', KEEL_OPTION_FLAG, offsetof(struct given, json), NULL, "Print what is shown as JSON."
};

static const struct keel_options global_table = {
	.program = "nat64ctl",
	.synopsis = "COMMAND [ARGUMENT]...",
	.summary = "Look after the IPv6/IPv4 translator of this network namespace.",
	.rows = &json_row,
	.n = 1,
	.stop_at_first = true,
};

static int complain(const char *what, int status)
{
	fprintf(stderr, "nat64ctl: %s\n", what);
	return status;
}

/* The command whose words stand at argv, and how many words that is. */
static const struct command *find_command(int argc, char **argv, int *used)
{
	for (size_t i = 0; i < commands_n; i++) {
		const char *space = strchr(commands[i].words, ' ');
		const size_t first = space ? (size_t)(space - commands[i].words) : strlen(commands[i].words);

		if (strncmp(argv[0], commands[i].words, first) || argv[0][first])
			continue;
		if (space && (argc < 2 || strcmp(argv[1], space + 1)))
			continue;
		*used = space ? 2 : 1;
		return &commands[i];
	}
	return NULL;
}

static int print_help(FILE *out)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer text;

	keel_buffer_init(&text, 0);
	keel_options_help(&global_table, &text);
	fputs(keel_buffer_text(&text), out);
	fputs("\nCommands (each has --help):\n", out);
	for (size_t i = 0; i < commands_n; i++) {
		char usage[64];

		snprintf(usage, sizeof(usage), "%s %s", commands[i].words, commands[i].synopsis);
		fprintf(out, "  %-44s %s\n", usage, commands[i].summary);
	}
	fputs("\nExit status: 0 done; 1 refused or failed; 2 wrong usage; 3 no module; 4 check found something.\n",
	      out);
	return fflush(out) ? 1 : 0;
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

static int parse_command(struct given *given, int argc, char **argv)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct keel_option rows[4];
	const struct command *command;
	char program[64];
	int used, at;

	keel_buffer_init(&error, 0);
	if (!strcmp(argv[0], "help"))
		return print_help(stdout);
	command = find_command(argc, argv, &used);
	if (!command) {
		fprintf(stderr, "nat64ctl: no such command: %s%s%s (nat64ctl help lists them)\n", argv[0],
			argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
		return EXIT_USAGE;
	}
	snprintf(program, sizeof(program), "nat64ctl %s", command->words);
	if (command->n)
		memcpy(rows, command->rows, command->n * sizeof(*rows));
	rows[command->n] = json_row;
	const struct keel_options table = { .program = program,
					    .synopsis = command->synopsis,
					    .summary = command->summary,
					    .rows = rows,
					    .n = command->n + 1 };

	argv += used - 1;
	argc -= used - 1;
	at = keel_options_parse(&table, argc, argv, given, &error);
	if (at == -ECANCELED) {
		fputs(keel_buffer_text(&error), stdout);
		return 0;
	}
	if (at < 0) {
		fprintf(stderr, "%s: %s\n", program, keel_buffer_text(&error));
		return EXIT_USAGE;
	}
	if (argc - at < command->least || (command->most >= 0 && argc - at > command->most)) {
		fprintf(stderr, "usage: %s [OPTION]... %s\n", program, command->synopsis);
		return EXIT_USAGE;
	}
	return run_command(command, given, argv + at, argc - at);
}

int main(int argc, char **argv)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct given given = { 0 };
	int at;

	keel_buffer_init(&error, 0);
	at = keel_options_parse(&global_table, argc, argv, &given, &error);
	if (at == -ECANCELED) {
		if (error.len && strstr(keel_buffer_text(&error), "Usage:"))
			return print_help(stdout);
		fputs(keel_buffer_text(&error), stdout);
		return 0;
	}
	if (at < 0)
		return complain(keel_buffer_text(&error), EXIT_USAGE);
	if (at == argc) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	return parse_command(&given, argc - at, argv + at);
}

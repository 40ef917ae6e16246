// SPDX-License-Identifier: GPL-2.0-or-later
/* dvmctl: what the broker does with class files, at a prompt. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/dvmctl/command.h"
#include "tools/lib/keel/cleanup.h"

static const struct keel_options global_table = {
	.program = "dvmctl",
	.synopsis = "COMMAND [ARGUMENT]...",
	.summary = "Look into class files, and into what they are delivered in.",
	.stop_at_first = true,
};

/* The command whose words stand at argv, and how many words that is */
static const struct command *find_command(int argc, char **argv, int *used)
{
	for (size_t i = 0; i < commands_n; i++) {
		const char *words = commands[i].words;

		for (*used = 0; *used < argc; (*used)++) {
			const size_t n = strcspn(words, " ");

			if (strlen(argv[*used]) != n || strncmp(argv[*used], words, n))
				break;
			words += n;
			if (!*words++) {
				(*used)++;
				return &commands[i];
			}
		}
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
	for (size_t i = 0; i < commands_n; i++)
		fprintf(out, "  %s %s\n      %s\n", commands[i].words, commands[i].synopsis, commands[i].summary);
	fputs("\nExit status: 0 done; 1 something was refused; 2 wrong usage; 3 something could not be read.\n", out);
	return fflush(out) ? EXIT_UNREAD : EXIT_DONE;
}

static int run_command(int argc, char **argv)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct given given = { 0 };
	const struct command *command;
	char program[64];
	int used, at;

	keel_buffer_init(&error, 0);
	command = find_command(argc, argv, &used);
	if (!command) {
		fprintf(stderr, "dvmctl: no such command: %s%s%s (dvmctl help lists them)\n", argv[0],
			argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
		return EXIT_USAGE;
	}
	snprintf(program, sizeof(program), "dvmctl %s", command->words);
	const struct keel_options table = { .program = program,
					    .synopsis = command->synopsis,
					    .summary = command->summary,
					    .rows = command->rows,
					    .n = command->n };

	argv += used - 1;
	argc -= used - 1;
	at = keel_options_parse(&table, argc, argv, &given, &error);
	if (at == -ECANCELED) {
		fputs(keel_buffer_text(&error), stdout);
		return EXIT_DONE;
	}
	if (at < 0) {
		fprintf(stderr, "%s: %s\n", program, keel_buffer_text(&error));
		return EXIT_USAGE;
	}
	if (argc - at < command->least) {
		fprintf(stderr, "usage: %s [OPTION]... %s\n", program, command->synopsis);
		return EXIT_USAGE;
	}
	return command->run(&given, argv + at, argc - at);
}

int main(int argc, char **argv)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct given none = { 0 };
	int at;

	keel_buffer_init(&error, 0);
	at = keel_options_parse(&global_table, argc, argv, &none, &error);
	if (at == -ECANCELED) {
		if (error.len && strstr(keel_buffer_text(&error), "Usage:"))
			return print_help(stdout);
		fputs(keel_buffer_text(&error), stdout);
		return EXIT_DONE;
	}
	if (at < 0) {
		fprintf(stderr, "dvmctl: %s\n", keel_buffer_text(&error));
		return EXIT_USAGE;
	}
	if (at == argc) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[at], "help"))
		return print_help(stdout);
	return run_command(argc - at, argv + at);
}

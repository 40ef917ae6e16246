// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/subcommand.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/lib/keel/cleanup.h"

#define COLUMN 44 /* where the summaries stand in help */

static const struct keel_subcommand *row_at(const struct keel_subcommands *table, size_t i)
{
	return (const void *)((const char *)table->rows + i * table->stride);
}

/* How many words of argv the subcommand takes; 0: it is another one. */
static int matches(const char *words, int argc, char **argv)
{
	for (int at = 0; at < argc; at++) {
		const size_t n = strcspn(words, " ");

		if (strlen(argv[at]) != n || memcmp(argv[at], words, n) != 0)
			return 0;
		if (!words[n])
			return at + 1;
		words += n + 1;
	}
	return 0;
}

int keel_subcommands_help(const struct keel_subcommands *table, struct keel_buffer *out)
{
	keel_options_help(table->global, out);
	keel_buffer_puts(out, "\nCommands (each has --help):\n");
	for (size_t i = 0; i < table->n; i++) {
		const struct keel_subcommand *row = row_at(table, i);
		const int width = (int)(strlen(row->words) + 1 + strlen(row->synopsis));

		keel_buffer_printf(out, "  %s %s", row->words, row->synopsis);
		if (width > COLUMN)
			keel_buffer_printf(out, "\n  %*s", COLUMN, "");
		keel_buffer_printf(out, "%*s %s\n", width > COLUMN ? 0 : COLUMN - width, "", row->summary);
	}
	keel_buffer_printf(out, "\nExit status: %s\n", table->statuses);
	return out->failed;
}

static int say(struct keel_buffer *said, const char *program, struct keel_buffer *error)
{
	keel_buffer_printf(said, "%s: %s\n", program, keel_buffer_text(error));
	return -EINVAL;
}

/* The options and operands of one subcommand, whose last word is argv[0]. */
static int parse_row(const struct keel_subcommands *table, const struct keel_subcommand *row, int argc, char **argv,
		     void *given, struct keel_buffer *said)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct keel_option rows[KEEL_SUBCOMMAND_ROWS];
	char program[64];
	int at;

	keel_buffer_init(&error, 0);
	if (row->n + table->all_n > KEEL_SUBCOMMAND_ROWS)
		return -EINVAL;
	if (row->n)
		memcpy(rows, row->rows, row->n * sizeof(*rows));
	if (table->all_n)
		memcpy(rows + row->n, table->all, table->all_n * sizeof(*rows));
	snprintf(program, sizeof(program), "%s %s", table->global->program, row->words);
	const struct keel_options options = { .program = program,
					      .synopsis = row->synopsis,
					      .summary = row->summary,
					      .rows = rows,
					      .n = row->n + table->all_n };

	at = keel_options_parse(&options, argc, argv, given, &error);
	if (at == -ECANCELED) {
		keel_buffer_puts(said, keel_buffer_text(&error));
		return at;
	}
	if (at < 0)
		return say(said, program, &error);
	if (argc - at < row->least || (row->most >= 0 && argc - at > row->most)) {
		keel_options_free(&options, given);
		keel_buffer_printf(said, "usage: %s [OPTION]... %s\n", program, row->synopsis);
		return -EINVAL;
	}
	return at;
}

int keel_subcommands_parse(const struct keel_subcommands *table, int argc, char **argv, void *global, void *given,
			   const void **row, struct keel_buffer *said)
{
	const char *program = table->global->program;
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	int at, used;

	keel_buffer_init(&error, 0);
	at = keel_options_parse(table->global, argc, argv, global, &error);
	if (at == -ECANCELED) {
		if (strncmp(keel_buffer_text(&error), "Usage:", 6) == 0)
			keel_subcommands_help(table, said);
		else
			keel_buffer_puts(said, keel_buffer_text(&error));
		return at;
	}
	if (at < 0)
		return say(said, program, &error);
	if (at == argc || !strcmp(argv[at], "help")) {
		keel_options_free(table->global, global);
		keel_subcommands_help(table, said);
		return at == argc ? -EINVAL : -ECANCELED;
	}
	for (size_t i = 0; i < table->n; i++) {
		used = matches(row_at(table, i)->words, argc - at, argv + at);
		if (!used)
			continue;
		*row = row_at(table, i);
		at += used - 1;
		used = parse_row(table, *row, argc - at, argv + at, given, said);
		if (used >= 0)
			return at + used;
		keel_options_free(table->global, global);
		return used;
	}
	keel_options_free(table->global, global);
	keel_buffer_printf(said, "%s: no such command: %s%s%s (%s help lists them)\n", program, argv[at],
			   at + 1 < argc ? " " : "", at + 1 < argc ? argv[at + 1] : "", program);
	return -EINVAL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command line options as a table that drives parsing and --help. Long options (--name, --name=value, --name value), one-letter
 * forms, "--" ends them. -h/--help and --version are added. For subcommands: parse with stop_at_first, then the verb's own table.
 */
#ifndef KEEL_OPTION_H
#define KEEL_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/lib/keel/buffer.h"

enum keel_option_type {
	KEEL_OPTION_FLAG /* bool */,
	KEEL_OPTION_STRING /* const char *, borrowed from argv */,
	KEEL_OPTION_STRINGS /* const char **, NULL-terminated array, owned */,
	KEEL_OPTION_NUMBER /* uint64_t */
};

struct keel_option {
	const char *name; /* without dashes */
	char letter;      /* 0 = none */
	enum keel_option_type type;
	size_t offset;
	const char *argument; /* shown in help: "FILE" */
	const char *help;
};

struct keel_options {
	const char *program;  /* "porcupinectl user" */
	const char *synopsis; /* after the options: "ADDRESS [PASSWORD]" */
	const char *summary;  /* one sentence */
	const struct keel_option *rows;
	size_t n;
	bool stop_at_first; /* stop at the first word that is no option */
};

/* Fills *out (zeroed by the caller). Returns the index of the first operand in argv, whose words are reordered so that options
 * come first (unless stop_at_first); -EINVAL or -ENOMEM with error set (no newline); or -ECANCELED after --help or --version,
 * whose text is in error and belongs on stdout. On failure *out owns nothing. */
int keel_options_parse(const struct keel_options *table, int argc, char **argv, void *out, struct keel_buffer *error);
/* Frees the arrays of KEEL_OPTION_STRINGS rows. */
void keel_options_free(const struct keel_options *table, void *out);
/* Appends the text of --help. 0 or -errno. */
int keel_options_help(const struct keel_options *table, struct keel_buffer *out);

#endif

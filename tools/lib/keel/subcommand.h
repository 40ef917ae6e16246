/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's subcommands ("user add") as a table. Options before the subcommand are the program's, those after it are its own; "help",
 * --help and --version are added.
 */
#ifndef KEEL_SUBCOMMAND_H
#define KEEL_SUBCOMMAND_H

#include <stddef.h>

#include "tools/lib/keel/buffer.h"
#include "tools/lib/keel/option.h"

#define KEEL_SUBCOMMAND_ROWS 16 /* the most options that a subcommand has, those of all included */

struct keel_subcommand {
	const char *words;              /* "user add" */
	const char *synopsis;           /* "ADDRESS [PASSWORD]" */
	const char *summary;            /* one sentence */
	const struct keel_option *rows; /* its own options */
	size_t n;
	int least, most; /* operands; most -1: any number */
};

struct keel_subcommands {
	const struct keel_options *global; /* the program's options; stop_at_first is set */
	const void *rows;                  /* n rows of `stride` octets, each beginning with a struct keel_subcommand */
	size_t stride, n;
	const struct keel_option *all; /* options that every subcommand takes; NULL: none */
	size_t all_n;
	const char *statuses; /* "0 done; 1 refused." */
};

/*
 * Reads the words of main(). Fills *global (by table->global) and *given (by the rows of the subcommand and `all`), both zeroed by the
 * caller, and sets *row to the subcommand's row. Returns the index of its first operand in argv, whose words are reordered so that options
 * come first; the number of operands is right. Otherwise -ECANCELED with text in `said` that belongs on stdout (help), or -EINVAL
 * or -ENOMEM with text that belongs on stderr (wrong usage); both end in a newline. KEEL_OPTION_STRINGS rows are the caller's to free
 * after success.
 */
int keel_subcommands_parse(const struct keel_subcommands *table, int argc, char **argv, void *global, void *given,
			   const void **row, struct keel_buffer *said);
/* Appends the program's help. 0 or -errno. */
int keel_subcommands_help(const struct keel_subcommands *table, struct keel_buffer *out);

#endif

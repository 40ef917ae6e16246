/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of subcommands: each takes its options and operands and returns the exit status. */
#ifndef DVMCTL_COMMAND_H
#define DVMCTL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/lib/keel/subcommand.h"

enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, /* something was read and is not as it should be */
	EXIT_USAGE = 2,
	EXIT_UNREAD = 3, /* an operand could not be read at all */
};

/* Every option of every subcommand; a subcommand's rows say which it takes. */
struct given {
	bool json;
	bool quiet;
	bool identity;
	const char *only;
	uint64_t jobs; /* 0 = one a processor */
};

struct command {
	struct keel_subcommand sub;
	int (*run)(const struct given *given, char **operands, int n);
};

extern const struct keel_subcommands commands; /* of struct command */

/* dump.c */
int run_class_dump(const struct given *given, char **operands, int n);
/* verify.c */
int run_class_verify(const struct given *given, char **operands, int n);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/dvmctl/command.h"

#include "tools/lib/keel/cleanup.h"

#define AT(field) offsetof(struct given, field)
/* clang-format off */
#define ROWS_SWEEP \
	{ "json", 'j', KEEL_OPTION_FLAG, AT(json), NULL, "Print JSON: one object a class and one for the summary, each on a line of its own." }, \
	{ "quiet", 'q', KEEL_OPTION_FLAG, AT(quiet), NULL, "Print what is refused and the summary, not the classes." }, \
	{ "only", 'o', KEEL_OPTION_STRING, AT(only), "PATTERN", "Take only classes whose path, in an archive the entry's name, matches the shell pattern; * matches a slash too." }, \
	{ "jobs", 'J', KEEL_OPTION_NUMBER, AT(jobs), "N", "Work on N classes at once (default: one a processor)." }
/* clang-format on */

static const struct keel_option dump_rows[] = {
	ROWS_SWEEP,
	{ "identity", 0, KEEL_OPTION_FLAG, AT(identity), NULL,
	  "Put every class together again from what was read of it, and refuse it if it differs." },
};

static const struct keel_option verify_rows[] = {
	ROWS_SWEEP,
};

static const struct keel_options global_table = {
	.program = "dvmctl",
	.synopsis = "COMMAND [ARGUMENT]...",
	.summary = "Look into class files, and into what they are delivered in.",
	.stop_at_first = true,
};

static const struct command rows[] = {
	{ { "class dump", "PATH...",
	    "Print all that is in class files: of a file, jar, jmod, JDK image (lib/modules) or folder.", dump_rows,
	    KEEL_COUNT(dump_rows), 1, -1 },
	  run_class_dump },
	{ { "class verify", "PATH...",
	    "Say of each class whether it is sound, by its own octets: as HotSpot 17 would when it defines and links it.",
	    verify_rows, KEEL_COUNT(verify_rows), 1, -1 },
	  run_class_verify },
};

const struct keel_subcommands commands = {
	.global = &global_table,
	.rows = rows,
	.stride = sizeof(*rows),
	.n = KEEL_COUNT(rows),
	.statuses = "0 done; 1 something was refused; 2 wrong usage; 3 something could not be read.",
};

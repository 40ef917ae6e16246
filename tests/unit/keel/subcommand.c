// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/subcommand.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/lib/keel/cleanup.h"

struct global {
	const char *socket;
	const char **sets;
};

struct given {
	bool json;
	uint64_t count;
	const char **sets;
};

struct command {
	struct keel_subcommand sub;
	int number;
};

static const struct keel_option global_rows[] = {
	{ "socket", 's', KEEL_OPTION_STRING, offsetof(struct global, socket), "PATH", "Where." },
	{ "set", 0, KEEL_OPTION_STRINGS, offsetof(struct global, sets), "NAME", "Sets one." },
};
static const struct keel_options global_table = {
	"tool", "COMMAND [ARGUMENT]...", "Does things.", global_rows, 2, true
};
static const struct keel_option json_row = {
	"json", 'j', KEEL_OPTION_FLAG, offsetof(struct given, json), NULL, "JSON."
};
static const struct keel_option add_rows[] = {
	{ "count", 'c', KEEL_OPTION_NUMBER, offsetof(struct given, count), "N", "How many." },
	{ "set", 0, KEEL_OPTION_STRINGS, offsetof(struct given, sets), "NAME", "Sets one." },
};
static const struct command rows[] = {
	{ { "user add", "ADDRESS", "Add one.", add_rows, KEEL_COUNT(add_rows), 1, 1 }, 1 },
	{ { "user", "[ADDRESS]...", "Show them.", NULL, 0, 0, -1 }, 2 },
	{ { "very long words", "WITH A SYNOPSIS THAT FILLS THE LINE", "Stands below.", NULL, 0, 2, -1 }, 3 },
};
static const struct keel_subcommands table = { .global = &global_table,
					       .rows = rows,
					       .stride = sizeof(*rows),
					       .n = KEEL_COUNT(rows),
					       .all = &json_row,
					       .all_n = 1,
					       .statuses = "0 done." };

static struct global global;
static struct given given;
static struct keel_buffer said;
static const struct command *row;

static void setup(void)
{
	global = (struct global){ 0 };
	given = (struct given){ 0 };
	row = NULL;
	keel_buffer_init(&said, 0);
}

static void teardown(void)
{
	keel_buffer_free(&said);
}

static int parse(char **argv)
{
	const void *found = NULL;
	int argc = 0, ret;

	while (argv[argc])
		argc++;
	ret = keel_subcommands_parse(&table, argc, argv, &global, &given, &found, &said);
	row = found;
	return ret;
}
#define PARSE(...) parse((char *[]){ "tool", __VA_ARGS__ __VA_OPT__(, ) NULL })

START_TEST(options_before_and_after)
{
	char *argv[] = { "tool", "-s", "path", "user", "add", "a@b", "-jc", "7", NULL };

	ck_assert_int_eq(parse(argv), 7);
	ck_assert_str_eq(argv[7], "a@b");
	ck_assert_int_eq(row->number, 1);
	ck_assert_str_eq(global.socket, "path");
	ck_assert(given.json);
	ck_assert_uint_eq(given.count, 7);
	ck_assert_uint_eq(said.len, 0);
}
END_TEST

START_TEST(shorter_words_and_any_number_of_operands)
{
	ck_assert_int_eq(PARSE("user", "added", "b", "c"), 2);
	ck_assert_int_eq(row->number, 2);
	ck_assert_int_eq(PARSE("user"), 2);
	ck_assert_int_eq(row->number, 2);
	ck_assert_int_eq(PARSE("very", "long", "words", "a", "b"), 4);
	ck_assert_int_eq(row->number, 3);
}
END_TEST

static const struct {
	const char *words[6];
	const char *message;
} mistakes[] = {
	{ { "user", "add" }, "usage: tool user add [OPTION]... ADDRESS\n" },
	{ { "user", "add", "a", "b" }, "usage: tool user add [OPTION]... ADDRESS\n" },
	{ { "user", "add", "--set=x", "a", "b" }, "usage: tool user add [OPTION]... ADDRESS\n" },
	{ { "--set=x", "user", "add" }, "usage: tool user add [OPTION]... ADDRESS\n" },
	{ { "user", "add", "--set=x", "--no", "b" }, "tool user add: unknown option --no\n" },
	{ { "user", "--count=3" }, "tool user: unknown option --count\n" },
	{ { "--set=x", "use" }, "tool: no such command: use (tool help lists them)\n" },
	{ { "users", "add", "x" }, "tool: no such command: users add (tool help lists them)\n" },
	{ { "very", "long" }, "tool: no such command: very long (tool help lists them)\n" },
	{ { "--json" }, "tool: unknown option --json\n" },
};

START_TEST(mistake_is_named)
{
	char *argv[8] = { "tool" };

	for (int i = 0; mistakes[_i].words[i]; i++)
		argv[i + 1] = (char *)mistakes[_i].words[i];
	ck_assert_int_eq(parse(argv), -EINVAL);
	ck_assert_str_eq(keel_buffer_text(&said), mistakes[_i].message);
	ck_assert_ptr_null(global.sets);
	ck_assert_ptr_null(given.sets);
}
END_TEST

#define HELP                                                                            \
	"Usage: tool [OPTION]... COMMAND [ARGUMENT]...\n"                               \
	"Does things.\n"                                                                \
	"\n"                                                                            \
	"Options:\n"                                                                    \
	"  -s, --socket=PATH  Where.\n"                                                 \
	"      --set=NAME     Sets one.\n"                                              \
	"  -h, --help         Show this help.\n"                                        \
	"      --version      Show the version.\n"                                      \
	"\n"                                                                            \
	"Commands (each has --help):\n"                                                 \
	"  user add ADDRESS                             Add one.\n"                     \
	"  user [ADDRESS]...                            Show them.\n"                   \
	"  very long words WITH A SYNOPSIS THAT FILLS THE LINE\n"                       \
	"                                               Stands below.\n"                \
	"\n"                                                                            \
	"Exit status: 0 done.\n"

START_TEST(help_lists_them)
{
	ck_assert_int_eq(PARSE("--help"), -ECANCELED);
	ck_assert_str_eq(keel_buffer_text(&said), HELP);
	keel_buffer_clear(&said);
	ck_assert_int_eq(PARSE("--set=x", "help"), -ECANCELED);
	ck_assert_str_eq(keel_buffer_text(&said), HELP);
	ck_assert_ptr_null(global.sets);
	keel_buffer_clear(&said);
	ck_assert_int_eq(PARSE(), -EINVAL);
	ck_assert_str_eq(keel_buffer_text(&said), HELP);
	keel_buffer_clear(&said);
	ck_assert_int_eq(PARSE("--version"), -ECANCELED);
	ck_assert_str_eq(keel_buffer_text(&said), "tool " OSNC_VERSION " (OSNC)\n");
	keel_buffer_clear(&said);
	ck_assert_int_eq(PARSE("user", "add", "-h"), -ECANCELED);
	ck_assert_str_eq(keel_buffer_text(&said), "Usage: tool user add [OPTION]... ADDRESS\n"
						  "Add one.\n"
						  "\n"
						  "Options:\n"
						  "  -c, --count=N   How many.\n"
						  "      --set=NAME  Sets one.\n"
						  "  -j, --json      JSON.\n"
						  "  -h, --help      Show this help.\n"
						  "      --version   Show the version.\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_subcommand");
	TCase *tc = tcase_create("subcommand");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, options_before_and_after);
	tcase_add_test(tc, shorter_words_and_any_number_of_operands);
	tcase_add_loop_test(tc, mistake_is_named, 0, KEEL_COUNT(mistakes));
	tcase_add_test(tc, help_lists_them);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

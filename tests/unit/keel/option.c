// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/option.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

struct values {
	bool verbose;
	bool quick;
	const char *config;
	const char **set;
	uint64_t count;
};

static const struct keel_option rows[] = {
	{ "verbose", 'v', KEEL_OPTION_FLAG, offsetof(struct values, verbose), NULL, "Say more." },
	{ "quick", 'q', KEEL_OPTION_FLAG, offsetof(struct values, quick), NULL, "Be quick." },
	{ "config", 'c', KEEL_OPTION_STRING, offsetof(struct values, config), "FILE", "Read FILE." },
	{ "set", 's', KEEL_OPTION_STRINGS, offsetof(struct values, set), "NAME=VALUE", "Set one." },
	{ "count", 0, KEEL_OPTION_NUMBER, offsetof(struct values, count), "N", "How many." },
};

static struct keel_options table = { "tool verb", "FILE...", "Does a thing.", rows, 5, false };
static struct values v;
static struct keel_buffer error;

static void setup(void)
{
	memset(&v, 0, sizeof(v));
	keel_buffer_init(&error, 0);
	table.stop_at_first = false;
}

static void teardown(void)
{
	keel_options_free(&table, &v);
	keel_buffer_free(&error);
}

#define ARGV(...)                                                                                  \
	char *argv[] = { "tool", __VA_ARGS__, NULL };                                              \
	const int argc = (int)(sizeof(argv) / sizeof(argv[0])) - 1

START_TEST(every_form)
{
	ARGV("-v", "--config", "a.conf", "--set=x=1", "-sy=2", "-qs", "z=3", "--count=18446744073709551615", "file");

	ck_assert_int_eq(keel_options_parse(&table, argc, argv, &v, &error), 9);
	ck_assert(v.verbose && v.quick);
	ck_assert_str_eq(v.config, "a.conf");
	ck_assert_str_eq(v.set[0], "x=1");
	ck_assert_str_eq(v.set[1], "y=2");
	ck_assert_str_eq(v.set[2], "z=3");
	ck_assert_ptr_null(v.set[3]);
	ck_assert_uint_eq(v.count, UINT64_MAX);
}
END_TEST

START_TEST(operands_keep_their_order_behind_options)
{
	ARGV("one", "-v", "two", "--config", "c", "-", "--", "-q", "--set");

	ck_assert_int_eq(keel_options_parse(&table, argc, argv, &v, &error), 5);
	ck_assert_str_eq(argv[1], "-v");
	ck_assert_str_eq(argv[2], "--config");
	ck_assert_str_eq(argv[3], "c");
	ck_assert_str_eq(argv[4], "--");
	ck_assert_str_eq(argv[5], "one");
	ck_assert_str_eq(argv[6], "two");
	ck_assert_str_eq(argv[7], "-");
	ck_assert_str_eq(argv[8], "-q");
	ck_assert_str_eq(argv[9], "--set");
	ck_assert(!v.quick);
}
END_TEST

START_TEST(stops_at_the_verb)
{
	ARGV("-v", "add", "-q");

	table.stop_at_first = true;
	ck_assert_int_eq(keel_options_parse(&table, argc, argv, &v, &error), 2);
	ck_assert_str_eq(argv[2], "add");
	ck_assert(v.verbose && !v.quick);
}
END_TEST

START_TEST(nothing_given)
{
	char *argv[] = { "tool", NULL };

	ck_assert_int_eq(keel_options_parse(&table, 1, argv, &v, &error), 1);
	ck_assert_ptr_null(v.set);
}
END_TEST

static const struct {
	const char *first, *second, *message;
} mistakes[] = {
	{ "--nonsense=1", "x", "unknown option --nonsense" },
	{ "-x", "x", "unknown option -x" },
	{ "-vx", "x", "unknown option -x" },
	{ "--verbose=yes", "x", "--verbose takes no value" },
	{ "-v", "--config", "--config needs a value: FILE" },
	{ "-v", "-s", "--set needs a value: NAME=VALUE" },
	{ "--count", "12a", "--count: \"12a\" is not a number" },
	{ "--count", "-1", "--count: \"-1\" is not a number" },
	{ "--count=", "x", "--count: \"\" is not a number" },
	{ "--count", "18446744073709551616", "--count: \"18446744073709551616\" is not a number of 64 bits" },
	{ "--conf", "x", "unknown option --conf" },
};

START_TEST(mistake_is_named)
{
	ARGV("-sowned=1", (char *)mistakes[_i].first, (char *)mistakes[_i].second);

	ck_assert_int_eq(keel_options_parse(&table, argc, argv, &v, &error), -EINVAL);
	ck_assert_str_eq(keel_buffer_text(&error), mistakes[_i].message);
	ck_assert_ptr_null(v.set);
}
END_TEST

START_TEST(help_and_version)
{
	ARGV("--set", "a=1", "-h");
	char *version[] = { "tool", "--version", NULL };

	ck_assert_int_eq(keel_options_parse(&table, argc, argv, &v, &error), -ECANCELED);
	ck_assert_str_eq(keel_buffer_text(&error), "Usage: tool verb [OPTION]... FILE...\n"
						   "Does a thing.\n"
						   "\n"
						   "Options:\n"
						   "  -v, --verbose         Say more.\n"
						   "  -q, --quick           Be quick.\n"
						   "  -c, --config=FILE     Read FILE.\n"
						   "  -s, --set=NAME=VALUE  Set one.\n"
						   "      --count=N         How many.\n"
						   "  -h, --help            Show this help.\n"
						   "      --version         Show the version.\n");
	keel_buffer_clear(&error);
	ck_assert_int_eq(keel_options_parse(&table, 2, version, &v, &error), -ECANCELED);
	ck_assert_str_eq(keel_buffer_text(&error), "tool " OSNC_VERSION " (OSNC)\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_option");
	TCase *tc = tcase_create("option");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_form);
	tcase_add_test(tc, operands_keep_their_order_behind_options);
	tcase_add_test(tc, stops_at_the_verb);
	tcase_add_test(tc, nothing_given);
	tcase_add_loop_test(tc, mistake_is_named, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, help_and_version);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/setting.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Linked with --wrap: the product's own allocations may be made to fail, libconfig's are not touched. */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n);
static long until_failure = -1; /* allocations that still succeed; -1 = all */

static bool refused(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refused() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return refused() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	return refused() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return refused() ? NULL : __real_strndup(s, n);
}

struct values {
	bool tls;
	uint64_t recipients;
	uint64_t serial;
	uint64_t limit;
	uint64_t timeout;
	char *hostname;
	char **listen;
	char **names;
	int level;
	uint64_t deep;
};

static const char *const levels[] = { "error", "warning", "info", NULL };

static const struct keel_setting rows[] = {
	{ "hostname", KEEL_SETTING_STRING, offsetof(struct values, hostname), NULL, .restart = true, .help = "Name." },
	{ "smtp.listen", KEEL_SETTING_STRINGS, offsetof(struct values, listen), "127.0.0.1:25, [::1]:25",
	  .restart = true, .help = "Addresses." },
	{ "log.level", KEEL_SETTING_CHOICE, offsetof(struct values, level), "info", .choices = levels,
	  .help = "Level." },
	{ "smtp.tls", KEEL_SETTING_BOOL, offsetof(struct values, tls), "true", .help = "TLS." },
	{ "smtp.limit.recipients", KEEL_SETTING_NUMBER, offsetof(struct values, recipients), "100", 1, 1000,
	  .help = "Most." },
	{ "smtp.limit.size", KEEL_SETTING_SIZE, offsetof(struct values, limit), "64M", 1024, 0, .help = "Octets." },
	{ "smtp.timeout", KEEL_SETTING_SECONDS, offsetof(struct values, timeout), "5m", 1, 86400, .help = "Seconds." },
	{ "names", KEEL_SETTING_STRINGS, offsetof(struct values, names), NULL, .help = "Names." },
	{ "serial", KEEL_SETTING_NUMBER, offsetof(struct values, serial), NULL, .restart = true, .help = "Serial." },
	{ "a.b.c.d", KEEL_SETTING_NUMBER, offsetof(struct values, deep), "4", .help = "Deep." },
};

static const struct keel_settings table = { rows, sizeof(rows) / sizeof(rows[0]), sizeof(struct values) };
static struct values v;
static struct keel_buffer error;

static void setup(void)
{
	keel_buffer_init(&error, 0);
	memset(&v, 0xaa, sizeof(v)); /* load and defaults take uninitialised memory */
}

static void teardown(void)
{
	keel_buffer_free(&error);
}

static int load(const char *text)
{
	return keel_settings_load_text(&table, "f.conf", text, strlen(text), &v, &error);
}

START_TEST(defaults)
{
	ck_assert_int_eq(keel_settings_load(&table, NULL, &v, &error), 0);
	ck_assert_str_eq(v.hostname, "");
	ck_assert_str_eq(v.listen[0], "127.0.0.1:25");
	ck_assert_str_eq(v.listen[1], "[::1]:25");
	ck_assert_ptr_null(v.listen[2]);
	ck_assert_ptr_null(v.names[0]);
	ck_assert_int_eq(v.level, 2);
	ck_assert(v.tls);
	ck_assert_uint_eq(v.recipients, 100);
	ck_assert_uint_eq(v.limit, 64 << 20);
	ck_assert_uint_eq(v.timeout, 300);
	ck_assert_uint_eq(v.serial, 0);
	keel_settings_free(&table, &v);
	ck_assert_ptr_null(v.hostname);
	keel_settings_free(&table, &v);
}
END_TEST

START_TEST(a_file_sets_every_type)
{
	static const char text[] = "hostname = \"mx \\\"1\\\"\";\n"
				   "log: { level = \"error\"; };\n"
				   "smtp: {\n"
				   "  listen = [ \"a,b\", \"c\" ]; // one with a comma\n"
				   "  tls = FALSE;\n"
				   "  limit: { recipients = 1000; size = \"2G\"; };\n"
				   "  timeout = \"1d\";\n"
				   "};\n"
				   "names = \"only\";\n"
				   "serial = 5000000000;\n"
				   "a: { b: { c: { d = 0x1ffffffff; }; }; };\n";

	ck_assert_msg(load(text) == 0, "%s", keel_buffer_text(&error));
	ck_assert_uint_eq(error.len, 0);
	ck_assert_str_eq(v.hostname, "mx \"1\"");
	ck_assert_str_eq(v.listen[0], "a,b");
	ck_assert_str_eq(v.listen[1], "c");
	ck_assert_ptr_null(v.listen[2]);
	ck_assert(!v.tls);
	ck_assert_int_eq(v.level, 0);
	ck_assert_uint_eq(v.recipients, 1000);
	ck_assert_uint_eq(v.limit, UINT64_C(2) << 30);
	ck_assert_uint_eq(v.timeout, 86400);
	ck_assert_str_eq(v.names[0], "only");
	ck_assert_ptr_null(v.names[1]);
	ck_assert_uint_eq(v.serial, UINT64_C(5000000000));
	ck_assert_uint_eq(v.deep, UINT64_C(0x1ffffffff));
	keel_settings_free(&table, &v);
}
END_TEST

static const struct {
	const char *text;
	uint64_t serial;
} numbers[] = {
	{ "serial = 2147483647;", 2147483647 },
	{ "serial = 2147483648;", 2147483648 },
	{ "serial = 4294967296L;", 4294967296 },
	{ "serial = 9223372036854775807;", INT64_MAX },
	{ "/* 99999999999999999999 \" */ serial = 7 # 99999999999999999999", 7 },
	{ "hostname = \"99999999999999999999 // \\\" \"; serial = 8", 8 },
	{ "serial=0xFFFFFFFF", 0xffffffff },
	{ "serial=0x7abcdefABCDEF019", 0x7abcdefABCDEF019 },
	{ "serial=0X80000000L", 0x80000000 },
	{ "serial=2147483648L#", 2147483648 },
	{ "serial=007", 7 },
};

START_TEST(numbers_do_not_wrap)
{
	ck_assert_msg(load(numbers[_i].text) == 0, "%s", keel_buffer_text(&error));
	ck_assert_uint_eq(v.serial, numbers[_i].serial);
	keel_settings_free(&table, &v);
}
END_TEST

static const struct {
	const char *text, *message;
} mistakes[] = {
	{ "\n\nnonsense = 1;", "f.conf:3: nonsense: unknown setting" },
	{ "hostnam = \"x\";", "f.conf:1: hostnam: unknown setting (did you mean hostname?)" },
	{ "smtp: {\n tls = true;\n limit: {\n  recipient = 5;\n };\n};",
	  "f.conf:4: smtp.limit.recipient: unknown setting (did you mean smtp.limit.recipients?)" },
	{ "smtp: {\n other: { };\n};", "f.conf:2: smtp.other: unknown setting" },
	{ "pop3: { tls = true; };", "f.conf:1: pop3: unknown setting" },
	{ "smtp = 1;", "f.conf:1: smtp: is a group: { NAME = VALUE; }" },
	{ "smtp = ( 1 );", "f.conf:1: smtp: is a group: { NAME = VALUE; }" },
	{ "hostname: { x = 1; };", "f.conf:1: hostname: must be a string" },
	{ "hostname = 5;", "f.conf:1: hostname: must be a string" },
	{ "\nhostname = [ \"x\" ];", "f.conf:2: hostname: must be a string" },
	{ "smtp: { tls = 1; };", "f.conf:1: smtp.tls: must be true or false" },
	{ "smtp: { tls = \"true\"; };", "f.conf:1: smtp.tls: must be true or false" },
	{ "smtp: {\nlimit: {\nrecipients = 0; }; };",
	  "f.conf:3: smtp.limit.recipients: must be a number from 1 to 1000" },
	{ "smtp: { limit: { recipients = 1001; }; };",
	  "f.conf:1: smtp.limit.recipients: must be a number from 1 to 1000" },
	{ "smtp: { limit: { recipients = -1; }; };",
	  "f.conf:1: smtp.limit.recipients: must be a number from 1 to 1000" },
	{ "smtp: { limit: { recipients = 4294967297; }; };",
	  "f.conf:1: smtp.limit.recipients: must be a number from 1 to 1000" },
	{ "smtp: { limit: { recipients = \"10\"; }; };",
	  "f.conf:1: smtp.limit.recipients: must be a number from 1 to 1000" },
	{ "smtp: { limit: { recipients = 1.5; }; };",
	  "f.conf:1: smtp.limit.recipients: must be a number from 1 to 1000" },
	{ "smtp: { limit: { size = 1023; }; };",
	  "f.conf:1: smtp.limit.size: must be a size such as 4096 or \"64M\" (k, M, G) of at least 1k" },
	{ "smtp: { limit: { size = \"1T\"; }; };",
	  "f.conf:1: smtp.limit.size: must be a size such as 4096 or \"64M\" (k, M, G) of at least 1k" },
	{ "smtp: { limit: { size = \"64MB\"; }; };",
	  "f.conf:1: smtp.limit.size: must be a size such as 4096 or \"64M\" (k, M, G) of at least 1k" },
	{ "smtp: { limit: { size = \"17179869184G\"; }; };",
	  "f.conf:1: smtp.limit.size: must be a size such as 4096 or \"64M\" (k, M, G) of at least 1k" },
	{ "smtp: { timeout = \"25h\"; };",
	  "f.conf:1: smtp.timeout: must be a time such as 30 or \"5m\" (s, m, h, d) from 1 to 1d" },
	{ "smtp: { timeout = \"m\"; };",
	  "f.conf:1: smtp.timeout: must be a time such as 30 or \"5m\" (s, m, h, d) from 1 to 1d" },
	{ "log: { level = \"loud\"; };", "f.conf:1: log.level: must be one of \"error\", \"warning\", \"info\"" },
	{ "log: { level = 1; };", "f.conf:1: log.level: must be one of \"error\", \"warning\", \"info\"" },
	{ "names = [ 1, 2 ];", "f.conf:1: names: must be a list of strings such as [ \"a\", \"b\" ]" },
	{ "names = ( \"a\", ( \"b\" ) );", "f.conf:1: names: must be a list of strings such as [ \"a\", \"b\" ]" },
	{ "serial = 1;\nserial = 2;", "f.conf:2: duplicate setting name" },
	{ "serial = 1;\n\nsmtp: {\n", "f.conf:4: syntax error" },
	{ "\nserial = 9223372036854775808;", "f.conf:2: the number does not fit into 63 bits" },
	{ "serial = 0x10000000000000000L;", "f.conf:1: the number does not fit into 63 bits" },
	{ "serial = -5000000000;", "f.conf:1: serial: must be a number" },
	{ "\n@include \"other.conf\"\n", "f.conf:2: @include is not supported: settings are one file" },
	{ "hostname = \"a\\x00b\";", "f.conf:1: a string cannot hold \\x00" },
	{ "\nhostname = \"a\nb;\n", "f.conf:2: the string that starts here has no end" },
	{ "serial = 1;\n/* \n\n", "f.conf:2: the comment that starts here has no end" },
	{ "\nnames = ((((((((()))))))));", "f.conf:2: too many brackets within brackets" },
};

START_TEST(mistake_is_named_with_its_line)
{
	ck_assert_int_eq(load(mistakes[_i].text), -EINVAL);
	ck_assert_str_eq(keel_buffer_text(&error), mistakes[_i].message);
	ck_assert_ptr_null(v.hostname);
	/* without a buffer for the reason the verdict is the same */
	ck_assert_int_eq(keel_settings_load_text(&table, "f", mistakes[_i].text, strlen(mistakes[_i].text), &v, NULL),
			 -EINVAL);
}
END_TEST

START_TEST(nul_octet)
{
	ck_assert_int_eq(keel_settings_load_text(&table, "f", "serial = 1;\n\0x = 2;", 18, &v, &error), -EINVAL);
	ck_assert_str_eq(keel_buffer_text(&error), "f:2: a NUL octet");
}
END_TEST

START_TEST(files)
{
	char path[] = "/tmp/keel-setting-XXXXXX";
	const int fd = mkstemp(path);
	char wanted[128];

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "serial = 9;\n", 12), 12);
	ck_assert_int_eq(keel_settings_load(&table, path, &v, &error), 0);
	ck_assert_uint_eq(v.serial, 9);
	keel_settings_free(&table, &v);
	for (int i = 0; i < 1 << 15; i++)
		ck_assert(write(fd, "# 345678901234\n", 15) == 15);
	ck_assert_int_eq(keel_settings_load(&table, path, &v, &error), -EFBIG);
	unlink(path);
	close(fd);
	keel_buffer_clear(&error);
	ck_assert_int_eq(keel_settings_load(&table, path, &v, &error), -ENOENT);
	snprintf(wanted, sizeof(wanted), "%s: No such file or directory", path);
	ck_assert_str_eq(keel_buffer_text(&error), wanted);
	keel_buffer_clear(&error);
	ck_assert_int_eq(keel_settings_load(&table, "/tmp", &v, &error), -EISDIR);
	ck_assert_str_eq(keel_buffer_text(&error), "/tmp: Is a directory");
}
END_TEST

static const struct {
	const char *assignment, *message; /* NULL = accepted */
} assignments[] = {
	{ "serial=12", NULL },
	{ "smtp.limit.size=3G", NULL },
	{ "smtp.timeout=2h", NULL },
	{ "smtp.listen=a, b ,c", NULL },
	{ "smtp.listen=", NULL },
	{ "log.level=warning", NULL },
	{ "smtp.tls=false", NULL },
	{ "hostname=a=b", NULL },
	{ "hostname", "hostname: must be NAME=VALUE" },
	{ "hostnome=1", "hostnome: unknown setting (did you mean hostname?)" },
	{ "=1", ": unknown setting" },
	{ "smtp=1", "smtp: unknown setting" },
	{ "serial=", "serial: must be a number" },
	{ "serial=1k", "serial: must be a number" },
	{ "serial=18446744073709551616", "serial: must be a number" },
	{ "serial=9223372036854775808", "serial: must be a number" },
	{ "smtp.tls=yes", "smtp.tls: must be true or false" },
	{ "smtp.listen=a,,b", "smtp.listen: must be a list of strings such as [ \"a\", \"b\" ]" },
	{ "smtp.timeout=0", "smtp.timeout: must be a time such as 30 or \"5m\" (s, m, h, d) from 1 to 1d" },
};

START_TEST(an_assignment)
{
	struct keel_buffer before, after;
	int ret;

	keel_buffer_init(&before, 0);
	keel_buffer_init(&after, 0);
	ck_assert_int_eq(keel_settings_defaults(&table, &v), 0);
	ck_assert_int_eq(keel_settings_dump(&table, &v, &before), 0);
	ret = keel_settings_set(&table, &v, assignments[_i].assignment, &error);
	ck_assert_int_eq(keel_settings_dump(&table, &v, &after), 0);
	if (assignments[_i].message) {
		ck_assert_int_eq(ret, -EINVAL);
		ck_assert_str_eq(keel_buffer_text(&error), assignments[_i].message);
		ck_assert(strcmp(keel_buffer_text(&before), keel_buffer_text(&after)) == 0);
	} else {
		ck_assert_int_eq(ret, 0);
		ck_assert(strcmp(keel_buffer_text(&before), keel_buffer_text(&after)) != 0);
	}
	keel_buffer_free(&before);
	keel_buffer_free(&after);
	keel_settings_free(&table, &v);
}
END_TEST

static void check_round_trip(void)
{
	struct keel_buffer first, second;
	struct values again;

	keel_buffer_init(&first, 0);
	keel_buffer_init(&second, 0);
	ck_assert_int_eq(keel_settings_dump(&table, &v, &first), 0);
	ck_assert_msg(keel_settings_load_text(&table, "dump", (char *)first.data, first.len, &again, &error) == 0, "%s",
		      keel_buffer_text(&error));
	ck_assert_int_eq(keel_settings_dump(&table, &again, &second), 0);
	ck_assert(strcmp(keel_buffer_text(&first), keel_buffer_text(&second)) == 0);
	ck_assert_str_eq(v.hostname, again.hostname);
	ck_assert_uint_eq(v.limit, again.limit);
	ck_assert_uint_eq(v.timeout, again.timeout);
	ck_assert_uint_eq(v.serial, again.serial);
	keel_settings_free(&table, &again);
	keel_buffer_free(&first);
	keel_buffer_free(&second);
}

START_TEST(dump_loads_to_the_same)
{
	static const char *const lines[] = { "serial=0",
					     "serial=2147483647",
					     "serial=2147483648",
					     "serial=9223372036854775807",
					     "smtp.limit.size=1025",
					     "smtp.limit.size=8589934591G",
					     "smtp.limit.size=5000000000",
					     "smtp.timeout=90",
					     "smtp.timeout=7200",
					     "smtp.listen=",
					     "names=x",
					     "log.level=error",
					     "smtp.tls=false" };
	char octets[2] = "";

	ck_assert_int_eq(keel_settings_defaults(&table, &v), 0);
	check_round_trip();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ck_assert_msg(keel_settings_set(&table, &v, lines[i], &error) == 0, "%s", keel_buffer_text(&error));
		keel_buffer_clear(&error);
		check_round_trip();
	}
	/* every octet that a string may hold, alone and before a digit, which a \x escape must not swallow */
	for (int c = 1; c < 256; c++) {
		char assignment[32];

		octets[0] = (char)c;
		snprintf(assignment, sizeof(assignment), "hostname=%s%s00\\", octets, octets);
		ck_assert_int_eq(keel_settings_set(&table, &v, assignment, NULL), 0);
		check_round_trip();
	}
	keel_settings_free(&table, &v);
}
END_TEST

START_TEST(dump_is_documented)
{
	struct keel_buffer text;

	keel_buffer_init(&text, 0);
	ck_assert_int_eq(keel_settings_defaults(&table, &v), 0);
	ck_assert_int_eq(keel_settings_dump(&table, &v, &text), 0);
	/* no ck_assert_str_eq: its message may not be that long */
	ck_assert(
		strcmp(keel_buffer_text(&text),
		       "# Name.\n"
		       "# It must be a string; a change takes effect at the next start.\n"
		       "hostname = \"\";\n"
		       "smtp: {\n"
		       "\t# Addresses.\n"
		       "\t# It must be a list of strings such as [ \"a\", \"b\" ]; a change takes effect at the next start.\n"
		       "\tlisten = [ \"127.0.0.1:25\", \"[::1]:25\" ];\n"
		       "\t# TLS.\n"
		       "\t# It must be true or false.\n"
		       "\ttls = true;\n"
		       "\tlimit: {\n"
		       "\t\t# Most.\n"
		       "\t\t# It must be a number from 1 to 1000.\n"
		       "\t\trecipients = 100;\n"
		       "\t\t# Octets.\n"
		       "\t\t# It must be a size such as 4096 or \"64M\" (k, M, G) of at least 1k.\n"
		       "\t\tsize = \"64M\";\n"
		       "\t};\n"
		       "\t# Seconds.\n"
		       "\t# It must be a time such as 30 or \"5m\" (s, m, h, d) from 1 to 1d.\n"
		       "\ttimeout = \"5m\";\n"
		       "};\n"
		       "log: {\n"
		       "\t# Level.\n"
		       "\t# It must be one of \"error\", \"warning\", \"info\".\n"
		       "\tlevel = \"info\";\n"
		       "};\n"
		       "# Names.\n"
		       "# It must be a list of strings such as [ \"a\", \"b\" ].\n"
		       "names = [ ];\n"
		       "# Serial.\n"
		       "# It must be a number; a change takes effect at the next start.\n"
		       "serial = 0;\n"
		       "a: {\n"
		       "\tb: {\n"
		       "\t\tc: {\n"
		       "\t\t\t# Deep.\n"
		       "\t\t\t# It must be a number.\n"
		       "\t\t\td = 4;\n"
		       "\t\t};\n"
		       "\t};\n"
		       "};\n") == 0);
	keel_buffer_free(&text);
	keel_settings_free(&table, &v);
}
END_TEST

START_TEST(what_needs_a_restart)
{
	struct values other;
	struct keel_buffer names;

	keel_buffer_init(&names, 0);
	keel_settings_defaults(&table, &v);
	keel_settings_defaults(&table, &other);
	ck_assert_int_eq(keel_settings_need_restart(&table, &v, &other, &names), 0);
	ck_assert_str_eq(keel_buffer_text(&names), "");
	keel_settings_set(&table, &other, "smtp.tls=false", NULL);
	keel_settings_set(&table, &other, "names=a", NULL);
	keel_settings_need_restart(&table, &v, &other, &names);
	ck_assert_str_eq(keel_buffer_text(&names), "");
	keel_settings_set(&table, &other, "smtp.listen=127.0.0.1:25", NULL);
	keel_settings_set(&table, &other, "serial=1", NULL);
	keel_settings_set(&table, &other, "hostname=x", NULL);
	keel_settings_need_restart(&table, &v, &other, &names);
	ck_assert_str_eq(keel_buffer_text(&names), "hostname, smtp.listen, serial");
	keel_buffer_free(&names);
	keel_settings_free(&table, &v);
	keel_settings_free(&table, &other);
}
END_TEST

START_TEST(a_bad_default_is_refused)
{
	static const struct keel_setting bad[] = {
		{ "owned", KEEL_SETTING_STRING, offsetof(struct values, hostname), "x", .help = "" },
		{ "n", KEEL_SETTING_NUMBER, offsetof(struct values, serial), "11", 1, 10, .help = "" },
	};
	const struct keel_settings table_of_bad = { bad, 2, sizeof(struct values) };

	ck_assert_int_eq(keel_settings_defaults(&table_of_bad, &v), -EINVAL);
	ck_assert_ptr_null(v.hostname);
	ck_assert_int_eq(keel_settings_load(&table_of_bad, NULL, &v, &error), -EINVAL);
	ck_assert_str_eq(keel_buffer_text(&error), "defaults: a default is not valid");
}
END_TEST

/* Each allocation in turn fails: nothing leaks, nothing is half set, and in the end it works. */
START_TEST(out_of_memory_everywhere)
{
	static const char text[] = "hostname = \"h\"; smtp: { listen = [ \"a\", \"b\" ]; limit: { size = \"1M\"; }; };";
	int ret = -ENOMEM;
	long n;

	for (n = 0; ret; n++) {
		ck_assert_int_lt(n, 200);
		until_failure = n;
		ret = keel_settings_load_text(&table, "f", text, strlen(text), &v, &error);
		until_failure = -1;
		keel_buffer_clear(&error);
		if (!ret)
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_ptr_null(v.hostname);
		ck_assert_ptr_null(v.listen);
	}
	ck_assert_int_gt(n, 15);
	for (n = 0, ret = -ENOMEM; ret; n++) {
		ck_assert_int_lt(n, 20);
		until_failure = n;
		ret = keel_settings_set(&table, &v, "smtp.listen=x,y", &error);
		until_failure = -1;
		ck_assert_str_eq(v.listen[0], ret ? "a" : "x");
		keel_buffer_clear(&error);
	}
	ck_assert_int_gt(n, 4);
	keel_settings_free(&table, &v);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_setting");
	TCase *tc = tcase_create("setting");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, a_file_sets_every_type);
	tcase_add_loop_test(tc, numbers_do_not_wrap, 0, sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_loop_test(tc, mistake_is_named_with_its_line, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, nul_octet);
	tcase_add_test(tc, files);
	tcase_add_loop_test(tc, an_assignment, 0, sizeof(assignments) / sizeof(assignments[0]));
	tcase_add_test(tc, dump_loads_to_the_same);
	tcase_add_test(tc, dump_is_documented);
	tcase_add_test(tc, what_needs_a_restart);
	tcase_add_test(tc, a_bad_default_is_refused);
	tcase_add_test(tc, out_of_memory_everywhere);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

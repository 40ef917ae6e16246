// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int ends[2];
static char got[1 << 16];

static void setup(void)
{
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	keel_log_open("tester");
	keel_log_set_level(KEEL_LOG_INFO);
	keel_log_to_fd(ends[1]);
}

static void teardown(void)
{
	keel_log_to_fd(-1);
	close(ends[0]);
	close(ends[1]);
}

/* What was logged since the last call, without the time in front of the first line. */
static const char *logged(void)
{
	const ssize_t n = read(ends[0], got, sizeof(got) - 1);
	const char *space;

	got[n > 0 ? n : 0] = '\0';
	space = strchr(got, ' ');
	return space ? space + 1 : got;
}

#define ck_logged(wanted)                                                                          \
	do {                                                                                       \
		char ck_line[8192];                                                                \
		snprintf(ck_line, sizeof(ck_line), "tester[%d] %s\n", (int)getpid(), wanted);      \
		ck_assert_str_eq(logged(), ck_line);                                               \
	} while (0)

START_TEST(a_line_has_time_program_level_text_and_pairs)
{
	int year, month, day, hour, minute, second, ms;

	keel_log(KEEL_LOG_INFO, "message stored", "from", "alice@example.org", "size", KEEL_N(-4700), NULL);
	ck_logged("info: message stored from=alice@example.org size=-4700");
	ck_assert_int_eq(
		sscanf(got, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ ", &year, &month, &day, &hour, &minute, &second, &ms), 7);
	ck_assert_int_ge(year, 2024);
	keel_log(KEEL_LOG_ERROR, "disk full", NULL);
	ck_logged("error: disk full");
}
END_TEST

START_TEST(levels_filter)
{
	enum keel_log_level level = KEEL_LOG_NOTICE;

	keel_log(KEEL_LOG_DEBUG, "unseen", NULL);
	ck_assert_str_eq(logged(), "");
	ck_assert(!keel_log_on(KEEL_LOG_DEBUG));
	keel_log_set_level(KEEL_LOG_DEBUG);
	ck_assert(keel_log_on(KEEL_LOG_DEBUG));
	keel_log(KEEL_LOG_DEBUG, "seen", NULL);
	ck_logged("debug: seen");
	keel_log_set_level(KEEL_LOG_ERROR);
	ck_assert_int_eq(keel_log_get_level(), KEEL_LOG_ERROR);
	keel_log(KEEL_LOG_WARNING, "unseen", NULL);
	ck_assert_str_eq(logged(), "");
	for (int i = 0; i < KEEL_LOG_LEVELS; i++) {
		ck_assert_int_eq(keel_log_level_parse(keel_log_level_name((enum keel_log_level)i), &level), 0);
		ck_assert_int_eq((int)level, i);
	}
	ck_assert_int_eq(keel_log_level_parse("loud", &level), -EINVAL);
	ck_assert_int_eq(level, KEEL_LOG_DEBUG);
}
END_TEST

static const struct {
	const char *value;
	const char *shown;
} values[] = {
	{ "plain/value:1", "plain/value:1" },
	{ "", "\"\"" },
	{ NULL, "-" },
	{ "two words", "\"two words\"" },
	{ "a=b", "\"a=b\"" },
	{ "say \"hi\"", "\"say \\\"hi\\\"\"" },
	{ "back\\slash", "\"back\\\\slash\"" },
	{ "x\n2026-01-01T00:00:00.000Z tester[1] info: forged",
	  "\"x\\n2026-01-01T00:00:00.000Z tester[1] info: forged\"" },
	{ "a\r\tb", "\"a\\r\\tb\"" },
	{ "\x1b[2J\x7f\x01", "\"\\x1b[2J\\x7f\\x01\"" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "\xe2\x82\xac\xf0\x9f\x93\xa7", "\xe2\x82\xac\xf0\x9f\x93\xa7" },
	{ "\xff\xfe", "\"\\xff\\xfe\"" },
	{ "cut\xe2\x82", "\"cut\\xe2\\x82\"" },
	{ "\xc0\x8a", "\"\\xc0\\x8a\"" },                   /* overlong line feed */
	{ "\xe0\x80\x8a", "\"\\xe0\\x80\\x8a\"" },          /* overlong */
	{ "\xed\xa0\x80", "\"\\xed\\xa0\\x80\"" },          /* surrogate */
	{ "\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\"" }, /* past U+10FFFF */
	{ "\xc2\x9b"
	  "2J",
	  "\"\\xc2\\x9b2J\"" }, /* C1 control */
	{ "\xe2\x80\xae"
	  "txt",
	  "\"\\xe2\\x80\\xaetxt\"" },              /* right-to-left override */
	{ "\xe2\x80\xa8", "\"\\xe2\\x80\\xa8\"" }, /* line separator */
	/* the edges of what is shown */
	{ "\xc2\xa0", "\xc2\xa0" },                 /* U+00A0 */
	{ "\xdf\xbf", "\xdf\xbf" },                 /* U+07FF */
	{ "\xe0\xa0\x80", "\xe0\xa0\x80" },         /* U+0800 */
	{ "\xe2\x80\x8a", "\xe2\x80\x8a" },         /* U+200A */
	{ "\xe2\x80\x90", "\xe2\x80\x90" },         /* U+2010 */
	{ "\xe2\x80\xa7", "\xe2\x80\xa7" },         /* U+2027 */
	{ "\xe2\x80\xaf", "\xe2\x80\xaf" },         /* U+202F */
	{ "\xe2\x81\x9f", "\xe2\x81\x9f" },         /* U+205F */
	{ "\xe2\x81\xb0", "\xe2\x81\xb0" },         /* U+2070 */
	{ "\xed\x9f\xbf", "\xed\x9f\xbf" },         /* U+D7FF */
	{ "\xee\x80\x80", "\xee\x80\x80" },         /* U+E000 */
	{ "\xef\xbb\xbe", "\xef\xbb\xbe" },         /* U+FEFE */
	{ "\xef\xbc\x80", "\xef\xbc\x80" },         /* U+FF00 */
	{ "\xef\xbf\xbf", "\xef\xbf\xbf" },         /* U+FFFF */
	{ "\xf0\x90\x80\x80", "\xf0\x90\x80\x80" }, /* U+10000 */
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" }, /* U+10FFFF */
	{ "\xc2\x80", "\"\\xc2\\x80\"" },           /* U+0080 */
	{ "\xc2\x9f", "\"\\xc2\\x9f\"" },           /* U+009F */
	{ "\xe2\x80\x8b", "\"\\xe2\\x80\\x8b\"" },  /* U+200B */
	{ "\xe2\x80\x8f", "\"\\xe2\\x80\\x8f\"" },  /* U+200F */
	{ "\xe2\x80\xa8", "\"\\xe2\\x80\\xa8\"" },  /* U+2028 */
	{ "\xe2\x80\xae", "\"\\xe2\\x80\\xae\"" },  /* U+202E */
	{ "\xe2\x81\xa0", "\"\\xe2\\x81\\xa0\"" },  /* U+2060 */
	{ "\xe2\x81\xaf", "\"\\xe2\\x81\\xaf\"" },  /* U+206F */
	{ "\xef\xbb\xbf", "\"\\xef\\xbb\\xbf\"" },  /* U+FEFF */
	{ " ", "\" \"" },
	{ "!", "!" },
	{ "~", "~" },
	{ "\xf0\x8f\xbf\xbf", "\"\\xf0\\x8f\\xbf\\xbf\"" }, /* overlong U+FFFF */
	{ "\xed\xbf\xbf", "\"\\xed\\xbf\\xbf\"" },          /* the last surrogate */
	{ "\xe0\x9f\xbf", "\"\\xe0\\x9f\\xbf\"" },          /* overlong U+07FF */
	{ "\xf5\x80\x80\x80", "\"\\xf5\\x80\\x80\\x80\"" },
	{ "\xc1\xbf", "\"\\xc1\\xbf\"" },
	{ "\xc3(", "\"\\xc3(\"" },
	{ "\x80", "\"\\x80\"" },
};

START_TEST(a_value_cannot_forge)
{
	char wanted[512];

	keel_log(KEEL_LOG_INFO, "v", "k", values[_i].value, "end", "1", NULL);
	snprintf(wanted, sizeof(wanted), "info: v k=%s end=1", values[_i].shown);
	ck_logged(wanted);
}
END_TEST

START_TEST(a_long_line_is_cut_and_ends)
{
	static char value[20000];
	const char *line;

	for (int quoted = 0; quoted < 2; quoted++) {
		memset(value, quoted ? '\n' : 'x', sizeof(value) - 1);
		keel_log(KEEL_LOG_INFO, "long", "k", value, "after", "lost", NULL);
		line = logged();
		ck_assert_uint_le(strlen(got), 4096);
		ck_assert_uint_ge(strlen(got), 4000);
		ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
		ck_assert_str_eq(line + strlen(line) - 4, "...\n");
		ck_assert_ptr_null(strstr(line, "after"));
	}
}
END_TEST

START_TEST(errno_survives)
{
	close(ends[1]);
	errno = ENOTTY;
	keel_log(KEEL_LOG_INFO, "into a closed descriptor", NULL);
	ck_assert_int_eq(errno, ENOTTY);
	ends[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
}
END_TEST

START_TEST(limit_suppresses_and_counts)
{
	static struct keel_log_limit limit = { .burst = 3, .interval = 1 };
	unsigned lines = 0;

	for (int i = 0; i < 10; i++)
		keel_log_limited(&limit, KEEL_LOG_WARNING, "flood", "i", KEEL_N(i), NULL);
	logged();
	for (const char *at = got; *at; at++)
		lines += *at == '\n';
	ck_assert_uint_eq(lines, 3);
	usleep(1100000);
	keel_log_limited(&limit, KEEL_LOG_WARNING, "flood", "i", "10", NULL);
	logged();
	ck_assert_ptr_nonnull(strstr(got, "warning: flood suppressed=7\n"));
	ck_assert_ptr_nonnull(strstr(got, "warning: flood i=10\n"));
}
END_TEST

static void *logger(void *arg)
{
	for (int i = 0; i < 200; i++)
		keel_log(KEEL_LOG_INFO, "concurrent", "thread", arg, "n", KEEL_N(i), NULL);
	return NULL;
}

START_TEST(threads_do_not_mix_lines)
{
	pthread_t threads[4];
	static char *names[4] = { "aaaa", "bbbb", "cccc", "dddd" };
	char path[] = "/tmp/keel-log-XXXXXX";
	const int fd = mkstemp(path);
	char line[256];
	unsigned n = 0;
	FILE *file;

	ck_assert_int_ge(fd, 0);
	unlink(path);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_APPEND), 0);
	keel_log_to_fd(fd);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, logger, names[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	lseek(fd, 0, SEEK_SET);
	file = fdopen(fd, "r");
	while (fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, "info: concurrent thread=");
		int number;

		ck_assert_ptr_nonnull(at);
		ck_assert_int_eq(sscanf(at, "info: concurrent thread=%*4[a-d] n=%d\n", &number), 1);
		n++;
	}
	ck_assert_uint_eq(n, 800);
	fclose(file);
}
END_TEST

/* Finds the field in a datagram of the journal's native protocol, its value ended by a newline. */
static bool has_field(const char *datagram, size_t n, const char *field)
{
	return memmem(datagram, n, field, strlen(field)) != NULL;
}

/* In a mount namespace of our own with our own /run/systemd/journal/socket. */
static int journal_child(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };
	char datagram[8192], stream[64], value[] = "x\nPRIORITY=0\nINJECTED=1";
	struct stat st;
	ssize_t n;
	int fd, err;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/run", "tmpfs", 0, NULL))
		return 77;
	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/journal", 0755);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return 2;
	err = open("/run/stderr", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	dup2(err, STDERR_FILENO);
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	keel_log_to_fd(-1);
	keel_log_open("journaled");
	keel_log(KEEL_LOG_WARNING, "queue grows", "queue-length", "17", "_evil", value, NULL);
	n = recv(fd, datagram, sizeof(datagram), MSG_DONTWAIT);
	if (n <= 0)
		return 3;
	if (!has_field(datagram, (size_t)n, "MESSAGE=queue grows queue-length=17 _evil=\"x\\nPRIORITY=0") ||
	    !has_field(datagram, (size_t)n, "PRIORITY=4\n") ||
	    !has_field(datagram, (size_t)n, "SYSLOG_IDENTIFIER=journaled\n") ||
	    !has_field(datagram, (size_t)n, "QUEUE_LENGTH=17\n"))
		return 4;
	/* a value with a line feed is sent by its length: NAME, line feed, 64 bits little-endian, octets */
	if (!has_field(datagram, (size_t)n, "XEVIL\n\x17"))
		return 5;
	if (fstat(err, &st) || st.st_size != 0)
		return 6;
	/* nobody listens any more: the line must not be lost */
	close(fd);
	keel_log(KEEL_LOG_WARNING, "no journal", NULL);
	n = pread(err, datagram, sizeof(datagram) - 1, 0);
	if (n <= 0)
		return 7;
	datagram[n] = '\0';
	if (!strstr(datagram, "warning: no journal\n"))
		return 8;
	/* stderr redirected elsewhere: not the journal any more */
	setenv("JOURNAL_STREAM", "1:1", 1);
	keel_log_open("journaled");
	keel_log(KEEL_LOG_WARNING, "elsewhere", NULL);
	n = pread(err, datagram, sizeof(datagram) - 1, 0);
	datagram[n > 0 ? n : 0] = '\0';
	return strstr(datagram, "warning: elsewhere\n") ? 0 : 9;
}

START_TEST(journal_gets_native_fields)
{
	const int status = journal_child();

	if (status == 77) {
		printf("keel_log: SKIP journal_gets_native_fields: mount namespaces are not permitted\n");
		return;
	}
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_log");
	TCase *tc = tcase_create("log");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_line_has_time_program_level_text_and_pairs);
	tcase_add_test(tc, levels_filter);
	tcase_add_loop_test(tc, a_value_cannot_forge, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_test(tc, a_long_line_is_cut_and_ends);
	tcase_add_test(tc, errno_survives);
	tcase_add_test(tc, limit_suppresses_and_counts);
	tcase_add_test(tc, threads_do_not_mix_lines);
	tcase_add_test(tc, journal_gets_native_fields);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

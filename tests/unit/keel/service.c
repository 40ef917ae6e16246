// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/service.h"

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/keel/tinyd.h"

START_TEST(starts_and_ends_in_order)
{
	char wanted[512];

	launch(NULL, NULL);
	ck_assert_str_eq(told(), "STATUS=serving READY=0");
	ck_assert_str_eq(told(), "READY=1");
	kill(child, _i ? SIGINT : SIGTERM);
	ck_assert_str_eq(told(), "STOPPING=1");
	ck_assert_int_eq(ended(), 0);
	snprintf(wanted, sizeof(wanted),
		 "bind uid=%d nofile=1;start value=7 path=%s state=state sigpipe=1 base=1 uid=%d back=%d groups=%d;"
		 "inherited -1 -1 -1 -1;stop;end state=state;",
		 (int)geteuid(), config, (int)geteuid(), geteuid() == 0, getgroups(0, NULL));
	ck_assert_str_eq(traced(), wanted);
	ck_has(read_file(errors), "notice: ready version=");
	ck_has(read_file(errors), "notice: stopping\n");
}
END_TEST

START_TEST(watchdog_period)
{
	static const struct {
		uint64_t usec;
		struct timeval period;
	} rows[] = { { 2, { 0, 1 } },
		     { 1999999, { 0, 999999 } },
		     { 2000000, { 1, 0 } },
		     { 30000001, { 15, 0 } },
		     { 7000002, { 3, 500001 } } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct timeval got = keel_service_period(rows[i].usec);

		ck_assert_int_eq(got.tv_sec, rows[i].period.tv_sec);
		ck_assert_int_eq(got.tv_usec, rows[i].period.tv_usec);
	}
}
END_TEST

START_TEST(default_file_may_be_absent)
{
	unlink(config);
	launch("--set", "value=9");
	await("READY=1");
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 0);
	ck_has(traced(), "start value=9 path=none ");
}
END_TEST

START_TEST(second_term_ends_at_once)
{
	plan.never_stopped = _i == 0;
	plan.busy_in_stop = _i == 1; /* the main thread does not even reach its loop */
	plan.stop_seconds = 1000;
	launch(NULL, NULL);
	await("READY=1");
	kill(child, SIGTERM);
	await("STOPPING=1");
	usleep(50000);
	kill(child, _i ? SIGINT : SIGTERM);
	ck_assert_int_eq(ended(), 1);
	ck_assert_ptr_null(strstr(traced(), "end"));
	ck_has(read_file(errors), "asked twice to stop");
}
END_TEST

START_TEST(stop_has_a_limit)
{
	struct timespec before, after;

	plan.never_stopped = true;
	plan.stop_seconds = 1;
	launch(NULL, NULL);
	await("READY=1");
	clock_gettime(CLOCK_MONOTONIC, &before);
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_ge((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000, 900);
	ck_has(traced(), "stop;end state=state;");
	ck_has(read_file(errors), "warning: not ended in time, leaving the rest seconds=1\n");
}
END_TEST

START_TEST(signals_while_it_starts)
{
	plan.start_ms = 500;
	launch(NULL, NULL);
	while (!strstr(traced(), "inherited"))
		usleep(1000);
	kill(child, SIGTERM); /* in start(), which goes on */
	if (_i == 0) {
		await("READY=1");
		await("STOPPING=1");
		ck_assert_int_eq(ended(), 0);
		ck_has(traced(), "stop;end state=state;");
		return;
	}
	usleep(50000);
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 1);
}
END_TEST

START_TEST(a_thread_asks_for_the_end)
{
	plan.thread_stops = true;
	launch(NULL, NULL);
	await("STOPPING=1");
	ck_assert_int_eq(ended(), 0);
	ck_has(traced(), "stop;end state=state;");
}
END_TEST

START_TEST(reload_swaps_settings)
{
	const char *words;
	unsigned long long usec;

	launch("--set=port=26", NULL);
	await("READY=1");
	write_file(config, "value = 8;\nlog: { level = \"warning\"; };\nuser = \"nobody\";\n");
	kill(child, SIGHUP);
	words = told();
	ck_assert_int_eq(sscanf(words, "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
	ck_assert_uint_gt(usec, 0);
	ck_assert_str_eq(told(), "READY=1");
	ck_has(traced(), "reload 7 -> 8;");
	ck_has(read_file(errors), "warning: settings that take effect at the next start were changed names=user\n");
	/* the level is warning now: no notice about it */
	ck_assert_ptr_null(strstr(read_file(errors), "settings reloaded"));
	write_file(config, "value = 9;\n");
	kill(child, SIGHUP);
	told();
	ck_assert_str_eq(told(), "READY=1");
	ck_has(traced(), "reload 8 -> 9;");
	ck_has(read_file(errors), "notice: settings reloaded file=");
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

static const struct {
	const char *text, *why;
} refused[] = {
	{ "value = 8;\nvalu = 1;\n", ":2: valu: unknown setting (did you mean value?)" },
	{ "value = \"x\";\n", ":1: value: must be a number from 1 to 100" },
	{ "value = 13;\n", "why=\"value: 13 brings bad luck\"" },
	{ "value = 8;\n", "why=\"Device or resource busy\"" }, /* by the callback */
};

START_TEST(refused_reload_keeps_the_old)
{
	const bool by_callback = _i == 3;

	plan.reload = by_callback ? -EBUSY : 0;
	launch("--config", config);
	await("READY=1");
	write_file(config, refused[_i].text);
	kill(child, SIGHUP);
	ck_assert_int_eq(strncmp(told(), "RELOADING=1\n", 12), 0);
	ck_assert_str_eq(told(), "READY=1");
	ck_has(told(), "STATUS=reload refused: ");
	ck_has(read_file(errors), "error: reload refused, the old settings stay why=");
	ck_has(read_file(errors), refused[_i].why);
	if (by_callback)
		ck_has(traced(), "reload 7 -> 8;");
	else
		ck_assert_ptr_null(strstr(traced(), "reload"));
	/* the old value is still the one that a good reload replaces */
	write_file(config, "value = 50;\n");
	kill(child, SIGHUP);
	told();
	ck_assert_str_eq(told(), "READY=1");
	ck_has(traced(), "reload 7 -> 50;");
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(reload_that_is_not_supported)
{
	plan.no_reload = true;
	launch(NULL, NULL);
	await("READY=1");
	kill(child, SIGHUP);
	told();
	ck_assert_str_eq(told(), "READY=1");
	ck_has(read_file(errors), "warning: reload is not supported\n");
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(signals_change_the_level)
{
	static const char *const steps[] = { "level=debug\n", "level=info\n", "level=notice\n", "level=warning\n" };

	launch("--set", "log.level=info");
	await("READY=1");
	for (int i = 0; i < 4; i++) {
		kill(child, i == 0 ? SIGUSR1 : SIGUSR2);
		while (!strstr(read_file(errors), steps[i]))
			usleep(1000); /* the case's time limit bounds it */
	}
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 0);
	ck_assert_ptr_null(strstr(read_file(errors), "stopping"));
}
END_TEST

static void with_watchdog(void)
{
	setenv("WATCHDOG_USEC", "100000", 1);
}

START_TEST(watchdog_is_fed)
{
	unsigned pings = 0;
	struct timespec before, after;
	long ms;

	plan.no_ping = _i;
	launch_with(with_watchdog, NULL, NULL);
	await("READY=1");
	clock_gettime(CLOCK_MONOTONIC, &before);
	if (plan.no_ping) {
		struct pollfd p = { .fd = notified, .events = POLLIN };

		ck_assert_int_eq(poll(&p, 1, 300), 0);
	} else {
		while (pings < 6)
			pings += strcmp(told(), "WATCHDOG=1") == 0;
		clock_gettime(CLOCK_MONOTONIC, &after);
		/* every 50 ms, on a machine that may be busy */
		ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
		ck_assert_int_ge(ms, 200);
		ck_assert_int_lt(ms, 2500);
	}
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

static void with_sockets(void)
{
	char pid[16];
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	/* 3, 4, 5 are what systemd would leave; none of ours stands there any more after that */
	dup2(trace[1], 100);
	dup2(fd, 90);
	trace[1] = 100;
	for (int i = 3; i < 6; i++)
		dup2(90, i);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "3", 1);
	setenv("LISTEN_FDNAMES", "smtp:pop3:smtp", 1);
}

START_TEST(inherited_sockets_have_names)
{
	launch_with(with_sockets, NULL, NULL);
	await("READY=1");
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 0);
	ck_has(traced(), "inherited 3 5 4 -1;");
}
END_TEST

/* A process that gave up root may not be traced, and the leak checker traces: it leaves without it. */
static void end_and_leave(struct keel_service *service, void *state)
{
	end(service, state);
	_exit(0);
}

static void privileged(void)
{
	face.end = end_and_leave;
}

START_TEST(root_becomes_the_user_for_good)
{
	const struct passwd *nobody = getpwnam("nobody");
	gid_t groups[64];
	int n = 64;
	char wanted[256];

	if (geteuid() != 0 || !nobody) {
		printf("keel_service: SKIP root_becomes_the_user_for_good: needs root and a user nobody\n");
		return;
	}
	getgrouplist("nobody", nobody->pw_gid, groups, &n);
	launch_with(privileged, "--set", "user=nobody");
	await("READY=1");
	kill(child, SIGTERM);
	ck_assert_int_eq(ended(), 0);
	snprintf(wanted, sizeof(wanted),
		 "bind uid=0 nofile=1;start value=7 path=%s state=state sigpipe=1 base=1 uid=%d back=0 groups=%d;",
		 config, (int)nobody->pw_uid, n);
	ck_has(traced(), wanted);
}
END_TEST

START_TEST(unknown_user)
{
	if (geteuid() != 0) {
		printf("keel_service: SKIP unknown_user: needs root\n");
		return;
	}
	launch("--set", "user=no-such-user");
	ck_assert_int_eq(ended(), 78);
	ck_has(read_file(errors), "error: cannot start step=user why=\"no such user\" setting=user\n");
	ck_assert_str_eq(traced(), "");
}
END_TEST

START_TEST(failure_to_start_ends_what_was_begun)
{
	plan.bind = _i == 0 ? -EADDRINUSE : 0;
	plan.start = _i == 1 ? -EIO : 0;
	launch(NULL, NULL);
	ck_assert_int_eq(ended(), 1);
	if (_i == 0) {
		ck_has(read_file(errors), "error: cannot start step=bind why=\"Address already in use\"\n");
		ck_assert_ptr_null(strstr(traced(), "start"));
	} else {
		ck_has(read_file(errors), "error: cannot start step=start why=\"Input/output error\"\n");
		ck_has(traced(), "end state=state;");
		ck_assert_str_ne(told(), "READY=1");
	}
}
END_TEST

static const struct {
	const char *first, *second;
	int status;
	const char *out, *err;
} commands[] = {
	{ "--help", NULL, 0, "Usage: tinyd [OPTION]...\nA tiny daemon.\n\nOptions:\n  -c, --config=FILE ", NULL },
	{ "--version", NULL, 0, "tinyd " OSNC_VERSION, NULL },
	{ "--check", NULL, 0, "tinyd: settings are valid (/tmp/keel-service-", NULL },
	{ "--check", "--set=value=0", 78, NULL, "tinyd: --set value: must be a number from 1 to 100\n" },
	{ "--check", "--set=value=13", 78, NULL, "tinyd: value: 13 brings bad luck\n" },
	{ "--check", "--config=/nonexistent", 78, NULL, "tinyd: /nonexistent: No such file or directory\n" },
	{ "--dump", "--set=value=42", 0, "value = 42;\n", NULL },
	{ "--nonsense", NULL, 2, NULL, "tinyd: unknown option --nonsense (--help shows the options)\n" },
	{ "operand", NULL, 2, NULL, "tinyd: unexpected \"operand\" (--help shows the options)\n" },
	{ "--config", NULL, 2, NULL, "tinyd: --config needs a value: FILE (--help shows the options)\n" },
	{ "--set=valu=1", NULL, 78, NULL, "tinyd: --set valu: unknown setting (did you mean value?)\n" },
};

START_TEST(commands_that_only_answer)
{
	launch((char *)commands[_i].first, (char *)commands[_i].second);
	ck_assert_int_eq(ended(), commands[_i].status);
	if (commands[_i].out)
		ck_has(read_file(output), commands[_i].out);
	else
		ck_assert_str_eq(read_file(output), "");
	ck_assert_str_eq(read_file(errors), commands[_i].err ? commands[_i].err : "");
	ck_assert_str_eq(traced(), "");
}
END_TEST

START_TEST(a_dump_is_a_settings_file)
{
	char *first;

	launch("--dump", "--set=value=42");
	ck_assert_int_eq(ended(), 0);
	first = strdup(read_file(output));
	write_file(config, first);
	launch("--dump", NULL);
	ck_assert_int_eq(ended(), 0);
	ck_assert(strcmp(read_file(output), first) == 0);
	free(first);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_service");
	TCase *tc = tcase_create("service");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, starts_and_ends_in_order, 0, 2);
	tcase_add_test(tc, default_file_may_be_absent);
	tcase_add_test(tc, watchdog_period);
	tcase_add_loop_test(tc, second_term_ends_at_once, 0, 2);
	tcase_add_test(tc, stop_has_a_limit);
	tcase_add_loop_test(tc, signals_while_it_starts, 0, 2);
	tcase_add_test(tc, a_thread_asks_for_the_end);
	tcase_add_test(tc, reload_swaps_settings);
	tcase_add_loop_test(tc, refused_reload_keeps_the_old, 0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tc, reload_that_is_not_supported);
	tcase_add_test(tc, signals_change_the_level);
	tcase_add_loop_test(tc, watchdog_is_fed, 0, 2);
	tcase_add_test(tc, inherited_sockets_have_names);
	tcase_add_test(tc, root_becomes_the_user_for_good);
	tcase_add_test(tc, unknown_user);
	tcase_add_loop_test(tc, failure_to_start_ends_what_was_begun, 0, 2);
	tcase_add_loop_test(tc, commands_that_only_answer, 0, sizeof(commands) / sizeof(commands[0]));
	tcase_add_test(tc, a_dump_is_a_settings_file);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

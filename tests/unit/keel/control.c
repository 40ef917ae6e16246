// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/control.h"

#include <check.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

/* A server in a thread of its own; every test is a process of its own (Check's fork mode). */
static char folder[] = "/tmp/keel-control-XXXXXX";
static char path[64];
static struct event_base *base;
static struct keel_control *control;
static pthread_t thread;
static struct keel_control_call *held;
static _Atomic int ran;

static void echo(struct keel_control_call *call, json_t *request, void *arg)
{
	ran++;
	ck_assert_str_eq(arg, "arg");
	keel_control_ok(call, json_pack("{s:O}", "you", json_object_get(request, "text")));
}

static void end_later(evutil_socket_t fd, short what, void *arg)
{
	keel_control_ok(arg, json_pack("{s:i}", "ran", ran));
}

static void later(struct keel_control_call *call, json_t *request, void *arg)
{
	const struct timeval soon = { .tv_usec = 50000 };

	ran++;
	event_base_once(base, -1, EV_TIMEOUT, end_later, call, &soon);
}

static void steps(struct keel_control_call *call, json_t *request, void *arg)
{
	for (int i = 0; i < 3; i++)
		keel_control_progress(call, json_integer(i));
	keel_control_ok(call, NULL);
}

static void say_no(struct keel_control_call *call, json_t *request, void *arg)
{
	keel_control_fail(call, "no such user: %s",
			  "gr\xfc\xdf"
			  "e \"x\"\n");
}

static void hold(struct keel_control_call *call, json_t *request, void *arg)
{
	held = call;
}

static void release(struct keel_control_call *call, json_t *request, void *arg)
{
	const bool gone = keel_control_gone(held);

	keel_control_progress(held, json_string("to nobody"));
	keel_control_ok(held, json_pack("{s:s}", "end", "held"));
	held = NULL;
	keel_control_ok(call, json_pack("{s:b}", "gone", gone));
}

static void flood(struct keel_control_call *call, json_t *request, void *arg)
{
	static char text[1 << 20];
	int i;

	memset(text, 'x', sizeof(text) - 1);
	for (i = 0; i < 100 && !keel_control_gone(call); i++)
		keel_control_progress(call, json_string(text));
	ran = i;
	keel_control_ok(call, NULL);
}

static const struct keel_control_verb verbs[] = {
	{ "echo", echo, "Says it back." },      { "later", later, "Ends later." },
	{ "steps", steps, "Three steps." },     { "fail", say_no, "Fails." },
	{ "hold", hold, "Waits for release." }, { "release", release, "Ends hold." },
	{ "flood", flood, "Says too much." },
};

static void *loop(void *arg)
{
	event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static void setup(void)
{
	evthread_use_pthreads();
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	snprintf(path, sizeof(path), "%s/socket", folder);
	base = event_base_new();
	ck_assert_int_eq(keel_control_new(base, path, -1, (gid_t)-1, verbs, sizeof(verbs) / sizeof(verbs[0]), "arg",
					  &control),
			 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, loop, NULL), 0);
}

static void break_loop(evutil_socket_t fd, short what, void *arg)
{
	event_base_loopbreak(base);
}

static void stop_server(void)
{
	const struct timeval now = { 0 };

	/* from within: the thread may not have entered the loop yet */
	event_base_once(base, -1, EV_TIMEOUT, break_loop, NULL, &now);
	pthread_join(thread, NULL);
}

static void teardown(void)
{
	struct stat st;

	stop_server();
	keel_control_free(&control);
	ck_assert_ptr_null(control);
	keel_control_free(&control);
	event_base_free(base);
	ck_assert_int_eq(stat(path, &st), -1);
	ck_assert_int_eq(rmdir(folder), 0);
}

static json_t *ask(json_t *request, void (*progress)(json_t *value, void *arg), void *arg)
{
	json_t *answer = NULL;

	ck_assert_int_eq(keel_control_request(path, request, progress, arg, 20, &answer), 0);
	json_decref(request);
	return answer;
}

static int reach(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = 20 };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What comes until n lines are there or the peer closes. */
static const char *hear(int fd, unsigned n)
{
	static char text[65536];
	size_t len = 0;
	ssize_t got;

	while (n && len < sizeof(text) - 1 && (got = recv(fd, text + len, 1, 0)) == 1)
		n -= text[len++] == '\n';
	text[len] = '\0';
	return text;
}

START_TEST(request_and_answer)
{
	json_t *answer = ask(json_pack("{s:s, s:s}", "verb", "echo", "text", "h\xc3\xa9\n"), NULL, NULL);

	ck_assert(json_is_true(json_object_get(answer, "ok")));
	ck_assert_str_eq(json_string_value(json_object_get(answer, "you")), "h\xc3\xa9\n");
	json_decref(answer);
}
END_TEST

static void sum(json_t *value, void *arg)
{
	*(int *)arg = *(int *)arg * 10 + (int)json_integer_value(value) + 1;
}

START_TEST(progress_comes_before_the_answer)
{
	int seen = 0;
	json_t *answer = ask(json_pack("{s:s}", "verb", "steps"), sum, &seen);

	ck_assert_int_eq(seen, 123);
	ck_assert(json_is_true(json_object_get(answer, "ok")));
	json_decref(answer);
}
END_TEST

START_TEST(failure_is_said_even_in_broken_octets)
{
	json_t *answer = ask(json_pack("{s:s}", "verb", "fail"), NULL, NULL);

	ck_assert(json_is_false(json_object_get(answer, "ok")));
	ck_assert_str_eq(json_string_value(json_object_get(answer, "error")), "no such user: gr??e \"x\"\n");
	json_decref(answer);
}
END_TEST

START_TEST(help_lists_verbs)
{
	json_t *answer = ask(json_pack("{s:s}", "verb", "help"), NULL, NULL);

	ck_assert_uint_eq(json_object_size(json_object_get(answer, "verbs")), 7);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(answer, "verbs"), "echo")), "Says it back.");
	json_decref(answer);
}
END_TEST

START_TEST(requests_sent_ahead_are_answered_in_order)
{
	const int fd = reach();

	say(fd,
	    "{\"verb\":\"later\"}\n\n{\"verb\":\"later\"}\r\n{\"verb\":\"echo\",\"text\":3}\n{\"verb\":\"later\"}\n");
	/* each later reports how many ran when it ended: the one behind it had not started */
	ck_assert_str_eq(hear(fd, 4), "{\"ok\":true,\"ran\":1}\n{\"ok\":true,\"ran\":2}\n{\"ok\":true,\"you\":3}\n"
				      "{\"ok\":true,\"ran\":4}\n");
	close(fd);
}
END_TEST

START_TEST(connections_do_not_wait_for_each_other)
{
	const int waiting = reach();
	json_t *answer;

	say(waiting, "{\"verb\":\"hold\"}\n{\"verb\":\"echo\",\"text\":1}\n");
	answer = ask(json_pack("{s:s, s:i}", "verb", "echo", "text", 2), NULL, NULL);
	json_decref(answer);
	while (!__atomic_load_n(&held, __ATOMIC_SEQ_CST))
		usleep(1000);
	answer = ask(json_pack("{s:s}", "verb", "release"), NULL, NULL);
	ck_assert(json_is_false(json_object_get(answer, "gone")));
	json_decref(answer);
	ck_assert_str_eq(hear(waiting, 3),
			 "{\"progress\":\"to nobody\"}\n{\"ok\":true,\"end\":\"held\"}\n{\"ok\":true,\"you\":1}\n");
	close(waiting);
}
END_TEST

START_TEST(client_that_leaves_in_the_middle)
{
	const int fd = reach();
	json_t *answer;

	say(fd, "{\"verb\":\"hold\"}\n");
	while (!__atomic_load_n(&held, __ATOMIC_SEQ_CST))
		usleep(1000);
	close(fd);
	usleep(100000);
	answer = ask(json_pack("{s:s}", "verb", "release"), NULL, NULL);
	ck_assert(json_is_true(json_object_get(answer, "gone")));
	json_decref(answer);
}
END_TEST

START_TEST(client_that_only_stops_sending_gets_its_answers)
{
	const int fd = reach();
	char octet;

	say(fd, "{\"verb\":\"later\"}\n{\"verb\":\"echo\",\"text\":\"x\"}\n{\"verb\":\"cut");
	shutdown(fd, SHUT_WR);
	ck_assert_str_eq(hear(fd, 99), "{\"ok\":true,\"ran\":1}\n{\"ok\":true,\"you\":\"x\"}\n");
	ck_assert_int_eq(recv(fd, &octet, 1, 0), 0); /* closed, not timed out */
	close(fd);
}
END_TEST

static const struct {
	const char *line, *answer;
} mistakes[] = {
	{ "nonsense\n", "{\"ok\":false,\"error\":\"not JSON: " },
	{ "{\"verb\":\"echo\",\"verb\":\"fail\"}\n", "{\"ok\":false,\"error\":\"not JSON: duplicate object key" },
	{ "{\"verb\":\"echo\"\n", "{\"ok\":false,\"error\":\"not JSON: " },
	{ "{\"verb\":\"\xff\"}\n", "{\"ok\":false,\"error\":\"not JSON: " },
	{ "[]\n", "{\"ok\":false,\"error\":\"a request is an object with a string \\\"verb\\\"\"}\n" },
	{ "{}\n", "{\"ok\":false,\"error\":\"a request is an object with a string \\\"verb\\\"\"}\n" },
	{ "{\"verb\":7}\n", "{\"ok\":false,\"error\":\"a request is an object with a string \\\"verb\\\"\"}\n" },
	{ "{\"verb\":\"format\"}\n",
	  "{\"ok\":false,\"error\":\"unknown verb \\\"format\\\"; \\\"help\\\" lists them\"}\n" },
};

START_TEST(mistake_is_answered_and_the_connection_stays)
{
	const int fd = reach();

	say(fd, mistakes[_i].line);
	ck_assert_int_eq(strncmp(hear(fd, 1), mistakes[_i].answer, strlen(mistakes[_i].answer)), 0);
	say(fd, "{\"verb\":\"echo\",\"text\":1}\n");
	ck_assert_str_eq(hear(fd, 1), "{\"ok\":true,\"you\":1}\n");
	close(fd);
}
END_TEST

START_TEST(a_request_has_a_limit)
{
	char *text = malloc(KEEL_CONTROL_LINE_MOST + 64);
	json_t *request, *answer = NULL;
	int fd = reach();
	size_t sent = 0;
	ssize_t n;

	/* just at the limit */
	memset(text, ' ', KEEL_CONTROL_LINE_MOST);
	memcpy(text, "{\"verb\":\"echo\",\"text\":1}", 24);
	strcpy(text + KEEL_CONTROL_LINE_MOST, "\n");
	while (sent < KEEL_CONTROL_LINE_MOST + 1) {
		n = send(fd, text + sent, KEEL_CONTROL_LINE_MOST + 1 - sent, MSG_NOSIGNAL);
		ck_assert_int_gt(n, 0);
		sent += (size_t)n;
	}
	ck_assert_str_eq(hear(fd, 1), "{\"ok\":true,\"you\":1}\n");
	close(fd);
	/* one octet more, without any end */
	fd = reach();
	for (sent = 0; sent < KEEL_CONTROL_LINE_MOST + 1; sent += (size_t)n) {
		n = send(fd, text, KEEL_CONTROL_LINE_MOST + 1 - sent > 4096 ? 4096 : KEEL_CONTROL_LINE_MOST + 1 - sent,
			 MSG_NOSIGNAL);
		ck_assert_int_gt(n, 0);
	}
	ck_assert_str_eq(hear(fd, 2), "{\"ok\":false,\"error\":\"a request is at most 1048576 octets\"}\n");
	ck_assert_int_le(recv(fd, text, 1, 0), 0);
	close(fd);
	/* the client does not even try */
	memset(text, 'x', KEEL_CONTROL_LINE_MOST);
	text[KEEL_CONTROL_LINE_MOST] = '\0';
	request = json_pack("{s:s, s:s}", "verb", "echo", "text", text);
	ck_assert_int_eq(keel_control_request(path, request, NULL, NULL, 20, &answer), -EMSGSIZE);
	ck_assert_ptr_null(answer);
	json_decref(request);
	free(text);
}
END_TEST

START_TEST(a_peer_that_does_not_read_is_dropped)
{
	const int fd = reach();
	json_t *answer;

	say(fd, "{\"verb\":\"flood\"}\n");
	while (!ran)
		usleep(1000);
	ck_assert_int_lt(ran, 30);
	answer = ask(json_pack("{s:s, s:i}", "verb", "echo", "text", 2), NULL, NULL);
	ck_assert(json_is_true(json_object_get(answer, "ok")));
	json_decref(answer);
	close(fd);
}
END_TEST

START_TEST(too_many_connections)
{
	int fds[64], fd;

	for (int i = 0; i < 64; i++)
		fds[i] = reach();
	fd = reach();
	ck_assert_str_eq(hear(fd, 1), "{\"ok\":false,\"error\":\"too many connections\"}\n");
	close(fd);
	say(fds[63], "{\"verb\":\"echo\",\"text\":1}\n");
	ck_assert_str_eq(hear(fds[63], 1), "{\"ok\":true,\"you\":1}\n");
	for (int i = 0; i < 64; i++)
		close(fds[i]);
	usleep(100000);
	fd = reach();
	say(fd, "{\"verb\":\"echo\",\"text\":1}\n");
	ck_assert_str_eq(hear(fd, 1), "{\"ok\":true,\"you\":1}\n");
	close(fd);
}
END_TEST

/* Asks as another user; 0 if admitted, 1 if refused with the reason, 2 otherwise. */
static int ask_as(uid_t uid, gid_t gid, const gid_t *groups, size_t n)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		json_t *request = json_pack("{s:s, s:i}", "verb", "echo", "text", 1), *answer = NULL;
		const char *error;

		if (setgroups(n, groups) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
			_exit(3);
		if (keel_control_request(path, request, NULL, NULL, 20, &answer))
			_exit(2);
		error = json_string_value(json_object_get(answer, "error"));
		if (json_is_true(json_object_get(answer, "ok")))
			_exit(0);
		_exit(error && strcmp(error, "this user is not admitted") == 0 ? 1 : 2);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 4;
}

START_TEST(peers_are_admitted_by_identity)
{
	const gid_t operators = 54321;
	const gid_t groups[] = { 60000, 54321 };
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	if (geteuid() != 0) {
		printf("keel_control: SKIP peers_are_admitted_by_identity: needs root to act as other users\n");
		return;
	}
	ck_assert_int_eq(ask_as(65534, 65534, NULL, 0), 2); /* the file's mode */
	chmod(path, 0666);
	ck_assert_int_eq(ask_as(65534, 65534, NULL, 0), 1); /* and behind it ours */
	ck_assert_int_eq(ask_as(65534, operators, NULL, 0), 1);
	stop_server();
	keel_control_free(&control);
	ck_assert_int_eq(keel_control_new(base, path, -1, operators, verbs, sizeof(verbs) / sizeof(verbs[0]), "arg",
					  &control),
			 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_gid, operators);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	ck_assert_int_eq(pthread_create(&thread, NULL, loop, NULL), 0);
	ck_assert_int_eq(ask_as(65534, operators, NULL, 0), 0);
	ck_assert_int_eq(ask_as(65534, 65534, groups, 2), 0);
	chmod(path, 0666);
	ck_assert_int_eq(ask_as(65534, 65534, groups, 1), 1);
}
END_TEST

START_TEST(socket_of_a_living_server_is_not_taken)
{
	struct keel_control *second = NULL;
	json_t *answer;

	ck_assert_int_eq(keel_control_new(base, path, -1, (gid_t)-1, verbs, 1, "arg", &second), -EADDRINUSE);
	ck_assert_ptr_null(second);
	answer = ask(json_pack("{s:s, s:i}", "verb", "echo", "text", 1), NULL, NULL);
	json_decref(answer);
}
END_TEST

START_TEST(stale_socket_is_replaced_other_files_are_not)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct keel_control *second = NULL;
	char other[128];
	int fd;

	snprintf(other, sizeof(other), "%s/other", folder);
	strcpy(address.sun_path, other);
	ck_assert_int_eq(bind(stale, (struct sockaddr *)&address, sizeof(address)), 0);
	close(stale);
	ck_assert_int_eq(keel_control_new(base, other, -1, (gid_t)-1, verbs, 1, "arg", &second), 0);
	keel_control_free(&second);
	ck_assert_int_eq(access(other, F_OK), -1);
	fd = open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	ck_assert_int_eq(keel_control_new(base, other, -1, (gid_t)-1, verbs, 1, "arg", &second), -ENOTSOCK);
	ck_assert_int_eq(access(other, F_OK), 0);
	unlink(other);
	/* what another put in our place stays */
	ck_assert_int_eq(keel_control_new(base, other, -1, (gid_t)-1, verbs, 1, "arg", &second), 0);
	unlink(other);
	fd = open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	keel_control_free(&second);
	ck_assert_int_eq(unlink(other), 0);
}
END_TEST

START_TEST(refused_addresses)
{
	struct keel_control *second = NULL;
	char deep[200];
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	json_t *request = json_pack("{s:s}", "verb", "echo"), *answer = NULL;

	memset(deep, 'x', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	ck_assert_int_eq(keel_control_new(base, deep, -1, (gid_t)-1, verbs, 1, "arg", &second), -ENAMETOOLONG);
	ck_assert_int_eq(keel_control_new(base, "/nonexistent/socket", -1, (gid_t)-1, verbs, 1, "arg", &second),
			 -ENOENT);
	ck_assert_int_eq(keel_control_new(base, NULL, fd, (gid_t)-1, verbs, 1, "arg", &second), -EINVAL);
	ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
	close(fd);
	ck_assert_ptr_null(second);
	ck_assert_int_eq(keel_control_request(deep, request, NULL, NULL, 1, &answer), -ENAMETOOLONG);
	ck_assert_int_eq(keel_control_request("/nonexistent/socket", request, NULL, NULL, 1, &answer), -ENOENT);
	ck_assert_ptr_null(answer);
	json_decref(request);
}
END_TEST

START_TEST(inherited_socket_is_adopted)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct keel_control *second = NULL;
	json_t *request = json_pack("{s:s, s:i}", "verb", "echo", "text", 1), *answer = NULL;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/other", folder);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(keel_control_new(base, NULL, fd, (gid_t)-1, verbs, 1, "arg", &second), 0);
	ck_assert_int_eq(keel_control_request(address.sun_path, request, NULL, NULL, 20, &answer), 0);
	ck_assert(json_is_true(json_object_get(answer, "ok")));
	json_decref(answer);
	stop_server();
	keel_control_free(&second);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_int_eq(unlink(address.sun_path), 0); /* its owner's, not ours */
	json_decref(request);
	ck_assert_int_eq(pthread_create(&thread, NULL, loop, NULL), 0);
}
END_TEST

START_TEST(server_that_ends_with_calls_under_way)
{
	const int fd = reach();

	say(fd, "{\"verb\":\"hold\"}\n");
	while (!__atomic_load_n(&held, __ATOMIC_SEQ_CST))
		usleep(1000);
	stop_server();
	keel_control_free(&control);
	ck_assert(keel_control_gone(held));
	keel_control_fail(held, "too late");
	/* libevent closes a freed bufferevent's socket from its loop */
	ck_assert_int_eq(pthread_create(&thread, NULL, loop, NULL), 0);
	ck_assert_str_eq(hear(fd, 1), "");
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_control");
	TCase *tc = tcase_create("control");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, request_and_answer);
	tcase_add_test(tc, progress_comes_before_the_answer);
	tcase_add_test(tc, failure_is_said_even_in_broken_octets);
	tcase_add_test(tc, help_lists_verbs);
	tcase_add_test(tc, requests_sent_ahead_are_answered_in_order);
	tcase_add_test(tc, connections_do_not_wait_for_each_other);
	tcase_add_test(tc, client_that_leaves_in_the_middle);
	tcase_add_test(tc, client_that_only_stops_sending_gets_its_answers);
	tcase_add_loop_test(tc, mistake_is_answered_and_the_connection_stays, 0,
			    sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, a_request_has_a_limit);
	tcase_add_test(tc, a_peer_that_does_not_read_is_dropped);
	tcase_add_test(tc, too_many_connections);
	tcase_add_test(tc, peers_are_admitted_by_identity);
	tcase_add_test(tc, socket_of_a_living_server_is_not_taken);
	tcase_add_test(tc, stale_socket_is_replaced_other_files_are_not);
	tcase_add_test(tc, refused_addresses);
	tcase_add_test(tc, inherited_socket_is_adopted);
	tcase_add_test(tc, server_that_ends_with_calls_under_way);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

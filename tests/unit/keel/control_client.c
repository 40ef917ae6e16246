// SPDX-License-Identifier: GPL-2.0-or-later
/* The client of a control socket against servers that misbehave; the rest of it is tried in control.c. */
#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/lib/keel/control.h"

/* A server that says one thing and closes, or says nothing. */
static const char *words;
static int mute;

static void *say_once(void *arg)
{
	const int fd = accept(mute, NULL, NULL);
	char request[64];

	if (words) {
		ck_assert_int_gt(recv(fd, request, sizeof(request), 0), 0);
		ck_assert_int_eq(send(fd, words, strlen(words), MSG_NOSIGNAL), (ssize_t)strlen(words));
		close(fd);
	}
	return NULL;
}

static const struct {
	const char *words;
	int ret;
} servers[] = {
	{ "", -ECONNRESET },
	{ "half", -ECONNRESET },
	{ "nonsense\n", -EPROTO },
	{ "{\"ok\":1}\n", -EPROTO },
	{ "{\"progress\":1}\n", -ECONNRESET },
	{ "{\"progress\":1}\n{\"ok\":true}\n", 0 },
	{ NULL, -ETIMEDOUT },
};

START_TEST(client_survives_a_bad_server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	json_t *request = json_pack("{s:s}", "verb", "echo"), *answer = NULL;
	char folder[] = "/tmp/keel-control-XXXXXX";
	pthread_t once;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/mute", folder);
	mute = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(mute, (struct sockaddr *)&address, sizeof(address)), 0);
	listen(mute, 5);
	words = servers[_i].words;
	pthread_create(&once, NULL, say_once, NULL);
	ck_assert_int_eq(keel_control_request(address.sun_path, request, NULL, NULL, 1, &answer), servers[_i].ret);
	ck_assert_int_eq(answer != NULL, servers[_i].ret == 0);
	pthread_join(once, NULL);
	close(mute);
	ck_assert_int_eq(keel_control_request(address.sun_path, request, NULL, NULL, 1, &answer), -ECONNREFUSED);
	unlink(address.sun_path);
	rmdir(folder);
	json_decref(answer);
	json_decref(request);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel control client");
	TCase *tc = tcase_create("control client");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, client_survives_a_bad_server, 0, sizeof(servers) / sizeof(servers[0]));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

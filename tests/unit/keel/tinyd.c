// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/keel/tinyd.h"

#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };

static const struct keel_setting rows[] = {
	{ "user", KEEL_SETTING_STRING, offsetof(struct settings, user), NULL, .restart = true, .help = "User." },
	{ "log.level", KEEL_SETTING_CHOICE, offsetof(struct settings, level), "info", .choices = levels,
	  .help = "Level." },
	{ "value", KEEL_SETTING_NUMBER, offsetof(struct settings, value), "1", 1, 100, .help = "Value." },
	{ "port", KEEL_SETTING_NUMBER, offsetof(struct settings, port), "25", .restart = true, .help = "Port." },
};

char folder[] = "/tmp/keel-service-XXXXXX";
char config[64], output[64], errors[64], notify[64];
int trace[2], notified;
pid_t child;

struct plan plan;

void tell(const char *format, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	(void)!write(trace[1], text, (size_t)n);
}

static int validate(const void *settings, struct keel_buffer *error)
{
	const struct settings *s = settings;

	if (s->value == 13) {
		keel_buffer_puts(error, "value: 13 brings bad luck");
		return -EINVAL;
	}
	return 0;
}

static int bind_face(struct keel_service *service, const void *settings, void **state)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	tell("bind uid=%d nofile=%d;", (int)geteuid(), limit.rlim_cur == limit.rlim_max);
	*state = strdup("state");
	return plan.bind;
}

static void *stopper(void *arg)
{
	usleep(50000);
	keel_service_stop(arg);
	return NULL;
}

static int start(struct keel_service *service, const void *settings, void **state)
{
	const struct settings *s = settings;
	const char *path = keel_service_config_path(service);
	struct sigaction action;
	pthread_t thread;

	sigaction(SIGPIPE, NULL, &action);
	tell("start value=%d path=%s state=%s sigpipe=%d base=%d uid=%d back=%d groups=%d;", (int)s->value,
	     path ? path : "none", (char *)*state, action.sa_handler == SIG_IGN, keel_service_base(service) != NULL,
	     (int)geteuid(), setuid(0) == 0, getgroups(0, NULL));
	tell("inherited %d %d %d %d;", keel_service_inherited(service, "smtp", 0),
	     keel_service_inherited(service, "smtp", 1), keel_service_inherited(service, "pop3", 0),
	     keel_service_inherited(service, "smtp", 2));
	/* in small steps: a signal must not cut it short */
	for (unsigned ms = 0; ms < plan.start_ms; ms += 10)
		usleep(10000);
	keel_service_status(service, "serving\nREADY=0");
	if (plan.thread_stops) {
		pthread_create(&thread, NULL, stopper, service);
		pthread_detach(thread);
	}
	return plan.start;
}

static int reload(struct keel_service *service, const void *settings, const void *old, void *state)
{
	tell("reload %d -> %d;", (int)((const struct settings *)old)->value,
	     (int)((const struct settings *)settings)->value);
	return plan.reload;
}

static void stop(struct keel_service *service, void *state)
{
	tell("stop;");
	while (plan.busy_in_stop)
		pause();
	if (!plan.never_stopped)
		keel_service_stopped(service);
}

void end(struct keel_service *service, void *state)
{
	tell("end state=%s;", state ? (char *)state : "none");
	free(state);
}

static bool alive(struct keel_service *service, void *state)
{
	return !plan.no_ping;
}

struct keel_service_face face = {
	.name = "tinyd",
	.summary = "A tiny daemon.",
	.settings = { rows, sizeof(rows) / sizeof(rows[0]), sizeof(struct settings) },
	.offset_user = offsetof(struct settings, user),
	.offset_level = offsetof(struct settings, level),
	.validate = validate,
	.bind = bind_face,
	.start = start,
	.reload = reload,
	.stop = stop,
	.end = end,
	.alive = alive,
};

void write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

const char *read_file(const char *path)
{
	static char text[32768];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

void setup(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	ck_assert_ptr_nonnull(mkdtemp(folder));
	chmod(folder, 0755);
	snprintf(config, sizeof(config), "%s/conf", folder);
	snprintf(output, sizeof(output), "%s/out", folder);
	snprintf(errors, sizeof(errors), "%s/err", folder);
	snprintf(notify, sizeof(notify), "%s/notify", folder);
	strcpy(address.sun_path, notify);
	notified = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(notified, (struct sockaddr *)&address, sizeof(address)), 0);
	chmod(notify, 0777);
	ck_assert_int_eq(pipe2(trace, O_CLOEXEC | O_NONBLOCK), 0);
	write_file(config, "value = 7;\n");
	setenv("NOTIFY_SOCKET", notify, 1);
	face.default_config = config;
	child = -1;
}

void teardown(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	unlink(config);
	unlink(output);
	unlink(errors);
	unlink(notify);
	ck_assert_int_eq(rmdir(folder), 0);
}

void launch_with(void (*prepare)(void), char *first, char *second)
{
	char *argv[] = { "tinyd", first, second, NULL };

	face.stop_seconds = plan.stop_seconds;
	if (plan.no_reload)
		face.reload = NULL;
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		dup2(open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), STDOUT_FILENO);
		dup2(open(errors, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644), STDERR_FILENO);
		if (prepare)
			prepare();
		exit(keel_service_main(&face, first ? second ? 3 : 2 : 1, argv));
	}
}

void launch(char *first, char *second)
{
	launch_with(NULL, first, second);
}

const char *told(void)
{
	static char text[512];
	struct pollfd p = { .fd = notified, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, 10000) != 1)
		ck_abort_msg("nothing was notified; stderr: %s", read_file(errors));
	n = recv(notified, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

void await(const char *words)
{
	while (strcmp(told(), words) != 0)
		;
}

int ended(void)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	child = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

const char *traced(void)
{
	static char text[4096];
	const ssize_t n = read(trace[0], text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

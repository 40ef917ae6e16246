// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/service.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"
#include "tools/lib/keel/option.h"
#include "tools/lib/keel/service_user.h"

#define STOP_SECONDS 10

enum { ON_TERM, ON_INT, ON_HUP, ON_USR1, ON_USR2, ON_STOP, ON_WATCHDOG, ON_LIMIT, EVENTS };

struct given {
	const char *config;
	const char **set;
	bool check;
	bool dump;
};

struct keel_service {
	const struct keel_service_face *face;
	struct given given;
	const char *config; /* the file that was read, or NULL */
	void *settings;
	void *state;
	struct event_base *base;
	struct event *events[EVENTS];
	char **names; /* of the inherited sockets, from SD_LISTEN_FDS_START on */
	size_t inherited;
	bool stopping;
};

static const struct keel_option option_rows[] = {
	{ "config", 'c', KEEL_OPTION_STRING, offsetof(struct given, config), "FILE",
	  "Read settings from FILE, which must exist." },
	{ "set", 'o', KEEL_OPTION_STRINGS, offsetof(struct given, set), "NAME=VALUE",
	  "Set one setting over the file's; repeatable." },
	{ "check", 0, KEEL_OPTION_FLAG, offsetof(struct given, check), NULL, "Check the settings and exit." },
	{ "dump", 0, KEEL_OPTION_FLAG, offsetof(struct given, dump), NULL,
	  "Write all settings as a settings file and exit." },
};

/* How often TERM or INT came outside the loop: while the daemon starts, and after the first one. The second is obeyed at once,
 * whatever the main thread is busy with. Also the handler that libevent puts back when its own is deleted. */
static volatile sig_atomic_t asked;

static void on_early(int number)
{
	static const char words[] = "asked twice to stop: leaving at once\n";

	asked++;
	if (asked < 2)
		return;
	(void)!write(STDERR_FILENO, words, sizeof(words) - 1);
	_exit(1);
}

static const struct keel_setting *row_at(const struct keel_service_face *face, size_t offset,
					 enum keel_setting_type type)
{
	for (size_t i = 0; i < face->settings.n; i++)
		if (face->settings.rows[i].offset == offset && face->settings.rows[i].type == type)
			return &face->settings.rows[i];
	return NULL;
}

static void free_settings(const struct keel_service_face *face, void *settings)
{
	if (settings)
		keel_settings_free(&face->settings, settings);
	free(settings);
}

/* File, then --set, then the daemon's own checks. On success *out is the caller's; on failure error says why. */
static int load_settings(struct keel_service *service, void **out, struct keel_buffer *error)
{
	const struct keel_service_face *face = service->face;
	const char *path = service->given.config;
	void *settings = malloc(face->settings.size);
	int ret;

	if (!settings) {
		keel_buffer_puts(error, "out of memory");
		return -ENOMEM;
	}
	/* a default file that is there but cannot be read is an error, not an absence */
	if (!path && face->default_config &&
	    (access(face->default_config, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)))
		path = face->default_config;
	ret = keel_settings_load(&face->settings, path, settings, error);
	if (ret) {
		free(settings);
		return ret;
	}
	for (size_t i = 0; !ret && service->given.set && service->given.set[i]; i++) {
		const size_t len = error->len;

		keel_buffer_puts(error, "--set ");
		ret = keel_settings_set(&face->settings, settings, service->given.set[i], error);
		if (!ret)
			error->len = len;
	}
	if (!ret && face->validate) {
		ret = face->validate(settings, error);
		if (ret && !error->len)
			keel_buffer_puts(error, strerror(-ret));
	}
	if (ret) {
		free_settings(face, settings);
		return ret;
	}
	service->config = path;
	*out = settings;
	return 0;
}

static void apply_level(const struct keel_service *service)
{
	const struct keel_service_face *face = service->face;

	if (row_at(face, face->offset_level, KEEL_SETTING_CHOICE))
		keel_log_set_level((enum keel_log_level) *
				   (const int *)((const char *)service->settings + face->offset_level));
}

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		keel_log(KEEL_LOG_WARNING, "cannot raise the limit of open files", "why", strerror(errno), NULL);
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
	struct keel_service *service = arg;
	const struct keel_service_face *face = service->face;
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error = { 0 }, names = { 0 };
	const char *was = service->config;
	struct timespec now;
	void *settings, *old = service->settings;
	int ret;

	if (service->stopping)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	if (!face->reload) {
		keel_log(KEEL_LOG_WARNING, "reload is not supported", NULL);
		sd_notify(0, "READY=1");
		return;
	}
	ret = load_settings(service, &settings, &error);
	if (!ret) {
		ret = face->reload(service, settings, old, service->state);
		if (ret) {
			keel_buffer_puts(&error, strerror(ret < 0 ? -ret : EINVAL));
			free_settings(face, settings);
			service->config = was;
		}
	}
	if (ret) {
		const char *why = keel_buffer_text(&error);

		keel_log(KEEL_LOG_ERROR, "reload refused, the old settings stay", "why", why, NULL);
		sd_notify(0, "READY=1");
		keel_service_status(service, "reload refused: %s", why ? why : "out of memory");
		return;
	}
	service->settings = settings;
	apply_level(service);
	keel_settings_need_restart(&face->settings, old, settings, &names);
	if (names.len)
		keel_log(KEEL_LOG_WARNING, "settings that take effect at the next start were changed", "names",
			 keel_buffer_text(&names), NULL);
	keel_log(KEEL_LOG_NOTICE, "settings reloaded", "file", service->config ? service->config : "none", NULL);
	free_settings(face, old);
	sd_notify(0, "READY=1");
}

static void on_limit(evutil_socket_t number, short what, void *arg)
{
	struct keel_service *service = arg;

	keel_log(KEEL_LOG_WARNING, "not ended in time, leaving the rest", "seconds",
		 KEEL_N(service->face->stop_seconds ? service->face->stop_seconds : STOP_SECONDS), NULL);
	event_base_loopbreak(service->base);
}

static void on_stop(evutil_socket_t number, short what, void *arg)
{
	struct keel_service *service = arg;
	const struct keel_service_face *face = service->face;
	const struct timeval limit = { .tv_sec = face->stop_seconds ? face->stop_seconds : STOP_SECONDS };

	if (service->stopping)
		return;
	service->stopping = true;
	asked = 1;
	event_del(service->events[ON_TERM]);
	event_del(service->events[ON_INT]);
	sd_notify(0, "STOPPING=1");
	keel_log(KEEL_LOG_NOTICE, "stopping", NULL);
	event_add(service->events[ON_LIMIT], &limit);
	if (face->stop)
		face->stop(service, service->state);
	else
		keel_service_stopped(service);
}

static void on_level(evutil_socket_t number, short what, void *arg)
{
	const int level = (int)keel_log_get_level() + (number == SIGUSR1 ? 1 : -1);

	if (level < 0 || level >= KEEL_LOG_LEVELS)
		return;
	keel_log_set_level((enum keel_log_level)level);
	keel_log(KEEL_LOG_ERROR, "log level changed", "level", keel_log_level_name((enum keel_log_level)level), NULL);
}

static void on_watchdog(evutil_socket_t number, short what, void *arg)
{
	struct keel_service *service = arg;

	if (!service->face->alive || service->face->alive(service, service->state))
		sd_notify(0, "WATCHDOG=1");
}

static int prepare_events(struct keel_service *service)
{
	static const struct {
		int number; /* a signal, or -1 */
		event_callback_fn run;
	} kinds[EVENTS] = {
		[ON_TERM] = { SIGTERM, on_stop },    [ON_INT] = { SIGINT, on_stop },
		[ON_HUP] = { SIGHUP, on_reload },    [ON_USR1] = { SIGUSR1, on_level },
		[ON_USR2] = { SIGUSR2, on_level },   [ON_STOP] = { -1, on_stop },
		[ON_WATCHDOG] = { -1, on_watchdog }, [ON_LIMIT] = { -1, on_limit },
	};
	const struct sigaction early = { .sa_handler = on_early, .sa_flags = SA_RESTART };

	sigaction(SIGTERM, &early, NULL);
	sigaction(SIGINT, &early, NULL);
	service->base = event_base_new();
	if (!service->base)
		return -ENOMEM;
	for (int i = 0; i < EVENTS; i++) {
		const bool is_signal = kinds[i].number >= 0;

		service->events[i] = event_new(service->base, kinds[i].number,
					       is_signal ? EV_SIGNAL | EV_PERSIST : EV_PERSIST, kinds[i].run, service);
		if (!service->events[i])
			return -ENOMEM;
	}
	/* these wait for the loop if they come earlier */
	for (int i = ON_HUP; i <= ON_USR2; i++)
		if (event_add(service->events[i], NULL))
			return -ENOMEM;
	return 0;
}

struct timeval keel_service_period(uint64_t usec)
{
	const uint64_t half = usec / 2;

	return (struct timeval){ .tv_sec = (time_t)(half / 1000000), .tv_usec = (suseconds_t)(half % 1000000) };
}

/* The daemon runs: from here on TERM and INT are the loop's. */
static int loop(struct keel_service *service)
{
	uint64_t usec = 0;

	if (event_add(service->events[ON_TERM], NULL) || event_add(service->events[ON_INT], NULL))
		return -ENOMEM;
	if (asked)
		keel_service_stop(service);
	if (sd_watchdog_enabled(0, &usec) > 0 && usec >= 2) {
		const struct timeval period = keel_service_period(usec);

		if (event_add(service->events[ON_WATCHDOG], &period))
			return -ENOMEM;
		on_watchdog(-1, 0, service);
	}
	sd_notify(0, "READY=1");
	keel_log(KEEL_LOG_NOTICE, "ready", "version", OSNC_VERSION, NULL);
	event_base_dispatch(service->base);
	return service->stopping ? 0 : -EIO;
}

/* What a step returned: 0, or the reason in the log. */
static int step(const char *name, int ret)
{
	if (ret)
		keel_log(KEEL_LOG_ERROR, "cannot start", "step", name, "why", strerror(ret < 0 ? -ret : EIO), NULL);
	return ret;
}

static int take_sockets(struct keel_service *service)
{
	const int n = sd_listen_fds_with_names(1, &service->names);

	if (n < 0)
		return n;
	service->inherited = (size_t)n;
	return 0;
}

static int run(struct keel_service *service)
{
	const struct keel_service_face *face = service->face;
	const struct keel_setting *user = row_at(face, face->offset_user, KEEL_SETTING_STRING);
	struct keel_service_user who;
	int ret, status = 1;

	apply_level(service);
	ret = keel_service_user_find(user ? *(char *const *)((const char *)service->settings + face->offset_user) : "",
				     &who);
	if (ret) {
		keel_log(KEEL_LOG_ERROR, "cannot start", "step", "user", "why",
			 ret == -ENOENT ? "no such user" : strerror(-ret), "setting", user->name, NULL);
		return EX_CONFIG;
	}
	raise_descriptors();
	if (step("sockets", take_sockets(service)) || step("events", prepare_events(service)))
		return 1;
	if (face->bind)
		ret = step("bind", face->bind(service, service->settings, &service->state));
	if (!ret)
		ret = step("privileges", keel_service_user_become(&who));
	if (!ret && face->start)
		ret = step("start", face->start(service, service->settings, &service->state));
	if (!ret && step("loop", loop(service)) == 0)
		status = 0;
	if (face->end)
		face->end(service, service->state);
	return status;
}

static void free_service(struct keel_service *service, const struct keel_options *options)
{
	for (int i = 0; i < EVENTS; i++)
		if (service->events[i])
			event_free(service->events[i]);
	if (service->base)
		event_base_free(service->base);
	for (size_t i = 0; i < service->inherited; i++) {
		close(SD_LISTEN_FDS_START + (int)i);
		free(service->names[i]);
	}
	free(service->names);
	free_settings(service->face, service->settings);
	keel_options_free(options, &service->given);
}

static int write_out(struct keel_buffer *text)
{
	const char *words = keel_buffer_text(text);

	return !text->failed && words && fputs(words, stdout) >= 0 && fflush(stdout) == 0 ? 0 : 1;
}

int keel_service_main(const struct keel_service_face *face, int argc, char **argv)
{
	const struct keel_options options = { .program = face->name,
					      .synopsis = "",
					      .summary = face->summary,
					      .rows = option_rows,
					      .n = KEEL_COUNT(option_rows) };
	struct keel_service service = { .face = face };
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer text;
	int ret, status = 0;

	keel_buffer_init(&text, 0);
	ret = keel_options_parse(&options, argc, argv, &service.given, &text);
	if (ret == -ECANCELED)
		return write_out(&text);
	if (ret >= 0 && ret < argc)
		keel_buffer_printf(&text, "unexpected \"%s\"", argv[ret]);
	if (ret < argc) {
		fprintf(stderr, "%s: %s (--help shows the options)\n", face->name, keel_buffer_text(&text));
		keel_options_free(&options, &service.given);
		return 2;
	}
	keel_log_open(face->name);
	if (evthread_use_pthreads() || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	if (load_settings(&service, &service.settings, &text)) {
		fprintf(stderr, "%s: %s\n", face->name, keel_buffer_text(&text));
		status = EX_CONFIG;
	} else if (service.given.dump) {
		keel_settings_dump(&face->settings, service.settings, &text);
		status = write_out(&text);
	} else if (service.given.check) {
		keel_buffer_printf(&text, "%s: settings are valid (%s)\n", face->name,
				   service.config ? service.config : "defaults, no file");
		status = write_out(&text);
	} else {
		status = run(&service);
	}
	free_service(&service, &options);
	return status;
}

struct event_base *keel_service_base(struct keel_service *service)
{
	return service->base;
}

const char *keel_service_config_path(struct keel_service *service)
{
	return service->config;
}

void keel_service_stopped(struct keel_service *service)
{
	event_base_loopbreak(service->base);
}

void keel_service_stop(struct keel_service *service)
{
	event_active(service->events[ON_STOP], EV_TIMEOUT, 0);
}

int keel_service_inherited(struct keel_service *service, const char *name, size_t index)
{
	for (size_t i = 0; i < service->inherited; i++)
		if (strcmp(service->names[i], name) == 0 && index-- == 0)
			return SD_LISTEN_FDS_START + (int)i;
	return -1;
}

void keel_service_status(struct keel_service *service, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	/* a line feed would begin another variable of the protocol */
	for (char *at = text; *at; at++)
		if (*at == '\n')
			*at = ' ';
	sd_notifyf(0, "STATUS=%s", text);
}

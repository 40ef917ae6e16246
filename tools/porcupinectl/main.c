// SPDX-License-Identifier: GPL-2.0-or-later
/* porcupinectl: a client of porcupined's control socket, and with --store the same verbs on a store that no daemon has. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "porcupined/admin/admin.h"
#include "porcupined/store/store.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/control.h"
#include "tools/lib/keel/log.h"
#include "tools/porcupinectl/command.h"

#define EXIT_USAGE 2
#define EXIT_UNREACHED 3
#define STOP_SECONDS 60

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	interrupted = 1;
}

/* ---- progress ---------------------------------------------------------------------------------------- */

static void show_progress(uint64_t done, uint64_t total)
{
	if (isatty(STDERR_FILENO) && total)
		fprintf(stderr, "\r%3.0f %%", 100.0 * (double)done / (double)total);
}

static void end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r     \r", stderr);
}

static void on_progress(json_t *value, void *arg)
{
	show_progress((uint64_t)json_integer_value(json_object_get(value, "done")),
		      (uint64_t)json_integer_value(json_object_get(value, "total")));
}

static int on_local_progress(uint64_t done, uint64_t total, void *arg)
{
	static uint64_t told;

	if (done < told || done - told > total / 200) {
		told = done;
		show_progress(done, total);
	}
	return interrupted;
}

/* ---- asking -------------------------------------------------------------------------------------------- */

static int complain(const char *what, int status)
{
	fprintf(stderr, "porcupinectl: %s\n", what);
	return status;
}

/* True when the process is gone, or only waits for its parent to ask how it ended. */
static bool has_ended(pid_t pid)
{
	char path[64], line[512];
	const char *state;
	FILE *file;
	bool read;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return kill(pid, 0) && errno == ESRCH;
	read = fgets(line, sizeof(line), file);
	fclose(file);
	state = read ? strrchr(line, ')') : NULL;
	return !state || !strncmp(state, ") Z", 3);
}

static int await_end(pid_t pid)
{
	for (int i = 0; i < STOP_SECONDS * 20; i++) {
		if (has_ended(pid))
			return 0;
		usleep(50000);
	}
	return complain("the node has not ended yet", 1);
}

static int ask_daemon(const struct global *global, json_t *request, json_t **answer)
{
	const char *from = getenv("PORCUPINE_CONTROL");
	const char *path = global->socket ? global->socket : from && *from ? from : DEFAULT_SOCKET;
	const int ret = keel_control_request(path, request, on_progress, NULL, 0, answer);

	end_progress();
	if (!ret)
		return 0;
	fprintf(stderr, "porcupinectl: no answer from %s: %s%s\n", path, strerror(-ret),
		ret == -ENOENT || ret == -ECONNREFUSED
			? " (is porcupined running? --socket names another node, --store works without one)"
		: ret == -EACCES || ret == -ECONNRESET ? " (only root, the node's user and control.group may ask)"
						       : "");
	return EXIT_UNREACHED;
}

/* What root made in a store its owner could not write: become the owner. */
static int become_owner(const char *path)
{
	struct stat st;

	if (geteuid() || stat(path, &st) || !st.st_uid)
		return 0;
	return setgroups(0, NULL) || setgid(st.st_gid) || setuid(st.st_uid) ? -errno : 0;
}

static int ask_store(const struct global *global, const struct command *command, json_t *request, json_t **answer)
{
	const struct admin_verb *verb = admin_find(command->verb);
	struct admin admin = { .progress = on_local_progress };
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct store_config config;
	json_t *result = NULL;
	int ret;

	keel_buffer_init(&error, 0);
	if (!command->offline || !verb)
		return complain("this command asks a running node: it does not work with --store", EXIT_USAGE);
	/* a store is closed in order also when its owner has had enough */
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	ret = become_owner(global->store);
	if (ret) {
		fprintf(stderr, "porcupinectl: cannot become the owner of %s: %s\n", global->store, strerror(-ret));
		return 1;
	}
	store_config_defaults(&config);
	config.create = false;
	config.background_compaction = false;
	ret = store_open(global->store, &config, &error, &admin.store);
	if (ret) {
		fprintf(stderr, "porcupinectl: %s: %s\n", global->store,
			error.len ? keel_buffer_text(&error) : strerror(-ret));
		return 1;
	}
	ret = verb->run(&admin, request, &result, &error);
	end_progress();
	store_close(&admin.store);
	*answer = ret ? json_pack("{s:b, s:s}", "ok", 0, "error", error.len ? keel_buffer_text(&error) : strerror(-ret))
		      : (result ? result : json_object());
	if (!ret)
		json_object_set_new(*answer, "ok", json_true());
	return 0;
}

/* ---- commands -------------------------------------------------------------------------------------------- */

static int run_command(const struct global *global, const struct command *command, const struct given *given,
		       char **operands, int n)
{
	json_t *request = json_pack("{s:s}", "verb", command->verb), *answer = NULL;
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	pid_t pid = 0;
	int status = 0;

	keel_buffer_init(&error, 0);
	if (command->fill) {
		const int ret = command->fill(given, operands, n, request, &error);

		if (ret) {
			complain(error.len ? keel_buffer_text(&error) : strerror(-ret), 0);
			json_decref(request);
			return EXIT_USAGE;
		}
	}
	if (!strcmp(command->verb, "stop")) {
		json_t *ask = json_pack("{s:s}", "verb", "status");

		status = ask_daemon(global, ask, &answer);
		pid = (pid_t)json_integer_value(json_object_get(answer, "pid"));
		json_decref(ask);
		json_decref(answer);
		answer = NULL;
	}
	if (!status)
		status = global->store ? ask_store(global, command, request, &answer)
				       : ask_daemon(global, request, &answer);
	if (!status && given->generate && json_is_true(json_object_get(answer, "ok")))
		json_object_set(answer, "password", json_object_get(request, "password"));
	json_decref(request);
	if (status)
		return status;
	if (!json_is_true(json_object_get(answer, "ok"))) {
		const char *why = json_string_value(json_object_get(answer, "error"));

		complain(why ? why : "refused", 0);
		status = 1;
	} else if (pid) {
		status = await_end(pid);
	} else if (command->show) {
		FILE *nowhere = global->json || given->json ? fopen("/dev/null", "we") : NULL;

		status = command->show(answer, nowhere ? nowhere : stdout);
		if (nowhere)
			fclose(nowhere);
	} else if (given->generate) {
		printf("password %s\n", json_string_value(json_object_get(answer, "password")));
	}
	if (global->json || given->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
	}
	json_decref(answer);
	return fflush(stdout) && !status ? 1 : status;
}

int main(int argc, char **argv)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer said;
	struct global global = { 0 };
	struct given given = { 0 };
	const void *row;
	int at;

	keel_buffer_init(&said, 0);
	keel_log_open("porcupinectl");
	keel_log_set_level(KEEL_LOG_WARNING);
	at = keel_subcommands_parse(&commands, argc, argv, &global, &given, &row, &said);
	if (at < 0) {
		fputs(keel_buffer_text(&said), at == -ECANCELED ? stdout : stderr);
		return at == -ECANCELED ? 0 : EXIT_USAGE;
	}
	if (global.socket && global.store)
		return complain("--socket and --store exclude each other", EXIT_USAGE);
	return run_command(&global, row, &given, argv + at, argc - at);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* porcupined: from settings to a running node, and back in the opposite order. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "porcupined/admin/admin.h"
#include "porcupined/node/control.h"
#include "porcupined/node/endpoint.h"
#include "porcupined/node/loop.h"
#include "porcupined/node/metrics.h"
#include "porcupined/node/node.h"
#include "porcupined/node/tls.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define BEAT_LATE 10 /* seconds without a tick after which a loop is called stuck */

/* ---- as root ------------------------------------------------------------------------------------- */

/* The directory of path, for the user the node becomes. Parents are not made: /var/lib and /run are there. */
static int give_directory(const char *path, const struct passwd *owner, struct keel_buffer *error)
{
	char directory[4096];
	char *slash;
	struct stat st;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return 0;
	*slash = '\0';
	if (!stat(directory, &st))
		return 0;
	if (mkdir(directory, 0755) || (owner && chown(directory, owner->pw_uid, owner->pw_gid))) {
		const int ret = -errno;

		keel_buffer_printf(error, "cannot make the directory %s: %s", directory, strerror(-ret));
		return ret;
	}
	keel_log(KEEL_LOG_NOTICE, "made a directory", "path", directory, NULL);
	return 0;
}

static int give_directories(const struct node_settings *s, struct keel_buffer *error)
{
	const struct passwd *owner = NULL;
	int ret;

	if (!geteuid() && *s->user)
		owner = getpwnam(s->user);
	ret = give_directory(s->store_path, owner, error);
	if (!ret && *s->control_path)
		ret = give_directory(s->control_path, owner, error);
	for (size_t i = 0; !ret && s->lmtp_listen && s->lmtp_listen[i]; i++)
		if (!strncmp(s->lmtp_listen[i], "unix:", 5))
			ret = give_directory(s->lmtp_listen[i] + 5, owner, error);
	return ret;
}

static int failed(const char *what, int ret, struct keel_buffer *error)
{
	const char *why = error->len ? keel_buffer_text(error) : NULL;

	keel_log(KEEL_LOG_ERROR, what, "why", why ? why : strerror(-ret), NULL);
	return ret;
}

static int on_bind(struct keel_service *service, const void *settings, void **state)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct node *node = calloc(1, sizeof(*node));
	int ret;

	keel_buffer_init(&error, 0);
	if (!node)
		return -ENOMEM;
	*state = node;
	node->service = service;
	node->settings = settings;
	node->control_fd = node->metrics_fd = -1;
	node->started = (uint64_t)time(NULL);
	node->message_size = node->settings->message_size;
	ret = give_directories(node->settings, &error);
	if (!ret)
		ret = listeners_bind(node, &error);
	if (ret)
		return failed("cannot serve", ret, &error);
	node->metrics_fd = keel_service_inherited(service, "metrics", 0);
	if (node->metrics_fd >= 0)
		node->metrics_fd = dup(node->metrics_fd);
	else if (*node->settings->metrics_listen)
		ret = endpoint_listen(node->settings->metrics_listen, &node->metrics_fd, &error);
	return ret ? failed("cannot serve metrics", ret, &error) : 0;
}

/* ---- start ------------------------------------------------------------------------------------------ */

static int open_store(struct node *node, struct keel_buffer *error)
{
	const struct node_settings *s = node->settings;
	struct store_config config;

	store_config_defaults(&config);
	config.segment_size = s->store_segment_size;
	config.body_memory = s->store_body_memory;
	config.total_memory = s->store_total_memory;
	/* room for the trace in front of the largest message */
	config.message_size = s->message_size + 65536;
	config.reserve = s->store_reserve;
	config.compress = s->store_compress;
	config.background_compaction = s->store_compaction;
	config.create = true;
	return store_open(s->store_path, &config, error, &node->store);
}

static int load_tls(const struct node_settings *s, struct tls **out, struct keel_buffer *error)
{
	char hostname[256] = "";
	bool made = false;
	int ret = 0;

	*out = NULL;
	if (!*s->tls_certificate)
		return 0;
	if (*s->hostname)
		snprintf(hostname, sizeof(hostname), "%s", s->hostname);
	else
		gethostname(hostname, sizeof(hostname) - 1);
	if (s->tls_self_signed)
		ret = tls_self_sign(s->tls_certificate, s->tls_key, *hostname ? hostname : "localhost", &made, error);
	if (made)
		keel_log(KEEL_LOG_NOTICE, "made a self-signed certificate: replace it with one that clients can verify",
			 "certificate", s->tls_certificate, "key", s->tls_key, NULL);
	return ret ? ret : tls_new(s->tls_certificate, s->tls_key, out, error);
}

static int find_postmaster(struct node *node, struct rules *rules)
{
	const int ret = admin_postmaster(node->store, rules->hostname, rules->own_postmaster);

	if (!ret && !*rules->postmaster)
		strcpy(rules->postmaster, rules->own_postmaster);
	return ret;
}

/* New rules for the settings, with the postmaster that the local domains give. */
static int make_rules(struct node *node, const struct node_settings *s, struct rules **out, struct keel_buffer *error)
{
	struct rules *rules;
	struct tls *tls;
	int ret = load_tls(s, &tls, error);

	if (ret)
		return ret;
	ret = rules_new(s, node->message_size, tls, &rules);
	if (ret) {
		tls_free(&tls);
		return ret;
	}
	ret = find_postmaster(node, rules);
	if (ret)
		rules_put(&rules);
	else
		*out = rules;
	return ret;
}

static int spread_rules(struct node *node, struct rules *rules)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < node->n_loops; i++)
		ret = loop_set_rules(node->loops[i], rules);
	if (ret)
		return ret;
	rules_put(&node->rules);
	node->rules = rules;
	return 0;
}

int node_refresh(struct node *node)
{
	struct tls *tls = tls_get(node->rules->tls);
	struct rules *rules = NULL;
	int ret = rules_new(node->settings, node->message_size, tls, &rules);

	if (ret)
		tls_free(&tls);
	else
		ret = find_postmaster(node, rules);
	if (!ret)
		ret = spread_rules(node, rules);
	if (ret) {
		rules_put(&rules);
		keel_log(KEEL_LOG_ERROR, "cannot refresh the rules", "why", strerror(-ret), NULL);
	}
	return ret;
}

static int start_loops(struct node *node)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	const size_t n = node->settings->loops ? node->settings->loops : cores > 0 ? (size_t)cores : 1;
	int ret;

	node->loops = calloc(n, sizeof(*node->loops));
	if (!node->loops)
		return -ENOMEM;
	for (; node->n_loops < n; node->n_loops++) {
		ret = loop_new(node, (unsigned)node->n_loops, node->rules, &node->loops[node->n_loops]);
		if (ret)
			return ret;
	}
	for (size_t i = 0; i < n; i++) {
		ret = loop_start(node->loops[i]);
		if (ret)
			return ret;
		node->loops_running++;
	}
	return 0;
}

static int start_workers(struct node *node)
{
	return worker_pool_new(worker_pool_size(node->settings->workers, sysconf(_SC_NPROCESSORS_ONLN)),
			       &node->workers);
}

static bool healthy(void *arg)
{
	struct node *node = arg;

	return !node->stopping && !store_writable(node->store);
}

static int start_rest(struct node *node)
{
	int ret = start_workers(node);

	if (!ret)
		ret = limits_new(&node->limits);
	if (!ret)
		ret = maildrops_new(&node->maildrops);
	if (!ret)
		ret = login_cache_new(node->settings->cache_entries, &node->logins);
	if (!ret)
		ret = start_loops(node);
	if (!ret && node->metrics_fd >= 0) {
		node->metrics_port = endpoint_port(node->metrics_fd);
		evutil_make_socket_nonblocking(node->metrics_fd);
		ret = metrics_serve(node->base, node->metrics_fd, healthy, node, &node->metrics);
		if (!ret)
			node->metrics_fd = -1;
	}
	return ret;
}

/* A fresh node takes mail for its own name, at least for its postmaster. */
static int first_domain(struct node *node, struct keel_buffer *error)
{
	char hostname[256] = "";
	bool added;
	int ret;

	if (*node->settings->hostname)
		snprintf(hostname, sizeof(hostname), "%s", node->settings->hostname);
	else
		gethostname(hostname, sizeof(hostname) - 1);
	ret = admin_first_domain(node->store, hostname, &added, error);
	if (added)
		keel_log(KEEL_LOG_NOTICE, "made the host's name a local domain, with its postmaster", "domain",
			 hostname, NULL);
	return ret;
}

static int on_start(struct keel_service *service, const void *settings, void **state)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct node *node = *state;
	int ret;

	keel_buffer_init(&error, 0);
	node->base = keel_service_base(service);
	ret = post_box_new(node->base, &node->box);
	if (ret)
		return ret;
	ret = open_store(node, &error);
	if (ret)
		return failed("cannot open the store", ret, &error);
	ret = first_domain(node, &error);
	if (!ret)
		ret = make_rules(node, node->settings, &node->rules, &error);
	if (ret)
		return failed("cannot start", ret, &error);
	ret = start_rest(node);
	if (!ret)
		ret = control_start(node, &error);
	if (ret)
		return failed("cannot start", ret, &error);
	for (size_t i = 0; i < node->n_listeners; i++) {
		const struct listener *l = &node->listeners[i];

		keel_log(KEEL_LOG_NOTICE, "listening", "protocol", l->name, l->path ? "path" : "port",
			 l->path ? l->path : KEEL_N(endpoint_port(l->fd)), NULL);
	}
	keel_service_status(service, "serving %s", node->rules->hostname);
	return 0;
}

/* ---- changes ------------------------------------------------------------------------------------------ */

static int on_reload(struct keel_service *service, const void *settings, const void *old, void *state)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct node *node = state;
	struct rules *rules;
	int ret;

	keel_buffer_init(&error, 0);
	ret = make_rules(node, settings, &rules, &error);
	if (ret)
		return failed("reload", ret, &error);
	ret = spread_rules(node, rules);
	if (ret) {
		rules_put(&rules);
		return ret;
	}
	node->settings = settings;
	return 0;
}

static bool on_alive(struct keel_service *service, void *state)
{
	const struct node *node = state;
	const uint64_t now = loop_monotonic_ms() / 1000;

	for (size_t i = 0; i < node->n_loops; i++) {
		const uint64_t beat = atomic_load_explicit(&node->loops[i]->beat, memory_order_relaxed);

		if (beat + BEAT_LATE < now) {
			keel_log(KEEL_LOG_ERROR, "a loop is stuck", "loop", KEEL_N(i), "seconds", KEEL_N(now - beat),
				 NULL);
			return false;
		}
	}
	return true;
}

/* ---- the end -------------------------------------------------------------------------------------------- */

static void on_stop(struct keel_service *service, void *state)
{
	struct node *node = state;

	node->stopping = true;
	control_cancel(node);
	for (size_t i = 0; i < node->n_loops; i++)
		loop_drain(node->loops[i]);
	if (!node->loops_running)
		keel_service_stopped(service);
}

static void on_end(struct keel_service *service, void *state)
{
	struct node *node = state;

	if (!node)
		return;
	node->stopping = true;
	control_cancel(node);
	for (size_t i = 0; i < node->n_loops; i++) {
		loop_halt(node->loops[i]);
		loop_join(node->loops[i]);
	}
	/* Workers finish; their answers let go of readers; the store finishes; its answers let go of the rest. */
	control_join(node);
	worker_pool_free(&node->workers);
	for (size_t i = 0; i < node->n_loops; i++)
		post_box_run(node->loops[i]->box);
	if (node->box)
		post_box_run(node->box);
	control_stop(node);
	store_close(&node->store);
	for (size_t i = 0; i < node->n_loops; i++)
		loop_free(&node->loops[i]);
	free(node->loops);
	node->loops = NULL;
	metrics_end(&node->metrics);
	if (node->metrics_fd >= 0)
		close(node->metrics_fd);
	post_box_free(&node->box);
	rules_put(&node->rules);
	login_cache_free(&node->logins);
	maildrops_free(&node->maildrops);
	limits_free(&node->limits);
	listeners_free(node);
	free(node);
}

int main(int argc, char **argv)
{
	static const struct keel_service_face face = {
		.name = "porcupined",
		.summary = "A mail node: SMTP and LMTP in, POP3 out, a durable log between them.",
		.default_config = "/etc/porcupine/porcupined.conf",
		.offset_user = offsetof(struct node_settings, user),
		.offset_level = offsetof(struct node_settings, log_level),
		.validate = node_settings_validate,
		.bind = on_bind,
		.start = on_start,
		.reload = on_reload,
		.stop = on_stop,
		.end = on_end,
		.stop_seconds = 20,
		.alive = on_alive,
	};
	struct keel_service_face with_table = face;

	with_table.settings = node_settings_table;
	return keel_service_main(&with_table, argc, argv);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/control.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "porcupined/admin/admin.h"
#include "porcupined/node/loop.h"
#include "porcupined/node/metrics.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define LONG_AT_ONCE 4
#define PROGRESS_MS 250

/* A request under way. */
struct order {
	struct worker_job job;
	struct node *node;
	struct keel_control_call *call;
	const struct admin_verb *verb;
	json_t *request, *result;
	struct keel_buffer error;
	int ret;
	/* long ones */
	struct order *next;
	pthread_t thread;
	struct post ended;
	_Atomic bool cancel;
	uint64_t told; /* monotonic ms of the last progress line */
	unsigned cost; /* of password hashes; the rules are the main thread's */
	bool threaded;
};

struct progress {
	struct post post;
	struct order *order;
	uint64_t done, total;
};

struct care {
	struct order *first;
	size_t n;
};

static void run_progress(struct post *post)
{
	struct progress *p = (struct progress *)(void *)post;

	if (keel_control_gone(p->order->call))
		atomic_store(&p->order->cancel, true);
	else
		keel_control_progress(p->order->call, json_pack("{s:I, s:I}", "done", (json_int_t)p->done, "total",
								(json_int_t)p->total));
	free(p);
}

static int on_progress(uint64_t done, uint64_t total, void *arg)
{
	struct order *o = arg;
	const uint64_t now = loop_monotonic_ms();
	struct progress *p;

	if (atomic_load(&o->cancel))
		return 1;
	if (now - o->told < PROGRESS_MS)
		return 0;
	o->told = now;
	p = malloc(sizeof(*p));
	if (p) {
		*p = (struct progress){ .post.run = run_progress, .order = o, .done = done, .total = total };
		post_send(o->node->box, &p->post);
	}
	return 0;
}

static void run_order(struct order *o)
{
	const struct admin admin = {
		.store = o->node->store,
		.cost = o->cost,
		.progress = o->threaded ? on_progress : NULL,
		.arg = o,
	};

	o->ret = o->verb->run(&admin, o->request, &o->result, &o->error);
}

/* Main thread: answers and frees. */
static void end_order(struct order *o)
{
	const char *why = o->error.len ? keel_buffer_text(&o->error) : NULL;

	if (!o->ret && o->verb->domains)
		node_refresh(o->node);
	if (o->ret)
		keel_control_fail(o->call, "%s", why ? why : strerror(-o->ret));
	else
		keel_control_ok(o->call, keel_take(o->result));
	if (!o->ret && !o->verb->is_long && !strstr(o->verb->name, "list")) {
		const char *address = json_string_value(json_object_get(o->request, "address"));
		const char *domain = json_string_value(json_object_get(o->request, "domain"));

		keel_log(KEEL_LOG_NOTICE, "changed by an operator", "verb", o->verb->name, "what",
			 address  ? address
			 : domain ? domain
				  : "",
			 NULL);
	}
	json_decref(o->request);
	json_decref(o->result);
	keel_buffer_free(&o->error);
	free(o);
}

static void job_run(struct worker_job *job)
{
	run_order((struct order *)(void *)job);
}

static void job_done(struct worker_job *job)
{
	end_order((struct order *)(void *)job);
}

static void run_ended(struct post *post)
{
	struct order *o = (struct order *)(void *)((char *)post - offsetof(struct order, ended)),
		     **at = &o->node->care->first;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	o->node->care->n--;
	pthread_join(o->thread, NULL);
	end_order(o);
}

static void *run_thread(void *arg)
{
	struct order *o = arg;

	run_order(o);
	o->ended.run = run_ended;
	post_send(o->node->box, &o->ended);
	return NULL;
}

static void run_admin(struct keel_control_call *call, json_t *request, void *arg)
{
	struct node *node = arg;
	struct order *o = calloc(1, sizeof(*o));
	int ret;

	if (!o) {
		keel_control_fail(call, "out of memory");
		return;
	}
	o->node = node;
	o->call = call;
	o->cost = node->rules->auth_cost;
	o->verb = admin_find(json_string_value(json_object_get(request, "verb")));
	o->request = json_incref(request);
	keel_buffer_init(&o->error, 0);
	if (node->stopping || (o->verb->is_long && node->care->n >= LONG_AT_ONCE)) {
		keel_buffer_puts(&o->error,
				 node->stopping ? "the node is stopping" : "enough of this is running already");
		o->ret = -EBUSY;
		end_order(o);
		return;
	}
	if (!o->verb->is_long) {
		o->job = (struct worker_job){ .run = job_run, .done = job_done, .back = node->box };
		worker_submit(node->workers, WORKER_SLOW, &o->job);
		return;
	}
	o->threaded = true;
	o->next = node->care->first;
	node->care->first = o;
	node->care->n++;
	ret = pthread_create(&o->thread, NULL, run_thread, o);
	if (ret) {
		node->care->first = o->next;
		node->care->n--;
		o->ret = -ret;
		end_order(o);
	}
}

/* ---- the node itself ------------------------------------------------------------------------------------ */

static json_t *store_part(const struct store_status *s)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "uuid", s->uuid, "node",
			 (json_int_t)s->node, "next_lsn", (json_int_t)s->next_lsn, "synced_lsn",
			 (json_int_t)s->synced_lsn, "indexed_lsn", (json_int_t)s->indexed_lsn, "segments",
			 (json_int_t)s->segments, "octets", (json_int_t)s->octets, "live_octets",
			 (json_int_t)s->live_octets, "quarantined", (json_int_t)s->quarantined, "accounts",
			 (json_int_t)s->accounts, "messages", (json_int_t)s->messages, "open_octets_read",
			 (json_int_t)s->open_octets_read, "state",
			 !s->writable             ? "good"
			 : s->writable == -ENOSPC ? "full"
						  : "read-only");
}

static void run_status(struct keel_control_call *call, json_t *request, void *arg)
{
	struct node *node = arg;
	struct store_status s;
	json_t *ports = json_object();
	const int ret = store_get_status(node->store, &s);

	if (ret) {
		json_decref(ports);
		keel_control_fail(call, "store: %s", strerror(-ret));
		return;
	}
	for (size_t i = 0; i < node->n_listeners; i++) {
		const unsigned port = listener_port(node, node->listeners[i].name);

		if (port)
			json_object_set_new(ports, node->listeners[i].name, json_integer(port));
	}
	if (node->metrics_port)
		json_object_set_new(ports, "metrics", json_integer(node->metrics_port));
	keel_control_ok(call,
			json_pack("{s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:i, s:o, s:o}", "version", OSNC_VERSION,
				  "hostname", node->rules->hostname, "pid", (int)getpid(), "uptime",
				  (json_int_t)((uint64_t)time(NULL) - node->started), "sessions",
				  (json_int_t)limits_sessions(node->limits), "received",
				  (json_int_t)node_metric.received, "retrieved", (json_int_t)node_metric.retrieved,
				  "loops", (int)node->n_loops, "ports", ports, "store", store_part(&s)));
}

static void run_metrics(struct keel_control_call *call, json_t *request, void *arg)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer text;

	keel_buffer_init(&text, 0);
	if (node_metrics_write(&text))
		keel_control_fail(call, "out of memory");
	else
		keel_control_ok(call, json_pack("{s:s}", "text", keel_buffer_text(&text)));
}

static void run_reload(struct keel_control_call *call, json_t *request, void *arg)
{
	/* the very signal: there is one way to reload */
	kill(getpid(), SIGHUP);
	keel_control_ok(call, NULL);
}

static void run_stop(struct keel_control_call *call, json_t *request, void *arg)
{
	struct node *node = arg;

	keel_control_ok(call, NULL);
	keel_service_stop(node->service);
}

static void run_log_level(struct keel_control_call *call, json_t *request, void *arg)
{
	const char *name = json_string_value(json_object_get(request, "level"));
	enum keel_log_level level;

	if (name && keel_log_level_parse(name, &level)) {
		keel_control_fail(call, "no such level: %s (error, warning, notice, info, debug)", name);
		return;
	}
	if (name)
		keel_log_set_level(level);
	keel_control_ok(call, json_pack("{s:s}", "level", keel_log_level_name(keel_log_get_level())));
}

/* ---- the socket --------------------------------------------------------------------------------------------- */

static const struct keel_control_verb own[] = {
	{ "status", run_status, "what the node is doing" },
	{ "metrics", run_metrics, "everything that is counted, as Prometheus text" },
	{ "reload", run_reload, "read the settings and the certificate again" },
	{ "stop", run_stop, "end the node" },
	{ "log_level", run_log_level, "show the log level, or set it: level" },
};

static struct keel_control_verb *all;

static int make_table(size_t *n)
{
	*n = KEEL_COUNT(own) + admin_verbs_n;
	all = calloc(*n, sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all, own, sizeof(own));
	for (size_t i = 0; i < admin_verbs_n; i++)
		all[KEEL_COUNT(own) + i] =
			(struct keel_control_verb){ admin_verbs[i].name, run_admin, admin_verbs[i].help };
	return 0;
}

static int find_group(const char *name, gid_t *out)
{
	const struct group *group;

	*out = (gid_t)-1;
	if (!*name)
		return 0;
	group = getgrnam(name);
	if (!group)
		return -ENOENT;
	*out = group->gr_gid;
	return 0;
}

int control_start(struct node *node, struct keel_buffer *error)
{
	const char *path = node->settings->control_path;
	int fd = keel_service_inherited(node->service, "control", 0);
	gid_t gid;
	size_t n;
	int ret;

	node->care = calloc(1, sizeof(*node->care));
	if (!node->care)
		return -ENOMEM;
	ret = find_group(node->settings->control_group, &gid);
	if (ret) {
		keel_buffer_printf(error, "control.group: no such group: %s", node->settings->control_group);
		return ret;
	}
	if (fd < 0 && !*path)
		return 0;
	ret = make_table(&n);
	if (ret)
		return ret;
	if (fd >= 0) {
		fd = dup(fd);
		if (fd < 0)
			return -errno;
	}
	ret = keel_control_new(node->base, path, fd, gid, all, n, node, &node->control);
	if (ret) {
		if (fd >= 0)
			close(fd);
		keel_buffer_printf(error, "cannot serve the control socket %s: %s%s", path, strerror(-ret),
				   ret == -ENOENT ? ": its directory is missing" : "");
	}
	return ret;
}

void control_cancel(struct node *node)
{
	for (struct order *o = node->care ? node->care->first : NULL; o; o = o->next)
		atomic_store(&o->cancel, true);
}

void control_join(struct node *node)
{
	/* each posts its end as its last act, so that running the box joins and answers */
	while (node->care && node->care->first) {
		usleep(1000);
		post_box_run(node->box);
	}
}

void control_stop(struct node *node)
{
	keel_control_free(&node->control);
	free(keel_take(node->care));
	free(keel_take(all));
}

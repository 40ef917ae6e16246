/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control socket: a unix stream socket that speaks JSON lines. A request is one object {"verb": "...", ...}; answers are
 * zero or more {"progress": ...} lines, then one {"ok": true, ...} or {"ok": false, "error": "..."}. The server is a table of
 * verbs on a libevent base; peers are admitted by SO_PEERCRED (root, the daemon's own uid, or a configured group's gid).
 */
#ifndef KEEL_CONTROL_H
#define KEEL_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define KEEL_CONTROL_LINE_MOST (1u << 20) /* octets of a request, its line end not counted */

struct event_base;
struct keel_control;
struct keel_control_call; /* one request under way; lives until finished */

/*
 * Runs on the base's thread. A client may send requests ahead: those of one connection run one after the other, answered in
 * order; connections do not wait for each other. A verb that has to wait returns and ends its call later. request is borrowed for
 * the call's duration; take a reference to keep it. The verb must end the call exactly once, now or later (from the same
 * thread), with keel_control_ok or keel_control_fail.
 */
typedef void (*keel_control_verb_fn)(struct keel_control_call *call, json_t *request, void *arg);

struct keel_control_verb {
	const char *name;
	keel_control_verb_fn run;
	const char *help; /* one line; the verb "help", which is there unless the table has one, lists them */
};

/*
 * fd: a bound, listening socket to own from success on (of a keel_service_inherited socket: a dup), or -1 to bind path: mode 0660
 * and the group's if gid is given; a stale socket is replaced only if nobody answers on it (-EADDRINUSE), another kind of file
 * never (-ENOTSOCK). gid: group admitted besides root and own uid, or (gid_t)-1. Verbs and arg are borrowed. 0 or -errno.
 */
int keel_control_new(struct event_base *base, const char *path, int fd, gid_t gid,
		     const struct keel_control_verb *verbs, size_t n, void *arg, struct keel_control **out);
/* Closes connections and the socket, unlinks a path it bound. Calls under way stay and must still be ended. Not from within
 * a verb. *control may be NULL. */
void keel_control_free(struct keel_control **control);
/* result: members of the answer beside "ok"; reference stolen; NULL = none. */
void keel_control_ok(struct keel_control_call *call, json_t *result);
void keel_control_fail(struct keel_control_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A {"progress": value} line; reference stolen. */
void keel_control_progress(struct keel_control_call *call, json_t *value);
/* True once the client has closed its connection: what still works for it may stop. The call must be ended all the same. */
bool keel_control_gone(const struct keel_control_call *call);

/* Client, blocking: sends the request (borrowed), calls progress (may be NULL) per progress line, returns the last answer in
 * *answer (new reference). 0 if an answer came (see "ok"), or -errno (-ECONNREFUSED, -ENOENT, -ETIMEDOUT, -EPROTO ...).
 * timeout in seconds without any line; 0 = none. */
int keel_control_request(const char *path, json_t *request, void (*progress)(json_t *value, void *arg), void *arg,
			 unsigned timeout, json_t **answer);

#endif

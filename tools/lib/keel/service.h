/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon skeleton: options (--config, --set, --check, --dump, --help, --version), settings, log, NOFILE, privilege drop,
 * socket activation, sd_notify and watchdog, signals (TERM/INT stop, a second one at once; HUP reload; USR1 log level up;
 * USR2 down), ordered stop. A daemon is this plus callbacks; main() is one call.
 */
#ifndef KEEL_SERVICE_H
#define KEEL_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include "tools/lib/keel/buffer.h"
#include "tools/lib/keel/setting.h"

struct event_base;
struct keel_service;

struct keel_service_face {
	const char *name;           /* "porcupined" */
	const char *summary;        /* one sentence for --help */
	const char *default_config; /* read if it exists; --config makes it mandatory */
	struct keel_settings settings;
	/* Both count only if a row of that type stands at the offset. */
	size_t offset_user;  /* of a STRING setting: user to become when started as root; "" = stay */
	size_t offset_level; /* of a CHOICE setting: log level, in the order of enum keel_log_level */
	/* Checks that rows cannot express. 0, or -EINVAL with error. May be NULL. */
	int (*validate)(const void *settings, struct keel_buffer *error);
	/* Still root: bind low ports, open what needs root. settings stay owned by the service and valid until a reload's
	 * callback has returned. May be NULL. */
	int (*bind)(struct keel_service *service, const void *settings, void **state);
	/* After the drop: start all. READY=1 is sent when it returns 0. */
	int (*start)(struct keel_service *service, const void *settings, void **state);
	/* SIGHUP: new settings are loaded and valid; old ones are freed after it returns. Nonzero (-errno) = keep the old ones.
	 * NULL: SIGHUP changes nothing and says so. */
	int (*reload)(struct keel_service *service, const void *settings, const void *old, void *state);
	/* TERM: begin to end; call keel_service_stopped() when sessions are done. A limit of stop_seconds bounds it. NULL = nothing
	 * to wait for. */
	void (*stop)(struct keel_service *service, void *state);
	/* Always last, also after a failed bind or start: frees state, which may be NULL. */
	void (*end)(struct keel_service *service, void *state);
	unsigned stop_seconds; /* 0 = 10 */
	/* Asked before each watchdog ping: false = no ping. NULL = that the main loop turns is proof enough. */
	bool (*alive)(struct keel_service *service, void *state);
};

/* Returns main()'s exit status: 0, 1 (failure while running or starting), 2 (usage), 78 (EX_CONFIG). */
int keel_service_main(const struct keel_service_face *face, int argc, char **argv);
/* The base of the main thread. */
struct event_base *keel_service_base(struct keel_service *service);
/* The file that settings were last read from, or NULL: defaults only. */
const char *keel_service_config_path(struct keel_service *service);
/* Everything is ended: the loop returns. Main thread only. */
void keel_service_stopped(struct keel_service *service);
/* The daemon asks for its own end, as by SIGTERM; any thread. */
void keel_service_stop(struct keel_service *service);
/* Inherited sockets (sd_listen_fds_with_names): the index-th fd of that FileDescriptorName, or -1. The service owns it and
 * closes it last: what closes its descriptor itself (evconnlistener, keel_control_new) gets a dup. */
int keel_service_inherited(struct keel_service *service, const char *name, size_t index);
/* How often a watchdog that waits for usec microseconds (sd_watchdog_enabled(3)) is told: twice in that time. */
struct timeval keel_service_period(uint64_t usec);
/* STATUS= line for systemctl status. */
void keel_service_status(struct keel_service *service, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

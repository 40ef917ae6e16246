/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structured logs: one line an event, "message key=value ..." with values quoted where needed; to stderr, or to
 * the systemd journal with native fields (KEY=value) when stderr is connected to it. Thread-safe.
 */
#ifndef KEEL_LOG_H
#define KEEL_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum keel_log_level {
	KEEL_LOG_ERROR,
	KEEL_LOG_WARNING,
	KEEL_LOG_NOTICE,
	KEEL_LOG_INFO,
	KEEL_LOG_DEBUG,
	KEEL_LOG_LEVELS
};

/* Suppresses a repeated event: at most 'burst' lines per 'interval' seconds, then one "suppressed=N" line. Zero-initialise
 * 'state'; static storage. */
struct keel_log_limit {
	unsigned burst;
	unsigned interval;
	uint64_t window; /* state: start of the window, monotonic ns */
	uint64_t count;  /* state: events in it */
};

/* program: name shown in front (borrowed for ever). Chooses journal or stderr. */
void keel_log_open(const char *program);
void keel_log_set_level(enum keel_log_level level);
enum keel_log_level keel_log_get_level(void);
/* Name ("error".."debug") <-> level; 0 or -EINVAL. */
int keel_log_level_parse(const char *name, enum keel_log_level *level);
const char *keel_log_level_name(enum keel_log_level level);
/* Tests and tools: lines go to fd instead (-1 = back). */
void keel_log_to_fd(int fd);

/*
 * One event. text: a constant sentence; then pairs: const char *key, const char *format-less value string ..., NULL.
 * Values with spaces, quotes, '=' or control octets are quoted and escaped: bytes from the network cannot forge lines.
 * keel_log(KEEL_LOG_INFO, "message stored", "from", sender, "size", KEEL_N(size), NULL);
 */
void keel_log(enum keel_log_level level, const char *text, ...) __attribute__((sentinel));
/* The same under a rate limit. */
void keel_log_limited(struct keel_log_limit *limit, enum keel_log_level level, const char *text, ...)
	__attribute__((sentinel));
/* True if such a line would be written: guards costly arguments. */
bool keel_log_on(enum keel_log_level level);

/* A number as a value: formats into a compound literal that lives as long as the enclosing block. */
struct keel_log_number {
	char text[24];
};
const char *keel_log_number(struct keel_log_number *n, int64_t v);
#define KEEL_N(v) keel_log_number(&(struct keel_log_number){ { 0 } }, (int64_t)(v))

#endif

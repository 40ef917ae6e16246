/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tiny daemon in a child process. It tells what it does through its trace pipe; what it tells the service manager arrives at our
 * notify socket; stdout and stderr are files. The test waits for words, never for time alone.
 */
#ifndef TESTS_UNIT_KEEL_TINYD_H
#define TESTS_UNIT_KEEL_TINYD_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "tools/lib/keel/service.h"

struct settings {
	char *user;
	int level;
	uint64_t value;
	uint64_t port;
};

extern char folder[], config[64], output[64], errors[64], notify[64];
extern int trace[2], notified;
extern pid_t child;
extern struct keel_service_face face;

/* what the next child does */
struct plan {
	int bind, start, reload; /* returned */
	bool never_stopped;
	bool busy_in_stop; /* stop() does not return */
	bool thread_stops;
	bool no_ping;
	unsigned start_ms;
	unsigned stop_seconds;
	bool no_reload;
};
extern struct plan plan;

/* The last callback of the face. */
void end(struct keel_service *service, void *state);
/* The fixture. */
void setup(void);
void teardown(void);
void write_file(const char *path, const char *text);
/* What is in a file, until the next call. */
const char *read_file(const char *path);
/* Says it through the trace pipe. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Starts the daemon with up to two arguments. prepare runs in the child first. */
void launch_with(void (*prepare)(void), char *first, char *second);
void launch(char *first, char *second);
/* The next words for the service manager; fails after ten seconds. */
const char *told(void);
/* Waits for these. */
void await(const char *words);
/* The child's exit status, or 1000 + the signal that ended it. */
int ended(void);
/* What came through the trace pipe since the last call. */
const char *traced(void);

#define ck_has(text, part)                                                                         \
	do {                                                                                       \
		const char *ck_text = (text);                                                      \
		ck_assert_msg(strstr(ck_text, (part)) != NULL, "\"%s\" is not in: %.3000s", (part), ck_text); \
	} while (0)

#endif

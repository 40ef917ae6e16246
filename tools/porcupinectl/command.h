/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of subcommands: options and operands become a request, the answer becomes text. */
#ifndef PORCUPINECTL_COMMAND_H
#define PORCUPINECTL_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/lib/keel/subcommand.h"

#define DEFAULT_SOCKET "/run/porcupine/control"

/* The options before the subcommand. */
struct global {
	const char *socket;
	const char *store;
	bool json;
};

/* Every option of every subcommand; a subcommand's rows say which it takes. */
struct given {
	bool json;
	const char *password_file;
	bool generate;
	bool no_login;
	const char *hash;
	const char *quota;
	bool force;
	const char *format;
	uint64_t min_dead;
};

struct command {
	struct keel_subcommand sub;
	const char *verb; /* of the control socket */
	/* Fills the request. 0 or -errno with error. NULL: operands are not looked at. */
	int (*fill)(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error);
	/* Prints a good answer; returns the exit status. NULL: prints nothing. */
	int (*show)(json_t *answer, FILE *out);
	bool offline; /* works with --store */
};

extern const struct keel_subcommands commands; /* of struct command */

/* show.c */
int show_status(json_t *answer, FILE *out);
int show_users(json_t *answer, FILE *out);
int show_domains(json_t *answer, FILE *out);
int show_aliases(json_t *answer, FILE *out);
int show_added(json_t *answer, FILE *out);
int show_removed(json_t *answer, FILE *out);
int show_scrub(json_t *answer, FILE *out);
int show_compact(json_t *answer, FILE *out);
int show_transfer(json_t *answer, FILE *out);
int show_metrics(json_t *answer, FILE *out);
int show_level(json_t *answer, FILE *out);

/* secret.c: the password that the options ask for: from a file, generated (then *made is true), typed twice on a terminal, or a line
 * of stdin. out holds PASSWORD_MAX octets. 0 or -errno with error. */
int secret_get(const struct given *given, char *out, bool *made, struct keel_buffer *error);

/* size.c: "1048576", "1M", "2G", "none" or "default" (0). 0 or -EINVAL. */
int size_parse(const char *text, uint64_t *out);
/* "4.6M" into out, which is returned. */
const char *size_show(uint64_t octets, char out[24]);

#define EXIT_DAMAGE 4

#endif

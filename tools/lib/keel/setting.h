/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings: one table a daemon drives parsing (libconfig syntax), defaults, bounds, --dump and the manual page.
 * An unknown key, a wrong type or a value out of bounds is an error that names file, line and key. A reload fills a new struct,
 * then the caller swaps: a failed load changes nothing.
 */
#ifndef KEEL_SETTING_H
#define KEEL_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/lib/keel/buffer.h"

enum keel_setting_type {
	KEEL_SETTING_BOOL,    /* bool */
	KEEL_SETTING_NUMBER,  /* uint64_t; min..max */
	KEEL_SETTING_SIZE,    /* uint64_t octets; file: number, or "64M" with k, M, G (powers of 1024) */
	KEEL_SETTING_SECONDS, /* uint64_t seconds; file: number, or "5m", "2h", "1d" */
	KEEL_SETTING_STRING,  /* char *, owned by the struct */
	KEEL_SETTING_STRINGS, /* char **, NULL-terminated, owned; file: [ "a", "b" ] or one string */
	KEEL_SETTING_CHOICE,  /* int: index into choices */
};

struct keel_setting {
	const char *name; /* "smtp.listen": a dot opens a libconfig group */
	enum keel_setting_type type;
	size_t offset;
	const char *default_value;  /* as text; strings list: comma separated; NULL = empty */
	uint64_t min, max;          /* NUMBER, SIZE, SECONDS; max 0 = no bound but 2^63 - 1 */
	const char *const *choices; /* CHOICE: NULL-terminated */
	bool restart;               /* a change takes effect at restart only */
	const char *help;           /* one sentence; the manual has the same words */
};

struct keel_settings {
	const struct keel_setting *rows;
	size_t n;
	size_t size; /* of the struct the rows fill */
};

/* All defaults into *out (uninitialised memory of table->size octets). 0 or -errno. */
int keel_settings_defaults(const struct keel_settings *table, void *out);
/* Defaults, then the file. path NULL: defaults only. On failure *out holds nothing to free and error (if not NULL) says
 * "path:line: key: why". */
int keel_settings_load(const struct keel_settings *table, const char *path, void *out, struct keel_buffer *error);
/* The same from memory; name stands in errors for the path. */
int keel_settings_load_text(const struct keel_settings *table, const char *name, const char *text, size_t len,
			    void *out, struct keel_buffer *error);
/* Sets one row from "name=value" text (command line --set); on failure the row keeps its value. error may be NULL.
 * 0 or -errno with error. */
int keel_settings_set(const struct keel_settings *table, void *settings, const char *assignment,
		      struct keel_buffer *error);
/* Frees what the struct owns. */
void keel_settings_free(const struct keel_settings *table, void *settings);
/* Writes all rows in the file's syntax, each under its help as a comment; what is written loads to the same values. */
int keel_settings_dump(const struct keel_settings *table, const void *settings, struct keel_buffer *out);
/* Appends the names of rows that differ between a and b and need a restart, comma separated. */
int keel_settings_need_restart(const struct keel_settings *table, const void *a, const void *b,
			       struct keel_buffer *out);

#endif

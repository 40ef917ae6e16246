/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One row of a settings table: what setting.c (table, text) and setting_file.c (libconfig) share. Nobody else includes it. */
#ifndef KEEL_SETTING_ROW_H
#define KEEL_SETTING_ROW_H

#include "tools/lib/keel/setting.h"

/* The field of a row in the struct. */
static inline void *keel_setting_field(const struct keel_setting *row, const void *settings)
{
	return (char *)settings + row->offset;
}

/* The row of that name (len octets), or NULL. */
const struct keel_setting *keel_setting_find(const struct keel_settings *table, const char *name, size_t len);
/* True if a row's name starts with "name.". */
bool keel_setting_is_group(const struct keel_settings *table, const char *name, size_t len);
/* Each takes a value in, after freeing the old one, or appends why not to error: 0, -EINVAL or -ENOMEM. */
int keel_setting_take_number(const struct keel_setting *row, void *settings, uint64_t value, struct keel_buffer *error);
int keel_setting_take_text(const struct keel_setting *row, void *settings, const char *text, struct keel_buffer *error);
int keel_setting_take_string(const struct keel_setting *row, void *settings, const char *text,
			     struct keel_buffer *error);
/* n strings, copied. */
int keel_setting_take_strings(const struct keel_setting *row, void *settings, const char *const *texts, size_t n,
			      struct keel_buffer *error);
/* Appends " (did you mean X?)" if a row's name is close to this one. */
void keel_setting_guess(const struct keel_settings *table, const char *name, struct keel_buffer *error);
/* Appends what the row takes: "must be a number from 1 to 10". */
void keel_setting_expects(const struct keel_setting *row, struct keel_buffer *out);
/* Frees what the row owns in the struct. */
void keel_setting_release(const struct keel_setting *row, void *settings);
/* error may be NULL. */
void keel_setting_say(struct keel_buffer *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

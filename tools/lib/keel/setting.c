// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/setting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/setting_row.h"

struct unit {
	char letter;
	uint64_t factor;
};

/* the greatest first: dump writes the first that divides a value */
static const struct unit sizes[] = { { 'G', 1 << 30 }, { 'M', 1 << 20 }, { 'k', 1 << 10 }, { 0, 0 } };
static const struct unit times[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 }, { 0, 0 } };

static const struct unit *units_of(const struct keel_setting *row)
{
	return row->type == KEEL_SETTING_SIZE ? sizes : row->type == KEEL_SETTING_SECONDS ? times : NULL;
}

void keel_setting_say(struct keel_buffer *error, const char *format, ...)
{
	va_list ap;

	if (!error)
		return;
	va_start(ap, format);
	keel_buffer_vprintf(error, format, ap);
	va_end(ap);
}

const struct keel_setting *keel_setting_find(const struct keel_settings *table, const char *name, size_t len)
{
	for (size_t i = 0; i < table->n; i++)
		if (strlen(table->rows[i].name) == len && memcmp(table->rows[i].name, name, len) == 0)
			return &table->rows[i];
	return NULL;
}

bool keel_setting_is_group(const struct keel_settings *table, const char *name, size_t len)
{
	for (size_t i = 0; i < table->n; i++)
		if (strncmp(table->rows[i].name, name, len) == 0 && table->rows[i].name[len] == '.')
			return true;
	return false;
}

/* Levenshtein's distance, names of up to 63 octets; more counts as far. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[64];
	const size_t n = strlen(a), m = strlen(b);

	if (n > 63 || m > 63)
		return 64;
	for (unsigned j = 0; j <= m; j++)
		row[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			const unsigned up = row[j];
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			best = up + 1 < best ? up + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			diagonal = up;
			row[j] = best;
		}
	}
	return row[m];
}

void keel_setting_guess(const struct keel_settings *table, const char *name, struct keel_buffer *error)
{
	const char *best = NULL;
	unsigned least = 3;

	for (size_t i = 0; i < table->n; i++) {
		const unsigned d = distance(name, table->rows[i].name);

		if (d < least) {
			least = d;
			best = table->rows[i].name;
		}
	}
	if (best)
		keel_setting_say(error, " (did you mean %s?)", best);
}

/* A number, in its greatest unit that divides it when the row has units. */
static void put_number(struct keel_buffer *out, const struct keel_setting *row, uint64_t v, bool in_file)
{
	for (const struct unit *unit = units_of(row); unit && unit->letter && v; unit++)
		if (v % unit->factor == 0 && unit->factor > 1) {
			keel_buffer_printf(out, in_file ? "\"%" PRIu64 "%c\"" : "%" PRIu64 "%c", v / unit->factor,
					   unit->letter);
			return;
		}
	keel_buffer_decimal(out, v);
	if (in_file && v > INT32_MAX)
		keel_buffer_putc(out, 'L'); /* libconfig's mark of 64 bits */
}

static uint64_t upper(const struct keel_setting *row)
{
	return row->max && row->max < INT64_MAX ? row->max : INT64_MAX;
}

void keel_setting_expects(const struct keel_setting *row, struct keel_buffer *out)
{
	static const char *const kinds[] = {
		[KEEL_SETTING_BOOL] = "true or false",
		[KEEL_SETTING_NUMBER] = "a number",
		[KEEL_SETTING_SIZE] = "a size such as 4096 or \"64M\" (k, M, G)",
		[KEEL_SETTING_SECONDS] = "a time such as 30 or \"5m\" (s, m, h, d)",
		[KEEL_SETTING_STRING] = "a string",
		[KEEL_SETTING_STRINGS] = "a list of strings such as [ \"a\", \"b\" ]",
		[KEEL_SETTING_CHOICE] = "one of",
	};

	if (!out)
		return;
	keel_buffer_printf(out, "must be %s", kinds[row->type]);
	if (row->type == KEEL_SETTING_CHOICE)
		for (unsigned i = 0; row->choices[i]; i++)
			keel_buffer_printf(out, "%s \"%s\"", i ? "," : "", row->choices[i]);
	if (row->type < KEEL_SETTING_NUMBER || row->type > KEEL_SETTING_SECONDS)
		return;
	if (row->max) {
		keel_buffer_puts(out, " from ");
		put_number(out, row, row->min, false);
		keel_buffer_puts(out, " to ");
		put_number(out, row, row->max, false);
	} else if (row->min) {
		keel_buffer_puts(out, " of at least ");
		put_number(out, row, row->min, false);
	}
}

static int refuse(const struct keel_setting *row, struct keel_buffer *error)
{
	keel_setting_expects(row, error);
	return -EINVAL;
}

static int no_memory(struct keel_buffer *error)
{
	keel_setting_say(error, "out of memory");
	return -ENOMEM;
}

int keel_setting_take_number(const struct keel_setting *row, void *settings, uint64_t value, struct keel_buffer *error)
{
	if (value < row->min || value > upper(row))
		return refuse(row, error);
	*(uint64_t *)keel_setting_field(row, settings) = value;
	return 0;
}

int keel_setting_take_string(const struct keel_setting *row, void *settings, const char *text,
			     struct keel_buffer *error)
{
	char **field = keel_setting_field(row, settings);
	char *copy = strdup(text);

	if (!copy)
		return no_memory(error);
	free(*field);
	*field = copy;
	return 0;
}

static void free_strings(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

int keel_setting_take_strings(const struct keel_setting *row, void *settings, const char *const *texts, size_t n,
			      struct keel_buffer *error)
{
	char ***field = keel_setting_field(row, settings);
	char **list = calloc(n + 1, sizeof(*list));

	if (!list)
		return no_memory(error);
	for (size_t i = 0; i < n; i++) {
		list[i] = strdup(texts[i]);
		if (!list[i]) {
			free_strings(list);
			return no_memory(error);
		}
	}
	free_strings(*field);
	*field = list;
	return 0;
}

/* digits, then one of the row's unit letters or nothing */
static int parse_number(const struct keel_setting *row, const char *text, uint64_t *out)
{
	const struct unit *unit = units_of(row);
	uint64_t v = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (unsigned)(*text - '0'), &v))
			return -ERANGE;
	if (*text) {
		while (unit && unit->letter && unit->letter != *text)
			unit++;
		if (!unit || !unit->letter || text[1])
			return -EINVAL;
		if (__builtin_mul_overflow(v, unit->factor, &v))
			return -ERANGE;
	}
	*out = v;
	return 0;
}

/* "a, b": blanks around a comma do not count; an empty text is an empty list. */
static int take_list(const struct keel_setting *row, void *settings, const char *text, struct keel_buffer *error)
{
	KEEL_AUTO_FREE char *copy = strdup(text);
	KEEL_AUTO_FREE const char **parts = calloc(strlen(text) + 1, sizeof(*parts));
	size_t n = 0;

	if (!copy || !parts)
		return no_memory(error);
	for (char *at = copy, *next; at; at = next) {
		char *end = strchrnul(at, ',');

		next = *end ? end + 1 : NULL;
		while (*at == ' ' || *at == '\t')
			at++;
		while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		*end = '\0';
		if (*at)
			parts[n++] = at;
		else if (next || n)
			return refuse(row, error);
	}
	return keel_setting_take_strings(row, settings, parts, n, error);
}

int keel_setting_take_text(const struct keel_setting *row, void *settings, const char *text, struct keel_buffer *error)
{
	void *field = keel_setting_field(row, settings);
	uint64_t number;

	switch (row->type) {
	case KEEL_SETTING_BOOL:
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return refuse(row, error);
		*(bool *)field = *text == 't';
		return 0;
	case KEEL_SETTING_NUMBER:
	case KEEL_SETTING_SIZE:
	case KEEL_SETTING_SECONDS:
		if (parse_number(row, text, &number))
			return refuse(row, error);
		return keel_setting_take_number(row, settings, number, error);
	case KEEL_SETTING_STRING:
		return keel_setting_take_string(row, settings, text, error);
	case KEEL_SETTING_STRINGS:
		return take_list(row, settings, text, error);
	case KEEL_SETTING_CHOICE:
		for (int i = 0; row->choices[i]; i++)
			if (strcmp(row->choices[i], text) == 0) {
				*(int *)field = i;
				return 0;
			}
		return refuse(row, error);
	}
	return -EINVAL;
}

void keel_setting_release(const struct keel_setting *row, void *settings)
{
	void *field = keel_setting_field(row, settings);

	if (row->type == KEEL_SETTING_STRING) {
		free(*(char **)field);
		*(char **)field = NULL;
	} else if (row->type == KEEL_SETTING_STRINGS) {
		free_strings(*(char ***)field);
		*(char ***)field = NULL;
	}
}

void keel_settings_free(const struct keel_settings *table, void *settings)
{
	for (size_t i = 0; i < table->n; i++)
		keel_setting_release(&table->rows[i], settings);
}

int keel_settings_defaults(const struct keel_settings *table, void *out)
{
	memset(out, 0, table->size);
	for (size_t i = 0; i < table->n; i++) {
		const struct keel_setting *row = &table->rows[i];
		const char *text = row->default_value;
		int ret;

		if (!text) {
			const bool named = row->type == KEEL_SETTING_STRING || row->type == KEEL_SETTING_STRINGS;

			text = named ? "" : row->type == KEEL_SETTING_BOOL ? "false" : "0";
			if (row->type == KEEL_SETTING_CHOICE)
				text = row->choices[0];
		}
		ret = keel_setting_take_text(row, out, text, NULL);
		if (ret) {
			keel_settings_free(table, out);
			return ret;
		}
	}
	return 0;
}

int keel_settings_set(const struct keel_settings *table, void *settings, const char *assignment,
		      struct keel_buffer *error)
{
	const size_t len = strcspn(assignment, "=");
	const struct keel_setting *row = keel_setting_find(table, assignment, len);

	if (!assignment[len]) {
		keel_setting_say(error, "%s: must be NAME=VALUE", assignment);
		return -EINVAL;
	}
	keel_setting_say(error, "%.*s: ", (int)len, assignment);
	if (!row) {
		KEEL_AUTO_FREE char *name = strndup(assignment, len);

		keel_setting_say(error, "unknown setting");
		if (name)
			keel_setting_guess(table, name, error);
		return -EINVAL;
	}
	return keel_setting_take_text(row, settings, assignment + len + 1, error);
}

static void put_string(struct keel_buffer *out, const char *text)
{
	keel_buffer_putc(out, '"');
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at == '"' || *at == '\\')
			keel_buffer_putc(out, '\\');
		if (*at < 0x20 || *at == 0x7f)
			keel_buffer_printf(out, "\\x%02x", *at);
		else
			keel_buffer_putc(out, *at);
	}
	keel_buffer_putc(out, '"');
}

static void put_value(struct keel_buffer *out, const struct keel_setting *row, const void *settings)
{
	const void *field = keel_setting_field(row, settings);
	char *const *list;

	switch (row->type) {
	case KEEL_SETTING_BOOL:
		keel_buffer_puts(out, *(const bool *)field ? "true" : "false");
		break;
	case KEEL_SETTING_NUMBER:
	case KEEL_SETTING_SIZE:
	case KEEL_SETTING_SECONDS:
		put_number(out, row, *(const uint64_t *)field, true);
		break;
	case KEEL_SETTING_STRING:
		put_string(out, *(char *const *)field);
		break;
	case KEEL_SETTING_STRINGS:
		list = *(char **const *)field;
		keel_buffer_puts(out, "[");
		for (size_t i = 0; list[i]; i++) {
			keel_buffer_puts(out, i ? ", " : " ");
			put_string(out, list[i]);
		}
		keel_buffer_puts(out, " ]");
		break;
	case KEEL_SETTING_CHOICE:
		put_string(out, row->choices[*(const int *)field]);
		break;
	}
}

static void put_row(struct keel_buffer *out, const struct keel_setting *row, const char *name, const void *settings,
		    int depth)
{
	keel_buffer_printf(out, "%.*s# %s\n%.*s# It ", depth, "\t\t\t\t\t\t\t\t", row->help, depth, "\t\t\t\t\t\t\t\t");
	keel_setting_expects(row, out);
	keel_buffer_printf(out, "%s.\n%.*s%s = ", row->restart ? "; a change takes effect at the next start" : "",
			   depth, "\t\t\t\t\t\t\t\t", name);
	put_value(out, row, settings);
	keel_buffer_puts(out, ";\n");
}

/* The rows whose name starts with the prefix (len octets, with its dot). A group is written where its first row stands, since
 * libconfig refuses to open it twice. */
static void put_group(struct keel_buffer *out, const struct keel_settings *table, const char *prefix, size_t len,
		      const void *settings, int depth)
{
	for (size_t i = 0; i < table->n; i++) {
		const char *name = table->rows[i].name, *dot;
		bool seen = false;

		if (strncmp(name, prefix, len) != 0)
			continue;
		dot = strchr(name + len, '.');
		if (!dot) {
			put_row(out, &table->rows[i], name + len, settings, depth);
			continue;
		}
		for (size_t j = 0; j < i && !seen; j++)
			seen = strncmp(table->rows[j].name, name, (size_t)(dot + 1 - name)) == 0;
		if (seen)
			continue;
		keel_buffer_printf(out, "%.*s%.*s: {\n", depth, "\t\t\t\t\t\t\t\t", (int)(dot - name - (ptrdiff_t)len),
				   name + len);
		put_group(out, table, name, (size_t)(dot + 1 - name), settings, depth + 1);
		keel_buffer_printf(out, "%.*s};\n", depth, "\t\t\t\t\t\t\t\t");
	}
}

int keel_settings_dump(const struct keel_settings *table, const void *settings, struct keel_buffer *out)
{
	put_group(out, table, "", 0, settings, 0);
	return out->failed;
}

static bool same(const struct keel_setting *row, const void *a, const void *b)
{
	const void *x = keel_setting_field(row, a), *y = keel_setting_field(row, b);
	char *const *left, *const *right;

	switch (row->type) {
	case KEEL_SETTING_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case KEEL_SETTING_CHOICE:
		return *(const int *)x == *(const int *)y;
	case KEEL_SETTING_STRING:
		return strcmp(*(char *const *)x, *(char *const *)y) == 0;
	case KEEL_SETTING_STRINGS:
		left = *(char **const *)x;
		right = *(char **const *)y;
		while (*left && *right && strcmp(*left, *right) == 0) {
			left++;
			right++;
		}
		return !*left && !*right;
	default:
		return *(const uint64_t *)x == *(const uint64_t *)y;
	}
}

int keel_settings_need_restart(const struct keel_settings *table, const void *a, const void *b, struct keel_buffer *out)
{
	const size_t start = out->len;

	for (size_t i = 0; i < table->n; i++) {
		if (!table->rows[i].restart || same(&table->rows[i], a, b))
			continue;
		keel_buffer_printf(out, "%s%s", out->len > start ? ", " : "", table->rows[i].name);
	}
	return out->failed;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/option.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct keel_option added[] = {
	{ "help", 'h', KEEL_OPTION_FLAG, 0, NULL, "Show this help." },
	{ "version", 0, KEEL_OPTION_FLAG, 0, NULL, "Show the version." },
};

#define ADDED (sizeof(added) / sizeof(added[0]))

static const struct keel_option *row_at(const struct keel_options *table, size_t i)
{
	return i < table->n ? &table->rows[i] : i < table->n + ADDED ? &added[i - table->n] : NULL;
}

static const struct keel_option *find_long(const struct keel_options *table, const char *name, size_t len)
{
	const struct keel_option *row;

	for (size_t i = 0; (row = row_at(table, i)) != NULL; i++)
		if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
			return row;
	return NULL;
}

static const struct keel_option *find_letter(const struct keel_options *table, char letter)
{
	const struct keel_option *row;

	for (size_t i = 0; (row = row_at(table, i)) != NULL; i++)
		if (row->letter == letter)
			return row;
	return NULL;
}

static int append_string(const char ***list, const char *value)
{
	size_t n = 0;
	const char **grown;

	while (*list && (*list)[n])
		n++;
	grown = realloc(*list, (n + 2) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[n] = value;
	grown[n + 1] = NULL;
	*list = grown;
	return 0;
}

static int parse_number(const char *text, uint64_t *out)
{
	uint64_t v = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (unsigned)(*text - '0'), &v))
			return -ERANGE;
	}
	*out = v;
	return 0;
}

static int store(const struct keel_option *row, const char *value, void *out, struct keel_buffer *error)
{
	void *field = (char *)out + row->offset;
	int ret = 0;

	switch (row->type) {
	case KEEL_OPTION_FLAG:
		*(bool *)field = true;
		break;
	case KEEL_OPTION_STRING:
		*(const char **)field = value;
		break;
	case KEEL_OPTION_STRINGS:
		ret = append_string(field, value);
		if (ret)
			keel_buffer_puts(error, "out of memory");
		break;
	case KEEL_OPTION_NUMBER:
		ret = parse_number(value, field);
		if (ret)
			keel_buffer_printf(error, "--%s: \"%s\" is not a number%s", row->name, value,
					   ret == -ERANGE ? " of 64 bits" : "");
		break;
	}
	return ret;
}

/* Moves the words [from, from + n) in front of the operands [to, from). */
static void hoist(char **argv, int to, int from, int n)
{
	for (int i = 0; i < n; i++) {
		char *word = argv[from + i];

		memmove(&argv[to + i + 1], &argv[to + i], (size_t)(from - to) * sizeof(*argv));
		argv[to + i] = word;
	}
}

struct parse {
	const struct keel_options *table;
	int argc;
	char **argv;
	void *out;
	struct keel_buffer *error;
};

/* One row was named. value: from the same word, or NULL. *at: the word after, moved on when the value is there. */
static int take_row(const struct parse *p, const struct keel_option *row, const char *value, int *at)
{
	if (row == &added[0]) {
		keel_options_help(p->table, p->error);
		return -ECANCELED;
	}
	if (row == &added[1]) {
		keel_buffer_printf(p->error, "%.*s %s (OSNC)\n", (int)strcspn(p->table->program, " "),
				   p->table->program, OSNC_VERSION);
		return -ECANCELED;
	}
	if (row->type != KEEL_OPTION_FLAG && !value) {
		if (*at == p->argc) {
			keel_buffer_printf(p->error, "--%s needs a value: %s", row->name,
					   row->argument ? row->argument : "VALUE");
			return -EINVAL;
		}
		value = p->argv[(*at)++];
	}
	return store(row, value, p->out, p->error);
}

static int take_long(const struct parse *p, const char *word, int *at)
{
	const size_t len = strcspn(word, "=");
	const struct keel_option *row = find_long(p->table, word, len);

	if (!row) {
		keel_buffer_printf(p->error, "unknown option --%.*s", (int)len, word);
		return -EINVAL;
	}
	if (word[len] == '=' && row->type == KEEL_OPTION_FLAG) {
		keel_buffer_printf(p->error, "--%s takes no value", row->name);
		return -EINVAL;
	}
	return take_row(p, row, word[len] == '=' ? word + len + 1 : NULL, at);
}

/* "-vx", "-cFILE" or "-c FILE" */
static int take_letters(const struct parse *p, const char *letters, int *at)
{
	for (; *letters; letters++) {
		const struct keel_option *row = find_letter(p->table, *letters);
		int ret;

		if (!row) {
			keel_buffer_printf(p->error, "unknown option -%c", *letters);
			return -EINVAL;
		}
		if (row->type != KEEL_OPTION_FLAG)
			return take_row(p, row, letters[1] ? letters + 1 : NULL, at);
		ret = take_row(p, row, NULL, at);
		if (ret)
			return ret;
	}
	return 0;
}

void keel_options_free(const struct keel_options *table, void *out)
{
	for (size_t i = 0; i < table->n; i++) {
		const char ***list;

		if (table->rows[i].type != KEEL_OPTION_STRINGS)
			continue;
		list = (void *)((char *)out + table->rows[i].offset);
		free(*list);
		*list = NULL;
	}
}

int keel_options_parse(const struct keel_options *table, int argc, char **argv, void *out, struct keel_buffer *error)
{
	const struct parse p = { table, argc, argv, out, error };
	int operand = 1; /* the first of the operands seen so far, which end at i */
	int ret = 0;

	for (int i = 1; i < argc;) {
		const char *word = argv[i];
		int at = i + 1;
		bool end = false;

		if (word[0] != '-' || !word[1]) {
			if (table->stop_at_first)
				break;
			i++;
			continue;
		}
		if (word[1] != '-')
			ret = take_letters(&p, word + 1, &at);
		else if (word[2])
			ret = take_long(&p, word + 2, &at);
		else
			end = true;
		if (ret)
			goto fail;
		hoist(argv, operand, i, at - i);
		operand += at - i;
		i = at;
		if (end)
			break;
	}
	return operand;
fail:
	keel_options_free(table, out);
	return ret == -ERANGE ? -EINVAL : ret;
}

int keel_options_help(const struct keel_options *table, struct keel_buffer *out)
{
	const struct keel_option *row;
	size_t widest = 0;

	keel_buffer_printf(out, "Usage: %s [OPTION]...%s%s\n", table->program,
			   table->synopsis && *table->synopsis ? " " : "", table->synopsis ? table->synopsis : "");
	if (table->summary)
		keel_buffer_printf(out, "%s\n", table->summary);
	keel_buffer_puts(out, "\nOptions:\n");
	for (size_t i = 0; (row = row_at(table, i)) != NULL; i++) {
		const size_t width = strlen(row->name) + (row->argument ? 1 + strlen(row->argument) : 0);

		widest = width > widest ? width : widest;
	}
	for (size_t i = 0; (row = row_at(table, i)) != NULL; i++) {
		const char letter[5] = { '-', row->letter, ',', ' ' };
		const size_t width = strlen(row->name) + (row->argument ? 1 + strlen(row->argument) : 0);

		keel_buffer_printf(out, "  %s--%s%s%s%*s%s\n", row->letter ? letter : "    ", row->name,
				   row->argument ? "=" : "", row->argument ? row->argument : "",
				   (int)(widest - width + 2), "", row->help);
	}
	return out->failed;
}

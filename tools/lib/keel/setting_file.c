// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A settings file. libconfig parses it, but not before we looked at its tokens: version 1.5 wraps a number that does not fit into
 * 32 bits without a word, recurses as deep as the text nests, follows @include and ends a string at \x00.
 */
#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/setting.h"
#include "tools/lib/keel/setting_row.h"

#define FILE_MOST (1 << 18) /* octets of a file: libconfig takes quadratic time over its settings */
#define DEPTH_MOST 8        /* brackets within brackets */

struct source {
	const char *name;
	const char *at, *end;
	unsigned line;
	unsigned depth;
	struct keel_buffer *out; /* the text for libconfig */
	struct keel_buffer *error;
};

static int complain(const struct source *s, const char *why)
{
	keel_setting_say(s->error, "%s:%u: %s", s->name, s->line, why);
	return -EINVAL;
}

static char peek(const struct source *s, size_t n)
{
	return (size_t)(s->end - s->at) > n ? s->at[n] : '\0';
}

static void pass(struct source *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s->line += s->at[i] == '\n';
	keel_buffer_append(s->out, s->at, n);
	s->at += n;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool in_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_' || c == '*';
}

static int pass_string(struct source *s)
{
	const unsigned start = s->line;

	pass(s, 1);
	while (s->at < s->end) {
		if (*s->at == '"') {
			pass(s, 1);
			return 0;
		}
		if (*s->at == '\\' && peek(s, 1) == 'x' && peek(s, 2) == '0' && peek(s, 3) == '0')
			return complain(s, "a string cannot hold \\x00");
		pass(s, *s->at == '\\' && s->end - s->at > 1 ? 2 : 1);
	}
	s->line = start;
	return complain(s, "the string that starts here has no end");
}

static int pass_comment(struct source *s)
{
	const unsigned start = s->line;
	const bool block = peek(s, 0) == '/' && peek(s, 1) == '*';
	const char *end;

	if (!block) {
		end = memchr(s->at, '\n', (size_t)(s->end - s->at));
		pass(s, (size_t)((end ? end : s->end) - s->at));
		return 0;
	}
	pass(s, 2);
	end = memmem(s->at, (size_t)(s->end - s->at), "*/", 2);
	if (!end) {
		s->line = start;
		return complain(s, "the comment that starts here has no end");
	}
	pass(s, (size_t)(end + 2 - s->at));
	return 0;
}

static int digit_of(char c)
{
	return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* At a digit, or at a dot before one. A whole number past 32 bits gets the L that libconfig wants for it. */
static int pass_number(struct source *s)
{
	const bool hex = peek(s, 0) == '0' && (peek(s, 1) == 'x' || peek(s, 1) == 'X');
	const unsigned base = hex ? 16 : 10;
	bool whole = *s->at != '.';
	uint64_t v = 0;

	if (hex)
		pass(s, 2);
	for (; whole && digit_of(peek(s, 0)) < (int)base; pass(s, 1))
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, (unsigned)digit_of(*s->at), &v) ||
		    v > INT64_MAX)
			return complain(s, "the number does not fit into 63 bits");
	while (!hex && (peek(s, 0) == '.' || is_digit(peek(s, 0)) || peek(s, 0) == 'e' || peek(s, 0) == 'E' ||
			(!whole && (peek(s, 0) == '-' || peek(s, 0) == '+')))) {
		whole = false;
		pass(s, 1);
	}
	if (whole && v > INT32_MAX && peek(s, 0) != 'L')
		keel_buffer_putc(s->out, 'L');
	while (peek(s, 0) == 'L')
		pass(s, 1);
	return 0;
}

/* Copies the text to s->out, refusing what libconfig would mistake. */
static int prepare(struct source *s)
{
	int ret = 0;

	while (s->at < s->end && !ret) {
		const char c = *s->at, next = peek(s, 1);

		if (c == '"')
			ret = pass_string(s);
		else if (c == '#' || (c == '/' && (next == '/' || next == '*')))
			ret = pass_comment(s);
		else if (is_digit(c) || (c == '.' && is_digit(next)))
			ret = pass_number(s);
		else if (in_name(c) && c != '-')
			while (in_name(peek(s, 0)))
				pass(s, 1);
		else if (c == '@')
			ret = complain(s, "@include is not supported: settings are one file");
		else if ((c == '{' || c == '[' || c == '(') && ++s->depth > DEPTH_MOST)
			ret = complain(s, "too many brackets within brackets");
		else {
			if (c == '}' || c == ']' || c == ')')
				s->depth -= s->depth > 0;
			pass(s, 1);
		}
	}
	if (s->out->len && s->out->data[s->out->len - 1] != '\n')
		keel_buffer_putc(s->out, '\n'); /* libconfig takes no comment for one that ends with the file */
	return ret ? ret : s->out->failed;
}

struct walk {
	const struct keel_settings *table;
	const char *file;
	void *out;
	struct keel_buffer *error;
};

static int take_elements(const struct keel_setting *row, const config_setting_t *node, const struct walk *w)
{
	const int n = config_setting_length(node);
	KEEL_AUTO_FREE const char **texts = calloc((size_t)n + 1, sizeof(*texts));

	if (!texts) {
		keel_setting_say(w->error, "out of memory");
		return -ENOMEM;
	}
	for (int i = 0; i < n; i++) {
		texts[i] = config_setting_get_string_elem(node, i);
		if (!texts[i]) {
			keel_setting_expects(row, w->error);
			return -EINVAL;
		}
	}
	return keel_setting_take_strings(row, w->out, texts, (size_t)n, w->error);
}

static int take_node(const struct keel_setting *row, const config_setting_t *node, const struct walk *w)
{
	const int type = config_setting_type(node);
	const bool string = type == CONFIG_TYPE_STRING;
	const bool number = type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;

	switch (row->type) {
	case KEEL_SETTING_BOOL:
		if (type != CONFIG_TYPE_BOOL)
			break;
		*(bool *)keel_setting_field(row, w->out) = config_setting_get_bool(node);
		return 0;
	case KEEL_SETTING_SIZE:
	case KEEL_SETTING_SECONDS:
		if (string)
			return keel_setting_take_text(row, w->out, config_setting_get_string(node), w->error);
		/* fall through */
	case KEEL_SETTING_NUMBER:
		if (!number || config_setting_get_int64(node) < 0)
			break;
		return keel_setting_take_number(row, w->out, (uint64_t)config_setting_get_int64(node), w->error);
	case KEEL_SETTING_STRINGS:
		if (type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST)
			return take_elements(row, node, w);
		if (string) {
			const char *one = config_setting_get_string(node);

			return keel_setting_take_strings(row, w->out, &one, 1, w->error);
		}
		break;
	case KEEL_SETTING_STRING:
		if (string)
			return keel_setting_take_string(row, w->out, config_setting_get_string(node), w->error);
		break;
	case KEEL_SETTING_CHOICE:
		if (string)
			return keel_setting_take_text(row, w->out, config_setting_get_string(node), w->error);
		break;
	}
	keel_setting_expects(row, w->error);
	return -EINVAL;
}

/* path: the group's name with its dot, or empty; what is appended is taken off again. DEPTH_MOST bounds the recursion. */
static int walk_group(const config_setting_t *group, struct keel_buffer *path, const struct walk *w)
{
	const int n = config_setting_length(group);
	const size_t start = path->len;
	int ret = 0;

	for (int i = 0; i < n && !ret; i++) {
		const config_setting_t *node = config_setting_get_elem(group, (unsigned)i);
		const struct keel_setting *row;
		const char *name;
		size_t said;
		bool is_group;

		path->len = start;
		keel_buffer_puts(path, config_setting_name(node));
		name = keel_buffer_text(path);
		if (path->failed) {
			keel_setting_say(w->error, "%s: out of memory", w->file);
			return path->failed;
		}
		row = keel_setting_find(w->table, name, path->len);
		is_group = keel_setting_is_group(w->table, name, path->len);
		if (is_group && config_setting_is_group(node)) {
			keel_buffer_putc(path, '.');
			ret = walk_group(node, path, w);
			continue;
		}
		said = w->error ? w->error->len : 0;
		keel_setting_say(w->error, "%s:%u: %s: ", w->file, config_setting_source_line(node), name);
		if (row) {
			ret = take_node(row, node, w);
		} else {
			keel_setting_say(w->error, is_group ? "is a group: { NAME = VALUE; }" : "unknown setting");
			if (!is_group)
				keel_setting_guess(w->table, name, w->error);
			ret = -EINVAL;
		}
		if (!ret && w->error)
			w->error->len = said;
	}
	return ret;
}

static int load_text(const struct keel_settings *table, const char *name, const char *text, size_t len, void *out,
		     struct keel_buffer *error)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer ready, path;
	struct source source = { name, text, text + len, 1, 0, &ready, error };
	const struct walk walk = { table, name, out, error };
	const char *nul = memchr(text, '\0', len);
	const char *prepared;
	config_t config;
	int ret;

	keel_buffer_init(&ready, 0);
	keel_buffer_init(&path, 0);
	if (nul) {
		while (source.at < nul)
			source.line += *source.at++ == '\n';
		return complain(&source, "a NUL octet");
	}
	ret = prepare(&source);
	prepared = keel_buffer_text(&ready);
	if (!prepared || ready.failed) {
		keel_setting_say(error, "%s: out of memory", name);
		return -ENOMEM;
	}
	if (ret)
		return ret;
	config_init(&config);
	if (!config_read_string(&config, prepared)) {
		source.line = (unsigned)config_error_line(&config);
		ret = complain(&source, config_error_text(&config));
	} else {
		ret = walk_group(config_root_setting(&config), &path, &walk);
	}
	config_destroy(&config);
	return ret;
}

int keel_settings_load_text(const struct keel_settings *table, const char *name, const char *text, size_t len,
			    void *out, struct keel_buffer *error)
{
	int ret = keel_settings_defaults(table, out);

	if (ret) {
		keel_setting_say(error, "%s: %s", name, ret == -ENOMEM ? "out of memory" : "a default is not valid");
		return ret;
	}
	ret = load_text(table, name, text, len, out, error);
	if (ret)
		keel_settings_free(table, out);
	return ret;
}

/* At most FILE_MOST octets; more: -EFBIG. */
static int read_file(const char *path, struct keel_buffer *text)
{
	KEEL_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char chunk[4096];
	ssize_t n;

	if (fd < 0)
		return -errno;
	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (keel_buffer_append(text, chunk, (size_t)n))
			return text->failed == -EMSGSIZE ? -EFBIG : text->failed;
	}
}

int keel_settings_load(const struct keel_settings *table, const char *path, void *out, struct keel_buffer *error)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer text;
	int ret;

	keel_buffer_init(&text, FILE_MOST);
	if (path) {
		ret = read_file(path, &text);
		if (ret) {
			keel_setting_say(error, "%s: %s", path, strerror(-ret));
			return ret;
		}
	}
	return keel_settings_load_text(table, path ? path : "defaults", text.data ? (const char *)text.data : "",
				       text.len, out, error);
}

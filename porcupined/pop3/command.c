/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs. */
#include <string.h>

#include "porcupined/pop3/session.h"

struct verb {
	const char *name;
	uint8_t states;
	/* argument: text behind the verb and one space, NUL-terminated; "" = none. */
	enum pop3_event (*run)(struct pop3_session *s, char *argument, struct keel_buffer *out);
};

static enum pop3_event refuse(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	if (++s->errors >= s->config->errors && s->config->errors) {
		pop3_refuse(s, POP3_REASON_ERRORS, out);
		s->mode = POP3_MODE_CLOSE;
	} else {
		pop3_refuse(s, reason, out);
	}
	return POP3_EVENT_INPUT;
}

static enum pop3_event ok(const char *text, struct keel_buffer *out)
{
	keel_buffer_puts(out, "+OK");
	if (*text)
		keel_buffer_putc(out, ' ');
	keel_buffer_puts(out, text);
	keel_buffer_puts(out, "\r\n");
	return POP3_EVENT_INPUT;
}

/* A decimal number up to 18 digits; returns what follows it, NULL if there is none. */
static char *number(char *at, uint64_t *v)
{
	char *from = at;

	for (*v = 0; *at >= '0' && *at <= '9' && at - from < 18; at++)
		*v = *v * 10 + (uint64_t)(*at - '0');
	return at == from || (*at >= '0' && *at <= '9') ? NULL : at;
}

/* A message number (from 1) that is not deleted. */
static enum pop3_reason message(struct pop3_session *s, char *argument, char **rest, size_t *index)
{
	uint64_t n;
	char *end = number(argument, &n);

	if (!end || (*end && *end != ' '))
		return POP3_REASON_SYNTAX;
	while (*end == ' ')
		end++;
	*rest = end;
	if (n < 1 || n > s->n || pop3_is_deleted(s, (size_t)n - 1))
		return POP3_REASON_NO_SUCH_MESSAGE;
	*index = (size_t)n - 1;
	return POP3_REASON_NONE;
}

/* RFC 3629, 4: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;

	while (*at) {
		uint32_t c = *at++, least;
		unsigned more;

		if (c < 0x80)
			continue;
		more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		if (c < 0xc2 || c > 0xf4)
			return false;
		least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
		c &= 0x3fu >> more;
		while (more--) {
			if ((*at & 0xc0) != 0x80)
				return false;
			c = c << 6 | (*at++ & 0x3f);
		}
		if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return false;
	}
	return true;
}

static bool login_allowed(const struct pop3_session *s)
{
	return s->secure || s->plaintext;
}

static bool set(struct keel_buffer *b, const char *text, size_t n)
{
	pop3_wipe(b);
	return !keel_buffer_append(b, text, n) && !keel_buffer_putc(b, 0);
}

static enum pop3_event login(struct pop3_session *s, struct keel_buffer *out)
{
	if (!is_utf8((const char *)s->user.data) || !is_utf8((const char *)s->password.data)) {
		pop3_wipe(&s->password);
		return refuse(s, POP3_REASON_UTF8, out);
	}
	s->mode = POP3_MODE_LOGIN;
	return POP3_EVENT_LOGIN;
}

/* ---- AUTHORIZATION ------------------------------------------------------------------------------------ */

static enum pop3_event run_user(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	if (!login_allowed(s))
		return refuse(s, POP3_REASON_TLS_REQUIRED, out);
	if (!*argument || strchr(argument, ' '))
		return refuse(s, POP3_REASON_SYNTAX, out);
	if (!set(&s->user, argument, strlen(argument)))
		return refuse(s, POP3_REASON_TRY_AGAIN, out);
	return ok("Password, please", out); /* the same for users there are and are not */
}

static enum pop3_event run_pass(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	if (!login_allowed(s))
		return refuse(s, POP3_REASON_TLS_REQUIRED, out);
	if (!s->user.len)
		return refuse(s, POP3_REASON_BAD_STATE, out);
	/* Spaces belong to the password (RFC 1939 7). */
	if (!*argument)
		return refuse(s, POP3_REASON_SYNTAX, out);
	if (!set(&s->password, argument, strlen(argument)))
		return refuse(s, POP3_REASON_TRY_AGAIN, out);
	return login(s, out);
}

static int base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Decodes in place (RFC 4648 4). The length, or -1. */
static long base64(char *text)
{
	size_t n = strlen(text), pad = 0, put = 0;

	if (n % 4)
		return -1;
	if (n && text[n - 1] == '=')
		pad = text[n - 2] == '=' ? 2 : 1;
	for (size_t i = 0; i < n; i += 4) {
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			bool padding = i + k >= n - pad;
			int d = padding ? 0 : base64_value(text[i + k]);

			if (d < 0)
				return -1;
			v = v << 6 | (uint32_t)d;
		}
		for (size_t k = 0; k < 3 && i / 4 * 3 + k < n / 4 * 3 - pad; k++)
			text[put++] = (char)(v >> (16 - 8 * k));
	}
	return (long)put;
}

/* SASL PLAIN (RFC 4616 2): [authzid] NUL authcid NUL passwd. */
static enum pop3_event plain(struct pop3_session *s, char *response, struct keel_buffer *out)
{
	long n = base64(response);
	char *user, *password;

	s->mode = POP3_MODE_COMMAND;
	if (n < 0)
		return refuse(s, POP3_REASON_SYNTAX, out);
	user = memchr(response, 0, (size_t)n);
	password = user ? memchr(user + 1, 0, (size_t)(response + n - user - 1)) : NULL;
	if (!password)
		return refuse(s, POP3_REASON_SYNTAX, out);
	user++;
	password++;
	size_t user_len = (size_t)(password - 1 - user), password_len = (size_t)(response + n - password);

	/* Acting for somebody else is not offered: an authorization identity must be the user's own. */
	if (!user_len || !password_len || memchr(password, 0, password_len) ||
	    (*response && (strlen(response) != user_len || memcmp(response, user, user_len))))
		return refuse(s, POP3_REASON_SYNTAX, out);
	if (!set(&s->user, user, user_len) || !set(&s->password, password, password_len))
		return refuse(s, POP3_REASON_TRY_AGAIN, out);
	return login(s, out);
}

enum pop3_event pop3_sasl(struct pop3_session *s, uint8_t *line, size_t len, struct keel_buffer *out)
{
	line[len] = 0; /* over the CR */
	if (len == 1 && *line == '*') {
		s->mode = POP3_MODE_COMMAND;
		return refuse(s, POP3_REASON_CANCELLED, out);
	}
	return plain(s, (char *)line, out);
}

static bool same_word(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = a[i] >= 'a' && a[i] <= 'z' ? (char)(a[i] - 32) : a[i];

		if (c != b[i])
			return false;
	}
	return !b[n];
}

static enum pop3_event run_auth(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	size_t n = strcspn(argument, " ");

	if (!login_allowed(s))
		return refuse(s, POP3_REASON_TLS_REQUIRED, out);
	if (!*argument) {
		ok("Mechanisms follow", out);
		keel_buffer_puts(out, "PLAIN\r\n.\r\n");
		return POP3_EVENT_INPUT;
	}
	if (!same_word(argument, "PLAIN", n))
		return refuse(s, POP3_REASON_MECHANISM, out);
	if (!argument[n]) {
		s->mode = POP3_MODE_SASL;
		keel_buffer_puts(out, "+ \r\n");
		return POP3_EVENT_INPUT;
	}
	if (!strcmp(argument + n, " =")) /* an empty response (RFC 5034 4): PLAIN has none */
		return refuse(s, POP3_REASON_SYNTAX, out);
	return plain(s, argument + n + 1, out);
}

static enum pop3_event run_stls(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	if (*argument)
		return refuse(s, POP3_REASON_SYNTAX, out);
	if (s->secure || !s->config->stls)
		return refuse(s, POP3_REASON_BAD_STATE, out);
	ok("Begin TLS", out);
	s->mode = POP3_MODE_TLS;
	return POP3_EVENT_TLS;
}

static enum pop3_event run_utf8(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	if (*argument)
		return refuse(s, POP3_REASON_SYNTAX, out);
	/* Messages are given as they are in any case: RFC 6856 2.1 allows not to downgrade. */
	s->utf8 = true;
	return ok("UTF8 on", out);
}

/* ---- both ---------------------------------------------------------------------------------------------- */

static enum pop3_event run_capa(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	if (*argument)
		return refuse(s, POP3_REASON_SYNTAX, out);
	ok("Capabilities follow", out);
	keel_buffer_puts(out, "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\nUTF8 USER\r\n");
	if (login_allowed(s))
		keel_buffer_puts(out, "USER\r\nSASL PLAIN\r\n");
	if (s->config->stls && !s->secure)
		keel_buffer_puts(out, "STLS\r\n");
	keel_buffer_puts(out, "IMPLEMENTATION porcupined\r\n.\r\n");
	return POP3_EVENT_INPUT;
}

static enum pop3_event run_quit(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	if (*argument)
		return refuse(s, POP3_REASON_SYNTAX, out);
	if (s->state == POP3_TRANSACTION && s->n_deleted) {
		s->mode = POP3_MODE_UPDATE;
		return POP3_EVENT_UPDATE;
	}
	ok("Bye", out);
	s->mode = POP3_MODE_CLOSE;
	return POP3_EVENT_CLOSE;
}

/* ---- TRANSACTION ---------------------------------------------------------------------------------------- */

static uint64_t octets(const struct pop3_session *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->messages[i].size;
	return sum - s->size_deleted;
}

static enum pop3_event run_stat(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	if (*argument)
		return refuse(s, POP3_REASON_SYNTAX, out);
	keel_buffer_puts(out, "+OK ");
	keel_buffer_decimal(out, s->n - s->n_deleted);
	keel_buffer_putc(out, ' ');
	keel_buffer_decimal(out, octets(s));
	keel_buffer_puts(out, "\r\n");
	return POP3_EVENT_INPUT;
}

static void put_size(const struct pop3_session *s, size_t i, struct keel_buffer *out)
{
	keel_buffer_decimal(out, i + 1);
	keel_buffer_putc(out, ' ');
	keel_buffer_decimal(out, s->messages[i].size);
	keel_buffer_puts(out, "\r\n");
}

static void put_id(const struct pop3_session *s, size_t i, struct keel_buffer *out)
{
	static const char digits[] = "0123456789abcdef";

	keel_buffer_decimal(out, i + 1);
	keel_buffer_putc(out, ' ');
	for (size_t k = 0; k < sizeof(s->messages[i].id); k++) {
		keel_buffer_putc(out, (uint8_t)digits[s->messages[i].id[k] >> 4]);
		keel_buffer_putc(out, (uint8_t)digits[s->messages[i].id[k] & 15]);
	}
	keel_buffer_puts(out, "\r\n");
}

/* LIST and UIDL: one message, or all that are not deleted. */
static enum pop3_event list(struct pop3_session *s, char *argument, struct keel_buffer *out,
			    void (*put)(const struct pop3_session *, size_t, struct keel_buffer *))
{
	enum pop3_reason reason;
	size_t index;
	char *rest;

	if (*argument) {
		reason = message(s, argument, &rest, &index);
		if (reason == POP3_REASON_NONE && *rest)
			reason = POP3_REASON_SYNTAX;
		if (reason != POP3_REASON_NONE)
			return refuse(s, reason, out);
		keel_buffer_puts(out, "+OK ");
		put(s, index, out);
		return POP3_EVENT_INPUT;
	}
	ok("List follows", out);
	for (size_t i = 0; i < s->n; i++)
		if (!pop3_is_deleted(s, i))
			put(s, i, out);
	keel_buffer_puts(out, ".\r\n");
	return POP3_EVENT_INPUT;
}

static enum pop3_event run_list(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	return list(s, argument, out, put_size);
}

static enum pop3_event run_uidl(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	return list(s, argument, out, put_id);
}

static enum pop3_event content(struct pop3_session *s, size_t index, int64_t lines)
{
	s->index = index;
	s->top_lines = s->lines_left = lines;
	s->begun = false;
	s->in_header = s->line_start = true;
	s->last_cr = false;
	s->mode = POP3_MODE_CONTENT;
	return POP3_EVENT_RETR;
}

static enum pop3_event run_retr(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	enum pop3_reason reason;
	size_t index;
	char *rest;

	reason = message(s, argument, &rest, &index);
	if (reason == POP3_REASON_NONE && *rest)
		reason = POP3_REASON_SYNTAX;
	return reason == POP3_REASON_NONE ? content(s, index, -1) : refuse(s, reason, out);
}

static enum pop3_event run_top(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	enum pop3_reason reason;
	uint64_t lines;
	size_t index;
	char *rest, *end;

	reason = message(s, argument, &rest, &index);
	if (reason == POP3_REASON_NONE) {
		end = number(rest, &lines);
		if (!end || *end)
			reason = POP3_REASON_SYNTAX;
	}
	return reason == POP3_REASON_NONE ? content(s, index, (int64_t)lines) : refuse(s, reason, out);
}

static enum pop3_event run_dele(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	enum pop3_reason reason;
	size_t index, need = s->n / 8 + 1;
	char *rest;

	reason = message(s, argument, &rest, &index);
	if (reason == POP3_REASON_NONE && *rest)
		reason = POP3_REASON_SYNTAX;
	if (reason != POP3_REASON_NONE)
		return refuse(s, reason, out);
	if (!s->deleted.len) {
		if (keel_buffer_reserve(&s->deleted, need)) {
			keel_buffer_clear(&s->deleted);
			return refuse(s, POP3_REASON_TRY_AGAIN, out);
		}
		memset(s->deleted.data, 0, need);
		s->deleted.len = need;
	}
	s->deleted.data[index / 8] |= (uint8_t)(1 << index % 8);
	s->n_deleted++;
	s->size_deleted += s->messages[index].size;
	return ok("Marked", out);
}

static enum pop3_event run_noop(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	return *argument ? refuse(s, POP3_REASON_SYNTAX, out) : ok("", out);
}

static enum pop3_event run_rset(struct pop3_session *s, char *argument, struct keel_buffer *out)
{
	if (*argument)
		return refuse(s, POP3_REASON_SYNTAX, out);
	if (s->deleted.len)
		memset(s->deleted.data, 0, s->deleted.len);
	s->n_deleted = 0;
	s->size_deleted = 0;
	return ok("Nothing is marked", out);
}

static const struct verb verbs[] = {
	{"USER", POP3_AUTHORIZATION, run_user},
	{"PASS", POP3_AUTHORIZATION, run_pass},
	{"AUTH", POP3_AUTHORIZATION, run_auth},
	{"STLS", POP3_AUTHORIZATION, run_stls},
	{"UTF8", POP3_AUTHORIZATION, run_utf8},
	{"CAPA", POP3_AUTHORIZATION | POP3_TRANSACTION, run_capa},
	{"QUIT", POP3_AUTHORIZATION | POP3_TRANSACTION, run_quit},
	{"STAT", POP3_TRANSACTION, run_stat},
	{"LIST", POP3_TRANSACTION, run_list},
	{"UIDL", POP3_TRANSACTION, run_uidl},
	{"RETR", POP3_TRANSACTION, run_retr},
	{"TOP", POP3_TRANSACTION, run_top},
	{"DELE", POP3_TRANSACTION, run_dele},
	{"NOOP", POP3_TRANSACTION, run_noop},
	{"RSET", POP3_TRANSACTION, run_rset},
};

enum pop3_event pop3_command(struct pop3_session *s, uint8_t *octet, size_t len, struct keel_buffer *out)
{
	char *line = (char *)octet, *argument;
	size_t n;

	line[len] = '\0'; /* over the CR */
	n = strcspn(line, " ");
	argument = line + n;
	if (*argument)
		argument++;
	if (len + 2 > POP3_LINE && !same_word(line, "AUTH", n))
		return refuse(s, POP3_REASON_LINE_TOO_LONG, out);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!same_word(line, verbs[i].name, n))
			continue;
		if (!(verbs[i].states & s->state))
			return refuse(s, POP3_REASON_BAD_STATE, out);
		return verbs[i].run(s, argument, out);
	}
	return refuse(s, POP3_REASON_UNKNOWN_COMMAND, out);
}

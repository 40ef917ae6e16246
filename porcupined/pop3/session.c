/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in, events out; the answers of the glue. */
#include "porcupined/pop3/session.h"

#include <string.h>

struct pop3_session *pop3_session_new(const struct pop3_config *config)
{
	struct keel_buffer self;
	struct pop3_session *s;

	keel_buffer_init(&self, 0);
	if (keel_buffer_reserve(&self, sizeof(*s)))
		return NULL;
	s = (struct pop3_session *)(void *)self.data;
	memset(s, 0, sizeof(*s));
	s->self = self;
	s->config = config;
	s->state = POP3_AUTHORIZATION;
	keel_buffer_init(&s->line, 0);
	keel_buffer_init(&s->user, 0);
	keel_buffer_init(&s->password, 0);
	keel_buffer_init(&s->deleted, 0);
	return s;
}

void pop3_wipe(struct keel_buffer *b)
{
	volatile uint8_t *at = b->data;

	for (size_t i = 0; i < b->cap; i++)
		at[i] = 0;
	keel_buffer_free(b);
}

void pop3_session_free(struct pop3_session **session)
{
	struct pop3_session *s = *session;
	struct keel_buffer self;

	*session = NULL;
	if (!s)
		return;
	pop3_wipe(&s->line);
	pop3_wipe(&s->password);
	keel_buffer_free(&s->user);
	keel_buffer_free(&s->deleted);
	self = s->self;
	keel_buffer_free(&self);
}

size_t pop3_session_memory(const struct pop3_session *s)
{
	return sizeof(*s) + s->line.cap + s->user.cap + s->password.cap + s->deleted.cap;
}

const char *pop3_reason_name(enum pop3_reason reason)
{
	static const char *const names[] = {
#define X(name, code, text, counter, description) counter,
		POP3_REASONS(X)
#undef X
	};

	return reason < POP3_REASON_COUNT ? names[reason] : "unknown";
}

const char *pop3_reason_text(enum pop3_reason reason)
{
	static const char *const texts[] = {
#define X(name, code, text, counter, description) text,
		POP3_REASONS(X)
#undef X
	};

	return reason < POP3_REASON_COUNT ? texts[reason] : "unknown";
}

void pop3_refuse(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	static const char *const codes[] = {
#define X(name, code, text, counter, description) code,
		POP3_REASONS(X)
#undef X
	};

	s->refused = (uint8_t)reason;
	keel_buffer_puts(out, "-ERR ");
	if (codes[reason][0]) {
		keel_buffer_putc(out, '[');
		keel_buffer_puts(out, codes[reason]);
		keel_buffer_puts(out, "] ");
	}
	keel_buffer_puts(out, pop3_reason_text(reason));
	keel_buffer_puts(out, "\r\n");
}

enum pop3_reason pop3_session_refused(struct pop3_session *s)
{
	enum pop3_reason reason = s->refused;

	s->refused = POP3_REASON_NONE;
	return reason;
}

void pop3_session_greet(struct pop3_session *s, bool secure, bool plaintext, enum pop3_reason refuse, struct keel_buffer *out)
{
	s->secure = secure;
	s->plaintext = plaintext;
	if (refuse != POP3_REASON_NONE) {
		pop3_refuse(s, refuse, out);
		s->mode = POP3_MODE_CLOSE;
		return;
	}
	/* No timestamp in angle brackets: APOP is not offered (RFC 1939 7), it needs passwords in the clear on the server. */
	keel_buffer_puts(out, "+OK ");
	keel_buffer_puts(out, s->config->hostname);
	keel_buffer_puts(out, " POP3 ready\r\n");
}

/* An error that counts; the one too many ends the session. */
static void mistake(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	if (++s->errors >= s->config->errors && s->config->errors) {
		pop3_refuse(s, POP3_REASON_ERRORS, out);
		s->mode = POP3_MODE_CLOSE;
		return;
	}
	pop3_refuse(s, reason, out);
	if (s->mode == POP3_MODE_SASL)
		s->mode = POP3_MODE_COMMAND;
}

/* One whole line without its LF; a CR must stand at its end and nowhere else. */
static enum pop3_event take_line(struct pop3_session *s, uint8_t *line, size_t len, struct keel_buffer *out)
{
	if (!len || line[len - 1] != '\r' || memchr(line, '\r', len - 1) || memchr(line, 0, len)) {
		mistake(s, POP3_REASON_BARE_NEWLINE, out);
		return POP3_EVENT_INPUT;
	}
	return s->mode == POP3_MODE_SASL ? pop3_sasl(s, line, len - 1, out) : pop3_command(s, line, len - 1, out);
}

static enum pop3_event step_line(struct pop3_session *s, const uint8_t **at, const uint8_t *end, struct keel_buffer *out)
{
	const uint8_t *lf = memchr(*at, '\n', (size_t)(end - *at));
	size_t n = (size_t)((lf ? lf : end) - *at), limit = s->mode == POP3_MODE_SASL ? POP3_AUTH_LINE : POP3_LINE;
	enum pop3_event event = POP3_EVENT_INPUT;
	const uint8_t *from = *at;

	*at = lf ? lf + 1 : end;
	if (s->skip) {
		s->skip = !lf;
		return POP3_EVENT_INPUT;
	}
	/* AUTH PLAIN may carry its response: its line is as long as a response may be. */
	if (s->mode == POP3_MODE_COMMAND && s->state == POP3_AUTHORIZATION)
		limit = POP3_AUTH_LINE;
	if (s->line.len + n + 1 > limit || keel_buffer_append(&s->line, from, n)) {
		pop3_wipe(&s->line);
		s->skip = !lf;
		mistake(s, POP3_REASON_LINE_TOO_LONG, out);
		return POP3_EVENT_INPUT;
	}
	if (lf) {
		event = take_line(s, s->line.data, s->line.len, out);
		pop3_wipe(&s->line); /* it may have held a password */
	}
	return event;
}

enum pop3_event pop3_session_step(struct pop3_session *s, const uint8_t **at, const uint8_t *end, struct keel_buffer *out)
{
	for (;;) {
		enum pop3_event event;

		switch (s->mode) {
		case POP3_MODE_CLOSE:
			*at = end;
			return POP3_EVENT_CLOSE;
		case POP3_MODE_COMMAND:
		case POP3_MODE_SASL:
			break;
		default:
			return POP3_EVENT_WAIT;
		}
		if (*at == end)
			return POP3_EVENT_INPUT;
		event = step_line(s, at, end, out);
		if (event == POP3_EVENT_TLS)
			*at = end; /* nothing said in the clear may count behind TLS (RFC 2595 2.1) */
		if (event != POP3_EVENT_INPUT)
			return event;
	}
}

/* ---- answers --------------------------------------------------------------------------------------- */

void pop3_session_login(struct pop3_session *s, enum pop3_reason refuse, const struct pop3_message *messages, size_t n,
			struct keel_buffer *out)
{
	uint64_t octets = 0;

	if (s->mode != POP3_MODE_LOGIN)
		return;
	pop3_wipe(&s->password);
	s->mode = POP3_MODE_COMMAND;
	if (refuse != POP3_REASON_NONE) {
		keel_buffer_free(&s->user);
		/* Only wrong passwords count: a maildrop in use is no guess. */
		if (refuse == POP3_REASON_LOGIN_FAILED && ++s->logins >= s->config->logins && s->config->logins) {
			pop3_refuse(s, POP3_REASON_LOGINS, out);
			s->mode = POP3_MODE_CLOSE;
			return;
		}
		pop3_refuse(s, refuse, out);
		return;
	}
	s->state = POP3_TRANSACTION;
	s->messages = messages;
	s->n = n;
	for (size_t i = 0; i < n; i++)
		octets += messages[i].size;
	keel_buffer_puts(out, "+OK ");
	keel_buffer_decimal(out, n);
	keel_buffer_puts(out, n == 1 ? " message (" : " messages (");
	keel_buffer_decimal(out, octets);
	keel_buffer_puts(out, " octets)\r\n");
}

static void content_begin(struct pop3_session *s, struct keel_buffer *out)
{
	if (s->begun)
		return;
	s->begun = true;
	keel_buffer_puts(out, "+OK ");
	keel_buffer_decimal(out, s->messages[s->index].size);
	keel_buffer_puts(out, " octets\r\n");
}

/* Appends whole lines of data as fast as memchr finds them, dots stuffed (RFC 1939 3). */
bool pop3_session_content(struct pop3_session *s, const uint8_t *data, size_t len, struct keel_buffer *out)
{
	const uint8_t *at = data, *end = data + len;

	if (s->mode != POP3_MODE_CONTENT)
		return false;
	content_begin(s, out);
	while (at < end) {
		const uint8_t *lf;
		size_t n;

		if (s->line_start) {
			if (s->top_lines >= 0 && !s->in_header && !s->lines_left)
				return false;
			if (*at == '.')
				keel_buffer_putc(out, '.');
			s->line_start = false;
			s->line_empty = true;
		}
		lf = memchr(at, '\n', (size_t)(end - at));
		n = (size_t)((lf ? lf + 1 : end) - at);
		keel_buffer_append(out, at, n);
		if (!lf) {
			s->line_empty = s->line_empty && n == 1 && *at == '\r';
			s->last_cr = at[n - 1] == '\r';
			return true;
		}
		s->line_empty = s->line_empty && (n == 1 || (n == 2 && *at == '\r'));
		s->last_cr = false;
		if (s->in_header)
			s->in_header = !s->line_empty;
		else if (s->top_lines >= 0)
			s->lines_left--;
		s->line_start = true;
		at += n;
	}
	return !(s->line_start && s->top_lines >= 0 && !s->in_header && !s->lines_left);
}

void pop3_session_content_end(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	if (s->mode != POP3_MODE_CONTENT)
		return;
	if (reason != POP3_REASON_NONE && s->begun) {
		/* A part must not pass for the whole: no final dot, the connection ends. */
		s->refused = (uint8_t)reason;
		s->mode = POP3_MODE_CLOSE;
		return;
	}
	s->mode = POP3_MODE_COMMAND;
	if (reason != POP3_REASON_NONE) {
		pop3_refuse(s, reason, out);
		return;
	}
	content_begin(s, out);
	if (!s->line_start)
		keel_buffer_puts(out, s->last_cr ? "\n" : "\r\n");
	keel_buffer_puts(out, ".\r\n");
}

void pop3_session_updated(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	if (s->mode != POP3_MODE_UPDATE)
		return;
	s->mode = POP3_MODE_CLOSE;
	s->messages = NULL;
	s->n = 0;
	if (reason != POP3_REASON_NONE) {
		pop3_refuse(s, reason, out);
		return;
	}
	keel_buffer_puts(out, "+OK Bye\r\n");
}

void pop3_session_secured(struct pop3_session *s)
{
	if (s->mode != POP3_MODE_TLS)
		return;
	s->secure = true;
	s->utf8 = false;
	s->mode = POP3_MODE_COMMAND;
	s->state = POP3_AUTHORIZATION;
	keel_buffer_free(&s->user);
}

void pop3_session_expire(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	if (s->mode == POP3_MODE_CONTENT && s->begun)
		s->refused = (uint8_t)reason; /* a reply inside a message would be read as part of it */
	else if (s->mode != POP3_MODE_CLOSE)
		pop3_refuse(s, reason, out);
	s->mode = POP3_MODE_CLOSE;
}

/* ---- what the glue asks ------------------------------------------------------------------------------ */

static const char *text(const struct keel_buffer *b)
{
	return b->data ? (const char *)b->data : "";
}

const char *pop3_session_user(const struct pop3_session *s)
{
	return text(&s->user);
}

const char *pop3_session_password(const struct pop3_session *s)
{
	return text(&s->password);
}

size_t pop3_session_index(const struct pop3_session *s, int64_t *top_lines)
{
	if (top_lines)
		*top_lines = s->top_lines;
	return s->index;
}

bool pop3_is_deleted(const struct pop3_session *s, size_t index)
{
	return s->deleted.len > index / 8 && s->deleted.data[index / 8] & 1 << index % 8;
}

bool pop3_session_deleted(const struct pop3_session *s, size_t index)
{
	return pop3_is_deleted(s, index);
}

size_t pop3_session_deleted_count(const struct pop3_session *s)
{
	return s->n_deleted;
}

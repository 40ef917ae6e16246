// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/pop3/credential.h"
#include "porcupined/pop3/session.h"

struct pop3_session *pop3_session_new(const struct pop3_config *config)
{
	struct keel_buffer memory;
	struct pop3_session *s;

	keel_buffer_init(&memory, 0);
	if (keel_buffer_reserve(&memory, sizeof(*s)))
		return NULL;
	s = (struct pop3_session *)(void *)memory.data;
	*s = (struct pop3_session){ .self = memory, .config = config, .state = POP3_STATE_AUTHORIZATION };
	return s;
}

void pop3_session_free(struct pop3_session **s)
{
	struct keel_buffer memory;

	if (!*s)
		return;
	pop3_wipe(&(*s)->line);
	pop3_wipe(&(*s)->login);
	keel_buffer_free(&(*s)->deleted);
	memory = (*s)->self;
	keel_buffer_free(&memory);
	*s = NULL;
}

size_t pop3_session_memory(const struct pop3_session *s)
{
	return s->self.cap + s->line.cap + s->login.cap + s->deleted.cap;
}

static enum pop3_event take(struct pop3_session *s, const uint8_t *line, size_t len, struct keel_buffer *out)
{
	return s->mode == POP3_MODE_AUTH ? pop3_auth_answer(s, line, len, out) : pop3_command(s, line, len, out);
}

static enum pop3_event skip_line(struct pop3_session *s, const uint8_t **at, const uint8_t *end)
{
	while (*at < end) {
		const uint8_t octet = *(*at)++;

		if (octet == '\n' && s->skip_cr) {
			s->skip = false;
			break;
		}
		s->skip_cr = octet == '\r';
	}
	return POP3_EVENT_INPUT;
}

/* Refuses the line at once; what remains of it is skipped up to a true CRLF. It was no command and no answer: an AUTH is over. */
static enum pop3_event bad_line(struct pop3_session *s, enum pop3_reason reason, uint8_t octet, struct keel_buffer *out)
{
	pop3_wipe(&s->line);
	pop3_forget_login(s);
	s->mode = POP3_MODE_COMMAND;
	s->skip = true;
	s->skip_cr = octet == '\r';
	pop3_error(s, reason, out);
	return POP3_EVENT_INPUT;
}

/* A line that came in pieces, or that is wrong. */
static enum pop3_event collect_line(struct pop3_session *s, size_t limit, const uint8_t **at, const uint8_t *end,
				    struct keel_buffer *out)
{
	/* all of it at once: memory that grows would leave pieces of a password behind */
	if (keel_buffer_reserve(&s->line, limit - s->line.len)) {
		pop3_refuse(s, POP3_REASON_NO_MEMORY, out);
		return POP3_EVENT_INPUT;
	}
	while (*at < end) {
		const uint8_t octet = *(*at)++;
		const bool after_cr = s->line.len && s->line.data[s->line.len - 1] == '\r';

		if (after_cr ? octet != '\n' : octet == '\n')
			return bad_line(s, POP3_REASON_BARE_NEWLINE, octet, out);
		if (after_cr) {
			const enum pop3_event event = take(s, s->line.data, s->line.len - 1, out);

			pop3_wipe(&s->line);
			return event;
		}
		/* two octets less than the limit, for CRLF */
		if (s->line.len == limit - 2 && octet != '\r')
			return bad_line(s, POP3_REASON_LINE_TOO_LONG, octet, out);
		keel_buffer_putc(&s->line, octet);
	}
	return POP3_EVENT_INPUT;
}

static enum pop3_event take_line(struct pop3_session *s, const uint8_t **at, const uint8_t *end,
				 struct keel_buffer *out)
{
	const size_t limit = s->mode == POP3_MODE_AUTH ? POP3_AUTH_LINE : POP3_COMMAND_LINE;
	const uint8_t *line = *at, *lf;

	if (s->skip)
		return skip_line(s, at, end);
	/* nearly always a whole line lies in the input: no copy */
	lf = s->line.len ? NULL : memchr(line, '\n', (size_t)(end - line));
	if (!lf || lf == line || lf[-1] != '\r' || (size_t)(lf + 1 - line) > limit ||
	    memchr(line, '\r', (size_t)(lf - 1 - line)))
		return collect_line(s, limit, at, end, out);
	*at = lf + 1;
	return take(s, line, (size_t)(lf - 1 - line), out);
}

enum pop3_event pop3_session_step(struct pop3_session *s, const uint8_t **at, const uint8_t *end,
				  struct keel_buffer *out)
{
	const size_t start = out->len;

	for (;;) {
		enum pop3_event event = POP3_EVENT_INPUT;

		/* a reply that does not fit is a reply the client would never get */
		if (out->failed)
			s->mode = POP3_MODE_CLOSE;
		if (s->discard || s->mode == POP3_MODE_CLOSE)
			*at = end;
		switch ((enum pop3_mode)s->mode) {
		case POP3_MODE_CLOSE:
			pop3_forget_login(s);
			return POP3_EVENT_CLOSE;
		case POP3_MODE_TLS:
			return POP3_EVENT_TLS;
		case POP3_MODE_LOGIN:
		case POP3_MODE_RETR:
		case POP3_MODE_UPDATE:
			return POP3_EVENT_WAIT;
		case POP3_MODE_LISTING:
			if (out->len - start >= POP3_OUTPUT)
				return POP3_EVENT_OUTPUT;
			pop3_list_more(s, out);
			break;
		case POP3_MODE_COMMAND:
		case POP3_MODE_AUTH:
			if (*at == end)
				return POP3_EVENT_INPUT;
			if (out->len - start >= POP3_OUTPUT)
				return POP3_EVENT_OUTPUT;
			event = take_line(s, at, end, out);
			break;
		}
		if (event != POP3_EVENT_INPUT)
			return event;
	}
}

void pop3_session_login(struct pop3_session *s, enum pop3_reason refuse, const struct pop3_message *messages, size_t n,
			struct keel_buffer *out)
{
	if (s->mode != POP3_MODE_LOGIN)
		return;
	s->mode = POP3_MODE_COMMAND;
	pop3_forget_login(s);
	if (refuse == POP3_REASON_LOGIN_FAILED) {
		s->logins++;
		if (s->config->logins && s->logins >= s->config->logins)
			refuse = POP3_REASON_TOO_MANY_LOGINS;
	}
	if (refuse != POP3_REASON_NONE) {
		pop3_refuse(s, refuse, out);
		return;
	}
	s->state = POP3_STATE_TRANSACTION;
	s->messages = messages;
	s->count = s->live = n;
	for (size_t i = 0; i < n; i++)
		s->octets += messages[i].size;
	pop3_reply_totals(s, "+OK ", n == 1 ? " message (" : " messages (", " octets)", out);
}

void pop3_session_updated(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	if (s->mode != POP3_MODE_UPDATE)
		return;
	s->mode = POP3_MODE_CLOSE;
	if (reason != POP3_REASON_NONE)
		pop3_refuse(s, reason, out);
	else
		pop3_reply(out, "+OK Bye");
}

void pop3_session_secured(struct pop3_session *s)
{
	if (s->mode != POP3_MODE_TLS)
		return;
	/* what was said in the clear may have been said by another (RFC 2595 4) */
	pop3_wipe(&s->line);
	pop3_forget_login(s);
	s->skip = false;
	s->secure = true;
	s->discard = false;
	s->mode = POP3_MODE_COMMAND;
}

void pop3_session_expire(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	const bool within = s->mode == POP3_MODE_TLS || s->mode == POP3_MODE_LISTING ||
			    (s->mode == POP3_MODE_RETR && s->begun);

	if (s->mode == POP3_MODE_CLOSE)
		return;
	if (within || reason == POP3_REASON_TIMEOUT)
		out = NULL;
	pop3_refuse(s, reason, out);
	pop3_forget_login(s);
	s->mode = POP3_MODE_CLOSE;
	s->discard = false;
}

const char *pop3_session_user(const struct pop3_session *s)
{
	return s->login.len ? (const char *)s->login.data + s->user : "";
}

const char *pop3_session_password(const struct pop3_session *s)
{
	return s->password ? (const char *)s->login.data + s->password : "";
}

size_t pop3_session_index(const struct pop3_session *s, int64_t *top_lines)
{
	*top_lines = s->top;
	return s->current;
}

bool pop3_session_utf8(const struct pop3_session *s)
{
	return s->utf8;
}

bool pop3_session_deleted(const struct pop3_session *s, size_t index)
{
	return index / 8 < s->deleted.len && (s->deleted.data[index / 8] >> index % 8 & 1);
}

size_t pop3_session_deleted_count(const struct pop3_session *s)
{
	return s->count - s->live;
}

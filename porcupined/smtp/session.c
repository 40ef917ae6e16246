// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/smtp/session.h"

#define KEPT 128 /* octets a path may hold between transactions: two of them keep an idle session under 1 KiB */

struct smtp_session *smtp_session_new(const struct smtp_config *config)
{
	struct keel_buffer memory;
	struct smtp_session *s;

	keel_buffer_init(&memory, 0);
	if (keel_buffer_reserve(&memory, sizeof(*s)))
		return NULL;
	s = (struct smtp_session *)(void *)memory.data;
	*s = (struct smtp_session){ .self = memory, .config = config };
	keel_buffer_init(&s->line, SMTP_COMMAND_LINE);
	smtp_session_reset(s);
	return s;
}

void smtp_session_free(struct smtp_session **s)
{
	struct keel_buffer memory;

	if (!*s)
		return;
	keel_buffer_free(&(*s)->line);
	keel_buffer_free(&(*s)->peer);
	keel_buffer_free(&(*s)->sender_text);
	keel_buffer_free(&(*s)->recipient_text);
	memory = (*s)->self;
	keel_buffer_free(&memory);
	*s = NULL;
}

size_t smtp_session_memory(const struct smtp_session *s)
{
	return s->self.cap + s->line.cap + s->peer.cap + s->sender_text.cap + s->recipient_text.cap;
}

static void shrink(struct keel_buffer *b)
{
	if (b->cap > KEPT)
		keel_buffer_free(b);
	else
		keel_buffer_clear(b);
}

/* The transaction is over and the glue knows. */
static void end_transaction(struct smtp_session *s)
{
	s->in_mail = s->tried_rcpt = s->begun = s->chunked = s->smtputf8 = false;
	s->accepted = 0;
	s->declared_size = 0;
	s->sender = s->recipient = (struct smtp_path){ .local = "", .domain = "" };
	shrink(&s->sender_text);
	shrink(&s->recipient_text);
}

void smtp_session_reset(struct smtp_session *s)
{
	if (s->accepted)
		s->abort = true;
	end_transaction(s);
}

static enum smtp_event skip_line(struct smtp_session *s, const uint8_t **at, const uint8_t *end)
{
	while (*at < end) {
		const uint8_t octet = *(*at)++;

		if (octet == '\n' && s->skip_cr) {
			s->line_state = SMTP_LINE_GOOD;
			break;
		}
		s->skip_cr = octet == '\r';
	}
	return SMTP_EVENT_INPUT;
}

/* Refuses the line at once; what remains of it up to a true CRLF is skipped, for nothing else ends a line (RFC 5321 2.3.8). */
static enum smtp_event bad_line(struct smtp_session *s, enum smtp_reason reason, uint8_t octet, struct keel_buffer *out)
{
	keel_buffer_free(&s->line);
	s->line_state = SMTP_LINE_SKIP;
	s->skip_cr = octet == '\r';
	smtp_error(s, reason, out);
	return SMTP_EVENT_INPUT;
}

/* A line that came in pieces, or that is wrong. */
static enum smtp_event collect_line(struct smtp_session *s, const uint8_t **at, const uint8_t *end,
				    struct keel_buffer *out)
{
	while (*at < end) {
		const uint8_t octet = *(*at)++;
		const bool after_cr = s->line.len && s->line.data[s->line.len - 1] == '\r';

		if (after_cr ? octet != '\n' : octet == '\n')
			return bad_line(s, SMTP_REASON_BARE_COMMAND, octet, out);
		if (after_cr) {
			const enum smtp_event event = smtp_command(s, s->line.data, s->line.len - 1, out);

			keel_buffer_free(&s->line);
			return event;
		}
		/* two octets less than the limit, for CRLF */
		if (s->line.len > SMTP_COMMAND_LINE - 2 || (s->line.len == SMTP_COMMAND_LINE - 2 && octet != '\r'))
			return bad_line(s, SMTP_REASON_LINE_TOO_LONG, octet, out);
		if (keel_buffer_putc(&s->line, octet)) {
			smtp_refuse(s, SMTP_REASON_NO_MEMORY, out);
			return SMTP_EVENT_INPUT;
		}
	}
	return SMTP_EVENT_INPUT;
}

static enum smtp_event take_line(struct smtp_session *s, const uint8_t **at, const uint8_t *end,
				 struct keel_buffer *out)
{
	const uint8_t *line = *at, *lf;

	if (s->line_state == SMTP_LINE_SKIP)
		return skip_line(s, at, end);
	/* nearly always a whole line lies in the input: no copy */
	lf = s->line.len ? NULL : memchr(line, '\n', (size_t)(end - line));
	if (!lf || lf == line || lf[-1] != '\r' || lf + 1 - line > SMTP_COMMAND_LINE ||
	    memchr(line, '\r', (size_t)(lf - 1 - line)))
		return collect_line(s, at, end, out);
	*at = lf + 1;
	return smtp_command(s, line, (size_t)(lf - 1 - line), out);
}

enum smtp_event smtp_session_step(struct smtp_session *s, const uint8_t **at, const uint8_t *end,
				  struct keel_buffer *out)
{
	for (;;) {
		enum smtp_event event = SMTP_EVENT_INPUT;

		/* a reply that does not fit is a reply the client would never get */
		if (out->failed) {
			if (s->mode == SMTP_MODE_COMMIT)
				end_transaction(s);
			s->mode = SMTP_MODE_CLOSE;
		}
		if (s->mode == SMTP_MODE_CLOSE)
			smtp_session_reset(s);
		if (s->discard || s->mode == SMTP_MODE_CLOSE)
			*at = end;
		if (s->abort) {
			s->abort = false;
			return SMTP_EVENT_ABORT;
		}
		switch ((enum smtp_mode)s->mode) {
		case SMTP_MODE_CLOSE:
			return SMTP_EVENT_CLOSE;
		case SMTP_MODE_TLS:
			return SMTP_EVENT_TLS;
		case SMTP_MODE_RCPT:
		case SMTP_MODE_BEGIN:
		case SMTP_MODE_COMMIT:
			return SMTP_EVENT_WAIT;
		case SMTP_MODE_COMMAND:
			if (*at == end)
				return SMTP_EVENT_INPUT;
			event = take_line(s, at, end, out);
			break;
		case SMTP_MODE_DATA:
		case SMTP_MODE_BDAT:
			if (*at == end && !(s->mode == SMTP_MODE_BDAT && s->chunk_left == 0))
				return SMTP_EVENT_INPUT;
			event = smtp_receive(s, at, end, out);
			break;
		}
		if (event != SMTP_EVENT_INPUT)
			return event;
	}
}

void smtp_session_rcpt(struct smtp_session *s, enum smtp_reason refuse, struct keel_buffer *out)
{
	if (s->mode != SMTP_MODE_RCPT)
		return;
	s->mode = SMTP_MODE_COMMAND;
	if (refuse != SMTP_REASON_NONE) {
		smtp_refuse(s, refuse, out);
		return;
	}
	s->accepted++;
	s->commands--; /* it counted itself; a message may have more recipients than a session idle commands */
	smtp_reply(out, "250 2.1.5 Recipient OK");
}

void smtp_session_begin(struct smtp_session *s, enum smtp_reason refuse, struct keel_buffer *out)
{
	if (s->mode != SMTP_MODE_BEGIN)
		return;
	if (s->chunked) {
		s->begun = refuse == SMTP_REASON_NONE;
		s->failed = (uint8_t)refuse;
		s->mode = SMTP_MODE_BDAT;
	} else if (refuse != SMTP_REASON_NONE) {
		s->mode = SMTP_MODE_COMMAND;
		smtp_refuse(s, refuse, out);
		smtp_session_reset(s);
	} else {
		s->begun = true;
		s->mode = SMTP_MODE_DATA;
		smtp_reply(out, "354 End data with <CRLF>.<CRLF>");
	}
}

void smtp_session_commit(struct smtp_session *s, const enum smtp_reason *reasons, size_t n, const char *id,
			 struct keel_buffer *out)
{
	const unsigned replies = s->config->protocol == SMTP_PROTOCOL_LMTP ? s->accepted : 1;
	bool stored = false;

	if (s->mode != SMTP_MODE_COMMIT)
		return;
	s->mode = SMTP_MODE_COMMAND;
	for (unsigned i = 0; i < replies; i++) {
		/* no word about a recipient is no promise to it */
		const enum smtp_reason reason = i < n ? reasons[i] : SMTP_REASON_STORAGE;

		if (reason == SMTP_REASON_NONE)
			smtp_reply_committed(id, out);
		else
			smtp_refuse(s, reason, out);
		stored |= reason == SMTP_REASON_NONE;
	}
	if (stored) {
		s->messages++;
		s->commands = 0;
	}
	end_transaction(s);
}

void smtp_session_fail_body(struct smtp_session *s, enum smtp_reason refuse)
{
	if (s->begun && s->mode != SMTP_MODE_COMMIT && s->failed == SMTP_REASON_NONE)
		s->failed = (uint8_t)refuse;
}

void smtp_session_secured(struct smtp_session *s)
{
	if (s->mode != SMTP_MODE_TLS)
		return;
	/* STARTTLS itself ended the transaction, and no line was begun behind it */
	keel_buffer_free(&s->peer);
	s->hello = SMTP_HELLO_NONE;
	s->secure = true;
	s->discard = false;
	s->mode = SMTP_MODE_COMMAND;
}

void smtp_session_expire(struct smtp_session *s, enum smtp_reason reason, struct keel_buffer *out)
{
	if (s->mode == SMTP_MODE_CLOSE)
		return;
	/* what is being committed is not aborted: the client may send it again, but it is not lost */
	if (s->mode == SMTP_MODE_COMMIT)
		end_transaction(s);
	if (s->mode != SMTP_MODE_TLS)
		smtp_refuse(s, reason, out);
	s->mode = SMTP_MODE_CLOSE;
	s->discard = false;
}

const struct smtp_path *smtp_session_sender(const struct smtp_session *s)
{
	return &s->sender;
}

const struct smtp_path *smtp_session_recipient(const struct smtp_session *s)
{
	return &s->recipient;
}

uint64_t smtp_session_declared_size(const struct smtp_session *s)
{
	return s->declared_size;
}

const uint8_t *smtp_session_body(const struct smtp_session *s, size_t *len)
{
	*len = s->body_len;
	return s->body;
}

const char *smtp_session_peer_name(const struct smtp_session *s)
{
	return s->peer.len ? (const char *)s->peer.data : "";
}

const char *smtp_session_with(const struct smtp_session *s)
{
	/* RFC 3848, RFC 6531 4.3 */
	static const char *const names[2][2][2] = {
		[SMTP_PROTOCOL_SMTP] = { { "ESMTP", "ESMTPS" }, { "UTF8SMTP", "UTF8SMTPS" } },
		[SMTP_PROTOCOL_LMTP] = { { "LMTP", "LMTPS" }, { "UTF8LMTP", "UTF8LMTPS" } },
	};

	if (s->hello == SMTP_HELLO_HELO)
		return "SMTP";
	return names[s->config->protocol][s->smtputf8][s->secure];
}

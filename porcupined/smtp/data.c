// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/smtp/session.h"

#include <strings.h>

/* Why no message may begin now; NONE if it may. */
static enum smtp_reason no_message(const struct smtp_session *s)
{
	if (!s->in_mail)
		return SMTP_REASON_NEED_MAIL;
	if (s->accepted)
		return SMTP_REASON_NONE;
	/* RFC 2033 4.2 wants 503 where RFC 5321 3.3 leaves the choice */
	if (s->tried_rcpt && s->config->protocol == SMTP_PROTOCOL_SMTP)
		return SMTP_REASON_NO_VALID_RECIPIENTS;
	return SMTP_REASON_NEED_RCPT;
}

static void start_message(struct smtp_session *s)
{
	s->text = SMTP_TEXT_START;
	s->received = 0;
	s->line_octets = 0;
	s->failed = SMTP_REASON_NONE;
}

enum smtp_event smtp_data(struct smtp_session *s, struct keel_buffer *out)
{
	const enum smtp_reason reason = s->chunked ? SMTP_REASON_MIXED_BDAT : no_message(s);

	if (reason != SMTP_REASON_NONE) {
		smtp_error(s, reason, out);
		return SMTP_EVENT_INPUT;
	}
	start_message(s);
	s->mode = SMTP_MODE_BEGIN;
	return SMTP_EVENT_BEGIN;
}

/* The octet count; false if there is none that can be trusted. */
static bool chunk_size(struct keel_cursor *c, uint64_t *size)
{
	const uint8_t *start = c->at;
	uint64_t n = 0;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		const unsigned digit = (unsigned)*c->at - '0';

		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, digit, &n))
			return false;
	}
	*size = n;
	return c->at > start && (c->at == c->end || *c->at == ' ');
}

/*
 * RFC 3030 2. Whatever is wrong with the command, its octets follow and must be swallowed before the reply: without a count there is
 * no way on.
 */
enum smtp_event smtp_bdat(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	static const char last[] = "LAST";
	enum smtp_reason reason = no_message(s);

	if (!chunk_size(c, &s->chunk_left)) {
		smtp_refuse(s, SMTP_REASON_CHUNK_SYNTAX, out);
		return SMTP_EVENT_INPUT;
	}
	while (c->at < c->end && *c->at == ' ')
		c->at++;
	s->chunk_last = (size_t)(c->end - c->at) == strlen(last) &&
			!strncasecmp((const char *)c->at, last, strlen(last));
	if (!s->chunk_last && c->at < c->end && reason == SMTP_REASON_NONE)
		reason = SMTP_REASON_SYNTAX;
	s->mode = SMTP_MODE_BDAT;
	if (reason != SMTP_REASON_NONE) {
		s->failed = (uint8_t)reason;
		return SMTP_EVENT_INPUT;
	}
	if (s->chunked)
		return SMTP_EVENT_INPUT;
	start_message(s);
	s->chunked = true;
	s->mode = SMTP_MODE_BEGIN;
	return SMTP_EVENT_BEGIN;
}

void smtp_refuse_message(struct smtp_session *s, enum smtp_reason reason, struct keel_buffer *out)
{
	unsigned replies = 1;

	if (s->config->protocol == SMTP_PROTOCOL_LMTP && (!s->chunked || s->chunk_last))
		replies = s->accepted;
	while (replies--)
		smtp_refuse(s, reason, out);
}

static enum smtp_event end_of_message(struct smtp_session *s, struct keel_buffer *out)
{
	if (s->failed == SMTP_REASON_NONE) {
		s->mode = SMTP_MODE_COMMIT;
		return SMTP_EVENT_COMMIT;
	}
	s->mode = SMTP_MODE_COMMAND;
	smtp_refuse_message(s, (enum smtp_reason)s->failed, out);
	smtp_session_reset(s);
	return SMTP_EVENT_INPUT;
}

static enum smtp_event end_of_chunk(struct smtp_session *s, struct keel_buffer *out)
{
	if (no_message(s) != SMTP_REASON_NONE) {
		const enum smtp_reason reason = (enum smtp_reason)s->failed;

		s->mode = SMTP_MODE_COMMAND;
		s->failed = SMTP_REASON_NONE;
		smtp_error(s, reason, out);
		return SMTP_EVENT_INPUT;
	}
	if (s->chunk_last && s->text == SMTP_TEXT_CR && s->failed == SMTP_REASON_NONE)
		s->failed = SMTP_REASON_BARE_NEWLINE;
	if (s->chunk_last || s->failed != SMTP_REASON_NONE)
		return end_of_message(s, out);
	s->mode = SMTP_MODE_COMMAND;
	smtp_reply_chunk(s->received, out);
	return SMTP_EVENT_INPUT;
}

/* How many of n octets keep each line within the limit. */
static size_t within_lines(struct smtp_session *s, const uint8_t *p, size_t n)
{
	const uint64_t limit = s->config->text_line;
	size_t i = 0;

	while (i < n) {
		const uint8_t *lf = memchr(p + i, '\n', n - i);
		const size_t part = lf ? (size_t)(lf - (p + i)) + 1 : n - i;

		if (part > limit - s->line_octets)
			return i + (size_t)(limit - s->line_octets);
		s->line_octets = lf ? 0 : s->line_octets + part;
		i += part;
	}
	return n;
}

/* Good octets of the message: BODY, or INPUT if the message has failed. */
static enum smtp_event deliver(struct smtp_session *s, const uint8_t *p, size_t n)
{
	const uint64_t limit = s->config->message_size;
	size_t kept;

	if (s->failed != SMTP_REASON_NONE)
		return SMTP_EVENT_INPUT;
	if (limit && n > limit - s->received) {
		s->failed = SMTP_REASON_TOO_BIG;
		n = (size_t)(limit - s->received);
	}
	if (s->config->text_line) {
		kept = within_lines(s, p, n);
		if (kept < n)
			s->failed = SMTP_REASON_TEXT_LINE_TOO_LONG;
		n = kept;
	}
	if (!n)
		return SMTP_EVENT_INPUT;
	s->received += n;
	s->body = p;
	s->body_len = n;
	return SMTP_EVENT_BODY;
}

static void bare(struct smtp_session *s)
{
	s->text = SMTP_TEXT_MIDDLE;
	if (s->failed == SMTP_REASON_NONE)
		s->failed = SMTP_REASON_BARE_NEWLINE;
}

/* The octet at *at is not part of a span. True: it was the last of the message. */
static bool special(struct smtp_session *s, const uint8_t **at)
{
	const uint8_t octet = **at;

	switch ((enum smtp_text)s->text) {
	case SMTP_TEXT_DOT:
		/* any other octet: the dot was stuffed (RFC 5321 4.5.2) and is dropped */
		s->text = octet == '\r' ? SMTP_TEXT_DOT_CR : SMTP_TEXT_MIDDLE;
		*at += octet == '\r';
		break;
	case SMTP_TEXT_DOT_CR:
		if (octet == '\n') {
			++*at;
			return true;
		}
		bare(s);
		break;
	case SMTP_TEXT_CR:
		bare(s);
		break;
	case SMTP_TEXT_START:
	case SMTP_TEXT_MIDDLE:
		++*at;
		if (octet == '\n')
			bare(s);
		else
			s->text = SMTP_TEXT_DOT;
		break;
	}
	return false;
}

enum smtp_event smtp_receive(struct smtp_session *s, const uint8_t **at, const uint8_t *end, struct keel_buffer *out)
{
	const bool dots = s->mode == SMTP_MODE_DATA;

	if (!dots && (uint64_t)(end - *at) > s->chunk_left)
		end = *at + s->chunk_left;
	while (*at < end) {
		const uint8_t *start = *at;
		enum smtp_event event = SMTP_EVENT_INPUT;
		size_t n = 0;

		if (s->text != SMTP_TEXT_DOT && s->text != SMTP_TEXT_DOT_CR)
			n = smtp_text_span(start, (size_t)(end - start), (enum smtp_text)s->text, dots);
		if (n) {
			s->text = smtp_text_after(start, n);
			*at += n;
			event = deliver(s, start, n);
		} else if (special(s, at)) {
			return end_of_message(s, out);
		}
		if (!dots)
			s->chunk_left -= (uint64_t)(*at - start);
		if (event != SMTP_EVENT_INPUT)
			return event;
	}
	if (!dots && s->chunk_left == 0)
		return end_of_chunk(s, out);
	return SMTP_EVENT_INPUT;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/pop3/session.h"

void pop3_content_start(struct pop3_session *s, int64_t top)
{
	s->top = top;
	s->lines = top < 0 ? 0 : (uint64_t)top;
	s->header_line = POP3_LINE_START;
	s->line_start = true;
	s->begun = s->in_body = s->enough = false;
}

static void begin(struct pop3_session *s, struct keel_buffer *out)
{
	if (s->begun)
		return;
	s->begun = true;
	if (s->top >= 0) {
		pop3_reply(out, "+OK");
		return;
	}
	keel_buffer_puts(out, "+OK ");
	keel_buffer_decimal(out, s->messages[s->current].size);
	pop3_reply(out, " octets");
}

/* Takes the n octets up to a LF, or to the end of a piece, of a header line. */
static void header_octets(struct pop3_session *s, const uint8_t *p, size_t n)
{
	if (n == 1 && *p == '\r' && s->header_line == POP3_LINE_START)
		s->header_line = POP3_LINE_CR;
	else if (n)
		s->header_line = POP3_LINE_TEXT;
}

/* How many of the octets TOP wants; enough is set when nothing behind them is. */
static size_t top_span(struct pop3_session *s, const uint8_t *data, size_t len)
{
	const uint8_t *p = data, *end = data + len;

	while (p < end && !(s->in_body && s->lines == 0)) {
		const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));

		if (!s->in_body)
			header_octets(s, p, (size_t)((lf ? lf : end) - p));
		if (!lf)
			return len;
		if (s->in_body) {
			s->lines--;
		} else {
			s->in_body = s->header_line != POP3_LINE_TEXT;
			s->header_line = POP3_LINE_START;
		}
		p = lf + 1;
	}
	s->enough = s->in_body && s->lines == 0;
	return (size_t)(p - data);
}

/* The octets in slices as large as can be: only a dot at the start of a line breaks one (RFC 1939 3). */
static void stuff(struct pop3_session *s, const uint8_t *data, size_t len, struct keel_buffer *out)
{
	const uint8_t *p = data, *end = data + len, *from = data;

	if (len == 0)
		return;
	while (p < end && (p = memchr(p, '.', (size_t)(end - p)))) {
		if (p == data ? s->line_start : p[-1] == '\n') {
			keel_buffer_append(out, from, (size_t)(p - from));
			keel_buffer_putc(out, '.');
			from = p;
		}
		p++;
	}
	keel_buffer_append(out, from, (size_t)(end - from));
	s->line_start = end[-1] == '\n';
}

bool pop3_session_content(struct pop3_session *s, const uint8_t *data, size_t len, struct keel_buffer *out)
{
	if (s->mode != POP3_MODE_RETR)
		return false;
	begin(s, out);
	if (s->top >= 0)
		len = top_span(s, data, len);
	stuff(s, data, len, out);
	return !s->enough && !out->failed;
}

void pop3_session_content_end(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	if (s->mode != POP3_MODE_RETR)
		return;
	s->mode = POP3_MODE_COMMAND;
	if (reason != POP3_REASON_NONE) {
		const bool begun = s->begun;

		/* after a part of the message only the missing end can tell */
		pop3_refuse(s, reason, begun ? NULL : out);
		if (begun)
			s->mode = POP3_MODE_CLOSE;
		return;
	}
	begin(s, out);
	if (!s->line_start)
		keel_buffer_append(out, "\r\n", 2);
	pop3_reply(out, ".");
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/pop3/session.h"

/* A decimal number and the spaces behind it; what does not fit is UINT64_MAX. False if there is none, or something else behind it. */
static bool number(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	const uint8_t *t = *at;
	uint64_t v = 0;

	for (; t < end && *t >= '0' && *t <= '9'; t++) {
		const uint64_t d = (uint64_t)(*t - '0');

		v = v > (UINT64_MAX - d) / 10 ? UINT64_MAX : v * 10 + d;
	}
	if (t == *at || (t < end && *t != ' '))
		return false;
	while (t < end && *t == ' ')
		t++;
	*at = t;
	*value = v;
	return true;
}

/* Why value is no number of a message that can be had. */
static enum pop3_reason judge(const struct pop3_session *s, uint64_t value)
{
	if (value < 1 || value > s->count)
		return POP3_REASON_NO_SUCH_MESSAGE;
	return pop3_session_deleted(s, (size_t)value - 1) ? POP3_REASON_DELETED : POP3_REASON_NONE;
}

/* The one argument of a command: the index of a message. False: it was refused. */
static bool one_message(struct pop3_session *s, const uint8_t *at, size_t len, size_t *index, struct keel_buffer *out)
{
	const uint8_t *end = at + len;
	enum pop3_reason reason;
	uint64_t value;

	if (!number(&at, end, &value) || at != end) {
		pop3_error(s, POP3_REASON_SYNTAX, out);
		return false;
	}
	reason = judge(s, value);
	if (reason != POP3_REASON_NONE) {
		pop3_refuse(s, reason, out);
		return false;
	}
	*index = (size_t)value - 1;
	return true;
}

POP3_HANDLER(pop3_stat)
{
	pop3_reply_totals(s, "+OK ", " ", "", out);
	return POP3_EVENT_INPUT;
}

static void list_one(const struct pop3_session *s, bool uidl, size_t index, struct keel_buffer *out)
{
	static const char digits[] = "0123456789abcdef";
	const struct pop3_message *m = &s->messages[index];
	char id[2 * sizeof(m->id)];

	keel_buffer_decimal(out, index + 1);
	keel_buffer_putc(out, ' ');
	if (uidl) {
		for (unsigned i = 0; i < sizeof(m->id); i++) {
			id[2 * i] = digits[m->id[i] >> 4];
			id[2 * i + 1] = digits[m->id[i] & 15];
		}
		keel_buffer_append(out, id, sizeof(id));
	} else {
		keel_buffer_decimal(out, m->size);
	}
	keel_buffer_append(out, "\r\n", 2);
}

void pop3_list_more(struct pop3_session *s, struct keel_buffer *out)
{
	const size_t stop = out->len + POP3_OUTPUT;

	for (; s->listed < s->count && out->len < stop && !out->failed; s->listed++)
		if (!pop3_session_deleted(s, s->listed))
			list_one(s, s->uidl, s->listed, out);
	if (s->listed == s->count) {
		pop3_reply(out, ".");
		s->mode = POP3_MODE_COMMAND;
	}
}

static enum pop3_event list(struct pop3_session *s, bool uidl, const uint8_t *at, size_t len, struct keel_buffer *out)
{
	size_t index;

	if (len == 0) {
		if (uidl)
			pop3_reply(out, "+OK");
		else
			pop3_reply_totals(s, "+OK ", " messages (", " octets)", out);
		s->uidl = uidl;
		s->listed = 0;
		s->mode = POP3_MODE_LISTING;
	} else if (one_message(s, at, len, &index, out)) {
		keel_buffer_puts(out, "+OK ");
		list_one(s, uidl, index, out);
	}
	return POP3_EVENT_INPUT;
}

POP3_HANDLER(pop3_list)
{
	return list(s, false, at, len, out);
}

POP3_HANDLER(pop3_uidl)
{
	return list(s, true, at, len, out);
}

static enum pop3_event send(struct pop3_session *s, size_t index, int64_t top, struct keel_buffer *out)
{
	if (s->messages[index].utf8 && !s->utf8) {
		pop3_refuse(s, POP3_REASON_UTF8, out);
		return POP3_EVENT_INPUT;
	}
	s->current = index;
	pop3_content_start(s, top);
	s->mode = POP3_MODE_RETR;
	return POP3_EVENT_RETR;
}

POP3_HANDLER(pop3_retr)
{
	size_t index;

	return one_message(s, at, len, &index, out) ? send(s, index, -1, out) : POP3_EVENT_INPUT;
}

POP3_HANDLER(pop3_top)
{
	const uint8_t *end = at + len;
	enum pop3_reason reason;
	uint64_t value, lines;

	if (!number(&at, end, &value) || !number(&at, end, &lines) || at != end) {
		pop3_error(s, POP3_REASON_SYNTAX, out);
		return POP3_EVENT_INPUT;
	}
	reason = judge(s, value);
	if (reason != POP3_REASON_NONE) {
		pop3_refuse(s, reason, out);
		return POP3_EVENT_INPUT;
	}
	return send(s, (size_t)value - 1, lines > INT64_MAX ? INT64_MAX : (int64_t)lines, out);
}

POP3_HANDLER(pop3_dele)
{
	const size_t octets = s->count / 8 + 1;
	size_t index;

	if (!one_message(s, at, len, &index, out))
		return POP3_EVENT_INPUT;
	if (!s->deleted.len) {
		if (keel_buffer_reserve(&s->deleted, octets)) {
			pop3_refuse(s, POP3_REASON_NO_MEMORY, out);
			return POP3_EVENT_INPUT;
		}
		memset(s->deleted.data, 0, octets);
		s->deleted.len = octets;
	}
	s->deleted.data[index / 8] |= (uint8_t)(1u << index % 8);
	s->live--;
	s->octets -= s->messages[index].size;
	pop3_reply(out, "+OK Marked");
	return POP3_EVENT_INPUT;
}

POP3_HANDLER(pop3_rset)
{
	for (size_t i = 0; i < s->count && s->live < s->count; i++) {
		if (!pop3_session_deleted(s, i))
			continue;
		s->live++;
		s->octets += s->messages[i].size;
	}
	keel_buffer_free(&s->deleted);
	pop3_reply_totals(s, "+OK ", " messages (", " octets)", out);
	return POP3_EVENT_INPUT;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/pop3/session.h"

#define NAME_MAX_SHOWN 255 /* octets of a host name in a reply */

static const struct reason {
	const char *code, *text, *name;
} reasons[POP3_REASON_COUNT] = {
#define X(name, code, text, counter, description) [POP3_REASON_##name] = { code, text, counter },
	POP3_REASONS(X)
#undef X
};

const char *pop3_reason_name(enum pop3_reason reason)
{
	return reasons[reason].name;
}

const char *pop3_reason_text(enum pop3_reason reason)
{
	return reasons[reason].text;
}

void pop3_reply(struct keel_buffer *out, const char *text)
{
	keel_buffer_puts(out, text);
	keel_buffer_append(out, "\r\n", 2);
}

static void count(struct pop3_session *s, enum pop3_reason reason)
{
	if (reason == POP3_REASON_NONE || s->refused[reason] == UINT8_MAX)
		return;
	s->refused[reason]++;
	s->refusals++;
}

enum pop3_reason pop3_session_refused(struct pop3_session *s)
{
	if (!s->refusals)
		return POP3_REASON_NONE;
	for (unsigned r = 0; r < POP3_REASON_COUNT; r++) {
		if (!s->refused[r])
			continue;
		s->refused[r]--;
		s->refusals--;
		return (enum pop3_reason)r;
	}
	return POP3_REASON_NONE;
}

void pop3_refuse(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	const struct reason *r = &reasons[reason];

	count(s, reason);
	if (reason == POP3_REASON_NO_MEMORY || reason == POP3_REASON_TOO_MANY_ERRORS ||
	    reason == POP3_REASON_TOO_MANY_LOGINS)
		s->mode = POP3_MODE_CLOSE;
	if (!out)
		return;
	keel_buffer_puts(out, "-ERR ");
	if (*r->code) {
		keel_buffer_putc(out, '[');
		keel_buffer_puts(out, r->code);
		keel_buffer_puts(out, "] ");
	}
	pop3_reply(out, r->text);
}

void pop3_error(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	if (s->config->errors && s->errors >= s->config->errors) {
		count(s, reason);
		reason = POP3_REASON_TOO_MANY_ERRORS;
	}
	s->errors++;
	pop3_refuse(s, reason, out);
}

void pop3_session_greet(struct pop3_session *s, bool secure, bool plaintext, enum pop3_reason refuse,
			struct keel_buffer *out)
{
	s->secure = secure;
	s->plaintext = plaintext;
	if (refuse != POP3_REASON_NONE) {
		pop3_refuse(s, refuse, out);
		s->mode = POP3_MODE_CLOSE;
		return;
	}
	/* no timestamp in angle brackets: it would offer APOP (RFC 1939 7) */
	keel_buffer_puts(out, "+OK ");
	keel_buffer_append(out, s->config->hostname, strnlen(s->config->hostname, NAME_MAX_SHOWN));
	pop3_reply(out, " POP3 porcupined");
}

void pop3_reply_totals(const struct pop3_session *s, const char *head, const char *middle, const char *tail,
		       struct keel_buffer *out)
{
	keel_buffer_puts(out, head);
	keel_buffer_decimal(out, s->live);
	keel_buffer_puts(out, middle);
	keel_buffer_decimal(out, s->octets);
	pop3_reply(out, tail);
}

/* RFC 2449 5: what is of use before the login is told after it too. */
void pop3_reply_capabilities(const struct pop3_session *s, struct keel_buffer *out)
{
	pop3_reply(out, "+OK Capabilities follow");
	pop3_reply(out, "TOP");
	pop3_reply(out, "UIDL");
	if (s->secure || s->plaintext) {
		pop3_reply(out, "USER");
		pop3_reply(out, "SASL PLAIN");
	}
	if (s->config->stls && !s->secure)
		pop3_reply(out, "STLS");
	pop3_reply(out, "UTF8 USER");
	pop3_reply(out, "RESP-CODES");
	pop3_reply(out, "AUTH-RESP-CODE");
	pop3_reply(out, "PIPELINING");
	if (s->config->login_delay) {
		keel_buffer_puts(out, "LOGIN-DELAY ");
		keel_buffer_decimal(out, s->config->login_delay);
		pop3_reply(out, "");
	}
	pop3_reply(out, "EXPIRE NEVER");
	pop3_reply(out, "IMPLEMENTATION porcupined");
	pop3_reply(out, ".");
}

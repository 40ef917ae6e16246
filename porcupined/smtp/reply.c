// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/smtp/session.h"

#define NAME_MAX_SHOWN 255 /* octets of a host name in a reply */
#define ID_MAX_SHOWN 128

static const struct reason {
	uint16_t code;
	char status[6];
	const char *text, *name;
} reasons[SMTP_REASON_COUNT] = {
#define X(name, code, status, text, counter, glue, description) [SMTP_REASON_##name] = { code, status, text, counter },
	SMTP_REASONS(X)
#undef X
};

const char *smtp_reason_name(enum smtp_reason reason)
{
	return reasons[reason].name;
}

const char *smtp_reason_text(enum smtp_reason reason)
{
	return reasons[reason].text;
}

static void append_most(struct keel_buffer *out, const char *text, size_t most)
{
	keel_buffer_append(out, text, strnlen(text, most));
}

void smtp_reply(struct keel_buffer *out, const char *text)
{
	keel_buffer_puts(out, text);
	keel_buffer_append(out, "\r\n", 2);
}

static void count(struct smtp_session *s, enum smtp_reason reason)
{
	if (reason == SMTP_REASON_NONE || s->refused[reason] == UINT8_MAX)
		return;
	s->refused[reason]++;
	s->refusals++;
}

enum smtp_reason smtp_session_refused(struct smtp_session *s)
{
	if (!s->refusals)
		return SMTP_REASON_NONE;
	for (unsigned r = 0; r < SMTP_REASON_COUNT; r++) {
		if (!s->refused[r])
			continue;
		s->refused[r]--;
		s->refusals--;
		return (enum smtp_reason)r;
	}
	return SMTP_REASON_NONE;
}

void smtp_refuse(struct smtp_session *s, enum smtp_reason reason, struct keel_buffer *out)
{
	const struct reason *r = &reasons[reason];

	count(s, reason);
	keel_buffer_decimal(out, r->code);
	/* RFC 2034 4: not in the reply to HELO and EHLO */
	if (reason != SMTP_REASON_HELLO_SYNTAX && reason != SMTP_REASON_WANT_LHLO && reason != SMTP_REASON_WANT_EHLO) {
		keel_buffer_putc(out, ' ');
		keel_buffer_puts(out, r->status);
	}
	keel_buffer_putc(out, ' ');
	if (r->code == 421) {
		append_most(out, s->config->hostname, NAME_MAX_SHOWN);
		keel_buffer_putc(out, ' ');
		s->mode = SMTP_MODE_CLOSE;
	}
	smtp_reply(out, r->text);
}

void smtp_error(struct smtp_session *s, enum smtp_reason reason, struct keel_buffer *out)
{
	if (s->config->errors && s->errors >= s->config->errors) {
		count(s, reason);
		reason = SMTP_REASON_TOO_MANY_ERRORS;
	}
	s->errors++;
	smtp_refuse(s, reason, out);
}

void smtp_reply_greeting(const struct smtp_session *s, struct keel_buffer *out)
{
	keel_buffer_puts(out, "220 ");
	append_most(out, s->config->hostname, NAME_MAX_SHOWN);
	smtp_reply(out, s->config->protocol == SMTP_PROTOCOL_LMTP ? " LMTP porcupined" : " ESMTP porcupined");
}

void smtp_session_greet(struct smtp_session *s, enum smtp_reason refuse, struct keel_buffer *out)
{
	const struct reason *r = &reasons[refuse];

	if (refuse == SMTP_REASON_NONE) {
		smtp_reply_greeting(s, out);
		return;
	}
	/* RFC 2034 4: no status code here; a reason that is not 421 still ends the session, so it is told as one or as 554 */
	count(s, refuse);
	keel_buffer_puts(out, r->code < 500 ? "421 " : "554 ");
	append_most(out, s->config->hostname, NAME_MAX_SHOWN);
	keel_buffer_putc(out, ' ');
	smtp_reply(out, r->text);
	s->mode = SMTP_MODE_CLOSE;
}

void smtp_reply_hello(const struct smtp_session *s, struct keel_buffer *out)
{
	const struct smtp_config *config = s->config;

	keel_buffer_puts(out, s->hello == SMTP_HELLO_HELO ? "250 " : "250-");
	append_most(out, config->hostname, NAME_MAX_SHOWN);
	if (s->hello == SMTP_HELLO_HELO) {
		smtp_reply(out, "");
		return;
	}
	keel_buffer_puts(out, "\r\n250-PIPELINING\r\n250-SIZE");
	if (config->message_size) {
		keel_buffer_putc(out, ' ');
		keel_buffer_decimal(out, config->message_size);
	}
	if (config->starttls && !s->secure)
		keel_buffer_puts(out, "\r\n250-STARTTLS");
	smtp_reply(out, "\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-ENHANCEDSTATUSCODES\r\n250 HELP");
}

void smtp_reply_closing(const struct smtp_session *s, struct keel_buffer *out)
{
	keel_buffer_puts(out, "221 2.0.0 ");
	append_most(out, s->config->hostname, NAME_MAX_SHOWN);
	smtp_reply(out, " closing");
}

void smtp_reply_committed(const char *id, struct keel_buffer *out)
{
	keel_buffer_puts(out, "250 2.0.0 OK");
	if (id && *id) {
		keel_buffer_putc(out, ' ');
		append_most(out, id, ID_MAX_SHOWN);
	}
	smtp_reply(out, "");
}

void smtp_reply_chunk(uint64_t octets, struct keel_buffer *out)
{
	keel_buffer_puts(out, "250 2.0.0 ");
	keel_buffer_decimal(out, octets);
	smtp_reply(out, " octets received");
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/smtp/path.h"
#include "porcupined/smtp/session.h"

#include <strings.h>

struct parameter {
	const uint8_t *name, *value;
	size_t name_len, value_len; /* value is NULL without "=" */
};

/* RFC 5321 4.1.2: one esmtp-param behind spaces. 1, 0 at the end of the line, -1 if it follows no grammar. */
static int next_parameter(struct keel_cursor *c, struct parameter *p)
{
	const uint8_t *at = c->at;

	if (at == c->end)
		return 0;
	if (*at != ' ')
		return -1;
	while (at < c->end && *at == ' ')
		at++;
	if (at == c->end)
		return 0;
	*p = (struct parameter){ .name = at };
	while (at < c->end && ((*at >= '0' && *at <= '9') || ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z') ||
			       (*at == '-' && at > p->name)))
		at++;
	p->name_len = (size_t)(at - p->name);
	if (!p->name_len)
		return -1;
	if (at < c->end && *at == '=') {
		for (p->value = ++at; at < c->end; at++)
			if (*at <= ' ' || *at == '=' || *at == 0x7f)
				break;
		p->value_len = (size_t)(at - p->value);
	}
	c->at = at;
	return 1;
}

static bool equal(const uint8_t *at, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp((const char *)at, word, len);
}

/* RFC 1870 4: 1*20DIGIT. A number beyond 64 bits is beyond any limit too. */
static bool read_size(const struct parameter *p, uint64_t *size)
{
	uint64_t n = 0;

	if (!p->value_len || p->value_len > 20)
		return false;
	for (size_t i = 0; i < p->value_len; i++) {
		const unsigned digit = (unsigned)p->value[i] - '0';

		if (digit > 9)
			return false;
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, digit, &n))
			n = UINT64_MAX;
	}
	*size = n;
	return true;
}

static enum smtp_reason mail_parameters(struct smtp_session *s, struct keel_cursor *c)
{
	bool size = false, body = false;
	struct parameter p;
	int ret;

	while ((ret = next_parameter(c, &p)) > 0) {
		if (s->hello == SMTP_HELLO_HELO)
			return SMTP_REASON_PARAMETER_UNKNOWN;
		if (equal(p.name, p.name_len, "SIZE")) {
			if (size || !p.value || !read_size(&p, &s->declared_size))
				return SMTP_REASON_PARAMETER_VALUE;
			size = true;
		} else if (equal(p.name, p.name_len, "BODY")) {
			if (p.value && equal(p.value, p.value_len, "BINARYMIME"))
				return SMTP_REASON_BINARYMIME;
			if (body || !p.value ||
			    (!equal(p.value, p.value_len, "7BIT") && !equal(p.value, p.value_len, "8BITMIME")))
				return SMTP_REASON_PARAMETER_VALUE;
			body = true;
		} else if (equal(p.name, p.name_len, "SMTPUTF8")) {
			if (s->smtputf8 || p.value)
				return SMTP_REASON_PARAMETER_VALUE;
			s->smtputf8 = true;
		} else {
			return SMTP_REASON_PARAMETER_UNKNOWN;
		}
	}
	if (ret < 0)
		return SMTP_REASON_SYNTAX;
	if (s->sender.utf8 && !s->smtputf8)
		return SMTP_REASON_NEED_SMTPUTF8;
	if (s->config->message_size && s->declared_size > s->config->message_size)
		return SMTP_REASON_TOO_BIG;
	return SMTP_REASON_NONE;
}

/* "FROM:" or "TO:", and the spaces that many clients put behind it although the grammar has none. */
static bool keyword(struct keel_cursor *c, const char *word)
{
	const size_t n = strlen(word);

	if ((size_t)(c->end - c->at) < n || strncasecmp((const char *)c->at, word, n))
		return false;
	for (c->at += n; c->at < c->end && *c->at == ' ';)
		c->at++;
	return true;
}

enum smtp_event smtp_mail(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	enum smtp_reason reason = SMTP_REASON_SYNTAX;

	if (s->hello == SMTP_HELLO_NONE)
		reason = SMTP_REASON_HELLO_FIRST;
	else if (s->in_mail)
		reason = SMTP_REASON_NESTED_MAIL;
	else if (s->config->messages && s->messages >= s->config->messages)
		reason = SMTP_REASON_TOO_MANY_MESSAGES;
	else if (keyword(c, "FROM:"))
		reason = smtp_path_parse(c, SMTP_PATH_REVERSE, &s->sender_text, &s->sender);
	if (reason == SMTP_REASON_NONE) {
		s->declared_size = 0;
		s->smtputf8 = false;
		reason = mail_parameters(s, c);
		if (reason != SMTP_REASON_NONE)
			smtp_session_reset(s);
	}
	if (reason != SMTP_REASON_NONE) {
		smtp_error(s, reason, out);
		return SMTP_EVENT_INPUT;
	}
	s->in_mail = true;
	smtp_reply(out, "250 2.1.0 Sender OK");
	return SMTP_EVENT_INPUT;
}

enum smtp_event smtp_rcpt(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	enum smtp_reason reason = SMTP_REASON_SYNTAX;
	struct parameter p;
	int ret;

	if (!s->in_mail) {
		reason = SMTP_REASON_NEED_MAIL;
	} else if (s->chunked) {
		reason = SMTP_REASON_MIXED_BDAT;
	} else {
		s->tried_rcpt = true;
		if (keyword(c, "TO:"))
			reason = smtp_path_parse(c, SMTP_PATH_FORWARD, &s->recipient_text, &s->recipient);
	}
	if (reason == SMTP_REASON_NONE) {
		ret = next_parameter(c, &p);
		if (ret)
			reason = ret < 0 ? SMTP_REASON_SYNTAX : SMTP_REASON_PARAMETER_UNKNOWN;
		else if (s->recipient.utf8 && !s->smtputf8)
			reason = SMTP_REASON_NEED_SMTPUTF8;
	}
	if (reason != SMTP_REASON_NONE) {
		smtp_error(s, reason, out);
		return SMTP_EVENT_INPUT;
	}
	/* not an error: RFC 5321 4.5.3.1.10 lets the client send to the rest later */
	if (s->config->recipients && s->accepted >= s->config->recipients) {
		smtp_refuse(s, SMTP_REASON_TOO_MANY_RECIPIENTS, out);
		return SMTP_EVENT_INPUT;
	}
	s->mode = SMTP_MODE_RCPT;
	return SMTP_EVENT_RCPT;
}

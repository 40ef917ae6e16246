// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/pop3/credential.h"
#include "porcupined/pop3/session.h"

#include <errno.h>
#include <strings.h>

void pop3_forget_login(struct pop3_session *s)
{
	pop3_wipe(&s->login);
	s->user = s->password = 0;
}

static enum pop3_event fail(struct pop3_session *s, enum pop3_reason reason, struct keel_buffer *out)
{
	pop3_forget_login(s);
	pop3_error(s, reason, out);
	return POP3_EVENT_INPUT;
}

static enum pop3_event no_memory(struct pop3_session *s, struct keel_buffer *out)
{
	pop3_refuse(s, POP3_REASON_NO_MEMORY, out);
	return POP3_EVENT_INPUT;
}

static bool may_login(const struct pop3_session *s)
{
	return s->secure || s->plaintext;
}

POP3_HANDLER(pop3_user)
{
	if (!may_login(s))
		return fail(s, POP3_REASON_TLS_REQUIRED, out);
	if (!pop3_is_utf8(at, len))
		return fail(s, POP3_REASON_NOT_UTF8, out);
	if (keel_buffer_append(&s->login, at, len) || keel_buffer_putc(&s->login, '\0'))
		return no_memory(s, out);
	/* whoever it is: who has a maildrop here is not told */
	pop3_reply(out, "+OK Password please");
	return POP3_EVENT_INPUT;
}

POP3_HANDLER(pop3_pass)
{
	if (!may_login(s))
		return fail(s, POP3_REASON_TLS_REQUIRED, out);
	if (!s->login.len)
		return fail(s, POP3_REASON_USER_FIRST, out);
	if (!pop3_is_utf8(at, len))
		return fail(s, POP3_REASON_NOT_UTF8, out);
	if (keel_buffer_reserve(&s->login, len + 1))
		return no_memory(s, out);
	s->password = s->login.len;
	keel_buffer_append(&s->login, at, len);
	keel_buffer_putc(&s->login, '\0');
	s->mode = POP3_MODE_LOGIN;
	return POP3_EVENT_LOGIN;
}

/* RFC 5034, RFC 4616: one base64 text is the whole exchange. */
static enum pop3_event plain(struct pop3_session *s, const uint8_t *text, size_t len, struct keel_buffer *out)
{
	struct pop3_plain part;
	const char *identity;
	int ret;

	/* room for the NUL too, so that the memory never moves */
	if (keel_buffer_reserve(&s->login, len / 4 * 3 + 1))
		return no_memory(s, out);
	ret = pop3_base64(text, len, &s->login);
	if (ret == -ENOMEM)
		return no_memory(s, out);
	if (ret || !pop3_plain_split(s->login.data, s->login.len, &part))
		return fail(s, POP3_REASON_BAD_RESPONSE, out);
	if (!pop3_is_utf8(s->login.data, s->login.len))
		return fail(s, POP3_REASON_NOT_UTF8, out);
	keel_buffer_putc(&s->login, '\0');
	s->user = part.user;
	s->password = part.password;
	identity = (const char *)s->login.data + part.identity;
	if (*identity && strcmp(identity, pop3_session_user(s)) != 0)
		return fail(s, POP3_REASON_OTHER_IDENTITY, out);
	s->mode = POP3_MODE_LOGIN;
	return POP3_EVENT_LOGIN;
}

POP3_HANDLER(pop3_auth)
{
	const uint8_t *end = at + len, *response;
	const uint8_t *space = len ? memchr(at, ' ', len) : NULL;
	const size_t name = space ? (size_t)(space - at) : len;

	/* no standard: clients older than CAPA ask so */
	if (len == 0) {
		pop3_reply(out,
			   may_login(s) ? "+OK Mechanisms follow\r\nPLAIN\r\n." : "+OK No mechanism without TLS\r\n.");
		return POP3_EVENT_INPUT;
	}
	if (!may_login(s))
		return fail(s, POP3_REASON_TLS_REQUIRED, out);
	if (name != 5 || strncasecmp((const char *)at, "PLAIN", 5) != 0)
		return fail(s, POP3_REASON_MECHANISM, out);
	if (!space) {
		pop3_reply(out, "+ ");
		s->mode = POP3_MODE_AUTH;
		return POP3_EVENT_INPUT;
	}
	for (response = space; response < end && *response == ' ';)
		response++;
	return plain(s, response, (size_t)(end - response), out);
}

POP3_HANDLER(pop3_auth_answer)
{
	s->mode = POP3_MODE_COMMAND;
	if (len == 1 && *at == '*')
		return fail(s, POP3_REASON_CANCELLED, out);
	return plain(s, at, len, out);
}

POP3_HANDLER(pop3_stls)
{
	if (s->secure)
		return fail(s, POP3_REASON_ALREADY_SECURE, out);
	if (s->utf8)
		return fail(s, POP3_REASON_STLS_AFTER_UTF8, out);
	pop3_reply(out, "+OK Begin TLS");
	s->mode = POP3_MODE_TLS;
	s->discard = true;
	return POP3_EVENT_INPUT;
}

POP3_HANDLER(pop3_utf8)
{
	s->utf8 = true;
	pop3_reply(out, "+OK UTF8 mode");
	return POP3_EVENT_INPUT;
}

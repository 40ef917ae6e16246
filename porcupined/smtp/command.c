// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/smtp/path.h"
#include "porcupined/smtp/session.h"

#include <strings.h>

typedef enum smtp_event handler(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out);

static enum smtp_event hello(struct smtp_session *s, struct keel_cursor *c, enum smtp_hello kind,
			     struct keel_buffer *out)
{
	const size_t len = (size_t)(c->end - c->at);

	if (!smtp_path_hello(c->at, len)) {
		smtp_error(s, SMTP_REASON_HELLO_SYNTAX, out);
		return SMTP_EVENT_INPUT;
	}
	/* RFC 5321 4.1.4: a second EHLO acts like RSET */
	smtp_session_reset(s);
	keel_buffer_clear(&s->peer);
	if (keel_buffer_append(&s->peer, c->at, len) || keel_buffer_putc(&s->peer, '\0')) {
		keel_buffer_clear(&s->peer);
		smtp_refuse(s, SMTP_REASON_NO_MEMORY, out);
		return SMTP_EVENT_INPUT;
	}
	s->hello = kind;
	smtp_reply_hello(s, out);
	return SMTP_EVENT_INPUT;
}

static enum smtp_event refuse(struct smtp_session *s, enum smtp_reason reason, struct keel_buffer *out)
{
	smtp_error(s, reason, out);
	return SMTP_EVENT_INPUT;
}

static enum smtp_event helo(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	if (s->config->protocol == SMTP_PROTOCOL_LMTP)
		return refuse(s, SMTP_REASON_WANT_LHLO, out);
	return hello(s, c, SMTP_HELLO_HELO, out);
}

static enum smtp_event ehlo(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	if (s->config->protocol == SMTP_PROTOCOL_LMTP)
		return refuse(s, SMTP_REASON_WANT_LHLO, out);
	return hello(s, c, SMTP_HELLO_EXTENDED, out);
}

static enum smtp_event lhlo(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	if (s->config->protocol == SMTP_PROTOCOL_SMTP)
		return refuse(s, SMTP_REASON_WANT_EHLO, out);
	return hello(s, c, SMTP_HELLO_EXTENDED, out);
}

static enum smtp_event data(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	return smtp_data(s, out);
}

static enum smtp_event rset(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	smtp_session_reset(s);
	smtp_reply(out, "250 2.0.0 OK");
	return SMTP_EVENT_INPUT;
}

static enum smtp_event noop(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	smtp_reply(out, "250 2.0.0 OK");
	return SMTP_EVENT_INPUT;
}

static enum smtp_event quit(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	smtp_reply_closing(s, out);
	s->mode = SMTP_MODE_CLOSE;
	return SMTP_EVENT_INPUT;
}

/* RFC 5321 3.5.3: who has a mailbox here is told at RCPT only. */
static enum smtp_event vrfy(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	smtp_reply(out, "252 2.5.0 Not verified; send the message and RCPT will tell");
	return SMTP_EVENT_INPUT;
}

static enum smtp_event help(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	smtp_reply_help(out);
	return SMTP_EVENT_INPUT;
}

static enum smtp_event starttls(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	if (s->secure)
		return refuse(s, SMTP_REASON_ALREADY_SECURE, out);
	if (!s->config->starttls)
		return refuse(s, SMTP_REASON_NOT_SUPPORTED, out);
	smtp_session_reset(s);
	smtp_reply(out, "220 2.0.0 Ready to start TLS");
	s->mode = SMTP_MODE_TLS;
	s->discard = true;
	return SMTP_EVENT_INPUT;
}

static enum smtp_event unsupported(struct smtp_session *s, struct keel_cursor *c, struct keel_buffer *out)
{
	return refuse(s, SMTP_REASON_NOT_SUPPORTED, out);
}

enum argument { NEVER, NEEDED, FREE };

/*        verb        handler      argument  syntax (HELP; NULL: not offered) */
#define VERBS(X) \
	X("MAIL",     smtp_mail,   NEEDED, "MAIL FROM:<path> [SIZE=n] [BODY=7BIT|8BITMIME] [SMTPUTF8]") \
	X("RCPT",     smtp_rcpt,   NEEDED, "RCPT TO:<path>") \
	X("DATA",     data,        NEVER,  "DATA") \
	X("BDAT",     smtp_bdat,   FREE,   "BDAT n [LAST]") \
	X("EHLO",     ehlo,        FREE,   "EHLO name (LMTP: LHLO)") \
	X("LHLO",     lhlo,        FREE,   NULL) \
	X("HELO",     helo,        FREE,   "HELO name") \
	X("QUIT",     quit,        NEVER,  "QUIT") \
	X("RSET",     rset,        NEVER,  "RSET") \
	X("NOOP",     noop,        FREE,   "NOOP") \
	X("STARTTLS", starttls,    NEVER,  "STARTTLS") \
	X("VRFY",     vrfy,        NEEDED, "VRFY text") \
	X("HELP",     help,        FREE,   "HELP") \
	X("EXPN",     unsupported, FREE,   NULL) \
	X("AUTH",     unsupported, FREE,   NULL) \
	X("ETRN",     unsupported, FREE,   NULL) \
	X("TURN",     unsupported, FREE,   NULL) \
	X("SEND",     unsupported, FREE,   NULL) \
	X("SOML",     unsupported, FREE,   NULL) \
	X("SAML",     unsupported, FREE,   NULL)

static const struct verb {
	const char *name;
	uint8_t len, argument;
	handler *handle;
	const char *syntax;
} verbs[] = {
#define X(name, handle, argument, syntax) { name, sizeof(name) - 1, argument, handle, syntax },
	VERBS(X)
#undef X
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

void smtp_reply_help(struct keel_buffer *out)
{
	for (unsigned i = 0; i < VERB_COUNT; i++) {
		if (!verbs[i].syntax)
			continue;
		keel_buffer_puts(out, "214-2.0.0 ");
		smtp_reply(out, verbs[i].syntax);
	}
	smtp_reply(out, "214 2.0.0 End of help");
}

static const struct verb *find_verb(const uint8_t *line, size_t len)
{
	for (unsigned i = 0; i < VERB_COUNT; i++)
		if (verbs[i].len == len && !strncasecmp((const char *)line, verbs[i].name, len))
			return &verbs[i];
	return NULL;
}

enum smtp_event smtp_command(struct smtp_session *s, const uint8_t *line, size_t len, struct keel_buffer *out)
{
	const struct smtp_config *config = s->config;
	struct keel_cursor c = { .at = line, .end = line + len };
	const struct verb *verb;

	/* RFC 5321 4.1.1: white space before CRLF is tolerated */
	while (c.end > c.at && (c.end[-1] == ' ' || c.end[-1] == '\t'))
		c.end--;
	for (const uint8_t *t = c.at; t < c.end; t++)
		if (*t < ' ' || *t == 0x7f)
			return refuse(s, SMTP_REASON_CONTROL, out);
	while (c.at < c.end && *c.at != ' ')
		c.at++;
	verb = find_verb(line, (size_t)(c.at - line));
	while (c.at < c.end && *c.at == ' ')
		c.at++;
	if (config->commands && s->commands >= config->commands) {
		smtp_refuse(s, SMTP_REASON_TOO_MANY_COMMANDS, out);
		return SMTP_EVENT_INPUT;
	}
	s->commands++;
	if (!verb)
		return refuse(s, SMTP_REASON_UNKNOWN_COMMAND, out);
	if (verb->argument == NEVER ? c.at < c.end : verb->argument == NEEDED && c.at == c.end)
		return refuse(s, SMTP_REASON_SYNTAX, out);
	return verb->handle(s, &c, out);
}

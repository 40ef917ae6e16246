// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/pop3/session.h"

#include <strings.h>

static POP3_HANDLER(capa)
{
	pop3_reply_capabilities(s, out);
	return POP3_EVENT_INPUT;
}

static POP3_HANDLER(noop)
{
	pop3_reply(out, "+OK");
	return POP3_EVENT_INPUT;
}

static POP3_HANDLER(quit)
{
	if (s->state == POP3_STATE_TRANSACTION) {
		s->mode = POP3_MODE_UPDATE;
		return POP3_EVENT_UPDATE;
	}
	pop3_reply(out, "+OK Bye");
	s->mode = POP3_MODE_CLOSE;
	return POP3_EVENT_INPUT;
}

enum argument { NEVER, NEEDED, FREE };

#define BEFORE POP3_STATE_AUTHORIZATION
#define AFTER POP3_STATE_TRANSACTION

/*        verb    handler    states          argument */
#define VERBS(X) \
	X("USER", pop3_user, BEFORE,         NEEDED) \
	X("PASS", pop3_pass, BEFORE,         NEEDED) \
	X("AUTH", pop3_auth, BEFORE,         FREE) \
	X("STLS", pop3_stls, BEFORE,         NEVER) \
	X("UTF8", pop3_utf8, BEFORE,         NEVER) \
	X("CAPA", capa,      BEFORE | AFTER, NEVER) \
	X("QUIT", quit,      BEFORE | AFTER, NEVER) \
	X("STAT", pop3_stat, AFTER,          NEVER) \
	X("LIST", pop3_list, AFTER,          FREE) \
	X("UIDL", pop3_uidl, AFTER,          FREE) \
	X("RETR", pop3_retr, AFTER,          NEEDED) \
	X("TOP",  pop3_top,  AFTER,          NEEDED) \
	X("DELE", pop3_dele, AFTER,          NEEDED) \
	X("NOOP", noop,      AFTER,          NEVER) \
	X("RSET", pop3_rset, AFTER,          NEVER)

static const struct verb {
	const char *name;
	uint8_t len, states, argument;
	enum pop3_event (*handle)(struct pop3_session *s, const uint8_t *at, size_t len, struct keel_buffer *out);
} verbs[] = {
#define X(name, handle, states, argument) { name, sizeof(name) - 1, states, argument, handle },
	VERBS(X)
#undef X
};

static const struct verb *find_verb(const uint8_t *line, size_t len)
{
	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (verbs[i].len == len && !strncasecmp((const char *)line, verbs[i].name, len))
			return &verbs[i];
	return NULL;
}

/* NONE, or why the line is no command for verb now. */
static enum pop3_reason judge(const struct pop3_session *s, const struct verb *verb, size_t argument)
{
	if (!verb || (verb->handle == pop3_stls && !s->config->stls && !s->secure))
		return POP3_REASON_UNKNOWN_COMMAND;
	if (!(verb->states & s->state))
		return POP3_REASON_BAD_STATE;
	if (verb->argument == NEVER ? argument > 0 : verb->argument == NEEDED && argument == 0)
		return POP3_REASON_SYNTAX;
	return POP3_REASON_NONE;
}

enum pop3_event pop3_command(struct pop3_session *s, const uint8_t *line, size_t len, struct keel_buffer *out)
{
	const uint8_t *at = line, *end = line + len;
	const struct verb *verb;
	enum pop3_reason reason = POP3_REASON_NONE;

	for (const uint8_t *t = line; t < end; t++)
		if (*t < ' ' || *t == 0x7f)
			reason = POP3_REASON_CONTROL;
	while (at < end && *at != ' ')
		at++;
	verb = find_verb(line, (size_t)(at - line));
	if (verb && verb->handle == pop3_pass) {
		/* RFC 1939 7: spaces are part of a password, all behind the one that ends the verb */
		at += at < end;
	} else {
		while (end > at && end[-1] == ' ')
			end--;
		while (at < end && *at == ' ')
			at++;
		/* PASS must come right behind USER */
		pop3_forget_login(s);
	}
	if (reason == POP3_REASON_NONE)
		reason = judge(s, verb, (size_t)(end - at));
	if (reason != POP3_REASON_NONE) {
		pop3_forget_login(s);
		pop3_error(s, reason, out);
		return POP3_EVENT_INPUT;
	}
	return verb->handle(s, at, (size_t)(end - at), out);
}

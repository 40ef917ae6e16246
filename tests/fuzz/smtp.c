// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SMTP and LMTP sessions against any client. The first octets choose the configuration and seed the answers and the cuts; the rest is what
 * the client sends. It is sent twice, cut in two ways with the same answers: replies, events and message must be the same. Watched:
 * message octets are a slice of the input, no bare CR or LF is ever committed, no event comes while an answer is due, reply lines end in
 * CRLF and have at most 512 octets, LMTP has one reply a recipient, limits hold.
 */
#include <stdio.h>
#include <stdlib.h>

#include "porcupined/smtp/smtp.h"

#define OPENING 8
#define RECIPIENTS 4
#define MESSAGE_SIZE 200
#define TEXT_LINE 80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct smtp_session *s;
	struct smtp_config config;
	struct keel_buffer out, log; /* log: replies, events and message octets in order */
	size_t shown;                /* of out */
	uint32_t answers, cuts;      /* states of the generators */
	size_t message;              /* octets of this message */
	size_t line;                 /* of its last line */
	unsigned recipients;
	uint8_t before; /* the last octet of the message */
	bool begun, closed;
};

static void require(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz smtp: %s\n", what);
		abort();
	}
}

static uint32_t draw(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % below;
}

static unsigned log_replies(struct world *w)
{
	unsigned lines = 0;

	while (w->shown < w->out.len) {
		const uint8_t *line = w->out.data + w->shown;
		const uint8_t *lf = memchr(line, '\n', w->out.len - w->shown);

		require(lf && lf - line >= 5 && lf[-1] == '\r', "reply without CRLF");
		require(lf + 1 - line <= 512, "reply line too long");
		require(line[0] >= '2' && line[0] <= '5' && line[1] >= '0' && line[1] <= '9' && line[2] >= '0' &&
				line[2] <= '9' && (line[3] == ' ' || line[3] == '-'),
			"reply without a code");
		for (const uint8_t *t = line; t < lf - 1; t++)
			require(*t >= ' ' && *t <= '~', "reply with a control octet");
		w->shown += (size_t)(lf + 1 - line);
		lines++;
	}
	return lines;
}

/* New replies go to the log, behind what came before them. */
static unsigned flush(struct world *w)
{
	const size_t from = w->shown;
	const unsigned lines = log_replies(w);

	keel_buffer_append(&w->log, w->out.data + from, w->out.len - from);
	return lines;
}

static enum smtp_reason draw_reason(struct world *w)
{
	static const enum smtp_reason some[] = { SMTP_REASON_NO_SUCH_USER, SMTP_REASON_OVER_QUOTA, SMTP_REASON_STORAGE,
						 SMTP_REASON_NO_SPACE, SMTP_REASON_SHUTDOWN };

	return draw(&w->answers, 4) ? SMTP_REASON_NONE : some[draw(&w->answers, sizeof(some) / sizeof(some[0]))];
}

static void check_path(const struct smtp_path *path, bool recipient)
{
	require(strlen(path->local) <= 64 && strlen(path->domain) <= 255, "path too long");
	for (const char *t = path->local; *t; t++)
		require((uint8_t)*t >= ' ' && *t != 0x7f, "control octet in a local-part");
	for (const char *t = path->domain; *t; t++)
		require((uint8_t)*t > ' ' && *t != 0x7f && !strchr("<>@,\"", *t), "bad octet in a domain");
	if (recipient)
		require(*path->local || *path->domain, "null recipient");
}

static void on_body(struct world *w, const uint8_t *start, const uint8_t *at)
{
	const uint8_t *body;
	size_t len;

	body = smtp_session_body(w->s, &len);
	require(w->begun, "BODY without BEGIN");
	require(len && body >= start && body + len <= at, "body is no slice of the input");
	for (size_t i = 0; i < len; i++) {
		require(body[i] != '\n' || w->before == '\r', "bare LF in a message");
		require(w->before != '\r' || body[i] == '\n', "bare CR in a message");
		w->before = body[i];
		w->line = body[i] == '\n' ? 0 : w->line + 1;
		require(!w->config.text_line || w->line <= w->config.text_line, "line over the limit");
	}
	w->message += len;
	require(!w->config.message_size || w->message <= w->config.message_size, "message over the limit");
	keel_buffer_append(&w->log, body, len);
}

static void must_wait(struct world *w, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *before = at;

	require(smtp_session_step(w->s, &at, end, &w->out) == SMTP_EVENT_WAIT && at == before,
		"not waiting for an answer");
	require(w->out.len == w->shown, "a reply while an answer is due");
}

static void commit(struct world *w)
{
	enum smtp_reason reasons[RECIPIENTS];
	unsigned expected = w->config.protocol == SMTP_PROTOCOL_LMTP ? w->recipients : 1;

	require(w->begun && w->recipients && w->recipients <= RECIPIENTS, "COMMIT without a message or recipients");
	require(w->before != '\r', "bare CR at the end of a message");
	for (unsigned i = 0; i < RECIPIENTS; i++)
		reasons[i] = draw_reason(w);
	smtp_session_commit(w->s, reasons, draw(&w->answers, 8) ? w->recipients : 0, "id", &w->out);
	require(flush(w) == expected, "not one reply for each answer");
	w->begun = false;
	w->recipients = 0;
}

static void on_event(struct world *w, enum smtp_event event, const uint8_t *start, const uint8_t *at,
		     const uint8_t *end)
{
	enum smtp_reason reason;

	keel_buffer_putc(&w->log, (uint8_t)('A' + event));
	switch (event) {
	case SMTP_EVENT_RCPT:
		must_wait(w, at, end);
		check_path(smtp_session_sender(w->s), false);
		check_path(smtp_session_recipient(w->s), true);
		require(!w->begun, "RCPT within a message");
		reason = draw_reason(w);
		smtp_session_rcpt(w->s, reason, &w->out);
		w->recipients += reason == SMTP_REASON_NONE;
		require(w->recipients <= RECIPIENTS, "too many recipients");
		require(flush(w) == 1, "not one reply to RCPT");
		break;
	case SMTP_EVENT_BEGIN:
		must_wait(w, at, end);
		require(!w->begun && w->recipients, "BEGIN twice or without recipients");
		w->begun = true;
		w->message = w->line = 0;
		w->before = 0;
		smtp_session_begin(w->s, draw_reason(w), &w->out);
		if (!draw(&w->answers, 8))
			smtp_session_fail_body(w->s, SMTP_REASON_STORAGE);
		flush(w);
		break;
	case SMTP_EVENT_COMMIT:
		must_wait(w, at, end);
		commit(w);
		break;
	case SMTP_EVENT_BODY:
		w->log.len--; /* slices depend on the cuts */
		on_body(w, start, at);
		break;
	case SMTP_EVENT_ABORT:
		require(w->recipients, "ABORT of nothing");
		w->begun = false;
		w->recipients = 0;
		break;
	case SMTP_EVENT_CLOSE:
		w->closed = true;
		/* fall through */
	case SMTP_EVENT_TLS:
		require(!w->recipients && !w->begun, "TLS or CLOSE in a transaction");
		require(at == end, "input kept at TLS or CLOSE");
		break;
	case SMTP_EVENT_WAIT:
	case SMTP_EVENT_INPUT:
		require(false, "WAIT without a question");
	}
}

/* STARTTLS: the rest of the piece is gone, so the log of two ways to cut differs from there on. True: it came. */
static bool feed(struct world *w, const uint8_t *octets, size_t n)
{
	uint8_t *input = malloc(n ? n : 1);
	const uint8_t *at = input;
	bool tls = false;

	if (n)
		memcpy(input, octets, n);
	while (!w->closed && !tls) {
		const enum smtp_event event = smtp_session_step(w->s, &at, input + n, &w->out);

		require(at >= input && at <= input + n, "cursor outside the input");
		flush(w);
		if (event == SMTP_EVENT_INPUT) {
			require(at == input + n, "input left over");
			break;
		}
		on_event(w, event, input, at, input + n);
		tls = event == SMTP_EVENT_TLS;
	}
	free(input);
	while (smtp_session_refused(w->s))
		;
	return tls;
}

static void converse(struct world *w, const uint8_t *data, size_t size, uint8_t flags, uint32_t seed, bool whole)
{
	*w = (struct world){ .answers = seed, .cuts = seed ^ 0x5bd1e995 };
	w->config = (struct smtp_config){
		.protocol = flags & 1 ? SMTP_PROTOCOL_LMTP : SMTP_PROTOCOL_SMTP,
		.hostname = "mx.example",
		.starttls = flags & 2,
		.message_size = flags & 4 ? MESSAGE_SIZE : 0,
		.recipients = RECIPIENTS,
		.messages = flags & 8 ? 2 : 0,
		.commands = flags & 16 ? 12 : 0,
		.errors = flags & 32 ? 3 : 0,
		.text_line = flags & 64 ? TEXT_LINE : 0,
	};
	keel_buffer_init(&w->out, 0);
	keel_buffer_init(&w->log, 0);
	w->s = smtp_session_new(&w->config);
	require(w->s, "no memory");
	smtp_session_greet(w->s, SMTP_REASON_NONE, &w->out);
	for (size_t at = 0; at < size && !w->closed;) {
		size_t n = whole ? size - at : 1 + draw(&w->cuts, draw(&w->cuts, 3) ? 4 : 100);

		if (n > size - at)
			n = size - at;
		if (feed(w, data + at, n)) {
			/* comparable again only without what follows */
			smtp_session_secured(w->s);
			require(*smtp_session_peer_name(w->s) == '\0', "the name outlived STARTTLS");
			break;
		}
		at += n;
	}
	if (!w->closed && flags & 128) {
		smtp_session_expire(w->s, SMTP_REASON_TIMEOUT, &w->out);
		feed(w, data, 0);
		require(w->closed, "a session outlived its end");
	}
	require(smtp_session_memory(w->s) < 8192, "a session is large");
	smtp_session_free(&w->s);
	keel_buffer_free(&w->out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world first, second;
	uint32_t seed;

	if (size < OPENING)
		return 0;
	memcpy(&seed, data + 1, sizeof(seed));
	converse(&first, data + OPENING, size - OPENING, data[0], seed, true);
	converse(&second, data + OPENING, size - OPENING, data[0], seed, false);
	require(first.log.len == second.log.len &&
			!memcmp(keel_buffer_text(&first.log), keel_buffer_text(&second.log), first.log.len),
		"the outcome depends on how the octets came");
	keel_buffer_free(&first.log);
	keel_buffer_free(&second.log);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * POP3 sessions against any client. The first octets choose the configuration and seed the maildrop, the answers and the cuts; the rest is
 * what the client sends. It is sent twice, cut in two ways with the same answers: replies and events must be the same. Watched: no event
 * comes while an answer is due, replies are lines of graphic ASCII that begin with +OK or -ERR, listings and messages end in a lone dot and
 * have no other, a message read and unstuffed is the one that was stored, what is deleted was marked, limits hold.
 */
#include <stdio.h>
#include <stdlib.h>

#include "porcupined/pop3/pop3.h"

#define OPENING 8
#define MESSAGES 6
#define MESSAGE_MAX 120
#define ERRORS 5
#define LOGINS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct pop3_session *s;
	struct pop3_config config;
	struct keel_buffer out, log;  /* log: replies and events in order */
	size_t shown;                 /* of out */
	uint32_t seed, answers, cuts; /* states of the generators */
	struct pop3_message messages[MESSAGES];
	size_t count;
	unsigned failed_logins;
	bool secure, plaintext, inside, closed;
};

static void require(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz pop3: %s\n", what);
		abort();
	}
}

static uint32_t draw(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % below;
}

/* Message i of this maildrop, always the same octets. */
static size_t message(const struct world *w, size_t i, uint8_t octets[MESSAGE_MAX])
{
	static const char alphabet[] = "..\r\n\r\n\r\nab\x80";
	uint32_t state = w->seed + (uint32_t)i * 7919;
	const size_t len = draw(&state, MESSAGE_MAX);

	for (size_t k = 0; k < len; k++)
		octets[k] = (uint8_t)alphabet[draw(&state, sizeof(alphabet) - 1)];
	return len;
}

static void flush(struct world *w)
{
	keel_buffer_append(&w->log, w->out.data + w->shown, w->out.len - w->shown);
	w->shown = w->out.len;
}

/* What the last step has sent, all but messages: whole lines. */
static void check_replies(struct world *w)
{
	const uint8_t *at = w->out.data + w->shown, *end = w->out.data + w->out.len;

	while (at < end) {
		const uint8_t *lf = memchr(at, '\n', (size_t)(end - at));

		require(lf && lf > at && lf[-1] == '\r' && lf + 1 - at <= 512, "reply without CRLF, or too long");
		for (const uint8_t *t = at; t < lf - 1; t++)
			require(*t >= ' ' && *t <= '~', "reply with a control octet");
		at = lf + 1;
	}
	flush(w);
}

static enum pop3_reason draw_reason(struct world *w)
{
	static const enum pop3_reason some[] = { POP3_REASON_LOGIN_FAILED, POP3_REASON_IN_USE, POP3_REASON_TRY_AGAIN,
						 POP3_REASON_STORAGE };

	return draw(&w->answers, 3) ? POP3_REASON_NONE : some[draw(&w->answers, sizeof(some) / sizeof(some[0]))];
}

static void must_wait(struct world *w, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *before = at;

	require(pop3_session_step(w->s, &at, end, &w->out) == POP3_EVENT_WAIT && at == before,
		"not waiting for an answer");
	require(w->out.len == w->shown, "a reply while an answer is due");
}

static void on_login(struct world *w)
{
	const enum pop3_reason reason = draw_reason(w);

	require(!w->inside, "a second login");
	require(*pop3_session_user(w->s) && *pop3_session_password(w->s), "a login without user or password");
	require(w->secure || w->plaintext, "a login in the clear");
	keel_buffer_puts(&w->log, pop3_session_user(w->s));
	keel_buffer_puts(&w->log, pop3_session_password(w->s));
	w->failed_logins += reason == POP3_REASON_LOGIN_FAILED;
	require(w->failed_logins <= LOGINS, "too many failed logins");
	pop3_session_login(w->s, reason, w->messages, w->count, &w->out);
	require(!*pop3_session_password(w->s), "the password was not forgotten");
	w->inside = reason == POP3_REASON_NONE;
}

/* The message that came: unstuffed it is the stored one, or for TOP a start of it. */
static void check_message(struct world *w, size_t from, const uint8_t *octets, size_t len, int64_t top)
{
	const uint8_t *at = w->out.data + from, *end = w->out.data + w->out.len,
		      *line = memchr(at, '\n', (size_t)(end - at));
	size_t n = 0;

	require(line && !memcmp(at, "+OK", 3), "no +OK before a message");
	require(end - line >= 4 && !memcmp(end - 4, "\n.\r\n", 4), "a message without its end");
	for (at = line + 1, end -= 3; at < end;) {
		const uint8_t *lf = memchr(at, '\n', (size_t)(end - at));

		require(lf != NULL, "a message without its last CRLF");
		require(*at != '.' || at[1] == '.', "a dot that was not doubled");
		for (at += *at == '.'; at <= lf; at++, n++)
			require(n < len ? *at == octets[n] : n < len + 2 && *at == "\r\n"[n - len], "not the message");
	}
	require(top >= 0 || n >= len, "RETR gave a part");
}

static void on_retr(struct world *w)
{
	const enum pop3_reason reason = draw_reason(w);
	const bool before = reason != POP3_REASON_NONE && draw(&w->answers, 2);
	const size_t from = w->out.len;
	uint8_t octets[MESSAGE_MAX];
	bool more = !before;
	int64_t top;
	const size_t index = pop3_session_index(w->s, &top),
		     len = (require(index < w->count, "no such message"), message(w, index, octets));

	require(w->inside && !pop3_session_deleted(w->s, index), "a message that may not be read");
	require(!w->messages[index].utf8 || pop3_session_utf8(w->s), "an internationalised message without UTF8");
	for (size_t at = 0, n; more && at < len; at += n) {
		uint8_t *piece;

		n = 1 + draw(&w->cuts, draw(&w->cuts, 2) ? 4 : MESSAGE_MAX);
		n = n < len - at ? n : len - at;
		piece = malloc(n);
		memcpy(piece, octets + at, n);
		more = pop3_session_content(w->s, piece, n, &w->out);
		free(piece);
		require(more || top >= 0, "RETR had enough");
	}
	pop3_session_content_end(w->s, reason, &w->out);
	if (reason == POP3_REASON_NONE)
		check_message(w, from, octets, len, top);
	else if (before || !len)
		require(w->out.len > from && !memcmp(w->out.data + from, "-ERR", 4), "a failure without -ERR");
	flush(w);
}

static void on_update(struct world *w)
{
	size_t marked = 0;

	require(w->inside, "UPDATE without a login");
	for (size_t i = 0; i < w->count; i++)
		marked += pop3_session_deleted(w->s, i);
	require(!pop3_session_deleted(w->s, w->count), "a mark beyond the maildrop");
	require(marked == pop3_session_deleted_count(w->s), "deleted_count");
	keel_buffer_putc(&w->log, (uint8_t)('0' + marked));
	pop3_session_updated(w->s, draw_reason(w), &w->out);
	w->inside = false;
}

static void on_event(struct world *w, enum pop3_event event, const uint8_t *at, const uint8_t *end)
{
	if (event != POP3_EVENT_OUTPUT)
		keel_buffer_putc(&w->log, (uint8_t)('A' + event));
	switch (event) {
	case POP3_EVENT_LOGIN:
		must_wait(w, at, end);
		on_login(w);
		break;
	case POP3_EVENT_RETR:
		must_wait(w, at, end);
		on_retr(w);
		break;
	case POP3_EVENT_UPDATE:
		must_wait(w, at, end);
		on_update(w);
		break;
	case POP3_EVENT_CLOSE:
		w->closed = true;
		/* fall through */
	case POP3_EVENT_TLS:
		require(at == end, "input kept at TLS or CLOSE");
		break;
	case POP3_EVENT_OUTPUT:
		break;
	case POP3_EVENT_WAIT:
	case POP3_EVENT_INPUT:
		require(false, "WAIT without a question");
	}
	check_replies(w);
}

/* STLS: the rest of the piece is gone, so the log of two ways to cut differs from there on. True: it came. */
static bool feed(struct world *w, const uint8_t *octets, size_t n)
{
	uint8_t *input = malloc(n ? n : 1);
	const uint8_t *at = input;
	bool tls = false;

	memcpy(input, octets, n);
	while (!w->closed && !tls) {
		const enum pop3_event event = pop3_session_step(w->s, &at, input + n, &w->out);

		require(at >= input && at <= input + n, "cursor outside the input");
		check_replies(w);
		if (event == POP3_EVENT_INPUT)
			break;
		on_event(w, event, at, input + n);
		tls = event == POP3_EVENT_TLS;
	}
	require(w->closed || at == input + n, "input left over");
	require(pop3_session_memory(w->s) < 4096, "a session too big");
	free(input);
	return tls;
}

static void converse(struct world *w, const uint8_t *opening, const uint8_t *data, size_t size, bool whole)
{
	bool tls = false;

	*w = (struct world){ .seed = opening[1], .answers = opening[2], .cuts = opening[3] + 1u + whole };
	w->config = (struct pop3_config){ .hostname = "fuzz.example",
					  .stls = opening[0] & 1,
					  .errors = opening[0] & 2 ? ERRORS : 0,
					  .logins = LOGINS };
	w->plaintext = opening[0] & 4;
	w->secure = opening[0] & 8;
	w->count = opening[4] % (MESSAGES + 1);
	for (size_t i = 0; i < w->count; i++) {
		uint8_t octets[MESSAGE_MAX];

		w->messages[i] = (struct pop3_message){ .size = message(w, i, octets),
							.id = { (uint8_t)i },
							.utf8 = opening[5] >> i & 1 };
	}
	keel_buffer_init(&w->out, 0);
	keel_buffer_init(&w->log, 0);
	w->s = pop3_session_new(&w->config);
	pop3_session_greet(w->s, w->secure, w->plaintext,
			   opening[0] & 0x80 ? POP3_REASON_CONNECTIONS : POP3_REASON_NONE, &w->out);
	check_replies(w);
	for (size_t at = 0, n; at < size && !w->closed && !tls; at += n) {
		n = whole ? size : 1 + draw(&w->cuts, draw(&w->cuts, 2) ? 4 : 300);
		n = n < size - at ? n : size - at;
		tls = feed(w, data + at, n);
	}
	if (tls) {
		keel_buffer_putc(&w->log, '!');
		pop3_session_secured(w->s);
		w->secure = true;
		feed(w, (const uint8_t *)"CAPA\r\nUSER u\r\nPASS p\r\nSTAT\r\n", 28);
	} else if (opening[6] & 1) {
		pop3_session_expire(w->s, POP3_REASON_SHUTDOWN, &w->out);
		feed(w, data, 0);
		require(w->closed, "a session that does not end");
	}
	pop3_session_free(&w->s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world one, two;

	if (size < OPENING)
		return 0;
	converse(&one, data, data + OPENING, size - OPENING, true);
	converse(&two, data, data + OPENING, size - OPENING, false);
	require(one.log.len == two.log.len && (one.log.len == 0 || !memcmp(one.log.data, two.log.data, one.log.len)),
		"the replies depend on how the input was cut");
	keel_buffer_free(&one.out);
	keel_buffer_free(&one.log);
	keel_buffer_free(&two.out);
	keel_buffer_free(&two.log);
	return 0;
}

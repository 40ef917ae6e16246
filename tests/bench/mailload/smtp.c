// SPDX-License-Identifier: GPL-2.0-or-later
/* One SMTP or LMTP session: it sends messages as the settings say and counts what was acknowledged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/bench/mailload/load.h"

enum { GREETING, HELLO, TLS, HELLO_AGAIN, PARKED, ENVELOPE, DATA, TEXT, QUIT };

int address_of(struct load *l, uint64_t account, char out[320])
{
	return snprintf(out, 320, l->config.accounts_format, (unsigned)account);
}

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The next complete reply in c->in: its code, 0 = not yet there, -1 = not SMTP. */
static int reply(struct conn *c)
{
	size_t at = 0;

	for (;;) {
		const uint8_t *line = c->in.data + at;
		const uint8_t *lf = c->in.len > at ? memchr(line, '\n', c->in.len - at) : NULL;
		int code;

		if (!lf)
			return 0;
		if (lf - line < 4)
			return -1;
		code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
		at = (size_t)(lf + 1 - c->in.data);
		if (line[3] == '-')
			continue;
		if (code / 100 < 2 || code / 100 > 5)
			return -1;
		if (code / 100 >= 4)
			problem(c->load, "reply: %.*s", (int)(lf - line), line);
		keel_buffer_drop(&c->in, at);
		return code;
	}
}

static void hello(struct conn *c, int state)
{
	keel_buffer_puts(&c->out, c->load->config.lmtp ? "LHLO mailload.test\r\n" : "EHLO mailload.test\r\n");
	c->state = state;
}

static void rcpt(struct conn *c, unsigned i)
{
	char address[320];

	address_of(c->load, c->to[i], address);
	keel_buffer_puts(&c->out, "RCPT TO:<");
	keel_buffer_puts(&c->out, address);
	keel_buffer_puts(&c->out, ">\r\n");
}

/* With --rate: may another message begin now? */
static bool due(const struct load *l)
{
	return !l->config.rate ||
	       (double)l->next_message < (double)(now_ns() - l->started) / 1e9 * (double)l->config.rate;
}

static bool next_message(struct conn *c)
{
	struct load *l = c->load;

	if (c->sent >= l->config.per_connection || !load_sending(l)) {
		keel_buffer_puts(&c->out, "QUIT\r\n");
		c->state = QUIT;
		return true;
	}
	if (!due(l)) {
		c->state = PARKED;
		c->parked = true;
		l->parked[l->n_parked++] = c;
		return true;
	}
	c->message = l->next_message++;
	l->t.attempted++;
	picker_recipients(&l->picker, l->config.seed, c->message, c->to, l->config.recipients);
	c->accepted = c->refused = c->kept = 0;
	c->taken = 0;
	c->state = ENVELOPE;
	c->under_way = true;
	memset(c->codes, 0, sizeof(c->codes[0]) * l->config.recipients);
	if (l->history)
		c->told = clock_now();
	keel_buffer_puts(&c->out, "MAIL FROM:<sender@mailload.test>\r\n");
	c->mailed = false;
	if (l->config.pipelining) {
		for (unsigned i = 0; i < l->config.recipients; i++)
			rcpt(c, i);
		keel_buffer_puts(&c->out, "DATA\r\n");
		c->expected = (unsigned)l->config.recipients + 2;
	}
	return true;
}

void smtp_release(struct load *l)
{
	while (l->n_parked && (due(l) || !load_sending(l))) {
		struct conn *c = l->parked[--l->n_parked];

		c->parked = false;
		next_message(c);
		if (!conn_flush(c))
			shutdown(c->fd, SHUT_RDWR); /* the next event ends it */
	}
}

/* The header that tells a reader which message this is; then the text, borrowed from the corpus. */
static void send_text(struct conn *c)
{
	struct load *l = c->load;
	uint64_t number = l->config.from + c->message;
	const struct text *t = &l->corpus.texts[number % l->corpus.n];

	keel_buffer_puts(&c->out,
			 "From: sender@mailload.test\r\nTo: recipients@mailload.test\r\nSubject: load\r\nX-Load: ");
	keel_buffer_decimal(&c->out, number);
	keel_buffer_puts(&c->out, "\r\n\r\n");
	c->tail = t->wire;
	c->tail_len = t->wire_len;
	c->began = now_ns();
	c->state = TEXT;
	c->expected = l->config.lmtp ? c->accepted : 1;
}

/* The attempt is over, well or not: every recipient has its code, or 0 where none came. */
static void finish(struct conn *c)
{
	if (c->under_way && c->load->history)
		history_write(c);
	c->under_way = false;
}

static bool give_up(struct conn *c)
{
	c->load->t.failed++;
	finish(c);
	keel_buffer_puts(&c->out, "QUIT\r\n");
	c->state = QUIT;
	return true;
}

static void on_rcpt(struct conn *c, unsigned i, int code)
{
	if (code / 100 == 2) {
		c->accepted++;
		c->taken |= 1ull << i;
	} else {
		c->refused++;
		c->codes[i] = code;
		c->load->t.refused++;
	}
}

/* One reply of an envelope sent in one piece: MAIL, each RCPT, DATA. */
static bool envelope_piped(struct conn *c, int code)
{
	uint64_t recipients = c->load->config.recipients, step = recipients + 2 - c->expected--;

	if (step == 0)
		c->mailed = code == 250;
	else if (step <= recipients)
		on_rcpt(c, (unsigned)step - 1, code);
	if (c->expected)
		return true;
	if (code != 354)
		return give_up(c);
	send_text(c);
	return true;
}

/* One reply of an envelope sent command by command. */
static bool envelope(struct conn *c, int code)
{
	if (!c->mailed) {
		if (code != 250)
			return give_up(c);
		c->mailed = true;
	} else {
		on_rcpt(c, c->accepted + c->refused, code);
	}
	if (c->accepted + c->refused < c->load->config.recipients) {
		rcpt(c, c->accepted + c->refused);
		return true;
	}
	if (!c->accepted)
		return give_up(c);
	keel_buffer_puts(&c->out, "DATA\r\n");
	c->state = DATA;
	return true;
}

/* A final reply: for all recipients taken (SMTP), or for the next of them (LMTP, RFC 2033 section 4.2). */
static void on_text(struct conn *c, int code)
{
	struct load *l = c->load;
	uint64_t to = c->taken, mark;

	if (l->config.lmtp)
		to &= -to;
	c->taken &= ~to;
	for (unsigned i = 0; i < l->config.recipients; i++)
		if (to >> i & 1)
			c->codes[i] = code;
	if (code / 100 != 2) {
		l->t.refused += (unsigned)__builtin_popcountll(to);
		return;
	}
	mark = (uint64_t)__builtin_popcountll(to);
	c->kept += (unsigned)mark;
	l->t.copies += mark;
	if (c->message < l->seen_cap)
		l->acknowledged[c->message] |= to;
}

static bool on_reply(struct conn *c, int code)
{
	struct load *l = c->load;

	switch (c->state) {
	case GREETING:
		if (code != 220)
			return false;
		hello(c, HELLO);
		return true;
	case HELLO:
		if (code != 250)
			return false;
		if (l->config.starttls) {
			keel_buffer_puts(&c->out, "STARTTLS\r\n");
			c->state = TLS;
			return true;
		}
		return next_message(c);
	case TLS:
		if (code != 220 || !conn_start_tls(c))
			return false;
		hello(c, HELLO_AGAIN);
		return true;
	case HELLO_AGAIN:
		return code == 250 && next_message(c);
	case ENVELOPE:
		return l->config.pipelining ? envelope_piped(c, code) : envelope(c, code);
	case DATA:
		if (code != 354)
			return give_up(c);
		send_text(c);
		return true;
	case TEXT:
		on_text(c, code);
		if (--c->expected)
			return true;
		if (c->kept) {
			l->t.accepted++;
			l->t.octets += l->corpus.texts[(l->config.from + c->message) % l->corpus.n].plain_len;
			spread_add(&l->t.accept, now_ns() - c->began);
		}
		finish(c);
		c->sent++;
		return next_message(c);
	case QUIT:
		c->closing = true;
		return false;
	default: /* nothing was asked */
		return false;
	}
}

bool smtp_step(struct conn *c)
{
	int code;

	while ((code = reply(c)) > 0) {
		if (!on_reply(c, code))
			return false;
		if (!conn_flush(c))
			return false;
	}
	return code == 0;
}

void smtp_ended(struct conn *c)
{
	struct load *l = c->load;

	l->t.sessions++;
	for (size_t i = 0; c->parked && i < l->n_parked; i++)
		if (l->parked[i] == c) {
			l->parked[i] = l->parked[--l->n_parked];
			break;
		}
	finish(c);
	if (!c->closing && c->state != QUIT) {
		problem(l, "SMTP session lost in state %d", c->state);
		l->t.failed++;
	}
	l->live_smtp--;
}

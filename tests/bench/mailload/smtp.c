/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One SMTP or LMTP session: it sends messages as the settings say and counts what was acknowledged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/mailload/load.h"

enum { GREETING, HELLO, TLS, HELLO_AGAIN, ENVELOPE, DATA, TEXT, QUIT };

int address_of(struct load *l, uint64_t account, char out[320])
{
	return snprintf(out, 320, l->config.accounts_format, (unsigned)account);
}

/* The next complete reply in c->in: its code, 0 = not yet there, -1 = not SMTP. */
static int reply(struct conn *c)
{
	size_t at = 0;

	for (;;) {
		const uint8_t *line = c->in.data + at, *lf = c->in.len > at ? memchr(line, '\n', c->in.len - at) : NULL;
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

static bool may_send(struct load *l)
{
	if (l->ending || (l->config.count && l->next_message >= l->config.count))
		return false;
	return !l->stop_at || now_ns() < l->stop_at;
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

static bool next_message(struct conn *c)
{
	struct load *l = c->load;

	if (c->sent >= l->config.per_connection || !may_send(l)) {
		keel_buffer_puts(&c->out, "QUIT\r\n");
		c->state = QUIT;
		return true;
	}
	c->message = l->next_message++;
	l->t.attempted++;
	for (unsigned i = 0; i < l->config.recipients; i++)
		c->to[i] = picker_pick(&l->picker, &l->random);
	c->accepted = c->refused = 0;
	c->state = ENVELOPE;
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

/* The header that tells a reader which message this is; then the text, borrowed from the corpus. */
static void send_text(struct conn *c)
{
	struct load *l = c->load;
	uint64_t number = l->config.from + c->message;
	const struct text *t = &l->corpus.texts[number % l->corpus.n];

	keel_buffer_printf(&c->out, "From: sender@mailload.test\r\nTo: recipients@mailload.test\r\nSubject: load %lu\r\nX-Load: %lu\r\n\r\n",
			   (unsigned long)number, (unsigned long)number);
	c->tail = t->wire;
	c->tail_len = t->wire_len;
	c->began = now_ns();
	c->state = TEXT;
	c->expected = l->config.lmtp ? c->accepted : 1;
}

static void sent_one(struct conn *c, int code)
{
	struct load *l = c->load;

	if (code / 100 != 2) {
		l->t.refused++;
		return;
	}
	l->t.copies += l->config.lmtp ? 1 : c->accepted;
}

static bool give_up(struct conn *c)
{
	c->load->t.failed++;
	keel_buffer_puts(&c->out, "QUIT\r\n");
	c->state = QUIT;
	return true;
}

/* One reply of an envelope sent in one piece: MAIL, each RCPT, DATA. */
static bool envelope_piped(struct conn *c, int code)
{
	uint64_t recipients = c->load->config.recipients, step = recipients + 2 - c->expected--;

	if (step == 0 && code != 250)
		c->refused++;
	else if (step >= 1 && step <= recipients)
		code / 100 == 2 ? c->accepted++ : c->refused++;
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
		code / 100 == 2 ? c->accepted++ : c->refused++;
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
		if (code != 354) {
			l->t.failed++;
			return false;
		}
		send_text(c);
		return true;
	case TEXT:
		sent_one(c, code);
		if (--c->expected)
			return true;
		if (code / 100 == 2) {
			l->t.accepted++;
			spread_add(&l->t.accept, now_ns() - c->began);
		}
		c->sent++;
		return next_message(c);
	default: /* QUIT */
		c->closing = true;
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
	if (!c->closing) {
		problem(l, "SMTP session lost in state %d", c->state);
		l->t.failed++;
	}
	l->live_smtp--;
}

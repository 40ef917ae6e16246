// SPDX-License-Identifier: GPL-2.0-or-later
/* One POP3 session: logs in, fetches every message, holds it against the corpus, deletes it if asked to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/mailload/load.h"

enum { GREETING, USER, PASS, STAT, RETR, DELE, QUIT };

#define WINDOW 8u /* RETR commands under way (PIPELINING, RFC 2449) */

/* A line at the start of c->in without its CRLF; its length, or -1 if it is not whole yet. */
static long line(struct conn *c)
{
	const uint8_t *lf = c->in.len ? memchr(c->in.data, '\n', c->in.len) : NULL;

	return lf ? (long)(lf - c->in.data) : -1;
}

/* Undoes dot-stuffing in place. */
static size_t unstuff(uint8_t *data, size_t n)
{
	size_t put = 0;
	bool start = true;

	for (size_t i = 0; i < n;) {
		const uint8_t *lf;
		size_t len;

		if (start && data[i] == '.')
			i++;
		lf = memchr(data + i, '\n', n - i);
		len = lf ? (size_t)(lf + 1 - (data + i)) : n - i;
		memmove(data + put, data + i, len);
		put += len;
		i += len;
		start = lf != NULL;
	}
	return put;
}

/* The message as fetched: which one it is, and whether every octet of its text is as sent. */
static void check(struct conn *c, uint8_t *data, size_t n)
{
	struct load *l = c->load;
	const struct text *t;
	const uint8_t *mark, *body;
	uint64_t to[RECIPIENTS_MAX], which = 0;
	unsigned long number;

	n = unstuff(data, n);
	l->t.fetched++;
	mark = memmem(data, n, "\r\nX-Load: ", 10);
	body = memmem(data, n, "\r\n\r\n", 4);
	if (!mark || !body || mark > body || sscanf((const char *)mark + 10, "%lu", &number) != 1) {
		l->t.unknown++;
		return;
	}
	body += 4;
	t = &l->corpus.texts[number % l->corpus.n];
	if ((size_t)(data + n - body) != t->plain_len || memcmp(body, t->plain, t->plain_len)) {
		l->t.wrong++;
		problem(l, "message %lu came back changed", number);
		return;
	}
	if (number < l->config.from || number - l->config.from >= l->next_message) {
		l->t.unknown++; /* of an earlier run */
		return;
	}
	number -= l->config.from;
	picker_recipients(&l->picker, l->config.seed, number, to, l->config.recipients);
	while (which < l->config.recipients && to[which] != c->account)
		which++;
	if (which == l->config.recipients) {
		l->t.astray++;
		problem(l, "message %lu is in a mailbox it was not sent to", number + l->config.from);
	} else if (number < l->seen_cap) {
		if (l->seen[number] >> which & 1) {
			l->t.duplicate++;
			problem(l, "message %lu is twice in a mailbox", number + l->config.from);
		}
		l->seen[number] |= 1ull << which;
	}
}

static void ask(struct conn *c)
{
	while (c->next < c->messages && c->next - c->given < WINDOW) {
		c->next++;
		keel_buffer_puts(&c->out, "RETR ");
		keel_buffer_decimal(&c->out, c->next);
		keel_buffer_puts(&c->out, "\r\n");
	}
}

static void quit(struct conn *c)
{
	keel_buffer_puts(&c->out, "QUIT\r\n");
	c->state = QUIT;
}

static void after_messages(struct conn *c)
{
	if (!c->load->config.delete || !c->messages) {
		quit(c);
		return;
	}
	for (uint64_t i = 1; i <= c->messages; i++) {
		keel_buffer_puts(&c->out, "DELE ");
		keel_buffer_decimal(&c->out, i);
		keel_buffer_puts(&c->out, "\r\n");
	}
	c->state = DELE;
	c->expected = (unsigned)c->messages;
}

/* A message that is whole in c->in? Then it is checked and taken out. */
static int one_message(struct conn *c)
{
	size_t from = c->scanned > 4 ? c->scanned - 4 : 0;
	const uint8_t *end, *first;

	if (c->in.len >= 4 && !memcmp(c->in.data, "-ERR", 4))
		return -1;
	first = memchr(c->in.data, '\n', c->in.len);
	end = first ? memmem(c->in.data + from, c->in.len - from, "\r\n.\r\n", 5) : NULL;
	if (!end) {
		c->scanned = c->in.len;
		return 0;
	}
	check(c, c->in.data + (first + 1 - c->in.data), (size_t)(end + 2 - (first + 1)));
	keel_buffer_drop(&c->in, (size_t)(end + 5 - c->in.data));
	c->scanned = 0;
	return 1;
}

static bool on_line(struct conn *c, size_t len)
{
	struct load *l = c->load;
	char address[320];

	if (c->in.data[0] != '+') {
		problem(l, "POP3: %.*s", (int)len, c->in.data);
		return false;
	}
	switch (c->state) {
	case GREETING:
		address_of(l, c->account, address);
		keel_buffer_printf(&c->out, "USER %s\r\n", address);
		c->state = USER;
		break;
	case USER:
		keel_buffer_printf(&c->out, "PASS %s\r\n", l->config.password);
		c->state = PASS;
		break;
	case PASS:
		keel_buffer_puts(&c->out, "STAT\r\n");
		c->state = STAT;
		break;
	case STAT:
		c->messages = strtoull((const char *)c->in.data + 4, NULL, 10);
		c->state = RETR;
		if (!c->messages)
			quit(c);
		else
			ask(c);
		break;
	case DELE:
		if (!--c->expected)
			quit(c);
		break;
	default:
		c->closing = true;
		return false;
	}
	keel_buffer_drop(&c->in, len + 1);
	return true;
}

bool pop3_step(struct conn *c)
{
	for (;;) {
		if (c->state == RETR) {
			int got = c->in.len ? one_message(c) : 0;

			if (got < 0)
				return false;
			if (!got)
				return conn_flush(c);
			if (++c->given == c->messages)
				after_messages(c);
			else
				ask(c);
		} else {
			long len = line(c);

			if (len < 0)
				return conn_flush(c);
			if (!on_line(c, (size_t)len))
				return false;
		}
		if (!conn_flush(c))
			return false;
	}
}

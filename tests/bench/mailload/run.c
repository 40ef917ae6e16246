// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop and the phases of a run: idle sessions, sending (with readers beside), reading back. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/bench/mailload/load.h"

#define STILL_NS 60000000000ull
#define AT_ONCE 512

bool load_sending(const struct load *l)
{
	return (!l->config.count || l->next_message < l->config.count) && (!l->stop_at || now_ns() < l->stop_at) &&
	       !l->ending;
}

static bool open_smtp(struct load *l)
{
	if (!conn_open(l, CONN_SMTP, l->config.smtp, l->config.tls))
		return false;
	l->live_smtp++;
	return true;
}

static bool open_reader(struct load *l)
{
	struct conn *c = conn_open(l, CONN_POP3, l->config.pop3, l->config.pop3_tls);

	if (!c)
		return false;
	c->account = l->next_account++ % l->config.accounts;
	return true;
}

/* Starts as many sessions as the settings ask for. */
static bool fill(struct load *l)
{
	if (l->reading_back) {
		while (l->accounts_left && l->live - l->idle_open < l->config.readers) {
			if (!open_reader(l))
				return false;
			l->accounts_left--;
		}
		return true;
	}
	while (load_sending(l) && l->live_smtp < l->config.connections)
		if (!open_smtp(l))
			return false;
	while (load_sending(l) && l->live - l->live_smtp - l->idle_open < l->config.readers)
		if (!open_reader(l))
			return false;
	return true;
}

static void end(struct conn *c)
{
	struct load *l = c->load;

	switch (c->kind) {
	case CONN_SMTP:
		smtp_ended(c);
		break;
	case CONN_POP3:
		l->t.pop_sessions++;
		if (c->closing)
			break;
		l->t.pop_failed++;
		problem(l, "POP3 session lost in state %d", c->state);
		/* The maildrop was in use, or the server is busy: it is that account's turn once more. */
		if (l->reading_back && l->t.pop_failed < 10 * l->config.accounts) {
			l->next_account = c->account;
			l->accounts_left++;
		}
		break;
	default:
		l->idle_open--;
		l->idle_lost++;
	}
	conn_free(c);
}

/* False: the session is over. */
static bool on_event(struct conn *c, uint32_t events)
{
	if (c->connecting) {
		int error = 0;
		socklen_t n = sizeof(error);

		if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
			return true;
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) || error) {
			problem(c->load, "connect: %s", strerror(error));
			return false;
		}
		c->connecting = false;
	}
	if (!conn_flush(c))
		return false;
	if (c->handshaking)
		return true;
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && conn_read(c) < 0)
		return false;
	if (c->kind == CONN_IDLE) {
		if (c->in.len && !c->state++)
			c->load->idle_ready++; /* it was greeted */
		keel_buffer_free(&c->in);
		return true;
	}
	if (!c->in.len)
		return true;
	return c->kind == CONN_SMTP ? smtp_step(c) : pop3_step(c);
}

/* Returns how many events there were. */
static int turn(struct load *l, int wait_ms)
{
	struct epoll_event events[AT_ONCE];
	int n = epoll_wait(l->epoll, events, AT_ONCE, wait_ms);

	for (int i = 0; i < n; i++) {
		struct conn *c = events[i].data.ptr;

		if (!on_event(c, events[i].events))
			end(c);
	}
	if (l->n_parked)
		smtp_release(l);
	return n;
}

/* False: nothing moved for a minute. */
static bool run(struct load *l, bool (*done)(struct load *l))
{
	uint64_t moved = now_ns();

	while (!done(l)) {
		if (!fill(l) && l->live == l->idle_open)
			return false;
		if (turn(l, l->config.rate ? 1 : 100) > 0 || l->n_parked) {
			moved = now_ns();
		} else if (now_ns() - moved > STILL_NS) {
			problem(l, "nothing moved for a minute");
			return false;
		}
	}
	return true;
}

/* In steps, so that the server's backlog is not the limit; until each was greeted. */
bool load_open_idle(struct load *l)
{
	const char *plain = l->config.pop3 ? l->config.pop3 : l->config.smtp;
	uint64_t moved = now_ns(), ready = 0;

	for (uint64_t i = 0; i < l->config.idle; i++) {
		bool tls = l->config.pop3s && i % 100 < l->config.idle_tls;

		if (!conn_open(l, CONN_IDLE, tls ? l->config.pop3s : plain, tls))
			return false;
		l->idle_open++;
		while (i % 50 == 49 && turn(l, 2) > 0)
			;
	}
	while (l->idle_ready < l->config.idle && !l->idle_lost) {
		turn(l, 100);
		if (l->idle_ready > ready) {
			ready = l->idle_ready;
			moved = now_ns();
		}
		if (now_ns() - moved > STILL_NS) {
			problem(l, "only %lu of %lu idle sessions were greeted", (unsigned long)ready,
				(unsigned long)l->config.idle);
			return false;
		}
	}
	return !l->idle_lost;
}

static bool sending_done(struct load *l)
{
	return !load_sending(l) && l->live == l->idle_open;
}

static bool reading_done(struct load *l)
{
	return !l->accounts_left && l->live == l->idle_open;
}

bool load_send(struct load *l)
{
	bool ok;

	l->started = now_ns();
	if (l->config.duration)
		l->stop_at = l->started + l->config.duration * 1000000000u;
	ok = run(l, sending_done);
	l->ending = true;
	return ok;
}

bool load_read_back(struct load *l)
{
	l->reading_back = true;
	l->next_account = 0;
	l->accounts_left = l->config.accounts;
	if (!l->config.readers)
		l->config.readers = 8;
	return run(l, reading_done);
}

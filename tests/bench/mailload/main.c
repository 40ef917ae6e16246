/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/mailload/load.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/option.h"

#define AT(field) offsetof(struct load_config, field)

static const struct keel_option options[] = {
	{"smtp", 0, KEEL_OPTION_STRING, AT(smtp), "WHERE", "where to send: HOST:PORT or unix:PATH"},
	{"pop3", 0, KEEL_OPTION_STRING, AT(pop3), "WHERE", "where to fetch: HOST:PORT"},
	{"pop3s", 0, KEEL_OPTION_STRING, AT(pop3s), "WHERE", "POP3 with TLS from the first octet, for idle sessions"},
	{"between", 0, KEEL_OPTION_STRING, AT(between), "COMMAND", "run this between sending and fetching: to wait for a queue"},
	{"lmtp", 0, KEEL_OPTION_FLAG, AT(lmtp), NULL, "speak LMTP"},
	{"starttls", 0, KEEL_OPTION_FLAG, AT(starttls), NULL, "use STARTTLS when sending"},
	{"tls", 0, KEEL_OPTION_FLAG, AT(tls), NULL, "TLS from the first octet when sending"},
	{"pop3-tls", 0, KEEL_OPTION_FLAG, AT(pop3_tls), NULL, "TLS from the first octet when fetching"},
	{"pipelining", 0, KEEL_OPTION_FLAG, AT(pipelining), NULL, "send MAIL, RCPT and DATA in one piece (RFC 2920)"},
	{"accounts", 'a', KEEL_OPTION_NUMBER, AT(accounts), "N", "accounts that get mail (1000)"},
	{"address", 0, KEEL_OPTION_STRING, AT(accounts_format), "FORMAT", "their address with one %u (u%u@porc.test)"},
	{"password", 0, KEEL_OPTION_STRING, AT(password), "TEXT", "of every account (test)"},
	{"distribution", 0, KEEL_OPTION_STRING, AT(distribution), "LAW", "uniform, zipf:S or skew:SHARE (uniform)"},
	{"connections", 'c', KEEL_OPTION_NUMBER, AT(connections), "N", "sending sessions at one time (40)"},
	{"per-connection", 'm', KEEL_OPTION_NUMBER, AT(per_connection), "N", "messages a session (10)"},
	{"recipients", 'r', KEEL_OPTION_NUMBER, AT(recipients), "N", "a message, at most 64 (1)"},
	{"count", 'n', KEEL_OPTION_NUMBER, AT(count), "N", "messages in all; 0 = by time"},
	{"duration", 'd', KEEL_OPTION_NUMBER, AT(duration), "SECONDS", "how long to send (10, or no limit with --count)"},
	{"readers", 0, KEEL_OPTION_NUMBER, AT(readers), "N", "POP3 sessions at one time beside the sending ones (0)"},
	{"readback", 0, KEEL_OPTION_FLAG, AT(readback), NULL, "afterwards fetch all accounts and check every octet"},
	{"delete", 0, KEEL_OPTION_FLAG, AT(delete), NULL, "readers delete what they fetched"},
	{"idle", 0, KEEL_OPTION_NUMBER, AT(idle), "N", "sessions that are opened first and then say nothing"},
	{"idle-tls", 0, KEEL_OPTION_NUMBER, AT(idle_tls), "PERCENT", "of them use TLS (0)"},
	{"probe", 0, KEEL_OPTION_NUMBER, AT(probe), "N", "measure N times how soon after its 250 a message is readable"},
	{"corpus", 0, KEEL_OPTION_NUMBER, AT(corpus), "N", "different texts (2000)"},
	{"seed", 0, KEEL_OPTION_NUMBER, AT(seed), "N", "of texts and recipients (1)"},
	{"from", 0, KEEL_OPTION_NUMBER, AT(from), "N", "number of the first message: runs on one server need ranges of their own"},
	{"json", 0, KEEL_OPTION_STRING, AT(json), "FILE", "write the result there"},
	{"quiet", 'q', KEEL_OPTION_FLAG, AT(quiet), NULL, "print nothing but errors"},
};

static const struct keel_options table = {
	.program = "mailload",
	.synopsis = "",
	.summary = "Loads a mail server by SMTP or LMTP and POP3, and checks what it gives back.",
	.rows = options,
	.n = KEEL_COUNT(options),
};

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* ---- the loop -------------------------------------------------------------------------------------------- */

static bool open_smtp(struct load *l)
{
	struct conn *c = conn_open(l, CONN_SMTP, l->config.smtp, l->config.tls);

	if (c)
		l->live_smtp++;
	return c != NULL;
}

static bool sending(const struct load *l)
{
	return (!l->config.count || l->next_message < l->config.count) && (!l->stop_at || now_ns() < l->stop_at);
}

static bool open_reader(struct load *l)
{
	struct conn *c = conn_open(l, CONN_POP3, l->config.pop3, l->config.pop3_tls);

	if (!c)
		return false;
	c->account = l->next_account++ % l->config.accounts;
	return true;
}

bool load_fill(struct load *l)
{
	if (l->reading_back) {
		while (l->accounts_left && l->live - l->idle_open < l->config.readers) {
			if (!open_reader(l))
				return false;
			l->accounts_left--;
		}
		return true;
	}
	while (sending(l) && l->live_smtp < l->config.connections)
		if (!open_smtp(l))
			return false;
	while (sending(l) && l->live - l->live_smtp - l->idle_open < l->config.readers)
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
		if (!c->closing) {
			l->t.pop_failed++;
			problem(l, "POP3 session lost in state %d", c->state);
			/* The maildrop was in use, or the server is busy: it is the next one's turn later. */
			if (l->reading_back && l->t.pop_failed < 10 * l->config.accounts) {
				l->next_account = c->account;
				l->accounts_left++;
			}
		}
		break;
	default:
		l->idle_open--;
		l->idle_lost++;
	}
	conn_free(c);
}

static bool on_event(struct conn *c, uint32_t events)
{
	int got = 0;

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
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		got = conn_read(c);
		if (got < 0)
			return false;
	}
	if (c->kind == CONN_IDLE) {
		keel_buffer_free(&c->in);
		return true;
	}
	if (!c->in.len)
		return true;
	return c->kind == CONN_SMTP ? smtp_step(c) : pop3_step(c);
}

bool load_run(struct load *l, bool (*done)(struct load *l))
{
	struct epoll_event events[512];
	uint64_t moved = now_ns();

	while (!done(l)) {
		int n;

		if (!load_fill(l) && l->live == l->idle_open)
			return false;
		n = epoll_wait(l->epoll, events, 512, 100);
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (!on_event(c, events[i].events))
				end(c);
		}
		if (n > 0)
			moved = now_ns();
		else if (now_ns() - moved > 60000000000ull) {
			problem(l, "nothing moved for a minute");
			return false;
		}
	}
	return true;
}

/* ---- phases ---------------------------------------------------------------------------------------------------- */

static bool open_idle(struct load *l)
{
	const char *plain = l->config.pop3 ? l->config.pop3 : l->config.smtp;

	for (uint64_t i = 0; i < l->config.idle; i++) {
		bool tls = l->config.pop3s && i % 100 < l->config.idle_tls;

		/* In steps, so that the server's backlog is not the limit. */
		if (!conn_open(l, CONN_IDLE, tls ? l->config.pop3s : plain, tls))
			return false;
		l->idle_open++;
		if (i % 50 == 49) {
			struct epoll_event events[64];
			int n;

			while ((n = epoll_wait(l->epoll, events, 64, 2)) > 0)
				for (int k = 0; k < n; k++)
					if (!on_event(events[k].data.ptr, events[k].events))
						end(events[k].data.ptr);
		}
	}
	return l->idle_open >= l->config.idle;
}

static bool sending_done(struct load *l)
{
	return !sending(l) && l->live == l->idle_open;
}

static bool reading_done(struct load *l)
{
	return !l->accounts_left && l->live == l->idle_open;
}

static int report(struct load *l, double seconds, double readback, double cpu)
{
	const struct totals *t = &l->t;
	uint64_t missing = 0, delivered = 0;
	json_t *j;
	int r = 0;

	for (uint64_t i = 0; i < l->next_message && i < l->seen_cap; i++)
		delivered += l->seen[i];
	if (l->config.readback)
		missing = t->copies > delivered ? t->copies - delivered : 0;
	if (!l->config.quiet) {
		printf("accepted %lu of %lu messages (%lu copies) in %.2f s: %.0f msg/s; refused %lu, failed %lu\n",
		       (unsigned long)t->accepted, (unsigned long)t->attempted, (unsigned long)t->copies, seconds,
		       (double)t->accepted / seconds, (unsigned long)t->refused, (unsigned long)t->failed);
		printf("accept latency p50 %.2f ms, p99 %.2f ms; generator CPU %.2f s\n",
		       (double)spread_at(&t->accept, .5) / 1e6, (double)spread_at(&t->accept, .99) / 1e6, cpu);
		if (t->fetched)
			printf("fetched %lu: %lu delivered, %lu missing, %lu changed, %lu twice, %lu of others; read-back %.2f s\n",
			       (unsigned long)t->fetched, (unsigned long)delivered, (unsigned long)missing, (unsigned long)t->wrong,
			       (unsigned long)t->duplicate, (unsigned long)t->unknown, readback);
		if (t->visible.n)
			printf("visible p50 %.2f ms, p99 %.2f ms after the 250 (%lu probes)\n",
			       (double)spread_at(&t->visible, .5) / 1e6, (double)spread_at(&t->visible, .99) / 1e6,
			       (unsigned long)t->visible.n);
		if (l->config.idle)
			printf("idle sessions %lu open, %lu lost\n", (unsigned long)l->idle_open, (unsigned long)l->idle_lost);
	}
	if (l->first_problem[0])
		fprintf(stderr, "mailload: first problem: %s\n", l->first_problem);
	if (l->config.json) {
		j = json_pack("{s:I s:I s:I s:I s:I s:I s:I s:I s:I s:f s:f s:f s:f s:f s:f s:f s:I s:I}", "attempted",
			      (json_int_t)t->attempted, "accepted", (json_int_t)t->accepted, "copies", (json_int_t)t->copies, "refused",
			      (json_int_t)t->refused, "failed", (json_int_t)t->failed, "delivered", (json_int_t)delivered, "missing",
			      (json_int_t)missing, "changed", (json_int_t)t->wrong, "duplicate", (json_int_t)t->duplicate, "seconds", seconds,
			      "readback_seconds", readback, "cpu_seconds", cpu, "accept_p50_ms", (double)spread_at(&t->accept, .5) / 1e6,
			      "accept_p99_ms", (double)spread_at(&t->accept, .99) / 1e6, "visible_p50_ms",
			      (double)spread_at(&t->visible, .5) / 1e6, "visible_p99_ms", (double)spread_at(&t->visible, .99) / 1e6,
			      "idle_open", (json_int_t)l->idle_open, "idle_lost", (json_int_t)l->idle_lost);
		if (!j || json_dump_file(j, l->config.json, JSON_INDENT(1))) {
			fprintf(stderr, "mailload: %s: not written\n", l->config.json);
			r = 1;
		}
		json_decref(j);
	}
	return r || t->wrong || t->duplicate || missing || t->failed || t->refused || l->idle_lost;
}

static int run(struct load *l)
{
	uint64_t began = now_ns(), sent, read;
	bool ok = true;

	l->started = began;
	if (l->config.idle && !open_idle(l)) {
		fprintf(stderr, "mailload: idle sessions: %s\n", l->first_problem[0] ? l->first_problem : "lost");
		return 1;
	}
	began = now_ns();
	if (l->config.duration)
		l->stop_at = began + l->config.duration * 1000000000u;
	if (l->config.smtp && (l->config.count || l->config.duration))
		ok = load_run(l, sending_done);
	sent = now_ns();
	for (uint64_t i = 0; ok && i < l->config.probe; i++) {
		uint64_t ns = probe_once(l, i);

		if (ns)
			spread_add(&l->t.visible, ns);
		else
			problem(l, "a probe failed");
	}
	if (ok && l->config.between && system(l->config.between)) {
		problem(l, "--between failed");
		ok = false;
	}
	read = now_ns();
	if (ok && l->config.readback) {
		l->reading_back = true;
		l->next_account = 0;
		l->accounts_left = l->config.accounts;
		if (!l->config.readers)
			l->config.readers = 8;
		ok = load_run(l, reading_done);
	}
	if (!ok)
		fprintf(stderr, "mailload: gave up: %s\n", l->first_problem);
	return report(l, (double)(sent - began) / 1e9, (double)(now_ns() - read) / 1e9, cpu_seconds()) || !ok;
}

int main(int argc, char **argv)
{
	static struct load l;
	struct rlimit files;
	struct keel_buffer error;
	int r;

	l.config = (struct load_config){.accounts_format = "u%u@porc.test", .password = "test", .distribution = "uniform",
					.accounts = 1000, .connections = 40, .per_connection = 10, .recipients = 1, .corpus = 2000, .seed = 1};
	keel_buffer_init(&error, 0);
	r = keel_options_parse(&table, argc, argv, &l.config, &error);
	if (r == -ECANCELED) {
		fputs(keel_buffer_text(&error), stdout);
		return 0;
	}
	if (r >= 0 && (r != argc || (!l.config.smtp && !l.config.pop3))) {
		keel_buffer_puts(&error, r != argc ? "operands are not expected" : "--smtp or --pop3 is needed");
		r = -EINVAL;
	}
	if (r >= 0 && (!l.config.accounts || !l.config.corpus || !l.config.recipients || l.config.recipients > 64 ||
		       picker_make(&l.picker, l.config.distribution, l.config.accounts))) {
		keel_buffer_puts(&error, "a number is out of bounds, or --distribution is not uniform, zipf:S or skew:SHARE");
		r = -EINVAL;
	}
	if (r >= 0 && ((l.config.readback || l.config.readers || l.config.probe) && !l.config.pop3)) {
		keel_buffer_puts(&error, "--pop3 is needed to fetch");
		r = -EINVAL;
	}
	if (r < 0) {
		fprintf(stderr, "mailload: %s\n", keel_buffer_text(&error));
		return 2;
	}
	if (l.config.smtp && !l.config.count && !l.config.duration && !l.config.probe)
		l.config.duration = 10;
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	l.random = l.config.seed * 7919 + l.config.from;
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.seen_cap = l.config.count ? l.config.count : 64u << 20;
	l.seen = calloc(l.seen_cap, 1);
	l.tls = SSL_CTX_new(TLS_client_method());
	if (l.epoll < 0 || !l.seen || !l.tls || corpus_make(&l.corpus, l.config.corpus, l.config.seed)) {
		fprintf(stderr, "mailload: out of memory\n");
		return 1;
	}
	SSL_CTX_set_mode(l.tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	r = run(&l);
	corpus_free(&l.corpus);
	picker_free(&l.picker);
	free(l.seen);
	SSL_CTX_free(l.tls);
	return r;
}

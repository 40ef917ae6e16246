// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/mailload/load.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/option.h"

#define AT(field) offsetof(struct load_config, field)

/* clang-format off */
static const struct keel_option options[] = {
	{"smtp", 0, KEEL_OPTION_STRING, AT(smtp), "WHERE", "where to send: HOST:PORT or unix:PATH"},
	{"pop3", 0, KEEL_OPTION_STRING, AT(pop3), "WHERE", "where to fetch: HOST:PORT"},
	{"pop3s", 0, KEEL_OPTION_STRING, AT(pop3s), "WHERE", "POP3 with TLS from the first octet, for idle sessions"},
	{"drain", 0, KEEL_OPTION_STRING, AT(drain), "DIR:DIR", "before fetching wait until no file is left there: a queue"},
	{"settle", 0, KEEL_OPTION_STRING, AT(settle), "FILE", "at the end sync, and wait until the control group rests whose cpu.stat or cpuacct.usage this is; 'machine': all of it"},
	{"history", 0, KEEL_OPTION_STRING, AT(history), "FILE", "append one JSON line for each attempt"},
	{"rate", 0, KEEL_OPTION_NUMBER, AT(rate), "N", "at most N messages a second (no limit)"},
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
/* clang-format on */

static const struct keel_options table = {
	.program = "mailload",
	.synopsis = "",
	.summary = "Loads a mail server by SMTP or LMTP and POP3, and checks what it gives back.",
	.rows = options,
	.n = KEEL_COUNT(options),
};

/* ---- the result ------------------------------------------------------------------------------------------------ */

struct times {
	double sending, readback;
	struct usage used;
};

static uint64_t bits(const uint64_t *a, const uint64_t *b, bool in_b, uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += (uint64_t)__builtin_popcountll(a[i] & (in_b ? b[i] : ~b[i]));
	return sum;
}

static double ms(const struct spread *s, double share)
{
	return (double)spread_at(s, share) / 1e6;
}

static void print(const struct load *l, const struct times *w, uint64_t delivered, uint64_t missing, uint64_t extra)
{
	const struct totals *t = &l->t;

	printf("corpus: %lu texts, mean %lu octets, median %lu\n", (unsigned long)l->corpus.n,
	       (unsigned long)(l->corpus.octets / l->corpus.n), (unsigned long)l->corpus.median);
	if (t->attempted) {
		printf("accepted %lu of %lu messages (%lu copies) in %.2f s: %.0f msg/s; refused %lu, failed %lu\n",
		       (unsigned long)t->accepted, (unsigned long)t->attempted, (unsigned long)t->copies, w->sending,
		       (double)t->accepted / w->sending, (unsigned long)t->refused, (unsigned long)t->failed);
		printf("accept latency p50 %.2f ms, p99 %.2f ms\n", ms(&t->accept, .5), ms(&t->accept, .99));
	}
	if (t->fetched)
		printf("fetched %lu: %lu delivered, %lu missing, %lu changed, %lu astray, %lu twice, %lu never acknowledged, "
		       "%lu of others; read-back %.2f s\n",
		       (unsigned long)t->fetched, (unsigned long)delivered, (unsigned long)missing,
		       (unsigned long)t->wrong, (unsigned long)t->astray, (unsigned long)t->duplicate,
		       (unsigned long)extra, (unsigned long)t->unknown, w->readback);
	if (t->visible.n)
		printf("visible p50 %.2f ms, p99 %.2f ms after the 250 (%lu probes)\n", ms(&t->visible, .5),
		       ms(&t->visible, .99), (unsigned long)t->visible.n);
	if (l->config.idle)
		printf("idle sessions %lu open, %lu lost\n", (unsigned long)l->idle_open, (unsigned long)l->idle_lost);
	printf("CPU: machine %.2f s, of these mailload %.2f s", w->used.machine, w->used.self);
	if (l->config.settle)
		printf(", the server's processes %.2f s", w->used.server);
	if (delivered)
		printf("; %.0f delivered per second of CPU without mailload's",
		       (double)delivered / (w->used.machine - w->used.self));
	printf("\n");
}

static int report(struct load *l, const struct times *w)
{
	const struct totals *t = &l->t;
	uint64_t n = l->next_message < l->seen_cap ? l->next_message : l->seen_cap;
	uint64_t delivered = bits(l->seen, l->acknowledged, true, n), extra = bits(l->seen, l->acknowledged, false, n);
	uint64_t missing = l->config.readback ? bits(l->acknowledged, l->seen, false, n) : 0;
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "attempted", t->attempted },
		{ "accepted", t->accepted },
		{ "copies", t->copies },
		{ "octets", t->octets },
		{ "refused", t->refused },
		{ "failed", t->failed },
		{ "sessions", t->sessions },
		{ "pop3_sessions", t->pop_sessions },
		{ "pop3_failed", t->pop_failed },
		{ "fetched", t->fetched },
		{ "delivered", delivered },
		{ "missing", missing },
		{ "changed", t->wrong },
		{ "astray", t->astray },
		{ "duplicate", t->duplicate },
		{ "unacknowledged_delivered", extra },
		{ "of_others", t->unknown },
		{ "probes", t->visible.n },
		{ "idle_open", l->idle_open },
		{ "idle_lost", l->idle_lost },
		{ "corpus_octets", l->corpus.octets },
		{ "corpus_median", l->corpus.median },
	};
	const struct {
		const char *name;
		double value;
	} measures[] = {
		{ "seconds", w->sending },
		{ "readback_seconds", w->readback },
		{ "machine_cpu_seconds", w->used.machine },
		{ "own_cpu_seconds", w->used.self },
		{ "server_cpu_seconds", w->used.server },
		{ "accept_p50_ms", ms(&t->accept, .5) },
		{ "accept_p99_ms", ms(&t->accept, .99) },
		{ "visible_p50_ms", ms(&t->visible, .5) },
		{ "visible_p99_ms", ms(&t->visible, .99) },
	};
	json_t *j = json_object();
	int r = 0;

	if (!l->config.quiet)
		print(l, w, delivered, missing, extra);
	if (l->first_problem[0])
		fprintf(stderr, "mailload: first problem: %s\n", l->first_problem);
	for (size_t i = 0; i < KEEL_COUNT(counts); i++)
		json_object_set_new(j, counts[i].name, json_integer((json_int_t)counts[i].value));
	for (size_t i = 0; i < KEEL_COUNT(measures); i++)
		json_object_set_new(j, measures[i].name, json_real(measures[i].value));
	if (l->config.json && json_dump_file(j, l->config.json, JSON_INDENT(1))) {
		fprintf(stderr, "mailload: %s: not written\n", l->config.json);
		r = 1;
	}
	json_decref(j);
	return r || t->wrong || t->astray || t->duplicate || missing || t->failed || t->refused || l->idle_lost;
}

/* CPU is counted from when the idle sessions stand until all was read, the server rests and the disk has everything. */
static int run(struct load *l)
{
	struct usage before, after;
	struct times w = { 0 };
	uint64_t began, read;
	bool ok = true;

	if (l->config.idle && !load_open_idle(l)) {
		fprintf(stderr, "mailload: idle sessions: %s\n", l->first_problem[0] ? l->first_problem : "lost");
		return 1;
	}
	began = now_ns();
	ok = !usage_now(l, &before);
	if (ok && l->config.smtp && (l->config.count || l->config.duration))
		ok = load_send(l);
	w.sending = (double)(now_ns() - began) / 1e9;
	for (uint64_t i = 0; ok && i < l->config.probe; i++) {
		uint64_t ns = probe_once(l, i);

		if (ns)
			spread_add(&l->t.visible, ns);
		else
			problem(l, "a probe failed");
	}
	ok = ok && wait_drained(l);
	read = now_ns();
	if (ok && l->config.readback)
		ok = load_read_back(l);
	w.readback = (double)(now_ns() - read) / 1e9;
	ok = ok && wait_settled(l) && !usage_now(l, &after);
	if (!ok) {
		fprintf(stderr, "mailload: gave up: %s\n", l->first_problem);
		report(l, &w);
		return 1;
	}
	w.used = (struct usage){ after.machine - before.machine, after.self - before.self,
				 after.server - before.server };
	return report(l, &w) || l->t.visible.n < l->config.probe;
}

/* Exactly one %u: it goes to printf. */
static bool address_format_ok(const char *format)
{
	const char *mark = strchr(format, '%');

	return mark && mark[1] == 'u' && !strchr(mark + 1, '%') && strlen(format) < 300;
}

int main(int argc, char **argv)
{
	static struct load l;
	struct rlimit files;
	struct keel_buffer error;
	int r;

	l.config = (struct load_config){ .accounts_format = "u%u@porc.test",
					 .password = "test",
					 .distribution = "uniform",
					 .accounts = 1000,
					 .connections = 40,
					 .per_connection = 10,
					 .recipients = 1,
					 .corpus = 2000,
					 .seed = 1 };
	signal(SIGPIPE, SIG_IGN);
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
	if (r >= 0 && (!l.config.accounts || !l.config.corpus || !l.config.connections || !l.config.per_connection ||
		       !l.config.recipients || l.config.recipients > RECIPIENTS_MAX ||
		       l.config.recipients > l.config.accounts || l.config.idle_tls > 100)) {
		keel_buffer_puts(&error, "--accounts, --corpus, --connections and --per-connection are at least 1, "
					 "--recipients 1 to 64 and at most --accounts, --idle-tls at most 100");
		r = -EINVAL;
	}
	if (r >= 0 && picker_make(&l.picker, l.config.distribution, l.config.accounts)) {
		keel_buffer_puts(&error, "--distribution is uniform, zipf:S or skew:SHARE");
		r = -EINVAL;
	}
	if (r >= 0 && !address_format_ok(l.config.accounts_format)) {
		keel_buffer_puts(&error, "--address needs one %u and no other %");
		r = -EINVAL;
	}
	if (r >= 0 && l.config.idle_tls && l.config.idle && !l.config.pop3s) {
		keel_buffer_puts(&error, "--idle-tls needs --pop3s");
		r = -EINVAL;
	}
	if (r >= 0 && l.config.probe && (!l.config.smtp || !strncmp(l.config.smtp, "unix:", 5))) {
		keel_buffer_puts(&error, "--probe needs --smtp HOST:PORT");
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
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.seen_cap = l.config.count ? l.config.count : 64u << 20;
	l.seen = calloc(l.seen_cap, sizeof(*l.seen)); /* touched as far as needed */
	l.acknowledged = calloc(l.seen_cap, sizeof(*l.acknowledged));
	l.parked = calloc(l.config.connections, sizeof(struct conn *));
	l.tls = SSL_CTX_new(TLS_client_method());
	if (l.epoll < 0 || !l.seen || !l.acknowledged || !l.parked || !l.tls ||
	    corpus_make(&l.corpus, l.config.corpus, l.config.seed)) {
		fprintf(stderr, "mailload: out of memory\n");
		return 1;
	}
	SSL_CTX_set_mode(l.tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (l.config.history) {
		l.history = fopen(l.config.history, "ae");
		if (!l.history) {
			fprintf(stderr, "mailload: %s: %s\n", l.config.history, strerror(errno));
			return 1;
		}
	}
	r = run(&l);
	if (l.history && fclose(l.history))
		r = 1;
	corpus_free(&l.corpus);
	picker_free(&l.picker);
	free(l.seen);
	free(l.acknowledged);
	free(l.parked);
	SSL_CTX_free(l.tls);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mailload: a load generator for mail servers. One thread, one epoll: SMTP or LMTP sessions send messages of a corpus, POP3 sessions
 * fetch them and hold every octet against what was sent. It counts its own CPU and that of the machine beside it.
 */
#ifndef TESTS_BENCH_MAILLOAD_LOAD_H
#define TESTS_BENCH_MAILLOAD_LOAD_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/lib/keel/buffer.h"

/* ---- settings of a run ------------------------------------------------------------------------------ */

struct load_config {
	const char *smtp, *pop3, *pop3s; /* HOST:PORT or unix:PATH; NULL = none */
	const char *drain, *settle, *history;
	bool lmtp, starttls, tls, pop3_tls, pipelining, delete, readback, quiet;
	const char *accounts_format; /* one %u */
	const char *password, *json, *distribution;
	uint64_t accounts, connections, per_connection, recipients, count, duration, seed, corpus, rate, readers, idle,
		idle_tls, probe;
	uint64_t from; /* first number of this run's messages */
};

#define RECIPIENTS_MAX 64u

/* ---- corpus ------------------------------------------------------------------------------------------ */

/* One message text: as it goes over the wire (dots stuffed) behind the header fields, and as it comes back. */
struct text {
	uint8_t *wire, *plain;
	size_t wire_len, plain_len;
	char sha256[65]; /* of plain; "" until asked for */
};

struct corpus {
	struct text *texts;
	size_t n;
	uint64_t octets; /* of all plain texts */
	uint64_t median;
};

/* The size law of the report's era: mean about 4.7 KB, median 2 to 3 KB, a Pareto tail cut at 1 MB. Same seed, same corpus. */
int corpus_make(struct corpus *c, size_t n, uint64_t seed);
void corpus_free(struct corpus *c);
/* Hexadecimal SHA-256 of what the receiver gets below the header. */
const char *text_sha256(struct text *t);
uint64_t random_next(uint64_t *state);
/* Picks an account 0..n-1: "uniform", "zipf:S", or "skew:SHARE" (that share of all mail goes to account 0). */
struct picker {
	double *cumulative; /* zipf */
	double share;
	uint64_t n;
};
int picker_make(struct picker *p, const char *distribution, uint64_t n);
uint64_t picker_pick(const struct picker *p, uint64_t *state);
void picker_free(struct picker *p);
/* The accounts message number goes to: n different ones. The same for the one who sends and the one who checks. */
void picker_recipients(const struct picker *p, uint64_t seed, uint64_t number, uint64_t *to, uint64_t n);

/* ---- measurements -------------------------------------------------------------------------------------- */

struct spread {
	uint64_t bucket[512];
	uint64_t n;
};

void spread_add(struct spread *s, uint64_t ns);
/* The value below which a share of all lie, ns. */
uint64_t spread_at(const struct spread *s, double share);
uint64_t now_ns(void);

/* What has been used since the machine was started, or this program; seconds. */
struct usage {
	double machine; /* all cores, all but idle, waiting and stolen time */
	double self;
	double server; /* of the control group named by --settle; 0 without */
};

struct load;
/* 0 or -errno with the problem noted. */
int usage_now(struct load *l, struct usage *u);
/* Waits until no file lies below --drain; false: after ten minutes without one file less. */
bool wait_drained(struct load *l);
/* Waits until the control group of --settle used less than 2 % of a core during a second (2 minutes at most); then sync(2). Without
 * --settle it does neither. */
bool wait_settled(struct load *l);

/* ---- connections ------------------------------------------------------------------------------------------ */

enum conn_kind { CONN_SMTP, CONN_POP3, CONN_IDLE };

struct load;
struct conn {
	struct load *load;
	enum conn_kind kind;
	int fd;
	SSL *ssl;
	bool connecting, handshaking, want_write, closing, tls_after_reply;
	int state;
	struct keel_buffer in, out;
	const uint8_t *tail; /* borrowed octets to send behind out */
	size_t tail_len;
	uint64_t deadline;
	/* SMTP */
	uint64_t sent, message, began;
	double told; /* seconds since 1970 when the attempt was begun */
	unsigned expected, refused, accepted, kept;
	bool mailed, under_way, parked;
	uint64_t to[RECIPIENTS_MAX];
	uint64_t taken; /* a bit for each recipient that RCPT took, then that the server answers for */
	int codes[RECIPIENTS_MAX];
	/* POP3 */
	uint64_t account, messages, next, given;
	size_t scanned;
};

struct totals {
	uint64_t attempted, accepted, copies, refused, failed, octets, sessions, pop_sessions, pop_failed;
	uint64_t fetched, wrong, astray, duplicate, unknown;
	struct spread accept, visible;
};

struct load {
	struct load_config config;
	struct corpus corpus;
	struct picker picker;
	SSL_CTX *tls;
	int epoll;
	uint64_t started, stop_at, next_message, live, live_smtp;
	uint64_t *acknowledged, *seen; /* by message: a bit for each recipient */
	uint64_t seen_cap;
	struct conn **parked; /* sessions that --rate holds back */
	size_t n_parked;
	FILE *history;
	struct totals t;
	uint64_t idle_open, idle_ready, idle_lost;
	uint64_t next_account, accounts_left; /* read-back */
	bool reading_back, ending;
	char first_problem[256];
};

/* Opens; NULL with load->first_problem set. */
struct conn *conn_open(struct load *l, enum conn_kind kind, const char *where, bool tls);
void conn_free(struct conn *c);
/* Sends what is queued, arms epoll. False: the connection is lost. */
bool conn_flush(struct conn *c);
/* Reads what there is into c->in: > 0, 0 = nothing now, < 0 = lost. */
int conn_read(struct conn *c);
bool conn_start_tls(struct conn *c);
void problem(struct load *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each gets c with new octets in c->in (or none: just connected). False: the session is over (well or not). */
bool smtp_step(struct conn *c);
/* Lets sessions go on that --rate held back, if it is time. */
void smtp_release(struct load *l);
/* --history: one line for the attempt under way on c; its codes are those that came. */
void history_write(struct conn *c);
bool pop3_step(struct conn *c);
/* Called when a session ends; may open the next. */
void smtp_ended(struct conn *c);
/* The three phases; false: it could not be done, with the problem noted. */
bool load_open_idle(struct load *l);
bool load_send(struct load *l);
bool load_read_back(struct load *l);
/* More may be sent: neither --count nor --duration is reached. */
bool load_sending(const struct load *l);
/* One message sent and read at once, on blocking sockets: ns from the 250 to the message being readable; 0 = failed. */
uint64_t probe_once(struct load *l, uint64_t number);
int address_of(struct load *l, uint64_t account, char out[320]);

#endif

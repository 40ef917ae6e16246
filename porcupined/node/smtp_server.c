// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/smtp_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "porcupined/message/message.h"
#include "porcupined/node/flag.h"
#include "porcupined/node/loop.h"
#include "porcupined/node/metrics.h"
#include "porcupined/node/recipient.h"
#include "porcupined/node/tls.h"
#include "porcupined/smtp/smtp.h"
#include "porcupined/store/store.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define INLINE_BODY \
	(512u << 10)   /* octets whose hash a loop computes itself, about a millisecond; more goes to a worker */
#define TEXT_KEPT 1024 /* octets of memory an idle session keeps for recipients */

/* One account that gets the message. */
struct target {
	struct store_id account;
	uint16_t bucket;
	size_t delivered_to; /* offset in texts */
};

struct smtp_server {
	struct connection c;
	struct smtp_session *session;
	/* the transaction */
	struct keel_buffer targets; /* struct target */
	struct keel_buffer texts;   /* the recipients as accepted, each with its NUL */
	unsigned recipients;
	struct store_body *body;
	struct message_header header;
	bool utf8;        /* the transaction is SMTPUTF8 */
	bool header_utf8; /* octets above 127 in the header */
	uint64_t size;    /* as it came, without our trace */
	uint64_t began;   /* monotonic ns: the message was whole */
	char id[24];
	/* what is being stored */
	struct worker_job job;
	struct post committed;
	struct store_txn *txn;
	int error;
};

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- the transaction ------------------------------------------------------------------------------ */

static void trim(struct keel_buffer *b)
{
	if (b->cap > TEXT_KEPT || b->failed)
		keel_buffer_free(b);
	else
		keel_buffer_clear(b);
}

static void forget(struct smtp_server *s)
{
	store_body_free(&s->body);
	store_txn_free(&s->txn);
	trim(&s->targets);
	trim(&s->texts);
	s->recipients = 0;
}

/* An account that two recipients lead to gets one copy. */
static bool has_target(const struct smtp_server *s, const struct store_id *account)
{
	const struct target *t = (const struct target *)(const void *)s->targets.data;

	for (size_t i = 0; i < s->targets.len / sizeof(*t); i++)
		if (!memcmp(&t[i].account, account, sizeof(*account)))
			return true;
	return false;
}

static enum smtp_reason take_recipient(struct smtp_server *s)
{
	const struct smtp_path *path = smtp_session_recipient(s->session);
	const size_t text = s->texts.len, before = s->targets.len;
	struct recipient found;
	const enum smtp_reason reason = recipient_find(s->c.loop->node->store, s->c.rules, path,
						       smtp_session_declared_size(s->session), &found);

	if (reason != SMTP_REASON_NONE)
		return reason;
	if (*path->domain)
		message_address_append(&s->texts, path->local, path->domain);
	else
		keel_buffer_puts(&s->texts, s->c.rules->postmaster);
	keel_buffer_putc(&s->texts, '\0');
	for (size_t i = 0; i < found.n; i++) {
		const struct target t = { found.accounts[i], found.buckets[i], text };

		if (!has_target(s, &t.account))
			keel_buffer_append(&s->targets, &t, sizeof(t));
	}
	if (s->texts.failed || s->targets.failed) {
		s->texts.len = text;
		s->targets.len = before;
		return SMTP_REASON_STORAGE;
	}
	s->recipients++;
	return SMTP_REASON_NONE;
}

static enum smtp_reason reason_of(int error)
{
	switch (error) {
	case 0:
		return SMTP_REASON_NONE;
	case -ENOSPC:
	case -EROFS:
		return SMTP_REASON_NO_SPACE;
	case -EFBIG:
		return SMTP_REASON_TOO_BIG;
	default:
		return SMTP_REASON_STORAGE;
	}
}

/* 13 digits of base 32 that this node gives out once: seconds, loop, count. */
static void new_id(struct loop *loop, uint64_t seconds, char out[24])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	uint64_t v = seconds << 30 | (uint64_t)(loop->index & 0xff) << 22 | (loop->serial++ & 0x3fffff);

	out[13] = '\0';
	for (int i = 12; i >= 0; i--, v >>= 5)
		out[i] = digits[v & 31];
}

static enum smtp_reason begin(struct smtp_server *s)
{
	struct loop *loop = s->c.loop;
	struct keel_buffer *trace = &loop->scratch;
	char tls[96];
	int ret;

	if (!s->c.exempt && !limits_take(loop->node->limits, s->c.key, LIMITS_MESSAGES, loop_monotonic_ms(),
					 s->c.rules->messages_per_minute))
		return SMTP_REASON_RATE;
	ret = store_writable(loop->node->store);
	if (!ret)
		ret = store_body_new(loop->node->store, &s->body);
	if (ret)
		return reason_of(ret);
	const uint64_t now = (uint64_t)time(NULL);

	new_id(loop, now, s->id);
	if (s->c.ssl)
		tls_describe(s->c.ssl, tls, sizeof(tls));
	keel_buffer_clear(trace);
	message_trace_append(trace, &(struct message_trace){ .helo = smtp_session_peer_name(s->session),
							     .address = s->c.peer,
							     .host = s->c.rules->hostname,
							     .with = smtp_session_with(s->session),
							     .tls = s->c.ssl ? tls : NULL,
							     .id = s->id,
							     .time = now });
	ret = trace->failed ? trace->failed : store_body_append(s->body, trace->data, trace->len);
	if (ret) {
		store_body_free(&s->body);
		return reason_of(ret);
	}
	message_header_init(&s->header);
	s->utf8 = !strncmp(smtp_session_with(s->session), "UTF8", 4);
	s->header_utf8 = false;
	s->size = 0;
	return SMTP_REASON_NONE;
}

static void take_header(struct smtp_server *s, const uint8_t *data, size_t n)
{
	const uint64_t before = s->header.length;
	uint64_t in_header;

	message_header_feed(&s->header, data, n);
	in_header = s->header.length - before;
	for (uint64_t i = 0; s->utf8 && i < in_header && i < n; i++)
		s->header_utf8 |= data[i] > 127;
}

static void take_body(struct smtp_server *s)
{
	size_t n;
	const uint8_t *data = smtp_session_body(s->session, &n);
	int ret;

	if (!s->body)
		return; /* it has failed before: the rest is swallowed */
	if (!s->header.ended)
		take_header(s, data, n);
	s->size += n;
	ret = store_body_append(s->body, data, n);
	if (ret) {
		smtp_session_fail_body(s->session, reason_of(ret));
		store_body_free(&s->body);
	}
}

/* ---- storing it -------------------------------------------------------------------------------------- */

#define SERVER_OF(at, member) ((struct smtp_server *)(void *)((char *)(at)-offsetof(struct smtp_server, member)))

static void log_message(const struct smtp_server *s, enum smtp_reason reason)
{
	const struct smtp_path *from = smtp_session_sender(s->session);
	const enum keel_log_level level = reason == SMTP_REASON_NONE ? KEEL_LOG_INFO : KEEL_LOG_WARNING;
	const bool null = !*from->local && !*from->domain;
	char sender[340];

	if (!keel_log_on(level))
		return;
	snprintf(sender, sizeof(sender), null ? "<>" : *from->domain ? "%s@%s" : "%s", from->local, from->domain);
	keel_log(level, reason == SMTP_REASON_NONE ? "message stored" : "message not stored", "id", s->id, "protocol",
		 s->c.kind->name, "client", *s->c.peer ? s->c.peer : "local", "from", sender, "to",
		 s->texts.len ? (const char *)s->texts.data : "", "recipients", KEEL_N(s->recipients), "size",
		 KEEL_N(s->size), reason == SMTP_REASON_NONE ? NULL : "reason", smtp_reason_name(reason), NULL);
}

/* Answers COMMIT and lets go of the transaction. */
static void answer(struct smtp_server *s, enum smtp_reason reason, struct keel_buffer *out)
{
	KEEL_AUTO_FREE enum smtp_reason *many = NULL;
	enum smtp_reason one[32], *reasons = one;
	const size_t n = s->recipients ? s->recipients : 1;

	if (reason == SMTP_REASON_NONE) {
		keel_count(&node_metric.received);
		keel_count_by(&node_metric.received_octets, s->size);
		keel_count_by(&node_metric.deliveries, s->targets.len / sizeof(struct target));
		keel_histogram_observe(&node_metric.accept, monotonic_ns() - s->began);
	}
	log_message(s, reason);
	if (n > KEEL_COUNT(one))
		reasons = many = malloc(n * sizeof(*many));
	for (size_t i = 0; reasons && i < n; i++)
		reasons[i] = reason;
	/* without memory for the list the engine says 451 to all: the client sends it again */
	smtp_session_commit(s->session, reasons, reasons ? n : 0, s->id, out);
	forget(s);
}

static void count_refusals(struct smtp_server *s)
{
	enum smtp_reason reason;

	while ((reason = smtp_session_refused(s->session)) != SMTP_REASON_NONE)
		keel_count(&node_metric.smtp_refused[reason]);
}

static void run_committed(struct post *post)
{
	struct smtp_server *s = SERVER_OF(post, committed);
	struct keel_buffer *out = connection_answer(&s->c);

	answer(s, reason_of(s->error), out);
	if (connection_drop(&s->c)) {
		count_refusals(s);
		connection_resume(&s->c);
	}
}

/* On the store's commit thread. */
static void on_durable(void *arg, int error)
{
	struct smtp_server *s = arg;

	s->error = error;
	s->committed.run = run_committed;
	post_send(s->c.loop->box, &s->committed);
}

/* Builds the transaction: any thread, while the connection waits. */
static int prepare(struct smtp_server *s)
{
	const struct smtp_path *from = smtp_session_sender(s->session);
	const struct target *t = (const struct target *)(const void *)s->targets.data;
	const size_t n = s->targets.len / sizeof(*t);
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer sender, lines;
	KEEL_AUTO_FREE struct store_delivery *many = NULL;
	struct store_delivery few[8], *d = few;
	const uint64_t size = store_body_size(s->body), now = (uint64_t)time(NULL);
	const char *return_path;
	int ret;

	keel_buffer_init(&sender, 0);
	keel_buffer_init(&lines, 0);
	message_address_append(&sender, from->local, from->domain);
	return_path = keel_buffer_text(&sender);
	if (n > KEEL_COUNT(few))
		d = many = calloc(n, sizeof(*many));
	if (!return_path || !d)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *to = (const char *)s->texts.data + t[i].delivered_to;

		keel_buffer_clear(&lines);
		message_return_path_append(&lines, return_path);
		message_delivered_to_append(&lines, to);
		if (lines.failed)
			return lines.failed;
		d[i] = (struct store_delivery){ .account = t[i].account,
						.bucket = t[i].bucket,
						.date = now,
						.size = size + lines.len,
						.flags = s->header_utf8 ? NODE_FLAG_UTF8 : 0,
						.return_path = return_path,
						.delivered_to = to };
	}
	ret = store_txn_new(s->c.loop->node->store, &s->txn);
	if (!ret)
		ret = store_txn_deliver(s->txn, &s->body, d, n);
	return ret;
}

static void run_prepare(struct worker_job *job)
{
	struct smtp_server *s = SERVER_OF(job, job);

	s->error = prepare(s);
}

static void prepared(struct worker_job *job)
{
	struct smtp_server *s = SERVER_OF(job, job);

	if (s->error)
		run_committed(&s->committed);
	else
		store_commit(s->c.loop->node->store, &s->txn, on_durable, s);
}

/* True: the answer will come. False: answered. */
static bool commit(struct smtp_server *s, struct keel_buffer *out)
{
	int ret;

	s->began = monotonic_ns();
	if (s->header.received > MESSAGE_HOPS_MAX) {
		answer(s, SMTP_REASON_LOOP, out);
		return false;
	}
	if (!s->body || !s->targets.len) {
		answer(s, SMTP_REASON_STORAGE, out);
		return false;
	}
	connection_hold(&s->c);
	if (store_body_size(s->body) > INLINE_BODY) {
		s->job = (struct worker_job){ .run = run_prepare, .done = prepared, .back = s->c.loop->box };
		worker_submit(s->c.loop->node->workers, WORKER_QUICK, &s->job);
		return true;
	}
	ret = prepare(s);
	if (!ret) {
		store_commit(s->c.loop->node->store, &s->txn, on_durable, s);
		return true;
	}
	connection_drop(&s->c);
	answer(s, reason_of(ret), out);
	return false;
}

/* ---- a connection's protocol ------------------------------------------------------------------------- */

static struct smtp_server *server_of(struct connection *c)
{
	return (struct smtp_server *)(void *)c;
}

static bool open_session(struct connection *c, bool refuse, const struct smtp_config *config, struct keel_buffer *out)
{
	struct smtp_server *s = server_of(c);

	s->session = smtp_session_new(config);
	if (!s->session)
		return false;
	keel_buffer_init(&s->targets, 0);
	keel_buffer_init(&s->texts, 0);
	smtp_session_greet(s->session, refuse ? SMTP_REASON_CONNECTIONS : SMTP_REASON_NONE, out);
	return true;
}

static bool open_smtp(struct connection *c, bool refuse, struct keel_buffer *out)
{
	return open_session(c, refuse, &c->rules->smtp, out);
}

static bool open_lmtp(struct connection *c, bool refuse, struct keel_buffer *out)
{
	return open_session(c, refuse, &c->rules->lmtp, out);
}

static enum connection_verdict run_session(struct smtp_server *s, const uint8_t **at, const uint8_t *end,
					   struct keel_buffer *out)
{
	for (;;) {
		switch (smtp_session_step(s->session, at, end, out)) {
		case SMTP_EVENT_INPUT:
			return CONNECTION_READ;
		case SMTP_EVENT_WAIT:
			return CONNECTION_WAIT;
		case SMTP_EVENT_RCPT:
			smtp_session_rcpt(s->session, take_recipient(s), out);
			break;
		case SMTP_EVENT_BEGIN:
			smtp_session_begin(s->session, begin(s), out);
			break;
		case SMTP_EVENT_BODY:
			take_body(s);
			break;
		case SMTP_EVENT_COMMIT:
			if (commit(s, out))
				return CONNECTION_WAIT;
			break;
		case SMTP_EVENT_ABORT:
			forget(s);
			break;
		case SMTP_EVENT_TLS:
			return CONNECTION_TLS;
		case SMTP_EVENT_CLOSE:
			return CONNECTION_CLOSE;
		}
	}
}

static enum connection_verdict step(struct connection *c, const uint8_t **at, const uint8_t *end,
				    struct keel_buffer *out)
{
	struct smtp_server *s = server_of(c);
	const enum connection_verdict verdict = run_session(s, at, end, out);

	count_refusals(s);
	return verdict;
}

static void secured(struct connection *c, struct keel_buffer *out)
{
	smtp_session_secured(server_of(c)->session);
}

static void expire(struct connection *c, enum connection_end why, struct keel_buffer *out)
{
	smtp_session_expire(server_of(c)->session,
			    why == CONNECTION_TIMEOUT ? SMTP_REASON_TIMEOUT : SMTP_REASON_SHUTDOWN, out);
}

static void close_session(struct connection *c)
{
	struct smtp_server *s = server_of(c);

	store_body_free(&s->body);
	store_txn_free(&s->txn);
	keel_buffer_free(&s->targets);
	keel_buffer_free(&s->texts);
	smtp_session_free(&s->session);
}

const struct connection_kind smtp_server_kind = {
	.name = "smtp",
	.size = sizeof(struct smtp_server),
	.taken = &node_metric.smtp_connections,
	.sessions = &node_metric.smtp_sessions,
	.open = open_smtp,
	.step = step,
	.secured = secured,
	.expire = expire,
	.close = close_session,
};

const struct connection_kind lmtp_server_kind = {
	.name = "lmtp",
	.size = sizeof(struct smtp_server),
	.taken = &node_metric.lmtp_connections,
	.sessions = &node_metric.lmtp_sessions,
	.open = open_lmtp,
	.step = step,
	.secured = secured,
	.expire = expire,
	.close = close_session,
};

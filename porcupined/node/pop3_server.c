// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/pop3_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "porcupined/auth/address.h"
#include "porcupined/auth/password.h"
#include "porcupined/message/message.h"
#include "porcupined/node/flag.h"
#include "porcupined/node/loop.h"
#include "porcupined/node/metrics.h"
#include "porcupined/pop3/pop3.h"
#include "porcupined/store/store.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define LOGINS_WAITING 1000 /* logins that may wait for hashing; a worker does some 30 a second */
#define SLICE (64u << 10)   /* octets of a message that become output at a time */

struct pop3_server {
	struct connection c;
	struct pop3_session *session;
	/* the maildrop */
	struct store_account account;
	struct store_message *messages;
	struct pop3_message *shown;
	size_t n;
	bool locked;
	bool good; /* logged in */
	/* RETR or TOP */
	struct store_reader *reader;
	const uint8_t *chunk; /* of the reader, what is not yet output */
	size_t chunk_left;
	uint64_t sent;
	bool begun; /* the fields in front have been output */
	bool whole; /* RETR: counts as retrieved */
	/* what runs elsewhere */
	struct worker_job job;
	struct post post;
	struct store_txn *txn;
	char user[ADDRESS_MAX]; /* canonical, or "" */
	char password[PASSWORD_MAX];
	bool found;  /* the account is there */
	bool cached; /* the password needs no hashing */
	uint64_t began;
	ssize_t result;
};

#define SERVER_OF(at, member) ((struct pop3_server *)(void *)((char *)(at)-offsetof(struct pop3_server, member)))

static struct pop3_server *server_of(struct connection *c)
{
	return (struct pop3_server *)(void *)c;
}

static void count_refusals(struct pop3_server *p)
{
	enum pop3_reason reason;

	while ((reason = pop3_session_refused(p->session)) != POP3_REASON_NONE)
		keel_count(&node_metric.pop3_refused[reason]);
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void let_go(struct pop3_server *p)
{
	if (p->locked)
		maildrop_unlock(p->c.loop->node->maildrops, p->account.id.octet);
	p->locked = false;
}

/* ---- login ------------------------------------------------------------------------------------------- */

static int list(struct pop3_server *p)
{
	struct store *store = p->c.loop->node->store;
	int ret = maildrop_lock(p->c.loop->node->maildrops, p->account.id.octet);

	if (ret)
		return ret;
	p->locked = true;
	ret = store_mailbox_list(store, &p->account.id, &p->messages, &p->n);
	if (ret)
		return ret;
	p->shown = calloc(p->n + 1, sizeof(*p->shown));
	if (!p->shown)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		p->shown[i].size = p->messages[i].size;
		p->shown[i].utf8 = p->messages[i].flags & NODE_FLAG_UTF8;
		memcpy(p->shown[i].id, p->messages[i].id.octet, sizeof(p->shown[i].id));
	}
	return 0;
}

/* On a worker. */
static void run_login(struct worker_job *job)
{
	struct pop3_server *p = SERVER_OF(job, job);
	struct node *node = p->c.loop->node;
	int ret = 0;

	if (!p->cached) {
		/* an unknown address costs as much time as a known one */
		ret = password_verify(p->found && !(p->account.flags & STORE_ACCOUNT_DISABLED) ? p->account.hash : "",
				      p->password);
		if (!ret)
			login_cache_add(node->logins, p->account.id.octet, p->account.lsn, p->password,
					loop_monotonic_ms() / 1000);
	}
	password_wipe(p->password, sizeof(p->password));
	p->result = ret ? ret : list(p);
}

static enum pop3_reason login_reason(ssize_t result)
{
	switch (result) {
	case 0:
		return POP3_REASON_NONE;
	case -EACCES:
		return POP3_REASON_LOGIN_FAILED;
	case -EBUSY:
		return POP3_REASON_IN_USE;
	default:
		return POP3_REASON_TRY_AGAIN;
	}
}

static void log_login(const struct pop3_server *p, const char *text, const char *why)
{
	keel_log(KEEL_LOG_INFO, text, "protocol", "pop3", "client", *p->c.peer ? p->c.peer : "local", "user", p->user,
		 "tls", p->c.ssl ? "yes" : "no", why ? "why" : NULL, why, NULL);
}

static void login_done(struct worker_job *job)
{
	struct pop3_server *p = SERVER_OF(job, job);
	struct keel_buffer *out = connection_answer(&p->c);
	const enum pop3_reason reason = login_reason(p->result);

	if (reason == POP3_REASON_LOGIN_FAILED && !p->c.exempt && !p->c.dead)
		limits_take(p->c.loop->node->limits, p->c.key, LIMITS_FAILURES, loop_monotonic_ms(),
			    p->c.rules->failed_logins_per_minute);
	keel_histogram_observe(&node_metric.login, monotonic_ns() - p->began);
	if (reason == POP3_REASON_NONE) {
		p->good = true;
		keel_count(&node_metric.logins);
		if (p->cached)
			keel_count(&node_metric.logins_cached);
		log_login(p, "login", NULL);
	} else {
		let_go(p);
		free(keel_take(p->messages));
		free(keel_take(p->shown));
		p->n = 0;
		if (reason == POP3_REASON_LOGIN_FAILED)
			keel_count(&node_metric.logins_bad);
		log_login(p, "login failed", pop3_reason_name(reason));
	}
	pop3_session_login(p->session, reason, p->shown, p->n, out);
	if (connection_drop(&p->c)) {
		count_refusals(p);
		connection_resume(&p->c);
	}
}

/* Why a login that needs hashing cannot be looked at now. */
static enum pop3_reason not_now(struct pop3_server *p)
{
	struct node *node = p->c.loop->node;

	if (worker_waiting(node->workers) >= LOGINS_WAITING)
		return POP3_REASON_TRY_AGAIN;
	if (!p->c.exempt && !limits_left(node->limits, p->c.key, LIMITS_FAILURES, loop_monotonic_ms(),
					 p->c.rules->failed_logins_per_minute))
		return POP3_REASON_TOO_MANY_FAILURES;
	return POP3_REASON_NONE;
}

/* True: the answer will come. */
static bool login(struct pop3_server *p, struct keel_buffer *out)
{
	struct node *node = p->c.loop->node;
	const char *user = pop3_session_user(p->session), *password = pop3_session_password(p->session);
	const size_t len = strlen(password);
	enum pop3_reason reason;
	/* a name without a domain belongs to this host */
	int ret = strchr(user, '@') ? address_parse(user, false, p->user)
				    : address_canonical(user, p->c.rules->hostname, false, p->user);

	p->began = monotonic_ns();
	p->found = p->cached = false;
	p->password[0] = '\0';
	if (ret)
		p->user[0] = '\0';
	if (len < sizeof(p->password))
		memcpy(p->password, password, len + 1);
	if (!ret && !store_account_find(node->store, p->user, &p->account)) {
		p->found = true;
		p->cached = !(p->account.flags & STORE_ACCOUNT_DISABLED) && *p->password &&
			    login_cache_find(node->logins, p->account.id.octet, p->account.lsn, p->password,
					     loop_monotonic_ms() / 1000, p->c.rules->cache_seconds);
	}
	reason = p->cached ? POP3_REASON_NONE : not_now(p);
	if (reason != POP3_REASON_NONE) {
		password_wipe(p->password, sizeof(p->password));
		pop3_session_login(p->session, reason, NULL, 0, out);
		return false;
	}
	connection_hold(&p->c);
	p->job = (struct worker_job){ .run = run_login, .done = login_done, .back = p->c.loop->box };
	worker_submit(node->workers, p->cached ? WORKER_QUICK : WORKER_SLOW, &p->job);
	return true;
}

/* ---- sending a message ---------------------------------------------------------------------------------- */

static void end_message(struct pop3_server *p, enum pop3_reason reason, struct keel_buffer *out)
{
	if (reason == POP3_REASON_NONE && p->whole) {
		keel_count(&node_metric.retrieved);
		keel_count_by(&node_metric.retrieved_octets, p->sent);
	}
	store_reader_free(&p->reader);
	p->chunk_left = 0;
	pop3_session_content_end(p->session, reason, out);
}

static enum pop3_reason read_reason(ssize_t error)
{
	return error == -EBADMSG || error == -ENOENT ? POP3_REASON_STORAGE : POP3_REASON_TRY_AGAIN;
}

/* What the reader gave: the next chunk, the end, or an error. False: the message is over. */
static bool take_chunk(struct pop3_server *p, ssize_t n, struct keel_buffer *out)
{
	if (n < 0) {
		end_message(p, read_reason(n), out);
		return false;
	}
	p->chunk_left = (size_t)n;
	if (!p->begun) {
		struct keel_buffer *lines = &p->c.loop->scratch;

		/* only now: until the first octets are known to be good, the answer can still be -ERR */
		p->begun = true;
		keel_buffer_clear(lines);
		message_return_path_append(lines, store_reader_return_path(p->reader));
		message_delivered_to_append(lines, store_reader_delivered_to(p->reader));
		if (lines->failed) {
			end_message(p, POP3_REASON_TRY_AGAIN, out);
			return false;
		}
		p->sent += lines->len;
		if (!pop3_session_content(p->session, lines->data, lines->len, out)) {
			end_message(p, POP3_REASON_NONE, out);
			return false;
		}
	}
	if (!n)
		end_message(p, POP3_REASON_NONE, out);
	return n;
}

static void run_read(struct worker_job *job)
{
	struct pop3_server *p = SERVER_OF(job, job);

	p->result = store_reader_next(p->reader, true, &p->chunk);
}

static void read_done(struct worker_job *job)
{
	struct pop3_server *p = SERVER_OF(job, job);
	struct keel_buffer *out = connection_answer(&p->c);

	take_chunk(p, p->result, out);
	if (connection_drop(&p->c)) {
		count_refusals(p);
		connection_resume(&p->c);
	}
}

/* Outputs some of the message. READ: it is over, go on; FLUSH: there is more; WAIT: a worker reads. */
static enum connection_verdict pump(struct pop3_server *p, struct keel_buffer *out)
{
	size_t n;

	if (!p->chunk_left) {
		const ssize_t got = store_reader_next(p->reader, false, &p->chunk);

		if (got == -EAGAIN) {
			connection_hold(&p->c);
			p->job = (struct worker_job){ .run = run_read, .done = read_done, .back = p->c.loop->box };
			worker_submit(p->c.loop->node->workers, WORKER_QUICK, &p->job);
			return CONNECTION_WAIT;
		}
		if (!take_chunk(p, got, out))
			return CONNECTION_READ;
	}
	n = p->chunk_left < SLICE ? p->chunk_left : SLICE;
	p->sent += n;
	p->chunk_left -= n;
	if (!pop3_session_content(p->session, p->chunk, n, out)) {
		end_message(p, POP3_REASON_NONE, out);
		return CONNECTION_READ;
	}
	p->chunk += n;
	return out->len < SLICE ? pump(p, out) : CONNECTION_FLUSH;
}

static void begin_message(struct pop3_server *p, struct keel_buffer *out)
{
	int64_t top;
	const size_t index = pop3_session_index(p->session, &top);
	int ret;

	p->whole = top < 0;
	p->begun = false;
	p->sent = 0;
	p->chunk_left = 0;
	ret = store_reader_open(p->c.loop->node->store, &p->messages[index], &p->reader);
	if (ret)
		pop3_session_content_end(p->session, read_reason(ret), out);
}

/* ---- deleting --------------------------------------------------------------------------------------------- */

static void run_updated(struct post *post)
{
	struct pop3_server *p = SERVER_OF(post, post);
	struct keel_buffer *out = connection_answer(&p->c);

	if (!p->result)
		keel_count_by(&node_metric.deleted, pop3_session_deleted_count(p->session));
	else
		keel_log(KEEL_LOG_WARNING, "messages not deleted", "user", p->user, "why", strerror((int)-p->result),
			 NULL);
	/* first the lock: who reads +OK may log in at once */
	let_go(p);
	pop3_session_updated(p->session, p->result ? POP3_REASON_NOT_DELETED : POP3_REASON_NONE, out);
	if (connection_drop(&p->c)) {
		count_refusals(p);
		connection_resume(&p->c);
	}
}

/* On the store's commit thread. */
static void on_durable(void *arg, int error)
{
	struct pop3_server *p = arg;

	p->result = error;
	p->post.run = run_updated;
	post_send(p->c.loop->box, &p->post);
}

/* True: the answer will come. */
static bool update(struct pop3_server *p, struct keel_buffer *out)
{
	struct store *store = p->c.loop->node->store;
	int ret = 0;

	if (pop3_session_deleted_count(p->session)) {
		ret = store_txn_new(store, &p->txn);
		for (size_t i = 0; !ret && i < p->n; i++)
			if (pop3_session_deleted(p->session, i))
				ret = store_txn_expunge(p->txn, &p->account, &p->messages[i]);
		if (!ret) {
			connection_hold(&p->c);
			store_commit(store, &p->txn, on_durable, p);
			return true;
		}
		store_txn_free(&p->txn);
	}
	let_go(p);
	pop3_session_updated(p->session, ret ? POP3_REASON_NOT_DELETED : POP3_REASON_NONE, out);
	return false;
}

/* ---- a connection's protocol -------------------------------------------------------------------------- */

static bool open_session(struct connection *c, bool refuse, struct keel_buffer *out)
{
	struct pop3_server *p = server_of(c);

	p->session = pop3_session_new(&c->rules->pop3);
	if (!p->session)
		return false;
	pop3_session_greet(p->session, c->ssl != NULL, c->local && c->rules->pop3_plaintext,
			   refuse ? POP3_REASON_CONNECTIONS : POP3_REASON_NONE, out);
	return true;
}

static enum connection_verdict run_session(struct pop3_server *p, const uint8_t **at, const uint8_t *end,
					   struct keel_buffer *out)
{
	for (;;) {
		if (p->reader) {
			const enum connection_verdict verdict = pump(p, out);

			if (verdict != CONNECTION_READ)
				return verdict;
		}
		switch (pop3_session_step(p->session, at, end, out)) {
		case POP3_EVENT_INPUT:
			return CONNECTION_READ;
		case POP3_EVENT_WAIT:
			return CONNECTION_WAIT;
		case POP3_EVENT_LOGIN:
			if (login(p, out))
				return CONNECTION_WAIT;
			break;
		case POP3_EVENT_RETR:
			begin_message(p, out);
			break;
		case POP3_EVENT_UPDATE:
			if (update(p, out))
				return CONNECTION_WAIT;
			break;
		case POP3_EVENT_OUTPUT:
			return CONNECTION_FLUSH;
		case POP3_EVENT_TLS:
			return CONNECTION_TLS;
		case POP3_EVENT_CLOSE:
			return CONNECTION_CLOSE;
		}
	}
}

static enum connection_verdict step(struct connection *c, const uint8_t **at, const uint8_t *end,
				    struct keel_buffer *out)
{
	struct pop3_server *p = server_of(c);
	const enum connection_verdict verdict = run_session(p, at, end, out);

	count_refusals(p);
	return verdict;
}

static void secured(struct connection *c, struct keel_buffer *out)
{
	pop3_session_secured(server_of(c)->session);
}

static void expire(struct connection *c, enum connection_end why, struct keel_buffer *out)
{
	store_reader_free(&server_of(c)->reader);
	pop3_session_expire(server_of(c)->session,
			    why == CONNECTION_TIMEOUT ? POP3_REASON_TIMEOUT : POP3_REASON_SHUTDOWN, out);
}

static void close_session(struct connection *c)
{
	struct pop3_server *p = server_of(c);

	let_go(p);
	store_reader_free(&p->reader);
	password_wipe(p->password, sizeof(p->password));
	free(p->messages);
	pop3_session_free(&p->session);
	free(p->shown);
}

const struct connection_kind pop3_server_kind = {
	.name = "pop3",
	.size = sizeof(struct pop3_server),
	.pop3 = true, /* its input may hold passwords */
	.taken = &node_metric.pop3_connections,
	.sessions = &node_metric.pop3_sessions,
	.open = open_session,
	.step = step,
	.secured = secured,
	.expire = expire,
	.close = close_session,
};

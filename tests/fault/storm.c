// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load on the store alone, without protocols: threads deliver, delete and compact until the process is killed, and write the
 * history that tests/fault/history judges. Every start first reads all mailboxes back.
 *
 *   storm DIR HISTORY RUN SECONDS     RUN: a name no other run has; SECONDS 0 = only the read-back that ends a history
 */
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "porcupined/store/store.h"
#include "tools/lib/keel/cleanup.h"

#define ACCOUNTS 5
#define DELIVERERS 5
#define READERS 2

static struct store *store;
static struct store_account accounts[ACCOUNTS];
static pthread_mutex_t visits[ACCOUNTS]; /* a mailbox has one session at a time */
static pthread_mutex_t history_lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *history;
static const char *run;
static atomic_bool ending;
static atomic_uint sessions;

static void die(const char *what, int error)
{
	fprintf(stderr, "storm: %s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(3);
}

/* ---- the history ------------------------------------------------------------------------------------- */

/* One line; the caller's format has the members behind "t". */
__attribute__((format(printf, 2, 3))) static void say(const char *event, const char *format, ...)
{
	struct timespec now;
	va_list args;

	pthread_mutex_lock(&history_lock);
	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(history, "{\"e\":\"%s\",\"t\":%lld.%09ld,", event, (long long)now.tv_sec, now.tv_nsec);
	va_start(args, format);
	vfprintf(history, format, args);
	va_end(args);
	fputs("}\n", history);
	fflush(history);
	pthread_mutex_unlock(&history_lock);
}

static void hex(const uint8_t *data, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", data[i]);
}

static void digest(const uint8_t *data, size_t n, char out[65])
{
	uint8_t sum[32];

	if (!EVP_Digest(data, n, sum, NULL, EVP_sha256(), NULL))
		die("SHA-256", ENOMEM);
	hex(sum, sizeof(sum), out);
}

/* ---- delivering ---------------------------------------------------------------------------------------- */

/* 200 octets to 64 KiB, one in fifty 300 KiB, which spills. */
static size_t compose(unsigned *seed, const char *id, uint8_t *out)
{
	size_t n = rand_r(seed) % 50 ? 200u + (size_t)rand_r(seed) % (1u << (8 + rand_r(seed) % 9)) : 300000;
	size_t head = (size_t)sprintf((char *)out, "X-Attempt: %s\r\n\r\n", id);
	bool plain = rand_r(seed) % 2;

	for (size_t i = head; i < n; i++)
		out[i] = plain ? (uint8_t)('a' + i % 23) : (uint8_t)rand_r(seed);
	return n < head ? head : n;
}

static int deliver(const char *id, const uint8_t *data, size_t n, unsigned first, unsigned count)
{
	KEEL_CLEANUP(store_txn_free) struct store_txn *txn = NULL;
	KEEL_CLEANUP(store_body_free) struct store_body *body = NULL;
	struct store_delivery to[ACCOUNTS];
	int r = store_txn_new(store, &txn);

	if (!r)
		r = store_body_new(store, &body);
	for (size_t at = 0; !r && at < n;) {
		size_t part = n - at < 16384 ? n - at : 16384;

		r = store_body_append(body, data + at, part);
		at += part;
	}
	if (r)
		return r;
	for (unsigned i = 0; i < count; i++) {
		const struct store_account *a = &accounts[(first + i) % ACCOUNTS];

		to[i] = (struct store_delivery){
			.account = a->id, .bucket = a->bucket, .size = n, .return_path = "", .delivered_to = a->address
		};
	}
	r = store_txn_deliver(txn, &body, to, count);
	return r ? r : store_commit_wait(store, &txn);
}

static void *deliverer(void *arg)
{
	static uint8_t data[DELIVERERS][300000 + 100];
	unsigned number = (unsigned)(uintptr_t)arg, seed = number + 1;

	for (const char *p = run; *p; p++)
		seed = seed * 31 + (unsigned char)*p;
	for (unsigned k = 0; !ending; k++) {
		unsigned first = (unsigned)rand_r(&seed) % ACCOUNTS, count = rand_r(&seed) % 4 ? 1 : 3;
		char id[64], sum[65], to[256] = "", codes[400] = "";
		size_t n;
		int r;

		snprintf(id, sizeof(id), "%s.%u.%u", run, number, k);
		n = compose(&seed, id, data[number]);
		digest(data[number], n, sum);
		for (unsigned i = 0; i < count; i++)
			sprintf(to + strlen(to), "%s\"%s\"", i ? "," : "", accounts[(first + i) % ACCOUNTS].address);
		say("send", "\"id\":\"%s\",\"to\":[%s],\"sha\":\"%s\",\"size\":%zu", id, to, sum, n);
		r = deliver(id, data[number], n, first, count);
		for (unsigned i = 0; i < count; i++)
			sprintf(codes + strlen(codes), "%s\"%s\":%d", i ? "," : "",
				accounts[(first + i) % ACCOUNTS].address, r ? r == -ENOSPC ? 452 : 451 : 250);
		say("reply", "\"id\":\"%s\",\"codes\":{%s}", id, codes);
		if (r)
			usleep(10000);
	}
	return NULL;
}

/* ---- reading and deleting -------------------------------------------------------------------------------- */

static void fetch(const struct store_account *account, const char *session, const struct store_message *m,
		  const char *uidl)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer body;
	KEEL_CLEANUP(store_reader_free) struct store_reader *reader = NULL;
	const uint8_t *part;
	const char *end;
	char sum[65];
	ssize_t n = 0;
	int r = store_reader_open(store, m, &reader);

	keel_buffer_init(&body, 0);
	while (!r && (n = store_reader_next(reader, true, &part)) > 0)
		keel_buffer_append(&body, part, (size_t)n);
	if (r || n < 0) {
		say("refused", "\"account\":\"%s\",\"session\":\"%s\",\"uidl\":\"%s\",\"text\":\"%s\"",
		    account->address, session, uidl, strerror(r ? -r : (int)-n));
		return;
	}
	end = body.len > 11 ? memchr(body.data, '\r', body.len) : NULL;
	digest(body.data, body.len, sum);
	say("seen",
	    "\"account\":\"%s\",\"session\":\"%s\",\"uidl\":\"%s\",\"id\":\"%.*s\",\"sha\":\"%s\",\"size\":%llu,\"octets\":%zu",
	    account->address, session, uidl, end ? (int)(end - (const char *)body.data - 11) : 0,
	    (const char *)body.data + 11, sum, (unsigned long long)m->size, body.len);
}

static void expunge(const struct store_account *account, const char *session, const struct store_message *m, size_t n)
{
	KEEL_CLEANUP(store_txn_free) struct store_txn *txn = NULL;
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer uidls;
	int r = store_txn_new(store, &txn);

	keel_buffer_init(&uidls, 0);
	for (size_t i = 0; !r && i < n; i++) {
		char uidl[33];

		hex(m[i].id.octet, 16, uidl);
		keel_buffer_printf(&uidls, "%s\"%s\"", i ? "," : "", uidl);
		r = store_txn_expunge(txn, account, &m[i]);
	}
	if (r)
		return;
	keel_buffer_putc(&uidls, 0);
	say("quit", "\"account\":\"%s\",\"session\":\"%s\",\"uidls\":[%s]", account->address, session, uidls.data);
	r = store_commit_wait(store, &txn);
	say("bye", "\"account\":\"%s\",\"session\":\"%s\",\"ok\":%s", account->address, session, r ? "false" : "true");
}

/* One session. all: read everything, delete nothing. Otherwise every message in the first part of the mailbox is read, then deleted. */
static void visit(unsigned which, bool all, bool final, unsigned *seed)
{
	const struct store_account *account = &accounts[which];
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer uidls;
	KEEL_AUTO_FREE struct store_message *messages = NULL;
	char session[64], uidl[33];
	size_t n, chosen;
	int r;

	snprintf(session, sizeof(session), "%s.%u", run, ++sessions);
	keel_buffer_init(&uidls, 0);
	pthread_mutex_lock(&visits[which]);
	say("login", "\"account\":\"%s\",\"session\":\"%s\"", account->address, session);
	r = store_mailbox_list(store, &account->id, &messages, &n);
	if (r)
		die("store_mailbox_list", r);
	for (size_t i = 0; i < n; i++) {
		hex(messages[i].id.octet, 16, uidl);
		keel_buffer_printf(&uidls, "%s\"%s\"", i ? "," : "", uidl);
	}
	keel_buffer_putc(&uidls, 0);
	say("list", "\"account\":\"%s\",\"session\":\"%s\",\"uidls\":[%s],\"final\":%s", account->address, session,
	    uidls.data, final ? "true" : "false");
	chosen = all || !n ? n : (size_t)rand_r(seed) % n;
	for (size_t i = 0; i < chosen; i++) {
		hex(messages[i].id.octet, 16, uidl);
		fetch(account, session, &messages[i], uidl);
	}
	if (!all && chosen)
		expunge(account, session, messages, chosen);
	pthread_mutex_unlock(&visits[which]);
}

static void *reader(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg + (unsigned)time(NULL);

	while (!ending) {
		visit((unsigned)rand_r(&seed) % ACCOUNTS, false, false, &seed);
		usleep(10000);
	}
	return NULL;
}

/* After a crash and its recovery every checksum must hold, and the index must say what the log says. */
static void scrub(void)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer report;
	struct store_scrub found;
	int r;

	keel_buffer_init(&report, 0);
	r = store_scrub(store, NULL, NULL, &report, &found);
	if (r)
		die("store_scrub", r);
	if (found.bad_records || found.missing || found.index_errors) {
		keel_buffer_putc(&report, 0);
		fprintf(stderr, "storm: scrub: %llu bad, %llu missing, %llu index errors\n%s\n",
			(unsigned long long)found.bad_records, (unsigned long long)found.missing,
			(unsigned long long)found.index_errors, report.data);
		exit(4);
	}
}

/* ---- main -------------------------------------------------------------------------------------------------- */

static void find_accounts(void)
{
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		struct store_account *a = &accounts[i];
		char address[STORE_ADDRESS_MAX];
		struct store_txn *txn;
		int r;

		pthread_mutex_init(&visits[i], NULL);
		snprintf(address, sizeof(address), "u%u@storm.example", i);
		r = store_account_find(store, address, a);
		if (r == -ENOENT) {
			strcpy(a->address, address);
			a->bucket = (uint16_t)(i * 800);
			r = store_txn_new(store, &txn);
			if (!r)
				r = store_txn_account(txn, a);
			if (!r)
				r = store_commit_wait(store, &txn);
		}
		if (r)
			die(address, r);
	}
}

static void weather(double seconds)
{
	pthread_t threads[DELIVERERS + READERS];
	time_t end = time(NULL) + (time_t)seconds;
	uint64_t freed;
	size_t n = 0;

	for (uintptr_t i = 0; i < DELIVERERS; i++)
		if (pthread_create(&threads[n++], NULL, deliverer, (void *)i))
			die("thread", EAGAIN);
	for (uintptr_t i = 0; i < READERS; i++)
		if (pthread_create(&threads[n++], NULL, reader, (void *)i))
			die("thread", EAGAIN);
	while (time(NULL) < end) {
		int r = store_compact(store, 20, NULL, NULL, &freed);

		if (r && r != -ENOSPC && r != -EIO && r != -EROFS)
			die("store_compact", r);
		usleep(50000);
	}
	ending = true;
	while (n)
		pthread_join(threads[--n], NULL);
}

int main(int argc, char **argv)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error = { 0 };
	struct store_config config;
	double seconds;
	int r;

	if (argc != 5) {
		fprintf(stderr, "usage: storm DIR HISTORY RUN SECONDS\n");
		return 2;
	}
	run = argv[3];
	seconds = atof(argv[4]);
	history = fopen(argv[2], "a");
	if (!history)
		die(argv[2], errno);
	store_config_defaults(&config);
	config.segment_size = 2 << 20;
	config.body_memory = 128 << 10;
	config.create = true;
	config.compress = run[strlen(run) - 1] % 2;
	r = store_open(argv[1], &config, &error, &store);
	if (r) {
		keel_buffer_putc(&error, 0);
		fprintf(stderr, "storm: %s\n", error.data);
		return 3;
	}
	find_accounts();
	for (unsigned i = 0; i < ACCOUNTS; i++)
		visit(i, true, seconds == 0, NULL);
	if (seconds > 0)
		weather(seconds);
	else
		scrub();
	store_close(&store);
	return 0;
}

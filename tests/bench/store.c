/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store alone: durable deliveries a second, and what each costs, by how many wait at once. The peer is the disk: as many octets
 * appended to a plain file, with one fdatasync for each group.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "porcupined/store/state.h"
#include "tests/bench/table.h"
#include "tools/lib/keel/buffer.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define ACCOUNTS 1000u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static unsigned outstanding;
static uint64_t failures;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void done(void *arg, int error)
{
	pthread_mutex_lock(&lock);
	failures += error != 0;
	outstanding--;
	pthread_cond_signal(&change);
	pthread_mutex_unlock(&lock);
}

static void deliver(struct store *store, const struct store_account *a, const char *text, size_t n)
{
	struct store_delivery d = { .account = a->id,
				    .bucket = a->bucket,
				    .size = n,
				    .return_path = "sender@example.org",
				    .delivered_to = a->address };
	struct store_body *body;
	struct store_txn *txn;

	if (store_body_new(store, &body) || store_body_append(body, text, n) || store_txn_new(store, &txn) ||
	    store_txn_deliver(txn, &body, &d, 1))
		exit(1);
	store_commit(store, &txn, done, NULL);
}

static int find(const struct store_account *a, void *arg)
{
	struct store_account **at = arg;

	*(*at)++ = *a;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* Messages of n octets a second that the disk takes at best, `group` of them with one fdatasync. */
static double disk_rate(const char *directory, const char *text, size_t n, unsigned group, double limit)
{
	KEEL_AUTO_FREE char *octets = malloc(n * group);
	char path[512];
	KEEL_AUTO_CLOSE int fd = -1;
	double began, now;
	uint64_t done_octets = 0;

	snprintf(path, sizeof(path), "%s/plain", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (!octets || fd < 0 || posix_fallocate(fd, 0, 64 << 20))
		return 0;
	for (unsigned i = 0; i < group; i++)
		memcpy(octets + i * n, text, n);
	began = seconds();
	do {
		if (pwrite(fd, octets, n * group, (off_t)(done_octets % (60u << 20))) < 0 || fdatasync(fd))
			return 0;
		done_octets += n * group;
		now = seconds();
	} while (now - began < limit);
	unlink(path);
	return (double)done_octets / (double)n / (now - began);
}

static struct store *start(const char *path, struct store_account *accounts)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct store_account *at = accounts;
	struct store_config config;
	struct store *store;
	struct store_txn *txn;

	keel_buffer_init(&error, 0);
	store_config_defaults(&config);
	if (store_open(path, &config, &error, &store)) {
		fprintf(stderr, "bench-store: %s\n", keel_buffer_text(&error));
		return NULL;
	}
	if (store_txn_new(store, &txn))
		return NULL;
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		struct store_account a = { .bucket = (uint16_t)(i * 2654435761u >> 20) };

		snprintf(a.address, sizeof(a.address), "u%u@example.org", i);
		strcpy(a.hash, "*");
		store_txn_account(txn, &a);
	}
	if (store_commit_wait(store, &txn) || store_each_account(store, find, &at))
		return NULL;
	return store;
}

static void measure(struct store *store, struct store_account *accounts, const char *text, size_t n, unsigned window,
		    double limit, const char *directory, struct bench_table *table)
{
	double began = seconds(), burnt = cpu(), now, wall;
	uint64_t count = 0, syncs = store_metric.commits, written = store_metric.written;
	char name[64];

	do {
		pthread_mutex_lock(&lock);
		while (outstanding >= window)
			pthread_cond_wait(&change, &lock);
		outstanding++;
		pthread_mutex_unlock(&lock);
		deliver(store, &accounts[random() % ACCOUNTS], text, n);
		count++;
		now = seconds();
	} while (now - began < limit);
	pthread_mutex_lock(&lock);
	while (outstanding)
		pthread_cond_wait(&change, &lock);
	pthread_mutex_unlock(&lock);
	wall = seconds() - began;
	store_barrier(store); /* its index is part of the price */
	burnt = cpu() - burnt;
	syncs = store_metric.commits - syncs;
	written = store_metric.written - written;

	snprintf(name, sizeof(name), "store_delivered_per_second_%u", window);
	bench_table_add(table, name, (double)count / wall, "messages/s", "plain file, fdatasync a group",
			disk_rate(directory, text, n, window, limit / 2));
	snprintf(name, sizeof(name), "store_cpu_per_message_%u", window);
	bench_table_add(table, name, burnt / (double)count * 1e6, "us", NULL, 0);
	snprintf(name, sizeof(name), "store_syncs_per_message_%u", window);
	bench_table_add(table, name, (double)syncs / (double)count, "fdatasync", NULL, 0);
	snprintf(name, sizeof(name), "store_written_per_message_%u", window);
	bench_table_add(table, name, (double)written / (double)count, "octets", "the message", (double)n);
}

/* bench-store DIRECTORY JSON [SECONDS]: works in a new directory in DIRECTORY, on the disk that is to be measured. */
int main(int argc, char **argv)
{
	static const unsigned windows[] = { 1, 8, 64, 256 };
	KEEL_AUTO_FREE struct store_account *accounts = calloc(ACCOUNTS, sizeof(*accounts));
	double limit = argc > 3 ? atof(argv[3]) : 3;
	struct bench_table *table = bench_table_new();
	struct store *store;
	char path[400], inside[420], text[4700];
	int r;

	if (argc < 3 || !accounts || !table || limit <= 0) {
		fprintf(stderr, "usage: bench-store DIRECTORY JSON [SECONDS]\n");
		return 2;
	}
	keel_log_open("bench-store");
	snprintf(path, sizeof(path), "%s/bench-store-XXXXXX", argv[1]);
	if (!mkdtemp(path)) {
		fprintf(stderr, "bench-store: %s: %s\n", path, strerror(errno));
		return 1;
	}
	snprintf(inside, sizeof(inside), "%s/store", path);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)random();
	store = start(inside, accounts);
	for (size_t w = 0; store && w < KEEL_COUNT(windows); w++)
		measure(store, accounts, text, sizeof(text), windows[w], limit, path, table);
	r = !store || failures;
	store_close(&store);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (failures)
		fprintf(stderr, "bench-store: %lu deliveries failed\n", (unsigned long)failures);
	if (!r) {
		bench_table_print(table, stdout);
		r = bench_table_write(table, argv[2]);
	}
	bench_table_free(table);
	return r != 0;
}

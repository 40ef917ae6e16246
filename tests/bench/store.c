/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store alone: deliveries a second and CPU of each, by how many wait at once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "porcupined/store/store.h"
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

int main(int argc, char **argv)
{
	static const unsigned windows[] = { 1, 8, 64, 256 };
	struct store_account *accounts = calloc(ACCOUNTS, sizeof(*accounts)), *at = accounts;
	double limit = argc > 2 ? atof(argv[2]) : 3;
	struct store_config config;
	struct keel_buffer error;
	struct store *store;
	struct store_txn *txn;
	char text[4700];

	if (argc < 2) {
		fprintf(stderr, "usage: store DIRECTORY [SECONDS]\n");
		return 2;
	}
	keel_log_open("bench-store");
	keel_buffer_init(&error, 0);
	store_config_defaults(&config);
	if (store_open(argv[1], &config, &error, &store)) {
		fprintf(stderr, "%s\n", keel_buffer_text(&error));
		return 1;
	}
	store_txn_new(store, &txn);
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		struct store_account a = { .bucket = (uint16_t)(i * 2654435761u >> 20) };

		snprintf(a.address, sizeof(a.address), "u%u@example.org", i);
		strcpy(a.hash, "*");
		store_txn_account(txn, &a);
	}
	if (store_commit_wait(store, &txn) || store_each_account(store, find, &at))
		return 1;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)random();
	for (size_t w = 0; w < KEEL_COUNT(windows); w++) {
		double began = seconds(), burnt = cpu(), now;
		uint64_t n = 0;

		do {
			pthread_mutex_lock(&lock);
			while (outstanding >= windows[w])
				pthread_cond_wait(&change, &lock);
			outstanding++;
			pthread_mutex_unlock(&lock);
			deliver(store, &accounts[random() % ACCOUNTS], text, sizeof(text));
			n++;
			now = seconds();
		} while (now - began < limit);
		pthread_mutex_lock(&lock);
		while (outstanding)
			pthread_cond_wait(&change, &lock);
		pthread_mutex_unlock(&lock);
		store_barrier(store);
		printf("window %u: %.0f msg/s, %.1f us CPU each, %lu failed\n", windows[w],
		       (double)n / (seconds() - began), (cpu() - burnt) / (double)n * 1e6, (unsigned long)failures);
	}
	store_close(&store);
	return failures != 0;
}

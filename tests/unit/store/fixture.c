/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/store/fixture.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tools/lib/keel/cleanup.h"

/* Unit tests end no machine: memory is as good as a disk, if there is enough of it. */
static bool fast_place(void)
{
	struct statvfs fs;

	return !statvfs("/dev/shm", &fs) && (uint64_t)fs.f_bavail * fs.f_frsize > 512u << 20 &&
	       !access("/dev/shm", W_OK);
}

void fixture_make(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	strcpy(f->path, fast_place() ? "/dev/shm/osnc-store-XXXXXX" : "/tmp/osnc-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->path));
	store_config_defaults(&f->config);
	f->config.background_compaction = false;
	f->config.segment_size = 1u << 20;
	f->config.reserve = 0;
}

void fixture_open(struct fixture *f)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	int r;

	keel_buffer_init(&error, 0);
	r = store_open(f->path, &f->config, &error, &f->store);
	ck_assert_msg(!r, "store_open: %d %s", r, keel_buffer_text(&error));
}

void fixture_close(struct fixture *f)
{
	store_close(&f->store);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void fixture_remove(struct fixture *f)
{
	fixture_close(f);
	nftw(f->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct store_account fixture_account(struct fixture *f, const char *address)
{
	struct store_account a = { .bucket = (uint16_t)(strlen(address) * 37 % STORE_BUCKETS) };
	struct store_txn *txn;

	strcpy(a.address, address);
	strcpy(a.hash, "*");
	ck_assert_int_eq(store_txn_new(f->store, &txn), 0);
	ck_assert_int_eq(store_txn_domain(txn, strchr(address, '@') + 1, false), 0);
	ck_assert_int_eq(store_txn_account(txn, &a), 0);
	ck_assert_int_eq(store_commit_wait(f->store, &txn), 0);
	ck_assert_int_eq(store_account_find(f->store, address, &a), 0);
	return a;
}

int fixture_deliver(struct fixture *f, const struct store_account *to, size_t n, const char *text, size_t len)
{
	struct store_delivery d[8] = { 0 };
	struct store_body *body;
	struct store_txn *txn;
	int r;

	ck_assert_uint_le(n, 8);
	for (size_t i = 0; i < n; i++)
		d[i] = (struct store_delivery){ .account = to[i].id,
						.bucket = to[i].bucket,
						.size = len,
						.return_path = "from@example.org",
						.delivered_to = to[i].address };
	ck_assert_int_eq(store_body_new(f->store, &body), 0);
	r = store_body_append(body, text, len);
	if (r) {
		store_body_free(&body);
		return r;
	}
	ck_assert_int_eq(store_txn_new(f->store, &txn), 0);
	ck_assert_int_eq(store_txn_deliver(txn, &body, d, n), 0);
	return store_commit_wait(f->store, &txn);
}

char *fixture_read(struct fixture *f, const struct store_account *a, size_t i, size_t *len, size_t *total)
{
	struct store_message *list;
	struct store_reader *reader;
	const uint8_t *data;
	char *out = NULL;
	size_t n;
	ssize_t got;

	ck_assert_int_eq(store_mailbox_list(f->store, &a->id, &list, &n), 0);
	if (total)
		*total = n;
	ck_assert_uint_lt(i, n);
	ck_assert_int_eq(store_reader_open(f->store, &list[i], &reader), 0);
	ck_assert_str_eq(store_reader_return_path(reader), "from@example.org");
	ck_assert_str_eq(store_reader_delivered_to(reader), a->address);
	*len = 0;
	while ((got = store_reader_next(reader, true, &data)) > 0) {
		out = realloc(out, *len + (size_t)got + 1);
		memcpy(out + *len, data, (size_t)got);
		*len += (size_t)got;
		out[*len] = '\0';
	}
	ck_assert_int_eq(got, 0);
	store_reader_free(&reader);
	free(list);
	return out;
}

size_t fixture_count(struct fixture *f, const struct store_account *a)
{
	struct store_message *list;
	size_t n;

	ck_assert_int_eq(store_mailbox_list(f->store, &a->id, &list, &n), 0);
	free(list);
	return n;
}

void fixture_expunge(struct fixture *f, const struct store_account *a, size_t i)
{
	struct store_message *list;
	struct store_txn *txn;
	size_t n;

	ck_assert_int_eq(store_mailbox_list(f->store, &a->id, &list, &n), 0);
	ck_assert_uint_lt(i, n);
	ck_assert_int_eq(store_txn_new(f->store, &txn), 0);
	ck_assert_int_eq(store_txn_expunge(txn, a, &list[i]), 0);
	ck_assert_int_eq(store_commit_wait(f->store, &txn), 0);
	free(list);
}

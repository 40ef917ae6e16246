/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mailboxes in: from Maildir or mbox. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "porcupined/message/message.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"

#define TOP_MAX 2048 /* octets: the two fields that an export of ours writes are shorter */

struct importing {
	struct store *store;
	const struct store_account *account;
	struct store_body *body;
	bool cr;
	bool at_top; /* the first octets of a message: kept in top until it is known what they are */
	char top[TOP_MAX + 1];
	size_t top_len;
	char return_path[TOP_MAX], delivered_to[TOP_MAX];
	uint64_t n;
};

/* Line ends become CRLF, whatever the file has. */
static int import_body(struct importing *im, const char *data, size_t n)
{
	int r = 0;
	size_t from = 0;

	for (size_t i = 0; !r && i < n; i++) {
		if (data[i] == '\n' && !im->cr) {
			r = store_body_append(im->body, data + from, i - from);
			if (!r)
				r = store_body_append(im->body, "\r", 1);
			from = i;
		}
		im->cr = data[i] == '\r';
	}
	return r ? r : store_body_append(im->body, data + from, n - from);
}

/* "NAME VALUE END" and a line end at text: VALUE to out. Returns what follows, or NULL if text is anything else. */
static const char *top_field(const char *text, const char *name, const char *end, char out[TOP_MAX])
{
	size_t n = strlen(name), len = strcspn(text, "\n"), value;

	if (!text[len] || strncmp(text, name, n))
		return NULL;
	value = len - (len && text[len - 1] == '\r');
	if (value < n + strlen(end) || strncmp(text + value - strlen(end), end, strlen(end)))
		return NULL;
	value -= n + strlen(end);
	memcpy(out, text + n, value);
	out[value] = '\0';
	return text + len + 1;
}

/* What export put in front of a message is no part of its body, but of its delivery. Both fields, in this order, or it is not ours. */
static int import_top(struct importing *im)
{
	char return_path[TOP_MAX], delivered_to[TOP_MAX];
	const char *rest;

	im->at_top = false;
	im->top[im->top_len] = '\0';
	rest = top_field(im->top, "Return-Path: <", ">", return_path);
	if (rest)
		rest = top_field(rest, "Delivered-To: ", "", delivered_to);
	if (rest) {
		strcpy(im->return_path, return_path);
		strcpy(im->delivered_to, delivered_to);
	} else {
		rest = im->top;
	}
	return import_body(im, rest, im->top_len - (size_t)(rest - im->top));
}

static int import_octets(struct importing *im, const char *data, size_t n)
{
	int r = 0;

	if (im->at_top) {
		size_t take = n < TOP_MAX - im->top_len ? n : TOP_MAX - im->top_len;

		memcpy(im->top + im->top_len, data, take);
		im->top_len += take;
		data += take;
		n -= take;
		if (im->top_len == TOP_MAX)
			r = import_top(im);
	}
	return r || !n ? r : import_body(im, data, n);
}

static int import_begin(struct importing *im)
{
	im->cr = false;
	im->at_top = true;
	im->top_len = 0;
	im->return_path[0] = '\0';
	snprintf(im->delivered_to, sizeof(im->delivered_to), "%s", im->account->address);
	return store_body_new(im->store, &im->body);
}

static int import_end(struct importing *im, uint64_t date)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer fields;
	struct store_delivery d = { .account = im->account->id,
				    .bucket = im->account->bucket,
				    .date = date,
				    .return_path = im->return_path,
				    .delivered_to = im->delivered_to };
	struct store_txn *txn;
	int r = im->at_top ? import_top(im) : 0;

	keel_buffer_init(&fields, 0);
	if (r)
		return r;
	message_return_path_append(&fields, d.return_path);
	message_delivered_to_append(&fields, d.delivered_to);
	d.size = store_body_size(im->body) + fields.len;
	r = fields.failed ? fields.failed : store_txn_new(im->store, &txn);
	if (r)
		return r;
	r = store_txn_deliver(txn, &im->body, &d, 1);
	if (r) {
		store_txn_free(&txn);
		return r;
	}
	r = store_commit_wait(im->store, &txn);
	if (!r)
		im->n++;
	return r;
}

static int import_file(struct importing *im, int dir, const char *name)
{
	KEEL_AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char buffer[65536];
	struct stat st;
	ssize_t n;
	int r;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	r = import_begin(im);
	while (!r && (n = read(fd, buffer, sizeof(buffer))) != 0)
		r = n < 0 ? -errno : import_octets(im, buffer, (size_t)n);
	if (!r)
		r = import_end(im, (uint64_t)st.st_mtime);
	store_body_free(&im->body);
	return r;
}

static int not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int import_maildir(struct importing *im, const char *path, store_progress_fn progress, void *arg)
{
	static const char *const parts[] = { "cur", "new" };
	KEEL_AUTO_CLOSE int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? -errno : 0;

	for (size_t p = 0; !r && p < KEEL_COUNT(parts); p++) {
		KEEL_AUTO_CLOSE int part = openat(dir, parts[p], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct dirent **names;
		int n = part < 0 ? -1 : scandirat(part, ".", &names, not_hidden, alphasort);

		if (n < 0)
			return -errno;
		for (int i = 0; i < n; i++) {
			if (!r)
				r = import_file(im, part, names[i]->d_name);
			if (!r && progress && progress((uint64_t)i + 1, (uint64_t)n, arg))
				r = -ECANCELED;
			free(names[i]);
		}
		free(names);
	}
	return r;
}

/* mbox: "From " at the start of the file or after an empty line begins a message; (>+)From is unquoted by one. */
static int import_mbox(struct importing *im, const char *path, store_progress_fn progress, void *arg)
{
	FILE *from = fopen(path, "re");
	KEEL_AUTO_FREE char *line = NULL;
	bool empty = true, pending = false;
	uint64_t done = 0, date = 0;
	struct stat st;
	size_t cap = 0;
	ssize_t n;
	int r = from && !fstat(fileno(from), &st) ? 0 : -errno;

	while (!r && (n = getline(&line, &cap, from)) > 0) {
		size_t quotes = strspn(line, ">");
		struct tm tm = { 0 };
		char *year;

		done += (uint64_t)n;
		if (empty && !strncmp(line, "From ", 5)) {
			if (im->body)
				r = import_end(im, date);
			year = strchr(line + 5, ' ');
			date = year && strptime(year + 1, "%a %b %d %H:%M:%S %Y", &tm) ? (uint64_t)timegm(&tm) : 0;
			pending = false;
			empty = false;
			if (!r)
				r = import_begin(im);
			if (!r && progress && progress(done, (uint64_t)st.st_size, arg))
				r = -ECANCELED;
			continue;
		}
		if (!im->body) {
			r = -EBADMSG;
			break;
		}
		/* The empty line in front of the next "From " belongs to the format, not to the message. */
		if (pending)
			r = import_octets(im, "\n", 1);
		empty = !strcmp(line, "\n") || !strcmp(line, "\r\n");
		pending = empty;
		if (!r && !pending)
			r = quotes && !strncmp(line + quotes, "From ", 5) ? import_octets(im, line + 1, (size_t)n - 1)
									  : import_octets(im, line, (size_t)n);
	}
	if (!r && ferror(from))
		r = errno ? -errno : -EIO;
	if (!r && im->body)
		r = import_end(im, date);
	store_body_free(&im->body);
	if (from)
		fclose(from);
	return r;
}

int store_import(struct store *store, const struct store_account *account, enum store_format format, const char *path,
		 store_progress_fn progress, void *arg, struct keel_buffer *error, uint64_t *messages)
{
	struct importing im = { .store = store, .account = account };
	const char *what = NULL;
	int r = format == STORE_MAILDIR ? import_maildir(&im, path, progress, arg)
					: import_mbox(&im, path, progress, arg);

	*messages = im.n;
	if (r)
		what = r == -EBADMSG && format == STORE_MBOX     ? "does not begin with a From line: no mbox"
		       : r == -ENOTDIR                           ? "not a directory: no Maildir"
		       : r == -ENOENT && format == STORE_MAILDIR ? "no Maildir: it or its cur or new is missing"
		       : r == -EFBIG                             ? "a message is larger than this node takes,"
								 : strerror(-r);
	if (what)
		keel_buffer_printf(error, "%s: %s after %" PRIu64 " messages", path, what, im.n);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mailboxes out: as Maildir or mbox, for people who move. */
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

static int write_out(FILE *to, const void *data, size_t n)
{
	return fwrite(data, 1, n, to) == n ? 0 : errno ? -errno : -EIO;
}

/* Octets with CRLF line ends as a file has them: LF; "From " quoted for mbox (mboxrd). */
struct writer {
	FILE *to;
	bool mbox;
	bool cr; /* the last octet was a CR not yet written */
	bool line_start;
	struct keel_buffer line; /* start of a line until it is known not to be (>*)From: mbox only */
};

static int flush_line(struct writer *w, bool quote)
{
	int r = quote ? write_out(w->to, ">", 1) : 0;

	if (!r)
		r = write_out(w->to, w->line.data, w->line.len);
	keel_buffer_clear(&w->line);
	return r;
}

static int put(struct writer *w, uint8_t c)
{
	static const char from[] = "From ";

	if (w->mbox && w->line_start) {
		size_t quotes = 0;

		keel_buffer_putc(&w->line, c);
		while (quotes < w->line.len && w->line.data[quotes] == '>')
			quotes++;
		size_t rest = w->line.len - quotes;

		if (rest <= 5 && !memcmp(w->line.data + quotes, from, rest) && c != '\n') {
			if (rest < 5)
				return w->line.failed;
			w->line_start = false;
			return flush_line(w, true);
		}
		w->line_start = c == '\n';
		return flush_line(w, false);
	}
	w->line_start = c == '\n';
	return putc_unlocked(c, w->to) == EOF ? -EIO : 0;
}

static int put_octets(struct writer *w, const uint8_t *data, size_t n)
{
	int r = 0;

	for (size_t i = 0; !r && i < n; i++) {
		if (w->cr && data[i] != '\n')
			r = put(w, '\r');
		w->cr = data[i] == '\r';
		if (!r && !w->cr)
			r = put(w, data[i]);
	}
	return r;
}

static int export_one(struct store *store, const struct store_message *m, struct writer *w)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer fields = { 0 };
	struct store_reader *reader;
	const uint8_t *data;
	ssize_t n;
	int r = store_reader_open(store, m, &reader);

	if (r)
		return r;
	message_return_path_append(&fields, store_reader_return_path(reader));
	message_delivered_to_append(&fields, store_reader_delivered_to(reader));
	r = fields.failed ? fields.failed : put_octets(w, fields.data, fields.len);
	while (!r && (n = store_reader_next(reader, true, &data)) != 0)
		r = n < 0 ? (int)n : put_octets(w, data, (size_t)n);
	if (!r && w->cr)
		r = put(w, '\r');
	if (!r && w->line.len) {
		r = flush_line(w, false);
		w->line_start = false;
	}
	w->cr = false;
	store_reader_free(&reader);
	return r;
}

static int export_mbox(struct store *store, const struct store_message *m, FILE *to)
{
	struct writer w = { .to = to, .mbox = true, .line_start = true };
	off_t before = ftello(to);
	time_t date = (time_t)m->date;
	char text[64];
	struct tm tm;
	int r;

	keel_buffer_init(&w.line, 0);
	gmtime_r(&date, &tm);
	strftime(text, sizeof(text), "From MAILER-DAEMON %a %b %e %H:%M:%S %Y\n", &tm);
	r = write_out(to, text, strlen(text));
	if (!r)
		r = export_one(store, m, &w);
	if (!r && !w.line_start)
		r = write_out(to, "\n", 1);
	keel_buffer_free(&w.line);
	/* Of a large message damage shows at its end: what was written of it goes again. */
	if (r == -EBADMSG && (fflush(to) || ftruncate(fileno(to), before) || fseeko(to, before, SEEK_SET)))
		r = -errno;
	return r ? r : write_out(to, "\n", 1);
}

static int export_maildir(struct store *store, const struct store_message *m, int dir, const char *host)
{
	struct writer w = { .line_start = true };
	char name[128], tmp[160], new[160];
	KEEL_AUTO_CLOSE int fd = -1;
	int r, n = snprintf(name, sizeof(name), "%" PRIu64 ".", m->date);

	for (int i = 0; i < 16; i++)
		n += snprintf(name + n, sizeof(name) - (size_t)n, "%02x", m->id.octet[i]);
	snprintf(name + n, sizeof(name) - (size_t)n, ".%s", host);
	snprintf(tmp, sizeof(tmp), "tmp/%s", name);
	snprintf(new, sizeof(new), "new/%s", name);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	w.to = fdopen(fd, "w");
	if (!w.to)
		return -errno;
	keel_take_fd(fd);
	r = export_one(store, m, &w);
	if (fclose(w.to) && !r)
		r = -errno;
	if (!r && renameat(dir, tmp, dir, new))
		r = -errno;
	if (r)
		unlinkat(dir, tmp, 0);
	return r;
}

static int maildir_make(const char *path, int *dir)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	KEEL_AUTO_CLOSE int fd = -1;

	if (mkdir(path, 0700))
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < KEEL_COUNT(parts); i++)
		if (mkdirat(fd, parts[i], 0700))
			return -errno;
	*dir = keel_take_fd(fd);
	return 0;
}

int store_export(struct store *store, const struct store_account *account, enum store_format format, const char *path,
		 store_progress_fn progress, void *arg, struct keel_buffer *error, uint64_t *messages)
{
	KEEL_AUTO_FREE struct store_message *list = NULL;
	KEEL_AUTO_CLOSE int dir = -1;
	FILE *to = NULL;
	size_t n, bad = 0;
	int r = store_mailbox_list(store, &account->id, &list, &n);

	if (!r && format == STORE_MAILDIR) {
		r = maildir_make(path, &dir);
	} else if (!r) {
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		r = fd < 0 ? -errno : 0;
		to = r ? NULL : fdopen(fd, "w");
	}
	if (r) {
		keel_buffer_printf(error, "%s: %s", path, strerror(-r));
		return r;
	}
	for (size_t i = 0; !r && i < n; i++) {
		r = to ? export_mbox(store, &list[i], to) : export_maildir(store, &list[i], dir, "osnc");
		/* One damaged message does not hold the others back. */
		if (r == -EBADMSG) {
			keel_buffer_printf(error, "%smessage %zu is damaged and was left out", bad++ ? "; " : "",
					   i + 1);
			r = 0;
		}
		if (!r && progress && progress(i + 1, n, arg))
			r = -ECANCELED;
	}
	if (to && fclose(to) && !r)
		r = -errno;
	if (r)
		keel_buffer_printf(error, "%s: %s", path, strerror(-r));
	else
		*messages = n - bad;
	return r ? r : bad ? -EBADMSG : 0;
}

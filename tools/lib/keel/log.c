// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

/* A line is at most PIPE_BUF octets: then one write(2) to a pipe is atomic. It is built on the stack, so that a node out of
 * memory can still say so. */
#define LINE_MOST 4096
#define PAIRS_MOST 24

struct line {
	char text[LINE_MOST];
	size_t len;
	bool cut;
};

static const struct {
	const char *name;
	int priority; /* syslog(3) */
} levels[KEEL_LOG_LEVELS] = {
	[KEEL_LOG_ERROR] = { "error", 3 }, [KEEL_LOG_WARNING] = { "warning", 4 }, [KEEL_LOG_NOTICE] = { "notice", 5 },
	[KEEL_LOG_INFO] = { "info", 6 },   [KEEL_LOG_DEBUG] = { "debug", 7 },
};

static const char *program = "osnc";
static _Atomic int threshold = KEEL_LOG_INFO;
static _Atomic int redirected = -1;
static _Atomic bool to_journal;

/* The journal names the device and inode of the stream it gave us; a redirected stderr is another one (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

void keel_log_open(const char *name)
{
	program = name;
	atomic_store(&to_journal, stderr_is_journal());
}

void keel_log_set_level(enum keel_log_level level)
{
	atomic_store(&threshold, (int)level);
}

enum keel_log_level keel_log_get_level(void)
{
	return (enum keel_log_level)atomic_load(&threshold);
}

int keel_log_level_parse(const char *name, enum keel_log_level *level)
{
	for (unsigned i = 0; i < KEEL_LOG_LEVELS; i++)
		if (strcmp(levels[i].name, name) == 0) {
			*level = (enum keel_log_level)i;
			return 0;
		}
	return -EINVAL;
}

const char *keel_log_level_name(enum keel_log_level level)
{
	return (unsigned)level < KEEL_LOG_LEVELS ? levels[level].name : "unknown";
}

void keel_log_to_fd(int fd)
{
	atomic_store(&redirected, fd);
}

bool keel_log_on(enum keel_log_level level)
{
	return (int)level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

const char *keel_log_number(struct keel_log_number *n, int64_t v)
{
	snprintf(n->text, sizeof(n->text), "%lld", (long long)v);
	return n->text;
}

/* All of it or nothing: an escape is never cut in half. Room for the mark of a cut line stays free. */
static void put(struct line *line, const char *text, size_t n)
{
	static const size_t reserve = sizeof("\"...\n");

	if (line->cut || n > LINE_MOST - reserve - line->len) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->len, text, n);
	line->len += n;
}

/*
 * Octets of the UTF-8 character at 'at' that a reader of the log may see as it is; 0 = escape its first octet. Refused are
 * ill-formed sequences (Unicode 15, table 3-7) and characters that a terminal obeys or that reorder or break the line: C1
 * controls, U+200B..200F, U+2028..202E, U+2060..206F, U+FEFF.
 */
static unsigned visible(const unsigned char *at)
{
	unsigned n, c;

	if (at[0] < 0x80)
		return at[0] >= 0x20 && at[0] != 0x7f;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		n = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		n = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		n = 4;
	else
		return 0;
	c = at[0] & (0xffu >> (n + 1));
	for (unsigned i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80) /* also the NUL that ends the text */
			return 0;
		c = c << 6 | (at[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (c < 0xa0 || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	    c == 0xfeff)
		return 0;
	return n;
}

static void put_escaped(struct line *line, const char *text, bool quoted)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *at = (const unsigned char *)text;

	while (*at && !line->cut) {
		const unsigned n = visible(at);
		char escape[4] = { '\\', 'x', hex[*at >> 4], hex[*at & 15] };

		if (n && !(quoted && (*at == '"' || *at == '\\'))) {
			put(line, (const char *)at, n);
			at += n;
			continue;
		}
		if (*at == '\n' || *at == '\r' || *at == '\t' || *at == '"' || *at == '\\') {
			escape[1] = *at == '\n' ? 'n' : *at == '\r' ? 'r' : *at == '\t' ? 't' : (char)*at;
			put(line, escape, 2);
		} else {
			put(line, escape, 4);
		}
		at++;
	}
}

static bool plain(const char *value)
{
	const unsigned char *at = (const unsigned char *)value;

	if (!*at)
		return false;
	while (*at) {
		const unsigned n = visible(at);

		if (!n || *at == ' ' || *at == '"' || *at == '=' || *at == '\\')
			return false;
		at += n;
	}
	return true;
}

static void put_pair(struct line *line, const char *key, const char *value)
{
	put(line, " ", 1);
	put(line, key, strlen(key));
	put(line, "=", 1);
	if (!value)
		value = "-";
	if (plain(value)) {
		put_escaped(line, value, false);
		return;
	}
	put(line, "\"", 1);
	put_escaped(line, value, true);
	if (!line->cut)
		put(line, "\"", 1);
}

/* "key" and "value" as the journal's "KEY=value": names are A-Z, 0-9 and _, neither of the latter two first. */
static struct iovec journal_field(const char *key, const char *value)
{
	struct iovec field = { 0 };
	char *text = NULL;
	const int n = asprintf(&text, "%s%s=%s", *key >= '0' && *key <= '9' ? "N" : "", key, value ? value : "-");
	char *at = text;

	if (n < 0)
		return field;
	while (*at == '_')
		*at++ = 'X';
	for (; *at != '='; at++) {
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
		else if (!((*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9')))
			*at = '_';
	}
	field.iov_base = text;
	field.iov_len = (size_t)n;
	return field;
}

static bool write_journal(enum keel_log_level level, const struct line *message, const char *const (*pairs)[2],
			  unsigned n)
{
	struct iovec fields[PAIRS_MOST + 3];
	const char priority[2] = { (char)('0' + levels[level].priority), '\0' };
	char text[LINE_MOST + 1];
	unsigned used = 0;
	bool sent;

	memcpy(text, message->text, message->len);
	text[message->len] = '\0';
	fields[used++] = journal_field("MESSAGE", text);
	fields[used++] = journal_field("PRIORITY", priority);
	fields[used++] = journal_field("SYSLOG_IDENTIFIER", program);
	for (unsigned i = 0; i < n; i++)
		fields[used++] = journal_field(pairs[i][0], pairs[i][1]);
	for (unsigned i = 0; i < used; i++)
		if (!fields[i].iov_base) { /* out of memory: without this one */
			fields[i] = fields[--used];
			fields[used].iov_base = NULL;
			i--;
		}
	sent = used && sd_journal_sendv(fields, (int)used) == 0;
	for (unsigned i = 0; i < used; i++)
		free(fields[i].iov_base);
	return sent;
}

static void put_prefix(struct line *line, enum keel_log_level level)
{
	struct timespec now;
	struct tm tm;
	char text[160];
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %.64s[%d] %s: ", tm.tm_year + 1900,
		     tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000, program,
		     (int)getpid(), levels[level].name);
	if (n > 0)
		put(line, text, (size_t)n);
}

static void log_pairs(enum keel_log_level level, const char *text, const char *const (*pairs)[2], unsigned n)
{
	const int saved = errno;
	const int fd = atomic_load(&redirected);
	struct line line = { .len = 0 };
	const bool journal = fd < 0 && atomic_load(&to_journal);
	ssize_t ret;

	for (int with_prefix = !journal; with_prefix < 2; with_prefix++) {
		line.len = 0;
		line.cut = false;
		if (with_prefix)
			put_prefix(&line, level);
		put_escaped(&line, text, false);
		for (unsigned i = 0; i < n; i++)
			put_pair(&line, pairs[i][0], pairs[i][1]);
		if (line.cut) {
			memcpy(line.text + line.len, "...", 3);
			line.len += 3;
		}
		/* a journal that does not answer leaves the line to its stream, which is stderr */
		if (!with_prefix && write_journal(level, &line, pairs, n))
			break;
		if (with_prefix) {
			line.text[line.len++] = '\n';
			do
				ret = write(fd >= 0 ? fd : STDERR_FILENO, line.text, line.len);
			while (ret < 0 && errno == EINTR);
		}
	}
	errno = saved;
}

static void log_va(enum keel_log_level level, const char *text, va_list ap)
{
	const char *pairs[PAIRS_MOST][2];
	const char *key;
	unsigned n = 0;

	while (n < PAIRS_MOST && (key = va_arg(ap, const char *)) != NULL) {
		pairs[n][0] = key;
		pairs[n][1] = va_arg(ap, const char *);
		n++;
	}
	log_pairs(level, text, (const char *const(*)[2])pairs, n);
}

void keel_log(enum keel_log_level level, const char *text, ...)
{
	va_list ap;

	if (!keel_log_on(level))
		return;
	va_start(ap, text);
	log_va(level, text, ap);
	va_end(ap);
}

static uint64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void keel_log_limited(struct keel_log_limit *limit, enum keel_log_level level, const char *text, ...)
{
	const uint64_t now = monotonic();
	uint64_t window, suppressed = 0;
	va_list ap;

	if (!keel_log_on(level))
		return;
	window = __atomic_load_n(&limit->window, __ATOMIC_RELAXED);
	if (!window || now - window >= (uint64_t)limit->interval * 1000000000u) {
		/* the thread that opens the window also reports the last one */
		if (__atomic_compare_exchange_n(&limit->window, &window, now, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			const uint64_t seen = __atomic_exchange_n(&limit->count, 0, __ATOMIC_RELAXED);

			suppressed = seen > limit->burst ? seen - limit->burst : 0;
		}
	}
	if (suppressed) {
		struct keel_log_number number;
		const char *const pair[1][2] = { { "suppressed", keel_log_number(&number, (int64_t)suppressed) } };

		log_pairs(level, text, pair, 1);
	}
	if (__atomic_fetch_add(&limit->count, 1, __ATOMIC_RELAXED) >= limit->burst)
		return;
	va_start(ap, text);
	log_va(level, text, ap);
	va_end(ap);
}

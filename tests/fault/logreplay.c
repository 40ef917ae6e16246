// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the block log that dm-log-writes (or QEMU's blklogwrites) has kept of a disk, and makes of it what the disk held at a
 * moment of the past.
 *
 *   logreplay list LOG                      every entry: NUMBER KIND SECTOR SECTORS [MARK]
 *   logreplay points LOG                    the moments worth a look, as NUMBER KIND [MARK]: NUMBER entries had happened
 *                                           when a flush or a FUA write was done, or a mark was set
 *   logreplay apply LOG TARGET FROM TO      entries FROM to TO - 1 onto TARGET
 *   logreplay torn LOG TARGET FROM SEED     of the writes from FROM to the next flush each 4096 octets or not, at random: what
 *                                           a disk may have got to by itself before it was told to. (Not smaller: ext4
 *                                           needs its superblock written whole, and mounts nothing otherwise.)
 *
 * LOG and TARGET are files or block devices. NUMBER counts from 0; TO may be "end". A discard is replayed as zeroes.
 *
 * The log (Documentation/admin-guide/device-mapper/log-writes.rst): little-endian, in sectors whose size the first one tells.
 * That holds magic, version, number of entries, sector size. Each entry has a sector: place, length (both in these sectors),
 * flags, length of the mark that follows it in its sector; the data of a write, unless it is a discard, has the next sectors.
 * Writes are logged when they were complete at a flush, so a prefix of the log is a legal state of the disk.
 *
 * Exit status 0, 1 (one line says why), 2 usage.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x6a736677736872ULL
#define VERSION 1
#define TEAR 4096 /* and at such places */

enum {
	FLUSH = 1 << 0,
	FUA = 1 << 1,
	DISCARD = 1 << 2,
	MARK = 1 << 3,
	METADATA = 1 << 4,
};

struct super {
	uint64_t magic;
	uint64_t version;
	uint64_t entries;
	uint32_t sector_size;
} __attribute__((packed));

struct entry {
	uint64_t sector;
	uint64_t sectors;
	uint64_t flags;
	uint64_t mark_length;
};

struct log {
	const char *name;
	int fd;
	uint64_t entries;
	uint32_t sector_size;
	/* of the entry read last */
	uint64_t number;
	struct entry entry;
	char mark[4096];
	uint64_t data; /* offset of its data */
	uint64_t next; /* offset of the entry after it */
};

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("logreplay: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	exit(1);
}

static void read_at(const struct log *log, void *to, size_t length, uint64_t offset)
{
	ssize_t got;

	for (; length; to = (char *)to + got, length -= (size_t)got, offset += (uint64_t)got) {
		got = pread(log->fd, to, length, (off_t)offset);
		if (got < 0)
			die("%s: %s", log->name, strerror(errno));
		if (got == 0)
			die("%s: entry %" PRIu64 " of %" PRIu64 ": the log ends in it", log->name, log->number,
			    log->entries);
	}
}

static void write_at(const char *name, int fd, const void *from, size_t length, uint64_t offset)
{
	ssize_t put;

	for (; length; from = (const char *)from + put, length -= (size_t)put, offset += (uint64_t)put) {
		put = pwrite(fd, from, length, (off_t)offset);
		if (put <= 0)
			die("%s: at octet %" PRIu64 ": %s", name, offset, put ? strerror(errno) : "nothing written");
	}
}

static void open_log(struct log *log, const char *name)
{
	struct super super;

	*log = (struct log){ .name = name };
	log->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (log->fd < 0)
		die("%s: %s", name, strerror(errno));
	if (pread(log->fd, &super, sizeof(super), 0) != (ssize_t)sizeof(super))
		die("%s: shorter than a block log's head", name);
	log->entries = le64toh(super.entries);
	log->sector_size = le32toh(super.sector_size);
	if (le64toh(super.magic) != MAGIC)
		die("%s: not a block log (magic %" PRIx64 ")", name, le64toh(super.magic));
	if (le64toh(super.version) != VERSION)
		die("%s: version %" PRIu64 " is unknown", name, le64toh(super.version));
	if (log->sector_size < 512 || log->sector_size > sizeof(log->mark) || log->sector_size & (log->sector_size - 1))
		die("%s: a sector of %" PRIu32 " octets", name, log->sector_size);
	log->next = log->sector_size;
}

/* The next entry into log->entry; false at the end. */
static bool next_entry(struct log *log, bool first)
{
	char sector[sizeof(log->mark)];
	struct entry *entry = &log->entry;
	uint64_t room = INT64_MAX / log->sector_size;

	if (!first)
		log->number++;
	if (log->number >= log->entries)
		return false;
	read_at(log, sector, log->sector_size, log->next);
	memcpy(entry, sector, sizeof(*entry));
	entry->sector = le64toh(entry->sector);
	entry->sectors = le64toh(entry->sectors);
	entry->flags = le64toh(entry->flags);
	entry->mark_length = le64toh(entry->mark_length);
	if (entry->flags & ~(uint64_t)(FLUSH | FUA | DISCARD | MARK | METADATA))
		die("%s: entry %" PRIu64 ": unknown flags %" PRIx64, log->name, log->number, entry->flags);
	if (entry->mark_length >= log->sector_size - sizeof(*entry))
		die("%s: entry %" PRIu64 ": a mark of %" PRIu64 " octets", log->name, log->number, entry->mark_length);
	if (entry->sector > room || entry->sectors > room - entry->sector)
		die("%s: entry %" PRIu64 ": sector %" PRIu64 " + %" PRIu64, log->name, log->number, entry->sector,
		    entry->sectors);
	memcpy(log->mark, sector + sizeof(*entry), entry->mark_length);
	log->mark[entry->mark_length] = '\0';
	log->data = log->next + log->sector_size;
	log->next = log->data;
	if (!(entry->flags & DISCARD))
		log->next += entry->sectors * log->sector_size;
	return true;
}

static void print_kind(const struct entry *entry)
{
	const char *const names[] = { "flush", "fua", "discard", "mark", "metadata" };
	bool any = false;

	for (unsigned int bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
		if (entry->flags & 1u << bit) {
			printf("%s%s", any ? "," : "", names[bit]);
			any = true;
		}
	}
	if (!any)
		fputs("write", stdout);
}

static void list(struct log *log)
{
	for (bool more = next_entry(log, true); more; more = next_entry(log, false)) {
		printf("%" PRIu64 " ", log->number);
		print_kind(&log->entry);
		printf(" %" PRIu64 " %" PRIu64 "%s%s\n", log->entry.sector, log->entry.sectors, log->mark[0] ? " " : "",
		       log->mark);
	}
}

static void points(struct log *log)
{
	for (bool more = next_entry(log, true); more; more = next_entry(log, false)) {
		if (!(log->entry.flags & (FLUSH | FUA | MARK)))
			continue;
		printf("%" PRIu64 " ", log->number + 1);
		print_kind(&log->entry);
		printf("%s%s\n", log->mark[0] ? " " : "", log->mark);
	}
}

static int open_target(const char *name)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", name, strerror(errno));
	return fd;
}

static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* One entry's data onto the target; with a random state, some of it. */
static void copy(const struct log *log, const char *name, int target, uint64_t *random)
{
	char buffer[65536] = { 0 };
	uint64_t left = log->entry.sectors * log->sector_size;
	uint64_t from = log->data;
	uint64_t to = log->entry.sector * log->sector_size;
	size_t part;

	for (; left; left -= part, from += part, to += part) {
		part = random ? TEAR - to % TEAR : sizeof(buffer);
		if (part > left)
			part = (size_t)left;
		if (random && random_next(random) & 1)
			continue;
		if (!(log->entry.flags & DISCARD))
			read_at(log, buffer, part, from);
		write_at(name, target, buffer, part, to);
	}
}

static void finish(const char *name, int target)
{
	if (fsync(target) || close(target))
		die("%s: %s", name, strerror(errno));
}

static void apply(struct log *log, const char *name, uint64_t from, uint64_t to)
{
	int target = open_target(name);
	bool more = next_entry(log, true);

	for (; more && log->number < to; more = next_entry(log, false)) {
		if (log->number >= from && !(log->entry.flags & MARK))
			copy(log, name, target, NULL);
	}
	finish(name, target);
}

static void torn(struct log *log, const char *name, uint64_t from, uint64_t seed)
{
	int target = open_target(name);
	bool more = next_entry(log, true);

	for (; more; more = next_entry(log, false)) {
		if (log->number < from || log->entry.flags & MARK)
			continue;
		if (log->entry.flags & FLUSH)
			break;
		copy(log, name, target, &seed);
	}
	finish(name, target);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || end == text || *text == '-')
		die("'%s' is no number", text);
	return value;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct log log;

	if (!strcmp(verb, "list") && argc == 3) {
		open_log(&log, argv[2]);
		list(&log);
	} else if (!strcmp(verb, "points") && argc == 3) {
		open_log(&log, argv[2]);
		points(&log);
	} else if (!strcmp(verb, "apply") && argc == 6) {
		open_log(&log, argv[2]);
		apply(&log, argv[3], number(argv[4]), strcmp(argv[5], "end") ? number(argv[5]) : log.entries);
	} else if (!strcmp(verb, "torn") && argc == 6) {
		open_log(&log, argv[2]);
		torn(&log, argv[3], number(argv[4]), number(argv[5]));
	} else {
		fputs("usage: logreplay list LOG | points LOG | apply LOG TARGET FROM TO | torn LOG TARGET FROM SEED\n",
		      stderr);
		return 2;
	}
	if (fflush(stdout) || ferror(stdout))
		die("standard output: %s", strerror(errno));
	return 0;
}

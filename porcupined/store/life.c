/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/store/life.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "porcupined/store/crc32c.h"
#include "tools/lib/keel/cleanup.h"

#define LIFE_VERSION 1u
#define LIFE_MAX 256

/*
 * The kernel keeps a file's write lifetime hint in memory alone, with the inode that its cached pages hang on. While the hint is there, the
 * pages that a killed process wrote are too, on the disk or not. It is gone once the file system was mounted anew, and may go when memory is
 * short: then the index is made anew, which is never wrong.
 */
static const uint64_t mark = RWH_WRITE_LIFE_SHORT;

/* "osnc-index VERSION uuid HEX boot ID clean N crc HEX": the text for this boot, and its length. */
static int life_text(const struct store_id *uuid, bool clean, char out[LIFE_MAX])
{
	KEEL_AUTO_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char boot[40] = "";
	int n;

	if (fd < 0 || read(fd, boot, 36) != 36)
		snprintf(boot, sizeof(boot), "unknown-%ld", (long)getpid()); /* never equal to another start's */
	n = snprintf(out, LIFE_MAX, "osnc-index %u uuid ", LIFE_VERSION);
	for (int i = 0; i < 16; i++)
		n += snprintf(out + n, LIFE_MAX - (size_t)n, "%02x", uuid->octet[i]);
	n += snprintf(out + n, LIFE_MAX - (size_t)n, " boot %s clean %d", boot, clean);
	return n + snprintf(out + n, LIFE_MAX - (size_t)n, " crc %08x\n", crc32c(0, out, (size_t)n));
}

/* The cache still holds what was written, and no write of it to the disk has failed (a page may be dropped after that). */
static bool cached(int dir)
{
	KEEL_AUTO_CLOSE int fd = openat(dir, LIFE_ROWS, O_RDWR | O_CLOEXEC);
	uint64_t hint = RWH_WRITE_LIFE_NOT_SET;

	return fd >= 0 && !fcntl(fd, F_GET_RW_HINT, &hint) && hint == mark &&
	       !sync_file_range(fd, 0, 1, SYNC_FILE_RANGE_WAIT_BEFORE);
}

bool life_usable(int dir, const struct store_id *uuid)
{
	KEEL_AUTO_CLOSE int fd = openat(dir, LIFE_FILE, O_RDONLY | O_CLOEXEC);
	char got[LIFE_MAX] = "", want[LIFE_MAX], *crc, *boot;
	unsigned sum;
	ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof(got) - 1);

	if (n <= 0)
		return false;
	life_text(uuid, false, want);
	if (!strcmp(got, want))
		return cached(dir);
	crc = strstr(got, " crc ");
	boot = strstr(want, " boot ");
	return crc && sscanf(crc, " crc %8x", &sum) == 1 && sum == crc32c(0, got, (size_t)(crc - got)) &&
	       !strncmp(got, want, (size_t)(boot - want)) && (size_t)(crc - got) > 8 && !memcmp(crc - 8, " clean 1", 8);
}

int life_write(int dir, const struct store_id *uuid, bool clean)
{
	KEEL_AUTO_CLOSE int fd = openat(dir, LIFE_FILE ".tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char text[LIFE_MAX];
	int n = life_text(uuid, clean, text);

	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)n) != n || fsync(fd) || renameat(dir, LIFE_FILE ".tmp", dir, LIFE_FILE) ||
	    fsync(dir))
		return errno ? -errno : -EIO;
	return 0;
}

void life_mark(int dir)
{
	KEEL_AUTO_CLOSE int fd = openat(dir, LIFE_ROWS, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		fcntl(fd, F_SET_RW_HINT, &mark);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An LD_PRELOAD library that stands between a program and the files below one directory. It keeps a second copy of them, the
 * shadow: what a disk would hold for sure, brought up to date by fsync and fdatasync alone. tests/fault/powerloss makes of
 * both what a power cut would leave. On order it also fails calls, lies, or kills the process at the n-th step. Orders and
 * counts stand in a file that is mapped shared: see struct orders.
 *
 *   LIAR_DIR      the directory, absolute; below it, what starts with LIAR_SKIP (relative) is left alone
 *   LIAR_SHADOW   the folder of the shadow: ino.N (contents), dir.NAME (directory listings), boot_id, orders
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define FDS 65536

enum lie {
	LIE_NONE,
	LIE_NOSYNC, /* fsync and fdatasync do nothing and say yes */
	LIE_DROP,   /* every lie_every-th write does nothing and says yes */
	LIE_FLIP,   /* every lie_every-th write has one bit wrong */
};

/* tests/fault/powerloss knows the offsets. */
struct orders {
	uint32_t kill_in;    /* steps to SIGKILL; 0 = never */
	uint32_t eio_syncs;  /* that many next syncs of files fail, and what they were to make durable is not */
	uint32_t eio_writes; /* that many next writes fail */
	uint32_t enospc;     /* while nonzero nothing can be allocated */
	uint32_t lie, lie_every;
	/* counts */
	uint32_t steps, syncs, writes, lies, eios, enospcs;
};

struct range {
	off_t from, to;
};

/* One file or directory, known by its inode while the process lives. */
struct file {
	struct file *next;
	ino_t ino;
	char *path; /* below LIAR_DIR; as of the first open */
	bool directory;
	bool known; /* all that differs from the shadow is in ranges */
	struct range *ranges;
	size_t n, cap;
};

static char dir_path[PATH_MAX], shadow_path[PATH_MAX], skip_path[PATH_MAX];
static struct orders *orders;
static struct file *files;
static struct file *_Atomic by_fd[FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* X(result, name, parameters): the calls of libc that are stood in for. */
#define CALLS(X) \
	X(int, openat, (int, const char *, int, ...)) \
	X(int, close, (int)) \
	X(ssize_t, pwrite, (int, const void *, size_t, off_t)) \
	X(ssize_t, pwritev, (int, const struct iovec *, int, off_t)) \
	X(ssize_t, write, (int, const void *, size_t)) \
	X(ssize_t, copy_file_range, (int, off_t *, int, off_t *, size_t, unsigned)) \
	X(int, ftruncate, (int, off_t)) \
	X(int, fallocate, (int, int, off_t, off_t)) \
	X(int, posix_fallocate, (int, off_t, off_t)) \
	X(int, fsync, (int)) \
	X(int, fdatasync, (int)) \
	X(int, renameat, (int, const char *, int, const char *)) \
	X(int, unlinkat, (int, const char *, int))

#define X(result, name, parameters) static result(*real_##name) parameters;
CALLS(X)
#undef X

static void die(const char *what)
{
	fprintf(stderr, "liar: %s: %s\n", what, strerror(errno));
	abort();
}

__attribute__((constructor)) static void begin(void)
{
	const char *dir = getenv("LIAR_DIR"), *shadow = getenv("LIAR_SHADOW"), *skip = getenv("LIAR_SKIP");
	char path[PATH_MAX + 16];
	int fd;

#define X(result, name, parameters) real_##name = (result(*) parameters)dlsym(RTLD_NEXT, #name);
	CALLS(X)
#undef X
	if (!dir || !shadow)
		return;
	if (!realpath(dir, dir_path) || !realpath(shadow, shadow_path))
		die("LIAR_DIR, LIAR_SHADOW");
	if (skip)
		snprintf(skip_path, sizeof(skip_path), "%s", skip);
	snprintf(path, sizeof(path), "%s/orders", shadow_path);
	fd = real_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die(path);
	orders = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (orders == MAP_FAILED)
		die(path);
	real_close(fd);
}

static void count(uint32_t *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* Takes one of a number of orders: true if there was one. */
static bool take(uint32_t *what)
{
	uint32_t left = __atomic_load_n(what, __ATOMIC_RELAXED);

	while (left && !__atomic_compare_exchange_n(what, &left, left - 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return left;
}

/* Before and after every call that changes a file: the moments at which a crash differs from a crash a moment ago. */
static void step(void)
{
	count(&orders->steps);
	if (take(&orders->kill_in) && !orders->kill_in)
		kill(getpid(), SIGKILL);
}

static bool lies(enum lie lie)
{
	static uint32_t turn;

	if (orders->lie != (uint32_t)lie)
		return false;
	if (lie != LIE_NOSYNC &&
	    (!orders->lie_every || __atomic_add_fetch(&turn, 1, __ATOMIC_RELAXED) % orders->lie_every))
		return false;
	count(&orders->lies);
	return true;
}

/* ---- files ------------------------------------------------------------------------------------------ */

static struct file *lookup(int fd)
{
	return orders && fd >= 0 && fd < FDS ? by_fd[fd] : NULL;
}

/* Remembers an fd of a file below the directory. */
static void track(int fd, bool created)
{
	char link[64], path[PATH_MAX];
	size_t n = strlen(dir_path);
	struct stat st;
	struct file *f;
	ssize_t len;

	if (!orders || fd < 0 || fd >= FDS)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < (ssize_t)n)
		return;
	path[len] = 0;
	if (strncmp(path, dir_path, n) || (path[n] && path[n] != '/'))
		return;
	if (skip_path[0] && path[n] && !strncmp(path + n + 1, skip_path, strlen(skip_path)))
		return;
	if (fstat(fd, &st) || !st.st_nlink || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return;
	pthread_mutex_lock(&lock);
	for (f = files; f && f->ino != st.st_ino; f = f->next)
		;
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			die("memory");
		f->ino = st.st_ino;
		f->path = strdup(path[n] ? path + n + 1 : ".");
		f->directory = S_ISDIR(st.st_mode);
		f->known = created && !st.st_size;
		f->next = files;
		files = f;
	}
	pthread_mutex_unlock(&lock);
	by_fd[fd] = f;
}

static void dirty(struct file *f, off_t from, off_t to)
{
	pthread_mutex_lock(&lock);
	if (f->n && f->ranges[f->n - 1].to == from) {
		f->ranges[f->n - 1].to = to;
	} else {
		if (f->n == f->cap) {
			f->cap = f->cap ? 2 * f->cap : 16;
			f->ranges = reallocarray(f->ranges, f->cap, sizeof(*f->ranges));
			if (!f->ranges)
				die("memory");
		}
		f->ranges[f->n++] = (struct range){ from, to };
	}
	pthread_mutex_unlock(&lock);
}

/* ---- the shadow ------------------------------------------------------------------------------------- */

static void copy_range(int from, int to, off_t at, off_t end)
{
	static __thread char buffer[1 << 18];

	while (at < end) {
		size_t want = end - at < (off_t)sizeof(buffer) ? (size_t)(end - at) : sizeof(buffer);
		ssize_t n = pread(from, buffer, want, at);

		if (n < 0)
			die("reading back");
		if (!n)
			return; /* the file is shorter by now */
		if (real_pwrite(to, buffer, (size_t)n, at) != n)
			die("writing the shadow");
		at += n;
	}
}

/* What a sync makes durable. share: of 256, how much of each range gets there. */
static void shadow_file(int fd, struct file *f, struct range *ranges, size_t n, bool known, unsigned share)
{
	char path[PATH_MAX + 32], link[64];
	struct stat st;
	int from, to;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	from = real_openat(AT_FDCWD, link, O_RDONLY | O_CLOEXEC); /* fd itself may be for writing only */
	snprintf(path, sizeof(path), "%s/ino.%ju", shadow_path, (uintmax_t)f->ino);
	to = real_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (from < 0 || to < 0 || fstat(from, &st))
		die(path);
	if (share == 256 && real_ftruncate(to, st.st_size))
		die(path);
	if (!known && share == 256)
		copy_range(from, to, 0, st.st_size);
	for (size_t i = 0; known && i < n; i++)
		copy_range(from, to, ranges[i].from,
			   share == 256 ? ranges[i].to
					: ranges[i].from + (ranges[i].to - ranges[i].from) * share / 256 / 512 * 512);
	real_close(from);
	real_close(to);
}

/* The names a directory has now, into the file at path. */
static void list_directory(int fd, const char *path)
{
	char name[64];
	struct dirent *entry;
	DIR *dir;
	FILE *out;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	dir = opendir(name);
	out = fopen(path, "w");
	if (!dir || !out)
		die(path);
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_REG)
			fprintf(out, "%ju %s\n", (uintmax_t)entry->d_ino, entry->d_name);
	closedir(dir);
	if (fclose(out))
		die(path);
}

/* What the directory holds before the sync is durable after it. One at a time. */
static int sync_directory(int fd, const struct file *f, int (*real)(int))
{
	static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
	char path[PATH_MAX + 300], tmp[PATH_MAX + 304], name[256];
	int r;

	snprintf(name, sizeof(name), "%s", f->path);
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '%';
	snprintf(path, sizeof(path), "%s/dir.%s", shadow_path, name);
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	pthread_mutex_lock(&turn);
	list_directory(fd, tmp);
	r = real(fd);
	if (!r && rename(tmp, path))
		die(path);
	pthread_mutex_unlock(&turn);
	step();
	return r;
}

static int sync_file(int fd, int (*real)(int))
{
	struct file *f = lookup(fd);
	struct range *ranges;
	size_t n;
	bool known, failed;
	int r;

	if (!f)
		return real(fd);
	step();
	count(&orders->syncs);
	if (lies(LIE_NOSYNC))
		return 0;
	if (f->directory)
		return sync_directory(fd, f, real);
	pthread_mutex_lock(&lock);
	ranges = f->ranges;
	n = f->n;
	known = f->known;
	f->ranges = NULL;
	f->n = f->cap = 0;
	f->known = true;
	pthread_mutex_unlock(&lock);
	failed = take(&orders->eio_syncs);
	r = failed ? -1 : real(fd);
	shadow_file(fd, f, ranges, n, known, r ? orders->steps % 200 : 256);
	free(ranges);
	if (failed) {
		count(&orders->eios);
		errno = EIO;
		return -1;
	}
	step();
	return r;
}

int fsync(int fd)
{
	return sync_file(fd, real_fsync);
}

int fdatasync(int fd)
{
	return sync_file(fd, real_fdatasync);
}

/* ---- opening and closing ---------------------------------------------------------------------------- */

static int open_file(int at, const char *path, int flags, mode_t mode)
{
	char boot[PATH_MAX + 16];
	bool absent = false;
	int fd;

	if (orders && !strcmp(path, BOOT_ID)) {
		snprintf(boot, sizeof(boot), "%s/boot_id", shadow_path);
		return real_openat(AT_FDCWD, boot, flags, mode);
	}
	if (orders && (flags & O_CREAT))
		absent = faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
	fd = real_openat(at, path, flags, mode);
	if (orders && fd >= 0)
		track(fd, absent);
	return fd;
}

#define OPEN_MODE(flags) \
	({ \
		mode_t mode = 0; \
		if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) { \
			va_list args; \
			va_start(args, flags); \
			mode = va_arg(args, mode_t); \
			va_end(args); \
		} \
		mode; \
	})

int open(const char *path, int flags, ...)
{
	return open_file(AT_FDCWD, path, flags, OPEN_MODE(flags));
}

int openat(int at, const char *path, int flags, ...)
{
	return open_file(at, path, flags, OPEN_MODE(flags));
}

int close(int fd)
{
	if (lookup(fd))
		by_fd[fd] = NULL;
	return real_close(fd);
}

/* ---- writing ---------------------------------------------------------------------------------------- */

/* Nonzero: errno is set and the write is not to be done. */
static int write_refused(int fd, off_t end)
{
	struct stat st;

	step();
	count(&orders->writes);
	if (take(&orders->eio_writes)) {
		count(&orders->eios);
		errno = EIO;
		return -1;
	}
	if (orders->enospc && !fstat(fd, &st) && end > st.st_size) {
		count(&orders->enospcs);
		errno = ENOSPC;
		return -1;
	}
	return 0;
}

static ssize_t written(int fd, struct file *f, off_t at, ssize_t n)
{
	int error = errno;

	if (n > 0) {
		dirty(f, at, at + n);
		if (lies(LIE_FLIP)) {
			off_t where = at + (off_t)(orders->steps * 2654435761u % (uint64_t)n);
			uint8_t octet;

			if (pread(fd, &octet, 1, where) == 1) {
				octet ^= (uint8_t)(1 << orders->steps % 8);
				real_pwrite(fd, &octet, 1, where);
			}
		}
	}
	step();
	errno = error;
	return n;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	struct file *f = lookup(fd);

	if (!f)
		return real_pwrite(fd, data, n, at);
	if (write_refused(fd, at + (off_t)n))
		return -1;
	if (lies(LIE_DROP))
		return (ssize_t)n;
	return written(fd, f, at, real_pwrite(fd, data, n, at));
}

ssize_t pwritev(int fd, const struct iovec *iov, int iovs, off_t at)
{
	struct file *f = lookup(fd);
	size_t n = 0;

	if (!f)
		return real_pwritev(fd, iov, iovs, at);
	for (int i = 0; i < iovs; i++)
		n += iov[i].iov_len;
	if (write_refused(fd, at + (off_t)n))
		return -1;
	if (lies(LIE_DROP))
		return (ssize_t)n;
	return written(fd, f, at, real_pwritev(fd, iov, iovs, at));
}

ssize_t write(int fd, const void *data, size_t n)
{
	struct file *f = lookup(fd);
	off_t at = f ? lseek(fd, 0, SEEK_CUR) : -1;

	if (at < 0)
		return real_write(fd, data, n);
	if (write_refused(fd, at + (off_t)n))
		return -1;
	return written(fd, f, at, real_write(fd, data, n));
}

ssize_t copy_file_range(int from, off_t *from_at, int fd, off_t *at, size_t n, unsigned flags)
{
	struct file *f = lookup(fd);
	off_t began = f && at ? *at : -1;

	if (began < 0)
		return real_copy_file_range(from, from_at, fd, at, n, flags);
	if (write_refused(fd, began + (off_t)n))
		return -1;
	return written(fd, f, began, real_copy_file_range(from, from_at, fd, at, n, flags));
}

/* Sizes travel with the next sync: the shadow gets the size the file then has. What was cut off may be zeros by then. */
int ftruncate(int fd, off_t size)
{
	struct file *f = lookup(fd);
	struct stat st;
	int r;

	if (!f)
		return real_ftruncate(fd, size);
	step();
	if (fstat(fd, &st))
		return -1;
	r = real_ftruncate(fd, size);
	if (!r && size < st.st_size)
		dirty(f, size, st.st_size);
	step();
	return r;
}

static int allocate_refused(void)
{
	step();
	if (!orders->enospc)
		return 0;
	count(&orders->enospcs);
	return ENOSPC;
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
	struct file *f = lookup(fd);
	int r;

	if (!f)
		return real_fallocate(fd, mode, at, n);
	if (!(mode & FALLOC_FL_PUNCH_HOLE) && (errno = allocate_refused()))
		return -1;
	r = real_fallocate(fd, mode, at, n);
	if (!r && (mode & FALLOC_FL_PUNCH_HOLE))
		dirty(f, at, at + n);
	step();
	return r;
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	int r;

	if (!lookup(fd))
		return real_posix_fallocate(fd, at, n);
	r = allocate_refused();
	if (!r)
		r = real_posix_fallocate(fd, at, n);
	step();
	return r;
}

/* ---- names: what the last sync of the directory saw is what is durable, so only the moments matter ------------------ */

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	int r;

	if (!lookup(from_at))
		return real_renameat(from_at, from, to_at, to);
	step();
	r = real_renameat(from_at, from, to_at, to);
	step();
	return r;
}

int unlinkat(int at, const char *path, int flags)
{
	int r;

	if (!lookup(at))
		return real_unlinkat(at, path, flags);
	step();
	r = real_unlinkat(at, path, flags);
	step();
	return r;
}

/* The names that _FILE_OFFSET_BITS=64 gives the same calls. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int at, const char *path, int flags, ...) __attribute__((alias("openat")));
ssize_t pwrite64(int fd, const void *data, size_t n, off_t at) __attribute__((alias("pwrite")));
ssize_t pwritev64(int fd, const struct iovec *iov, int iovs, off_t at) __attribute__((alias("pwritev")));
int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));
int fallocate64(int fd, int mode, off_t at, off_t n) __attribute__((alias("fallocate")));
int posix_fallocate64(int fd, off_t at, off_t n) __attribute__((alias("posix_fallocate")));

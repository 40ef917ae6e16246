// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For virtiofsd when it runs as an ordinary user (LD_PRELOAD): takes O_NOATIME out of every open. The guest's overlayfs asks
 * for it on each file it opens, and only a file's owner may.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

int openat64(int folder, const char *path, int flags, ...);
int __openat64_2(int folder, const char *path, int flags);

int openat64(int folder, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode = 0;

	va_start(arguments, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return (int)syscall(SYS_openat, folder, path, flags & ~O_NOATIME, mode);
}

/* What openat() without a mode becomes under _FORTIFY_SOURCE. */
int __openat64_2(int folder, const char *path, int flags)
{
	return openat64(folder, path, flags);
}

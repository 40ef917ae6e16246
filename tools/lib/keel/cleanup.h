/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scope-bound cleanup: an owner is declared with KEEL_CLEANUP(f); keel_take() hands ownership on. */
#ifndef KEEL_CLEANUP_H
#define KEEL_CLEANUP_H

#include <stddef.h>

#define KEEL_CLEANUP(function) __attribute__((cleanup(function)))
#define KEEL_AUTO_FREE KEEL_CLEANUP(keel_free_at)
#define KEEL_AUTO_CLOSE KEEL_CLEANUP(keel_close_at)

/* The value of pointer P, which is NULL afterwards: the caller owns what it pointed to. */
#define keel_take(p)                                                                               \
	({                                                                                         \
		__typeof__(p) *keel_at_ = &(p);                                                    \
		__typeof__(p) keel_was_ = *keel_at_;                                               \
		*keel_at_ = NULL;                                                                  \
		keel_was_;                                                                         \
	})

/* The same for a file descriptor; -1 afterwards. */
#define keel_take_fd(fd)                                                                           \
	({                                                                                         \
		int *keel_at_ = &(fd);                                                             \
		int keel_was_ = *keel_at_;                                                         \
		*keel_at_ = -1;                                                                    \
		keel_was_;                                                                         \
	})

#define KEEL_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* For KEEL_AUTO_FREE: frees *(void **)at. */
void keel_free_at(void *at);
/* For KEEL_AUTO_CLOSE: closes *at if it is >= 0; errno survives. */
void keel_close_at(int *at);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user that a daemon becomes. Part of service.c; nobody else includes it. */
#ifndef KEEL_SERVICE_USER_H
#define KEEL_SERVICE_USER_H

#include <sys/types.h>

struct keel_service_user {
	char name[256];
	uid_t uid; /* 0 = stay who we are */
	gid_t gid;
};

/* Who "name" is; "" or not being root: stay. 0, -ENOENT or another -errno of the lookup. Not thread-safe. */
int keel_service_user_find(const char *name, struct keel_service_user *out);
/* Becomes that user with his groups for good: that root cannot come back is tried. 0 or -errno; after a failure the process is
 * in between and must end. */
int keel_service_user_become(const struct keel_service_user *user);

#endif

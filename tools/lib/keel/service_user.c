// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/service_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int keel_service_user_find(const char *name, struct keel_service_user *out)
{
	const struct passwd *entry;

	memset(out, 0, sizeof(*out));
	if (!*name || geteuid() != 0)
		return 0;
	errno = 0;
	entry = getpwnam(name);
	if (!entry)
		return errno == 0 || errno == ESRCH || errno == EBADF || errno == EPERM ? -ENOENT : -errno;
	if (strlen(name) >= sizeof(out->name))
		return -ENAMETOOLONG;
	strcpy(out->name, name);
	out->uid = entry->pw_uid;
	out->gid = entry->pw_gid;
	return 0;
}

int keel_service_user_become(const struct keel_service_user *user)
{
	uid_t uid[3];
	gid_t gid[3];

	if (user->uid == 0)
		return 0;
	/* groups first: without root they cannot be changed */
	if (initgroups(user->name, user->gid) || setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid))
		return -errno;
	if (getresuid(&uid[0], &uid[1], &uid[2]) || getresgid(&gid[0], &gid[1], &gid[2]))
		return -errno;
	for (int i = 0; i < 3; i++)
		if (uid[i] != user->uid || gid[i] != user->gid)
			return -EPERM;
	if (setuid(0) == 0 || seteuid(0) == 0 || setresuid(0, 0, 0) == 0 || (user->gid != 0 && setegid(0) == 0))
		return -EPERM;
	return 0;
}

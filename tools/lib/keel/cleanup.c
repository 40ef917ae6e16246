// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void keel_free_at(void *at)
{
	void *owned;

	/* the variable has any pointer type: its octets are read, not an lvalue of another type */
	memcpy(&owned, at, sizeof(owned));
	free(owned);
}

void keel_close_at(int *at)
{
	const int saved = errno;

	if (*at >= 0)
		close(*at);
	errno = saved;
}

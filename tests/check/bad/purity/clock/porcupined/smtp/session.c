/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

long smtp_now(void)
{
	return time(NULL);
}

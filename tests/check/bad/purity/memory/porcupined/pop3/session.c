/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

void *pop3_session(void)
{
	return malloc(1000);
}

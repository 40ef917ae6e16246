/* SPDX-License-Identifier: GPL-2.0-or-later */
int store_open(void);

int message_open(void)
{
	return store_open();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What life the index's rows are of: whether they are whole, as a clean end left them, or as the kernel still holds them in its page
 * cache after a process that did not end well. It is told before LMDB maps its file: a short or torn one would end the process, a stale
 * one would lie.
 */
#ifndef PORCUPINED_STORE_LIFE_H
#define PORCUPINED_STORE_LIFE_H

#include <stdbool.h>

#include "porcupined/store/record.h"

#define LIFE_FILE "life"
#define LIFE_ROWS "data.mdb" /* LMDB's own name */

/* dir: the index's folder. True if the rows there are this store's and can be relied on. */
bool life_usable(int dir, const struct store_id *uuid);
/* Makes durable that rows from now on are whole (clean), or that they are this boot's and in work. 0 or -errno. */
int life_write(int dir, const struct store_id *uuid, bool clean);
/* After LMDB has opened its file: what life_usable() looks for after an end that was not clean. */
void life_mark(int dir);

#endif

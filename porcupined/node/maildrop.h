/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which accounts a POP3 session has for itself (RFC 1939 4: the exclusive-access lock). Thread-safe. */
#ifndef PORCUPINED_NODE_MAILDROP_H
#define PORCUPINED_NODE_MAILDROP_H

#include <stdint.h>

struct maildrops;

/* 0 or -ENOMEM. */
int maildrops_new(struct maildrops **out);
void maildrops_free(struct maildrops **drops);
/* id: 16 octets of the account's. 0; -EBUSY: another session has it; -ENOMEM. */
int maildrop_lock(struct maildrops *drops, const uint8_t id[16]);
/* Of one that was locked. */
void maildrop_unlock(struct maildrops *drops, const uint8_t id[16]);

#endif

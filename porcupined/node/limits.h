/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much one address may ask for: sessions at one time, messages and failed logins a minute (each a bucket that refills evenly).
 * Thread-safe.
 */
#ifndef PORCUPINED_NODE_LIMITS_H
#define PORCUPINED_NODE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct limits;

/* 0 or -ENOMEM. */
int limits_new(struct limits **out);
void limits_free(struct limits **limits);
/* A session of key begins. total, each: most sessions in all, and of this key (0 = no limit). False: too many, nothing was counted.
 * limits_leave() is due for each true. */
bool limits_enter(struct limits *limits, uint64_t key, uint64_t total, uint64_t each);
void limits_leave(struct limits *limits, uint64_t key);
enum limits_kind { LIMITS_MESSAGES, LIMITS_FAILURES, LIMITS_KINDS };
/* One more of a kind for key, which is inside. now: monotonic milliseconds. per_minute: 0 = no limit. False: too many. */
bool limits_take(struct limits *limits, uint64_t key, enum limits_kind kind, uint64_t now, uint64_t per_minute);
/* Would limits_take() be true? */
bool limits_left(struct limits *limits, uint64_t key, enum limits_kind kind, uint64_t now, uint64_t per_minute);
/* Sessions now. */
size_t limits_sessions(struct limits *limits);

#endif

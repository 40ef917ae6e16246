/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passwords as crypt(3) strings, new ones by yescrypt (libxcrypt). */
#ifndef PORCUPINED_AUTH_PASSWORD_H
#define PORCUPINED_AUTH_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_MAX 512      /* octets of a password, its NUL not counted (crypt(5)) */
#define PASSWORD_HASH_MAX 256 /* of a crypt(3) string with its NUL */
#define PASSWORD_GENERATED 25 /* of a generated password with its NUL */
#define PASSWORD_COST_MOST 11

/* Hashes with a fresh salt. cost: 1 (fast) to 11, 0 = libxcrypt's default; each step about doubles time or memory. Takes milliseconds
 * to seconds: not on a loop. 0; -EINVAL (empty, too long, cost); -ENOMEM; -EIO. */
int password_hash(const char *password, unsigned cost, char out[PASSWORD_HASH_MAX]);
/* 0: it is the password; -EACCES: not, or hash is "" or no crypt(3) string (about as slow as a wrong one); -ENOMEM. Not on a loop. */
int password_verify(const char *hash, const char *password);
/* True if it looks like a string of crypt(3) that this machine can verify. */
bool password_is_hash(const char *text);
/* A password of 24 characters, 120 bits from the kernel. 0 or -errno. */
int password_generate(char out[PASSWORD_GENERATED]);
/* Overwrites n octets, and the compiler keeps that. */
void password_wipe(void *memory, size_t n);

#endif

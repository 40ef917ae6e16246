/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_CONFORM_JVM_VERDICT_H
#define TESTS_CONFORM_JVM_VERDICT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A file of verdicts, numbers big-endian:
 *
 *	"OSNCVRD1"  string who (a JVM and its version, or the name of a verifier)
 *	{ u32 length of what follows
 *	  u32 number of the class in its stream   u64 stream_hash() of its bytes
 *	  u8 phase   u8 flags   s32 bytecode index, -1 if none is known
 *	  string error   string class   string method   string culprit   string message }*
 *
 *	string: u16 length, UTF-8
 *
 * error is the internal name of the exception's class, empty for a class that links; class the internal name of the
 * class judged; method is name and descriptor, "f(I)V"; culprit the class at fault if that is another one (see
 * flags). A verifier that finds several errors writes several records with the same number; HotSpot finds one.
 */
enum verdict_phase {
	VERDICT_CRASH,  /* the judge ended; nothing is known about the class */
	VERDICT_DEFINE, /* refused when it was defined */
	VERDICT_LINK,   /* defined, and not linked */
	VERDICT_OK,     /* defined and linked */
};

enum verdict_flag {
	VERDICT_SUPER = 1,   /* link: a superclass or superinterface, the culprit, did not link */
	VERDICT_SIBLING = 2, /* another class, the culprit, could not be defined */
	VERDICT_MISSING = 4, /* a class that the universe does not hold was asked for: the culprit, unless another is */
	VERDICT_OPEN = 8,    /* holds only if obligations do that were not looked into; HotSpot never says so */
};

struct verdict {
	uint32_t number;
	uint64_t hash;
	enum verdict_phase phase;
	unsigned int flags;
	int32_t bci;
	const char *error, *class, *method, *culprit, *message; /* NULL counts as empty; cut at 65535 octets */
};

/* 0 or -EIO */
int verdict_begin(FILE *file, const char *who);
int verdict_put(FILE *file, const struct verdict *verdict);

/*
 * Takes apart what HotSpot 17 says in a VerifyError: method, name and descriptor, into `method` (room octets), and the
 * bytecode index or -1. class is the internal name of the class judged. Returns 0, or -ENOENT, with the outputs
 * untouched, if the message names no method.
 */
int verdict_place(const char *message, const char *class, char *method, size_t room, int32_t *bci);

#endif

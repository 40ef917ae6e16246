/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_CONFORM_JVM_STREAM_H
#define TESTS_CONFORM_JVM_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A stream of classes, numbers big-endian:
 *
 *	"OSNCCLS1"
 *	{ u32 length of the class  u16 length of the note  note  class }*
 *
 * The note says where a class comes from, in UTF-8: first the internal name of the class it was made from, then,
 * for a mutant, what was changed. Classes are counted from 0: that number names them in verdicts.
 */
struct stream_class {
	uint8_t *bytes; /* owned by the reader's caller through stream_class_free() */
	size_t size, room;
	char note[65536]; /* ends in 0 */
};

#define STREAM_CLASS_MAX (64u << 20)

/* 0, or -EPROTO if this is no stream, -EIO */
int stream_open(FILE *file);
/* 1 and the next class, 0 at the end, -EPROTO if the stream is cut or holds nonsense, -ENOMEM */
int stream_next(FILE *file, struct stream_class *into);
void stream_class_free(struct stream_class *class);

/* 0 or -EIO; the note is cut at 65535 octets */
int stream_begin(FILE *file);
int stream_put(FILE *file, const char *note, const uint8_t *bytes, size_t size);

/* FNV-1a of 64 bits, by which verdicts name a class */
uint64_t stream_hash(const uint8_t *bytes, size_t size);

#endif

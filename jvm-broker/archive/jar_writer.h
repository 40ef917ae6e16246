/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing jars. The same calls make the same octets: no clock is read, entries stand in the order in which they came. An entry of another
 * archive that did not change is copied as it is packed there.
 */
#ifndef JVM_BROKER_ARCHIVE_JAR_WRITER_H
#define JVM_BROKER_ARCHIVE_JAR_WRITER_H

#include "jvm-broker/archive/archive.h"
#include "tools/lib/keel/buffer.h"

#define ARCHIVE_DATE 0x0021 /* 1 January 1980, the first there is */

/* Deflates at level 1 (fast) to 12; one for each worker. NULL when out of memory. */
struct archive_deflater;
struct archive_deflater *archive_deflater_new(int level);
void archive_deflater_free(struct archive_deflater **deflater);

struct archive_writer {
	struct keel_buffer *out; /* borrowed: what is to be written; its owner may drop its content between calls */
	struct keel_buffer directory; /* owned */
	uint64_t offset;              /* octets written so far, dropped ones included */
	uint64_t entries;
	int failed; /* 0 or -errno; it stays */
};

/* out: appended to. jmod: begins as a jmod does. */
void archive_writer_init(struct archive_writer *w, struct keel_buffer *out, bool jmod);
/* Frees what the writer owns. Also for KEEL_CLEANUP. */
void archive_writer_free(struct archive_writer *w);

/* Each appends an entry. Names are not judged but for their length (-EMSGSIZE above 65535). 0 or -errno. */
/* Deflated if deflater is not NULL and that makes it smaller, else stored. */
int archive_writer_add(struct archive_writer *w, const char *name, size_t name_len, const void *content, size_t size,
		       struct archive_deflater *deflater);
/* The entry of another archive, which must not be refused, under its own name, with its time, its content as it is packed. -EINVAL if it is refused. */
int archive_writer_copy(struct archive_writer *w, const struct archive *from, const struct archive_entry *e);
/* The central directory and the end; nothing may follow. 0 or -errno. */
int archive_writer_end(struct archive_writer *w);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One bucket of the log, read by the directories of the footers: what a node does that takes a bucket over. Costs the trailers, the
 * directories, the bucket's rows and, if bodies are wanted, their octets; nothing else is read.
 */
#ifndef PORCUPINED_STORE_BUCKET_H
#define PORCUPINED_STORE_BUCKET_H

#include "porcupined/store/footer.h"

struct store;

/* Gets each row of the bucket in sealed segments, in no order of LSNs; payload as in the footer, or the body's stored octets
 * if they were asked for. Nonzero ends the walk and is returned. */
typedef int (*bucket_row_fn)(const struct footer_row *row, uint64_t segment, void *arg);
/* *octets_read: what was read from segments. 0 or -errno. */
int bucket_walk(struct store *store, uint16_t bucket, bool bodies, bucket_row_fn each, void *arg,
		uint64_t *octets_read);

#endif

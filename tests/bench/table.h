/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every benchmark prints and leaves behind: a table to read, and build/bench/NAME.json with
 * {machine, kernel, date, rows: [{metric, value, unit, peer, peer_value, ratio}]}. C programs link it; scripts run benchtable.
 */
#ifndef TESTS_BENCH_TABLE_H
#define TESTS_BENCH_TABLE_H

#include <stdbool.h>
#include <stdio.h>

struct bench_table; /* opaque; owned by who made it */

/* NULL = out of memory. */
struct bench_table *bench_table_new(void);
void bench_table_free(struct bench_table *t);
/*
 * A row: a metric in its unit, and the same of a peer (NULL: none, peer_value is not looked at). The ratio, value / peer_value,
 * is the table's own business; it is null where there is no peer, or the peer's value is 0. 0 or -errno (-EINVAL: a value is
 * not finite, a name is empty; -EEXIST: that metric stands in the table already).
 */
int bench_table_add(struct bench_table *t, const char *metric, double value, const char *unit, const char *peer,
		    double peer_value);
/* Prints it, as wide as its words need. */
void bench_table_print(const struct bench_table *t, FILE *to);
/* Writes the JSON by a file beside path and a rename, so that a reader finds the old one or the new one whole. 0 or -errno. */
int bench_table_write(const struct bench_table *t, const char *path);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters, gauges and histograms, written out as Prometheus text (exposition format 0.0.4). A metric is a static object;
 * a daemon lists them in one table. Updates are relaxed atomics, safe in every thread.
 */
#ifndef KEEL_METRIC_H
#define KEEL_METRIC_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/lib/keel/buffer.h"

enum keel_metric_kind { KEEL_COUNTER, KEEL_GAUGE, KEEL_HISTOGRAM };

#define KEEL_HISTOGRAM_BUCKETS 28 /* upper bounds 1 us * 2^i, i = 0..26, then +Inf */

struct keel_histogram {
	_Atomic uint64_t bucket[KEEL_HISTOGRAM_BUCKETS];
	_Atomic uint64_t sum_ns;
};

/* One row of a daemon's table. label is a rendered set such as 'protocol="smtp"', or NULL. Rows of one name stand together. */
struct keel_metric {
	const char *name; /* porcupine_smtp_messages_total */
	const char *label;
	const char *help;
	enum keel_metric_kind kind;
	union {
		_Atomic uint64_t *counter;
		_Atomic int64_t *gauge;
		struct keel_histogram *histogram; /* observed in ns, shown in seconds */
	};
};

#define keel_count(c) atomic_fetch_add_explicit((c), 1, memory_order_relaxed)
#define keel_count_by(c, n) atomic_fetch_add_explicit((c), (n), memory_order_relaxed)
#define keel_gauge_add(g, n) atomic_fetch_add_explicit((g), (n), memory_order_relaxed)
#define keel_gauge_set(g, v) atomic_store_explicit((g), (v), memory_order_relaxed)
void keel_histogram_observe(struct keel_histogram *h, uint64_t ns);
/* Appends rows as Prometheus text, HELP and TYPE once a name. 0 or -errno. */
int keel_metric_write(const struct keel_metric *rows, size_t n, struct keel_buffer *out);

#endif

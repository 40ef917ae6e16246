// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/metric.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define FINITE (KEEL_HISTOGRAM_BUCKETS - 1)

void keel_histogram_observe(struct keel_histogram *h, uint64_t ns)
{
	/* the smallest i with ns <= 1000 * 2^i: ceil(ns / 1000) has that many binary digits, less a power of two's one */
	const uint64_t us = ns / 1000 + (ns % 1000 != 0);
	unsigned i = us <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(us - 1);

	if (i > FINITE)
		i = FINITE;
	atomic_fetch_add_explicit(&h->bucket[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sum_ns, ns, memory_order_relaxed);
}

/* exposition format 0.0.4: in HELP a backslash and a line feed are escaped */
static void put_help(struct keel_buffer *out, const char *help)
{
	for (; *help; help++) {
		if (*help == '\\')
			keel_buffer_puts(out, "\\\\");
		else if (*help == '\n')
			keel_buffer_puts(out, "\\n");
		else
			keel_buffer_putc(out, (uint8_t)*help);
	}
}

static void put_head(struct keel_buffer *out, const struct keel_metric *row)
{
	static const char *const types[] = {
		[KEEL_COUNTER] = "counter", [KEEL_GAUGE] = "gauge", [KEEL_HISTOGRAM] = "histogram"
	};

	keel_buffer_printf(out, "# HELP %s ", row->name);
	put_help(out, row->help);
	keel_buffer_printf(out, "\n# TYPE %s %s\n", row->name, types[row->kind]);
}

static void put_labels(struct keel_buffer *out, const struct keel_metric *row)
{
	if (row->label && *row->label)
		keel_buffer_printf(out, "{%s}", row->label);
}

static void put_histogram(struct keel_buffer *out, const struct keel_metric *row)
{
	const char *label = row->label ? row->label : "";
	const char *comma = *label ? "," : "";
	const uint64_t sum = atomic_load_explicit(&row->histogram->sum_ns, memory_order_relaxed);
	uint64_t count = 0;

	for (unsigned i = 0; i < FINITE; i++) {
		const uint64_t us = UINT64_C(1) << i;

		count += atomic_load_explicit(&row->histogram->bucket[i], memory_order_relaxed);
		keel_buffer_printf(out, "%s_bucket{%s%sle=\"%" PRIu64 ".%06" PRIu64 "\"} %" PRIu64 "\n", row->name,
				   label, comma, us / 1000000, us % 1000000, count);
	}
	count += atomic_load_explicit(&row->histogram->bucket[FINITE], memory_order_relaxed);
	keel_buffer_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", row->name, label, comma, count);
	keel_buffer_printf(out, "%s_sum", row->name);
	put_labels(out, row);
	keel_buffer_printf(out, " %" PRIu64 ".%09" PRIu64 "\n%s_count", sum / 1000000000, sum % 1000000000, row->name);
	put_labels(out, row);
	keel_buffer_printf(out, " %" PRIu64 "\n", count);
}

int keel_metric_write(const struct keel_metric *rows, size_t n, struct keel_buffer *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct keel_metric *row = &rows[i];
		const bool first = i == 0 || strcmp(rows[i - 1].name, row->name) != 0;

		/* a scraper refuses a name that comes back after another */
		for (size_t j = 0; first && j < i; j++)
			if (strcmp(rows[j].name, row->name) == 0)
				return -EINVAL;
		if (first)
			put_head(out, row);
		if (row->kind == KEEL_HISTOGRAM) {
			put_histogram(out, row);
			continue;
		}
		keel_buffer_puts(out, row->name);
		put_labels(out, row);
		if (row->kind == KEEL_COUNTER)
			keel_buffer_printf(out, " %" PRIu64 "\n",
					   atomic_load_explicit(row->counter, memory_order_relaxed));
		else
			keel_buffer_printf(out, " %" PRId64 "\n",
					   atomic_load_explicit(row->gauge, memory_order_relaxed));
	}
	return out->failed;
}

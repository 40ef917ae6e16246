/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/store/state.h"

#include "tools/lib/keel/cleanup.h"

struct store_metrics store_metric;

const struct keel_metric *store_metrics(size_t *n)
{
#define STORE_ROW_COUNTER(field_) .kind = KEEL_COUNTER, .counter = &store_metric.field_
#define STORE_ROW_GAUGE(field_) .kind = KEEL_GAUGE, .gauge = &store_metric.field_
#define STORE_ROW_HISTOGRAM(field_) .kind = KEEL_HISTOGRAM, .histogram = &store_metric.field_
	static const struct keel_metric rows[] = {
#define X(kind_, field_, name_, help_) { .name = name_, .help = help_, STORE_ROW_##kind_(field_) },
		STORE_METRICS(X)
#undef X
	};

	*n = KEEL_COUNT(rows);
	return rows;
}

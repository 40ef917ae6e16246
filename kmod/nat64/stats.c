// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/stats.h"

#include <linux/kernel.h>
#include <linux/string.h>

const struct nat64_counter_row nat64_counter_rows[] = {
#define X(name, counter, text) { counter, text, offsetof(struct nat64_counters, name) },
	NAT64_TOTALS(X)
#undef X
#define X(name, counter, text) { counter, text, offsetof(struct nat64_counters, verdict[NAT64_##name]) },
		NAT64_VERDICTS(X)
#undef X
};
const unsigned int nat64_counter_rows_n = ARRAY_SIZE(nat64_counter_rows);

void nat64_stats_sum(const struct nat64_instance *instance, struct nat64_counters *sum)
{
	u64 *out = (u64 *)sum;
	int cpu;
	size_t i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu)
	{
		const u64 *in = (const u64 *)per_cpu_ptr(instance->counters, cpu);

		for (i = 0; i < sizeof(*sum) / sizeof(u64); i++)
			out[i] += READ_ONCE(in[i]);
	}
}

const char *nat64_verdict_name(enum nat64_verdict verdict)
{
	static const char *const names[] = {
#define X(name, counter, text) counter,
		NAT64_VERDICTS(X)
#undef X
	};

	return names[verdict];
}

const char *nat64_verdict_text(enum nat64_verdict verdict)
{
	static const char *const texts[] = {
#define X(name, counter, text) text,
		NAT64_VERDICTS(X)
#undef X
	};

	return texts[verdict];
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/porcupinectl/command.h"

int size_parse(const char *text, uint64_t *out)
{
	static const char units[] = "kMGT";
	const char *unit;
	uint64_t v;
	char *end;

	if (!strcmp(text, "default")) {
		*out = 0;
		return 0;
	}
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno)
		return -EINVAL;
	if (*end) {
		unit = strchr(units, *end == 'K' ? 'k' : *end);
		if (!unit || end[1])
			return -EINVAL;
		for (const char *u = units; u <= unit; u++) {
			if (v > INT64_MAX / 1024)
				return -EINVAL;
			v *= 1024;
		}
	}
	if (v > INT64_MAX)
		return -EINVAL;
	*out = v;
	return 0;
}

const char *size_show(uint64_t octets, char out[24])
{
	static const char units[] = "kMGTPE";
	double v = (double)octets;
	int unit = -1;

	while (v >= 1024 && unit < 5) {
		v /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(out, 24, "%llu", (unsigned long long)octets);
	else
		snprintf(out, 24, "%.1f%c", v, units[unit]);
	return out;
}

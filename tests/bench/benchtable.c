// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of a benchmark, for scripts: rows come in, the table goes out, the JSON goes to a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/table.h"

#define FIELDS 5

static bool to_number(const char *text, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	return *text && !*end && !errno;
}

/* "metric value unit" or "metric value unit peer peer-value", with tabs between. 0 or -errno. */
static int take(struct bench_table *t, char *line)
{
	char *field[FIELDS], *at = line;
	double value, peer_value = 0;
	size_t n = 0;

	while (at && n < FIELDS)
		field[n++] = strsep(&at, "\t");
	if (at || (n != 3 && n != FIELDS) || !to_number(field[1], &value) ||
	    (n == FIELDS && !to_number(field[4], &peer_value)))
		return -EINVAL;
	return bench_table_add(t, field[0], value, field[2], n == FIELDS ? field[3] : NULL, peer_value);
}

int main(int argc, char **argv)
{
	struct bench_table *t;
	char line[1024];
	unsigned at = 0;
	int r;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr,
			"usage: benchtable FILE.json < ROWS\n"
			"A row is METRIC VALUE UNIT, or METRIC VALUE UNIT PEER PEERVALUE, with tabs between.\n");
		return 2;
	}
	t = bench_table_new();
	if (!t) {
		fprintf(stderr, "benchtable: out of memory\n");
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		at++;
		line[strcspn(line, "\n")] = '\0';
		r = take(t, line);
		if (r) {
			fprintf(stderr, "benchtable: line %u: %s\n", at,
				r == -EEXIST ? "that metric was there before"
				: r == -EINVAL
					? "not METRIC VALUE UNIT [PEER PEERVALUE] with tabs between, or a value that is no number"
					: strerror(-r));
			bench_table_free(t);
			return 2;
		}
	}
	if (!at) {
		fprintf(stderr, "benchtable: no rows\n");
		bench_table_free(t);
		return 2;
	}
	bench_table_print(t, stdout);
	r = bench_table_write(t, argv[1]);
	bench_table_free(t);
	if (r) {
		fprintf(stderr, "benchtable: %s: %s\n", argv[1], strerror(-r));
		return 1;
	}
	return 0;
}

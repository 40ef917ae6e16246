// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/bench/table.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "tools/lib/keel/buffer.h"
#include "tools/lib/keel/cleanup.h"

struct bench_table {
	json_t *rows;
};

struct bench_table *bench_table_new(void)
{
	struct bench_table *t = malloc(sizeof(*t));

	if (t && !(t->rows = json_array())) {
		free(t);
		t = NULL;
	}
	return t;
}

void bench_table_free(struct bench_table *t)
{
	if (!t)
		return;
	json_decref(t->rows);
	free(t);
}

int bench_table_add(struct bench_table *t, const char *metric, double value, const char *unit, const char *peer,
		    double peer_value)
{
	size_t i;
	json_t *row;

	if (!*metric || !*unit || (peer && !*peer) || !isfinite(value) || (peer && !isfinite(peer_value)))
		return -EINVAL;
	json_array_foreach(t->rows, i, row)
		if (!strcmp(json_string_value(json_object_get(row, "metric")), metric))
			return -EEXIST;
	row = json_pack("{s:s s:f s:s s:s? s:o s:o}", "metric", metric, "value", value, "unit", unit, "peer", peer,
			"peer_value", peer ? json_real(peer_value) : json_null(), "ratio",
			peer && peer_value != 0 ? json_real(value / peer_value) : json_null());
	if (!row || json_array_append_new(t->rows, row))
		return -ENOMEM;
	return 0;
}

/* ---- to read ---------------------------------------------------------------------------------------------------- */

/* Four digits that count, no more. */
static void number(char out[32], const json_t *value)
{
	double v = json_number_value(value), size = fabs(v);

	if (!json_is_number(value))
		out[0] = '\0';
	else
		snprintf(out, 32, "%.*f",
			 size >= 1000 || size == 0 ? 0
			 : size >= 100             ? 1
			 : size >= 10              ? 2
			 : size >= 1               ? 3
						   : 4,
			 v);
}

#define COLUMNS 6

static void cells(const json_t *row, char ratio[3][32], const char *cell[COLUMNS])
{
	const char *peer = json_string_value(json_object_get(row, "peer"));

	number(ratio[0], json_object_get(row, "value"));
	number(ratio[1], json_object_get(row, "peer_value"));
	number(ratio[2], json_object_get(row, "ratio"));
	cell[0] = json_string_value(json_object_get(row, "metric"));
	cell[1] = ratio[0];
	cell[2] = json_string_value(json_object_get(row, "unit"));
	cell[3] = peer ? peer : "";
	cell[4] = ratio[1];
	cell[5] = ratio[2];
}

void bench_table_print(const struct bench_table *t, FILE *to)
{
	static const char *const heads[COLUMNS] = { "metric", "value", "unit", "peer", "peer's", "ratio" };
	static const bool right[COLUMNS] = { false, true, false, false, true, true };
	size_t width[COLUMNS], i, k;
	const char *cell[COLUMNS];
	char numbers[3][32];
	json_t *row;

	for (k = 0; k < COLUMNS; k++)
		width[k] = strlen(heads[k]);
	json_array_foreach(t->rows, i, row) {
		cells(row, numbers, cell);
		for (k = 0; k < COLUMNS; k++)
			if (strlen(cell[k]) > width[k])
				width[k] = strlen(cell[k]);
	}
	for (k = 0; k < COLUMNS; k++)
		fprintf(to, "%s%*s", k ? "  " : "", right[k] ? (int)width[k] : -(int)width[k], heads[k]);
	fputc('\n', to);
	json_array_foreach(t->rows, i, row) {
		cells(row, numbers, cell);
		for (k = 0; k < COLUMNS; k++)
			fprintf(to, "%s%*s", k ? "  " : "", right[k] ? (int)width[k] : -(int)width[k], cell[k]);
		fputc('\n', to);
	}
}

/* ---- to compute with -------------------------------------------------------------------------------------------- */

/* "2 x Some CPU, 23.5 GiB" */
static void machine(struct keel_buffer *out)
{
	char line[512], model[256] = "unknown processor", *colon;
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "model name", 10) && (colon = strchr(line, ':'))) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(model, sizeof(model), "%s", colon + 2);
			break;
		}
	if (f)
		fclose(f);
	keel_buffer_printf(out, "%ld x %s, %.1f GiB", sysconf(_SC_NPROCESSORS_ONLN), model,
			   (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / (1 << 30));
}

int bench_table_write(const struct bench_table *t, const char *path)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer what = { 0 }, beside = { 0 };
	time_t now = time(NULL);
	struct utsname system;
	char date[32];
	json_t *j;
	int ret = 0;

	machine(&what);
	keel_buffer_printf(&beside, "%s.new", path);
	uname(&system);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	if (!keel_buffer_text(&what) || !keel_buffer_text(&beside))
		return -ENOMEM;
	j = json_pack("{s:s s:s s:s s:O}", "machine", keel_buffer_text(&what), "kernel", system.release, "date", date,
		      "rows", t->rows);
	if (!j)
		return -ENOMEM;
	errno = 0;
	if (json_dump_file(j, keel_buffer_text(&beside), JSON_INDENT(1) | JSON_REAL_PRECISION(9)) ||
	    rename(keel_buffer_text(&beside), path))
		ret = errno ? -errno : -EIO;
	json_decref(j);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* What the machine did meanwhile, and waiting until it has no more to do. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/mailload/load.h"

#define SETTLE_SECONDS 120
#define RESTING 0.02 /* seconds of CPU a second */
#define DRAIN_SECONDS 600

static double self_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* cpuacct.usage of version 1 (ns), or cpu.stat of version 2 (its line usage_usec). */
static double group_seconds(const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned long long n = 0;
	double seconds = -1;

	if (!f)
		return -1;
	if (fscanf(f, "usage_usec %llu", &n) == 1)
		seconds = (double)n / 1e6;
	else if (!fseek(f, 0, SEEK_SET) && fscanf(f, "%llu", &n) == 1)
		seconds = (double)n / 1e9;
	fclose(f);
	return seconds;
}

int usage_now(struct load *l, struct usage *u)
{
	unsigned long long t[8] = { 0 }; /* user nice system idle iowait irq softirq steal: proc(5) */
	FILE *f = fopen("/proc/stat", "re");
	int n;

	if (!f) {
		problem(l, "/proc/stat: %s", strerror(errno));
		return -errno;
	}
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6,
		   t + 7);
	fclose(f);
	if (n < 7) {
		problem(l, "/proc/stat: its first line is not understood");
		return -EINVAL;
	}
	u->machine = (double)(t[0] + t[1] + t[2] + t[5] + t[6]) / (double)sysconf(_SC_CLK_TCK);
	u->self = self_seconds();
	u->server = 0;
	if (l->config.settle && !strcmp(l->config.settle, "machine")) {
		u->server = u->machine - u->self;
	} else if (l->config.settle) {
		u->server = group_seconds(l->config.settle);
		if (u->server < 0) {
			problem(l, "--settle %s: not a file of a control group's CPU time", l->config.settle);
			return -EINVAL;
		}
	}
	return 0;
}

static unsigned long files_found;

static int count_file(const char *path, const struct stat *st, int type, struct FTW *where)
{
	files_found += type == FTW_F;
	return 0;
}

/* Files below each of the folders, "A:B:C". */
static unsigned long files_below(const char *folders)
{
	char *list = strdup(folders), *at = list, *one;

	files_found = 0;
	while (list && (one = strsep(&at, ":")))
		if (*one)
			nftw(one, count_file, 16, FTW_PHYS);
	free(list);
	return files_found;
}

bool wait_drained(struct load *l)
{
	uint64_t moved = now_ns();
	unsigned long n, least = ~0ul;

	while (l->config.drain && (n = files_below(l->config.drain))) {
		if (n < least) {
			least = n;
			moved = now_ns();
		}
		if (now_ns() - moved > DRAIN_SECONDS * 1000000000ull) {
			problem(l, "--drain: %lu files stay in %s", n, l->config.drain);
			return false;
		}
		usleep(n > 2000 ? 1000000 : 100000);
	}
	return true;
}

bool wait_settled(struct load *l)
{
	struct usage before, after;

	for (unsigned i = 0; l->config.settle && i < SETTLE_SECONDS; i++) {
		if (usage_now(l, &before))
			return false;
		sleep(1);
		if (usage_now(l, &after))
			return false;
		if (after.server - before.server < RESTING)
			break;
	}
	if (l->config.settle)
		sync();
	return true;
}

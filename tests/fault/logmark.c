// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets marks in the block log of a dm-log-writes device: the time as CLOCK_REALTIME has it, in seconds, again and again.
 *
 *   logmark DEVICE MILLISECONDS [PID]		until killed, or until process PID has gone
 *
 * What was true before the time was taken is therefore true of the log's prefix up to the mark.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct request {
	struct dm_ioctl head;
	uint64_t sector; /* this and text are a struct dm_target_msg */
	char text[64];
};

_Static_assert(offsetof(struct dm_target_msg, message) == sizeof(uint64_t), "a message follows its sector");

static int mark(int control, const char *device)
{
	struct request request = {
		.head = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(request),
			.data_start = offsetof(struct request, sector),
		},
	};
	struct timespec now;

	snprintf(request.head.name, sizeof(request.head.name), "%s", device);
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(request.text, sizeof(request.text), "mark %lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
	return ioctl(control, DM_TARGET_MSG, &request);
}

int main(int argc, char **argv)
{
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	useconds_t pause;
	pid_t pid;

	if (argc < 3) {
		fputs("usage: logmark DEVICE MILLISECONDS [PID]\n", stderr);
		return 2;
	}
	pause = (useconds_t)strtoul(argv[2], NULL, 10) * 1000;
	pid = argc > 3 ? (pid_t)strtol(argv[3], NULL, 10) : 0;
	do {
		if (control < 0 || mark(control, argv[1])) {
			fprintf(stderr, "logmark: %s: %s\n", argv[1], strerror(errno));
			return 1;
		}
		usleep(pause);
	} while (!pid || !kill(pid, 0));
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of the numbered events have come. Processors hand them over on their own, so that numbers that are near come in any order; one that is missing is lost
 * when the last 64 are behind it, or when the caller waits no longer.
 */
#ifndef NAT64CTL_ARRIVAL_H
#define NAT64CTL_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

#define ARRIVAL_WINDOW 64

/* All 0 at first. */
struct arrival {
	uint32_t top;  /* the highest number that came; they go round */
	uint64_t seen; /* bit n: top - n came, or was before the first, or is given up */
	bool begun;
};

/* The event with this number came: how many are lost that had not been known to be. */
uint32_t arrival_note(struct arrival *arrival, uint32_t number);
/* How many of those that could still have come did not; they are given up. */
uint32_t arrival_settle(struct arrival *arrival);

#endif

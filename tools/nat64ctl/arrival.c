// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/nat64ctl/arrival.h"

static uint32_t missing(uint64_t seen)
{
	return ARRIVAL_WINDOW - (uint32_t)__builtin_popcountll(seen);
}

uint32_t arrival_note(struct arrival *arrival, uint32_t number)
{
	const uint32_t ahead = number - arrival->top, behind = arrival->top - number;
	uint32_t lost;

	if (!arrival->begun) {
		*arrival = (struct arrival){ .top = number, .seen = UINT64_MAX, .begun = true };
		return 0;
	}
	if (behind < UINT32_MAX / 2) {
		if (behind < ARRIVAL_WINDOW)
			arrival->seen |= 1ULL << behind;
		return 0;
	}
	if (ahead < ARRIVAL_WINDOW) {
		lost = missing(arrival->seen | UINT64_MAX >> ahead);
		arrival->seen = arrival->seen << ahead | 1;
	} else {
		lost = missing(arrival->seen) + ahead - ARRIVAL_WINDOW;
		arrival->seen = 1;
	}
	arrival->top = number;
	return lost;
}

uint32_t arrival_settle(struct arrival *arrival)
{
	const uint32_t lost = arrival->begun ? missing(arrival->seen) : 0;

	arrival->seen = UINT64_MAX;
	return lost;
}

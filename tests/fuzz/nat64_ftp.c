// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The FTP gateway against anything that client and server may say, and any way in which segments may be cut, lost, repeated and exchanged. The input is a
 * script for two connections: both hear the same words, one in pieces by the script, the other in whole segments. Watched: what each end got is the same
 * on both, nothing stands still for good, and what tests/unit/nat64/control.c watches.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct control rough, tidy;

static void require(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz nat64_ftp: %s\n", what);
		abort();
	}
}

static struct end *end_of(struct control *c, int server)
{
	return server ? &c->server : &c->client;
}

/* All that this end said arrives on both. 0: it cannot: too many commands wait for their replies. */
static int settle(int server)
{
	struct end *rough_end = end_of(&rough, server), *tidy_end = end_of(&tidy, server);
	const struct end *rough_peer = end_of(&rough, !server), *tidy_peer = end_of(&tidy, !server);
	const int all = control_flush(&tidy, tidy_end, 1000);

	require(control_flush(&rough, rough_end, 1000) == all, "one of them stands still");
	require(rough_peer->next == tidy_peer->next && !memcmp(rough_peer->got, tidy_peer->got, tidy_peer->next),
		"what arrives depends on how it was cut");
	require(all || tidy.ftp.pending_count == NAT64_FTP_PENDING, "it stands still for nothing");
	return all;
}

/* Pieces of what an end has said and is not acknowledged, or just was. */
static void piece(struct end *end, const uint8_t *how)
{
	const size_t back = how[0] & 15, at = end->acked > back ? end->acked - back : 0;
	const size_t start = at + (how[1] & 63), left = end->size - start;
	const size_t some = 1u + (how[2] & 127);

	if (start < end->size)
		control_send(&rough, end, start, left < some ? left : some, PSH | (how[0] & 16 ? URG : 0), how[0] & 32);
}

static void finish(void)
{
	for (int server = 0; server < 2; server++) {
		struct end *end = end_of(&rough, server);

		if (!settle(server))
			return;
		control_send(&rough, end, end->size, 0, FIN, 1);
		require(end_of(&rough, !server)->end_seen, "the end does not arrive");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0, some;
	int server = 0;

	control_begin(&rough);
	control_begin(&tidy);
	rough.call.owner = tidy.call.owner = &tidy;
	while (size - at >= 4) {
		const uint8_t *how = data + at;

		at += 4;
		switch (how[3] & 7) {
		case 0:
		case 1:
			if (server != (how[3] & 1) && !settle(server))
				return 0;
			server = how[3] & 1;
			some = size - at < how[0] ? size - at : how[0];
			if (end_of(&tidy, server)->size + some > CONTROL_ROOM / 8)
				return 0;
			control_say(end_of(&rough, server), data + at, some);
			control_say(end_of(&tidy, server), data + at, some);
			at += some;
			break;
		case 2:
			control_acknowledge(&rough, end_of(&rough, how[0] & 1));
			break;
		case 3:
			some = 4u * (how[0] % 11);
			rough.options_size = size - at < some ? 0 : some;
			memcpy(rough.options, data + at, rough.options_size);
			control_acknowledge(&rough, end_of(&rough, how[1] & 1));
			rough.options_size = 0;
			break;
		case 4:
			if (!settle(server))
				return 0;
			tidy.expect_error = how[0] & 1;
			break;
		default:
			piece(end_of(&rough, server), how);
			break;
		}
	}
	finish();
	return 0;
}

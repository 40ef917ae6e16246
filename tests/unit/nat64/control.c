// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/nat64/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "control connection: %s\n", what);
		abort();
	}
}

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

struct end *control_peer(struct control *c, const struct end *end)
{
	return end == &c->client ? &c->server : &c->client;
}

void control_say(struct end *end, const void *octets, size_t size)
{
	require(end->size + size <= sizeof(end->sent), "the test says too much");
	memcpy(end->sent + end->size, octets, size);
	end->size += size;
}

void control_say_text(struct end *end, const char *text)
{
	control_say(end, text, strlen(text));
}

/* ---- segments -------------------------------------------------------------------------------- */

/* Through the gateway; the payload lies in memory of its size. */
static enum nat64_ftp_verdict through(struct control *c, struct end *end, uint32_t sequence, uint32_t ack, int flags,
				      const uint8_t *payload, size_t size)
{
	struct nat64_ftp_segment segment = { .tcp = c->tcp,
					     .header = (uint32_t)(20 + c->options_size),
					     .size = (uint32_t)size };
	const uint32_t room = size > NAT64_FTP_ROOM ? (uint32_t)size : NAT64_FTP_ROOM;
	uint8_t *copy = malloc(size + 1), *out = malloc(room);
	enum nat64_ftp_verdict verdict;
	uint8_t before[60];

	memset(c->tcp, 0, sizeof(c->tcp));
	put32(c->tcp + 4, sequence);
	put32(c->tcp + 8, ack);
	c->tcp[12] = (uint8_t)(segment.header / 4 << 4);
	c->tcp[13] = (uint8_t)flags;
	if (flags & URG)
		c->tcp[19] = (uint8_t)size;
	memcpy(c->tcp + 20, c->options, c->options_size);
	memcpy(before, c->tcp, sizeof(before));
	if (size)
		memcpy(copy, payload, size);
	segment.payload = copy;
	segment.out = out;
	verdict = nat64_ftp_segment(&c->ftp, &c->call, end == &c->client, &segment);
	if (verdict != NAT64_FTP_WRITE) {
		require(!memcmp(before, c->tcp, sizeof(before)), "a segment that passes has another header");
		memcpy(out, copy, size < room ? size : room);
		segment.written = (uint32_t)size;
	}
	require(segment.written <= room, "more was written than there is room for");
	memcpy(c->out, out, segment.written);
	c->written = segment.written;
	free(copy);
	free(out);
	return verdict;
}

/* What came out, on its way: the same as ever, but where the other end has acknowledged it and does not look. */
static void observe(struct control *c, struct end *to)
{
	const int32_t at = (int32_t)(get32(c->tcp + 4) - to->peer_first - 1);

	for (uint32_t i = 0; i < c->written; i++) {
		const int32_t place = at + (int32_t)i;

		if (place < (int32_t)to->told)
			continue;
		require((size_t)place < sizeof(to->got), "an octet far away");
		require(!to->seen[place] || to->was[place] == c->out[i], "an octet is another when it is sent again");
		to->was[place] = c->out[i];
		to->seen[place] = 1;
	}
}

/* At the other end. */
static void arrive(struct control *c, struct end *to)
{
	const int32_t at = (int32_t)(get32(c->tcp + 4) - to->peer_first - 1);

	for (uint32_t i = 0; i < c->written; i++) {
		const int32_t place = at + (int32_t)i;

		if (place < 0 || to->has[place])
			continue;
		to->got[place] = c->out[i];
		to->has[place] = 1;
	}
	while (to->next < sizeof(to->got) && to->has[to->next])
		to->next++;
	if (c->tcp[13] & FIN) {
		require(!to->has[at + (int32_t)c->written], "there is something behind the end");
		to->end_seen |= (size_t)at + c->written == to->next;
	}
}

void control_acknowledge(struct control *c, struct end *end)
{
	struct end *peer = control_peer(c, end);
	size_t acked;

	through(c, end, end->first + 1 + (uint32_t)end->size,
		end->peer_first + 1 + (uint32_t)end->next + (uint32_t)end->end_seen, ACK, NULL, 0);
	acked = get32(c->tcp + 8) - peer->first - 1;
	require(acked <= peer->size + (size_t)peer->closed, "more is acknowledged than was sent");
	require(acked >= peer->acked, "an acknowledgement is taken back");
	peer->acked = acked;
	end->told = end->next;
}

enum nat64_ftp_verdict control_send(struct control *c, struct end *end, size_t at, size_t size, int flags, int arrives)
{
	struct end *peer = control_peer(c, end);
	const enum nat64_ftp_verdict verdict = through(c, end, end->first + 1 + (uint32_t)at,
						       end->peer_first + 1 + (uint32_t)end->next, flags | ACK,
						       end->sent + at, size);

	if (flags & FIN)
		end->closed = 1;
	if (verdict == NAT64_FTP_EARLY)
		return verdict;
	observe(c, peer);
	if (!arrives)
		return verdict;
	arrive(c, peer);
	control_acknowledge(c, peer);
	return verdict;
}

int control_flush(struct control *c, struct end *end, size_t size)
{
	size_t at = end->acked, stuck = 0;

	while (end->acked < end->size && stuck < 4) {
		const size_t before = end->acked, left = end->size - at;

		control_send(c, end, at, left < size ? left : size, PSH, 1);
		at += left < size ? left : size;
		stuck = end->acked == before ? stuck + 1 : 0;
		if (at >= end->size || stuck)
			at = end->acked;
	}
	return end->acked >= end->size;
}

/* ---- the beginning --------------------------------------------------------------------------- */

static int expect(void *owner, __be16 port, __be32 *address, __be16 *pool_port)
{
	static const uint8_t pool[] = { 192, 0, 2, 31 }, places[] = { 235, 32 };
	struct control *c = owner;
	uint8_t octets[2];

	c->expected++;
	memcpy(octets, &port, 2);
	c->expected_port = (uint16_t)(octets[0] << 8 | octets[1]);
	if (c->expect_error)
		return c->expect_error;
	memcpy(address, pool, 4);
	memcpy(pool_port, places, 2);
	return 0;
}

void control_begin(struct control *c)
{
	static const uint8_t client[16] = { 0x20, 1, 0xd, 0xb8, 0, 2, [15] = 0x31 }, server[] = { 198, 51, 100, 2 };

	memset(c, 0, sizeof(*c));
	memcpy(&c->call.client, client, 16);
	memcpy(&c->call.server, server, 4);
	c->call.expect = expect;
	c->call.owner = c;
	c->client.first = c->server.peer_first = 0xffffffe0;
	c->server.first = c->client.peer_first = 0xfffffff0;
	require(through(c, &c->client, c->client.first, 0, SYN, NULL, 0) == NAT64_FTP_PASS, "the SYN");
	require(through(c, &c->server, c->server.first, c->client.first + 1, SYN | ACK, NULL, 0) == NAT64_FTP_PASS,
		"the SYN's answer");
	control_acknowledge(c, &c->client);
}

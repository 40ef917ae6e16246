// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/nat64/frame.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

__be32 frame_v4(const char *text)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		abort();
	return address.s_addr;
}

struct nat64_in6 frame_v6(const char *text)
{
	struct nat64_in6 address;

	if (inet_pton(AF_INET6, text, &address) != 1)
		abort();
	return address;
}

void frame_copy(struct frame *to, const struct frame *from)
{
	const size_t at = (size_t)(from->packet.data - from->octets);

	to->packet = from->packet;
	to->packet.data = to->octets + at;
	memcpy(to->packet.data, from->packet.data, from->packet.len);
}

static void begin(struct frame *frame, size_t size)
{
	if (size > FRAME_ROOM)
		abort();
	frame->packet = (struct nat64_packet){ .data = frame->octets + FRAME_HEADROOM,
					       .headroom = FRAME_HEADROOM,
					       .linear = (uint32_t)size,
					       .len = (uint32_t)size };
	memset(frame->packet.data, 0, size);
}

void frame_hex(struct frame *frame, const char *digits)
{
	size_t n = 0;

	begin(frame, 0);
	for (; *digits; digits++) {
		unsigned value;

		if (isspace((unsigned char)*digits))
			continue;
		if (sscanf(digits, "%2x", &value) != 1 || n == FRAME_ROOM)
			abort();
		frame->packet.data[n++] = (uint8_t)value;
		digits++;
	}
	frame->packet.linear = frame->packet.len = (uint32_t)n;
}

uint8_t *frame_4(struct frame *frame, const char *source, const char *destination, uint8_t protocol, size_t size)
{
	__be32 addresses[2];
	uint8_t *ip;

	begin(frame, 20 + size);
	ip = frame->packet.data;
	ip[0] = 0x45;
	ip[8] = 64;
	ip[9] = protocol;
	put16(ip + 2, (uint32_t)(20 + size));
	addresses[0] = frame_v4(source);
	addresses[1] = frame_v4(destination);
	memcpy(ip + 12, addresses, 8);
	return ip + 20;
}

uint8_t *frame_6(struct frame *frame, const char *source, const char *destination, uint8_t protocol, size_t size)
{
	struct nat64_in6 addresses[2];
	uint8_t *ip;

	begin(frame, 40 + size);
	ip = frame->packet.data;
	ip[0] = 0x60;
	ip[6] = protocol;
	ip[7] = 64;
	put16(ip + 4, (uint32_t)size);
	addresses[0] = frame_v6(source);
	addresses[1] = frame_v6(destination);
	memcpy(ip + 8, addresses, 32);
	return ip + 40;
}

static void count_up(uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)i;
}

void frame_udp(uint8_t *upper, size_t size, uint16_t source, uint16_t destination)
{
	put16(upper, source);
	put16(upper + 2, destination);
	put16(upper + 4, (uint32_t)size);
	put16(upper + 6, 0);
	count_up(upper + 8, size - 8);
}

void frame_tcp(uint8_t *upper, size_t size, uint16_t source, uint16_t destination, uint8_t flags)
{
	memset(upper, 0, 20);
	put16(upper, source);
	put16(upper + 2, destination);
	put16(upper + 4, 0x1234);
	upper[12] = 5 << 4;
	upper[13] = flags;
	put16(upper + 14, 1024);
	count_up(upper + 20, size - 20);
}

void frame_icmp(uint8_t *upper, size_t size, uint8_t type, uint8_t code, uint32_t word)
{
	upper[0] = type;
	upper[1] = code;
	put16(upper + 2, 0);
	put16(upper + 4, word >> 16);
	put16(upper + 6, word & 0xffff);
	count_up(upper + 8, size - 8);
}

uint16_t frame_sum(const uint8_t *octets, size_t size, uint32_t seed)
{
	uint64_t sum = seed;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? octets[i] : (uint64_t)octets[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint32_t frame_pseudo(const uint8_t *ip, uint8_t protocol, size_t size)
{
	const uint32_t rest = protocol + (uint32_t)size;

	if (ip[0] >> 4 == 6)
		return frame_sum(ip + 8, 32, rest);
	return protocol == 1 ? 0 : frame_sum(ip + 12, 8, rest);
}

/* Where the upper layer begins; *protocol is its number, *whole 0 for a fragment. */
static size_t upper_at(const uint8_t *ip, size_t size, uint8_t *protocol, int *whole)
{
	size_t at = 40;

	if (ip[0] >> 4 == 4) {
		*protocol = ip[9];
		*whole = !(get16(ip + 6) & 0x3fff);
		return (ip[0] & 15) * 4u;
	}
	*protocol = ip[6];
	*whole = 1;
	while (at + 8 <= size && (*protocol == 0 || *protocol == 43 || *protocol == 60 || *protocol == 44)) {
		const size_t length = *protocol == 44 ? 8 : 8 + ip[at + 1] * 8u;

		if (*protocol == 44 && get16(ip + at + 2) & 0xfff9)
			*whole = 0;
		*protocol = ip[at];
		at += length;
	}
	return at;
}

static size_t checksum_at(uint8_t protocol)
{
	return protocol == 6 ? 16 : protocol == 17 ? 6 : protocol == 1 || protocol == 58 ? 2 : 0;
}

void frame_close(struct frame *frame)
{
	uint8_t *ip = frame->packet.data, protocol;
	int whole;
	const size_t at = upper_at(ip, frame->packet.len, &protocol, &whole), size = frame->packet.len - at,
		     field = checksum_at(protocol);
	uint16_t sum;

	if (at > frame->packet.len)
		return;
	if (ip[0] >> 4 == 4) {
		put16(ip + 10, 0);
		put16(ip + 10, ~(uint32_t)frame_sum(ip, at, 0) & 0xffff);
	}
	if (!field || !whole || field + 2 > size)
		return;
	put16(ip + at + field, 0);
	sum = (uint16_t)~frame_sum(ip + at, size, frame_pseudo(ip, protocol, size));
	put16(ip + at + field, sum || protocol != 17 ? sum : 0xffff);
}

const char *frame_wrong(const uint8_t *ip, size_t size)
{
	uint8_t protocol;
	size_t at;
	int whole;

	if (size < 20 || (ip[0] >> 4 == 6 && size < 40))
		return "no header";
	if (ip[0] >> 4 == 4 ? get16(ip + 2) != size : get16(ip + 4) + 40 != size)
		return "length";
	at = upper_at(ip, size, &protocol, &whole);
	if (at > size)
		return "headers";
	if (ip[0] >> 4 == 4 && frame_sum(ip, at, 0) != 0xffff)
		return "header checksum";
	if (!whole || !checksum_at(protocol))
		return NULL;
	if (checksum_at(protocol) + 2 > size - at)
		return "upper header";
	if (protocol == 17 && !get16(ip + at + 6))
		return ip[0] >> 4 == 4 ? NULL : "no UDP checksum";
	return frame_sum(ip + at, size - at, frame_pseudo(ip, protocol, size - at)) == 0xffff ? NULL : "checksum";
}

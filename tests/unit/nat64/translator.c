// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/nat64/translator.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

const char *const translator_names[NAT64_VERDICT_COUNT] = {
#define X(name, counter, text) [NAT64_##name] = counter,
	NAT64_VERDICTS(X)
#undef X
};

static const uint16_t plateaus[] = { 65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68 };

void translator_init(struct nat64_config *config)
{
	const struct nat64_eam entries[] = {
		{ frame_v4("192.0.2.1"), 32, frame_v6("2001:db8:a::1"), 128 },
		{ frame_v4("192.0.2.2"), 32, frame_v6("2001:db8:a::2"), 128 },
		{ frame_v4("198.51.100.0"), 24, frame_v6("2001:db8:b::"), 120 },
	};
	struct nat64_eamt *eamt;
	uint32_t bad;

	memset(config, 0, sizeof(*config));
	config->pool6 = (struct nat64_prefix6){ frame_v6("2001:db8:64::"), 96 };
	ck_assert_int_eq(nat64_eamt_build(malloc(nat64_eamt_size(3)), entries, 3, 0, &bad, &eamt), NAT64_EAM_OK);
	config->eamt = eamt;
	config->carry_other = 1;
	config->lowest_ipv6_mtu = 1280;
	config->plateau_count = sizeof(plateaus) / sizeof(plateaus[0]);
	memcpy(config->plateaus, plateaus, sizeof(plateaus));
}

void translator_free(struct nat64_config *config)
{
	free((void *)config->eamt);
}

static __wsum payload_sum(const struct nat64_packet *packet, const struct nat64_flow *flow)
{
	const uint16_t sum = frame_sum(packet->data + flow->outer.l4 + 8, flow->outer.udp_length - 8u, 0);
	uint8_t octets[2] = { (uint8_t)(sum >> 8), (uint8_t)sum };
	uint16_t value;

	memcpy(&value, octets, 2); /* as csum_partial(): in the order it lies in memory */
	return value;
}

static enum nat64_verdict step(const struct nat64_config *config, struct nat64_way way, struct nat64_packet *packet)
{
	const int six = packet->data[0] >> 4 == 6;
	struct nat64_flow flow;
	struct nat64_map map;
	enum nat64_verdict verdict;

	memset(&flow, 0xa5, sizeof(flow)); /* what is not filled is to be noticed */
	memset(&map, 0xa5, sizeof(map));
	verdict = nat64_parse(packet, six ? 6 : 4, &flow);
	if (verdict == NAT64_OK)
		verdict = six ? nat64_map_64(config, &flow, 0, &map) : nat64_map_46(config, &flow, 0, &map);
	if (verdict == NAT64_OK && flow.outer.flags & NAT64_F_UDP_ZERO)
		way.payload_sum = payload_sum(packet, &flow);
	if (verdict != NAT64_OK)
		return verdict;
	return six ? nat64_rewrite_64(config, &flow, &map, &way, packet)
		   : nat64_rewrite_46(config, &flow, &map, &way, packet);
}

enum nat64_verdict translator_step(const struct nat64_config *config, const struct nat64_way *way, struct frame *frame)
{
	static struct frame before;
	const struct nat64_packet was = frame->packet;
	enum nat64_verdict verdict;
	size_t from = (size_t)(was.data - frame->octets), end = from + was.linear, watched = end + 256;

	watched = watched < sizeof(before.octets) ? watched : sizeof(before.octets);
	memcpy(before.octets, frame->octets, watched);
	verdict = step(config, *way, &frame->packet);
	if (verdict != NAT64_OK) {
		ck_assert_mem_eq(&frame->packet, &was, sizeof(was));
		ck_assert_mem_eq(frame->octets, before.octets, watched);
		return verdict;
	}
	ck_assert_ptr_eq(frame->packet.data - frame->packet.headroom, was.data - was.headroom);
	ck_assert(frame->packet.linear <= frame->packet.len);
	ck_assert(frame->packet.data + frame->packet.linear <= was.data + was.linear);
	ck_assert_mem_eq(frame->octets + end, before.octets + end, watched - end);
	if (frame->packet.data < was.data)
		from = (size_t)(frame->packet.data - frame->octets);
	ck_assert_mem_eq(frame->octets, before.octets, from);
	return verdict;
}

void translator_pass(const struct nat64_config *config, struct frame *frame)
{
	const struct nat64_way way = { .hops = 1, .identification = 0xabcd };
	const enum nat64_verdict verdict = translator_step(config, &way, frame);
	const char *wrong;

	ck_assert_msg(verdict == NAT64_OK, "refused: %s", translator_names[verdict]);
	wrong = frame_wrong(frame->packet.data, frame->packet.len);
	ck_assert_msg(!wrong, "wrong: %s", wrong);
}

void translator_refuse(const struct nat64_config *config, struct frame *frame, enum nat64_verdict expected)
{
	const struct nat64_way way = { .hops = 1 };
	const enum nat64_verdict verdict = translator_step(config, &way, frame);

	ck_assert_msg(verdict == expected, "%s instead of %s", translator_names[verdict], translator_names[expected]);
}

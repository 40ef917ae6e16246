// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The translator's core against any packet. The first octets choose configuration, way and addresses; the rest is the packet. It lies in memory of
 * its size, cut where linear ends. Watched: a refusal changes nothing; what comes out has lengths that fit, is read without complaint, and its
 * checksums are right if they were, else as wrong as they were; a packet that is sent back by the reverse map has the upper layer it had;
 * less that is linear means the same or NAT64_TRUNCATED; the MSS clamp keeps the checksum.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/nat64/core/eamt.h"

#define OPENING 16
#define LEN_MAX 70000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz nat64: %s\n", what);
		abort();
	}
}

/* ---- the world -------------------------------------------------------------------------------- */

struct world {
	struct nat64_config config;
	struct nat64_way way;
	uint8_t family;
	const uint8_t *opening;
};

static uint64_t eamt_memory[4096];
static struct nat64_eamt *eamt;

static void build_eamt(void)
{
	static const struct nat64_eam entries[] = {
		{ 0x010200c0, 32, { { 0xb80d0120, 0x0a00, 0, 0x01000000 } }, 128 },
		{ 0x006433c6, 24, { { 0xb80d0120, 0x0b00, 0, 0 } }, 120 },
		{ 0x0000000a, 8, { { 0xb80d0120, 0x0c00, 0, 0 } }, 64 },
	};
	uint32_t bad;

	require(sizeof(eamt_memory) >= nat64_eamt_size(3), "the table does not fit");
	require(nat64_eamt_build(eamt_memory, entries, 3, 1, &bad, &eamt) == NAT64_EAM_OK, "the table is refused");
}

static void begin(struct world *w, const uint8_t *opening)
{
	static const uint8_t lengths[] = { 0, 32, 40, 48, 56, 64, 96, 96 };
	static const uint16_t plateaus[] = { 65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68 };

	if (!eamt)
		build_eamt();
	memset(w, 0, sizeof(*w));
	w->opening = opening;
	w->family = opening[0] & 1 ? 6 : 4;
	w->config.amend_udp_zero = opening[0] >> 1 & 1;
	w->config.tos_override = opening[0] >> 2 & 1;
	w->config.carry_other = opening[0] >> 3 & 1;
	w->config.wkp_non_global = opening[1] >> 3 & 1;
	w->config.hairpin = opening[1] >> 4 & 3;
	w->config.eamt = opening[1] & 0x40 ? eamt : NULL;
	w->config.pool6.length = lengths[opening[1] & 7];
	w->config.pool6.address.word[0] = (opening[1] & 7) == 7 ? 0x9bff6400 : 0xb80d0120;
	w->config.error_pool4_count = opening[2] & 3;
	w->config.error_pool4[0] = w->config.error_pool4[1] = 0x080000c0;
	w->config.tos = opening[3];
	w->config.lowest_ipv6_mtu = 1280;
	w->config.plateau_count = sizeof(plateaus) / sizeof(plateaus[0]);
	memcpy(w->config.plateaus, plateaus, sizeof(plateaus));
	w->way.fragment = opening[2] >> 2 & 1;
	w->way.hops = opening[2] >> 3 & 1;
	w->way.mtu_in = (uint32_t)opening[4] << 8 | opening[5];
	w->way.mtu_out = (uint32_t)opening[6] << 8 | opening[7];
	w->way.identification = opening[8];
}

/* ---- packets ---------------------------------------------------------------------------------- */

/* headroom, the linear part, and nothing else. */
struct memory {
	uint8_t *octets;
	struct nat64_packet packet;
};

static struct memory place(const uint8_t *data, uint32_t linear, uint32_t len, uint8_t sum)
{
	struct memory m = { .octets = malloc(NAT64_GROWTH + linear) };

	memset(m.octets, 0xee, NAT64_GROWTH);
	memcpy(m.octets + NAT64_GROWTH, data, linear);
	m.packet = (struct nat64_packet){
		.data = m.octets + NAT64_GROWTH, .headroom = NAT64_GROWTH, .linear = linear, .len = len, .sum = sum
	};
	return m;
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint64_t add(uint64_t sum, const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? octets[i] : (uint64_t)octets[i] << 8;
	return sum;
}

static uint32_t fold(uint64_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? 0 : (uint32_t)sum;
}

/* What the upper layer's checksum is off by: 0 if it is right. */
static uint32_t error_of(const uint8_t *ip, const struct nat64_half *half, int six)
{
	uint64_t sum = add(0, ip + half->l4, half->payload);

	if (six)
		sum = add(sum, ip + half->l3 + 8, 32) + half->payload + half->protocol;
	else if (half->protocol != 1)
		sum = add(sum, ip + half->l3 + 12, 8) + half->payload + half->protocol;
	return fold(sum);
}

static int has_checksum(const struct nat64_half *half)
{
	return half->upper <= NAT64_ERROR && !(half->flags & NAT64_F_UDP_ZERO);
}

/* ---- steps ------------------------------------------------------------------------------------ */

/* The map: the configuration's, or any addresses and ports there are. */
static enum nat64_verdict map(const struct world *w, const struct nat64_flow *flow, struct nat64_map *out)
{
	uint8_t *octets = (uint8_t *)out;

	if (!(w->opening[0] & 0x20))
		return w->family == 6 ? nat64_map_64(&w->config, flow, w->opening[9], out)
				      : nat64_map_46(&w->config, flow, w->opening[9], out);
	for (size_t i = 0; i < sizeof(*out); i++)
		octets[i] = (uint8_t)(w->opening[9 + i % 7] + i);
	if (w->family == 6) /* nothing that the parser would refuse */
		out->outer.source.v4 = 0x01000008;
	else
		out->outer.source.v6.word[0] = 0xb80d0120;
	if (flow->outer.upper == NAT64_ECHO)
		out->outer.destination_port = out->outer.source_port;
	if (flow->inner.upper == NAT64_ECHO)
		out->inner.destination_port = out->inner.source_port;
	return NAT64_OK;
}

static enum nat64_verdict rewrite(const struct nat64_config *config, const struct nat64_flow *flow,
				  const struct nat64_map *map, const struct nat64_way *way, struct nat64_packet *packet)
{
	return flow->family == 6 ? nat64_rewrite_64(config, flow, map, way, packet)
				 : nat64_rewrite_46(config, flow, map, way, packet);
}

/* IGMP is refused in IPv4; fragments of AH, mobility, HIP and shim6 are extension headers behind a fragment header in IPv6. */
static int one_way(const struct nat64_half *half)
{
	return half->protocol == 2 || half->protocol == 51 || half->protocol == 135 || half->protocol == 139 ||
	       half->protocol == 140;
}

/* What may be wrong with an output in the eyes of the other direction, though it was right to make it. */
static int excused(enum nat64_verdict verdict, const struct nat64_flow *old)
{
	switch (verdict) {
	case NAT64_OK:
	case NAT64_SCOPE: /* what addresses map to is the administrator's */
		return 1;
	case NAT64_UDP_ZERO_FRAGMENT: /* allowed in IPv6 (RFC 6935), and IPv4 does not mind */
		return old->outer.flags & NAT64_F_UDP_ZERO;
	case NAT64_ICMP_TYPE:
	case NAT64_BAD_CHAIN:
		return one_way(&old->outer);
	case NAT64_ICMP_INNER:
		return one_way(&old->inner);
	default:
		return 0;
	}
}

static void reverse(const struct nat64_half *half, struct nat64_map_half *map)
{
	map->source = half->source;
	map->destination = half->destination;
	map->source_port = half->source_port;
	map->destination_port = half->destination_port;
}

/* Sends the output back by the reverse map: the upper layer is what it was, but for the other way of writing a checksum's 0. */
static void send_back(const struct world *w, const uint8_t *whole, const struct nat64_flow *flow, const uint8_t *out,
		      uint32_t len, const struct nat64_flow *out_flow)
{
	const struct nat64_half *half = &flow->outer;
	struct memory m = place(out, len, len, NAT64_SUM_FULL);
	struct nat64_config config = w->config;
	struct nat64_way way = { .hops = 0 };
	struct nat64_map back;
	const uint8_t *upper;
	size_t field;

	config.carry_other = config.amend_udp_zero = 1;
	reverse(half, &back.outer);
	reverse(&flow->inner, &back.inner);
	require(rewrite(&config, out_flow, &back, &way, &m.packet) == NAT64_OK, "the way back is refused");
	upper = m.packet.data + (w->family == 6 ? 40 : 20) +
		(w->family == 6 && half->flags & NAT64_F_FRAGMENTED ? 8 : 0);
	if (half->upper != NAT64_ERROR && !(half->flags & NAT64_F_ATOMIC) && !(w->way.fragment && w->family == 4)) {
		field = half->upper == NAT64_TCP ? 16 : half->upper == NAT64_ECHO ? 2 : 6;
		require(upper + half->payload == m.packet.data + m.packet.len, "the length is not what it was");
		if (half->upper == NAT64_FRAGMENT || half->payload < field + 2) {
			require(!memcmp(upper, whole + half->l4, half->payload), "a payload is not what it was");
		} else {
			require(!memcmp(upper, whole + half->l4, field), "the header is not what it was");
			require(!memcmp(upper + field + 2, whole + half->l4 + field + 2, half->payload - field - 2),
				"the payload is not what it was");
			require(fold(get16(upper + field)) == fold(get16(whole + half->l4 + field)) ||
					half->flags & NAT64_F_UDP_ZERO,
				"the checksum is not what it was");
		}
	}
	free(m.octets);
}

/* The output, as one piece: what is linear, and behind it what never was. */
static uint8_t *collect(const struct nat64_packet *packet, const uint8_t *behind)
{
	uint8_t *out = malloc(packet->len + 1);

	memcpy(out, packet->data, packet->linear);
	memcpy(out + packet->linear, behind, packet->len - packet->linear);
	return out;
}

static void check_output(const struct world *w, const uint8_t *whole, const struct nat64_flow *flow, const uint8_t *out,
			 uint32_t len, uint8_t sum)
{
	const int six = w->family == 4;
	const struct nat64_packet packet = { .data = (uint8_t *)out, .linear = len, .len = len, .sum = sum };
	struct nat64_flow out_flow;
	enum nat64_verdict verdict;

	require(out[0] >> 4 == (six ? 6 : 4), "the version");
	require(six ? get16(out + 4) + 40 == len : get16(out + 2) == len, "the length field");
	require(six || fold(add(0, out, 20)) == 0, "the header checksum");
	if (flow->outer.upper == NAT64_ERROR)
		require(len <= (six ? 1280 : 576), "an ICMP error too long");
	verdict = nat64_parse(&packet, six ? 6 : 4, &out_flow);
	require(excused(verdict, flow), "the output is not read");
	if (verdict != NAT64_OK)
		return;
	require(out_flow.outer.upper == flow->outer.upper, "the upper layer is another");
	require((out_flow.outer.flags & NAT64_F_MORE) == (flow->outer.flags & NAT64_F_MORE) &&
			out_flow.outer.fragment_offset == flow->outer.fragment_offset,
		"the fragment is another");
	if (sum == NAT64_SUM_FULL && has_checksum(&flow->outer))
		require(error_of(out, &out_flow.outer, six) == error_of(whole, &flow->outer, !six), "the checksum");
	else if (sum == NAT64_SUM_FULL && six && flow->outer.flags & NAT64_F_UDP_ZERO &&
		 flow->outer.udp_length == flow->outer.payload)
		require(error_of(out, &out_flow.outer, six) == 0, "the amended checksum");
	if (sum == NAT64_SUM_FULL && !(flow->outer.flags & NAT64_F_UDP_ZERO))
		send_back(w, whole, flow, out, len, &out_flow);
}

static __wsum payload_sum(const uint8_t *whole, const struct nat64_half *half)
{
	const uint32_t sum = fold(add(0, whole + half->l4 + 8, half->udp_length - 8u));

	return (__wsum)((sum >> 8 | sum << 8) & 0xffff); /* in the order it lies in memory, little endian */
}

/* The same with less that is linear. */
static void less_linear(const struct world *w, const struct nat64_packet *packet, enum nat64_verdict verdict,
			const struct nat64_flow *flow)
{
	const uint32_t linear = packet->linear ? w->opening[10] % packet->linear : 0;
	struct memory m = place(packet->data, linear, packet->len, packet->sum);
	struct nat64_flow less;
	enum nat64_verdict now;

	memcpy(&less, flow, sizeof(less)); /* so that what is not filled is the same */
	now = nat64_parse(&m.packet, w->family, &less);
	require(now == verdict || now == NAT64_TRUNCATED, "less that is linear gives another verdict");
	if (now == NAT64_OK)
		require(!memcmp(&less, flow, sizeof(less)), "less that is linear gives another flow");
	free(m.octets);
}

static void clamp(const struct world *w, const uint8_t *whole, const struct nat64_flow *flow, uint32_t len)
{
	struct memory m = place(whole, len, len, NAT64_SUM_FULL);
	const uint16_t mss = (uint16_t)(w->opening[11] << 8 | w->opening[12]);
	const int changed = nat64_clamp_mss(flow, &m.packet, mss);

	require(changed == !!memcmp(m.packet.data, whole, len), "the clamp does not say what it did");
	if (flow->outer.upper == NAT64_TCP)
		require(error_of(m.packet.data, &flow->outer, w->family == 6) ==
				error_of(whole, &flow->outer, w->family == 6),
			"the clamp's checksum");
	free(m.octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nat64_flow flow;
	struct nat64_map new;
	enum nat64_verdict verdict;
	struct memory m;
	struct world w;
	const uint8_t *whole = data + OPENING;
	uint32_t len = (uint32_t)size - OPENING, linear = len, kept;
	uint8_t sum;

	if (size < OPENING || size > LEN_MAX)
		return 0;
	begin(&w, data);
	sum = data[2] & 0x10 ? NAT64_SUM_PARTIAL : NAT64_SUM_FULL;
	if (data[13] && data[13] < linear)
		linear = data[13];
	m = place(whole, linear, len, sum);
	memset(&flow, 0, sizeof(flow));
	memset(&new, 0, sizeof(new));
	nat64_segments_left(&m.packet);
	verdict = nat64_parse(&m.packet, w.family, &flow);
	less_linear(&w, &m.packet, verdict, &flow);
	if (verdict == NAT64_OK) {
		clamp(&w, whole, &flow, len);
		verdict = map(&w, &flow, &new);
	}
	if (verdict == NAT64_OK) {
		if (w.family == 4 && flow.outer.flags & NAT64_F_UDP_ZERO &&
		    nat64_check_46(&w.config, &flow) == NAT64_OK) /* of a fragment there may be less than it says */
			w.way.payload_sum = payload_sum(whole, &flow.outer);
		verdict = rewrite(&w.config, &flow, &new, &w.way, &m.packet);
	}
	if (verdict == NAT64_OK) {
		kept = (uint32_t)(m.octets + NAT64_GROWTH + linear - m.packet.data);
		require(m.packet.data >= m.octets && m.packet.headroom == (uint32_t)(m.packet.data - m.octets),
			"the headroom");
		require(m.packet.linear <= m.packet.len && m.packet.linear <= kept, "the linear part");
		require(m.packet.len <= len + NAT64_GROWTH, "the length");
		if (flow.outer.upper != NAT64_ERROR || linear == len) {
			uint8_t *out = collect(&m.packet, whole + linear);

			check_output(&w, whole, &flow, out, m.packet.len, sum);
			free(out);
		}
	} else {
		require(m.packet.data == m.octets + NAT64_GROWTH && m.packet.len == len && m.packet.linear == linear &&
				!memcmp(m.packet.data, whole, linear),
			"a refusal changed the packet");
	}
	free(m.octets);
	return 0;
}

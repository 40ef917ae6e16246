// SPDX-License-Identifier: GPL-2.0-or-later
/* TCP, UDP and echo, both ways: headers, checksums, and that a packet comes back as it was. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64/translator.h"

static struct nat64_config config;
static struct frame frame;

static const struct nat64_way way = { .hops = 1, .identification = 0xabcd };

static void setup(void)
{
	translator_init(&config);
}

static void teardown(void)
{
	translator_free(&config);
}

static const char *const v4[2] = { "192.0.2.1", "203.0.113.9" };
static const char *const v6[2] = { "2001:db8:a::1", "2001:db8:64::203.0.113.9" };

enum kind { TCP, UDP, ECHO, ECHO_REPLY, KINDS };

static const uint8_t protocols4[KINDS] = { 6, 17, 1, 1 }, protocols6[KINDS] = { 6, 17, 58, 58 };
static const size_t sizes[] = { 20, 21, 28, 64, 1000, 1452 };
#define SIZES (int)(sizeof(sizes) / sizeof(sizes[0]))

static void fill(uint8_t *upper, size_t size, enum kind kind, int six)
{
	static const uint8_t types[2][2] = { { 8, 0 }, { 128, 129 } };

	if (kind == TCP)
		frame_tcp(upper, size, 1234, 80, 0x18);
	else if (kind == UDP)
		frame_udp(upper, size, 1234, 53);
	else
		frame_icmp(upper, size, types[six][kind - ECHO], 0, 0x12340007);
}

static void make(enum kind kind, int six, size_t size)
{
	fill(six ? frame_6(&frame, v6[0], v6[1], protocols6[kind], size)
		 : frame_4(&frame, v4[0], v4[1], protocols4[kind], size),
	     size, kind, six);
	frame_close(&frame);
}

START_TEST(to_six)
{
	const enum kind kind = _i / SIZES;
	const size_t size = sizes[_i % SIZES];
	static struct frame expected;
	const uint8_t *ip;

	make(kind, 1, size);
	frame_copy(&expected, &frame);
	make(kind, 0, size);
	frame.packet.data[1] = 0xb9; /* TOS */
	frame_close(&frame);
	translator_pass(&config, &frame);
	ip = frame.packet.data;
	ck_assert_uint_eq(frame.packet.len, 40 + size);
	expected.packet.data[0] = 0x6b;
	expected.packet.data[1] = 0x90;
	expected.packet.data[7] = 63;
	ck_assert_mem_eq(ip, expected.packet.data, 40 + size);
}
END_TEST

START_TEST(to_four)
{
	const enum kind kind = _i / SIZES;
	const size_t size = sizes[_i % SIZES];
	static struct frame expected;

	make(kind, 0, size);
	frame_copy(&expected, &frame);
	make(kind, 1, size);
	frame.packet.data[0] = 0x6b;
	frame.packet.data[1] = 0x9f; /* and a flow label */
	frame.packet.data[2] = 0x12;
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.len, 20 + size);
	expected.packet.data[1] = 0xb9;
	expected.packet.data[4] = 0xab;
	expected.packet.data[5] = 0xcd;
	expected.packet.data[6] = size + 20 > 1260 ? 0x40 : 0;
	expected.packet.data[8] = 63;
	frame_close(&expected);
	ck_assert_mem_eq(frame.packet.data, expected.packet.data, 20 + size);
}
END_TEST

/* What was wrong stays wrong by the same amount: translated back it is the same. */
START_TEST(wrong_checksum)
{
	const enum kind kind = _i % KINDS;
	const size_t field = kind == TCP ? 16 : kind == UDP ? 6 : 2;
	uint8_t upper[64];

	for (unsigned error = 1; error < 0xffff; error += 997) {
		int six = _i / KINDS;
		uint8_t *at;
		uint32_t sum;

		make(kind, six, 64);
		at = frame.packet.data + (six ? 40 : 20);
		sum = ((uint32_t)at[field] << 8 | at[field + 1]) + error;
		sum = (sum & 0xffff) + (sum >> 16);
		if (sum == 0 || sum == 0xffff)
			continue;
		at[field] = (uint8_t)(sum >> 8);
		at[field + 1] = (uint8_t)sum;
		memcpy(upper, at, 64);
		for (int twice = 0; twice < 2; twice++, six = !six) {
			ck_assert_int_eq(translator_step(&config, &way, &frame), NAT64_OK);
			ck_assert_ptr_nonnull(frame_wrong(frame.packet.data, frame.packet.len));
		}
		ck_assert_mem_eq(frame.packet.data + (six ? 40 : 20), upper, 64);
	}
}
END_TEST

/* CHECKSUM_PARTIAL: the field holds the pseudo header's sum. */
START_TEST(partial)
{
	const enum kind kind = _i % 2 ? TCP : UDP;
	const size_t field = kind == TCP ? 16 : 6;
	const int six = _i / 2;
	uint8_t *upper;
	uint32_t sum;

	make(kind, six, 64);
	upper = frame.packet.data + (six ? 40 : 20);
	sum = frame_sum(frame.packet.data, 0, frame_pseudo(frame.packet.data, protocols6[kind], 64));
	upper[field] = (uint8_t)(sum >> 8);
	upper[field + 1] = (uint8_t)sum;
	frame.packet.sum = NAT64_SUM_PARTIAL;
	ck_assert_int_eq(translator_step(&config, &way, &frame), NAT64_OK);
	upper = frame.packet.data + (six ? 20 : 40);
	sum = frame_sum(frame.packet.data, 0, frame_pseudo(frame.packet.data, protocols6[kind], 64));
	ck_assert_uint_eq((uint32_t)upper[field] << 8 | upper[field + 1], sum);
}
END_TEST

/* A UDP checksum that comes out as 0 is sent as 0xffff. The checksum of the packet to come, put into the payload, makes it 0. */
START_TEST(never_zero)
{
	const int six = _i;
	uint8_t *udp, check[2];

	make(UDP, !six, 28);
	udp = frame.packet.data + (six ? 20 : 40);
	udp[20] = udp[21] = 0;
	frame_close(&frame);
	memcpy(check, udp + 6, 2);
	make(UDP, six, 28);
	memcpy(frame.packet.data + (six ? 40 : 20) + 20, check, 2);
	frame_close(&frame);
	translator_pass(&config, &frame);
	udp = frame.packet.data + (six ? 20 : 40);
	ck_assert_uint_eq(udp[6], 0xff);
	ck_assert_uint_eq(udp[7], 0xff);
}
END_TEST

/* Not more than the headers need be linear. */
START_TEST(not_linear)
{
	static struct frame whole;
	const enum kind kind = _i % KINDS;
	const int six = _i / KINDS;
	const uint32_t header = kind == TCP ? 20 : 8;

	make(kind, six, 1000);
	frame_copy(&whole, &frame);
	translator_pass(&config, &whole);
	frame.packet.linear = (six ? 40 : 20) + header;
	ck_assert_int_eq(translator_step(&config, &way, &frame), NAT64_OK);
	ck_assert_uint_eq(frame.packet.len, whole.packet.len);
	ck_assert_uint_eq(frame.packet.linear, (six ? 20 : 40) + header);
	ck_assert_mem_eq(frame.packet.data, whole.packet.data, whole.packet.len);
	make(kind, six, 1000);
	frame.packet.linear = (six ? 40 : 20) + header - 1;
	translator_refuse(&config, &frame, NAT64_TRUNCATED);
}
END_TEST

START_TEST(hop_limit)
{
	const int six = _i;
	struct nat64_way none = way;

	make(UDP, six, 28);
	frame.packet.data[six ? 7 : 8] = 1;
	frame_close(&frame);
	translator_refuse(&config, &frame, NAT64_HOP_LIMIT);
	frame.packet.data[six ? 7 : 8] = 2;
	frame_close(&frame);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.data[six ? 8 : 7], 1);
	make(UDP, six, 28);
	frame.packet.data[six ? 7 : 8] = 1;
	frame_close(&frame);
	none.hops = 0;
	ck_assert_int_eq(translator_step(&config, &none, &frame), NAT64_OK);
	ck_assert_uint_eq(frame.packet.data[six ? 8 : 7], 1);
}
END_TEST

START_TEST(tos_override)
{
	config.tos_override = 1;
	config.tos = 0x2e;
	make(UDP, 0, 28);
	frame.packet.data[1] = 0xff;
	frame_close(&frame);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.data[0], 0x62);
	ck_assert_uint_eq(frame.packet.data[1], 0xe0);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.data[1], 0x2e);
}
END_TEST

/* RFC 7915 5.1: 1260 octets and less may be fragmented by IPv4 routers. */
START_TEST(may_be_fragmented)
{
	make(UDP, 1, 1240);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.len, 1260);
	ck_assert_uint_eq(frame.packet.data[6], 0);
	make(UDP, 1, 1241);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.data[6], 0x40);
}
END_TEST

/* Octets behind the length that the header states do not belong to it. */
START_TEST(trailing_octets)
{
	const int six = _i;

	make(UDP, six, 28);
	frame.packet.len += 9;
	frame.packet.linear += 9;
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.len, (six ? 20 : 40) + 28);
	ck_assert_uint_eq(frame.packet.linear, (six ? 20 : 40) + 28);
}
END_TEST

START_TEST(no_headroom)
{
	make(UDP, 0, 28);
	frame.packet.headroom = 19;
	translator_refuse(&config, &frame, NAT64_NO_MEMORY);
	frame.packet.headroom = 20;
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.headroom, 0);
}
END_TEST

/* The first fragment of an echo, by who knows how long the echo is: its checksum becomes that of the whole. */
START_TEST(echo_in_pieces)
{
	const int six = _i;
	const size_t header = six ? 48 : 20, other = six ? 20 : 48;
	static struct frame whole[2];
	struct nat64_flow flow;
	struct nat64_map map;
	uint8_t *upper;

	for (int family = 0; family < 2; family++) {
		make(ECHO, family, 64);
		frame_copy(&whole[family], &frame);
	}
	upper = six ? frame_6(&frame, v6[0], v6[1], 44, 32) : frame_4(&frame, v4[0], v4[1], 1, 24);
	if (six)
		memcpy(upper, (const uint8_t[]){ 58, 0, 0, 1, 0, 0, 0, 1 }, 8);
	else
		frame.packet.data[6] = 0x20;
	memcpy(frame.packet.data + header, whole[six].packet.data + (six ? 40 : 20), 24);
	frame_close(&frame);
	memcpy(frame.packet.data + header, whole[six].packet.data + (six ? 40 : 20), 24);
	ck_assert_int_eq(nat64_parse(&frame.packet, six ? 6 : 4, &flow), NAT64_OK);
	ck_assert_int_eq(flow.outer.upper, NAT64_ICMP_PIECE);
	ck_assert_int_eq(six ? nat64_check_64(&config, &flow) : nat64_check_46(&config, &flow), NAT64_ICMP_FRAGMENT);
	flow.outer.upper = NAT64_ECHO;
	flow.outer.total = 64;
	ck_assert_int_eq(six ? nat64_map_64(&config, &flow, 0, &map) : nat64_map_46(&config, &flow, 0, &map), NAT64_OK);
	ck_assert_int_eq(six ? nat64_rewrite_64(&config, &flow, &map, &way, &frame.packet)
			     : nat64_rewrite_46(&config, &flow, &map, &way, &frame.packet),
			 NAT64_OK);
	ck_assert_uint_eq(frame.packet.len, other + 24);
	ck_assert_mem_eq(frame.packet.data + other, whole[!six].packet.data + (six ? 20 : 40), 24);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_translate");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_loop_test(cases, to_six, 0, KINDS * SIZES);
	tcase_add_loop_test(cases, to_four, 0, KINDS * SIZES);
	tcase_add_loop_test(cases, wrong_checksum, 0, 2 * KINDS);
	tcase_add_loop_test(cases, partial, 0, 4);
	tcase_add_loop_test(cases, never_zero, 0, 2);
	tcase_add_loop_test(cases, not_linear, 0, 2 * KINDS);
	tcase_add_loop_test(cases, hop_limit, 0, 2);
	tcase_add_test(cases, tos_override);
	tcase_add_test(cases, may_be_fragmented);
	tcase_add_loop_test(cases, trailing_octets, 0, 2);
	tcase_add_test(cases, no_headroom);
	tcase_add_loop_test(cases, echo_in_pieces, 0, 2);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* What the parser says of a packet: every field, for every kind, whatever was in the flow before. */
#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64/translator.h"

static struct frame frame, quoted;
static struct nat64_flow flow;

static const char *const a4 = "192.0.2.1", *const b4 = "203.0.113.9", *const a6 = "2001:db8::1",
			 *const b6 = "2001:db8::2";

static void parse(int family)
{
	memset(&flow, 0xa5, sizeof(flow));
	ck_assert_int_eq(nat64_parse(&frame.packet, (uint8_t)family, &flow), NAT64_OK);
	ck_assert_uint_eq(flow.family, family);
	ck_assert_uint_eq(flow.hairpin, 0);
	if (flow.outer.upper != NAT64_ERROR)
		ck_assert_uint_eq(flow.quoted | flow.extension, 0);
}

/* ports in host order; addresses are a and b, or exchanged */
struct expected {
	uint8_t protocol, upper, tos, ttl, type, code, flags;
	uint16_t source_port, destination_port, l3, l4, udp_length, fragment_header, fragment_offset;
	uint32_t payload, identification;
};

static void is(const struct nat64_half *half, int family, int exchanged, struct expected e)
{
	const union nat64_addr *first = exchanged ? &half->destination : &half->source,
			       *second = exchanged ? &half->source : &half->destination;

	if (family == 4) {
		ck_assert_uint_eq(first->v4, frame_v4(a4));
		ck_assert_uint_eq(second->v4, frame_v4(b4));
	} else {
		const struct nat64_in6 a = frame_v6(a6), b = frame_v6(b6);

		ck_assert_mem_eq(&first->v6, &a, 16);
		ck_assert_mem_eq(&second->v6, &b, 16);
	}
	ck_assert_uint_eq(half->protocol, e.protocol);
	ck_assert_uint_eq(half->upper, e.upper);
	ck_assert_uint_eq(half->tos, e.tos);
	ck_assert_uint_eq(half->ttl, e.ttl ? e.ttl : 64);
	ck_assert_uint_eq(half->type, e.type);
	ck_assert_uint_eq(half->code, e.code);
	ck_assert_uint_eq(half->flags, e.flags);
	ck_assert_uint_eq(ntohs(half->source_port), e.source_port);
	ck_assert_uint_eq(ntohs(half->destination_port), e.destination_port);
	ck_assert_uint_eq(half->l3, e.l3);
	ck_assert_uint_eq(half->l4, e.l4);
	ck_assert_uint_eq(half->udp_length, e.udp_length);
	ck_assert_uint_eq(half->fragment_header, e.fragment_header);
	ck_assert_uint_eq(half->fragment_offset, e.fragment_offset);
	ck_assert_uint_eq(half->payload, e.payload);
	ck_assert_uint_eq(half->identification, e.identification);
}

static uint8_t *four(uint8_t protocol, size_t size)
{
	return frame_4(&frame, a4, b4, protocol, size);
}

static uint8_t *six(uint8_t protocol, size_t size)
{
	return frame_6(&frame, a6, b6, protocol, size);
}

START_TEST(udp)
{
	frame_udp(four(17, 28), 28, 1234, 53);
	memcpy(frame.packet.data + 4, (uint8_t[]){ 0x12, 0x34, 0x40, 0 }, 4);
	frame.packet.data[1] = 0xb8;
	frame.packet.data[8] = 7;
	frame.packet.data[26] = 1;
	parse(4);
	is(&flow.outer, 4, 0,
	   (struct expected){ .protocol = 17,
			      .upper = NAT64_UDP,
			      .tos = 0xb8,
			      .ttl = 7,
			      .flags = NAT64_F_DF,
			      .source_port = 1234,
			      .destination_port = 53,
			      .l4 = 20,
			      .udp_length = 28,
			      .payload = 28,
			      .identification = 0x1234 });
	frame_udp(six(17, 28), 28, 1234, 53);
	frame.packet.data[0] = 0x6b;
	frame.packet.data[1] = 0x8f;
	frame.packet.data[7] = 255;
	parse(6);
	is(&flow.outer, 6, 0,
	   (struct expected){ .protocol = 17,
			      .upper = NAT64_UDP,
			      .tos = 0xb8,
			      .ttl = 255,
			      .flags = NAT64_F_UDP_ZERO,
			      .source_port = 1234,
			      .destination_port = 53,
			      .l4 = 40,
			      .udp_length = 28,
			      .payload = 28 });
	frame.packet.sum = NAT64_SUM_PARTIAL; /* a pseudo header's sum of 0 is not a missing checksum */
	parse(6);
	ck_assert_uint_eq(flow.outer.flags, 0);
}
END_TEST

START_TEST(udp_length)
{
	frame_udp(four(17, 40), 30, 1, 2); /* 10 octets behind the datagram (RFC 9868) */
	parse(4);
	ck_assert_uint_eq(flow.outer.udp_length, 30);
	ck_assert_uint_eq(flow.outer.payload, 40);
}
END_TEST

START_TEST(tcp)
{
	frame_tcp(four(6, 33), 33, 1234, 80, 2);
	parse(4);
	is(&flow.outer, 4, 0,
	   (struct expected){ .protocol = 6, .source_port = 1234, .destination_port = 80, .l4 = 20, .payload = 33 });
	frame_tcp(six(6, 33), 33, 1234, 80, 2);
	parse(6);
	is(&flow.outer, 6, 0,
	   (struct expected){ .protocol = 6, .source_port = 1234, .destination_port = 80, .l4 = 40, .payload = 33 });
}
END_TEST

START_TEST(options)
{
	uint8_t *at = four(17, 36);

	frame.packet.data[0] = 0x47;
	memset(at, 1, 8);
	frame_udp(at + 8, 28, 5, 6);
	at[14] = 1;
	parse(4);
	is(&flow.outer, 4, 0,
	   (struct expected){ .protocol = 17,
			      .upper = NAT64_UDP,
			      .source_port = 5,
			      .destination_port = 6,
			      .l4 = 28,
			      .udp_length = 28,
			      .payload = 28 });
}
END_TEST

START_TEST(echo)
{
	static const uint8_t types[2][2] = { { 8, 0 }, { 128, 129 } };
	const int family = _i % 2 ? 6 : 4;
	const uint8_t protocol = family == 6 ? 58 : 1, type = types[family == 6][_i / 2];

	frame_icmp(family == 6 ? six(58, 20) : four(1, 20), 20, type, 9, 0x77880001);
	parse(family);
	is(&flow.outer, family, 0,
	   (struct expected){ .protocol = protocol,
			      .upper = NAT64_ECHO,
			      .type = type,
			      .code = 9,
			      .source_port = 0x7788,
			      .destination_port = 0x7788,
			      .l4 = family == 6 ? 40 : 20,
			      .payload = 20 });
}
END_TEST

START_TEST(other)
{
	memset(four(47, 5), 0xff, 5);
	parse(4);
	is(&flow.outer, 4, 0, (struct expected){ .protocol = 47, .upper = NAT64_OTHER, .l4 = 20, .payload = 5 });
	six(59, 0);
	parse(6);
	is(&flow.outer, 6, 0, (struct expected){ .protocol = 59, .upper = NAT64_OTHER, .l4 = 40 });
}
END_TEST

START_TEST(fragments)
{
	uint8_t *at;

	frame_udp(four(17, 24), 100, 5, 6); /* the first */
	frame.packet.data[5] = 9;
	frame.packet.data[6] = 0x20;
	frame.packet.data[26] = 1;
	parse(4);
	is(&flow.outer, 4, 0,
	   (struct expected){ .protocol = 17,
			      .upper = NAT64_UDP,
			      .flags = NAT64_F_FRAGMENTED | NAT64_F_MORE,
			      .source_port = 5,
			      .destination_port = 6,
			      .l4 = 20,
			      .udp_length = 100,
			      .payload = 24,
			      .identification = 9 });
	memset(four(17, 24), 0x11, 24); /* a later one, with DF all the same */
	frame.packet.data[6] = 0x40;
	frame.packet.data[7] = 3;
	parse(4);
	is(&flow.outer, 4, 0,
	   (struct expected){ .protocol = 17,
			      .upper = NAT64_FRAGMENT,
			      .flags = NAT64_F_FRAGMENTED | NAT64_F_DF,
			      .l4 = 20,
			      .payload = 24,
			      .fragment_offset = 24 });
	at = six(44, 8 + 24);
	memcpy(at, (uint8_t[]){ 17, 0, 0x01, 0x06, 1, 2, 3, 4 }, 8); /* reserved bits set */
	memset(at + 8, 0x22, 24);
	parse(6);
	is(&flow.outer, 6, 0,
	   (struct expected){ .protocol = 17,
			      .upper = NAT64_FRAGMENT,
			      .flags = NAT64_F_FRAGMENTED,
			      .l4 = 48,
			      .payload = 24,
			      .fragment_header = 40,
			      .fragment_offset = 256,
			      .identification = 0x01020304 });
	at = six(44, 8 + 24);
	memcpy(at, (uint8_t[]){ 6, 0, 0, 1, 0, 0, 0, 7 }, 8);
	frame_tcp(at + 8, 24, 3, 4, 0);
	parse(6);
	is(&flow.outer, 6, 0,
	   (struct expected){ .protocol = 6,
			      .flags = NAT64_F_FRAGMENTED | NAT64_F_MORE,
			      .l4 = 48,
			      .payload = 24,
			      .source_port = 3,
			      .destination_port = 4,
			      .fragment_header = 40,
			      .identification = 7 });
	memcpy(at, (uint8_t[]){ 6, 0, 0, 6, 0, 0, 0, 7 }, 8);
	parse(6);
	ck_assert_uint_eq(flow.outer.flags, NAT64_F_FRAGMENTED | NAT64_F_ATOMIC);
}
END_TEST

START_TEST(chain)
{
	uint8_t *at = six(0, 8 + 16 + 24 + 8 + 9);

	memcpy(at, (uint8_t[]){ 60, 0 }, 2);
	memcpy(at + 8, (uint8_t[]){ 43, 1 }, 2);
	memcpy(at + 24, (uint8_t[]){ 44, 2, 0, 0 }, 4);
	memcpy(at + 48, (uint8_t[]){ 17, 0, 0, 0, 0, 0, 0, 5 }, 8);
	frame_udp(at + 56, 9, 1, 2);
	at[62] = 1;
	parse(6);
	is(&flow.outer, 6, 0,
	   (struct expected){ .protocol = 17,
			      .upper = NAT64_UDP,
			      .flags = NAT64_F_FRAGMENTED | NAT64_F_ATOMIC,
			      .source_port = 1,
			      .destination_port = 2,
			      .l4 = 96,
			      .udp_length = 9,
			      .payload = 9,
			      .fragment_header = 88,
			      .identification = 5 });
}
END_TEST

/* An error quotes size octets of a packet in the other direction, then an extension. */
static void error(int family, uint8_t type, size_t size, size_t extension)
{
	const size_t all = 8 + size + extension;
	uint8_t *icmp = family == 6 ? six(58, all) : four(1, all);

	frame_icmp(icmp, all, type, 1, 0);
	memcpy(icmp + 8, quoted.packet.data, size);
	if (!extension)
		return;
	icmp[family == 6 ? 4 : 5] = (uint8_t)(size / (family == 6 ? 8 : 4));
	icmp[8 + size] = 0x20;
}

START_TEST(errors)
{
	const int family = _i ? 6 : 4;
	const uint16_t header = _i ? 40 : 20;
	const struct expected inner = { .protocol = 17,
					.upper = NAT64_UDP,
					.ttl = 3,
					.source_port = 53,
					.destination_port = 1234,
					.l3 = (uint16_t)(header + 8),
					.l4 = (uint16_t)(2 * header + 8),
					.payload = 8 };
	struct expected whole = inner;

	if (family == 6)
		frame_udp(frame_6(&quoted, b6, a6, 17, 200), 200, 53, 1234);
	else
		frame_udp(frame_4(&quoted, b4, a4, 17, 200), 200, 53, 1234);
	quoted.packet.data[_i ? 7 : 8] = 3;
	quoted.packet.data[header + 6] = 1;
	error(family, _i ? 3 : 11, header + 8u, 0);
	parse(family);
	is(&flow.outer, family, 0,
	   (struct expected){ .protocol = _i ? 58 : 1,
			      .upper = NAT64_ERROR,
			      .type = _i ? 3 : 11,
			      .code = 1,
			      .l4 = header,
			      .payload = 16u + header });
	is(&flow.inner, family, 1, inner);
	ck_assert_uint_eq(flow.quoted, header + 8u);
	ck_assert_uint_eq(flow.extension, 0);
	error(family, _i ? 3 : 11, 160, 12);
	parse(family);
	whole.payload = 160u - header;
	is(&flow.inner, family, 1, whole);
	ck_assert_uint_eq(flow.quoted, 160);
	ck_assert_uint_eq(flow.extension, 12);
	/* the quoted packet ends in front of the padding */
	quoted.packet.data[_i ? 5 : 3] = (uint8_t)(_i ? 30 : 50);
	quoted.packet.data[_i ? 4 : 2] = 0;
	error(family, _i ? 3 : 11, 160, 12);
	parse(family);
	whole.payload = 30;
	is(&flow.inner, family, 1, whole);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_parse");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(cases, udp);
	tcase_add_test(cases, udp_length);
	tcase_add_test(cases, tcp);
	tcase_add_test(cases, options);
	tcase_add_loop_test(cases, echo, 0, 4);
	tcase_add_test(cases, other);
	tcase_add_test(cases, fragments);
	tcase_add_test(cases, chain);
	tcase_add_loop_test(cases, errors, 0, 2);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Every verdict that the core gives: what provokes it, and the nearest packet that it does not hit. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64/translator.h"

static struct nat64_config config;
static struct frame frame;
static int seen[NAT64_VERDICT_COUNT];

/* Given by the glue and the session table alone: to a stateless instance a destination without a mapping is not ours. */
static const enum nat64_verdict of_others[] = { NAT64_PACKET_TOO_BIG, NAT64_NO_ROUTE, NAT64_LOOP,
						NAT64_DESTINATION_UNMAPPED };

static uint8_t *udp4(size_t size)
{
	uint8_t *upper = frame_4(&frame, "192.0.2.1", "203.0.113.9", 17, size);

	frame_udp(upper, size, 1234, 53);
	return upper;
}

static uint8_t *udp6(size_t size)
{
	uint8_t *upper = frame_6(&frame, "2001:db8:a::1", "2001:db8:64::203.0.113.9", 17, size);

	frame_udp(upper, size, 1234, 53);
	return upper;
}

/* A packet of this protocol with these octets behind the IP header. */
static void octets(int six, uint8_t protocol, const void *upper, size_t size)
{
	uint8_t *at = six ? frame_6(&frame, "2001:db8:a::1", "2001:db8:64::203.0.113.9", protocol, size)
			  : frame_4(&frame, "192.0.2.1", "203.0.113.9", protocol, size);

	memcpy(at, upper, size);
	frame_close(&frame);
}

#define OCTETS(six, protocol, ...) \
	octets(six, protocol, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void refuse(enum nat64_verdict verdict)
{
	translator_refuse(&config, &frame, verdict);
	seen[verdict]++;
}

static void pass(void)
{
	const struct nat64_way way = { .hops = 1 };
	const enum nat64_verdict verdict = translator_step(&config, &way, &frame);

	ck_assert_msg(verdict == NAT64_OK, "refused: %s", translator_names[verdict]);
	seen[NAT64_OK]++;
}

static void set16(size_t at, uint32_t value)
{
	frame.packet.data[at] = (uint8_t)(value >> 8);
	frame.packet.data[at + 1] = (uint8_t)value;
}

static void ip_headers(void)
{
	udp4(28);
	frame.packet.len = frame.packet.linear = 19;
	refuse(NAT64_TRUNCATED);
	udp6(28);
	frame.packet.len = frame.packet.linear = 39;
	refuse(NAT64_TRUNCATED);
	udp4(28);
	frame.packet.data[0] = 0x55;
	refuse(NAT64_BAD_VERSION);
	udp4(28);
	frame.packet.data[0] = 0x44;
	refuse(NAT64_BAD_HEADER_LENGTH);
	udp4(28);
	set16(2, 49);
	refuse(NAT64_BAD_TOTAL_LENGTH);
	set16(2, 19);
	refuse(NAT64_BAD_TOTAL_LENGTH);
	udp6(28);
	set16(4, 29);
	refuse(NAT64_BAD_TOTAL_LENGTH);
	udp6(28);
	set16(4, 27); /* an octet behind it: the datagram is too short for UDP's length */
	refuse(NAT64_BAD_L4);
}

static void bad_version_6(void)
{
	struct nat64_flow flow;

	udp6(28);
	frame.packet.data[0] = 0x50;
	ck_assert_int_eq(nat64_parse(&frame.packet, 6, &flow), NAT64_BAD_VERSION);
}

/* options: their octets, a multiple of 4 */
static void with_options(const uint8_t *options, size_t size)
{
	uint8_t *at = frame_4(&frame, "192.0.2.1", "203.0.113.9", 17, size + 28);

	memcpy(at, options, size);
	frame.packet.data[0] = (uint8_t)(0x45 + size / 4);
	frame_udp(at + size, 28, 1, 2);
	frame_close(&frame);
}

static void source_routes(void)
{
	static const struct {
		uint8_t options[8];
		int refused;
	} rows[] = {
		{ { 131, 7, 4, 192, 0, 2, 9, 0 }, 1 }, { { 137, 7, 4, 192, 0, 2, 9, 0 }, 1 },
		{ { 131, 7, 7, 192, 0, 2, 9, 0 }, 1 }, { { 131, 7, 8, 192, 0, 2, 9, 0 }, 0 },
		{ { 1, 131, 3, 3, 0, 0, 0, 0 }, 1 },   { { 1, 131, 3, 4, 0, 0, 0, 0 }, 0 },
		{ { 0, 131, 7, 4, 0, 0, 0, 0 }, 0 },   { { 148, 4, 0, 0, 131, 3, 1, 0 }, 1 },
		{ { 148, 0, 0, 0, 131, 3, 1, 0 }, 0 }, { { 148, 9, 0, 0, 131, 3, 1, 0 }, 0 },
		{ { 131, 2, 1, 0, 0, 0, 0, 0 }, 0 },   { { 1, 1, 1, 1, 1, 1, 1, 131 }, 0 },
		{ { 7, 7, 4, 0, 0, 0, 0, 0 }, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		with_options(rows[i].options, 8);
		if (rows[i].refused)
			refuse(NAT64_SOURCE_ROUTE);
		else
			translator_pass(&config, &frame);
	}
	OCTETS(1, 43, 17, 0, 4, 1, 0, 0, 0, 0, 0, 1, 0, 2, 0, 8, 0xff, 0xff);
	refuse(NAT64_SOURCE_ROUTE);
	ck_assert_uint_eq(nat64_segments_left(&frame.packet), 43);
	OCTETS(1, 43, 17, 0, 4, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 8, 0xff, 0xff);
	ck_assert_uint_eq(nat64_segments_left(&frame.packet), 0);
	pass();
	OCTETS(1, 60, 43, 0, 1, 4, 0, 0, 0, 0, 17, 0, 4, 3, 0, 0, 0, 0, 0, 1, 0, 2, 0, 8, 0xff, 0xff);
	refuse(NAT64_SOURCE_ROUTE);
	ck_assert_uint_eq(nat64_segments_left(&frame.packet), 51);
	frame.packet.linear = 50; /* the header is not there as a whole */
	ck_assert_uint_eq(nat64_segments_left(&frame.packet), 0);
}

#define PADDING 0, 1, 4, 0, 0, 0, 0
#define UDP 0, 1, 0, 2, 0, 8, 0xff, 0xff

static void chains(void)
{
	uint8_t chain[9 * 8 + 8];

	for (int count = 8; count <= 9; count++) {
		for (int i = 0; i < count; i++)
			memcpy(chain + 8 * i, (const uint8_t[]){ i + 1 < count ? 60 : 17, PADDING }, 8);
		memcpy(chain + 8 * count, (const uint8_t[]){ UDP }, 8);
		octets(1, 60, chain, 8 * (size_t)count + 8);
		if (count == 9)
			refuse(NAT64_BAD_CHAIN);
		else
			pass();
	}
	OCTETS(1, 0, 17, PADDING, UDP);
	pass();
	OCTETS(1, 60, 0, PADDING, 17, PADDING, UDP); /* hop-by-hop options not in front */
	refuse(NAT64_BAD_CHAIN);
	OCTETS(1, 44, 60, 0, 0, 1, 0, 0, 0, 1, 17, PADDING, UDP); /* behind a fragment header */
	refuse(NAT64_BAD_CHAIN);
	OCTETS(1, 44, 44, 0, 0, 0, 0, 0, 0, 1, 17, 0, 0, 0, 0, 0, 0, 1, UDP);
	refuse(NAT64_BAD_CHAIN);
	OCTETS(1, 44, 51, 0, 0, 8, 0, 0, 0, 1, UDP);
	refuse(NAT64_BAD_CHAIN);
	OCTETS(1, 44, 50, 0, 0, 8, 0, 0, 0, 1, UDP);
	pass();
	OCTETS(1, 60, 17, 1, 1, 4, 0, 0, 0, 0, 0, 0); /* ends behind the packet */
	refuse(NAT64_TRUNCATED);
}

static void protocols(void)
{
	static const uint8_t another4[] = { 0, 43, 44, 58, 60 };

	for (size_t i = 0; i < sizeof(another4); i++) {
		OCTETS(0, another4[i], 17, PADDING, UDP);
		refuse(NAT64_NO_NEXT_HEADER);
	}
	OCTETS(1, 1, 8, 0, 0, 0, 0, 1, 0, 1);
	refuse(NAT64_NO_NEXT_HEADER);
	OCTETS(0, 2, 0x11, 0, 0, 0, 0, 0, 0, 0); /* IGMP */
	refuse(NAT64_ICMP_TYPE);
	config.carry_other = 0;
	for (int six = 0; six < 2; six++) {
		OCTETS(six, 47, 0, 0, 8, 0);
		refuse(NAT64_UNKNOWN_L4);
	}
	config.carry_other = 1;
	for (int six = 0; six < 2; six++) { /* UDP-Lite's checksum: linear, or not there at all */
		OCTETS(six, 136, UDP);
		frame.packet.linear--;
		refuse(NAT64_TRUNCATED);
		frame.packet.linear++;
		pass();
		OCTETS(six, 136, 0, 1, 0, 2, 0, 8, 0xff);
		frame.packet.linear--;
		pass();
		OCTETS(six, 47, UDP);
		frame.packet.linear -= 8;
		pass();
	}
	config.carry_other = 0;
	OCTETS(1, 44, 47, 0, 0, 8, 0, 0, 0, 1, UDP); /* a later fragment of it */
	refuse(NAT64_UNKNOWN_L4);
	OCTETS(1, 44, 17, 0, 0, 8, 0, 0, 0, 1, UDP);
	pass();
	config.carry_other = 1;
	for (int six = 0; six < 2; six++) {
		OCTETS(six, 47, 0, 0, 8, 0);
		pass();
	}
}

static void fragments(void)
{
	udp4(29);
	set16(6, 0x2000);
	frame_close(&frame);
	refuse(NAT64_BAD_FRAGMENT);
	udp4(29);
	set16(6, 0x0001); /* the last one may have any length */
	frame_close(&frame);
	pass();
	udp4(24);
	set16(6, 8187 - 2); /* 65480 and 44 octets are 65524 */
	frame_close(&frame);
	pass();
	udp4(24);
	set16(6, 8187);
	frame_close(&frame);
	refuse(NAT64_BAD_FRAGMENT);
	OCTETS(1, 44, 17, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 2, 0, 20, 0xff, 0xff, 0);
	refuse(NAT64_BAD_FRAGMENT);
	OCTETS(1, 44, 17, 0, 0xff, 0xf8, 0, 0, 0, 1, UDP);
	refuse(NAT64_BAD_FRAGMENT);
	OCTETS(1, 44, 17, 0, 0xff, 0xf0, 0, 0, 0, 1, UDP);
	refuse(NAT64_TOO_BIG_FOR_IPV4);
	OCTETS(1, 44, 17, 0, 0xff, 0xe0, 0, 0, 0, 1, UDP);
	pass();
	OCTETS(1, 44, 6, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0);
	refuse(NAT64_TINY_FRAGMENT);
	OCTETS(1, 44, 6, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x70, 2, 0, 0, 0, 0, 0, 0, 1, 1, 1,
	       1);
	refuse(NAT64_TINY_FRAGMENT);
	frame.packet.linear = 68; /* it may have the rest: what is linear ends */
	refuse(NAT64_TINY_FRAGMENT);
	frame.packet.linear = 67;
	refuse(NAT64_TRUNCATED);
	udp4(8);
	frame.packet.data[9] = 6;
	set16(6, 0x2000);
	frame_close(&frame);
	refuse(NAT64_TINY_FRAGMENT);
	OCTETS(0, 1, 8, 0, 0, 0, 0, 1, 0, 1);
	set16(6, 0x2000);
	frame_close(&frame);
	refuse(NAT64_ICMP_FRAGMENT);
	set16(6, 0x0001);
	frame_close(&frame);
	refuse(NAT64_ICMP_FRAGMENT);
	OCTETS(1, 44, 58, 0, 0, 1, 0, 0, 0, 1, 128, 0, 0, 0, 0, 1, 0, 1);
	refuse(NAT64_ICMP_FRAGMENT);
	OCTETS(1, 44, 58, 0, 0, 8, 0, 0, 0, 1, 128, 0, 0, 0, 0, 1, 0, 1);
	refuse(NAT64_ICMP_FRAGMENT);
	OCTETS(1, 44, 58, 0, 0, 0, 0, 0, 0, 1, 128, 0, 0, 0, 0, 1, 0, 1); /* an atomic one is no fragment (RFC 6946) */
	pass();
}

static void udp_zero(void)
{
	udp4(28);
	refuse(NAT64_UDP_ZERO);
	set16(6, 0x2000);
	frame.packet.data[3] = 20 + 24;
	frame_close(&frame);
	set16(26, 0);
	refuse(NAT64_UDP_ZERO_FRAGMENT);
	config.amend_udp_zero = 1;
	refuse(NAT64_UDP_ZERO_FRAGMENT);
	udp4(28);
	frame_close(&frame);
	set16(26, 0);
	translator_pass(&config, &frame);
	config.amend_udp_zero = 0;
	udp6(28); /* IPv6 has it too (RFC 6935); it stays none */
	pass();
	ck_assert_uint_eq(frame.packet.data[26] | frame.packet.data[27], 0);
}

static void sizes(void)
{
	udp6(65515);
	frame_close(&frame);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.len, 65535);
	udp6(65516);
	frame_close(&frame);
	refuse(NAT64_TOO_BIG_FOR_IPV4);
	udp6(65535);
	frame_close(&frame);
	refuse(NAT64_TOO_BIG_FOR_IPV4);
	udp6(65536);
	refuse(NAT64_BIG_TCP);
	udp4(65516);
	refuse(NAT64_BIG_TCP);
}

static void upper_layers(void)
{
	for (int six = 0; six < 2; six++) {
		OCTETS(six, 17, 0, 1, 0, 2, 0, 7, 0xff, 0xff);
		refuse(NAT64_BAD_L4);
		OCTETS(six, 17, 0, 1, 0, 2, 0, 9, 0xff, 0xff);
		refuse(NAT64_BAD_L4);
		OCTETS(six, 17, 0, 1, 0, 2, 0, 8, 0xff);
		refuse(NAT64_TRUNCATED);
		OCTETS(six, 6, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 2, 0, 0, 0, 0, 0, 0);
		refuse(NAT64_BAD_L4);
		OCTETS(six, 6, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x60, 2, 0, 0, 0, 0, 0, 0);
		refuse(NAT64_BAD_L4);
		OCTETS(six, 6, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0);
		refuse(NAT64_TRUNCATED);
		OCTETS(six, six ? 58 : 1, six ? 128 : 8, 0, 0, 0, 0, 0, 0);
		refuse(NAT64_TRUNCATED);
		OCTETS(six, six ? 58 : 1, six ? 135 : 13, 0, 0, 0, 0, 0, 0, 0);
		refuse(NAT64_ICMP_TYPE);
	}
}

static void between(const char *source, const char *destination)
{
	const int six = !!strchr(source, ':');
	uint8_t *upper = six ? frame_6(&frame, source, destination, 17, 28)
			     : frame_4(&frame, source, destination, 17, 28);

	frame_udp(upper, 28, 1, 2);
	frame_close(&frame);
}

static void addresses(void)
{
	static const char *const scoped6[] = { "::", "::1", "fe80::1", "ff02::1" };
	static const char *const scoped4[] = { "0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255" };

	for (size_t i = 0; i < sizeof(scoped6) / sizeof(scoped6[0]); i++) {
		between(scoped6[i], "2001:db8:64::1.1.1.1");
		refuse(NAT64_SCOPE);
	}
	for (size_t i = 0; i < sizeof(scoped4) / sizeof(scoped4[0]); i++) {
		char within[64] = "2001:db8:64::";

		between(scoped4[i], "1.1.1.1");
		refuse(NAT64_SCOPE);
		between("1.1.1.1", scoped4[i]); /* the stack's */
		refuse(NAT64_NOT_OURS);
		ck_assert_int_eq(nat64_covers_4(&config, frame_v4(scoped4[i])), 0);
		strcat(within, scoped4[i]);
		between("2001:db8:a::1", within);
		refuse(NAT64_SCOPE);
		between(within, "2001:db8:64::1.1.1.1");
		refuse(NAT64_SCOPE);
	}
	between("2001:db8:a::1", "2001:db8:65::1");
	refuse(NAT64_NOT_OURS);
	between("2001:db8:a::7", "2001:db8:64::1.1.1.1");
	refuse(NAT64_SOURCE_UNMAPPED);
	config.pool6.length = 0;
	between("192.0.2.9", "192.0.2.2");
	refuse(NAT64_SOURCE_UNMAPPED);
	between("192.0.2.2", "192.0.2.9");
	refuse(NAT64_NOT_OURS);
	config.pool6 = (struct nat64_prefix6){ frame_v6("2001:db8:64::"), 64 };
	between("2001:db8:a::1", "2001:db8:64:0:100::");
	refuse(NAT64_BAD_SUFFIX);
	between("2001:db8:64:0:100::", "2001:db8:64:0:1:101:100::");
	refuse(NAT64_BAD_SUFFIX);
	config.pool6 = (struct nat64_prefix6){ frame_v6("64:ff9b::"), 96 };
	between("2001:db8:a::1", "64:ff9b::10.1.1.1");
	refuse(NAT64_WKP_NON_GLOBAL);
	between("10.1.1.1", "192.0.2.1");
	refuse(NAT64_WKP_NON_GLOBAL);
	between("9.1.1.1", "192.0.2.1");
	pass();
	config.wkp_non_global = 1;
	between("10.1.1.1", "192.0.2.1");
	pass();
	between("2001:db8:a::1", "64:ff9b::10.1.1.1");
	pass();
}

static void icmp_errors(void)
{
	/* about UDP, cut to nothing, and with an extension that is none: error.c has the rest */
	OCTETS(0, 1, 11, 0, 0, 0, 0, 0, 0, 0);
	refuse(NAT64_ICMP_INNER);
	OCTETS(0, 1, 11, 0, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 1, 1, 0, 0, 192, 0, 2, 1, 1, 1, 1, 1, 3, 0, 0,
	       0, 0, 0, 0, 0);
	refuse(NAT64_ICMP_INNER_ERROR);
	OCTETS(0, 1, 11, 0, 0, 0, 0, 6, 0, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 1, 17, 0, 0, 192, 0, 2, 1, 1, 1, 1, 1, 0, 1,
	       0, 2, 0, 8, 0, 0);
	refuse(NAT64_ICMP_EXTENSION);
}

static void glue(void)
{
	udp4(28);
	frame_close(&frame);
	frame.packet.data[8] = 1;
	refuse(NAT64_HOP_LIMIT);
	udp4(28);
	frame_close(&frame);
	frame.packet.headroom = 19;
	refuse(NAT64_NO_MEMORY);
	for (size_t i = 0; i < sizeof(of_others) / sizeof(of_others[0]); i++)
		seen[of_others[i]]++;
}

static void (*const parts[])(void) = {
	ip_headers, bad_version_6, source_routes, chains,    protocols,   fragments,
	udp_zero,   sizes,         upper_layers,  addresses, icmp_errors, glue,
};

START_TEST(verdicts)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		translator_init(&config);
		parts[i]();
		translator_free(&config);
	}
	for (int i = 0; i <= NAT64_NO_MEMORY; i++) /* those behind it are the session table's */
		ck_assert_msg(seen[i], "nothing provokes %s", translator_names[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_verdict");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(cases, verdicts);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Which addresses a packet gets: whose it is, hairpins (RFC 7757 4), sources of errors (RFC 6791), and fragment headers. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64/translator.h"

static struct nat64_config config;
static struct frame frame, quoted;

static void setup(void)
{
	translator_init(&config);
}

static void teardown(void)
{
	translator_free(&config);
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static void between(struct frame *to, const char *source, const char *destination)
{
	const int six = !!strchr(source, ':');

	frame_udp(six ? frame_6(to, source, destination, 17, 28) : frame_4(to, source, destination, 17, 28), 28, 1, 2);
	frame_close(to);
}

static void error(const char *source, const char *destination)
{
	const size_t size = quoted.packet.len;
	const int six = !!strchr(source, ':');
	uint8_t *icmp = six ? frame_6(&frame, source, destination, 58, 8 + size)
			    : frame_4(&frame, source, destination, 1, 8 + size);

	frame_icmp(icmp, 8 + size, six ? 3 : 11, 0, 0);
	memcpy(icmp + 8, quoted.packet.data, size);
	frame_close(&frame);
}

static void is_between(const uint8_t *ip, const char *source, const char *destination)
{
	if (ip[0] >> 4 == 6) {
		const struct nat64_in6 a = frame_v6(source), b = frame_v6(destination);

		ck_assert_mem_eq(ip + 8, &a, 16);
		ck_assert_mem_eq(ip + 24, &b, 16);
	} else {
		const __be32 a = frame_v4(source), b = frame_v4(destination);

		ck_assert_mem_eq(ip + 12, &a, 4);
		ck_assert_mem_eq(ip + 16, &b, 4);
	}
}

START_TEST(covers)
{
	struct nat64_config none = { .eamt = NULL };
	static const struct {
		const char *address;
		int with, without; /* pool6 */
	} rows[] = {
		{ "192.0.2.1", 1, 1 },       { "192.0.2.3", 1, 0 },       { "198.51.100.255", 1, 1 },
		{ "198.51.101.0", 1, 0 },    { "127.0.0.1", 0, 0 },       { "224.0.0.251", 0, 0 },
		{ "255.255.255.255", 0, 0 }, { "2001:db8:a::1", 1, 1 },   { "2001:db8:a::3", 0, 0 },
		{ "2001:db8:b::ff", 1, 1 },  { "2001:db8:b::100", 0, 0 }, { "2001:db8:64::1.2.3.4", 1, 0 },
		{ "2001:db8:64:1::", 0, 0 }, { "fe80::1", 0, 0 },         { "ff02::1", 0, 0 },
	};

	for (int without = 0; without < 2; without++) {
		config.pool6.length = without ? 0 : 96;
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			const int expected = without ? rows[i].without : rows[i].with;
			struct nat64_in6 v6;

			if (!strchr(rows[i].address, ':')) {
				ck_assert_int_eq(nat64_covers_4(&config, frame_v4(rows[i].address)), expected);
				continue;
			}
			v6 = frame_v6(rows[i].address);
			ck_assert_int_eq(nat64_covers_6(&config, &v6), expected);
		}
	}
	ck_assert_int_eq(nat64_covers_4(&none, frame_v4("192.0.2.1")), 0);
}
END_TEST

/* ---- hairpins --------------------------------------------------------------------------------- */

/* a::1 talks to a::2 by the latter's IPv4 address; both have EAMs. */
static const char *const inside = "2001:db8:a::1", *const peer = "2001:db8:64::192.0.2.2";

static struct nat64_map map_of(enum nat64_verdict expected, int hairpin)
{
	const int six = frame.packet.data[0] >> 4 == 6;
	struct nat64_flow flow;
	struct nat64_map map = { .hairpin = 9 };

	ck_assert_int_eq(nat64_parse(&frame.packet, six ? 6 : 4, &flow), NAT64_OK);
	flow.hairpin = (uint8_t)hairpin;
	ck_assert_int_eq(six ? nat64_map_64(&config, &flow, 0, &map) : nat64_map_46(&config, &flow, 0, &map), expected);
	return map;
}

static void same6(const struct nat64_in6 *got, const char *expected)
{
	const struct nat64_in6 v6 = frame_v6(expected);

	ck_assert_mem_eq(got, &v6, 16);
}

START_TEST(hairpin_off)
{
	struct nat64_map map;

	between(&frame, inside, peer);
	ck_assert_int_eq(map_of(NAT64_OK, 0).hairpin, 0);
	between(&frame, "192.0.2.1", "192.0.2.2");
	map = map_of(NAT64_OK, 0);
	same6(&map.outer.source.v6, "2001:db8:a::1"); /* which the peer cannot answer: RFC 7757 4.1 */
}
END_TEST

START_TEST(hairpin_simple)
{
	struct nat64_map map;

	config.hairpin = NAT64_HAIRPIN_SIMPLE;
	between(&frame, inside, peer);
	ck_assert_int_eq(map_of(NAT64_OK, 0).hairpin, 0); /* the IPv4 network brings it back */
	between(&frame, "192.0.2.1", "192.0.2.2");
	map = map_of(NAT64_OK, 0);
	same6(&map.outer.source.v6, "2001:db8:64::192.0.2.1");
	same6(&map.outer.destination.v6, "2001:db8:a::2");
	/* an error of the peer about it, and of a router */
	between(&quoted, "192.0.2.1", "192.0.2.2");
	error("192.0.2.2", "192.0.2.1");
	map = map_of(NAT64_OK, 0);
	same6(&map.outer.source.v6, "2001:db8:64::192.0.2.2");
	same6(&map.inner.source.v6, "2001:db8:a::1");
	same6(&map.inner.destination.v6, "2001:db8:64::192.0.2.2");
	error("198.51.100.9", "192.0.2.1");
	map = map_of(NAT64_OK, 0);
	same6(&map.outer.source.v6, "2001:db8:b::9");
	same6(&map.inner.destination.v6, "2001:db8:64::192.0.2.2");
}
END_TEST

START_TEST(hairpin_intrinsic)
{
	struct nat64_map map;

	config.hairpin = NAT64_HAIRPIN_INTRINSIC;
	between(&frame, inside, peer);
	ck_assert_int_eq(map_of(NAT64_OK, 0).hairpin, 1);
	between(&frame, inside, "2001:db8:64::192.0.2.3"); /* no EAM: out */
	ck_assert_int_eq(map_of(NAT64_OK, 0).hairpin, 0);
	between(&frame, inside, "2001:db8:a::2"); /* not by RFC 6052 */
	ck_assert_int_eq(map_of(NAT64_OK, 0).hairpin, 0);
	/* the second pass, and a packet from outside */
	between(&frame, "192.0.2.1", "192.0.2.2");
	map = map_of(NAT64_OK, 1);
	same6(&map.outer.source.v6, "2001:db8:64::192.0.2.1");
	map = map_of(NAT64_OK, 0);
	same6(&map.outer.source.v6, "2001:db8:a::1");
	/* the peer's error about what came to it: its inner source is a::1 by RFC 6052 */
	between(&quoted, "2001:db8:64::192.0.2.1", "2001:db8:a::2");
	error("2001:db8:a::2", "2001:db8:64::192.0.2.1");
	ck_assert_int_eq(map_of(NAT64_OK, 0).hairpin, 1);
	between(&quoted, "2001:db8:64::192.0.2.9", "2001:db8:a::2");
	error("2001:db8:a::2", "2001:db8:64::192.0.2.9");
	ck_assert_int_eq(map_of(NAT64_OK, 0).hairpin, 0);
	translator_free(&config);
	config.eamt = NULL;
	between(&frame, "2001:db8:64::192.0.2.1", peer);
	ck_assert_int_eq(map_of(NAT64_OK, 0).hairpin, 0);
}
END_TEST

/* ---- errors' sources -------------------------------------------------------------------------- */

START_TEST(pool_4)
{
	struct nat64_flow flow;
	struct nat64_map map;

	between(&quoted, "2001:db8:64::203.0.113.9", "2001:db8:a::1");
	error("2001:db8:ffff::1", "2001:db8:64::203.0.113.9");
	translator_refuse(&config, &frame, NAT64_SOURCE_UNMAPPED);
	config.error_pool4[0] = frame_v4("192.0.0.8");
	config.error_pool4[1] = frame_v4("192.0.2.254");
	config.error_pool4_count = 2;
	for (uint32_t hash = 0; hash < 4; hash++) {
		ck_assert_int_eq(nat64_parse(&frame.packet, 6, &flow), NAT64_OK);
		ck_assert_int_eq(nat64_map_64(&config, &flow, hash, &map), NAT64_OK);
		ck_assert_uint_eq(map.outer.source.v4, config.error_pool4[hash % 2]);
	}
	translator_pass(&config, &frame);
	is_between(frame.packet.data, "192.0.0.8", "203.0.113.9");
	is_between(frame.packet.data + 28, "203.0.113.9", "192.0.2.1");
	/* a source that has an address keeps it, and only errors get another */
	error("2001:db8:a::2", "2001:db8:64::203.0.113.9");
	translator_pass(&config, &frame);
	is_between(frame.packet.data, "192.0.2.2", "203.0.113.9");
	between(&frame, "2001:db8:ffff::1", "2001:db8:64::203.0.113.9");
	translator_refuse(&config, &frame, NAT64_SOURCE_UNMAPPED);
}
END_TEST

START_TEST(source_6)
{
	config.pool6.length = 0;
	between(&quoted, "192.0.2.1", "192.0.2.2");
	error("203.0.113.9", "192.0.2.1");
	translator_refuse(&config, &frame, NAT64_SOURCE_UNMAPPED);
	config.error_source6 = frame_v6("2001:db8::e");
	translator_pass(&config, &frame);
	is_between(frame.packet.data, "2001:db8::e", "2001:db8:a::1");
	between(&frame, "203.0.113.9", "192.0.2.1");
	translator_refuse(&config, &frame, NAT64_SOURCE_UNMAPPED);
	between(&quoted, "192.0.2.1", "203.0.113.9"); /* the inner destination has none */
	error("192.0.2.2", "192.0.2.1");
	translator_refuse(&config, &frame, NAT64_ICMP_INNER);
}
END_TEST

/* ---- fragments -------------------------------------------------------------------------------- */

static const struct {
	uint16_t bits;   /* IPv4 flags and offset */
	uint16_t header; /* IPv6 offset and M */
} pieces[] = {
	{ 0x2000, 0x0001 }, { 0x2003, 0x0019 }, { 0x0003, 0x0018 },
	{ 0x6000, 0x0001 }, { 0x1ff0, 0xff80 }, { 0x8003, 0x0018 },
};

START_TEST(fragment_to_six)
{
	uint8_t *ip = frame.packet.data;

	between(&frame, "192.0.2.1", "203.0.113.9");
	ip = frame.packet.data;
	ip[4] = 0xfe;
	ip[5] = 0xdc;
	ip[6] = (uint8_t)(pieces[_i].bits >> 8);
	ip[7] = (uint8_t)pieces[_i].bits;
	ip[3] = 20 + 24;
	frame_close(&frame);
	translator_pass(&config, &frame);
	ip = frame.packet.data;
	ck_assert_uint_eq(frame.packet.len, 48 + 24);
	ck_assert_uint_eq(ip[6], 44);
	ck_assert_uint_eq(ip[40], 17);
	ck_assert_uint_eq(ip[41], 0);
	ck_assert_uint_eq(get16(ip + 42), pieces[_i].header);
	ck_assert_uint_eq(get16(ip + 44), 0);
	ck_assert_uint_eq(get16(ip + 46), 0xfedc);
	/* and back */
	translator_pass(&config, &frame);
	ip = frame.packet.data;
	ck_assert_uint_eq(frame.packet.len, 20 + 24);
	ck_assert_uint_eq(get16(ip + 4), 0xfedc);
	ck_assert_uint_eq(get16(ip + 6), pieces[_i].bits & 0x3fff);
}
END_TEST

/* RFC 8021: a whole packet gets no fragment header, DF or not, short or long; unless it is to be fragmented behind. */
START_TEST(no_atomic_fragments)
{
	const struct nat64_way way = { .hops = 1, .fragment = 1 };

	for (size_t size = 28; size < 3000; size += 743) {
		for (unsigned df = 0; df < 2; df++) {
			frame_udp(frame_4(&frame, "192.0.2.1", "203.0.113.9", 17, size), size, 1, 2);
			frame.packet.data[6] = df ? 0x40 : 0;
			frame_close(&frame);
			translator_pass(&config, &frame);
			ck_assert_uint_eq(frame.packet.data[6], 17);
		}
	}
	frame_udp(frame_4(&frame, "192.0.2.1", "203.0.113.9", 17, 1400), 1400, 1, 2);
	frame.packet.data[4] = 0x12;
	frame_close(&frame);
	ck_assert_int_eq(translator_step(&config, &way, &frame), NAT64_OK);
	ck_assert_uint_eq(frame.packet.len, 48 + 1400);
	ck_assert_uint_eq(frame.packet.data[6], 44);
	ck_assert_uint_eq(get16(frame.packet.data + 42), 0);
	ck_assert_uint_eq(get16(frame.packet.data + 46), 0x1200);
	ck_assert_ptr_null(frame_wrong(frame.packet.data, frame.packet.len));
	/* RFC 6946: coming in it is a whole packet that may be fragmented, and has an identification */
	translator_pass(&config, &frame);
	ck_assert_uint_eq(get16(frame.packet.data + 4), 0x1200);
	ck_assert_uint_eq(get16(frame.packet.data + 6), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_stateless");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, covers);
	tcase_add_test(cases, hairpin_off);
	tcase_add_test(cases, hairpin_simple);
	tcase_add_test(cases, hairpin_intrinsic);
	tcase_add_test(cases, pool_4);
	tcase_add_test(cases, source_6);
	tcase_add_loop_test(cases, fragment_to_six, 0, (int)(sizeof(pieces) / sizeof(pieces[0])));
	tcase_add_test(cases, no_atomic_fragments);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

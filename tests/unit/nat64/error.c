// SPDX-License-Identifier: GPL-2.0-or-later
/* ICMP errors, both ways: types and codes, MTUs, the packet that is quoted, RFC 4884 extensions, sizes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64/translator.h"

static struct nat64_config config;
static struct frame frame, quoted;
static struct nat64_way way;

static void setup(void)
{
	translator_init(&config);
	way = (struct nat64_way){ .hops = 1, .identification = 0xabcd };
}

static void teardown(void)
{
	translator_free(&config);
}

/* A router (named by its IPv4 address) tells a that its packet to b did not get through. */
static const char *const a4 = "192.0.2.1", *const b4 = "203.0.113.9", *const router4 = "203.0.113.1";
static const char *const a6 = "2001:db8:a::1", *const b6 = "2001:db8:64::203.0.113.9",
			 *const router6 = "2001:db8:64::203.0.113.1";

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) << 16 | get16(at + 2);
}

/* The packet that is quoted: IP family 4 or 6, size octets of upper layer. */
static void quote(int family, uint8_t protocol, size_t size)
{
	uint8_t *upper = family == 6 ? frame_6(&quoted, a6, b6, protocol, size)
				     : frame_4(&quoted, a4, b4, protocol, size);

	if (protocol == 6)
		frame_tcp(upper, size, 1234, 80, 0x18);
	else if (protocol == 17)
		frame_udp(upper, size, 1234, 53);
	else if (protocol == 1 || protocol == 58)
		frame_icmp(upper, size, protocol == 1 ? 8 : 128, 0, 0x12340007);
	else
		memset(upper, 0x77, size);
	frame_close(&quoted);
}

/* An error that quotes the first size octets of it, then padding zeros, then an extension of rest octets. */
static void error(int family, uint8_t type, uint8_t code, uint32_t word, size_t size, size_t padding, size_t extension)
{
	const size_t body = 8 + size + padding + extension;
	uint8_t *icmp = family == 6 ? frame_6(&frame, router6, a6, 58, body) : frame_4(&frame, router4, a4, 1, body);

	icmp[0] = type;
	icmp[1] = code;
	for (unsigned i = 0; i < 4; i++)
		icmp[4 + i] = (uint8_t)(word >> (24 - 8 * i));
	memcpy(icmp + 8, quoted.packet.data, size);
	for (size_t i = 0; i < extension; i++)
		icmp[8 + size + padding + i] = i ? (uint8_t)(0xe0 + i) : 0x20; /* version 2 */
	frame_close(&frame);
}

static void quote_udp(int family)
{
	quote(family, 17, 28);
}

/* ---- types and codes --------------------------------------------------------------------------- */

#define ANY 256

static const struct kind {
	int code, pointer; /* pointer -1: another second word, ANY: every one */
	uint8_t type, new_type, new_code, new_pointer;
} kinds46[] = {
	/* code, pointer, type -> */
	{ 0, -1, 3, 1, 0, 0 },   { 1, -1, 3, 1, 0, 0 },   { 2, -1, 3, 4, 1, 6 },  { 3, -1, 3, 1, 4, 0 },
	{ 5, -1, 3, 1, 0, 0 },   { 6, -1, 3, 1, 0, 0 },   { 7, -1, 3, 1, 0, 0 },  { 8, -1, 3, 1, 0, 0 },
	{ 9, -1, 3, 1, 1, 0 },   { 10, -1, 3, 1, 1, 0 },  { 11, -1, 3, 1, 0, 0 }, { 12, -1, 3, 1, 0, 0 },
	{ 13, -1, 3, 1, 1, 0 },  { 15, -1, 3, 1, 1, 0 },  { 0, -1, 11, 3, 0, 0 }, { 1, -1, 11, 3, 1, 0 },
	{ 0, 0, 12, 4, 0, 0 },   { 0, 1, 12, 4, 0, 1 },   { 0, 2, 12, 4, 0, 4 },  { 0, 3, 12, 4, 0, 4 },
	{ 0, 8, 12, 4, 0, 7 },   { 0, 9, 12, 4, 0, 6 },   { 0, 12, 12, 4, 0, 8 }, { 0, 15, 12, 4, 0, 8 },
	{ 0, 16, 12, 4, 0, 24 }, { 0, 19, 12, 4, 0, 24 }, { 2, 2, 12, 4, 0, 4 },  { 2, 3, 12, 4, 0, 4 },
	{ 2, 19, 12, 4, 0, 24 },
};

static const struct kind kinds64[] = {
	{ 0, -1, 1, 3, 1, 0 },   { 1, -1, 1, 3, 10, 0 },  { 2, -1, 1, 3, 1, 0 },  { 3, -1, 1, 3, 1, 0 },
	{ 4, -1, 1, 3, 3, 0 },   { 0, -1, 3, 11, 0, 0 },  { 1, -1, 3, 11, 1, 0 }, { 1, -1, 4, 3, 2, 0 },
	{ 0, 0, 4, 12, 0, 0 },   { 0, 1, 4, 12, 0, 1 },   { 0, 4, 4, 12, 0, 2 },  { 0, 5, 4, 12, 0, 2 },
	{ 0, 6, 4, 12, 0, 9 },   { 0, 7, 4, 12, 0, 8 },   { 0, 8, 4, 12, 0, 12 }, { 0, 23, 4, 12, 0, 12 },
	{ 0, 24, 4, 12, 0, 16 }, { 0, 39, 4, 12, 0, 16 },
};

START_TEST(kinds_to_six)
{
	const struct kind *k = &kinds46[_i];
	const uint8_t *icmp;

	quote_udp(4);
	error(4, k->type, (uint8_t)k->code, k->pointer < 0 ? 0 : (uint32_t)k->pointer << 24, 48, 0, 0);
	translator_pass(&config, &frame);
	icmp = frame.packet.data + 40;
	ck_assert_uint_eq(frame.packet.data[6], 58);
	ck_assert_uint_eq(frame.packet.len, 40 + 8 + 40 + 28);
	ck_assert_uint_eq(icmp[0], k->new_type);
	ck_assert_uint_eq(icmp[1], k->new_code);
	ck_assert_uint_eq(get32(icmp + 4), k->new_pointer);
}
END_TEST

START_TEST(kinds_to_four)
{
	const struct kind *k = &kinds64[_i];
	const uint8_t *icmp;

	quote_udp(6);
	error(6, k->type, (uint8_t)k->code, k->pointer < 0 ? 0 : (uint32_t)k->pointer, 68, 0, 0);
	translator_pass(&config, &frame);
	icmp = frame.packet.data + 20;
	ck_assert_uint_eq(frame.packet.data[9], 1);
	ck_assert_uint_eq(frame.packet.len, 20 + 8 + 20 + 28);
	ck_assert_uint_eq(icmp[0], k->new_type);
	ck_assert_uint_eq(icmp[1], k->new_code);
	ck_assert_uint_eq(get32(icmp + 4), (uint32_t)k->new_pointer << 24);
}
END_TEST

/* Every type with the codes that any has and some others, with a pointer that says something and one that does not: what is not listed is dropped. */
static int listed(int family, unsigned type, unsigned code, int pointed)
{
	if (family == 4) {
		if (type == 0 || type == 8) /* echo */
			return 1;
		if (type == 3)
			return code < 16 && code != 14;
		return type == 11 || (type == 12 && pointed && (code == 0 || code == 2));
	}
	if (type == 128 || type == 129)
		return 1;
	if (type == 1)
		return code < 5;
	return type == 2 || type == 3 || (type == 4 && (code == 1 || (code == 0 && pointed)));
}

START_TEST(other_kinds)
{
	const int family = _i % 2 ? 4 : 6, pointed = _i / 2;
	struct nat64_flow flow;

	quote_udp(family);
	error(family, 3, 0, pointed ? 0 : 0xffffffff, family == 4 ? 48 : 68, 0, 0);
	if (!pointed) { /* no length attribute */
		frame.packet.data[family == 4 ? 25 : 44] = 0;
		frame.packet.data[family == 4 ? 24 : 45] = 4;
	}
	for (unsigned type = 0; type < 256; type++) {
		for (unsigned code = 0; code < 256; code += code < 20 ? 1 : 59) {
			uint8_t *icmp = frame.packet.data + (family == 4 ? 20 : 40);

			icmp[0] = (uint8_t)type;
			icmp[1] = (uint8_t)code;
			ck_assert_msg(nat64_parse(&frame.packet, (uint8_t)family, &flow) ==
					      (listed(family, type, code, pointed) ? NAT64_OK : NAT64_ICMP_TYPE),
				      "type %u code %u", type, code);
		}
	}
}
END_TEST

START_TEST(pointers)
{
	static const int bad4[] = { 4, 5, 6, 7, 10, 11, 20, 255 }, bad6[] = { 2, 3, 40, 255, 0x100, 0x10000 };

	for (size_t i = 0; i < sizeof(bad4) / sizeof(bad4[0]); i++) {
		quote_udp(4);
		error(4, 12, 0, (uint32_t)bad4[i] << 24, 48, 0, 0);
		translator_refuse(&config, &frame, NAT64_ICMP_TYPE);
	}
	for (size_t i = 0; i < sizeof(bad6) / sizeof(bad6[0]); i++) {
		quote_udp(6);
		error(6, 4, 0, (uint32_t)bad6[i], 68, 0, 0);
		translator_refuse(&config, &frame, NAT64_ICMP_TYPE);
	}
}
END_TEST

/* ---- MTUs ------------------------------------------------------------------------------------- */

static const struct {
	uint32_t mtu, length, mtu_in, mtu_out, expected;
} mtus46[] = {
	{ 1400, 1500, 0, 0, 1420 },	  { 1400, 1500, 1500, 1500, 1420 }, { 1480, 1500, 1500, 1500, 1500 },
	{ 1500, 1500, 1500, 1500, 1500 }, { 1500, 1500, 9000, 9000, 1520 }, { 1500, 1500, 1300, 9000, 1320 },
	{ 1500, 1500, 9000, 1400, 1400 }, { 1260, 1500, 0, 0, 1280 },	    { 1259, 1500, 0, 0, 1280 },
	{ 68, 1500, 0, 0, 1280 },	  { 1, 1500, 0, 0, 1280 },	    { 65535, 1500, 0, 0, 65555 },
	/* no MTU: the plateau below the Total Length */
	{ 0, 1500, 0, 0, 1512 },	  { 0, 1492, 0, 0, 1280 },	    { 0, 1493, 0, 0, 1512 },
	{ 0, 9000, 0, 0, 8186 },	  { 0, 9000, 1500, 1500, 1500 },    { 0, 576, 0, 0, 1280 },
	{ 0, 48, 0, 0, 1280 },
}, mtus64[] = {
	{ 1400, 0, 0, 0, 1380 },	  { 1400, 0, 1500, 1500, 1380 },    { 1500, 0, 1500, 1400, 1400 },
	{ 1500, 0, 1300, 1500, 1280 },	  { 1280, 0, 0, 0, 1260 },	    { 9000, 0, 9000, 9000, 8980 },
	{ 0x10000, 0, 0, 0, 65516 },	  { 0xffffffff, 0, 0, 0, 65535 },   { 100, 0, 0, 0, 80 },
	{ 87, 0, 0, 0, 68 },		  { 20, 0, 0, 0, 68 },		    { 0, 0, 0, 0, 68 },
};

START_TEST(mtu_to_six)
{
	quote_udp(4);
	quoted.packet.data[2] = (uint8_t)(mtus46[_i].length >> 8);
	quoted.packet.data[3] = (uint8_t)mtus46[_i].length;
	error(4, 3, 4, mtus46[_i].mtu, 48, 0, 0);
	way.mtu_in = mtus46[_i].mtu_in;
	way.mtu_out = mtus46[_i].mtu_out;
	ck_assert_int_eq(translator_step(&config, &way, &frame), NAT64_OK);
	ck_assert_ptr_null(frame_wrong(frame.packet.data, frame.packet.len));
	ck_assert_uint_eq(get16(frame.packet.data + 40), 0x200);
	ck_assert_uint_eq(get32(frame.packet.data + 44), mtus46[_i].expected);
}
END_TEST

START_TEST(mtu_to_four)
{
	quote_udp(6);
	error(6, 2, 0, mtus64[_i].mtu, 68, 0, 0);
	way.mtu_in = mtus64[_i].mtu_in;
	way.mtu_out = mtus64[_i].mtu_out;
	ck_assert_int_eq(translator_step(&config, &way, &frame), NAT64_OK);
	ck_assert_ptr_null(frame_wrong(frame.packet.data, frame.packet.len));
	ck_assert_uint_eq(get16(frame.packet.data + 20), 0x304);
	ck_assert_uint_eq(get32(frame.packet.data + 24), mtus64[_i].expected);
}
END_TEST

/* ---- the quoted packet ------------------------------------------------------------------------ */

static const uint8_t protocols[] = { 6, 17, 1, 47 };

/*
 * However much is quoted, 8 octets of upper layer or all, the quoted part is the same as of the packet translated by itself, with its hop limit
 * left alone.
 */
START_TEST(quoted_as_translated)
{
	const int family = _i % 2 ? 6 : 4, fragment = _i / 2 % 2;
	const size_t header = family == 6 ? 40 : 20, new_header = family == 6 ? 20 : 40;
	uint8_t protocol = protocols[_i / 4];
	static struct frame alone;
	size_t more = 0;

	protocol = protocol == 1 && family == 6 ? 58 : protocol;
	if (fragment && (protocol == 1 || protocol == 58))
		return; /* see quoted_icmp_fragment */
	for (size_t size = protocol == 6 ? 48 : 24, seen = 8; seen <= size; seen++) {
		quote(family, protocol, size);
		if (fragment && family == 4) { /* the first fragment */
			quoted.packet.data[4] = 0x12;
			quoted.packet.data[5] = 0x34;
			quoted.packet.data[6] = 0x20;
			frame_close(&quoted);
			more = 8;
		}
		frame_copy(&alone, &quoted);
		way.hops = 0;
		ck_assert_int_eq(translator_step(&config, &way, &alone), NAT64_OK);
		way.hops = 1;
		error(family, family == 6 ? 3 : 11, 0, 0, header + seen, 0, 0);
		translator_pass(&config, &frame);
		ck_assert_uint_eq(frame.packet.len, new_header + 8 + new_header + more + seen);
		if (protocol == 6 && seen == 17)
			continue; /* half a checksum is left alone */
		ck_assert_mem_eq(frame.packet.data + new_header + 8, alone.packet.data, new_header + more + seen);
	}
}
END_TEST

/* A fragment of a packet that we translated whole: no upper layer, or the first part of ICMP's. */
START_TEST(quoted_later_fragment)
{
	quote(4, 17, 64);
	quoted.packet.data[6] = 0x20;
	quoted.packet.data[7] = 0x10; /* at octet 128 */
	quoted.packet.data[5] = 0x77;
	frame_close(&quoted);
	error(4, 11, 1, 0, 84, 0, 0);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.len, 40 + 8 + 48 + 64);
	ck_assert_uint_eq(frame.packet.data[48 + 6], 44);
	ck_assert_uint_eq(frame.packet.data[88], 17);
	ck_assert_uint_eq(get16(frame.packet.data + 90), 129);
	ck_assert_uint_eq(get32(frame.packet.data + 92), 0x77);
	ck_assert_mem_eq(frame.packet.data + 96, quoted.packet.data + 20, 64);
}
END_TEST

START_TEST(quoted_icmp_fragment)
{
	quote(4, 1, 64);
	quoted.packet.data[6] = 0x20;
	frame_close(&quoted);
	error(4, 11, 1, 0, 84, 0, 0);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.data[88], 58);
	ck_assert_uint_eq(frame.packet.data[96], 128);
	ck_assert_mem_eq(frame.packet.data + 100, quoted.packet.data + 24, 60);
}
END_TEST

/* The inner IPv6 packet's extension headers go. */
START_TEST(quoted_extension_headers)
{
	uint8_t *upper = frame_6(&quoted, a6, b6, 0, 8 + 16 + 8 + 28);
	const uint8_t chain[] = { 60, 0, 1, 4, 0, 0, 0, 0, 44, 1, 1, 12, [24] = 17, 0, 0, 1, 0, 0, 0xab, 0x12 };

	memcpy(upper, chain, sizeof(chain));
	frame_udp(upper + 32, 28, 1234, 53);
	frame_close(&quoted);
	error(6, 1, 4, 0, 100, 0, 0);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(frame.packet.len, 20 + 8 + 20 + 28);
	ck_assert_uint_eq(get16(frame.packet.data + 28 + 2), 48);
	ck_assert_uint_eq(get16(frame.packet.data + 28 + 4), 0xab12);
	ck_assert_uint_eq(get16(frame.packet.data + 28 + 6), 0x2000);
	ck_assert_uint_eq(frame.packet.data[28 + 9], 17);
	ck_assert_uint_eq(frame_sum(frame.packet.data + 28, 20, 0), 0xffff);
}
END_TEST

START_TEST(bad_quotes)
{
	const int family = _i ? 6 : 4;
	const size_t header = _i ? 40 : 20, at = header + 8;
	const uint8_t type = _i ? 3 : 11;

	for (size_t size = 0; size < header + 8; size++) { /* too short */
		quote_udp(family);
		error(family, type, 0, 0, size, 0, 0);
		translator_refuse(&config, &frame, NAT64_ICMP_INNER);
	}
	quote_udp(family);
	error(family, type, 0, 0, header + 28, 0, 0);
	frame.packet.data[at] ^= 0x10; /* version */
	translator_refuse(&config, &frame, NAT64_ICMP_INNER);
	/* about an error, and about an ICMP message that is never translated */
	quote(family, family == 4 ? 1 : 58, 28);
	quoted.packet.data[header] = type;
	error(family, type, 0, 0, header + 28, 0, 0);
	translator_refuse(&config, &frame, NAT64_ICMP_INNER_ERROR);
	quoted.packet.data[header] = family == 4 ? 13 : 135;
	error(family, type, 0, 0, header + 28, 0, 0);
	translator_refuse(&config, &frame, NAT64_ICMP_INNER);
	/* a protocol that is not carried */
	quote(family, 47, 28);
	error(family, type, 0, 0, header + 28, 0, 0);
	config.carry_other = 0;
	translator_refuse(&config, &frame, NAT64_ICMP_INNER);
}
END_TEST

/* The checksum covers all that changed; wrong, it stays wrong by the same amount. */
START_TEST(wrong_checksum)
{
	int family = _i ? 6 : 4;

	for (unsigned error_by = 1; error_by < 0xffff; error_by += 1111) {
		uint32_t sum;
		uint8_t *icmp;

		quote_udp(family);
		error(family, family == 6 ? 3 : 11, 0, 0, family == 6 ? 68 : 48, 0, 0);
		icmp = frame.packet.data + (family == 6 ? 40 : 20);
		sum = get16(icmp + 2) + error_by;
		sum = (sum & 0xffff) + (sum >> 16);
		icmp[2] = (uint8_t)(sum >> 8);
		icmp[3] = (uint8_t)sum;
		ck_assert_int_eq(translator_step(&config, &way, &frame), NAT64_OK);
		icmp = frame.packet.data + (family == 6 ? 20 : 40);
		sum = get16(icmp + 2) + 0xffff - error_by;
		sum = (sum & 0xffff) + (sum >> 16);
		icmp[2] = (uint8_t)(sum >> 8);
		icmp[3] = (uint8_t)sum;
		ck_assert_ptr_null(frame_wrong(frame.packet.data, frame.packet.len));
	}
}
END_TEST

/* ---- sizes and extensions --------------------------------------------------------------------- */

START_TEST(cut_to_size)
{
	for (size_t odd = 0; odd < 2; odd++) { /* the last octet of an odd number counts for two */
		quote(4, 17, 1400 + odd);
		error(4, 11, 0, 0, 1420 + odd, 0, 0);
		translator_pass(&config, &frame);
		ck_assert_uint_eq(frame.packet.len, 1280);
		ck_assert_mem_eq(frame.packet.data + 88 + 8, quoted.packet.data + 28, 1280 - 96);
		quote(6, 17, 1400 + odd);
		error(6, 3, 0, 0, 1192 + odd, 0, 0);
		translator_pass(&config, &frame);
		ck_assert_uint_eq(frame.packet.len, 576);
		ck_assert_mem_eq(frame.packet.data + 48 + 8, quoted.packet.data + 48, 576 - 56);
	}
}
END_TEST

static const struct {
	int family;
	uint8_t type, code, attribute; /* words of the family's unit; 0: as the field is */
	size_t size, padding, extension, field, expected_extension;
} extensions[] = {
	/* 128 octets grow to 148, padded to 152; shrink to 108, padded to 128 */
	{ 4, 11, 0, 0, 128, 0, 12, 152, 12 },
	{ 4, 3, 3, 0, 128, 0, 4, 152, 4 },
	{ 6, 3, 0, 0, 128, 0, 12, 128, 12 },
	{ 6, 1, 4, 0, 160, 0, 16, 140, 16 },
	{ 6, 1, 4, 0, 152, 0, 16, 132, 16 },
	{ 6, 1, 4, 0, 136, 0, 16, 128, 16 },
	/* a short packet, padded by the router */
	{ 4, 11, 0, 0, 48, 80, 8, 152, 8 },
	{ 6, 3, 0, 0, 68, 60, 8, 128, 8 },
	/* no attribute in the new type: it goes */
	{ 4, 3, 4, 0, 128, 0, 12, 0, 0 },
	{ 4, 3, 2, 0, 128, 0, 12, 0, 0 },
	{ 4, 12, 0, 0, 128, 0, 12, 0, 0 },
	/* the datagram makes room */
	{ 6, 3, 0, 0, 1000, 0, 100, 448, 100 },
	{ 6, 3, 0, 0, 560, 0, 12, 536, 12 },
	{ 4, 11, 0, 0, 1000, 0, 300, 928, 300 },
	{ 4, 11, 0, 0, 1020, 0, 192, 1040, 192 },
	/* but not more than down to 128 */
	{ 6, 3, 0, 0, 560, 0, 420, 128, 420 },
	{ 6, 3, 0, 0, 560, 0, 424, 0, 0 },
	{ 4, 11, 0, 0, 280, 0, 1104, 128, 1104 },
	{ 4, 11, 0, 0, 280, 0, 1108, 0, 0 },
};

START_TEST(extended)
{
	const int family = extensions[_i].family;
	const size_t unit = family == 4 ? 4 : 8, new_unit = family == 4 ? 8 : 4, header = family == 4 ? 20 : 40,
		     new_header = family == 4 ? 40 : 20, size = extensions[_i].size, padding = extensions[_i].padding,
		     extension = extensions[_i].extension, kept = extensions[_i].expected_extension;
	const uint32_t attribute = (uint32_t)((size + padding) / unit);
	static uint8_t tail[2000];
	size_t field = extensions[_i].field, quote_size = padding ? size - header : 1300, same;
	const uint8_t *icmp;

	quote(family, 17, quote_size);
	error(family, extensions[_i].type, extensions[_i].code, attribute << (family == 4 ? 16 : 24), size, padding,
	      extension);
	memcpy(tail, frame.packet.data + frame.packet.len - extension, extension);
	translator_pass(&config, &frame);
	icmp = frame.packet.data + new_header;
	if (!kept) {
		field = frame.packet.len - new_header - 8;
		same = size + padding - header + new_header;
		ck_assert_uint_eq(field, same < (family == 4 ? 1232u : 548u) ? same : family == 4 ? 1232u : 548u);
	}
	ck_assert_uint_eq(icmp[family == 4 ? 4 : 5], kept ? field / new_unit : icmp[0] == 4 ? icmp[4] : 0);
	ck_assert_uint_eq(frame.packet.len, new_header + 8 + field + kept);
	ck_assert_mem_eq(icmp + 8 + field, tail, kept);
	/* behind the inner headers, without the UDP checksum: what was there, then zeros */
	same = field - new_header < size - header ? field - new_header : size - header;
	ck_assert_mem_eq(icmp + 8 + new_header + 8, quoted.packet.data + header + 8, same - 8);
	for (size_t i = new_header + same; i < field; i++)
		ck_assert_uint_eq(icmp[8 + i], 0);
}
END_TEST

START_TEST(bad_extensions)
{
	const int family = _i ? 6 : 4;
	const size_t unit = _i ? 8 : 4;
	const uint8_t type = _i ? 3 : 11, shift = _i ? 24 : 16;
	uint8_t *version;

	quote(family, 17, 300);
	for (uint32_t attribute = 1; attribute < 128 / unit; attribute++) { /* a field of less than 128 octets */
		error(family, type, 0, attribute << shift, 160, 0, 0);
		translator_refuse(&config, &frame, NAT64_ICMP_EXTENSION);
	}
	error(family, type, 0, (uint32_t)(168 / unit) << shift, 160, 0, 0); /* beyond the end */
	translator_refuse(&config, &frame, NAT64_ICMP_EXTENSION);
	error(family, type, 0, (uint32_t)(160 / unit) << shift, 160, 0, 3); /* no room for its header */
	translator_refuse(&config, &frame, NAT64_ICMP_EXTENSION);
	error(family, type, 0, (uint32_t)(160 / unit) << shift, 160, 0, 8);
	version = frame.packet.data + frame.packet.len - 8;
	*version = 0x10;
	translator_refuse(&config, &frame, NAT64_ICMP_EXTENSION);
	/* the attribute without an extension is no error */
	error(family, type, 0, (uint32_t)(160 / unit) << shift, 160, 0, 0);
	translator_pass(&config, &frame);
	ck_assert_uint_eq(get32(frame.packet.data + (_i ? 20 : 40) + 4), 0);
}
END_TEST

/* Errors have to be linear as a whole; the parser can tell before. */
START_TEST(not_linear)
{
	const int family = _i ? 6 : 4;
	struct nat64_flow flow;

	quote_udp(family);
	error(family, family == 6 ? 3 : 11, 0, 0, family == 6 ? 68 : 48, 0, 0);
	frame.packet.linear--;
	ck_assert_int_eq(nat64_parse(&frame.packet, (uint8_t)family, &flow), NAT64_OK);
	ck_assert_int_eq(flow.outer.upper, NAT64_ERROR);
	translator_refuse(&config, &frame, NAT64_NO_MEMORY);
	frame.packet.linear = (family == 6 ? 48 : 28) + 10; /* within the inner IP header: try again with more */
	ck_assert_int_eq(nat64_parse(&frame.packet, (uint8_t)family, &flow), NAT64_TRUNCATED);
}
END_TEST

START_TEST(headroom)
{
	for (uint32_t room = 0; room <= 64; room++) {
		const uint32_t needed = 20 + 20 + 4; /* and the padding of an extension */

		quote(4, 17, 300);
		error(4, 11, 0, 32u << 16, 128, 0, 8);
		frame.packet.headroom = room;
		if (room < needed)
			translator_refuse(&config, &frame, NAT64_NO_MEMORY);
		else
			translator_pass(&config, &frame);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_error");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, setup, teardown);
#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
	tcase_add_loop_test(cases, kinds_to_six, 0, ROWS(kinds46));
	tcase_add_loop_test(cases, kinds_to_four, 0, ROWS(kinds64));
	tcase_add_loop_test(cases, other_kinds, 0, 4);
	tcase_add_test(cases, pointers);
	tcase_add_loop_test(cases, mtu_to_six, 0, ROWS(mtus46));
	tcase_add_loop_test(cases, mtu_to_four, 0, ROWS(mtus64));
	tcase_add_loop_test(cases, quoted_as_translated, 0, 4 * ROWS(protocols));
	tcase_add_test(cases, quoted_later_fragment);
	tcase_add_test(cases, quoted_icmp_fragment);
	tcase_add_test(cases, quoted_extension_headers);
	tcase_add_loop_test(cases, bad_quotes, 0, 2);
	tcase_add_loop_test(cases, wrong_checksum, 0, 2);
	tcase_add_test(cases, cut_to_size);
	tcase_add_loop_test(cases, extended, 0, ROWS(extensions));
	tcase_add_loop_test(cases, bad_extensions, 0, 2);
	tcase_add_loop_test(cases, not_linear, 0, 2);
	tcase_add_test(cases, headroom);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

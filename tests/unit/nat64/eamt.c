// SPDX-License-Identifier: GPL-2.0-or-later
/* RFC 7757's table against a walk over all entries, bit by bit. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/nat64/core/eamt.h"
#include "tests/unit/nat64/frame.h"

#define COUNT_MAX 3000

static struct nat64_eam entries[COUNT_MAX];
static uint64_t state;

static uint32_t draw(uint32_t below)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((state >> 33) % below);
}

static int bit(const void *octets, unsigned at)
{
	return ((const uint8_t *)octets)[at / 8] >> (7 - at % 8) & 1;
}

static void set_bit(void *octets, unsigned at, int value)
{
	uint8_t *octet = (uint8_t *)octets + at / 8;

	*octet = (uint8_t)((*octet & ~(0x80 >> at % 8)) | (value ? 0x80 >> at % 8 : 0));
}

static int starts(const void *address, const void *prefix, unsigned length)
{
	for (unsigned i = 0; i < length; i++)
		if (bit(address, i) != bit(prefix, i))
			return 0;
	return 1;
}

/* Moves the suffix of one address behind the prefix of the other. */
static void move_suffix(void *to, unsigned to_length, const void *from, unsigned from_length, unsigned suffix)
{
	for (unsigned i = 0; i < suffix; i++)
		set_bit(to, to_length + i, bit(from, from_length + i));
}

static const struct nat64_eam *longest(const void *address, int six, uint32_t count)
{
	const struct nat64_eam *found = NULL;

	for (uint32_t i = 0; i < count; i++) {
		const struct nat64_eam *e = &entries[i];
		const unsigned length = six ? e->v6_length : e->v4_length;

		if (starts(address, six ? (const void *)&e->v6 : &e->v4, length) &&
		    (!found || length > (six ? found->v6_length : found->v4_length)))
			found = e;
	}
	return found;
}

static void agree4(const struct nat64_eamt *eamt, __be32 v4, uint32_t count)
{
	const struct nat64_eam *e = longest(&v4, 0, count);
	struct nat64_in6 expected, got;

	ck_assert_int_eq(nat64_eamt_46(eamt, v4, &got), e != NULL);
	if (!e)
		return;
	expected = e->v6;
	move_suffix(&expected, e->v6_length, &v4, e->v4_length, 32u - e->v4_length);
	ck_assert_mem_eq(&got, &expected, 16);
}

static void agree6(const struct nat64_eamt *eamt, const struct nat64_in6 *v6, uint32_t count)
{
	const struct nat64_eam *e = longest(v6, 1, count);
	__be32 expected, got;

	ck_assert_int_eq(nat64_eamt_64(eamt, v6, &got), e != NULL);
	if (!e)
		return;
	expected = e->v4;
	move_suffix(&expected, e->v4_length, v6, e->v6_length, 32u - e->v4_length);
	ck_assert_uint_eq(got, expected);
}

/* An address near an entry: within it, at its ends, one beyond; or anywhere. */
static void near(void *address, unsigned size, const void *prefix, unsigned length)
{
	uint8_t *octets = address;
	const uint32_t kind = draw(6);

	for (unsigned i = 0; i < size; i++)
		octets[i] = kind == 0 ? 0 : kind == 1 ? 0xff : (uint8_t)draw(256);
	if (kind == 5)
		return;
	for (unsigned i = 0; i < length; i++)
		set_bit(address, i, bit(prefix, i));
	if (kind < 4)
		return;
	for (unsigned at = length, carry = 1; carry && at-- > 0;) { /* the next prefix of this length */
		carry = (unsigned)bit(address, at);
		set_bit(address, at, !carry);
	}
}

static struct nat64_eamt *build(void *memory, uint32_t count, int overlap, enum nat64_eam_error expected, uint32_t *bad)
{
	struct nat64_eamt *eamt = NULL;

	ck_assert_int_eq(nat64_eamt_build(memory, entries, count, overlap, bad, &eamt), expected);
	ck_assert((eamt != NULL) == (expected == NAT64_EAM_OK));
	return eamt;
}

/* Random entries; bits few means that they lie close together and nest. An entry equal to another is not taken. */
static void random_entry(struct nat64_eam *e, unsigned bits)
{
	memset(e, 0, sizeof(*e));
	e->v4_length = (uint8_t)(draw(2) ? 32 : draw(33));
	e->v6_length = (uint8_t)(draw(2) ? 96u + e->v4_length : draw(129u - (32u - e->v4_length)));
	for (unsigned i = 0; i < e->v4_length; i++)
		set_bit(&e->v4, i, i + bits < e->v4_length ? 0x5a >> i % 8 & 1 : (int)draw(2));
	for (unsigned i = 0; i < e->v6_length; i++)
		set_bit(&e->v6, i, i + bits < e->v6_length ? 0x35 >> i % 8 & 1 : (int)draw(2));
}

static int taken(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct nat64_eam *a = &entries[i], *b = &entries[count];

		if ((a->v4 == b->v4 && a->v4_length == b->v4_length) ||
		    (a->v6_length == b->v6_length && !memcmp(&a->v6, &b->v6, 16)))
			return 1;
	}
	return 0;
}

static uint32_t fill(uint32_t wanted, unsigned bits)
{
	uint32_t count = 0;

	for (uint32_t tries = 0; count < wanted && tries < 4 * wanted; tries++) {
		random_entry(&entries[count], bits);
		count += !taken(count);
	}
	return count;
}

static void agree(uint32_t count, unsigned probes)
{
	void *memory = malloc(nat64_eamt_size(count));
	uint32_t bad;
	struct nat64_eamt *eamt = build(memory, count, 1, NAT64_EAM_OK, &bad);

	for (unsigned i = 0; i < probes; i++) {
		const struct nat64_eam none = { .v4_length = 0 }, *e = count ? &entries[draw(count)] : &none;
		struct nat64_in6 v6;
		__be32 v4;

		near(&v4, 4, &e->v4, e->v4_length);
		near(&v6, 16, &e->v6, e->v6_length);
		agree4(eamt, v4, count);
		agree6(eamt, &v6, count);
	}
	free(memory);
}

START_TEST(random_tables)
{
	static const unsigned bits[] = { 1, 2, 4, 8, 12, 20, 32, 64, 128 };
	const char *given = getenv("OSNC_SEED");
	const uint64_t seed = given ? strtoull(given, NULL, 0) : 7757u + (unsigned)_i;

	state = seed;
	printf("seed %" PRIu64 "\n", seed);
	for (unsigned round = 0; round < 20; round++)
		agree(fill(draw(60), bits[_i]), 200);
	agree(fill(1000, bits[_i]), 200);
}
END_TEST

/* What people use: single addresses, one after the other, in one network and in several. */
START_TEST(usual_tables)
{
	for (uint32_t i = 0; i < COUNT_MAX; i++) {
		const uint32_t net = _i ? i % 7 : 0;
		char v4[32], v6[64];

		snprintf(v4, sizeof(v4), "%u.0.%u.%u", 20 + net * 30, i / 250, i % 250);
		snprintf(v6, sizeof(v6), "2001:db8:%x::%x", net * 0x1111, i + 1);
		entries[i] = (struct nat64_eam){ frame_v4(v4), 32, frame_v6(v6), 128 };
	}
	state = 1;
	agree(COUNT_MAX, 400);
}
END_TEST

START_TEST(empty_and_whole)
{
	agree(0, 50);
	entries[0] = (struct nat64_eam){ .v4_length = 0, .v6_length = 0 }; /* all of IPv4 at the front of all of IPv6 */
	agree(1, 50);
	entries[0].v6_length = 96;
	agree(1, 50);
	entries[1] = (struct nat64_eam){ frame_v4("255.255.255.255"), 32,
					 frame_v6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 128 };
	agree(2, 200);
}
END_TEST

/* RFC 7757 3.2's table and 3.3's examples of every kind. */
START_TEST(published)
{
	static const struct {
		const char *v4;
		uint8_t v4_length;
		const char *v6;
		uint8_t v6_length;
	} table[] = {
		{ "192.0.2.1", 32, "2001:db8:aaaa::", 128 },    { "192.0.2.2", 32, "2001:db8:bbbb::b", 128 },
		{ "192.0.2.16", 28, "2001:db8:cccc::", 124 },   { "192.0.2.128", 26, "2001:db8:dddd::", 64 },
		{ "192.0.2.192", 29, "2001:db8:eeee:8::", 62 }, { "192.0.2.224", 31, "64:ff9b::", 127 },
	};
	static const struct {
		const char *v4, *v6;
	} pairs[] = {
		{ "192.0.2.1", "2001:db8:aaaa::" },
		{ "192.0.2.2", "2001:db8:bbbb::b" },
		{ "192.0.2.16", "2001:db8:cccc::" },
		{ "192.0.2.24", "2001:db8:cccc::8" },
		{ "192.0.2.31", "2001:db8:cccc::f" },
		{ "192.0.2.128", "2001:db8:dddd::" },
		{ "192.0.2.152", "2001:db8:dddd:0:6000::" },
		{ "192.0.2.183", "2001:db8:dddd:0:dc00::" },
		{ "192.0.2.191", "2001:db8:dddd:0:fc00::" },
		{ "192.0.2.192", "2001:db8:eeee:8::" },
		{ "192.0.2.193", "2001:db8:eeee:8:8000::" },
		{ "192.0.2.195", "2001:db8:eeee:9:8000::" },
		{ "192.0.2.199", "2001:db8:eeee:b:8000::" },
		{ "192.0.2.224", "64:ff9b::" },
		{ "192.0.2.225", "64:ff9b::1" },
	};
	const uint32_t count = sizeof(table) / sizeof(table[0]);
	void *memory = malloc(nat64_eamt_size(count));
	struct nat64_eamt *eamt;
	uint32_t bad;

	for (uint32_t i = 0; i < count; i++)
		entries[i] = (struct nat64_eam){ frame_v4(table[i].v4), table[i].v4_length, frame_v6(table[i].v6),
						 table[i].v6_length };
	eamt = build(memory, count, 0, NAT64_EAM_OK, &bad);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct nat64_in6 expected = frame_v6(pairs[i].v6);
		struct nat64_in6 v6;
		__be32 v4;

		ck_assert_int_eq(nat64_eamt_46(eamt, frame_v4(pairs[i].v4), &v6), 1);
		ck_assert_mem_eq(&v6, &expected, 16);
		ck_assert_int_eq(nat64_eamt_64(eamt, &expected, &v4), 1);
		ck_assert_uint_eq(v4, frame_v4(pairs[i].v4));
	}
	free(memory);
}
END_TEST

START_TEST(refused)
{
	const struct nat64_eam good = { frame_v4("192.0.2.0"), 24, frame_v6("2001:db8::"), 120 };
	void *memory = malloc(nat64_eamt_size(3));
	uint32_t bad = 99;

	entries[0] = (struct nat64_eam){ frame_v4("203.0.113.0"), 24, frame_v6("2001:db8:1::"), 120 };
	entries[1] = good;
	entries[1].v4_length = 33;
	build(memory, 2, 1, NAT64_EAM_V4_LENGTH, &bad);
	ck_assert_uint_eq(bad, 1);
	entries[1] = good;
	entries[1].v6_length = 129;
	build(memory, 2, 1, NAT64_EAM_V6_LENGTH, &bad);
	entries[1] = good;
	entries[1].v6_length = 121;
	build(memory, 2, 1, NAT64_EAM_SUFFIX, &bad);
	entries[1] = good;
	entries[1].v4 = frame_v4("192.0.2.128");
	build(memory, 2, 1, NAT64_EAM_HOST_BITS, &bad);
	entries[1] = good;
	entries[1].v6 = frame_v6("2001:db8::80");
	build(memory, 2, 1, NAT64_EAM_HOST_BITS, &bad);
	entries[1] = good;
	entries[2] = good;
	entries[2].v6 = frame_v6("2001:db8:2::");
	bad = 99;
	build(memory, 3, 1, NAT64_EAM_OVERLAP4, &bad);
	ck_assert_uint_eq(bad, 2);
	entries[2] = good;
	entries[2].v4 = frame_v4("10.0.0.0");
	bad = 99;
	build(memory, 3, 1, NAT64_EAM_OVERLAP6, &bad);
	ck_assert_uint_eq(bad, 2);
	/* Nesting is another matter: as the caller wants. */
	entries[2] = (struct nat64_eam){ frame_v4("192.0.2.7"), 32, frame_v6("2001:db8:2::"), 128 };
	build(memory, 3, 1, NAT64_EAM_OK, &bad);
	build(memory, 3, 0, NAT64_EAM_OVERLAP4, &bad);
	ck_assert_uint_eq(bad, 2);
	entries[2] = (struct nat64_eam){ frame_v4("10.0.0.1"), 32, frame_v6("2001:db8::1"), 128 };
	build(memory, 3, 0, NAT64_EAM_OVERLAP6, &bad);
	ck_assert_uint_eq(bad, 2);
	ck_assert_uint_eq(nat64_eamt_size((1u << 24) + 1), 0);
	free(memory);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_eamt");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(cases, 60);
	tcase_add_loop_test(cases, random_tables, 0, 9);
	tcase_add_loop_test(cases, usual_tables, 0, 2);
	tcase_add_test(cases, empty_and_whole);
	tcase_add_test(cases, published);
	tcase_add_test(cases, refused);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* RFC 6052: prefixes of every length, what is refused, what is not global. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/nat64/core/address.h"
#include "tests/unit/nat64/frame.h"

/* RFC 6052 2.4, table 2. */
static const struct {
	const char *prefix;
	uint8_t length;
	const char *address;
} rows[] = {
	{ "2001:db8::", 32, "2001:db8:c000:221::" },
	{ "2001:db8:100::", 40, "2001:db8:1c0:2:21::" },
	{ "2001:db8:122::", 48, "2001:db8:122:c000:2:2100::" },
	{ "2001:db8:122:300::", 56, "2001:db8:122:3c0:0:221::" },
	{ "2001:db8:122:344::", 64, "2001:db8:122:344:c0:2:2100::" },
	{ "2001:db8:122:344::", 96, "2001:db8:122:344::192.0.2.33" },
	{ "64:ff9b::", 96, "64:ff9b::192.0.2.33" },
};
#define ROWS (int)(sizeof(rows) / sizeof(rows[0]))

static struct nat64_prefix6 prefix(int row)
{
	return (struct nat64_prefix6){ frame_v6(rows[row].prefix), rows[row].length };
}

START_TEST(embeds)
{
	const struct nat64_prefix6 p = prefix(_i);
	const struct nat64_in6 expected = frame_v6(rows[_i].address);
	struct nat64_in6 v6;
	__be32 v4 = 0;

	memset(&v6, 0xff, sizeof(v6));
	nat64_embed(&p, frame_v4("192.0.2.33"), &v6);
	ck_assert_mem_eq(&v6, &expected, 16);
	ck_assert_int_eq(nat64_extract(&p, &v6, &v4), NAT64_OK);
	ck_assert_uint_eq(v4, frame_v4("192.0.2.33"));
}
END_TEST

/* Each bit of the address flipped: in the prefix it is another network, in bits 64-71 refused, elsewhere the other address or ignored. */
START_TEST(every_bit)
{
	const struct nat64_prefix6 p = prefix(_i);
	struct nat64_in6 v6;
	unsigned changed = 0;

	for (unsigned bit = 0; bit < 128; bit++) {
		__be32 v4 = 0x55555555;
		enum nat64_verdict verdict;

		nat64_embed(&p, frame_v4("198.51.100.7"), &v6);
		((uint8_t *)&v6)[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		verdict = nat64_extract(&p, &v6, &v4);
		if (bit < p.length)
			ck_assert_int_eq(verdict, NAT64_NOT_OURS);
		else if (bit >= 64 && bit < 72)
			ck_assert_int_eq(verdict, NAT64_BAD_SUFFIX);
		else
			ck_assert_int_eq(verdict, NAT64_OK);
		if (verdict != NAT64_OK)
			ck_assert_uint_eq(v4, 0x55555555);
		else
			changed += v4 != frame_v4("198.51.100.7");
	}
	ck_assert_uint_eq(changed, 32);
}
END_TEST

START_TEST(without_a_prefix)
{
	const struct nat64_prefix6 none = { { { 0 } }, 0 };
	const struct nat64_in6 v6 = { { 0 } };
	__be32 v4;

	ck_assert_int_eq(nat64_extract(&none, &v6, &v4), NAT64_NOT_OURS);
}
END_TEST

static const struct {
	const char *address;
	int non_global, scoped;
} kinds[] = {
	{ "0.0.0.0", 1, 1 },         { "0.255.255.255", 1, 1 },   { "1.0.0.0", 0, 0 },      { "9.255.255.255", 0, 0 },
	{ "10.0.0.0", 1, 0 },        { "10.255.255.255", 1, 0 },  { "11.0.0.0", 0, 0 },     { "100.63.255.255", 0, 0 },
	{ "100.64.0.0", 1, 0 },      { "100.127.255.255", 1, 0 }, { "100.128.0.0", 0, 0 },  { "126.255.255.255", 0, 0 },
	{ "127.0.0.1", 1, 1 },       { "127.255.255.255", 1, 1 }, { "128.0.0.0", 0, 0 },    { "169.253.255.255", 0, 0 },
	{ "169.254.0.0", 1, 1 },     { "169.254.255.255", 1, 1 }, { "169.255.0.0", 0, 0 },  { "172.15.255.255", 0, 0 },
	{ "172.16.0.0", 1, 0 },      { "172.31.255.255", 1, 0 },  { "172.32.0.0", 0, 0 },   { "191.255.255.255", 0, 0 },
	{ "192.0.0.0", 1, 0 },       { "192.0.0.8", 1, 0 },       { "192.0.0.9", 0, 0 },    { "192.0.0.10", 0, 0 },
	{ "192.0.0.170", 1, 0 },     { "192.0.0.255", 1, 0 },     { "192.0.1.255", 0, 0 },  { "192.0.2.0", 1, 0 },
	{ "192.0.2.255", 1, 0 },     { "192.0.3.0", 0, 0 },       { "192.88.99.1", 0, 0 },  { "192.167.255.255", 0, 0 },
	{ "192.168.0.0", 1, 0 },     { "192.168.255.255", 1, 0 }, { "192.169.0.0", 0, 0 },  { "198.17.255.255", 0, 0 },
	{ "198.18.0.0", 1, 0 },      { "198.19.255.255", 1, 0 },  { "198.20.0.0", 0, 0 },   { "198.51.99.255", 0, 0 },
	{ "198.51.100.0", 1, 0 },    { "198.51.100.255", 1, 0 },  { "198.51.101.0", 0, 0 }, { "203.0.112.255", 0, 0 },
	{ "203.0.113.0", 1, 0 },     { "203.0.113.255", 1, 0 },   { "203.0.114.0", 0, 0 },  { "223.255.255.255", 0, 0 },
	{ "224.0.0.0", 1, 1 },       { "239.255.255.255", 1, 1 }, { "240.0.0.0", 1, 0 },    { "255.255.255.254", 1, 0 },
	{ "255.255.255.255", 1, 1 },
};

START_TEST(kinds4)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const __be32 v4 = frame_v4(kinds[i].address);

		ck_assert_msg(nat64_non_global4(v4) == kinds[i].non_global, "%s: global", kinds[i].address);
		ck_assert_msg(nat64_scoped4(v4) == kinds[i].scoped, "%s: scope", kinds[i].address);
	}
}
END_TEST

START_TEST(kinds6)
{
	static const struct {
		const char *address;
		int scoped;
	} table[] = {
		{ "::", 1 },      { "::1", 1 },         { "::2", 0 },       { "0:0:1::1", 0 }, { "fe7f::1", 0 },
		{ "fe80::1", 1 }, { "febf:ffff::", 1 }, { "fec0::", 0 },    { "feff::1", 0 },  { "ff00::", 1 },
		{ "ff02::1", 1 }, { "2001:db8::1", 0 }, { "64:ff9b::", 0 }, { "fd00::1", 0 },  { "0:1::1", 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct nat64_in6 v6 = frame_v6(table[i].address);

		ck_assert_msg(nat64_scoped6(&v6) == table[i].scoped, "%s", table[i].address);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_address");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(cases, embeds, 0, ROWS);
	tcase_add_loop_test(cases, every_bit, 0, ROWS);
	tcase_add_test(cases, without_a_prefix);
	tcase_add_test(cases, kinds4);
	tcase_add_test(cases, kinds6);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/auth/address.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#define S10 "aaaaaaaaaa"
#define S60 S10 S10 S10 S10 S10 S10

static const struct {
	const char *text;
	int ret;
	const char *want;     /* without detail */
	const char *detailed; /* NULL = the same */
} rows[] = {
	{ "Alice@Example.ORG", 0, "alice@example.org", NULL },
	{ "alice+list@example.org", 0, "alice@example.org", "alice+list@example.org" },
	{ "alice+a+b@example.org", 0, "alice@example.org", "alice+a+b@example.org" },
	{ "+x@example.org", 0, "+x@example.org", NULL },
	{ "+x+y@example.org", 0, "+x@example.org", "+x+y@example.org" },
	{ "a b\"c@d@example.org", 0, "a b\"c@d@example.org", NULL },
	{ "user@localhost", 0, "user@localhost", NULL },
	{ "u@1and1.example", 0, "u@1and1.example", NULL },
	/* IDNA2008: sharp s stays, upper case goes, A-labels and U-labels are one */
	{ "u@Bücher.example", 0, "u@xn--bcher-kva.example", NULL },
	{ "u@BÜCHER.example", 0, "u@xn--bcher-kva.example", NULL },
	{ "u@XN--BCHER-KVA.example", 0, "u@xn--bcher-kva.example", NULL },
	{ "u@bu\xcc\x88"
	  "cher.example",
	  0, "u@xn--bcher-kva.example", NULL },
	{ "u@faß.example", 0, "u@xn--fa-hia.example", NULL },
	{ "u@例え.example", 0, "u@xn--r8jz45g.example", NULL },
	/* local-parts: NFC, folded */
	{ "José@example.org", 0, "jos\xc3\xa9@example.org", NULL },
	{ "JOSE\xcc\x81@example.org", 0, "jos\xc3\xa9@example.org", NULL },
	{ "straße@example.org", 0, "strasse@example.org", NULL },
	{ "ΣΊΣΥΦΟΣ@example.org", 0, "σίσυφοσ@example.org", NULL },
	{ "用户+表@example.org", 0, "用户@example.org", "用户+表@example.org" },
	{ S60 "aaaa@x.example", 0, S60 "aaaa@x.example", NULL },
	/* refused */
	{ S60 "aaaaa@x.example", -ENAMETOOLONG, NULL, NULL },
	{ "u@" S60 "aaa.x", 0, "u@" S60 "aaa.x", NULL },
	{ "u@" S60 "aaaa.x", -ENAMETOOLONG, NULL, NULL },
	{ "u@" S60 "." S60 "." S60 "." S60 ".aaaaaaaaa", 0, "u@" S60 "." S60 "." S60 "." S60 ".aaaaaaaaa", NULL },
	{ "u@" S60 "." S60 "." S60 "." S60 ".aaaaaaaaaa", -ENAMETOOLONG, NULL, NULL },
	{ "@example.org", -EINVAL, NULL, NULL },
	{ "nobody", -EINVAL, NULL, NULL },
	{ "u@", -EINVAL, NULL, NULL },
	{ "u@.example", -EINVAL, NULL, NULL },
	{ "u@a..example", -EINVAL, NULL, NULL },
	{ "u@example.", -EINVAL, NULL, NULL },
	{ "u@-a.example", -EINVAL, NULL, NULL },
	{ "u@a-.example", -EINVAL, NULL, NULL },
	{ "u@a_b.example", -EINVAL, NULL, NULL },
	{ "u@a b.example", -EINVAL, NULL, NULL },
	{ "u@[127.0.0.1]", -EINVAL, NULL, NULL },
	{ "u@xn--a.example", -EINVAL, NULL, NULL },
	{ "u@ab--cd.example", -EINVAL, NULL, NULL },
	{ "u@a\xff.example", -EINVAL, NULL, NULL },
	{ "u@\xe2\x98\xba.example", -EINVAL, NULL, NULL }, /* a symbol: DISALLOWED (RFC 5892) */
	{ "a\x01@example.org", -EINVAL, NULL, NULL },
	{ "a\x7f@example.org", -EINVAL, NULL, NULL },
	{ "\xc2\x85@example.org", -EINVAL, NULL, NULL },
	{ "a\xc3@example.org", -EINVAL, NULL, NULL },
	{ "\xed\xa0\x80@example.org", -EINVAL, NULL, NULL },
};

START_TEST(canonical)
{
	char out[ADDRESS_MAX] = "untouched";

	ck_assert_int_eq(address_parse(rows[_i].text, false, out), rows[_i].ret);
	ck_assert_str_eq(out, rows[_i].ret ? "untouched" : rows[_i].want);
	strcpy(out, "untouched");
	ck_assert_int_eq(address_parse(rows[_i].text, true, out), rows[_i].ret);
	ck_assert_str_eq(out, rows[_i].ret ? "untouched" : rows[_i].detailed ? rows[_i].detailed : rows[_i].want);
}
END_TEST

/* What is canonical stays as it is, for every character and both neighbours of a combining mark. */
START_TEST(fixed_point)
{
	unsigned long good = 0;

	for (ucs4_t c = 1; c < 0x110000; c++) {
		char local[32] = "x", once[ADDRESS_MAX], twice[ADDRESS_MAX];
		int n = u8_uctomb((uint8_t *)local + 1, c, 8);

		if (n < 0)
			continue;
		strcpy(local + 1 + n, "\xcc\x81\xcd\x85"); /* acute, iota below */
		if (address_canonical(local, "e.example", true, once))
			continue;
		good++;
		ck_assert_int_eq(address_parse(once, true, twice), 0);
		if (strcmp(once, twice))
			ck_abort_msg("U+%04X: %s then %s", (unsigned)c, once, twice);
	}
	ck_assert_uint_gt(good, 1000000);
}
END_TEST

START_TEST(separate_parts)
{
	char out[ADDRESS_MAX];

	ck_assert_int_eq(address_canonical("a@b", "C.example", false, out), 0);
	ck_assert_str_eq(out, "a@b@c.example");
	ck_assert_int_eq(address_canonical("", "c.example", false, out), -EINVAL);
	ck_assert_int_eq(address_canonical("a", "", false, out), -EINVAL);
}
END_TEST

START_TEST(domains)
{
	char out[256] = "untouched";

	ck_assert_int_eq(address_domain("MÜNCHEN.example", out), 0);
	ck_assert_str_eq(out, "xn--mnchen-3ya.example");
	strcpy(out, "untouched");
	ck_assert_int_eq(address_domain("", out), -EINVAL);
	ck_assert_int_eq(address_domain("a@b", out), -EINVAL);
	ck_assert_str_eq(out, "untouched");
}
END_TEST

/* Values by sha256sum: printf alice@example.org | sha256sum shows the first three digits. */
START_TEST(buckets)
{
	ck_assert_uint_eq(address_bucket("alice@example.org"), 0x7a6);
	ck_assert_uint_eq(address_bucket("postmaster@example.org"), 0x6c8);
	ck_assert_uint_eq(address_bucket(""), 0xe3b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, canonical, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, fixed_point);
	tcase_add_test(tc, separate_parts);
	tcase_add_test(tc, domains);
	tcase_add_test(tc, buckets);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

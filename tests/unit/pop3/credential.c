// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "porcupined/pop3/credential.h"

static int decode(const char *text, struct keel_buffer *out)
{
	keel_buffer_init(out, 0);
	return pop3_base64((const uint8_t *)text, strlen(text), out);
}

/* RFC 4648 10 */
START_TEST(base64_vectors)
{
	static const struct {
		const char *text, *octets;
	} rows[] = {
		{ "", "" },
		{ "Zg==", "f" },
		{ "Zm8=", "\146o" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },
		{ "Zm9vYmE=", "fooba" },
		{ "Zm9vYmFy", "foobar" },
		{ "+/+/", "\xfb\xff\xbf" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct keel_buffer out;

		ck_assert_int_eq(decode(rows[i].text, &out), 0);
		ck_assert_uint_eq(out.len, strlen(rows[i].octets));
		ck_assert(out.len == 0 || !memcmp(out.data, rows[i].octets, out.len));
		keel_buffer_free(&out);
	}
}
END_TEST

START_TEST(base64_refuses)
{
	static const char *const texts[] = { "Z",
					     "Zg",
					     "Zg=",
					     "Zg===",
					     "=",
					     "====",
					     "=Zg=",
					     "Z===",
					     "Zg==Zg==",
					     "Zm8=Zm8=",
					     "Zh==",
					     "Zm9=",
					     "Zm9-",
					     "Zm_v",
					     "Zm 9v",
					     "Zm9v\n",
					     "Zm9v====",
					     "Zm=v",
					     "Z=8=",
					     "Zm9v\xc3\xbc"
					     "ab" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct keel_buffer out;

		ck_assert_msg(decode(texts[i], &out) == -EINVAL, "taken: %s", texts[i]);
		keel_buffer_free(&out);
	}
}
END_TEST

START_TEST(utf8_is_told_from_what_is_none)
{
	static const char *const good[] = { "",
					    "a~",
					    "\xc2\x80",
					    "\xdf\xbf",
					    "\xe0\xa0\x80",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xef\xbf\xbf",
					    "\xf0\x90\x80\x80",
					    "\xf4\x8f\xbf\xbf",
					    "a\xc3\xbc"
					    "b" };
	static const char *const bad[] = { "\x80",
					   "\xbf",
					   "\xc0\x80",
					   "\xc1\xbf",
					   "\xc2",
					   "\xc2"
					   "a",
					   "\xe0\x9f\xbf",
					   "\xe0\xa0",
					   "\xed\xa0\x80",
					   "\xed\xbf\xbf",
					   "\xf0\x8f\xbf\xbf",
					   "\xf0\x90\x80",
					   "\xf4\x90\x80\x80",
					   "\xf5\x80\x80\x80",
					   "\xfe",
					   "\xff",
					   "a\xe2\x82"
					   "b",
					   "\xc3\xbc\xbc" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(pop3_is_utf8((const uint8_t *)good[i], strlen(good[i])), "good %zu", i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!pop3_is_utf8((const uint8_t *)bad[i], strlen(bad[i])), "bad %zu", i);
}
END_TEST

START_TEST(plain_is_split)
{
	static const struct {
		const char *text;
		size_t len, user, password;
	} good[] = {
		{ "\0u\0p", 4, 1, 3 },
		{ "id\0user\0pass", 12, 3, 8 },
	};
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
		{ "", 0 },      { "u", 1 },     { "\0", 1 },       { "\0u", 2 },       { "u\0p", 3 },  { "\0\0", 2 },
		{ "\0u\0", 3 }, { "\0\0p", 3 }, { "\0u\0p\0", 5 }, { "\0u\0p\0q", 6 }, { "a\0\0", 3 },
	};
	struct pop3_plain part;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert(pop3_plain_split((const uint8_t *)good[i].text, good[i].len, &part));
		ck_assert_uint_eq(part.identity, 0);
		ck_assert_uint_eq(part.user, good[i].user);
		ck_assert_uint_eq(part.password, good[i].password);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		part.user = 77;
		ck_assert_msg(!pop3_plain_split((const uint8_t *)bad[i].text, bad[i].len, &part), "bad %zu", i);
		ck_assert_uint_eq(part.user, 77);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3_credential");
	TCase *tc = tcase_create("credential");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, base64_vectors);
	tcase_add_test(tc, base64_refuses);
	tcase_add_test(tc, utf8_is_told_from_what_is_none);
	tcase_add_test(tc, plain_is_split);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

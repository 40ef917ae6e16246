// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/auth/password.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(hashes_and_verifies)
{
	char one[PASSWORD_HASH_MAX], two[PASSWORD_HASH_MAX];

	ck_assert_int_eq(password_hash("correct horse", 1, one), 0);
	ck_assert_int_eq(password_hash("correct horse", 1, two), 0);
	ck_assert_int_eq(strncmp(one, "$y$", 3), 0);
	ck_assert_str_ne(one, two); /* the salt */
	ck_assert(password_is_hash(one));
	ck_assert_int_eq(password_verify(one, "correct horse"), 0);
	ck_assert_int_eq(password_verify(two, "correct horse"), 0);
	ck_assert_int_eq(password_verify(one, "correct hors"), -EACCES);
	ck_assert_int_eq(password_verify(one, ""), -EACCES);
}
END_TEST

START_TEST(default_cost)
{
	char hash[PASSWORD_HASH_MAX];

	ck_assert_int_eq(password_hash("x", 0, hash), 0);
	ck_assert_int_eq(strncmp(hash, "$y$j9T$", 7), 0); /* what /etc/shadow of this system has */
	ck_assert_int_eq(password_verify(hash, "x"), 0);
}
END_TEST

START_TEST(refuses)
{
	char out[PASSWORD_HASH_MAX] = "untouched", longest[PASSWORD_MAX + 1];

	memset(longest, 'a', sizeof(longest));
	longest[PASSWORD_MAX] = '\0';
	ck_assert_int_eq(password_hash("", 1, out), -EINVAL);
	ck_assert_int_eq(password_hash(longest, 1, out), -EINVAL);
	ck_assert_int_eq(password_hash("x", 12, out), -EINVAL);
	ck_assert_str_eq(out, "untouched");
	longest[PASSWORD_MAX - 1] = '\0';
	ck_assert_int_eq(password_hash(longest, 1, out), 0);
	ck_assert_int_eq(password_verify(out, longest), 0);
}
END_TEST

/* No hash: nobody gets in, by nothing. */
START_TEST(no_hash_no_login)
{
	static const char *const hashes[] = {
		"", "*", "!", "x", "plain", "$y$", "$nonsense$aaaaaaaaaaaaaaaaaaaaaa", "$y$j9T$XeEvfXbQoxI9cnUsBJNIx1"
	};

	ck_assert_int_eq(password_verify(hashes[_i], ""), -EACCES);
	ck_assert_int_eq(password_verify(hashes[_i], hashes[_i]), -EACCES);
	ck_assert(_i == 7 || !password_is_hash(hashes[_i]));
}
END_TEST

/* Strings of other systems keep working: made by openssl passwd -6 -salt saltsalt secret (and -5). */
START_TEST(foreign_hashes)
{
	ck_assert_int_eq(
		password_verify(
			"$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
			"secret"),
		0);
	ck_assert_int_eq(
		password_verify(
			"$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
			"Secret"),
		-EACCES);
	ck_assert_int_eq(password_verify("$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA", "secret"), 0);
}
END_TEST

START_TEST(generated)
{
	char one[PASSWORD_GENERATED], two[PASSWORD_GENERATED];

	ck_assert_int_eq(password_generate(one), 0);
	ck_assert_int_eq(password_generate(two), 0);
	ck_assert_uint_eq(strlen(one), PASSWORD_GENERATED - 1);
	ck_assert_str_ne(one, two);
	for (size_t i = 0; one[i]; i++)
		ck_assert((one[i] >= 'a' && one[i] <= 'z') || (one[i] >= '2' && one[i] <= '9') || one[i] == 'A');
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("password");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, hashes_and_verifies);
	tcase_add_test(tc, default_cost);
	tcase_add_test(tc, refuses);
	tcase_add_loop_test(tc, no_hash_no_login, 0, 8);
	tcase_add_test(tc, foreign_hashes);
	tcase_add_test(tc, generated);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

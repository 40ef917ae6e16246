// SPDX-License-Identifier: GPL-2.0-or-later
/* The certificate a node makes itself, and what a TLS context takes. */
#include "porcupined/node/tls.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/node/suite.h"

static char folder[] = "/tmp/tls.XXXXXX";
static char certificate[64], key[64], other[64];
static struct keel_buffer error;

static void setup(void)
{
	strcpy(folder, "/tmp/tls.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(certificate, sizeof(certificate), "%s/made/c.pem", folder);
	snprintf(key, sizeof(key), "%s/made/k.pem", folder);
	snprintf(other, sizeof(other), "%s/made/o.pem", folder);
	keel_buffer_init(&error, 0);
}

static void teardown(void)
{
	char made[64];

	unlink(certificate);
	unlink(key);
	unlink(other);
	snprintf(made, sizeof(made), "%s/made", folder);
	rmdir(made);
	rmdir(folder);
	keel_buffer_free(&error);
}

START_TEST(makes_what_clients_can_check)
{
	bool made = false;
	struct tls *tls, *again;
	struct stat st;
	FILE *file;
	X509 *x;

	ck_assert_int_eq(tls_self_sign(certificate, key, "mx.test.example", &made, &error), 0);
	ck_assert(made);
	ck_assert_int_eq(stat(key, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	file = fopen(certificate, "r");
	x = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	ck_assert_ptr_nonnull(x);
	ck_assert_int_eq(X509_check_host(x, "mx.test.example", 0, 0, NULL), 1);
	ck_assert_int_eq(X509_check_host(x, "other.example", 0, 0, NULL), 0);
	ck_assert_int_eq(X509_verify(x, X509_get0_pubkey(x)), 1);
	ck_assert_int_eq(X509_cmp_current_time(X509_get0_notBefore(x)), -1);
	ck_assert_int_eq(X509_cmp_current_time(X509_get0_notAfter(x)), 1);
	X509_free(x);
	ck_assert_int_eq(tls_new(certificate, key, &tls, &error), 0);
	again = tls_get(tls);
	ck_assert_ptr_eq(again, tls);
	tls_free(&again);
	tls_free(&tls);
	/* a second start keeps it */
	ck_assert_int_eq(tls_self_sign(certificate, key, "mx.test.example", &made, &error), 0);
	ck_assert(!made);
}
END_TEST

/* A name longer than a common name may be stands whole in the alternative name. */
START_TEST(long_names)
{
	static const char name[] = "a-very-long-label-of-a-host.in-a-subdomain-with-a-long-name-too.test.example";
	bool made;
	FILE *file;
	X509 *x;

	ck_assert_int_eq(tls_self_sign(certificate, key, name, &made, &error), 0);
	file = fopen(certificate, "r");
	x = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	ck_assert_int_eq(X509_check_host(x, name, 0, 0, NULL), 1);
	X509_free(x);
}
END_TEST

START_TEST(half_a_pair_is_an_error)
{
	bool made;
	struct tls *tls = NULL;

	ck_assert_int_eq(tls_self_sign(certificate, key, "mx.example", &made, &error), 0);
	unlink(key);
	ck_assert_int_eq(tls_self_sign(certificate, key, "mx.example", &made, &error), -EINVAL);
	ck_assert(!made);
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), "bring it back"));
	keel_buffer_clear(&error);
	ck_assert_int_eq(tls_new(certificate, key, &tls, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), key));
	ck_assert_ptr_null(tls);
}
END_TEST

START_TEST(foreign_key_is_refused)
{
	struct tls *tls = NULL;
	bool made;

	ck_assert_int_eq(tls_self_sign(certificate, key, "mx.example", &made, &error), 0);
	ck_assert_int_eq(rename(key, other), 0);
	unlink(certificate);
	ck_assert_int_eq(tls_self_sign(certificate, key, "mx.example", &made, &error), 0);
	ck_assert_int_eq(tls_new(certificate, other, &tls, &error), -EINVAL);
	ck_assert_ptr_null(tls);
	ck_assert_uint_gt(error.len, 0);
}
END_TEST

START_TEST(unwritable_place)
{
	bool made;

	ck_assert_int_ne(tls_self_sign("/proc/nowhere/c.pem", "/proc/nowhere/k.pem", "mx.example", &made, &error), 0);
	ck_assert(!made);
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), "/proc/nowhere/c.pem"));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, makes_what_clients_can_check);
	tcase_add_test(tc, long_names);
	tcase_add_test(tc, half_a_pair_is_an_error);
	tcase_add_test(tc, foreign_key_is_refused);
	tcase_add_test(tc, unwritable_place);
	return suite_run("tls", tc);
}

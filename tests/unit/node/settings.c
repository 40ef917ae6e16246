// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/settings.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/node/suite.h"

static int load(const char *text, struct node_settings *s, struct keel_buffer *error)
{
	int ret = keel_settings_load_text(&node_settings_table, "test", text, strlen(text), s, error);

	if (ret)
		return ret;
	ret = node_settings_validate(s, error);
	if (ret)
		keel_settings_free(&node_settings_table, s);
	return ret;
}

START_TEST(defaults_work)
{
	struct node_settings s;
	struct keel_buffer error;

	keel_buffer_init(&error, 0);
	ck_assert_int_eq(load("", &s, &error), 0);
	ck_assert_str_eq(s.user, "porcupine");
	ck_assert_str_eq(s.smtp_listen[0], "*:25");
	ck_assert_str_eq(s.lmtp_listen[0], "unix:/run/porcupine/lmtp");
	ck_assert_uint_eq(s.message_size, 50u << 20);
	ck_assert(!s.pop3_plaintext);
	ck_assert(s.exempt_loopback);
	keel_settings_free(&node_settings_table, &s);
	keel_buffer_free(&error);
}
END_TEST

/* What --dump writes is a file that says the same. */
START_TEST(dump_loads)
{
	struct node_settings s, again;
	struct keel_buffer error, one, two;

	keel_buffer_init(&error, 0);
	keel_buffer_init(&one, 0);
	keel_buffer_init(&two, 0);
	ck_assert_int_eq(
		load("hostname = \"mx.example\"; smtp: { listen = [\"127.0.0.1:25\", \"[::1]:25\"]; }; quota: { default = \"2G\"; };",
		     &s, &error),
		0);
	ck_assert_int_eq(keel_settings_dump(&node_settings_table, &s, &one), 0);
	ck_assert_int_eq(load(keel_buffer_text(&one), &again, &error), 0);
	ck_assert_int_eq(keel_settings_dump(&node_settings_table, &again, &two), 0);
	ck_assert_str_eq(keel_buffer_text(&one), keel_buffer_text(&two));
	ck_assert_uint_eq(again.quota, 2ull << 30);
	ck_assert_str_eq(again.smtp_listen[1], "[::1]:25");
	keel_settings_free(&node_settings_table, &s);
	keel_settings_free(&node_settings_table, &again);
	keel_buffer_free(&error);
	keel_buffer_free(&one);
	keel_buffer_free(&two);
}
END_TEST

static const struct {
	const char *text, *why;
} bad[] = {
	{ "smtp: { listen = \"localhost:25\"; };", "smtp.listen: \"localhost:25\" is not" },
	{ "pop3s: { listen = [\"*:995\", \"995\"]; };", "pop3s.listen: \"995\" is not" },
	{ "metrics: { listen = \"unix:/run/m\"; };", "metrics.listen: HTTP is not served on a local socket" },
	{ "hostname = \"two words\";", "hostname: only printable ASCII" },
	{ "hostname = \"b\xc3\xbc"
	  "cher.example\";",
	  "hostname: only printable ASCII" },
	{ "hostname = \"\\x7f\";", "hostname: only printable ASCII" },
	{ "metrics: { listen = \"9725\"; };", "metrics.listen: \"9725\" is not" },
	{ "lmtp: { listen = \"lmtp\"; };", "lmtp.listen: \"lmtp\" is not" },
	{ "pop3: { listen = \"*:x\"; };", "pop3.listen: \"*:x\" is not" },
	{ "tls: { key = \"\"; };", "tls.certificate, tls.key: both or none" },
	{ "postmaster = \"nobody\";", "postmaster: \"nobody\" is not an address" },
	{ "store: { path = \"\"; };", "store.path: must not be empty" },
	{ "tls: { certificate = \"\"; };", "tls.certificate, tls.key: both or none" },
	{ "tls: { certificate = \"\"; key = \"\"; };", "pop3s.listen: needs tls.certificate" },
	{ "limits: { recipients = 99; };", "limits.recipients" },
	{ "smtp: { listen = 25; };", "smtp.listen" },
};

START_TEST(mistake_is_named)
{
	struct node_settings s;
	struct keel_buffer error;

	keel_buffer_init(&error, 0);
	ck_assert_int_eq(load(bad[_i].text, &s, &error), -EINVAL);
	if (!strstr(keel_buffer_text(&error), bad[_i].why))
		ck_abort_msg("%s, not %s", keel_buffer_text(&error), bad[_i].why);
	keel_buffer_free(&error);
}
END_TEST

/* What is at the edge of what is refused. */
START_TEST(good_ones_are_taken)
{
	char longest[300] = "hostname = \"", label[] = "abcdefghi.";
	struct node_settings s;
	struct keel_buffer error;

	keel_buffer_init(&error, 0);
	ck_assert_int_eq(
		load("postmaster = \"Post+Master@Example.ORG\"; hostname = \"!~\"; metrics: { listen = \"\"; };", &s,
		     &error),
		0);
	ck_assert_str_eq(s.postmaster, "Post+Master@Example.ORG");
	ck_assert_str_eq(s.metrics_listen, "");
	keel_settings_free(&node_settings_table, &s);
	for (int i = 0; i < 25; i++)
		strcat(longest, label);
	strcat(longest, "abc\";");
	ck_assert_int_eq(load(longest, &s, &error), 0);
	ck_assert_uint_eq(strlen(s.hostname), 253);
	keel_settings_free(&node_settings_table, &s);
	strcpy(longest + strlen(longest) - 2, "d\";");
	ck_assert_int_eq(load(longest, &s, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), "hostname: longer than 253 octets"));
	keel_buffer_free(&error);
}
END_TEST

START_TEST(no_tls_is_possible)
{
	struct node_settings s;
	struct keel_buffer error;

	keel_buffer_init(&error, 0);
	ck_assert_int_eq(load("tls: { certificate = \"\"; key = \"\"; }; pop3s: { listen = []; };", &s, &error), 0);
	keel_settings_free(&node_settings_table, &s);
	keel_buffer_free(&error);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, defaults_work);
	tcase_add_test(tc, dump_loads);
	tcase_add_loop_test(tc, mistake_is_named, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, good_ones_are_taken);
	tcase_add_test(tc, no_tls_is_possible);
	return suite_run("settings", tc);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Envelope addresses (RFC 5321 4.1.2 and 4.1.3, RFC 6531 3.3). */
#include "porcupined/smtp/path.h"
#include "tools/lib/keel/cleanup.h"

#include <check.h>
#include <stdlib.h>

#define R SMTP_PATH_REVERSE
#define F SMTP_PATH_FORWARD
#define BAD_S SMTP_REASON_BAD_SENDER
#define BAD_R SMTP_REASON_BAD_RECIPIENT
#define NOT_8 SMTP_REASON_NOT_UTF8
#define LONG SMTP_REASON_PATH_TOO_LONG
#define TEN "aaaaaaaaaa"
#define SIXTY TEN TEN TEN TEN TEN TEN

/* clang-format off */
static const struct row {
	const char *text;
	enum smtp_path_kind kind;
	enum smtp_reason reason;
	const char *local, *domain, *rest;
	bool utf8;
} rows[] = {
	{ "<a@b>", F, 0, "a", "b", "" },
	{ "<a@b.c> SIZE=1", R, 0, "a", "b.c", " SIZE=1" },
	{ "<a.b+c@x-y.z>", F, 0, "a.b+c", "x-y.z", "" },
	{ "<!#$%&'*+-/=?^_`{|}~@b>", F, 0, "!#$%&'*+-/=?^_`{|}~", "b", "" },
	{ "<>", R, 0, "", "", "" },
	{ "<>", F, BAD_R },
	{ "<postmaster>", F, 0, "postmaster", "", "" },
	{ "<POSTmaster>", F, 0, "POSTmaster", "", "" },
	{ "<\"postmaster\">", F, 0, "postmaster", "", "" },
	{ "<postmaster>", R, BAD_S },
	{ "<postmasters>", F, BAD_R },
	{ "<postmaster@b>", F, 0, "postmaster", "b", "" },
	{ "", F, BAD_R }, { "a@b", F, BAD_R }, { "<a@b", F, BAD_R }, { "<a@>", F, BAD_R }, { "<@b>", F, BAD_R },
	{ "<a>", F, BAD_R }, { "<a@b@c>", F, BAD_R }, { "< a@b>", F, BAD_R }, { "<a@b >", F, BAD_R }, { "<a b@c>", F, BAD_R },
	{ "<", R, BAD_S }, { "<a", R, BAD_S },
	/* dot-string */
	{ "<.a@b>", F, BAD_R }, { "<a.@b>", F, BAD_R }, { "<a..b@c>", F, BAD_R }, { "<.@b>", F, BAD_R },
	{ "<a,b@c>", F, BAD_R }, { "<a(b)@c>", F, BAD_R }, { "<a\\b@c>", F, BAD_R }, { "<a;b@c>", F, BAD_R },
	/* quoted-string */
	{ "<\"a b\"@c>", F, 0, "a b", "c", "" },
	{ "<\"a@b>\"@c>", F, 0, "a@b>", "c", "" },
	{ "<\"a\\\"b\\\\c\\d\"@e>", F, 0, "a\"b\\cd", "e", "" },
	{ "<\"\"@c>", F, 0, "", "c", "" },
	{ "<\".a..b.\"@c>", F, 0, ".a..b.", "c", "" },
	{ "<\"a@c>", F, BAD_R }, { "<\"a\\\"@c>", F, BAD_R }, { "<\"a\"b@c>", F, BAD_R }, { "<\"a\tb\"@c>", F, BAD_R }, { "<\"a\\", F, BAD_R },
	{ "<\"a\x7f\"@c>", F, BAD_R }, { "<\"a\\\x7f\"@c>", F, BAD_R },
	/* domains */
	{ "<a@b.>", F, BAD_R }, { "<a@.b>", F, BAD_R }, { "<a@b..c>", F, BAD_R }, { "<a@-b>", F, BAD_R }, { "<a@b->", F, BAD_R },
	{ "<a@b-.c>", F, BAD_R }, { "<a@b!c>", F, BAD_R }, { "<a@b/c>", F, BAD_R },
	{ "<a@b_c.d>", F, 0, "a", "b_c.d", "" },
	{ "<a@1.2.3.4>", F, 0, "a", "1.2.3.4", "" },
	{ "<a@" SIXTY "aaa.b>", F, 0, "a", SIXTY "aaa.b", "" },
	{ "<a@" SIXTY "aaaa.b>", F, BAD_R },
	/* literals */
	{ "<a@[1.2.3.4]>", F, 0, "a", "[1.2.3.4]", "" },
	{ "<a@[IPv6:::1]>", F, 0, "a", "[IPv6:::1]", "" },
	{ "<a@[ipv6:2001:db8::1.2.3.4]>", F, 0, "a", "[ipv6:2001:db8::1.2.3.4]", "" },
	{ "<a@[IPv6:1:2:3:4:5:6:7:8]>", F, 0, "a", "[IPv6:1:2:3:4:5:6:7:8]", "" },
	{ "<a@[IPv6:1:2:3:4:5:6:1.2.3.4]>", F, 0, "a", "[IPv6:1:2:3:4:5:6:1.2.3.4]", "" },
	{ "<a@[IPv6:1::]>", F, 0, "a", "[IPv6:1::]", "" },
	{ "<a@[IPv6:::]>", F, 0, "a", "[IPv6:::]", "" },
	{ "<a@[x-y:z]>", F, 0, "a", "[x-y:z]", "" },
	{ "<a@[1.2.3]>", F, BAD_R }, { "<a@[1.2.3.4.5]>", F, BAD_R }, { "<a@[1.2.3.256]>", F, BAD_R }, { "<a@[1.2.3.0004]>", F, BAD_R },
	{ "<a@[IPv6:1:2:3:4:5:6:7]>", F, BAD_R }, { "<a@[IPv6:1:2:3:4:5:6:7:8:9]>", F, BAD_R }, { "<a@[IPv6:1::2::3]>", F, BAD_R },
	{ "<a@[IPv6:12345::]>", F, BAD_R }, { "<a@[IPv6:1:]>", F, BAD_R }, { "<a@[IPv6::1]>", F, BAD_R }, { "<a@[IPv6:g::]>", F, BAD_R },
	{ "<a@[IPv6:1:2:3:4:5:6:7::8]>", F, BAD_R }, { "<a@[IPv6:1.2.3.4]>", F, BAD_R },
	{ "<a@[]>", F, BAD_R }, { "<a@[:x]>", F, BAD_R }, { "<a@[x:]>", F, BAD_R }, { "<a@[x-:y]>", F, BAD_R }, { "<a@[x:y z]>", F, BAD_R }, { "<a@[x:<>]>", F, BAD_R }, { "<a@[x:\x01]>", F, BAD_R },
	{ "<a@[1.2.3.4>", F, BAD_R }, { "<a@[1.2.3.4]b>", F, BAD_R }, { "<a@[x_y:z]>", F, BAD_R },
	/* source routes */
	{ "<@x:a@b>", F, 0, "a", "b", "" },
	{ "<@x,@y.z:a@b>", R, 0, "a", "b", "" },
	{ "<@x,y:a@b>", F, BAD_R }, { "<@x,:a@b>", F, BAD_R }, { "<@x a@b>", F, BAD_R }, { "<@:a@b>", F, BAD_R }, { "<@x:>", R, BAD_S },
	/* lengths */
	{ "<" SIXTY "aaaa@b>", F, 0, SIXTY "aaaa", "b", "" },
	{ "<" SIXTY "aaaaa@b>", F, LONG },
	{ "<\"" SIXTY "aaa\\ \"@b>", F, 0, SIXTY "aaa ", "b", "" },
	{ "<\"" SIXTY "aaaa\\ \"@b>", F, LONG },
	{ "<a@" SIXTY "." SIXTY "." SIXTY "." SIXTY ".aaaaaaaa>", F, 0, "a", SIXTY "." SIXTY "." SIXTY "." SIXTY ".aaaaaaaa", "" },
	{ "<a@" SIXTY "." SIXTY "." SIXTY "." SIXTY ".aaaaaaaaa>", F, LONG },
	/* UTF-8 */
	{ "<\xc3\xbc@b>", F, 0, "\xc3\xbc", "b", "", true },
	{ "<\"\xc3\xbc x\"@b>", F, 0, "\xc3\xbc x", "b", "", true },
	{ "<a@\xe4\xbe\x8b.\xf0\x9f\x98\x80>", F, 0, "a", "\xe4\xbe\x8b.\xf0\x9f\x98\x80", "", true },
	{ "<\xff@b>", F, NOT_8 }, { "<\xc3@b>", F, NOT_8 }, { "<a@\x80>", F, NOT_8 }, { "<\"\xc3\"@b>", F, NOT_8 },
	{ "<\xc1\xbf@b>", F, NOT_8 }, { "<\xe0\x80\x80@b>", F, NOT_8 }, { "<\xed\xa0\x80@b>", F, NOT_8 }, { "<\xf4\x90\x80\x80@b>", F, NOT_8 },
	{ "<\xf5\x80\x80\x80@b>", F, NOT_8 }, { "<\xf0\x80\x80\x80@b>", F, NOT_8 }, { "<\xe4\xbe", F, NOT_8 }, { "<\xe4\xbe@b>", F, NOT_8 },
	{ "<@\xc3\xbc:a@b>", F, 0, "a", "b", "", true },
};
/* clang-format on */

START_TEST(paths)
{
	const struct row *row = &rows[_i];
	const size_t n = strlen(row->text);
	uint8_t *copy = malloc(n ? n : 1); /* of exactly this size, so that a step past the end is seen */
	struct smtp_path path = { .local = "before", .domain = "before" };
	struct keel_cursor c = { .at = copy, .end = copy + n };
	struct keel_buffer store;

	memcpy(copy, row->text, n);
	keel_buffer_init(&store, 0);
	ck_assert_msg(smtp_path_parse(&c, row->kind, &store, &path) == row->reason, "%s", row->text);
	ck_assert_str_eq(path.local, row->reason ? "before" : row->local);
	ck_assert_str_eq(path.domain, row->reason ? "before" : row->domain);
	if (!row->reason) {
		ck_assert_uint_eq((size_t)(c.end - c.at), strlen(row->rest));
		ck_assert_int_eq(path.utf8, row->utf8);
	} else {
		ck_assert_ptr_eq(c.at, copy);
	}
	keel_buffer_free(&store);
	free(copy);
}
END_TEST

START_TEST(names_of_clients)
{
	static const struct {
		const char *text;
		bool good;
	} names[] = {
		{ "a", true },        { "a.b.c", true },     { "host_1", true },     { "-", true },
		{ "a/b", true },      { "[1.2.3.4]", true }, { "[IPv6:::1]", true }, { "", false },
		{ "a b", false },     { "a(b)", false },     { "a;b", false },       { "<a>", false },
		{ "[1.2.3]", false }, { "[", false },        { "a]", false },        { "\xc3\xbc", false },
		{ "a\x01", false },   { "a\\b", false },     { "\"a\"", false },     { "[1.2.3.4]x", false },
	};
	char name[256];

	for (unsigned i = 0; i < KEEL_COUNT(names); i++)
		ck_assert_msg(smtp_path_hello((const uint8_t *)names[i].text, strlen(names[i].text)) == names[i].good,
			      "%s", names[i].text);
	memset(name, 'a', sizeof(name));
	ck_assert(smtp_path_hello((const uint8_t *)name, 255));
	ck_assert(!smtp_path_hello((const uint8_t *)name, 256));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_path");
	TCase *tc = tcase_create("path");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, paths, 0, KEEL_COUNT(rows));
	tcase_add_test(tc, names_of_clients);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

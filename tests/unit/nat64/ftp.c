// SPDX-License-Identifier: GPL-2.0-or-later
/* The FTP gateway: what becomes of commands and replies, however the segments are cut, lost, repeated and exchanged. */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/nat64/core/ftp_text.h"
#include "tests/unit/nat64/control.h"

static struct control c;

static void begin(void)
{
	control_begin(&c);
}

/* What an end got, from octet from on. */
static void expect_got(const struct end *end, size_t from, const char *text)
{
	ck_assert_uint_eq(end->next - from, strlen(text));
	ck_assert_int_eq(memcmp(end->got + from, text, strlen(text)), 0);
}

#define PASV_227 "227 Entering Passive Mode (198,51,100,2,237,19)\r\n"
#define EPSV_229 "229 Entering Extended Passive Mode (|||60691|)\r\n"
#define NOT_SO "504 Command not implemented for that parameter\r\n"
#define OTHER_FAMILY "522 Network protocol not supported, use (2)\r\n"
#define NO_DATA "425 Can't open data connection\r\n"
#define NO_ALGS "504 STATUS64, ENABLE64 or DISABLE64\r\n"
#define DONE "200 Done\r\n"

/* A whole conversation of one command and its reply in pieces of size octets, behind a greeting. */
static void exchange(const char *command, const char *server_gets, const char *reply, const char *client_gets,
		     size_t size)
{
	static const char greeting[] = "220-Hello\r\n you\r\n220 there\r\n";

	control_begin(&c);
	control_say_text(&c.server, greeting);
	ck_assert(control_flush(&c, &c.server, size));
	control_say_text(&c.client, command);
	ck_assert(control_flush(&c, &c.client, size));
	expect_got(&c.server, 0, server_gets);
	control_say_text(&c.server, reply);
	ck_assert(control_flush(&c, &c.server, size));
	expect_got(&c.client, strlen(greeting), client_gets);
	ck_assert_uint_eq(c.call.refused, !strcmp(client_gets, NO_DATA));
}

/* command, what the server gets; its reply, what the client gets; NULL: the same */
static const struct {
	const char *command, *server_gets, *reply, *client_gets;
} rows[] = {
	{ "EPSV\r\n", "PASV\r\n", PASV_227, EPSV_229 },
	{ "epsv\r\n", "PASV\r\n", "227 198,51,100,2,237,19\r\n", EPSV_229 },
	{ "EPSV 2\r\n", "PASV\r\n", "227 =198,51,100,2,0,21 in 3 s\n",
	  "229 Entering Extended Passive Mode (|||21|)\r\n" },
	{ "EPSV\n", "PASV\r\n", "227-Wait\r\n1,2,3,4,5,6\r\n" PASV_227, EPSV_229 },
	{ "EPSV\r\n", "PASV\r\n", "530 Log in\r\n", NULL },
	{ "EPSV\r\n", "PASV\r\n", "530-Log\r\n 227 in\r\n530 now\r\n", NULL },
	/* a third host, and what is no address */
	{ "EPSV\r\n", "PASV\r\n", "227 Entering Passive Mode (198,51,100,3,237,19)\r\n", NO_DATA },
	{ "EPSV\r\n", "PASV\r\n", "227 Entering Passive Mode (198,51,100,2,237)\r\n", NO_DATA },
	{ "EPSV\r\n", "PASV\r\n", "227 Entering Passive Mode (198,51,100,2,0,0)\r\n", NO_DATA },
	{ "EPSV\r\n", "PASV\r\n", "227 Entering Passive Mode (198,51,100,2,256,1)\r\n", NO_DATA },
	{ "EPSV\r\n", "PASV\r\n", "227\r\n", NO_DATA },
	{ "EPSV\r\n", "PASV\r\n", "227\n", NO_DATA },
	/* RFC 6384 6 */
	{ "EPSV ALL\r\n", "NOOP\r\n", DONE, NOT_SO },
	{ "EPSV all\r\n", "NOOP\r\n", "200-Done\r\n200 \r\n", NOT_SO },
	{ "EPSV 1\r\n", "NOOP\r\n", DONE, OTHER_FAMILY },
	{ "EPSV 22\r\n", "NOOP\r\n", "530 Log in\r\n", OTHER_FAMILY },
	{ "EPSV 1\r\n", "NOOP\r\n", "421 Too late\r\n", NULL },
	{ "EPSV 2 2\r\n", NULL, "501 What?\r\n", NULL },
	{ "EPSV x\r\n", NULL, "501 What?\r\n", NULL },
	{ "EPSVX\r\n", NULL, "500 What?\r\n", NULL },
	/* 7.2 */
	{ "EPRT |2|2001:db8:2::31|5282|\r\n", "PORT 192,0,2,31,235,32\r\n", DONE, NULL },
	{ "EPRT !2!2001:DB8:0002::0:0.0.0.49!5282!\r\n", "PORT 192,0,2,31,235,32\r\n", DONE, NULL },
	{ "EPRT |2|2001:db8:2:0:0:0:0:31|65535|\r\n", "PORT 192,0,2,31,235,32\r\n", DONE, NULL },
	{ "EPRT |2|2001:db8:2::32|5282|\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT |1|192.0.2.31|5282|\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT |2|2001:db8:2::31|65536|\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT |2|2001:db8:2::31|0|\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT |2|2001:db8:2::31|1024|\r\n", "PORT 192,0,2,31,235,32\r\n", DONE, NULL },
	{ "EPRT |2|2001:db8:2::31|1023|\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT |2|2001:db8:2::31|5282\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT |2|2001:db8:2::31::|5282|\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT |2|2001:db8:2:0:0:0:0:0:31|5282|\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT |2|2001:db8:2:0:0:0:0|5282|\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT |2||5282|\r\n", NULL, "501 No\r\n", NULL },
	{ "EPRT\r\n", NULL, "501 No\r\n", NULL },
	/* 11 */
	{ "ALGS STATUS64\r\n", "NOOP\r\n", DONE, "216 EPSV EPRT\r\n" },
	{ "algs enable64\r\n", "NOOP\r\n", DONE, "216 EPSV EPRT\r\n" },
	{ "ALGS DISABLE64\r\n", "NOOP\r\n", DONE, "216 NONE\r\n" },
	{ "ALGS\r\n", "NOOP\r\n", DONE, NO_ALGS },
	{ "ALGS STATUS6\r\n", "NOOP\r\n", DONE, NO_ALGS },
	{ "ALGS STATUS64 now\r\n", "NOOP\r\n", DONE, NO_ALGS },
	/* 10: everything else is passed on */
	{ "PASV\r\n", NULL, PASV_227, NULL },
	{ "PORT 1,2,3,4,5,6\r\n", NULL, DONE, NULL },
	{ "LANG fr\r\n", NULL, "200 Bien\r\n", NULL },
	{ "ABOR\r\n", NULL, "226 Done\r\n", NULL },
	{ "\xff\xf4\xff\xf2"
	  "ABOR\r\n",
	  NULL, "226 Done\r\n", NULL },
	{ "EP\r\n", NULL, "500 What?\r\n", NULL },
	{ "E\n", NULL, "500 What?\r\n", NULL },
	{ "STOR EPSV\r\n", NULL, "125 Go\r\n226 Gone\r\n", NULL },
	{ "\r\n", NULL, "", NULL },
};

/* Every row, with every size of pieces. */
START_TEST(rewrites)
{
	for (size_t size = 1; size < 64; size++)
		exchange(rows[_i].command, rows[_i].server_gets ? rows[_i].server_gets : rows[_i].command,
			 rows[_i].reply, rows[_i].client_gets ? rows[_i].client_gets : rows[_i].reply, size);
}
END_TEST

/* Every row, cut in two at every octet, each piece lost on the far side of the gateway and sent again, alone and with what comes behind it. */
START_TEST(splits)
{
	const char *command = rows[_i].command;
	const char *expected = rows[_i].server_gets ? rows[_i].server_gets : command;
	const size_t size = strlen(command);

	for (size_t cut = 0; cut <= size; cut++) {
		for (int lost = 0; lost < 4; lost++) {
			begin();
			control_say_text(&c.client, command);
			if (cut)
				control_send(&c, &c.client, 0, cut, PSH, !(lost & 1));
			if (cut < size)
				control_send(&c, &c.client, cut, size - cut, PSH, !(lost & 2));
			ck_assert(control_flush(&c, &c.client, size));
			expect_got(&c.server, 0, expected);
			/* all of it again: nothing changes */
			control_send(&c, &c.client, 0, size, PSH, 1);
			expect_got(&c.server, 0, expected);
		}
	}
}
END_TEST

#define MANY \
	"USER x\r\nEPSV\r\nEPSV ALL\r\nEPRT |2|2001:db8:2::31|5282|\r\nNOOP\r\nEPSV 1\r\nALGS STATUS64\r\nRETR EPSV\r\n"
#define MANY_SERVER "USER x\r\nPASV\r\nNOOP\r\nPORT 192,0,2,31,235,32\r\nNOOP\r\nNOOP\r\nNOOP\r\nRETR EPSV\r\n"
#define MANY_REPLIES \
	"220 Hi\r\n331 More\r\n" PASV_227 "200 Noop\r\n200 Port\r\n200 Noop\r\n200 Noop\r\n200 Noop\r\n150 Now\r\n226 So\r\n"
#define MANY_CLIENT \
	"220 Hi\r\n331 More\r\n" EPSV_229 NOT_SO "200 Port\r\n200 Noop\r\n" OTHER_FAMILY "216 EPSV EPRT\r\n150 Now\r\n226 So\r\n"

/* Several a segment, in pieces of any size. */
START_TEST(pipeline)
{
	for (size_t size = 1; size <= strlen(MANY); size++) {
		begin();
		control_say_text(&c.client, MANY);
		ck_assert(control_flush(&c, &c.client, size));
		expect_got(&c.server, 0, MANY_SERVER);
		ck_assert_uint_eq(c.expected, 1);
		ck_assert_uint_eq(c.expected_port, 5282);
		ck_assert_uint_eq(c.call.rewritten, 5);
		control_say_text(&c.server, MANY_REPLIES);
		ck_assert(control_flush(&c, &c.server, size));
		expect_got(&c.client, 0, MANY_CLIENT);
		ck_assert_uint_eq(c.call.rewritten, 9);
		ck_assert_uint_eq(c.call.refused, 0);
	}
}
END_TEST

/* The same with pieces that are lost, repeated and exchanged, by chance. */
START_TEST(chance)
{
	srand((unsigned)_i + 1);
	begin();
	for (struct end *end = &c.client; end; end = end == &c.client ? &c.server : NULL) {
		control_say_text(end, end == &c.client ? MANY : MANY_REPLIES);
		for (int i = 0; i < 200; i++) {
			const size_t at = end->acked + (size_t)(rand() % 8) * (rand() % 4 ? 0 : 1);
			const size_t size = 1 + (size_t)rand() % 40;

			if (at < end->size)
				control_send(&c, end, at, end->size - at < size ? end->size - at : size, PSH,
					     rand() % 3);
		}
		ck_assert(control_flush(&c, end, 1 + (size_t)rand() % 30));
	}
	expect_got(&c.server, 0, MANY_SERVER);
	expect_got(&c.client, 0, MANY_CLIENT);
}
END_TEST

START_TEST(auth)
{
	static const char tls[] = "\x16\x03\x01 EPSV\r\nEPSV\r\nEPSV\r\n";

	for (size_t size = 1; size < 40; size++) {
		begin();
		control_say_text(&c.server, "220 Hi\r\n");
		control_say_text(&c.client, "EPSV ALL\r\nAUTH TLS\r\n");
		ck_assert(control_flush(&c, &c.server, size));
		ck_assert(control_flush(&c, &c.client, size));
		control_say_text(&c.server, "200 Noop\r\n234 TLS\r\n");
		ck_assert(control_flush(&c, &c.server, size));
		expect_got(&c.server, 0, "NOOP\r\nAUTH TLS\r\n");
		expect_got(&c.client, 0, "220 Hi\r\n" NOT_SO "234 TLS\r\n");
		control_say(&c.client, tls, sizeof(tls));
		control_say(&c.server, "\x16\n\x01 227", 7);
		/* the second piece first: nothing has to be read any more */
		ck_assert_int_ne(control_send(&c, &c.client, c.client.size - 4, 4, PSH, 1), NAT64_FTP_EARLY);
		ck_assert(control_flush(&c, &c.client, size));
		ck_assert(control_flush(&c, &c.server, size));
		ck_assert_int_eq(memcmp(c.server.got + 16, tls, sizeof(tls)), 0);
		ck_assert_uint_eq(c.server.next, 16 + sizeof(tls));
		ck_assert_int_eq(memcmp(c.client.got + c.client.next - 7, "\x16\n\x01 227", 7), 0);
	}
}
END_TEST

START_TEST(disabled)
{
	begin();
	control_say_text(&c.server, "220 Hi\r\n");
	control_say_text(
		&c.client,
		"ALGS DISABLE64\r\nEPSV\r\nEPSV ALL\r\nEPRT |2|2001:db8:2::31|5282|\r\nALGS ENABLE64\r\nEPSV\r\n");
	ck_assert(control_flush(&c, &c.client, 7));
	expect_got(&c.server, 0, "NOOP\r\nEPSV\r\nEPSV ALL\r\nEPRT |2|2001:db8:2::31|5282|\r\nNOOP\r\nPASV\r\n");
	control_say_text(&c.server, "200 1\r\n" EPSV_229 "200 2\r\n200 3\r\n200 4\r\n" PASV_227);
	ck_assert(control_flush(&c, &c.server, 7));
	expect_got(&c.client, 0, "220 Hi\r\n216 NONE\r\n" EPSV_229 "200 2\r\n200 3\r\n216 EPSV EPRT\r\n" EPSV_229);
}
END_TEST

/* No mapping is to be had: the client hears of it. */
START_TEST(no_mapping)
{
	begin();
	c.expect_error = -28;
	control_say_text(&c.server, "220 Hi\r\n");
	control_say_text(&c.client, "EPRT |2|2001:db8:2::31|5282|\r\n");
	ck_assert(control_flush(&c, &c.client, 7));
	expect_got(&c.server, 0, "NOOP\r\n");
	control_say_text(&c.server, DONE);
	ck_assert(control_flush(&c, &c.server, 7));
	expect_got(&c.client, 0, "220 Hi\r\n" NO_DATA);
}
END_TEST

/* A server that said one thing too few: a 227 is still an answer to PASV, and the client's own PASV gets its own. */
START_TEST(miscounted)
{
	begin();
	control_say_text(&c.server, "220 Hi\r\n");
	control_say_text(&c.client, "MUTE\r\nEPSV\r\nPASV\r\nEPSV\r\n");
	ck_assert(control_flush(&c, &c.client, 100));
	control_say_text(&c.server, PASV_227 PASV_227 PASV_227);
	ck_assert(control_flush(&c, &c.server, 100));
	expect_got(&c.client, 0, "220 Hi\r\n" EPSV_229 PASV_227 EPSV_229);
}
END_TEST

/* What is a reply, and what is none: replies of several lines, preliminary ones, lines of no kind, one that nobody asked for. */
START_TEST(counted)
{
	for (size_t size = 1; size < 50; size++) {
		begin();
		control_say_text(&c.server, "120 Wait\r\n220 Hi\r\n220 Again\r\n");
		ck_assert(control_flush(&c, &c.server, size));
		control_say_text(&c.client, "\r\n\n\r\nFEAT\r\nRETR x\r\nALGS STATUS64\r\nNOOP\r\n");
		ck_assert(control_flush(&c, &c.client, size));
		expect_got(&c.server, 0, "\r\n\n\r\nFEAT\r\nRETR x\r\nNOOP\r\nNOOP\r\n");
		control_say_text(
			&c.server,
			"211-a\r\n211-b\r\n212 c\r\n 211 d\r\n211 e\r\n125 x\r\n226 y\r\nwhat\r\n200 z\r\n200 z\r\n");
		ck_assert(control_flush(&c, &c.server, size));
		expect_got(
			&c.client, 0,
			"120 Wait\r\n220 Hi\r\n220 Again\r\n"
			"211-a\r\n211-b\r\n212 c\r\n 211 d\r\n211 e\r\n125 x\r\n226 y\r\nwhat\r\n216 EPSV EPRT\r\n200 z\r\n");
	}
}
END_TEST

/* A server that said one thing too few, and then takes AUTH: nothing of what follows is held. */
START_TEST(miscounted_auth)
{
	begin();
	control_say_text(&c.server, "220 Hi\r\n");
	control_say_text(&c.client, "MUTE\r\nAUTH X\r\n");
	ck_assert(control_flush(&c, &c.client, 100));
	control_say_text(&c.server, _i ? "234 Yes\r\n" : "334 Yes\r\n");
	ck_assert(control_flush(&c, &c.server, 3));
	control_say_text(&c.server, "\n22");
	ck_assert_int_eq(control_send(&c, &c.server, c.server.acked, 3, PSH, 1), NAT64_FTP_PASS);
	expect_got(&c.client, 0, _i ? "220 Hi\r\n234 Yes\r\n\n22" : "220 Hi\r\n334 Yes\r\n\n22");
}
END_TEST

/* 227 in memory of its size. */
START_TEST(numbers)
{
	static const struct {
		const char *line;
		int right;
		uint16_t port;
	} lines[] = {
		{ "227 (198,51,100,2,1,2)", 1, 258 },
		{ "227 198,51,100,2,1,2", 1, 258 },
		{ "2271,2,198,51,100,2,1,2", 0, 0 },
		{ "227 9 198,51,100,2,1,2", 1, 258 },
		{ "227 198,51,100,2,255,255x", 1, 65535 },
		{ "227 198,51,100,2,1,", 0, 0 },
		{ "227 198,51,100,2,0,0", 0, 0 },
		{ "227", 0, 0 },
		{ "227 1,198,51,100", 0, 0 },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const size_t size = strlen(lines[i].line);
		uint8_t *line = memcpy(malloc(size), lines[i].line, size);
		__be32 address = 0;
		__be16 port = 0;
		const int right = nat64_ftp_227(line, (uint32_t)size, &address, &port) && address == c.call.server;

		ck_assert_msg(right == lines[i].right, "'%s'", lines[i].line);
		ck_assert(!right || port == htons(lines[i].port));
		free(line);
	}
}
END_TEST

/* Addresses as EPRT has them, held against inet_pton(). */
START_TEST(literals)
{
	static const char *const texts[] = {
		"::",
		"::1",
		"1::",
		"1::2",
		"::ffff:192.0.2.1",
		"1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7::",
		"::2:3:4:5:6:7:8",
		"1:2:3:4:5:6:192.0.2.255",
		"abcd:EF01::0",
		"2001:db8::1:2:3",
		"",
		":",
		":1",
		"1:",
		"1:2",
		"1::2::3",
		"12345::",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::",
		"::1:2:3:4:5:6:7:8",
		"::1.2.3",
		"::1.2.3.4.5",
		"::1.2.3.256",
		"1:2:3:4:5:6:7:1.2.3.4",
		"g::",
		":::",
		"1:::2",
		"fe80::1%eth0",
		"1.2.3.4",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct nat64_in6 wanted, got;
		uint8_t line[128];
		__be16 port;
		const int size = snprintf((char *)line, sizeof(line), "EPRT |2|%s|513|\r\n", texts[i]);
		const int right = inet_pton(AF_INET6, texts[i], &wanted) == 1;

		ck_assert_msg(nat64_ftp_eprt(line, (uint32_t)size, &got, &port) == right, "'%s'", texts[i]);
		ck_assert_msg(!right || !memcmp(&got, &wanted, sizeof(got)), "'%s'", texts[i]);
		ck_assert(!right || port == htons(513));
	}
}
END_TEST

/* Octets by chance, in pieces by chance, both ways: nothing breaks, and both streams get through. */
START_TEST(garbage)
{
	static const char letters[] = "EPSVRTALGSAUTH 2|:\r\n\n\n0123456789-227()";

	srand((unsigned)_i + 1);
	begin();
	for (int i = 0; i < 60; i++) {
		struct end *end = rand() % 2 ? &c.client : &c.server;

		for (int n = rand() % 40; n; n--) {
			const char letter = letters[(size_t)rand() % (sizeof(letters) - 1)];

			control_say(end, &letter, 1);
		}
		control_flush(&c, end, 1 + (size_t)rand() % 30);
	}
	for (int i = 0; i < 20; i++) {
		control_flush(&c, &c.client, 100);
		control_say_text(&c.server, "\n227 1,2,3,4,5,6\r\n");
		control_flush(&c, &c.server, 100);
	}
	ck_assert(control_flush(&c, &c.client, 100));
	ck_assert(control_flush(&c, &c.server, 100));
}
END_TEST

int main(void)
{
	const int n = (int)(sizeof(rows) / sizeof(rows[0]));
	Suite *suite = suite_create("nat64_ftp");
	TCase *words = tcase_create("commands and replies"), *wire = tcase_create("segments");
	SRunner *runner;
	int failed;

	tcase_set_timeout(words, 60);
	tcase_set_timeout(wire, 60);
	tcase_add_loop_test(words, rewrites, 0, n);
	tcase_add_loop_test(words, splits, 0, n);
	tcase_add_test(words, pipeline);
	tcase_add_test(words, auth);
	tcase_add_test(words, disabled);
	tcase_add_test(words, no_mapping);
	tcase_add_test(words, miscounted);
	tcase_add_loop_test(words, miscounted_auth, 0, 2);
	tcase_add_test(words, counted);
	tcase_add_checked_fixture(words, begin, NULL);
	tcase_add_test(words, literals);
	tcase_add_test(words, numbers);
	tcase_add_loop_test(wire, chance, 0, 200);
	tcase_add_loop_test(wire, garbage, 0, 200);
	suite_add_tcase(suite, words);
	suite_add_tcase(suite, wire);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

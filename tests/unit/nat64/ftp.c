// SPDX-License-Identifier: GPL-2.0-or-later
/* The FTP gateway: what becomes of commands and replies, however the segments are cut, lost, repeated and exchanged. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

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
}

#define PASV_227 "227 Entering Passive Mode (198,51,100,2,237,19)\r\n"
#define EPSV_229 "229 Entering Extended Passive Mode (|||60691|)\r\n"
#define NOT_SO "504 Command not implemented for that parameter\r\n"
#define OTHER_FAMILY "522 Network protocol not supported, use (2)\r\n"
#define NO_DATA "425 Can't open data connection\r\n"
#define NO_ALGS "504 STATUS64, ENABLE64 or DISABLE64\r\n"
#define DONE "200 Done\r\n"

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
		control_say_text(&c.server, MANY_REPLIES);
		ck_assert(control_flush(&c, &c.server, size));
		expect_got(&c.client, 0, MANY_CLIENT);
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

/* A segment that overtook another is dropped: nobody knows what is in between. */
START_TEST(early)
{
	begin();
	control_say_text(&c.client, "NOOP\r\nEPSV\r\n");
	ck_assert_int_eq(control_send(&c, &c.client, 6, 6, PSH, 1), NAT64_FTP_EARLY);
	ck_assert_int_eq(control_send(&c, &c.client, 12, 0, FIN, 1), NAT64_FTP_EARLY);
	ck_assert_uint_eq(c.server.next, 0);
	control_send(&c, &c.client, 0, 6, PSH, 1);
	control_send(&c, &c.client, 6, 6, PSH, 1);
	expect_got(&c.server, 0, "NOOP\r\nPASV\r\n");
}
END_TEST

/* What is held is acknowledged, and the probe that stands for it is an octet that was there. */
START_TEST(probes)
{
	begin();
	control_say_text(&c.client, "NOOP\r\nEPSV 2\r\n");
	control_send(&c, &c.client, 0, 6, PSH, 1);
	ck_assert_int_eq(control_send(&c, &c.client, 6, 3, PSH, 0), NAT64_FTP_WRITE);
	ck_assert_uint_eq(c.written, 1);
	ck_assert_uint_eq(c.out[0], '\n');
	ck_assert_uint_eq(c.ftp.stream[0].held, 3);
	control_acknowledge(&c, &c.server);
	ck_assert_uint_eq(c.client.acked, 9);
	/* a keepalive of the client's: one in front of what the server waits for */
	ck_assert_int_eq(control_send(&c, &c.client, 8, 0, 0, 0), NAT64_FTP_WRITE);
	ck_assert_uint_eq(c.tcp[7], (uint8_t)(c.client.first + 1 + 6 - 1));
	ck_assert(control_flush(&c, &c.client, 100));
	expect_got(&c.server, 0, "NOOP\r\nPASV\r\n");
}
END_TEST

/* The server has a part of what took a command's place: it is asked for until all is there. */
START_TEST(part_of_a_text)
{
	begin();
	control_say_text(&c.client, "EPSV ALL\r\nQUIT\r\n");
	control_send(&c, &c.client, 0, 10, PSH, 0);
	memcpy(c.server.got, "NO", 2);
	memset(c.server.has, 1, 2);
	c.server.next = 2;
	control_acknowledge(&c, &c.server);
	ck_assert_uint_eq(c.client.acked, 9);
	control_send(&c, &c.client, 9, 1, PSH, 1);
	expect_got(&c.server, 0, "NOOP\r\n");
	ck_assert(control_flush(&c, &c.client, 100));
	expect_got(&c.server, 0, "NOOP\r\nQUIT\r\n");
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

/* More than is followed at once waits until there is room. */
START_TEST(too_many)
{
	begin();
	for (int i = 0; i < 20; i++)
		control_say_text(&c.client, "EPSV 2\r\n");
	control_say_text(&c.server, "220 Hi\r\n");
	ck_assert(!control_flush(&c, &c.client, 1000));
	ck_assert_uint_eq(c.server.next, 6 * NAT64_FTP_PENDING);
	for (int i = 0; i < 20; i++) {
		control_say_text(&c.server, PASV_227);
		ck_assert(control_flush(&c, &c.server, 1000));
		control_flush(&c, &c.client, 1000);
	}
	ck_assert_uint_eq(c.server.next, 6 * 20);
	ck_assert_uint_eq(c.client.next, 8 + 20 * strlen(EPSV_229));
}
END_TEST

/* What grows out of its segment is cut, and the sender brings the rest. */
START_TEST(grows)
{
	char full[1024];
	size_t size;

	begin();
	memset(full, 'x', sizeof(full));
	memcpy(full, "SITE ", 5);
	memcpy(full + 700, "\r\nALGS STATUS64\r\n", 17);
	control_say(&c.client, full, 717);
	control_say_text(&c.server, "220 Hi\r\n200 Site\r\n200\r\n221-");
	ck_assert(control_flush(&c, &c.client, 717));
	for (size = 0; size < 600; size++)
		control_say_text(&c.server, "y");
	control_say_text(&c.server, "\r\n221 Bye\r\n");
	control_send(&c, &c.server, 0, c.server.size, PSH | FIN, 1);
	ck_assert(!(c.client.end_seen)); /* its FIN went with the rest */
	ck_assert_uint_eq(c.client.next, c.server.size);
	control_send(&c, &c.server, c.server.acked, c.server.size - c.server.acked, PSH | FIN, 1);
	ck_assert(c.client.end_seen);
	ck_assert_uint_eq(c.client.next, c.server.size - 5 + strlen("216 EPSV EPRT\r\n"));
	ck_assert_int_eq(memcmp(c.client.got, "220 Hi\r\n200 Site\r\n216 EPSV EPRT\r\n221-yy", 39), 0);
}
END_TEST

/* The end, in front of the line's end: it is no line. */
START_TEST(ends)
{
	for (size_t cut = 0; cut < 9; cut++) {
		begin();
		control_say_text(&c.client, "NOOP\r\nEPS");
		if (cut)
			control_send(&c, &c.client, 0, cut, PSH, 1);
		control_send(&c, &c.client, cut, 9 - cut, FIN, 1);
		ck_assert(c.server.end_seen);
		expect_got(&c.server, 0, "NOOP\r\n");
		control_send(&c, &c.client, 9, 0, FIN, 1);
		control_send(&c, &c.client, 3, 6, FIN, 1);
		control_send(&c, &c.client, 0, 9, FIN, 1);
		expect_got(&c.server, 0, "NOOP\r\n");
	}
}
END_TEST

/* The same addresses and ports, again. */
START_TEST(begins_again)
{
	uint8_t tcp[20] = { [7] = 77, [12] = 0x50, [13] = SYN };
	struct nat64_ftp_segment segment = { .tcp = tcp, .header = 20, .out = c.out };

	begin();
	control_say_text(&c.client, "AUTH TLS\r\n");
	ck_assert(control_flush(&c, &c.client, 100));
	ck_assert_int_eq(nat64_ftp_segment(&c.ftp, &c.call, 1, &segment), NAT64_FTP_PASS);
	ck_assert_uint_eq(c.ftp.stream[0].parsed, 78);
	ck_assert(!c.ftp.stream[0].clear);
	ck_assert(!c.ftp.stream[1].started);
}
END_TEST

START_TEST(urgent)
{
	begin();
	control_say_text(&c.client, "EPSV 2\r\n\xff\xf4\xff\xf2"
				    "ABOR\r\n");
	control_send(&c, &c.client, 0, 12, URG, 0);
	ck_assert(c.tcp[13] & URG);
	ck_assert_uint_eq(c.tcp[19], 10);
	/* a probe has nothing of it */
	control_send(&c, &c.client, 0, 7, URG, 0);
	ck_assert(!(c.tcp[13] & URG));
	control_send(&c, &c.client, 0, 12, URG, 1);
	expect_got(&c.server, 0, "PASV\r\n\xff\xf4\xff\xf2");
}
END_TEST

/* ---- SACK ------------------------------------------------------------------------------------ */

static void block(uint8_t *at, uint32_t left, uint32_t right)
{
	for (int i = 0; i < 4; i++) {
		at[i] = (uint8_t)(left >> (24 - 8 * i));
		at[4 + i] = (uint8_t)(right >> (24 - 8 * i));
	}
}

/* The server's blocks about "EPSV 2 QUIT" (8 and 6 octets; 6 and 6 to it) when nothing is acknowledged, and what the client gets. */
static void sack(uint32_t left, uint32_t right, uint32_t new_left, uint32_t new_right)
{
	uint8_t expected[12] = { 1, 1, 5, 10 };

	begin();
	control_say_text(&c.client, "EPSV 2\r\nQUIT\r\n");
	control_send(&c, &c.client, 0, 14, PSH, 0);
	c.options_size = 12;
	memcpy(c.options, expected, 4);
	block(c.options + 4, c.client.first + 1 + left, c.client.first + 1 + right);
	control_acknowledge(&c, &c.server);
	if (new_left == new_right)
		memset(expected, 1, sizeof(expected));
	else
		block(expected + 4, c.client.first + 1 + new_left, c.client.first + 1 + new_right);
	ck_assert_int_eq(memcmp(c.tcp + 20, expected, 12), 0);
}

START_TEST(sack_blocks)
{
	sack(6, 12, 8, 14);
	sack(8, 10, 10, 12);
	sack(2, 12, 8, 14); /* a part of the text is none of the command */
	sack(2, 4, 0, 0);
	sack(0xfffffff0, 0, 0, 0); /* a duplicate */
}
END_TEST

/* Of three blocks the middle one goes. */
START_TEST(sack_of_several)
{
	uint8_t expected[28] = { 1, 1, 5, 18 };

	begin();
	control_say_text(&c.client, "EPSV 2\r\nQUIT\r\n");
	control_send(&c, &c.client, 0, 14, PSH, 0);
	c.options_size = 28;
	memcpy(c.options, (uint8_t[]){ 1, 1, 5, 26 }, 4);
	block(c.options + 4, c.client.first + 1 + 6, c.client.first + 1 + 7);
	block(c.options + 12, c.client.first + 1 + 1, c.client.first + 1 + 2);
	block(c.options + 20, c.client.first + 1 + 9, c.client.first + 1 + 12);
	control_acknowledge(&c, &c.server);
	block(expected + 4, c.client.first + 1 + 8, c.client.first + 1 + 9);
	block(expected + 12, c.client.first + 1 + 11, c.client.first + 1 + 14);
	memset(expected + 20, 1, 8);
	ck_assert_int_eq(memcmp(c.tcp + 20, expected, 28), 0);
}
END_TEST

/* Options that cannot be are left alone. */
START_TEST(sack_garbage)
{
	static const uint8_t bad[][12] = {
		{ 5, 0, 1 },  { 5, 1, 1 }, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5 }, { 5, 13 }, { 8, 40, 5, 10 },
		{ 0, 5, 10 }, { 5, 2 },    { 5, 9, 1, 2, 3, 4, 5, 6, 7, 1 }
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		control_say_text(&c.client, "EPSV 2\r\nQUIT\r\n");
		control_send(&c, &c.client, 0, 14, PSH, 0);
		c.options_size = 12;
		memcpy(c.options, bad[i], 12);
		control_acknowledge(&c, &c.server);
		ck_assert_int_eq(memcmp(c.tcp + 20, bad[i], 12), 0);
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
	Suite *suite = suite_create("nat64 ftp");
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
	tcase_add_loop_test(wire, chance, 0, 200);
	tcase_add_test(wire, early);
	tcase_add_test(wire, probes);
	tcase_add_test(wire, part_of_a_text);
	tcase_add_test(wire, too_many);
	tcase_add_test(wire, grows);
	tcase_add_test(wire, ends);
	tcase_add_test(wire, begins_again);
	tcase_add_test(wire, urgent);
	tcase_add_test(wire, sack_blocks);
	tcase_add_test(wire, sack_of_several);
	tcase_add_test(wire, sack_garbage);
	tcase_add_loop_test(wire, garbage, 0, 200);
	suite_add_tcase(suite, words);
	suite_add_tcase(suite, wire);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

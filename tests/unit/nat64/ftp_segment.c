// SPDX-License-Identifier: GPL-2.0-or-later
/* The FTP gateway's segments: order, ends, growth, probes, urgent data, selective acknowledgements. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64/control.h"

#define PASV_227 "227 Entering Passive Mode (198,51,100,2,237,19)\r\n"
#define EPSV_229 "229 Entering Extended Passive Mode (|||60691|)\r\n"

static struct control c;

static void begin(void)
{
	control_begin(&c);
}

/* What an end got, all of it. */
static void expect_got(const struct end *end, const char *text)
{
	ck_assert_uint_eq(end->next, strlen(text));
	ck_assert_int_eq(memcmp(end->got, text, strlen(text)), 0);
}

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
	expect_got(&c.server, "NOOP\r\nPASV\r\n");
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
	expect_got(&c.server, "NOOP\r\nPASV\r\n");
	control_send(&c, &c.client, 13, 0, 0, 0);
	ck_assert_uint_eq(c.tcp[7], (uint8_t)(c.client.first + 1 + 12 - 1));
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
	expect_got(&c.server, "NOOP\r\n");
	ck_assert(control_flush(&c, &c.client, 100));
	expect_got(&c.server, "NOOP\r\nQUIT\r\n");
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

/* Replies that are rewritten, and all of them get lost: more than are kept wait until some have arrived. */
START_TEST(in_flight)
{
	const size_t reply = strlen(PASV_227), greeting = strlen("220 Hi\r\n");

	begin();
	control_say_text(&c.server, "220 Hi\r\n");
	ck_assert(control_flush(&c, &c.server, 100));
	for (size_t i = 0; i < NAT64_FTP_EDITS + 2; i++) {
		control_say_text(&c.client, "EPSV\r\n");
		ck_assert(control_flush(&c, &c.client, 100));
		control_say_text(&c.server, PASV_227);
		control_send(&c, &c.server, greeting + i * reply, reply, PSH, 0);
	}
	ck_assert_uint_eq(c.ftp.stream[1].edits, NAT64_FTP_EDITS);
	ck_assert_uint_eq(c.ftp.pending_count, 2);
	ck_assert(control_flush(&c, &c.server, 1000));
	ck_assert_uint_eq(c.client.next, greeting + (NAT64_FTP_EDITS + 2) * strlen(EPSV_229));
	ck_assert_uint_eq(c.ftp.pending_count, 0);
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
	for (size_t cut = 0; cut <= 9; cut++) {
		begin();
		control_say_text(&c.client, "NOOP\r\nEPS");
		if (cut)
			control_send(&c, &c.client, 0, cut, PSH, 1);
		control_send(&c, &c.client, cut, 9 - cut, FIN, 1);
		ck_assert(c.server.end_seen);
		expect_got(&c.server, "NOOP\r\n");
		control_send(&c, &c.client, 9, 0, FIN, 1);
		control_send(&c, &c.client, 3, 6, FIN, 1);
		control_send(&c, &c.client, 0, 9, FIN, 1);
		expect_got(&c.server, "NOOP\r\n");
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
	expect_got(&c.server, "PASV\r\n\xff\xf4\xff\xf2");
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
	uint8_t expected[40] = { 4, 2, 5, 10 };

	begin();
	control_say_text(&c.client, "EPSV 2\r\nQUIT\r\n");
	control_send(&c, &c.client, 0, 14, PSH, 0);
	c.options_size = 12;
	memcpy(c.options, expected, 4);
	block(c.options + 4, c.client.first + 1 + left, c.client.first + 1 + right);
	control_acknowledge(&c, &c.server);
	if (new_left == new_right)
		memset(expected + 2, 1, 10);
	else
		block(expected + 4, c.client.first + 1 + new_left, c.client.first + 1 + new_right);
	ck_assert_int_eq(memcmp(c.tcp + 20, expected, 40), 0);
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

/* What changes nothing but a block is a change: the block behind a command that is another, and a duplicate where there is none. */
START_TEST(sack_alone)
{
	uint8_t expected[40] = { 1, 1, 5, 10 };

	begin();
	control_say_text(&c.client, "NOOP\r\nEPSV 2\r\nQUIT\r\n");
	control_send(&c, &c.client, 0, 20, PSH, 0);
	c.options_size = 12;
	memcpy(c.options, expected, 4);
	block(c.options + 4, c.client.first + 1 + 12, c.client.first + 1 + 18);
	control_acknowledge(&c, &c.server);
	ck_assert_uint_eq(c.client.acked, 0);
	block(expected + 4, c.client.first + 1 + 14, c.client.first + 1 + 20);
	ck_assert_int_eq(memcmp(c.tcp + 20, expected, 40), 0);
	begin();
	control_say_text(&c.client, "NOOP\r\n");
	ck_assert(control_flush(&c, &c.client, 6));
	c.options_size = 12;
	memcpy(c.options, expected, 4);
	block(c.options + 4, c.client.first + 1, c.client.first + 1 + 6);
	control_acknowledge(&c, &c.server);
	memset(expected, 1, 12);
	ck_assert_int_eq(memcmp(c.tcp + 20, expected, 40), 0);
}
END_TEST

/* Of three blocks the middle one goes. */
START_TEST(sack_of_several)
{
	uint8_t expected[40] = { 1, 1, 5, 18 };

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
	ck_assert_int_eq(memcmp(c.tcp + 20, expected, 40), 0);
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

int main(void)
{
	Suite *suite = suite_create("nat64_ftp_segment");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_test(cases, early);
	tcase_add_test(cases, probes);
	tcase_add_test(cases, part_of_a_text);
	tcase_add_test(cases, too_many);
	tcase_add_test(cases, grows);
	tcase_add_test(cases, ends);
	tcase_add_test(cases, begins_again);
	tcase_add_test(cases, urgent);
	tcase_add_test(cases, sack_blocks);
	tcase_add_test(cases, sack_alone);
	tcase_add_test(cases, sack_of_several);
	tcase_add_test(cases, in_flight);
	tcase_add_test(cases, sack_garbage);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The MSS clamp: where the option stands, what is left alone, and the checksum. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64/translator.h"

static struct frame frame;
static struct nat64_flow flow;

/* A SYN with these options, in either family. */
static uint8_t *syn(int six, const uint8_t *options, size_t size)
{
	uint8_t *tcp = six ? frame_6(&frame, "2001:db8::1", "2001:db8::2", 6, 20 + size)
			   : frame_4(&frame, "192.0.2.1", "192.0.2.2", 6, 20 + size);

	frame_tcp(tcp, 20 + size, 1234, 80, 2);
	memcpy(tcp + 20, options, size);
	tcp[12] = (uint8_t)((20 + size) / 4 << 4);
	frame_close(&frame);
	ck_assert_int_eq(nat64_parse(&frame.packet, six ? 6 : 4, &flow), NAT64_OK);
	return tcp;
}

/* MSS 1460 at every place, even and odd. */
START_TEST(every_place)
{
	const int six = _i;

	for (unsigned before = 0; before <= 36; before++) {
		for (unsigned mss = 536; mss < 2000; mss += 41) {
			uint8_t options[40] = { 0 }, *tcp;

			memset(options, 1, before);
			memcpy(options + before, (uint8_t[]){ 2, 4, 0x05, 0xb4 }, 4);
			tcp = syn(six, options, sizeof(options));
			ck_assert_int_eq(nat64_clamp_mss(&flow, &frame.packet, (uint16_t)mss), mss < 1460);
			ck_assert_uint_eq((unsigned)tcp[20 + before + 2] << 8 | tcp[20 + before + 3],
					  mss < 1460 ? mss : 1460);
			ck_assert_ptr_null(frame_wrong(frame.packet.data, frame.packet.len));
		}
	}
}
END_TEST

START_TEST(behind_others)
{
	static const uint8_t options[] = { 3, 3, 7, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 2, 4, 0x23, 0x28, 4, 2, 0 };
	uint8_t *tcp = syn(_i, options, sizeof(options));

	ck_assert_int_eq(nat64_clamp_mss(&flow, &frame.packet, 1440), 1);
	ck_assert_uint_eq(tcp[35], 1440 >> 8);
	ck_assert_uint_eq(tcp[36], 1440 & 0xff);
	ck_assert_ptr_null(frame_wrong(frame.packet.data, frame.packet.len));
}
END_TEST

static const struct {
	uint8_t options[8];
	const char *why;
} left_alone[] = {
	{ { 1, 1, 1, 1, 1, 1, 1, 1 }, "no option" },
	{ { 0, 0, 0, 0, 2, 4, 0x23, 0x28 }, "behind the end" },
	{ { 2, 3, 0x23, 0x28, 2, 4, 0x23, 0x28 }, "a wrong length" },
	{ { 3, 0, 0, 0, 2, 4, 0x23, 0x28 }, "behind a length of 0" },
	{ { 3, 1, 0, 0, 2, 4, 0x23, 0x28 }, "behind a length of 1" },
	{ { 3, 9, 0, 0, 2, 4, 0x23, 0x28 }, "behind a length too great" },
	{ { 1, 1, 1, 1, 1, 1, 2, 4 }, "cut off" },
	{ { 1, 1, 1, 1, 1, 1, 1, 2 }, "its kind alone" },
};

START_TEST(alone)
{
	static struct frame before;

	syn(0, left_alone[_i].options, 8);
	frame_copy(&before, &frame);
	ck_assert_msg(!nat64_clamp_mss(&flow, &frame.packet, 1000), "%s", left_alone[_i].why);
	ck_assert_mem_eq(frame.packet.data, before.packet.data, frame.packet.len);
}
END_TEST

START_TEST(other_packets)
{
	static const uint8_t options[] = { 2, 4, 0x23, 0x28 };
	uint8_t *upper = syn(0, options, 4);

	upper[13] = 0x10; /* no SYN */
	ck_assert_int_eq(nat64_clamp_mss(&flow, &frame.packet, 1000), 0);
	upper[13] = 0x12;              /* SYN and ACK */
	frame.packet.linear = 20 + 23; /* the option is not there as a whole */
	ck_assert_int_eq(nat64_clamp_mss(&flow, &frame.packet, 1000), 0);
	frame.packet.linear = 20 + 24;
	ck_assert_int_eq(nat64_clamp_mss(&flow, &frame.packet, 1000), 1);
	upper = frame_4(&frame, "192.0.2.1", "192.0.2.2", 17, 40);
	frame_udp(upper, 40, 1, 2);
	memset(upper + 8, 0x22, 32);
	frame_close(&frame);
	ck_assert_int_eq(nat64_parse(&frame.packet, 4, &flow), NAT64_OK);
	ck_assert_int_eq(nat64_clamp_mss(&flow, &frame.packet, 1), 0);
}
END_TEST

/* A partial checksum holds the pseudo header alone. */
START_TEST(partial)
{
	static const uint8_t options[] = { 2, 4, 0x23, 0x28 };
	uint8_t *tcp = syn(0, options, 4);
	const uint8_t check[2] = { tcp[16], tcp[17] };

	frame.packet.sum = NAT64_SUM_PARTIAL;
	ck_assert_int_eq(nat64_clamp_mss(&flow, &frame.packet, 1000), 1);
	ck_assert_mem_eq(tcp + 16, check, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_mss");
	TCase *cases = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(cases, every_place, 0, 2);
	tcase_add_loop_test(cases, behind_others, 0, 2);
	tcase_add_loop_test(cases, alone, 0, (int)(sizeof(left_alone) / sizeof(left_alone[0])));
	tcase_add_test(cases, other_packets);
	tcase_add_test(cases, partial);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

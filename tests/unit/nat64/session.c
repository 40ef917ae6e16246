// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of a session against RFC 6146 3.5 and RFC 7857, state by state. */
#include "kmod/nat64/core/session.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define FIN NAT64_TCP_FIN
#define SYN NAT64_TCP_SYN
#define RST NAT64_TCP_RST
#define ACK NAT64_TCP_ACK

#define KEEP 0
#define OPENING 240
#define CLOSING 241
#define WHOLE 7440

static struct nat64_lifetimes lifetimes;

static void setup(void)
{
	nat64_lifetimes_default(&lifetimes);
	lifetimes.tcp_closing = CLOSING;
}

/* Every state with every kind of packet from either side. */
static const struct {
	int from, from6, flags, to;
	unsigned int lifetime;
} steps[] = {
	{ NAT64_STATE_V4_INIT, 1, SYN, NAT64_STATE_ESTABLISHED, WHOLE },
	{ NAT64_STATE_V4_INIT, 1, SYN | ACK, NAT64_STATE_ESTABLISHED, WHOLE },
	{ NAT64_STATE_V4_INIT, 0, SYN, NAT64_STATE_V4_INIT, KEEP },
	{ NAT64_STATE_V4_INIT, 1, ACK, NAT64_STATE_V4_INIT, KEEP },
	{ NAT64_STATE_V4_INIT, 1, RST, NAT64_STATE_V4_INIT, KEEP },
	{ NAT64_STATE_V4_INIT, 0, RST, NAT64_STATE_V4_INIT, KEEP },
	{ NAT64_STATE_V4_INIT, 0, FIN, NAT64_STATE_V4_INIT, KEEP },
	{ NAT64_STATE_V6_INIT, 0, SYN, NAT64_STATE_ESTABLISHED, WHOLE },
	{ NAT64_STATE_V6_INIT, 0, SYN | ACK, NAT64_STATE_ESTABLISHED, WHOLE },
	{ NAT64_STATE_V6_INIT, 1, SYN, NAT64_STATE_V6_INIT, OPENING },
	{ NAT64_STATE_V6_INIT, 0, RST | ACK, NAT64_STATE_V6_INIT, KEEP },
	{ NAT64_STATE_V6_INIT, 1, RST, NAT64_STATE_V6_INIT, KEEP },
	{ NAT64_STATE_V6_INIT, 1, ACK, NAT64_STATE_V6_INIT, KEEP },
	{ NAT64_STATE_V6_INIT, 0, ACK, NAT64_STATE_V6_INIT, KEEP },
	{ NAT64_STATE_ESTABLISHED, 0, ACK, NAT64_STATE_ESTABLISHED, WHOLE },
	{ NAT64_STATE_ESTABLISHED, 1, ACK, NAT64_STATE_ESTABLISHED, WHOLE },
	{ NAT64_STATE_ESTABLISHED, 1, SYN, NAT64_STATE_ESTABLISHED, WHOLE },
	{ NAT64_STATE_ESTABLISHED, 0, FIN | ACK, NAT64_STATE_V4_FIN, KEEP },
	{ NAT64_STATE_ESTABLISHED, 1, FIN | ACK, NAT64_STATE_V6_FIN, KEEP },
	{ NAT64_STATE_ESTABLISHED, 0, RST, NAT64_STATE_TRANS, CLOSING },
	{ NAT64_STATE_ESTABLISHED, 1, RST | ACK, NAT64_STATE_TRANS, CLOSING },
	{ NAT64_STATE_V4_FIN, 1, FIN | ACK, NAT64_STATE_BOTH_FIN, CLOSING },
	{ NAT64_STATE_V4_FIN, 0, FIN | ACK, NAT64_STATE_V4_FIN, WHOLE },
	{ NAT64_STATE_V4_FIN, 1, ACK, NAT64_STATE_V4_FIN, WHOLE },
	{ NAT64_STATE_V4_FIN, 0, ACK, NAT64_STATE_V4_FIN, WHOLE },
	{ NAT64_STATE_V4_FIN, 1, RST, NAT64_STATE_V4_FIN, CLOSING },
	{ NAT64_STATE_V6_FIN, 0, FIN, NAT64_STATE_BOTH_FIN, CLOSING },
	{ NAT64_STATE_V6_FIN, 1, FIN, NAT64_STATE_V6_FIN, WHOLE },
	{ NAT64_STATE_V6_FIN, 0, ACK, NAT64_STATE_V6_FIN, WHOLE },
	{ NAT64_STATE_V6_FIN, 0, RST, NAT64_STATE_V6_FIN, CLOSING },
	{ NAT64_STATE_BOTH_FIN, 0, ACK, NAT64_STATE_BOTH_FIN, KEEP },
	{ NAT64_STATE_BOTH_FIN, 1, FIN, NAT64_STATE_BOTH_FIN, KEEP },
	{ NAT64_STATE_BOTH_FIN, 1, RST, NAT64_STATE_BOTH_FIN, KEEP },
	{ NAT64_STATE_TRANS, 0, RST, NAT64_STATE_TRANS, KEEP },
	{ NAT64_STATE_TRANS, 1, RST | ACK, NAT64_STATE_TRANS, KEEP },
	{ NAT64_STATE_TRANS, 0, ACK, NAT64_STATE_ESTABLISHED, WHOLE },
	{ NAT64_STATE_TRANS, 1, ACK, NAT64_STATE_ESTABLISHED, WHOLE },
};

START_TEST(tcp_steps)
{
	struct nat64_step step;

	setup();
	nat64_session_step(steps[_i].from, NAT64_L4_TCP, steps[_i].from6, steps[_i].flags, 0, &lifetimes, &step);
	ck_assert_int_eq(step.state, steps[_i].to);
	ck_assert_uint_eq(step.lifetime, steps[_i].lifetime);
}
END_TEST

START_TEST(a_whole_connection)
{
	static const struct {
		int from6, flags, state;
	} packets[] = {
		{ 1, SYN, NAT64_STATE_V6_INIT },     { 0, SYN | ACK, NAT64_STATE_ESTABLISHED },
		{ 1, ACK, NAT64_STATE_ESTABLISHED }, { 0, FIN | ACK, NAT64_STATE_V4_FIN },
		{ 1, ACK, NAT64_STATE_V4_FIN },      { 1, FIN | ACK, NAT64_STATE_BOTH_FIN },
		{ 0, ACK, NAT64_STATE_BOTH_FIN },
	};
	struct nat64_opening opening = { .l4 = NAT64_L4_TCP, .from6 = 1, .tcp_flags = SYN };
	struct nat64_step step;
	unsigned int i;

	setup();
	ck_assert_int_eq(nat64_session_open(&opening, &lifetimes, &step), NAT64_OPEN_CREATE);
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		nat64_session_step(step.state, NAT64_L4_TCP, packets[i].from6, packets[i].flags, 1, &lifetimes, &step);
		ck_assert_int_eq(step.state, packets[i].state);
	}
	nat64_session_expire(step.state, NAT64_L4_TCP, &lifetimes, &step);
	ck_assert_int_eq(step.state, NAT64_STATE_CLOSED);
}
END_TEST

START_TEST(a_rst_from_off_the_path_is_undone)
{
	struct nat64_step step = { .state = NAT64_STATE_ESTABLISHED };

	setup();
	nat64_session_step(step.state, NAT64_L4_TCP, 0, RST, 1, &lifetimes, &step);
	ck_assert_int_eq(step.state, NAT64_STATE_TRANS);
	nat64_session_step(step.state, NAT64_L4_TCP, 1, ACK, 1, &lifetimes, &step);
	ck_assert_int_eq(step.state, NAT64_STATE_ESTABLISHED);
	ck_assert_uint_eq(step.lifetime, WHOLE);
}
END_TEST

START_TEST(datagrams_refresh)
{
	struct nat64_step step;
	int l4;

	setup();
	for (l4 = NAT64_L4_UDP; l4 <= NAT64_L4_ICMP; l4++) {
		unsigned int lifetime = l4 == NAT64_L4_UDP ? 300 : 60;

		nat64_session_step(NAT64_STATE_ESTABLISHED, l4, 1, 0, 0, &lifetimes, &step);
		ck_assert_uint_eq(step.lifetime, lifetime);
		nat64_session_step(NAT64_STATE_ESTABLISHED, l4, 0, 0, 0, &lifetimes, &step);
		ck_assert_uint_eq(step.lifetime, KEEP);
		nat64_session_step(NAT64_STATE_ESTABLISHED, l4, 0, 0, 1, &lifetimes, &step);
		ck_assert_uint_eq(step.lifetime, lifetime);
		ck_assert_int_eq(step.state, NAT64_STATE_ESTABLISHED);
	}
}
END_TEST

#define EIF NAT64_FILTER_ENDPOINT_INDEPENDENT
#define ADF NAT64_FILTER_ADDRESS_DEPENDENT

static const struct {
	struct nat64_opening opening;
	int action, state;
	unsigned int lifetime;
} openings[] = {
	/* l4, from6, flags, filtering, mapped, known, hold */
	{ { NAT64_L4_TCP, 1, SYN, ADF, 0, 0, 0 }, NAT64_OPEN_CREATE, NAT64_STATE_V6_INIT, OPENING },
	{ { NAT64_L4_TCP, 1, SYN, EIF, 1, 0, 1 }, NAT64_OPEN_CREATE, NAT64_STATE_V6_INIT, OPENING },
	{ { NAT64_L4_TCP, 1, ACK, EIF, 1, 0, 0 }, NAT64_OPEN_PASS, 0, 0 },
	{ { NAT64_L4_TCP, 1, ACK, EIF, 0, 0, 1 }, NAT64_OPEN_REFUSE, 0, 0 },
	{ { NAT64_L4_TCP, 1, RST, EIF, 0, 0, 1 }, NAT64_OPEN_REFUSE, 0, 0 },
	{ { NAT64_L4_UDP, 1, 0, ADF, 0, 0, 0 }, NAT64_OPEN_CREATE, NAT64_STATE_ESTABLISHED, 300 },
	{ { NAT64_L4_ICMP, 1, 0, ADF, 0, 0, 0 }, NAT64_OPEN_CREATE, NAT64_STATE_ESTABLISHED, 60 },
	{ { NAT64_L4_TCP, 0, SYN, EIF, 0, 0, 0 }, NAT64_OPEN_REFUSE, 0, 0 },
	{ { NAT64_L4_TCP, 0, SYN, EIF, 0, 0, 1 }, NAT64_OPEN_HOLD, 0, 0 },
	{ { NAT64_L4_TCP, 0, ACK, EIF, 0, 0, 1 }, NAT64_OPEN_REFUSE, 0, 0 },
	{ { NAT64_L4_TCP, 0, SYN, EIF, 1, 0, 1 }, NAT64_OPEN_CREATE, NAT64_STATE_V4_INIT, OPENING },
	{ { NAT64_L4_TCP, 0, ACK, EIF, 1, 0, 1 }, NAT64_OPEN_PASS, 0, 0 },
	{ { NAT64_L4_TCP, 0, SYN, ADF, 1, 0, 1 }, NAT64_OPEN_HOLD, 0, 0 },
	{ { NAT64_L4_TCP, 0, SYN, ADF, 1, 0, 0 }, NAT64_OPEN_FILTER, 0, 0 },
	{ { NAT64_L4_TCP, 0, ACK, ADF, 1, 0, 1 }, NAT64_OPEN_FILTER, 0, 0 },
	{ { NAT64_L4_TCP, 0, SYN, ADF, 1, 1, 1 }, NAT64_OPEN_CREATE, NAT64_STATE_V4_INIT, OPENING },
	{ { NAT64_L4_TCP, 0, ACK, ADF, 1, 1, 0 }, NAT64_OPEN_PASS, 0, 0 },
	{ { NAT64_L4_UDP, 0, 0, EIF, 0, 0, 1 }, NAT64_OPEN_REFUSE, 0, 0 },
	{ { NAT64_L4_UDP, 0, 0, EIF, 1, 0, 1 }, NAT64_OPEN_CREATE, NAT64_STATE_ESTABLISHED, 300 },
	{ { NAT64_L4_UDP, 0, 0, ADF, 1, 0, 1 }, NAT64_OPEN_FILTER, 0, 0 },
	{ { NAT64_L4_UDP, 0, 0, ADF, 1, 1, 1 }, NAT64_OPEN_CREATE, NAT64_STATE_ESTABLISHED, 300 },
	{ { NAT64_L4_ICMP, 0, 0, ADF, 1, 0, 0 }, NAT64_OPEN_FILTER, 0, 0 },
	{ { NAT64_L4_ICMP, 0, 0, EIF, 1, 0, 0 }, NAT64_OPEN_CREATE, NAT64_STATE_ESTABLISHED, 60 },
	/* bits of a TCP header mean nothing elsewhere */
	{ { NAT64_L4_UDP, 0, SYN, EIF, 0, 0, 1 }, NAT64_OPEN_REFUSE, 0, 0 },
};

START_TEST(packets_without_a_session)
{
	struct nat64_step step = { 99, 99 };

	setup();
	ck_assert_int_eq(nat64_session_open(&openings[_i].opening, &lifetimes, &step), openings[_i].action);
	if (openings[_i].action == NAT64_OPEN_CREATE) {
		ck_assert_int_eq(step.state, openings[_i].state);
		ck_assert_uint_eq(step.lifetime, openings[_i].lifetime);
	} else {
		ck_assert_int_eq(step.state, 99);
	}
}
END_TEST

START_TEST(only_an_established_connection_is_probed)
{
	struct nat64_step step;
	int state;

	setup();
	for (state = NAT64_STATE_V4_INIT; state < NAT64_STATE_COUNT; state++) {
		int probed = state == NAT64_STATE_ESTABLISHED;

		nat64_session_expire(state, NAT64_L4_TCP, &lifetimes, &step);
		ck_assert_int_eq(step.state, probed ? NAT64_STATE_TRANS : NAT64_STATE_CLOSED);
		ck_assert_uint_eq(step.lifetime, probed ? CLOSING : 0);
	}
	nat64_session_expire(NAT64_STATE_ESTABLISHED, NAT64_L4_UDP, &lifetimes, &step);
	ck_assert_int_eq(step.state, NAT64_STATE_CLOSED);
}
END_TEST

START_TEST(lifetimes_below_the_minimum_are_refused)
{
	setup();
	ck_assert_ptr_null(nat64_lifetimes_bad(&lifetimes));
#define X(name, standard, minimum, source)                                              \
	nat64_lifetimes_default(&lifetimes);                                            \
	lifetimes.name = minimum;                                                       \
	ck_assert_ptr_null(nat64_lifetimes_bad(&lifetimes));                            \
	lifetimes.name = minimum - 1;                                                   \
	ck_assert_str_eq(nat64_lifetimes_bad(&lifetimes), #name);                       \
	lifetimes.name = NAT64_LIFETIME_MAX + 1;                                        \
	ck_assert_str_eq(nat64_lifetimes_bad(&lifetimes), #name);                       \
	ck_assert_uint_ge(standard, minimum);                                           \
	ck_assert_uint_gt(strlen(source), 0);
	NAT64_LIFETIMES(X)
#undef X
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat64_session");
	TCase *tests = tcase_create("session");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tests, tcp_steps, 0, sizeof(steps) / sizeof(steps[0]));
	tcase_add_loop_test(tests, packets_without_a_session, 0, sizeof(openings) / sizeof(openings[0]));
	tcase_add_test(tests, a_whole_connection);
	tcase_add_test(tests, a_rst_from_off_the_path_is_undone);
	tcase_add_test(tests, datagrams_refresh);
	tcase_add_test(tests, only_an_established_connection_is_probed);
	tcase_add_test(tests, lifetimes_below_the_minimum_are_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

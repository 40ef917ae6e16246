// SPDX-License-Identifier: GPL-2.0-or-later
/* Against the one family that every kernel has: the controller. */
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/netlink.h"

#include <check.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct keel_netlink netlink;
static struct keel_buffer error;

static void setup(void)
{
	keel_buffer_init(&error, 0);
	ck_assert_int_eq(keel_netlink_open(&netlink, "nlctrl", 2, &error), 0);
}

static void teardown(void)
{
	keel_netlink_close(&netlink);
	keel_buffer_free(&error);
}

static unsigned families;
static bool found;

static int note(uint8_t command, struct nlattr **attrs, void *arg)
{
	ck_assert_uint_eq(command, CTRL_CMD_NEWFAMILY);
	families++;
	if (!strcmp(nla_get_string(attrs[CTRL_ATTR_FAMILY_NAME]), arg))
		found = true;
	return 0;
}

START_TEST(dumps_to_the_end)
{
	families = 0;
	found = false;
	ck_assert_int_eq(keel_netlink_ask(&netlink, keel_netlink_message(&netlink, CTRL_CMD_GETFAMILY, NLM_F_DUMP),
					  CTRL_ATTR_MAX, note, "nlctrl", &error),
			 0);
	ck_assert(found);
	ck_assert_uint_gt(families, 1);
}
END_TEST

START_TEST(asks_for_one_and_its_acknowledgement)
{
	struct nl_msg *message = keel_netlink_message(&netlink, CTRL_CMD_GETFAMILY, 0);

	families = 0;
	found = false;
	ck_assert_int_eq(nla_put_string(message, CTRL_ATTR_FAMILY_NAME, "nlctrl"), 0);
	ck_assert_int_eq(keel_netlink_ask(&netlink, message, CTRL_ATTR_MAX, note, "nlctrl", &error), 0);
	ck_assert(found);
	ck_assert_uint_eq(families, 1);
	/* nothing is left over for the next */
	message = keel_netlink_message(&netlink, CTRL_CMD_GETFAMILY, 0);
	nla_put_string(message, CTRL_ATTR_FAMILY_NAME, "nlctrl");
	ck_assert_int_eq(keel_netlink_ask(&netlink, message, CTRL_ATTR_MAX, note, "nlctrl", &error), 0);
	ck_assert_uint_eq(families, 2);
}
END_TEST

START_TEST(hands_on_what_the_kernel_says)
{
	struct nl_msg *message = keel_netlink_message(&netlink, CTRL_CMD_GETFAMILY, 0);

	nla_put_string(message, CTRL_ATTR_FAMILY_NAME, "no such family");
	ck_assert_int_eq(keel_netlink_ask(&netlink, message, CTRL_ATTR_MAX, note, "", &error), -ENOENT);
	ck_assert_uint_gt(error.len, 0);
	/* a command that is not there */
	ck_assert_int_eq(keel_netlink_ask(&netlink, keel_netlink_message(&netlink, 200, 0), CTRL_ATTR_MAX, note, "",
					  &error),
			 -EOPNOTSUPP);
	ck_assert_int_eq(keel_netlink_ask(&netlink, keel_netlink_message(&netlink, CTRL_CMD_GETFAMILY, NLM_F_DUMP),
					  100000, note, "", &error),
			 -EINVAL);
	ck_assert_int_eq(keel_netlink_ask(&netlink, NULL, CTRL_ATTR_MAX, note, "", &error), -ENOMEM);
}
END_TEST

static int refuse(uint8_t command, struct nlattr **attrs, void *arg)
{
	families++;
	return -ECANCELED;
}

START_TEST(ends_when_the_answer_is_refused)
{
	families = 0;
	ck_assert_int_eq(keel_netlink_ask(&netlink, keel_netlink_message(&netlink, CTRL_CMD_GETFAMILY, NLM_F_DUMP),
					  CTRL_ATTR_MAX, refuse, NULL, &error),
			 -ECANCELED);
	ck_assert_uint_eq(families, 1);
}
END_TEST

START_TEST(knows_no_other_family)
{
	struct keel_netlink other;
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer why;

	keel_buffer_init(&why, 0);
	ck_assert_int_eq(keel_netlink_open(&other, "no such family", 1, &why), -ENOENT);
	ck_assert_uint_gt(why.len, 0);
}
END_TEST

static int count(void *arg)
{
	unsigned *called = arg;

	return ++*called < 3 ? 0 : -ETIMEDOUT;
}

START_TEST(listens_until_it_is_stopped)
{
	unsigned called = 0;
	struct keel_netlink_listening listening = { .group = "no such group",
						    .attribute_max = CTRL_ATTR_MAX,
						    .room = 4096,
						    .stop = -1,
						    .quiet = 1,
						    .answer = refuse,
						    .idle = count,
						    .arg = &called };
	int ends[2];

	ck_assert_int_lt(keel_netlink_listen(&netlink, &listening, &error), 0);
	ck_assert_uint_gt(error.len, 0);
	keel_buffer_clear(&error);
	listening.group = "notify";
	ck_assert_int_eq(keel_netlink_listen(&netlink, &listening, &error), -ETIMEDOUT);
	ck_assert_uint_eq(called, 3);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	listening.stop = ends[0];
	listening.quiet = -1;
	ck_assert_int_eq(keel_netlink_listen(&netlink, &listening, &error), 0);
	ck_assert_uint_eq(called, 3);
	close(ends[0]);
	close(ends[1]);
	listening.attribute_max = 100000;
	ck_assert_int_eq(keel_netlink_listen(&netlink, &listening, &error), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("netlink");
	Suite *suite = suite_create("netlink");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, dumps_to_the_end);
	tcase_add_test(tcase, asks_for_one_and_its_acknowledgement);
	tcase_add_test(tcase, hands_on_what_the_kernel_says);
	tcase_add_test(tcase, ends_when_the_answer_is_refused);
	tcase_add_test(tcase, knows_no_other_family);
	tcase_add_test(tcase, listens_until_it_is_stopped);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	const int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

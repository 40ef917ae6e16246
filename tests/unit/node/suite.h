/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every test program of the node has at its end. */
#ifndef TESTS_UNIT_NODE_SUITE_H
#define TESTS_UNIT_NODE_SUITE_H

#include <check.h>
#include <stdlib.h>

static inline int suite_run(const char *name, TCase *tc)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random operations, seeded, on the store and on a model of it; OSNC_LONG=1: more seeds. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/store/model.h"
#include "tools/lib/keel/log.h"

#define OPERATIONS 250

static void drop_index(struct fixture *f)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/index/life", f->path);
	ck_assert_int_eq(unlink(name), 0);
}

START_TEST(follows_the_model)
{
	struct model *m = calloc(1, sizeof(*m));
	unsigned seed = (unsigned)_i * 7919u + 1;
	struct fixture f;

	model_init(m);
	fixture_make(&f);
	f.config.segment_size = 96u << 10;
	f.config.body_memory = 24u << 10;
	f.config.compress = _i % 2;
	fixture_open(&f);
	for (unsigned k = 0; k < OPERATIONS; k++) {
		unsigned dice = model_random(&seed, 100);
		uint64_t freed;

		ck_assert_int_eq(model_run(m, &f, model_pick(m, &seed)), 0);
		if (dice < 3) {
			ck_assert_int_eq(store_compact(f.store, model_random(&seed, 2) ? 0 : 30, NULL, NULL, &freed),
					 0);
			model_check(m, &f, true);
		} else if (dice < 6) {
			fixture_close(&f);
			if (dice == 5)
				drop_index(&f);
			fixture_open(&f);
			model_check(m, &f, true);
		} else if (dice < 20) {
			model_check(m, &f, false);
		}
	}
	model_scrub(&f);
	fixture_close(&f);
	drop_index(&f);
	fixture_open(&f);
	model_check(m, &f, true);
	model_scrub(&f);
	fixture_remove(&f);
	free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store property");
	TCase *t = tcase_create("property");
	SRunner *r;
	int failed;

	keel_log_set_level(KEEL_LOG_ERROR);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, follows_the_model, 0, getenv("OSNC_LONG") ? 400 : 24);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

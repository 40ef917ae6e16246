// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/metric.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>

static const char *written(const struct keel_metric *rows, size_t n, struct keel_buffer *b)
{
	keel_buffer_init(b, 0);
	ck_assert_int_eq(keel_metric_write(rows, n, b), 0);
	return keel_buffer_text(b);
}

START_TEST(counters_and_gauges)
{
	static _Atomic uint64_t smtp, lmtp;
	static _Atomic int64_t open;
	const struct keel_metric rows[] = {
		{ "mail_total", "protocol=\"smtp\"", "Messages.", KEEL_COUNTER, .counter = &smtp },
		{ "mail_total", "protocol=\"lmtp\"", "Messages.", KEEL_COUNTER, .counter = &lmtp },
		{ "open_sessions", NULL, "Back\\slash and\nnew line.", KEEL_GAUGE, .gauge = &open },
	};
	struct keel_buffer b;

	keel_count(&smtp);
	keel_count_by(&smtp, UINT64_MAX - 1);
	keel_gauge_set(&open, 3);
	keel_gauge_add(&open, -10);
	ck_assert_str_eq(written(rows, 3, &b), "# HELP mail_total Messages.\n"
					       "# TYPE mail_total counter\n"
					       "mail_total{protocol=\"smtp\"} 18446744073709551615\n"
					       "mail_total{protocol=\"lmtp\"} 0\n"
					       "# HELP open_sessions Back\\\\slash and\\nnew line.\n"
					       "# TYPE open_sessions gauge\n"
					       "open_sessions -7\n");
	keel_buffer_free(&b);
}
END_TEST

static const struct {
	uint64_t ns;
	unsigned bucket;
} observations[] = {
	{ 0, 0 },           { 1, 0 },    { 1000, 0 },     { 1001, 1 },     { 2000, 1 },         { 2001, 2 },
	{ 4000, 2 },        { 4001, 3 }, { 1024000, 10 }, { 1024001, 11 }, { 67108864000, 26 }, { 67108864001, 27 },
	{ UINT64_MAX, 27 },
};

START_TEST(observation_falls_in_its_bucket)
{
	struct keel_histogram h = { 0 };

	keel_histogram_observe(&h, observations[_i].ns);
	for (unsigned i = 0; i < KEEL_HISTOGRAM_BUCKETS; i++)
		ck_assert_uint_eq(h.bucket[i], i == observations[_i].bucket);
	ck_assert_uint_eq(h.sum_ns, observations[_i].ns);
}
END_TEST

START_TEST(histogram_is_cumulative_in_seconds)
{
	static struct keel_histogram h;
	const struct keel_metric rows[] = {
		{ "wait_seconds", "op=\"sync\"", "Wait.", KEEL_HISTOGRAM, .histogram = &h },
		{ "wait_seconds", NULL, "Wait.", KEEL_HISTOGRAM, .histogram = &h },
	};
	struct keel_buffer b;
	const char *text;

	keel_histogram_observe(&h, 500);
	keel_histogram_observe(&h, 3000);
	keel_histogram_observe(&h, 100000000000);
	text = written(rows, 2, &b);
	ck_assert_ptr_nonnull(strstr(text, "# TYPE wait_seconds histogram\n"
					   "wait_seconds_bucket{op=\"sync\",le=\"0.000001\"} 1\n"
					   "wait_seconds_bucket{op=\"sync\",le=\"0.000002\"} 1\n"
					   "wait_seconds_bucket{op=\"sync\",le=\"0.000004\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "wait_seconds_bucket{op=\"sync\",le=\"67.108864\"} 2\n"
					   "wait_seconds_bucket{op=\"sync\",le=\"+Inf\"} 3\n"
					   "wait_seconds_sum{op=\"sync\"} 100.000003500\n"
					   "wait_seconds_count{op=\"sync\"} 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "wait_seconds_bucket{le=\"1.048576\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "wait_seconds_sum 100.000003500\nwait_seconds_count 3\n"));
	ck_assert_ptr_eq(strstr(text, "# HELP"), text);
	ck_assert_ptr_null(strstr(text + 1, "# HELP"));
	keel_buffer_free(&b);
}
END_TEST

START_TEST(scattered_name_is_refused)
{
	static _Atomic uint64_t c;
	const struct keel_metric rows[] = {
		{ "a", "x=\"1\"", "A.", KEEL_COUNTER, .counter = &c },
		{ "b", NULL, "B.", KEEL_COUNTER, .counter = &c },
		{ "a", "x=\"2\"", "A.", KEEL_COUNTER, .counter = &c },
	};
	struct keel_buffer b;

	keel_buffer_init(&b, 0);
	ck_assert_int_eq(keel_metric_write(rows, 3, &b), -EINVAL);
	keel_buffer_free(&b);
	keel_buffer_init(&b, 10);
	ck_assert_int_eq(keel_metric_write(rows, 1, &b), -EMSGSIZE);
	keel_buffer_free(&b);
}
END_TEST

static struct keel_histogram shared;

static void *observer(void *arg)
{
	for (unsigned i = 0; i < 100000; i++)
		keel_histogram_observe(&shared, 1000);
	return arg;
}

START_TEST(threads_lose_nothing)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, observer, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(shared.bucket[0], 400000);
	ck_assert_uint_eq(shared.sum_ns, 400000000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keel_metric");
	TCase *tc = tcase_create("metric");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, counters_and_gauges);
	tcase_add_loop_test(tc, observation_falls_in_its_bucket, 0, sizeof(observations) / sizeof(observations[0]));
	tcase_add_test(tc, histogram_is_cumulative_in_seconds);
	tcase_add_test(tc, scattered_name_is_refused);
	tcase_add_test(tc, threads_lose_nothing);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

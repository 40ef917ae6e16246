// SPDX-License-Identifier: GPL-2.0-or-later
/* The octet scan against a slow twin that looks at one octet at a time. */
#include "porcupined/smtp/text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static size_t slow(const uint8_t *p, size_t n, enum smtp_text before, bool dots)
{
	for (size_t i = 0; i < n; i++) {
		const bool after_cr = i ? p[i - 1] == '\r' : before == SMTP_TEXT_CR;
		const bool starts = i ? p[i - 1] == '\n' : before == SMTP_TEXT_START;

		if (p[i] == '\n' && !after_cr)
			return i;
		if (p[i] != '\n' && after_cr)
			return i;
		if (dots && starts && p[i] == '.')
			return i;
	}
	return n;
}

static void same(const uint8_t *p, size_t n)
{
	for (int before = SMTP_TEXT_START; before <= SMTP_TEXT_CR; before++)
		for (int dots = 0; dots < 2; dots++)
			ck_assert_uint_eq(smtp_text_span(p, n, (enum smtp_text)before, dots),
					  slow(p, n, (enum smtp_text)before, dots));
}

static uint32_t state = 1;

static uint32_t draw(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

START_TEST(one_special_at_each_place)
{
	static const char *const specials[] = { "\n", "\r", "\r\n", "\r\n.", ".", "\r\r\n", "\n.", "\r\n.\r\n", "\n\r" };
	uint8_t *p = malloc(100);

	for (size_t n = 0; n <= 100; n++) {
		for (size_t at = 0; at < n; at++) {
			for (unsigned k = 0; k < sizeof(specials) / sizeof(specials[0]); k++) {
				const size_t len = strlen(specials[k]);

				memset(p, 'x', 100);
				memcpy(p + at, specials[k], len < n - at ? len : n - at);
				same(p, n);
			}
		}
	}
	free(p);
}
END_TEST

START_TEST(random_text)
{
	static const char octets[] = "\r\n.x\0y\x8d\x8a.";

	for (int i = 0; i < 60000; i++) {
		const size_t n = draw(200);
		uint8_t *p = malloc(n + 1);

		/* mostly good lines, so that the scan gets far */
		for (size_t k = 0; k < n;) {
			if (draw(40) == 0) {
				p[k++] = (uint8_t)octets[draw(9)];
			} else if (draw(12) == 0 && n - k >= 2) {
				p[k++] = '\r';
				p[k++] = '\n';
			} else {
				p[k++] = 'a';
			}
		}
		same(p, n);
		free(p);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_text");
	TCase *tc = tcase_create("text");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, one_special_at_each_place);
	tcase_add_test(tc, random_text);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

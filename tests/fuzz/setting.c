// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Settings text -> struct -> dump -> struct: no octets may crash it, a refusal names a reason and leaves nothing owned, and what
 * is accepted survives its own dump.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/keel/setting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses its string buffer at some syntax errors; what our code allocates is still watched. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

struct values {
	bool tls;
	uint64_t recipients, serial, size, timeout;
	char *hostname;
	char **listen;
	int level;
};

static const char *const levels[] = { "error", "info", NULL };

static const struct keel_setting rows[] = {
	{ "hostname", KEEL_SETTING_STRING, offsetof(struct values, hostname), "mx", .help = "Name." },
	{ "smtp.listen", KEEL_SETTING_STRINGS, offsetof(struct values, listen), "a, b", .help = "Addresses." },
	{ "smtp.tls", KEEL_SETTING_BOOL, offsetof(struct values, tls), "true", .help = "TLS." },
	{ "smtp.limit.recipients", KEEL_SETTING_NUMBER, offsetof(struct values, recipients), "100", 1, 1000,
	  .help = "Most." },
	{ "smtp.limit.size", KEEL_SETTING_SIZE, offsetof(struct values, size), "64M", 1024, 0, .help = "Octets." },
	{ "smtp.timeout", KEEL_SETTING_SECONDS, offsetof(struct values, timeout), "5m", 1, 86400, .help = "Seconds." },
	{ "log.level", KEEL_SETTING_CHOICE, offsetof(struct values, level), "info", .choices = levels,
	  .help = "Level." },
	{ "serial", KEEL_SETTING_NUMBER, offsetof(struct values, serial), NULL, .help = "Serial." },
};

static const struct keel_settings table = { rows, sizeof(rows) / sizeof(rows[0]), sizeof(struct values) };

static void require(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz setting: %s\n", what);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keel_buffer error, first, second;
	struct values v, again;

	keel_buffer_init(&error, 0);
	keel_buffer_init(&first, 0);
	keel_buffer_init(&second, 0);
	if (keel_settings_load_text(&table, "fuzz", (const char *)data, size, &v, &error)) {
		require(strncmp(keel_buffer_text(&error), "fuzz:", 5) == 0, "a refusal without its place");
		require(!v.hostname && !v.listen, "a refusal left something owned");
	} else {
		require(v.recipients >= 1 && v.recipients <= 1000, "a bound was passed");
		require(keel_settings_dump(&table, &v, &first) == 0, "no dump");
		require(keel_settings_load_text(&table, "dump", (char *)first.data, first.len, &again, &error) == 0,
			"the dump does not load");
		require(keel_settings_dump(&table, &again, &second) == 0, "no second dump");
		require(first.len == second.len && memcmp(first.data, second.data, first.len) == 0, "the dumps differ");
		keel_settings_free(&table, &v);
		keel_settings_free(&table, &again);
	}
	keel_buffer_free(&error);
	keel_buffer_free(&first);
	keel_buffer_free(&second);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/nat64ctl/setting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/prefix.h"

/* ---- numbers and choices ------------------------------------------------------------------------------ */

static const char *const flag_choices[] = { NULL };
static const char *const number_choices[] = { NULL };
#define signed_choices number_choices
#define X(name) name,
static const char *const hairpin_choices[] = { OSNC_NAT64_CHOICES_HAIRPIN(X) NULL };
static const char *const filtering_choices[] = { OSNC_NAT64_CHOICES_FILTERING(X) NULL };
#undef X

#define CHOICES_FLAG flag_choices
#define CHOICES_NUMBER number_choices
#define CHOICES_SIGNED signed_choices
#define CHOICES_HAIRPIN hairpin_choices
#define CHOICES_FILTERING filtering_choices

struct row {
	const char *name;
	int type;
	long long least, most, standard;
	const char *const *choices; /* NULL-terminated; empty: a number */
	const char *text;
};

static const struct row rows[] = {
#define X(id, name, kind, least, most, standard, text) \
	{ name, OSNC_NAT64_SETTING_##id, least, most, standard, CHOICES_##kind, text },
	OSNC_NAT64_SETTINGS(X)
#undef X
};

static int parse_number(const struct row *row, const char *text, uint32_t *out, struct keel_buffer *error)
{
	long long value;
	char *end;

	for (int i = 0; row->choices[i]; i++)
		if (!strcmp(text, row->choices[i])) {
			*out = (uint32_t)i;
			return 0;
		}
	errno = 0;
	value = strtoll(text, &end, 0);
	if (!*text || *end || errno || row->choices[0] || value < row->least || value > row->most) {
		keel_buffer_printf(error, "%s must be", row->name);
		for (int i = 0; row->choices[i]; i++)
			keel_buffer_printf(error, "%s%s", i ? " or " : " ", row->choices[i]);
		if (!row->choices[0])
			keel_buffer_printf(error, " %lld to %lld", row->least, row->most);
		return -EINVAL;
	}
	*out = (uint32_t)value;
	return 0;
}

static long long number_of(const struct row *row, uint32_t value)
{
	return row->least < 0 ? (long long)(int32_t)value : (long long)value;
}

/* ---- what is more than a number ----------------------------------------------------------------------- */

static int put_pool6(struct nl_msg *message, const char *text, struct keel_buffer *error)
{
	struct prefix6 prefix = { .length = 0 };

	if (strcmp(text, "none")) {
		const int ret = prefix6_parse(text, &prefix, error);

		if (ret)
			return ret;
	}
	return nla_put(message, OSNC_NAT64_ATTR_POOL6, sizeof(prefix.address), &prefix.address) ||
			       nla_put_u8(message, OSNC_NAT64_ATTR_POOL6_LENGTH, prefix.length)
		       ? -ENOMEM
		       : 0;
}

static int put_plateaus(struct nl_msg *message, const char *text, struct keel_buffer *error)
{
	uint16_t plateaus[OSNC_NAT64_PLATEAUS_MAX];
	int n = 0;

	while (*text) {
		char *end;
		const unsigned long value = strtoul(text, &end, 10);

		if (end == text || (*end && *end != ',') || value > 65535 || n == OSNC_NAT64_PLATEAUS_MAX) {
			keel_buffer_printf(error, "plateaus are at most %d MTUs, separated by commas",
					   OSNC_NAT64_PLATEAUS_MAX);
			return -EINVAL;
		}
		plateaus[n++] = (uint16_t)value;
		text = *end ? end + 1 : end;
	}
	return nla_put(message, OSNC_NAT64_ATTR_PLATEAUS, n * (int)sizeof(*plateaus), plateaus) ? -ENOMEM : 0;
}

static int put_error_pool4(struct nl_msg *message, const char *text, struct keel_buffer *error)
{
	struct in_addr pool[OSNC_NAT64_ERROR_POOL_MAX];
	KEEL_AUTO_FREE char *copy = strdup(text);
	char *at = copy, *word;
	int n = 0;

	if (!copy)
		return -ENOMEM;
	while (*at && (word = strsep(&at, ",")) != NULL) {
		if (n == OSNC_NAT64_ERROR_POOL_MAX || inet_pton(AF_INET, word, &pool[n]) != 1) {
			keel_buffer_printf(error, "error-pool4 is at most %d IPv4 addresses, separated by commas",
					   OSNC_NAT64_ERROR_POOL_MAX);
			return -EINVAL;
		}
		n++;
		if (!at)
			break;
	}
	return nla_put(message, OSNC_NAT64_ATTR_ERROR_POOL4, n * (int)sizeof(*pool), pool) ? -ENOMEM : 0;
}

static int put_error_source6(struct nl_msg *message, const char *text, struct keel_buffer *error)
{
	struct in6_addr address = IN6ADDR_ANY_INIT;

	if (strcmp(text, "none") && inet_pton(AF_INET6, text, &address) != 1) {
		keel_buffer_printf(error, "'%s' is no IPv6 address", text);
		return -EINVAL;
	}
	return nla_put(message, OSNC_NAT64_ATTR_ERROR_SOURCE6, sizeof(address), &address) ? -ENOMEM : 0;
}

static void show_pool6(struct nlattr **attrs, struct keel_buffer *out)
{
	const uint8_t length = nla_get_u8(attrs[OSNC_NAT64_ATTR_POOL6_LENGTH]);
	char text[PREFIX_TEXT];

	keel_buffer_puts(out, length ? prefix6_show(nla_data(attrs[OSNC_NAT64_ATTR_POOL6]), length, text) : "none");
}

static void show_plateaus(struct nlattr **attrs, struct keel_buffer *out)
{
	const int n = nla_len(attrs[OSNC_NAT64_ATTR_PLATEAUS]) / (int)sizeof(uint16_t);

	for (int i = 0; i < n; i++)
		keel_buffer_printf(out, "%s%u", i ? "," : "",
				   ((uint16_t *)nla_data(attrs[OSNC_NAT64_ATTR_PLATEAUS]))[i]);
}

static void show_error_pool4(struct nlattr **attrs, struct keel_buffer *out)
{
	const int n = nla_len(attrs[OSNC_NAT64_ATTR_ERROR_POOL4]) / (int)sizeof(struct in_addr);
	const struct in_addr *pool = nla_data(attrs[OSNC_NAT64_ATTR_ERROR_POOL4]);
	char text[INET_ADDRSTRLEN];

	for (int i = 0; i < n; i++)
		keel_buffer_printf(out, "%s%s", i ? "," : "", inet_ntop(AF_INET, &pool[i], text, sizeof(text)));
}

static void show_error_source6(struct nlattr **attrs, struct keel_buffer *out)
{
	const struct in6_addr *address = nla_data(attrs[OSNC_NAT64_ATTR_ERROR_SOURCE6]);
	char text[INET6_ADDRSTRLEN];

	keel_buffer_puts(out,
			 IN6_IS_ADDR_UNSPECIFIED(address) ? "none" : inet_ntop(AF_INET6, address, text, sizeof(text)));
}

static const struct structure {
	const char *name;
	int attribute;
	int (*put)(struct nl_msg *message, const char *text, struct keel_buffer *error);
	void (*show)(struct nlattr **attrs, struct keel_buffer *out);
	const char *standard, *text;
} structures[] = {
	{ "pool6", OSNC_NAT64_ATTR_POOL6, put_pool6, show_pool6, "none",
	  "The prefix in which IPv4 addresses are represented (RFC 6052); none: only the EAMT's are." },
	{ "plateaus", OSNC_NAT64_ATTR_PLATEAUS, put_plateaus, show_plateaus,
	  "65535,32000,17914,8166,4352,2002,1492,1006,508,296,68",
	  "MTUs to choose from when a Fragmentation Needed names none, falling (RFC 1191 section 7.1)." },
	{ "error-pool4", OSNC_NAT64_ATTR_ERROR_POOL4, put_error_pool4, show_error_pool4, "",
	  "Up to 4 IPv4 sources for ICMP errors of routers whose address has no IPv4 form (RFC 6791)." },
	{ "error-source6", OSNC_NAT64_ATTR_ERROR_SOURCE6, put_error_source6, show_error_source6, "none",
	  "The IPv6 source of ICMP errors of routers whose address has no IPv6 form." },
};

/* ---- all of them -------------------------------------------------------------------------------------- */

static int put_word(struct nl_msg *message, struct nl_msg *numbers, const char *word, struct keel_buffer *error)
{
	const char *equals = strchr(word, '=');
	const size_t n = equals ? (size_t)(equals - word) : 0;
	uint32_t value;
	int ret;

	if (n == 4 && !memcmp(word, "mode", n)) {
		const bool stateful = !strcmp(equals + 1, "stateful");

		if (stateful || !strcmp(equals + 1, "stateless"))
			return nla_put_u8(message, OSNC_NAT64_ATTR_MODE,
					  stateful ? OSNC_NAT64_STATEFUL : OSNC_NAT64_STATELESS)
				       ? -ENOMEM
				       : 0;
		keel_buffer_puts(error, "mode must be stateless or stateful");
		return -EINVAL;
	}
	for (size_t i = 0; n && i < KEEL_COUNT(structures); i++)
		if (strlen(structures[i].name) == n && !memcmp(structures[i].name, word, n))
			return structures[i].put(message, equals + 1, error);
	for (size_t i = 0; n && i < KEEL_COUNT(rows); i++) {
		if (strlen(rows[i].name) != n || memcmp(rows[i].name, word, n))
			continue;
		ret = parse_number(&rows[i], equals + 1, &value, error);
		if (ret)
			return ret;
		return nla_put_u32(numbers, rows[i].type, value) ? -ENOMEM : 0;
	}
	keel_buffer_printf(error, "'%s' is no SETTING=VALUE ('nat64ctl settings' lists them)", word);
	return -EINVAL;
}

int settings_put(struct nl_msg *message, char **words, int n, struct keel_buffer *error)
{
	struct nl_msg *numbers = nlmsg_alloc();
	int ret = numbers ? 0 : -ENOMEM;

	for (int i = 0; i < n && !ret; i++)
		ret = put_word(message, numbers, words[i], error);
	if (!ret && nla_put_nested(message, OSNC_NAT64_ATTR_SETTINGS | NLA_F_NESTED, numbers))
		ret = -ENOMEM;
	nlmsg_free(numbers);
	return ret;
}

typedef void (*each_fn)(const char *name, const char *value, const char *standard, void *arg);

static void for_each(struct nlattr **attrs, each_fn each, void *arg)
{
	struct nlattr *numbers[OSNC_NAT64_SETTING_MAX + 1] = { NULL };
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer value;
	char standard[24];

	keel_buffer_init(&value, 0);
	for (size_t i = 0; i < KEEL_COUNT(structures); i++) {
		if (!attrs[structures[i].attribute])
			continue;
		keel_buffer_clear(&value);
		structures[i].show(attrs, &value);
		each(structures[i].name, keel_buffer_text(&value), structures[i].standard, arg);
	}
	if (!attrs[OSNC_NAT64_ATTR_SETTINGS] ||
	    nla_parse_nested(numbers, OSNC_NAT64_SETTING_MAX, attrs[OSNC_NAT64_ATTR_SETTINGS], NULL))
		return;
	for (size_t i = 0; i < KEEL_COUNT(rows); i++) {
		if (!numbers[rows[i].type])
			continue;
		keel_buffer_clear(&value);
		if (rows[i].choices[0])
			keel_buffer_puts(&value, rows[i].choices[nla_get_u32(numbers[rows[i].type])]);
		else
			keel_buffer_printf(&value, "%lld", number_of(&rows[i], nla_get_u32(numbers[rows[i].type])));
		snprintf(standard, sizeof(standard), "%lld", rows[i].standard);
		each(rows[i].name, keel_buffer_text(&value),
		     rows[i].choices[0] ? rows[i].choices[rows[i].standard] : standard, arg);
	}
}

static void add_json(const char *name, const char *value, const char *standard, void *arg)
{
	char *end;
	const long long number = strtoll(value, &end, 10);

	json_object_set_new(arg, name, *value && !*end ? json_integer(number) : json_string(value));
}

json_t *settings_json(struct nlattr **attrs)
{
	json_t *object = json_object();

	if (object)
		for_each(attrs, add_json, object);
	return object;
}

static void add_text(const char *name, const char *value, const char *standard, void *arg)
{
	if (strcmp(value, standard))
		fprintf(arg, " %s=%s", name, value);
}

void settings_show(struct nlattr **attrs, FILE *out)
{
	for_each(attrs, add_text, out);
}

void settings_list(FILE *out)
{
	for (size_t i = 0; i < KEEL_COUNT(structures); i++)
		fprintf(out, "%s=%s\n\t%s\n", structures[i].name, structures[i].standard, structures[i].text);
	for (size_t i = 0; i < KEEL_COUNT(rows); i++)
		if (rows[i].choices[0])
			fprintf(out, "%s=%s\n\t%s\n", rows[i].name, rows[i].choices[rows[i].standard], rows[i].text);
		else
			fprintf(out, "%s=%lld\n\t%s %lld to %lld.\n", rows[i].name, rows[i].standard, rows[i].text,
				rows[i].least, rows[i].most);
}

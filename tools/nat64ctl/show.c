// SPDX-License-Identifier: GPL-2.0-or-later
/* What is only looked at: as text, JSON or Prometheus text. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/binding.h"
#include "tools/nat64ctl/command.h"
#include "tools/nat64ctl/prefix.h"
#include "tools/nat64ctl/setting.h"

#define TRIES 5 /* of a dump that changes hit */

/*
 * Asks for a dump; answers go into an array of objects, which is printed. convert makes an answer's object, show prints one.
 */
struct dump {
	uint8_t command;
	json_t *(*convert)(struct nlattr **attrs);
	void (*show)(json_t *object, FILE *out);
	json_t *array;
};

static int collect(uint8_t command, struct nlattr **attrs, void *arg)
{
	struct dump *dump = arg;

	return json_array_append_new(dump->array, dump->convert(attrs)) ? -ENOMEM : 0;
}

static int ask(struct keel_netlink *kernel, struct dump *dump, const char *name, struct keel_buffer *error)
{
	int ret = -EAGAIN;

	for (int i = 0; i < TRIES && ret == -EAGAIN; i++) {
		json_decref(dump->array);
		dump->array = json_array();
		keel_buffer_clear(error);
		ret = keel_netlink_ask(kernel, instance_message(kernel, dump->command, NLM_F_DUMP, name),
				       OSNC_NAT64_ATTR_MAX, collect, dump, error);
	}
	return ret;
}

static int print(struct keel_netlink *kernel, struct dump *dump, const struct given *given, const char *name,
		 struct keel_buffer *error)
{
	const int ret = ask(kernel, dump, name, error);
	json_t *object;
	size_t i;

	if (!ret && given->json) {
		json_dumpf(dump->array, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else if (!ret) {
		json_array_foreach(dump->array, i, object)
			dump->show(object, stdout);
	}
	json_decref(dump->array);
	return ret;
}

/* ---- instances ---------------------------------------------------------------------------------------- */

static json_t *instance_json(struct nlattr **attrs)
{
	return json_pack("{s:s, s:i, s:s, s:i, s:i, s:o}", "name", nla_get_string(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]),
			 "id", (int)nla_get_u32(attrs[OSNC_NAT64_ATTR_INSTANCE_ID]), "mode",
			 nla_get_u8(attrs[OSNC_NAT64_ATTR_MODE]) == OSNC_NAT64_STATEFUL ? "stateful" : "stateless",
			 "generation", (int)nla_get_u32(attrs[OSNC_NAT64_ATTR_GENERATION]), "eamt",
			 (int)nla_get_u32(attrs[OSNC_NAT64_ATTR_EAM_COUNT]), "settings", settings_json(attrs));
}

static int show_instance(uint8_t command, struct nlattr **attrs, void *arg)
{
	FILE *out = arg;

	fprintf(out, "%s %s eamt=%u", nla_get_string(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]),
		nla_get_u8(attrs[OSNC_NAT64_ATTR_MODE]) == OSNC_NAT64_STATEFUL ? "stateful" : "stateless",
		nla_get_u32(attrs[OSNC_NAT64_ATTR_EAM_COUNT]));
	settings_show(attrs, out);
	fputc('\n', out);
	return 0;
}

int run_instance_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		      struct keel_buffer *error)
{
	struct dump dump = { .command = OSNC_NAT64_CMD_INSTANCE_GET, .convert = instance_json };

	if (given->json)
		return print(kernel, &dump, given, n ? operands[0] : NULL, error);
	/* one by name is no dump: the kernel says so if there is none */
	return keel_netlink_ask(kernel,
				instance_message(kernel, OSNC_NAT64_CMD_INSTANCE_GET, n ? 0 : NLM_F_DUMP,
						 n ? operands[0] : NULL),
				OSNC_NAT64_ATTR_MAX, show_instance, stdout, error);
}

int run_settings(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		 struct keel_buffer *error)
{
	settings_list(stdout);
	return 0;
}

/* ---- EAMT --------------------------------------------------------------------------------------------- */

static json_t *eam_json(struct nlattr **attrs)
{
	struct nlattr *eam[OSNC_NAT64_EAM_MAX + 1];
	char v4[PREFIX_TEXT], v6[PREFIX_TEXT];

	if (!attrs[OSNC_NAT64_ATTR_EAM] || nla_parse_nested(eam, OSNC_NAT64_EAM_MAX, attrs[OSNC_NAT64_ATTR_EAM], NULL))
		return NULL;
	return json_pack("{s:s, s:s}", "ipv4",
			 prefix4_show(nla_data(eam[OSNC_NAT64_EAM_V4]), nla_get_u8(eam[OSNC_NAT64_EAM_V4_LENGTH]), v4),
			 "ipv6",
			 prefix6_show(nla_data(eam[OSNC_NAT64_EAM_V6]), nla_get_u8(eam[OSNC_NAT64_EAM_V6_LENGTH]), v6));
}

static void show_eam(json_t *object, FILE *out)
{
	fprintf(out, "%s %s\n", json_string_value(json_object_get(object, "ipv4")),
		json_string_value(json_object_get(object, "ipv6")));
}

int run_eamt_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		  struct keel_buffer *error)
{
	struct dump dump = { .command = OSNC_NAT64_CMD_EAMT_GET, .convert = eam_json, .show = show_eam };

	return print(kernel, &dump, given, operands[0], error);
}

/* ---- what a stateful instance has --------------------------------------------------------------------- */

int run_pool4_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		   struct keel_buffer *error)
{
	struct dump dump = { .command = OSNC_NAT64_CMD_POOL4_GET, .convert = pool4_json, .show = show_pool4 };

	return print(kernel, &dump, given, operands[0], error);
}

int run_bib_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		 struct keel_buffer *error)
{
	struct dump dump = { .command = OSNC_NAT64_CMD_BIB_GET, .convert = binding_json, .show = show_binding };

	return print(kernel, &dump, given, operands[0], error);
}

int run_session_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error)
{
	struct dump dump = { .command = OSNC_NAT64_CMD_SESSION_GET, .convert = binding_json, .show = show_binding };

	return print(kernel, &dump, given, operands[0], error);
}

/* ---- counters ----------------------------------------------------------------------------------------- */

static json_t *counter_json(struct nlattr **attrs)
{
	struct nlattr *counter[OSNC_NAT64_COUNTER_MAX + 1];

	if (!attrs[OSNC_NAT64_ATTR_COUNTER] ||
	    nla_parse_nested(counter, OSNC_NAT64_COUNTER_MAX, attrs[OSNC_NAT64_ATTR_COUNTER], NULL))
		return NULL;
	return json_pack("{s:s, s:s, s:I, s:s}", "instance", nla_get_string(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]),
			 "counter", nla_get_string(counter[OSNC_NAT64_COUNTER_NAME]), "value",
			 (json_int_t)nla_get_u64(counter[OSNC_NAT64_COUNTER_VALUE]), "text",
			 nla_get_string(counter[OSNC_NAT64_COUNTER_TEXT]));
}

static void show_counter(json_t *object, FILE *out)
{
	const json_int_t value = json_integer_value(json_object_get(object, "value"));

	if (value)
		fprintf(out, "%-15s %-24s %12lld  %s\n", json_string_value(json_object_get(object, "instance")),
			json_string_value(json_object_get(object, "counter")), (long long)value,
			json_string_value(json_object_get(object, "text")));
}

/* HELP and TYPE once a name: the rows of all instances by name, in the kernel's order. */
static void show_prometheus(json_t *array, FILE *out)
{
	json_t *object, *other;
	size_t i, j;

	json_array_foreach(array, i, object) {
		const char *name = json_string_value(json_object_get(object, "counter"));

		for (j = 0; j < i; j++)
			if (!strcmp(name, json_string_value(json_object_get(json_array_get(array, j), "counter"))))
				break;
		if (j < i)
			continue;
		fprintf(out, "# HELP osnc_nat64_%s_total %s\n# TYPE osnc_nat64_%s_total counter\n", name,
			json_string_value(json_object_get(object, "text")), name);
		json_array_foreach(array, j, other)
			if (!strcmp(name, json_string_value(json_object_get(other, "counter"))))
				fprintf(out, "osnc_nat64_%s_total{instance=\"%s\"} %lld\n", name,
					json_string_value(json_object_get(other, "instance")),
					(long long)json_integer_value(json_object_get(other, "value")));
	}
}

int run_stats(struct keel_netlink *kernel, const struct given *given, char **operands, int n, struct keel_buffer *error)
{
	struct dump dump = { .command = OSNC_NAT64_CMD_STATS_GET, .convert = counter_json, .show = show_counter };
	int ret;

	if (!given->prometheus)
		return print(kernel, &dump, given, n ? operands[0] : NULL, error);
	ret = ask(kernel, &dump, n ? operands[0] : NULL, error);
	if (!ret)
		show_prometheus(dump.array, stdout);
	json_decref(dump.array);
	return ret;
}

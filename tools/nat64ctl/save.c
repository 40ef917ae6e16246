// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration of the namespace as the file that load takes. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/binding.h"
#include "tools/nat64ctl/fixed.h"
#include "tools/nat64ctl/prefix.h"
#include "tools/nat64ctl/setting.h"

#define TRIES 5 /* while the configuration changes as it is read */

struct save {
	FILE *out;
	const char *instance; /* in hand */
	json_t *names;
	json_int_t generation;
};

static int put_instance(uint8_t command, struct nlattr **attrs, void *arg)
{
	const char *name = nla_get_string(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]);
	struct save *save = arg;

	save->generation = nla_get_u32(attrs[OSNC_NAT64_ATTR_GENERATION]);
	if (!save->out)
		return 0;
	fprintf(save->out, "instance %s%s", name,
		nla_get_u8(attrs[OSNC_NAT64_ATTR_MODE]) == OSNC_NAT64_STATEFUL ? " mode=stateful" : "");
	settings_show(attrs, save->out);
	fputc('\n', save->out);
	return json_array_append_new(save->names, json_string(name)) ? -ENOMEM : 0;
}

static int put_eam(uint8_t command, struct nlattr **attrs, void *arg)
{
	struct nlattr *eam[OSNC_NAT64_EAM_MAX + 1];
	char v4[PREFIX_TEXT], v6[PREFIX_TEXT];
	const struct save *save = arg;

	if (!attrs[OSNC_NAT64_ATTR_EAM] || nla_parse_nested(eam, OSNC_NAT64_EAM_MAX, attrs[OSNC_NAT64_ATTR_EAM], NULL))
		return -EBADMSG;
	fprintf(save->out, "eamt %s %s %s\n", save->instance,
		prefix4_show(nla_data(eam[OSNC_NAT64_EAM_V4]), nla_get_u8(eam[OSNC_NAT64_EAM_V4_LENGTH]), v4),
		prefix6_show(nla_data(eam[OSNC_NAT64_EAM_V6]), nla_get_u8(eam[OSNC_NAT64_EAM_V6_LENGTH]), v6));
	return 0;
}

static int put_pool4(uint8_t command, struct nlattr **attrs, void *arg)
{
	const struct save *save = arg;
	json_t *line = pool4_json(attrs);

	if (!line)
		return -EBADMSG;
	fprintf(save->out, "pool4 %s ", save->instance);
	show_pool4(line, save->out);
	json_decref(line);
	return 0;
}

static int put_rest(struct keel_netlink *kernel, struct save *save, struct keel_buffer *error)
{
	KEEL_AUTO_FREE struct fixed *fixed = NULL;
	size_t n = 0;
	int ret = keel_netlink_ask(kernel,
				   instance_message(kernel, OSNC_NAT64_CMD_EAMT_GET, NLM_F_DUMP, save->instance),
				   OSNC_NAT64_ATTR_MAX, put_eam, save, error);

	if (!ret)
		ret = keel_netlink_ask(kernel,
				       instance_message(kernel, OSNC_NAT64_CMD_POOL4_GET, NLM_F_DUMP, save->instance),
				       OSNC_NAT64_ATTR_MAX, put_pool4, save, error);
	if (!ret)
		ret = fixed_list(kernel, save->instance, &fixed, &n, error);
	for (size_t i = 0; i < n; i++) {
		fprintf(save->out, "bib %s ", save->instance);
		fixed_show(&fixed[i], save->out);
		fputc('\n', save->out);
	}
	return ret;
}

static int ask_instances(struct keel_netlink *kernel, struct save *save, struct keel_buffer *error)
{
	return keel_netlink_ask(kernel, keel_netlink_message(kernel, OSNC_NAT64_CMD_INSTANCE_GET, NLM_F_DUMP),
				OSNC_NAT64_ATTR_MAX, put_instance, save, error);
}

/* -EAGAIN: it was changed meanwhile. */
static int put_all(struct keel_netlink *kernel, struct save *save, struct keel_buffer *error)
{
	struct save after = { 0 };
	json_t *name;
	size_t i;
	int ret = ask_instances(kernel, save, error);

	json_array_foreach(save->names, i, name) {
		save->instance = json_string_value(name);
		if (!ret)
			ret = put_rest(kernel, save, error);
	}
	if (!ret)
		ret = ask_instances(kernel, &after, error);
	return !ret && after.generation != save->generation ? -EAGAIN : ret;
}

int run_save(struct keel_netlink *kernel, const struct given *given, char **operands, int n, struct keel_buffer *error)
{
	int ret = -EAGAIN;

	for (int i = 0; i < TRIES && ret == -EAGAIN; i++) {
		KEEL_AUTO_FREE char *text = NULL;
		struct save save = { .names = json_array() };
		size_t size = 0;

		keel_buffer_clear(error);
		save.out = open_memstream(&text, &size);
		ret = save.out ? put_all(kernel, &save, error) : -ENOMEM;
		if (save.out && fclose(save.out) && !ret)
			ret = -ENOMEM;
		if (!ret)
			fputs(text, stdout);
		json_decref(save.names);
	}
	return ret;
}

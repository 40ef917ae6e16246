// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/nat64ctl/change.h"

#include <errno.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/setting.h"

#define EAMS_A_MESSAGE 48 /* a message is a page */

struct nl_msg *instance_message(const struct keel_netlink *kernel, uint8_t command, int flags, const char *name)
{
	struct nl_msg *message = keel_netlink_message(kernel, command, flags);

	if (message && name && nla_put_string(message, OSNC_NAT64_ATTR_INSTANCE_NAME, name)) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

int tell(struct keel_netlink *kernel, struct nl_msg *message, struct keel_buffer *error)
{
	return keel_netlink_ask(kernel, message, OSNC_NAT64_ATTR_MAX, NULL, NULL, error);
}

int change_instance(struct keel_netlink *kernel, uint8_t command, const char *name, bool defaults, char **settings,
		    int n, struct keel_buffer *error)
{
	struct nl_msg *message = instance_message(kernel, command, 0, name);
	int ret = message ? 0 : -ENOMEM;

	if (!ret && defaults)
		ret = nla_put_flag(message, OSNC_NAT64_ATTR_DEFAULTS) ? -ENOMEM : 0;
	if (!ret)
		ret = settings_put(message, settings, n, error);
	if (ret) {
		nlmsg_free(message);
		return ret;
	}
	return tell(kernel, message, error);
}

int run_instance_add(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error)
{
	return change_instance(kernel, OSNC_NAT64_CMD_INSTANCE_ADD, operands[0], false, operands + 1, n - 1, error);
}

int run_instance_set(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error)
{
	return change_instance(kernel, OSNC_NAT64_CMD_INSTANCE_SET, operands[0], false, operands + 1, n - 1, error);
}

int run_instance_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
			struct keel_buffer *error)
{
	return tell(kernel, instance_message(kernel, OSNC_NAT64_CMD_INSTANCE_REMOVE, 0, operands[0]), error);
}

static int set_pool6(struct keel_netlink *kernel, const char *name, const char *prefix, struct keel_buffer *error)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer word;
	char *words[1];

	keel_buffer_init(&word, 0);
	keel_buffer_printf(&word, "pool6=%s", prefix);
	words[0] = (char *)keel_buffer_text(&word);
	return change_instance(kernel, OSNC_NAT64_CMD_INSTANCE_SET, name, false, words, 1, error);
}

int run_pool6_set(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		  struct keel_buffer *error)
{
	return set_pool6(kernel, operands[0], operands[1], error);
}

int run_pool6_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error)
{
	return set_pool6(kernel, operands[0], "none", error);
}

/* ---- EAMT --------------------------------------------------------------------------------------------- */

int eam_parse(const char *v4, const char *v6, struct eam *out, struct keel_buffer *error)
{
	struct eam eam;
	int ret = prefix4_parse(v4, &eam.v4, error);

	if (!ret)
		ret = prefix6_parse(v6, &eam.v6, error);
	if (!ret)
		*out = eam;
	return ret;
}

static int put_eam(struct nl_msg *message, const struct eam *eam)
{
	struct nlattr *nest = nla_nest_start(message, OSNC_NAT64_ATTR_EAM | NLA_F_NESTED);

	if (!nest || nla_put_u32(message, OSNC_NAT64_EAM_V4, eam->v4.address.s_addr) ||
	    nla_put_u8(message, OSNC_NAT64_EAM_V4_LENGTH, eam->v4.length) ||
	    nla_put(message, OSNC_NAT64_EAM_V6, sizeof(eam->v6.address), &eam->v6.address) ||
	    nla_put_u8(message, OSNC_NAT64_EAM_V6_LENGTH, eam->v6.length))
		return -ENOMEM;
	return nla_nest_end(message, nest) < 0 ? -ENOMEM : 0;
}

int change_eamt(struct keel_netlink *kernel, uint8_t command, const char *name, const struct eam *eams, size_t n,
		struct keel_buffer *error)
{
	for (size_t at = 0; at < n; at += EAMS_A_MESSAGE) {
		struct nl_msg *message = instance_message(kernel, command, 0, name);
		int ret = message ? 0 : -ENOMEM;

		for (size_t i = at; i < n && i < at + EAMS_A_MESSAGE && !ret; i++)
			ret = put_eam(message, &eams[i]);
		if (ret) {
			nlmsg_free(message);
			return ret;
		}
		ret = tell(kernel, message, error);
		if (ret)
			return ret;
	}
	return 0;
}

static int change_one(struct keel_netlink *kernel, uint8_t command, char **operands, struct keel_buffer *error)
{
	struct eam eam;
	const int ret = eam_parse(operands[1], operands[2], &eam, error);

	return ret ? ret : change_eamt(kernel, command, operands[0], &eam, 1, error);
}

int run_eamt_add(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		 struct keel_buffer *error)
{
	return change_one(kernel, OSNC_NAT64_CMD_EAMT_ADD, operands, error);
}

int run_eamt_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		    struct keel_buffer *error)
{
	return change_one(kernel, OSNC_NAT64_CMD_EAMT_REMOVE, operands, error);
}

int run_eamt_flush(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		   struct keel_buffer *error)
{
	return tell(kernel, instance_message(kernel, OSNC_NAT64_CMD_EAMT_REMOVE, 0, operands[0]), error);
}

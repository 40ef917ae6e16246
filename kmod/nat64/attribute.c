// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/attribute.h"

#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/slab.h>

static const struct nla_policy settings_policy[OSNC_NAT64_SETTING_MAX + 1] = {
#define X(name, ...) [OSNC_NAT64_SETTING_##name] = { .type = NLA_U32 },
	OSNC_NAT64_SETTINGS(X)
#undef X
};

static const struct nla_policy eam_policy[OSNC_NAT64_EAM_MAX + 1] = {
	[OSNC_NAT64_EAM_V4] = { .type = NLA_U32 },
	[OSNC_NAT64_EAM_V4_LENGTH] = NLA_POLICY_MAX(NLA_U8, 32),
	[OSNC_NAT64_EAM_V6] = NLA_POLICY_EXACT_LEN(sizeof(struct nat64_in6)),
	[OSNC_NAT64_EAM_V6_LENGTH] = NLA_POLICY_MAX(NLA_U8, 128),
};

const struct nla_policy nat64_attribute_policy[OSNC_NAT64_ATTR_MAX + 1] = {
	[OSNC_NAT64_ATTR_INSTANCE_NAME] = { .type = NLA_NUL_STRING, .len = OSNC_NAT64_NAME_MAX - 1 },
	[OSNC_NAT64_ATTR_MODE] = NLA_POLICY_MAX(NLA_U8, OSNC_NAT64_STATEFUL),
	[OSNC_NAT64_ATTR_SETTINGS] = NLA_POLICY_NESTED(settings_policy),
	[OSNC_NAT64_ATTR_POOL6] = NLA_POLICY_EXACT_LEN(sizeof(struct nat64_in6)),
	[OSNC_NAT64_ATTR_POOL6_LENGTH] = NLA_POLICY_MAX(NLA_U8, 96),
	[OSNC_NAT64_ATTR_PLATEAUS] = { .type = NLA_BINARY, .len = OSNC_NAT64_PLATEAUS_MAX * sizeof(u16) },
	[OSNC_NAT64_ATTR_ERROR_POOL4] = { .type = NLA_BINARY, .len = OSNC_NAT64_ERROR_POOL_MAX * sizeof(__be32) },
	[OSNC_NAT64_ATTR_ERROR_SOURCE6] = NLA_POLICY_EXACT_LEN(sizeof(struct nat64_in6)),
	[OSNC_NAT64_ATTR_EAM] = NLA_POLICY_NESTED(eam_policy),
	[OSNC_NAT64_ATTR_MARK] = { .type = NLA_U32 },
	[OSNC_NAT64_ATTR_PACKET] = { .type = NLA_BINARY, .len = OSNC_NAT64_EXPLAIN_MAX },
	[OSNC_NAT64_ATTR_DEFAULTS] = { .type = NLA_FLAG },
	[OSNC_NAT64_ATTR_POOL4] = { .type = NLA_NESTED },
	[OSNC_NAT64_ATTR_BINDING] = { .type = NLA_NESTED },
};

const char *nat64_attribute_name(struct nlattr *const *attrs, struct netlink_ext_ack *extack)
{
	const char *name, *at;

	if (!attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]) {
		NL_SET_ERR_MSG(extack, "the name of an instance is missing");
		return NULL;
	}
	name = nla_data(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]);
	for (at = name; *at; at++)
		if (!isalnum(*at) && *at != '-' && *at != '_' && *at != '.')
			break;
	if (at == name || *at) {
		NL_SET_ERR_MSG(extack, "an instance's name is 1 to 15 letters, digits, '-', '_' and '.'");
		return NULL;
	}
	return name;
}

/* ---- settings -------------------------------------------------------------------------------------------------- */

struct setting_row {
	s64 least, most;
	const char *refusal;
};

static const struct setting_row setting_rows[OSNC_NAT64_SETTING_MAX + 1] = {
#define X(name, word, kind, least, most, ...) \
	[OSNC_NAT64_SETTING_##name] = { least, most, word ": must be " #least " to " #most },
	OSNC_NAT64_SETTINGS(X)
#undef X
};

static int read_values(const struct nlattr *nest, u32 *value, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, nest, left)
	{
		const int which = nla_type(attr);
		const struct setting_row *row = &setting_rows[which];
		const s64 wide = row->least < 0 ? (s64)(s32)nla_get_u32(attr) : (s64)nla_get_u32(attr);

		if (wide < row->least || wide > row->most) {
			NL_SET_BAD_ATTR(extack, attr);
			NL_SET_ERR_MSG(extack, "a setting is out of its range");
			if (extack)
				extack->_msg = row->refusal;
			return -EINVAL;
		}
		value[which] = nla_get_u32(attr);
	}
	return 0;
}

int nat64_attribute_settings(struct nlattr *const *attrs, struct nat64_settings *settings,
			     struct netlink_ext_ack *extack)
{
	const struct nlattr *pool6 = attrs[OSNC_NAT64_ATTR_POOL6];
	const struct nlattr *pool6_length = attrs[OSNC_NAT64_ATTR_POOL6_LENGTH];
	const struct nlattr *plateaus = attrs[OSNC_NAT64_ATTR_PLATEAUS];
	const struct nlattr *error_pool4 = attrs[OSNC_NAT64_ATTR_ERROR_POOL4];

	if (!pool6 != !pool6_length) {
		NL_SET_ERR_MSG(extack, "pool6: an address and a length belong together");
		return -EINVAL;
	}
	if (pool6) {
		nla_memcpy(&settings->pool6.address, pool6, sizeof(settings->pool6.address));
		settings->pool6.length = nla_get_u8(pool6_length);
	}
	if (plateaus) {
		if (nla_len(plateaus) % sizeof(u16)) {
			NL_SET_ERR_MSG(extack, "plateaus: half a number at the end");
			return -EINVAL;
		}
		settings->plateau_count = nla_len(plateaus) / sizeof(u16);
		nla_memcpy(settings->plateaus, plateaus, sizeof(settings->plateaus));
	}
	if (error_pool4) {
		if (nla_len(error_pool4) % sizeof(__be32)) {
			NL_SET_ERR_MSG(extack, "error-pool4: a part of an address at the end");
			return -EINVAL;
		}
		settings->error_pool4_count = nla_len(error_pool4) / sizeof(__be32);
		nla_memcpy(settings->error_pool4, error_pool4, sizeof(settings->error_pool4));
	}
	if (attrs[OSNC_NAT64_ATTR_ERROR_SOURCE6])
		nla_memcpy(&settings->error_source6, attrs[OSNC_NAT64_ATTR_ERROR_SOURCE6],
			   sizeof(settings->error_source6));
	if (attrs[OSNC_NAT64_ATTR_SETTINGS]) {
		const int ret = read_values(attrs[OSNC_NAT64_ATTR_SETTINGS], settings->value, extack);

		if (ret)
			return ret;
	}
	return nat64_settings_check(settings, extack);
}

int nat64_attribute_put_settings(struct sk_buff *message, const struct nat64_settings *settings)
{
	struct nlattr *nest = nla_nest_start(message, OSNC_NAT64_ATTR_SETTINGS);
	u32 i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i <= OSNC_NAT64_SETTING_MAX; i++)
		if (nla_put_u32(message, i, settings->value[i]))
			return -EMSGSIZE;
	nla_nest_end(message, nest);
	if (nla_put(message, OSNC_NAT64_ATTR_POOL6, sizeof(settings->pool6.address), &settings->pool6.address) ||
	    nla_put_u8(message, OSNC_NAT64_ATTR_POOL6_LENGTH, settings->pool6.length) ||
	    nla_put(message, OSNC_NAT64_ATTR_PLATEAUS, settings->plateau_count * sizeof(u16), settings->plateaus) ||
	    nla_put(message, OSNC_NAT64_ATTR_ERROR_POOL4, settings->error_pool4_count * sizeof(__be32),
		    settings->error_pool4) ||
	    nla_put(message, OSNC_NAT64_ATTR_ERROR_SOURCE6, sizeof(settings->error_source6), &settings->error_source6))
		return -EMSGSIZE;
	return 0;
}

/* ---- EAMT entries ---------------------------------------------------------------------------------------------- */

static int read_eam(const struct nlattr *nest, struct nat64_eam *eam, struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[OSNC_NAT64_EAM_MAX + 1];
	int ret = nla_parse_nested(attrs, OSNC_NAT64_EAM_MAX, nest, eam_policy, extack), i;

	if (ret)
		return ret;
	for (i = 1; i <= OSNC_NAT64_EAM_MAX; i++)
		if (!attrs[i]) {
			NL_SET_ERR_MSG(extack, "an EAMT entry lacks an address or a length");
			return -EINVAL;
		}
	eam->v4 = nla_get_be32(attrs[OSNC_NAT64_EAM_V4]);
	eam->v4_length = nla_get_u8(attrs[OSNC_NAT64_EAM_V4_LENGTH]);
	nla_memcpy(&eam->v6, attrs[OSNC_NAT64_EAM_V6], sizeof(eam->v6));
	eam->v6_length = nla_get_u8(attrs[OSNC_NAT64_EAM_V6_LENGTH]);
	return 0;
}

struct nat64_eam *nat64_attribute_eams(const struct nlmsghdr *message, unsigned int header, u32 *count,
				       struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	struct nat64_eam *eams;
	u32 n = 0;
	int left, ret;

	nlmsg_for_each_attr(attr, message, header, left) n += nla_type(attr) == OSNC_NAT64_ATTR_EAM;
	eams = kvcalloc(n + 1, sizeof(*eams), GFP_KERNEL_ACCOUNT);
	if (!eams)
		return ERR_PTR(-ENOMEM);
	*count = 0;
	nlmsg_for_each_attr(attr, message, header, left)
	{
		if (nla_type(attr) != OSNC_NAT64_ATTR_EAM)
			continue;
		ret = read_eam(attr, &eams[*count], extack);
		if (ret) {
			kvfree(eams);
			return ERR_PTR(ret);
		}
		(*count)++;
	}
	return eams;
}

int nat64_attribute_put_eam(struct sk_buff *message, const struct nat64_eam *eam)
{
	struct nlattr *nest = nla_nest_start(message, OSNC_NAT64_ATTR_EAM);

	if (!nest || nla_put_be32(message, OSNC_NAT64_EAM_V4, eam->v4) ||
	    nla_put_u8(message, OSNC_NAT64_EAM_V4_LENGTH, eam->v4_length) ||
	    nla_put(message, OSNC_NAT64_EAM_V6, sizeof(eam->v6), &eam->v6) ||
	    nla_put_u8(message, OSNC_NAT64_EAM_V6_LENGTH, eam->v6_length))
		return -EMSGSIZE;
	nla_nest_end(message, nest);
	return 0;
}

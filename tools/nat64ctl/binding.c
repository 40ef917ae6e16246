// SPDX-License-Identifier: GPL-2.0-or-later
/* What a stateful instance has: pool4, BIB entries, sessions. */
#include "tools/nat64ctl/binding.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/prefix.h"

static const char *const l4_names[] = { "tcp", "udp", "icmp" };

/* ---- words -------------------------------------------------------------------------------------------- */

static int parse_port(const char *text, uint16_t *out)
{
	char *end;
	const unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value > 65535)
		return -EINVAL;
	*out = (uint16_t)value;
	return 0;
}

const char *l4_name(uint8_t l4)
{
	return l4 < KEEL_COUNT(l4_names) ? l4_names[l4] : "?";
}

int parse_l4(const char *text, uint8_t *out, struct keel_buffer *error)
{
	for (uint8_t i = 0; i < KEEL_COUNT(l4_names); i++)
		if (!strcmp(text, l4_names[i])) {
			*out = i;
			return 0;
		}
	keel_buffer_printf(error, "'%s' is neither tcp nor udp nor icmp", text);
	return -EINVAL;
}

int parse_end(const char *text, int family, void *address, uint16_t *port, struct keel_buffer *error)
{
	const char *mark = strchr(text, '#');
	char host[INET6_ADDRSTRLEN];

	if (mark && (size_t)(mark - text) < sizeof(host)) {
		memcpy(host, text, (size_t)(mark - text));
		host[mark - text] = 0;
		if (inet_pton(family, host, address) == 1 && !parse_port(mark + 1, port))
			return 0;
	}
	keel_buffer_printf(error, "'%s' is not an IPv%d address, '#' and a port", text, family == AF_INET ? 4 : 6);
	return -EINVAL;
}

/* ---- pool4 -------------------------------------------------------------------------------------------- */

struct line {
	struct prefix4 prefix;
	uint16_t first, last;
	uint32_t mark;
};

static int parse_line(char **words, int n, struct line *out, struct keel_buffer *error)
{
	struct line line = { .first = 1024, .last = 65535 };
	int ret = prefix4_parse(words[0], &line.prefix, error);

	if (ret)
		return ret;
	if (n > 1) {
		KEEL_AUTO_FREE char *first = strdup(words[1]);
		char *dash = first ? strchr(first, '-') : NULL;

		if (!first)
			return -ENOMEM;
		if (dash)
			*dash = 0;
		if (parse_port(first, &line.first) || parse_port(dash ? dash + 1 : first, &line.last)) {
			keel_buffer_printf(error, "'%s' is neither a port nor a range FIRST-LAST", words[1]);
			return -EINVAL;
		}
	}
	if (n > 2) {
		char *end;

		line.mark = (uint32_t)strtoul(words[2], &end, 0);
		if (!*words[2] || *end) {
			keel_buffer_printf(error, "'%s' is not a mark", words[2]);
			return -EINVAL;
		}
	}
	*out = line;
	return 0;
}

static int put_line(struct nl_msg *message, const struct line *line)
{
	struct nlattr *nest = nla_nest_start(message, OSNC_NAT64_ATTR_POOL4 | NLA_F_NESTED);

	if (!nest || nla_put_u32(message, OSNC_NAT64_POOL4_V4, line->prefix.address.s_addr) ||
	    nla_put_u8(message, OSNC_NAT64_POOL4_LENGTH, line->prefix.length) ||
	    nla_put_u16(message, OSNC_NAT64_POOL4_FIRST_PORT, line->first) ||
	    nla_put_u16(message, OSNC_NAT64_POOL4_LAST_PORT, line->last) ||
	    nla_put_u32(message, OSNC_NAT64_POOL4_MARK, line->mark))
		return -ENOMEM;
	return nla_nest_end(message, nest) < 0 ? -ENOMEM : 0;
}

int change_pool4(struct keel_netlink *kernel, uint8_t command, const char *name, char **words, int n,
		 struct keel_buffer *error)
{
	struct nl_msg *message;
	struct line line;
	int ret = parse_line(words, n, &line, error);

	if (ret)
		return ret;
	message = instance_message(kernel, command, 0, name);
	if (!message || put_line(message, &line)) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return tell(kernel, message, error);
}

int run_pool4_add(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		  struct keel_buffer *error)
{
	return change_pool4(kernel, OSNC_NAT64_CMD_POOL4_ADD, operands[0], operands + 1, n - 1, error);
}

int run_pool4_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error)
{
	return change_pool4(kernel, OSNC_NAT64_CMD_POOL4_REMOVE, operands[0], operands + 1, n - 1, error);
}

json_t *pool4_json(struct nlattr **attrs)
{
	struct nlattr *line[OSNC_NAT64_POOL4_MAX + 1];
	char prefix[PREFIX_TEXT];

	if (!attrs[OSNC_NAT64_ATTR_POOL4] ||
	    nla_parse_nested(line, OSNC_NAT64_POOL4_MAX, attrs[OSNC_NAT64_ATTR_POOL4], NULL))
		return NULL;
	return json_pack("{s:s, s:i, s:i, s:I}", "prefix",
			 prefix4_show(nla_data(line[OSNC_NAT64_POOL4_V4]), nla_get_u8(line[OSNC_NAT64_POOL4_LENGTH]),
				      prefix),
			 "first-port", (int)nla_get_u16(line[OSNC_NAT64_POOL4_FIRST_PORT]), "last-port",
			 (int)nla_get_u16(line[OSNC_NAT64_POOL4_LAST_PORT]), "mark",
			 (json_int_t)nla_get_u32(line[OSNC_NAT64_POOL4_MARK]));
}

static long long number(json_t *object, const char *name)
{
	return (long long)json_integer_value(json_object_get(object, name));
}

static const char *word(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

void show_pool4(json_t *object, FILE *out)
{
	fprintf(out, "%s %lld-%lld", word(object, "prefix"), number(object, "first-port"), number(object, "last-port"));
	if (number(object, "mark"))
		fprintf(out, " 0x%llx", number(object, "mark"));
	fputc('\n', out);
}

/* ---- BIB entries and sessions ------------------------------------------------------------------------- */

int run_session_flush(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		      struct keel_buffer *error)
{
	return tell(kernel, instance_message(kernel, OSNC_NAT64_CMD_SESSION_FLUSH, 0, operands[0]), error);
}

static int set_end(json_t *object, const char *name, int family, struct nlattr *address, struct nlattr *port)
{
	char text[INET6_ADDRSTRLEN], end[INET6_ADDRSTRLEN + 8];

	if (!address || !inet_ntop(family, nla_data(address), text, sizeof(text)))
		return 0;
	snprintf(end, sizeof(end), "%s#%u", text, port ? ntohs(nla_get_u16(port)) : 0);
	return json_object_set_new(object, name, json_string(end));
}

static int set_number(json_t *object, const char *name, struct nlattr *attr, json_int_t value)
{
	return attr ? json_object_set_new(object, name, json_integer(value)) : 0;
}

json_t *binding_json(struct nlattr **attrs)
{
	struct nlattr *at[OSNC_NAT64_BINDING_MAX + 1];
	json_t *object;

	if (!attrs[OSNC_NAT64_ATTR_BINDING] ||
	    nla_parse_nested(at, OSNC_NAT64_BINDING_MAX, attrs[OSNC_NAT64_ATTR_BINDING], NULL))
		return NULL;
	object = json_object();
	if (at[OSNC_NAT64_BINDING_L4] && nla_get_u8(at[OSNC_NAT64_BINDING_L4]) < KEEL_COUNT(l4_names))
		json_object_set_new(object, "protocol", json_string(l4_names[nla_get_u8(at[OSNC_NAT64_BINDING_L4])]));
	set_end(object, "host", AF_INET6, at[OSNC_NAT64_BINDING_HOST], at[OSNC_NAT64_BINDING_HOST_PORT]);
	set_end(object, "pool", AF_INET, at[OSNC_NAT64_BINDING_POOL], at[OSNC_NAT64_BINDING_POOL_PORT]);
	set_end(object, "remote", AF_INET, at[OSNC_NAT64_BINDING_REMOTE], at[OSNC_NAT64_BINDING_REMOTE_PORT]);
	if (at[OSNC_NAT64_BINDING_STATE])
		json_object_set_new(object, "state", json_string(nla_get_string(at[OSNC_NAT64_BINDING_STATE])));
#define NUMBER(name, which, get) \
	set_number(object, name, at[OSNC_NAT64_BINDING_##which], \
		   at[OSNC_NAT64_BINDING_##which] ? (json_int_t)get(at[OSNC_NAT64_BINDING_##which]) : 0)
	NUMBER("left", LEFT, nla_get_u32);
	NUMBER("sessions", SESSIONS, nla_get_u32);
	NUMBER("length", LENGTH, nla_get_u8);
	NUMBER("ports", PORTS, nla_get_u16);
	NUMBER("generation", GENERATION, nla_get_u32);
	NUMBER("id", ID, nla_get_u64);
#undef NUMBER
	if (at[OSNC_NAT64_BINDING_FIXED])
		json_object_set_new(object, "static", json_true());
	return object;
}

void show_binding(json_t *object, FILE *out)
{
	static const char *const words[] = { "protocol", "host", "pool", "remote", "state" };
	static const char *const numbers[] = { "left", "sessions", "length", "ports" };
	const char *space = "";

	for (size_t i = 0; i < KEEL_COUNT(words); i++)
		if (word(object, words[i])) {
			fprintf(out, "%s%s", space, word(object, words[i]));
			space = " ";
		}
	for (size_t i = 0; i < KEEL_COUNT(numbers); i++)
		if (json_object_get(object, numbers[i]))
			fprintf(out, " %s=%lld", numbers[i], number(object, numbers[i]));
	fprintf(out, "%s\n", json_object_get(object, "static") ? " static" : "");
}

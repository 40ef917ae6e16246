// SPDX-License-Identifier: GPL-2.0-or-later
/* A packet, from hexadecimal digits or a file of raw octets, through an instance's dry run. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/binding.h"
#include "tools/nat64ctl/command.h"

static int digit(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					    : -1;
}

/* Octets, or -1 if text is no row of hexadecimal digits. Blanks and colons may stand between. */
static int from_hex(const char *text, uint8_t *out, int room)
{
	int n = 0, half = -1;

	for (; *text; text++) {
		const int value = digit(*text);

		if (value < 0 && half < 0 && (*text == ' ' || *text == ':'))
			continue;
		if (value < 0 || n == room)
			return -1;
		if (half < 0) {
			half = value;
		} else {
			out[n++] = (uint8_t)(half << 4 | value);
			half = -1;
		}
	}
	return half < 0 ? n : -1;
}

static int read_packet(const char *text, uint8_t *out, int room, struct keel_buffer *error)
{
	FILE *file = access(text, R_OK) ? NULL : fopen(text, "re");
	int n;

	if (file) {
		n = (int)fread(out, 1, (size_t)room, file);
		fclose(file);
	} else {
		n = from_hex(text, out, room);
	}
	if (n <= 0) {
		keel_buffer_printf(error, "'%s' is neither a file nor a packet of at most %d octets in hexadecimal",
				   text, room);
		return -EINVAL;
	}
	return n;
}

static void put_hex(const uint8_t *data, int n, char *out)
{
	for (int i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", data[i]);
}

/* What the packet would do to the session table: a word, and what it means. */
static const char *const fates[][2] = {
	[OSNC_NAT64_FATE_SESSION] = { "session", "it belongs to the session" },
	[OSNC_NAT64_FATE_MAPPING] = { "mapping", "it passes without a session, by the mapping" },
	[OSNC_NAT64_FATE_NEW_SESSION] = { "new-session", "a session would be made on the mapping" },
	[OSNC_NAT64_FATE_NEW_MAPPING] = { "new-mapping",
					  "a mapping, whose port is chosen then, and a session would be made" },
};

static void show_json(struct nlattr **attrs, const char *hex, uint8_t fate, json_t *binding)
{
	json_t *object = json_pack("{s:s, s:s, s:s}", "verdict", nla_get_string(attrs[OSNC_NAT64_ATTR_VERDICT_NAME]),
				   "text", nla_get_string(attrs[OSNC_NAT64_ATTR_VERDICT_TEXT]), "packet", hex);

	if (fate)
		json_object_set_new(object, "fate", json_string(fates[fate][0]));
	if (binding)
		json_object_set(object, "binding", binding);
	json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(object);
}

static int show(uint8_t command, struct nlattr **attrs, void *arg)
{
	const struct given *given = arg;
	uint8_t fate = attrs[OSNC_NAT64_ATTR_FATE] ? nla_get_u8(attrs[OSNC_NAT64_ATTR_FATE]) : 0;
	char hex[2 * (OSNC_NAT64_EXPLAIN_MAX + 128) + 1] = "";
	json_t *binding = binding_json(attrs);

	if (fate >= KEEL_COUNT(fates))
		fate = 0;
	if (attrs[OSNC_NAT64_ATTR_PACKET] && nla_len(attrs[OSNC_NAT64_ATTR_PACKET]) < (int)sizeof(hex) / 2)
		put_hex(nla_data(attrs[OSNC_NAT64_ATTR_PACKET]), nla_len(attrs[OSNC_NAT64_ATTR_PACKET]), hex);
	if (given->json) {
		show_json(attrs, hex, fate, binding);
		json_decref(binding);
		return 0;
	}
	printf("%s: %s\n", nla_get_string(attrs[OSNC_NAT64_ATTR_VERDICT_NAME]),
	       nla_get_string(attrs[OSNC_NAT64_ATTR_VERDICT_TEXT]));
	if (fate)
		printf("%s: %s%s", fates[fate][0], fates[fate][1], binding ? " " : "\n");
	if (binding)
		show_binding(binding, stdout);
	json_decref(binding);
	if (*hex)
		puts(hex);
	return 0;
}

int run_explain(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		struct keel_buffer *error)
{
	uint8_t packet[OSNC_NAT64_EXPLAIN_MAX];
	const int len = read_packet(operands[1], packet, sizeof(packet), error);
	struct nl_msg *message;

	if (len < 0)
		return len;
	if (given->mark > UINT32_MAX) {
		keel_buffer_puts(error, "a mark has 32 bits");
		return -EINVAL;
	}
	message = instance_message(kernel, OSNC_NAT64_CMD_EXPLAIN, 0, operands[0]);
	if (message && (nla_put(message, OSNC_NAT64_ATTR_PACKET, len, packet) ||
			nla_put_u32(message, OSNC_NAT64_ATTR_MARK, (uint32_t)given->mark))) {
		nlmsg_free(message);
		message = NULL;
	}
	return keel_netlink_ask(kernel, message, OSNC_NAT64_ATTR_MAX, show, (void *)given, error);
}

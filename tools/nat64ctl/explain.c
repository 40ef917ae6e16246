// SPDX-License-Identifier: GPL-2.0-or-later
/* A packet, from hexadecimal digits or a file of raw octets, through an instance's dry run. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
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

static int show(uint8_t command, struct nlattr **attrs, void *arg)
{
	const struct given *given = arg;
	const char *verdict = nla_get_string(attrs[OSNC_NAT64_ATTR_VERDICT_NAME]);
	const char *text = nla_get_string(attrs[OSNC_NAT64_ATTR_VERDICT_TEXT]);
	char hex[2 * (OSNC_NAT64_EXPLAIN_MAX + 128) + 1] = "";

	if (attrs[OSNC_NAT64_ATTR_PACKET] && nla_len(attrs[OSNC_NAT64_ATTR_PACKET]) < (int)sizeof(hex) / 2)
		put_hex(nla_data(attrs[OSNC_NAT64_ATTR_PACKET]), nla_len(attrs[OSNC_NAT64_ATTR_PACKET]), hex);
	if (given->json) {
		json_t *object = json_pack("{s:s, s:s, s:s}", "verdict", verdict, "text", text, "packet", hex);

		json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
		json_decref(object);
		return 0;
	}
	printf("%s: %s\n", verdict, text);
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
	message = instance_message(kernel, OSNC_NAT64_CMD_EXPLAIN, 0, operands[0]);
	if (message && nla_put(message, OSNC_NAT64_ATTR_PACKET, len, packet)) {
		nlmsg_free(message);
		message = NULL;
	}
	return keel_netlink_ask(kernel, message, OSNC_NAT64_ATTR_MAX, show, (void *)given, error);
}

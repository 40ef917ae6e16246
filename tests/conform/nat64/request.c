// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/nat64/request.h"

static int number(const char *text, unsigned long limit, unsigned long *out)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (!*text || *end || value > limit)
		return -1;
	*out = value;
	return 0;
}

/* ADDRESS/LENGTH; the address's family is told by the caller. What length it may have is for the core to say. */
static int prefix(char *text, int family, void *address, __u8 *length)
{
	char *slash = strchr(text, '/');
	unsigned long value;

	if (!slash)
		return -1;
	*slash = 0;
	if (inet_pton(family, text, address) != 1 || number(slash + 1, 255, &value))
		return -1;
	*length = value;
	return 0;
}

static int eam(struct request *request, char *text)
{
	struct nat64_eam *entry = &request->eams[request->eam_count];
	char *comma = strchr(text, ',');

	if (!comma || request->eam_count == REQUEST_EAMS)
		return -1;
	*comma = 0;
	if (prefix(text, AF_INET, &entry->v4, &entry->v4_length) ||
	    prefix(comma + 1, AF_INET6, &entry->v6, &entry->v6_length))
		return -1;
	request->eam_count++;
	return 0;
}

static int hairpin(struct nat64_config *config, const char *text)
{
	static const char *const names[] = { "off", "simple", "intrinsic" };

	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) == 0) {
			config->hairpin = i;
			return 0;
		}
	}
	return -1;
}

static int pool(struct nat64_config *config, const char *text)
{
	if (config->error_pool4_count == 4)
		return -1;
	return inet_pton(AF_INET, text, &config->error_pool4[config->error_pool4_count++]) == 1 ? 0 : -1;
}

static int onoff(const char *text, __u8 *out)
{
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		return -1;
	*out = strcmp(text, "on") == 0;
	return 0;
}

int request_set(struct request *request, const char *key, char *text)
{
	struct nat64_config *config = &request->config;
	struct nat64_way *way = &request->way;
	unsigned long value = 0;
	int told = number(text, 0xffffffff, &value);

	if (strcmp(key, "pool6") == 0)
		return prefix(text, AF_INET6, &config->pool6.address, &config->pool6.length);
	if (strcmp(key, "eam") == 0)
		return eam(request, text);
	if (strcmp(key, "error-pool4") == 0)
		return pool(config, text);
	if (strcmp(key, "error-source6") == 0)
		return inet_pton(AF_INET6, text, &config->error_source6) == 1 ? 0 : -1;
	if (strcmp(key, "hairpin") == 0)
		return hairpin(config, text);
	if (strcmp(key, "wkp-non-global") == 0)
		return onoff(text, &config->wkp_non_global);
	if (strcmp(key, "amend-udp-zero") == 0)
		return onoff(text, &config->amend_udp_zero);
	if (strcmp(key, "carry-other") == 0)
		return onoff(text, &config->carry_other);
	if (strcmp(key, "eam-apart") == 0)
		return onoff(text, &request->apart);
	if (strcmp(key, "fragment") == 0)
		return onoff(text, &way->fragment);
	if (told)
		return -1;
	if (strcmp(key, "tos") == 0) {
		config->tos_override = 1;
		config->tos = value;
	} else if (strcmp(key, "plateau") == 0) {
		if (config->plateau_count == 16)
			return -1;
		config->plateaus[config->plateau_count++] = value;
	} else if (strcmp(key, "lowest-ipv6-mtu") == 0) {
		config->lowest_ipv6_mtu = value;
	} else if (strcmp(key, "mtu-in") == 0) {
		way->mtu_in = value;
	} else if (strcmp(key, "mtu-out") == 0) {
		way->mtu_out = value;
	} else if (strcmp(key, "identification") == 0) {
		way->identification = value;
	} else if (strcmp(key, "hops") == 0) {
		way->hops = value;
	} else if (strcmp(key, "mss") == 0) {
		request->mss = value;
	} else if (strcmp(key, "error-hash") == 0) {
		request->error_hash = value;
	} else {
		return -1;
	}
	return 0;
}

static int digit(char sign)
{
	const char *digits = "0123456789abcdef";
	const char *at = sign ? strchr(digits, sign) : NULL;

	return at ? (int)(at - digits) : -1;
}

int request_octets(struct request *request, const char *hex)
{
	request->len = 0;
	for (; *hex; hex += 2) {
		int high = digit(hex[0]), low = digit(hex[1]);

		if (high < 0 || low < 0 || request->len == REQUEST_PACKET)
			return -1;
		request->packet[request->len++] = high << 4 | low;
	}
	return 0;
}

int request_read(struct request *request, char *line)
{
	char *rest = NULL, *words[4];
	unsigned long linear;

	memset(request, 0, sizeof(*request));
	for (int i = 0; i < 3; i++) {
		words[i] = strtok_r(i ? NULL : line, " \n", &rest);
		if (!words[i])
			return -1;
	}
	request->family = words[0][0] - '0';
	request->partial = strcmp(words[2], "partial") == 0;
	if ((request->family != 4 && request->family != 6) || number(words[1], REQUEST_PACKET, &linear))
		return -1;
	request->linear = linear;
	for (char *word = strtok_r(NULL, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
		char *equals = strchr(word, '=');

		if (!equals) {
			if (request_octets(request, word))
				return -1;
			continue;
		}
		*equals = 0;
		if (request_set(request, word, equals + 1)) {
			fprintf(stderr, "nat64_driver: bad setting %s\n", word);
			return -1;
		}
	}
	return request->linear <= request->len ? 0 : -1;
}

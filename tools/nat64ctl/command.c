// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/nat64ctl/command.h"

#include "tools/lib/keel/cleanup.h"

static const struct keel_option stats_rows[] = {
	{ "prometheus", 'p', KEEL_OPTION_FLAG, offsetof(struct given, prometheus), NULL,
	  "Print them as Prometheus text." },
};

static const struct keel_option follow_rows[] = {
	{ "buffer", 'b', KEEL_OPTION_NUMBER, offsetof(struct given, buffer), "KIB",
	  "Room for events that wait to be read; default 1024." },
};

static const struct keel_option explain_rows[] = {
	{ "mark", 'm', KEEL_OPTION_NUMBER, offsetof(struct given, mark), "MARK",
	  "The mark that the packet to explain has; default 0." },
};

static const struct keel_option json_row = {
	"json", 'j', KEEL_OPTION_FLAG, offsetof(struct given, json), NULL, "Print what is shown as JSON."
};

static const struct keel_options global_table = {
	.program = "nat64ctl",
	.synopsis = "COMMAND [ARGUMENT]...",
	.summary = "Look after the IPv6/IPv4 translator of this network namespace.",
	.rows = &json_row,
	.n = 1,
	.stop_at_first = true,
};

/* clang-format off */
static const struct command rows[] = {
	{ { "instance add", "NAME [SETTING=VALUE]...", "Make an instance in this network namespace: mode=stateless (the default) or mode=stateful.", NULL, 0, 1, -1 }, false, run_instance_add },
	{ { "instance set", "NAME SETTING=VALUE...", "Change settings of an instance.", NULL, 0, 2, -1 }, false, run_instance_set },
	{ { "instance remove", "NAME", "End an instance.", NULL, 0, 1, 1 }, false, run_instance_remove },
	{ { "instance list", "[NAME]", "Show instances, and what they have set differently from the default.", NULL, 0, 0, 1 }, false, run_instance_list },
	{ { "pool6 set", "NAME PREFIX", "Set the prefix in which IPv4 addresses are represented.", NULL, 0, 2, 2 }, false, run_pool6_set },
	{ { "pool6 remove", "NAME", "Leave an instance without such a prefix.", NULL, 0, 1, 1 }, false, run_pool6_remove },
	{ { "pool4 add", "NAME PREFIX [PORT[-PORT] [MARK]]", "Add IPv4 addresses and ports (default 1024-65535) that a stateful instance maps to, for packets with a mark (default 0).", NULL, 0, 2, 4 }, false, run_pool4_add },
	{ { "pool4 remove", "NAME PREFIX [PORT[-PORT] [MARK]]", "Remove such a line; what was mapped there ends.", NULL, 0, 2, 4 }, false, run_pool4_remove },
	{ { "pool4 list", "NAME", "Show them.", NULL, 0, 1, 1 }, false, run_pool4_list },
	{ { "bib add", "NAME PROTOCOL IPV6#PORT IPV4#PORT", "Map an IPv6 host's port to a port of the pool4 for good; PROTOCOL is tcp, udp or icmp.", NULL, 0, 4, 4 }, false, run_bib_add },
	{ { "bib remove", "NAME PROTOCOL IPV6#PORT IPV4#PORT", "End such a mapping and its sessions.", NULL, 0, 4, 4 }, false, run_bib_remove },
	{ { "bib list", "NAME", "Show all mappings of a stateful instance.", NULL, 0, 1, 1 }, false, run_bib_list },
	{ { "session list", "NAME", "Show its sessions.", NULL, 0, 1, 1 }, false, run_session_list },
	{ { "session follow", "[NAME]", "Print mappings and sessions as they begin and end, a line each, until interrupted.", follow_rows, KEEL_COUNT(follow_rows), 0, 1 }, false, run_session_follow },
	{ { "session flush", "NAME", "End its sessions, and with them all mappings but those made by bib add.", NULL, 0, 1, 1 }, false, run_session_flush },
	{ { "eamt add", "NAME IPV4-PREFIX IPV6-PREFIX", "Add an entry to the explicit address mapping table.", NULL, 0, 3, 3 }, false, run_eamt_add },
	{ { "eamt remove", "NAME IPV4-PREFIX IPV6-PREFIX", "Remove an entry from it.", NULL, 0, 3, 3 }, false, run_eamt_remove },
	{ { "eamt flush", "NAME", "Remove all entries from it.", NULL, 0, 1, 1 }, false, run_eamt_flush },
	{ { "eamt list", "NAME", "Show it.", NULL, 0, 1, 1 }, false, run_eamt_list },
	{ { "stats", "[NAME]", "Show the counters that are not 0.", stats_rows, KEEL_COUNT(stats_rows), 0, 1 }, false, run_stats },
	{ { "settings", "", "Show every setting with its default and its meaning.", NULL, 0, 0, 0 }, true, run_settings },
	{ { "load", "FILE", "Put what FILE says into force, all at once or not at all; - is the standard input.", NULL, 0, 1, 1 }, false, run_load },
	{ { "save", "", "Print the configuration as the file that load takes.", NULL, 0, 0, 0 }, false, run_save },
	{ { "check", "", "Say what keeps packets from being translated: forwarding, routes, ARP.", NULL, 0, 0, 0 }, false, run_check },
	{ { "explain", "NAME HEX|FILE", "Show what an instance would make of a packet, given from its IP header on.", explain_rows, KEEL_COUNT(explain_rows), 2, 2 }, false, run_explain },
	{ { "monitor", "", "Print all events as they come, until interrupted.", follow_rows, KEEL_COUNT(follow_rows), 0, 0 }, false, run_monitor },
};
/* clang-format on */

const struct keel_subcommands commands = {
	.global = &global_table,
	.rows = rows,
	.stride = sizeof(*rows),
	.n = KEEL_COUNT(rows),
	.all = &json_row,
	.all_n = 1,
	.statuses = "0 done; 1 refused or failed; 2 wrong usage; 3 no module; 4 check found something.",
};

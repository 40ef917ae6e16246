/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters of an instance, one set a CPU. */
#ifndef OSNC_NAT64_STATS_H
#define OSNC_NAT64_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "kmod/nat64/core/verdict.h"
#include "kmod/nat64/instance.h"

/* Everything counted beside verdicts: X(field, counter, text). */
/* clang-format off */
#define NAT64_TOTALS(X) \
	X(packets_64, "packets_64", "packets translated from IPv6 to IPv4") \
	X(octets_64,  "octets_64",  "their octets, as they came") \
	X(packets_46, "packets_46", "packets translated from IPv4 to IPv6") \
	X(octets_46,  "octets_46",  "their octets, as they came") \
	X(segmented,  "segmented",  "GSO packets that had to be segmented first") \
	X(fragmented, "fragmented", "IPv4 packets that were fragmented on their way to IPv6") \
	X(clamped,    "clamped",    "TCP SYNs whose MSS was lowered") \
	X(errors_sent, "errors_sent", "ICMP errors sent to the sender of a packet that was refused") \
	X(ftp_followed,   "ftp_followed",   "FTP control connections that ftp-alg began to follow") \
	X(ftp_unfollowed, "ftp_unfollowed", "those that it did not: as many as ftp-connections were followed, or there was no memory") \
	X(ftp_rewritten,  "ftp_rewritten",  "FTP commands and replies that became others") \
	X(ftp_refused,    "ftp_refused",    "replies to PASV that named another host than the server, or no port: the client was told 425") \
	X(ftp_unexpected, "ftp_unexpected", "EPRT commands without a mapping: the subscriber may have no more, or not at this address")
/* clang-format on */

struct nat64_counters {
#define X(name, ...) u64 name;
	NAT64_TOTALS(X)
#undef X
	u64 verdict[NAT64_VERDICT_COUNT];
};

#define nat64_count(instance, name) this_cpu_inc((instance)->counters->name)
#define nat64_count_by(instance, name, n) this_cpu_add((instance)->counters->name, n)

/* Sums over the CPUs. */
void nat64_stats_sum(const struct nat64_instance *instance, struct nat64_counters *sum);

struct nat64_counter_row {
	const char *name;
	const char *text;
	unsigned int offset; /* of a u64 in struct nat64_counters */
};

/* Every counter, in the order in which it is shown. */
extern const struct nat64_counter_row nat64_counter_rows[];
extern const unsigned int nat64_counter_rows_n;

/* The counter's name, and what it means. */
const char *nat64_verdict_name(enum nat64_verdict verdict);
const char *nat64_verdict_text(enum nat64_verdict verdict);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/* Lets every packet pass and adds it to the counter of the module osnc_counter. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern __u64 osnc_counter_add(__u64 n) __ksym;

__u64 packets;
__u64 last;

SEC("xdp")
int count(struct xdp_md *context)
{
	__sync_fetch_and_add(&packets, 1);
	last = osnc_counter_add(1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";

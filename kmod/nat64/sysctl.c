// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/sysctl.h"

#include <linux/slab.h>
#include <linux/sysctl.h>

#include "kmod/compat/sysctl.h"

/* X(name, default, most, "what it limits"): a namespace's root may lower and raise them up to most, which bounds the memory it can take. */
/* clang-format off */
#define NAT64_LIMITS(X) \
	X(max_instances, 16, 256, "Instances in the namespace.") \
	X(max_eamt, 65536, 1048576, "EAMT entries of one instance.") \
	X(max_transactions, 8, 64, "Open transactions of the namespace's netlink sockets.") \
	X(max_sessions, 1048576, 67108864, "Sessions of all stateful instances of the namespace together.")
/* clang-format on */

#define X(name, standard, most, ...) static unsigned int name##_most = most;
NAT64_LIMITS(X)
#undef X

/* clang-format off */
static const struct ctl_table rows[] = {
#define X(name, standard, most, ...) \
	{ .procname = #name, \
	  .data = (void *)offsetof(struct nat64_net, name), \
	  .maxlen = sizeof(u32), \
	  .mode = 0644, \
	  .proc_handler = proc_douintvec_minmax, \
	  .extra1 = SYSCTL_ONE, \
	  .extra2 = &name##_most },
	NAT64_LIMITS(X)
#undef X
		COMPAT_SYSCTL_END
};
/* clang-format on */

#define ROWS (ARRAY_SIZE(rows) - COMPAT_SYSCTL_ENDS)

int nat64_sysctl_register(struct nat64_net *nn)
{
	struct ctl_table *table = kmemdup(rows, sizeof(rows), GFP_KERNEL_ACCOUNT);
	unsigned int i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < ROWS; i++)
		table[i].data = (char *)nn + (unsigned long)table[i].data;
#define X(name, standard, ...) nn->name = standard;
	NAT64_LIMITS(X)
#undef X
	nn->sysctl = compat_register_net_sysctl(nn->net, "net/nat64", table, ROWS);
	if (!nn->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

void nat64_sysctl_unregister(struct nat64_net *nn)
{
	const struct ctl_table *table = nn->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(nn->sysctl);
	kfree(table);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module with one kfunc, for the tests: XDP programs count in it.
 *
 *	/sys/module/osnc_counter/parameters/total	what has been added so far
 *	insmod osnc_counter.ko warn=1			a kernel warning with its trace, for the test of the runner
 *	insmod osnc_counter.ko says="words"		the words at warning level, for the same
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

#include "kmod/compat/kfunc.h"

static atomic64_t total = ATOMIC64_INIT(0);

static int total_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%lld\n", atomic64_read(&total));
}

static const struct kernel_param_ops total_ops = { .get = total_get };
module_param_cb(total, &total_ops, NULL, 0444);
MODULE_PARM_DESC(total, "sum of all calls so far");

static bool warn;
module_param(warn, bool, 0444);
MODULE_PARM_DESC(warn, "give a kernel warning when loaded");

static char *says;
module_param(says, charp, 0444);
MODULE_PARM_DESC(says, "say this as a warning when loaded");

__bpf_kfunc_start_defs();

u64 osnc_counter_add(u64 n); /* only BPF programs call it; sparse wants it declared all the same */

/* Adds @n; returns the sum so far. */
__bpf_kfunc u64 osnc_counter_add(u64 n)
{
	return atomic64_add_return(n, &total);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(counter_kfuncs)
BTF_ID_FLAGS(func, osnc_counter_add)
BTF_KFUNCS_END(counter_kfuncs)

static const struct btf_kfunc_id_set counter_set = {
	.owner = THIS_MODULE,
	.set = &counter_kfuncs,
};

static int __init counter_init(void)
{
	WARN(warn, "osnc_counter: a warning, as asked\n");
	if (says)
		pr_warn("%s\n", says);
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &counter_set);
}

static void __exit counter_exit(void)
{
}

module_init(counter_init);
module_exit(counter_exit);
MODULE_DESCRIPTION("OSNC test: a kfunc that counts");
MODULE_LICENSE("GPL");

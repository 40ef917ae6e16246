/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel functions for BPF programs, written as on 6.12 and built on 6.1 too.
 *
 * By feature: a stable 6.1 may take the newer names in at any time, so each is looked for and none is asked of a version.
 * A file with kfuncs includes this instead of <linux/btf.h> and <linux/btf_ids.h>.
 *
 * After the module is in, /sys/kernel/btf/MODULE must exist: without module BTF registration "succeeds" on both kernels
 * and no program finds the function.
 */
#ifndef OSNC_KMOD_COMPAT_KFUNC_H
#define OSNC_KMOD_COMPAT_KFUNC_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/compiler.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "OSNC modules need Linux 6.1 or newer"
#endif

/* A kfunc has no caller that the compiler sees: it must neither drop, clone nor inline it. */
#ifndef __bpf_kfunc
#define __bpf_kfunc __used noinline
#endif

/* Nor has it a prototype: only BTF describes it. */
#ifndef __bpf_kfunc_start_defs
#define __bpf_kfunc_start_defs()                                                    \
	__diag_push();                                                              \
	__diag_ignore_all("-Wmissing-declarations", "kfuncs are described by BTF"); \
	__diag_ignore_all("-Wmissing-prototypes", "kfuncs are described by BTF")
#define __bpf_kfunc_end_defs() __diag_pop()
#endif

#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name) BTF_SET8_START(name)
#define BTF_KFUNCS_END(name) BTF_SET8_END(name)
#endif

#endif

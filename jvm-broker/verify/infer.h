/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the folder: the inference verifier (JVMS 4.10.2), for classes without frames. It runs the instructions of the type checker over states
 * that are merged where paths meet. Methods with subroutines (jsr, ret) it does not judge yet.
 */
#ifndef JVM_BROKER_VERIFY_INFER_H
#define JVM_BROKER_VERIFY_INFER_H

#include "jvm-broker/verify/checker.h"

/* Judges the method that k is set to. 0 or -1; *subroutines: it has some, and was not judged. */
int infer_run(struct checker *k, bool *subroutines);
/* Operands of all instructions, whether they are reached or not. 0 or -1. */
int infer_operands(struct checker *k, bool *subroutines);
/* Control may go from here to a target that is known to be an instruction. 0 or -1. */
int infer_branch(struct checker *k, int64_t target);
/* TYPE_TOP: they have nothing in common, or refused. */
uint32_t infer_merge_types(struct checker *k, uint32_t a, uint32_t b);

#endif

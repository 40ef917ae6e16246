/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the folder: the inference verifier (JVMS 4.10.2), for classes without frames. It runs the instructions of the type checker over states
 * that are merged where paths meet.
 */
#ifndef JVM_BROKER_VERIFY_INFER_H
#define JVM_BROKER_VERIFY_INFER_H

#include "jvm-broker/verify/checker.h"

/* Judges the method that k is set to. 0 or -1, as all below. */
int infer_run(struct checker *k);
/* Operands of all instructions, whether they are reached or not. Says in k whether one is jsr. */
int infer_operands(struct checker *k);
/* How many words of locals an instruction names, the first in *local; 0: none */
unsigned infer_locals(const uint8_t *at, uint32_t *local);
/* Control may go from here to a target that is known to be an instruction. */
int infer_branch(struct checker *k, int64_t target);
/* The instruction at pc, where paths are known to meet */
static inline struct meeting *infer_meeting(const struct checker *k, uint32_t pc)
{
	return &k->meetings[k->map[pc] - MAP_FRAME];
}

#define INFER_COMPARED 8 /* words in a step */

/* Keeps n words of a state. They are shared with those at like, if these are the same; NULL: with none. */
int infer_keep(struct checker *k, const uint32_t *words, uint32_t n, struct words *like, struct words *out);
/* Before one of n words changes */
int infer_own(struct checker *k, struct words *words, uint32_t n);

/* ---- subroutine.c ------------------------------------------------------------------------------------------------------------------- */

/* For a method with subroutines, whose instructions are meetings. */
int subroutine_begin(struct checker *k);
/* What was not constructed does not go into a subroutine, nor come out of it: jsr and ret, and what handlers see of them */
void subroutine_forget(struct checker *k);
/* Keeps the chain for a meeting where control comes first, or puts it into what is known there: *changed if it was. */
int subroutine_arrive(struct checker *k, struct meeting *m);
int subroutine_merge(struct checker *k, struct meeting *m, bool *changed);
void subroutine_enter(struct checker *k, const struct meeting *m);
/* TYPE_TOP: they have nothing in common, or refused. */
uint32_t infer_merge_types(struct checker *k, uint32_t a, uint32_t b);

#endif

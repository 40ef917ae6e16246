/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The obligations of a verdict, held against what one class loader sees: what a virtual machine would find out when it defines and links
 * the class there. The class itself need not be in the universe; if it is, what the verdict says of it counts.
 */
#ifndef JVM_BROKER_DISCHARGE_H
#define JVM_BROKER_DISCHARGE_H

#include "jvm-broker/universe/resolve.h"
#include "jvm-broker/universe/universe.h"
#include "jvm-broker/verify/verify.h"

struct discharge_failure {
	const char *error; /* "java/lang/NoClassDefFoundError" */
	uint8_t axiom;     /* enum verify_axiom: what it was needed for */
	uint8_t phase;     /* enum verify_phase */
	uint16_t method;   /* as in struct verify_place */
	int32_t bci;
	struct classfile_text culprit; /* the class that is missing or wrong */
};

/*
 * Fills *out, from the arena, with what fails and what was wrong before: if the class cannot be defined, the reasons for that; else of each
 * method the first. Returns how many, 0 if the class is sound here, or -ENOMEM.
 */
int discharge(const struct verify_verdict *verdict, const struct universe *u, struct universe_scratch *scratch,
	      struct keel_arena *arena, const struct discharge_failure **out);

#endif

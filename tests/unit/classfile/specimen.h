/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Class files made by hand that hold everything the format has: no virtual machine would run them, every reader must read them. */
#ifndef TESTS_UNIT_CLASSFILE_SPECIMEN_H
#define TESTS_UNIT_CLASSFILE_SPECIMEN_H

#include "tools/lib/keel/buffer.h"

/* A class of this version with every constant, attribute, instruction, stack map frame and kind of annotation; or a module-info. */
void specimen_class(struct keel_buffer *out, unsigned major);
void specimen_module(struct keel_buffer *out, unsigned major);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A class file field by field, as text or as one JSON object on one line. */
#ifndef DVMCTL_PRINT_H
#define DVMCTL_PRINT_H

#include "jvm-broker/classfile/classfile.h"
#include "tools/lib/keel/buffer.h"

/* Each appends what classfile_walk sees, and returns what it returns. */
unsigned print_class(struct keel_buffer *out, const struct classfile *c);
/* The fields of "class": [...], without what is around it */
unsigned print_class_json(struct keel_buffer *out, const struct classfile *c);

#endif

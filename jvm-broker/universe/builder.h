/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: the tables of a universe that is being built. */
#ifndef JVM_BROKER_UNIVERSE_BUILDER_H
#define JVM_BROKER_UNIVERSE_BUILDER_H

#include "jvm-broker/universe/layout.h"

#define BUILDER_BROKEN UINT32_MAX /* in class_of: the name is taken, by what does not load */

static inline uint32_t *builder_numbers(struct keel_buffer *table)
{
	return (uint32_t *)(void *)table->data;
}

/* Elements of the size in a table */
static inline uint32_t builder_count(const struct keel_buffer *table, size_t size)
{
	return (uint32_t)(table->len / size);
}

/* The first failure stays. */
void builder_fail(struct universe_builder *b, enum universe_reason reason);
/* Counts what became of something, or what had failed before; returns it. */
enum universe_reason builder_counted(struct universe_builder *b, enum universe_reason reason);
/* Appends n elements of the size; the index of the first, or 0 once failed. */
uint32_t builder_append(struct universe_builder *b, struct keel_buffer *table, const void *elements, size_t n,
			size_t size);
uint32_t builder_append_number(struct universe_builder *b, struct keel_buffer *table, uint32_t number);
/* The number of a string; 0 once failed. */
uint32_t builder_string(struct universe_builder *b, const void *octets, size_t len);
uint32_t builder_text(struct universe_builder *b, struct classfile_text text);
/* The same for what a constant of the tag names; 0 and *bad if the index is none. */
uint32_t builder_name(struct universe_builder *b, const struct classfile *c, uint32_t index, enum classfile_tag tag,
		      bool *bad);
/* The module of this name, + 1; 0 = none. */
uint32_t builder_module(struct universe_builder *b, uint32_t name);

#endif

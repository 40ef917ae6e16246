// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "jvm-broker/universe/builder.h"

#define FIRST_SLOTS 1024
#define COUNT_MAX 0x7fffffff /* of anything: UNIVERSE_TRANSITIVE is the bit above */

#define BUILDER_TABLES(X) \
	X(ends) X(octets) X(hashes) X(class_of) X(packages) X(slots) X(classes) X(members) X(modules) X(exports) X(numbers) \
	X(artefacts) X(kinds)

void builder_fail(struct universe_builder *b, enum universe_reason reason)
{
	if (!b->failed)
		b->failed = reason;
}

uint32_t builder_append(struct universe_builder *b, struct keel_buffer *table, const void *elements, size_t n,
			size_t size)
{
	const size_t at = table->len / size;

	if (n > COUNT_MAX - at)
		builder_fail(b, UNIVERSE_REASON_TOO_MANY);
	else if (keel_buffer_append(table, elements, n * size))
		builder_fail(b, UNIVERSE_REASON_MEMORY);
	return b->failed ? 0 : (uint32_t)at;
}

uint32_t builder_append_number(struct universe_builder *b, struct keel_buffer *table, uint32_t number)
{
	return builder_append(b, table, &number, 1, sizeof(number));
}

/* ---- strings ---------------------------------------------------------------------------------------------------------------------------------- */

/* An empty table of n slots */
static bool clear_slots(struct universe_builder *b, uint32_t n)
{
	keel_buffer_clear(&b->slots);
	if (keel_buffer_reserve(&b->slots, n * sizeof(uint32_t))) {
		builder_fail(b, UNIVERSE_REASON_MEMORY);
		return false;
	}
	b->slots.len = n * sizeof(uint32_t);
	memset(b->slots.data, 0, b->slots.len);
	b->slots_n = n;
	return true;
}

static void enter_slot(struct universe_builder *b, uint32_t h, uint32_t string)
{
	uint32_t *slots = builder_numbers(&b->slots);

	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		uint32_t *slot = &slots[(h + i) & (b->slots_n - 1)];

		if (!*slot) {
			*slot = string;
			return;
		}
	}
	builder_fail(b, UNIVERSE_REASON_COLLISION);
}

static void grow_slots(struct universe_builder *b)
{
	const uint32_t *hashes = builder_numbers(&b->hashes);

	if (b->slots_n > COUNT_MAX / 2)
		builder_fail(b, UNIVERSE_REASON_TOO_MANY);
	else if (clear_slots(b, 2 * b->slots_n))
		for (uint32_t i = 1; i < b->strings_n && !b->failed; i++)
			enter_slot(b, hashes[i], i);
}

uint32_t builder_string(struct universe_builder *b, const void *octets, size_t len)
{
	const uint32_t h = layout_hash(b->seed, octets, len);
	const uint32_t *slots = builder_numbers(&b->slots), *ends = builder_numbers(&b->ends);
	uint32_t at;

	if (b->failed)
		return 0;
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		const uint32_t n = slots[(h + i) & (b->slots_n - 1)];

		if (!n)
			break;
		if (ends[n] - ends[n - 1] == len && !memcmp(b->octets.data + ends[n - 1], octets, len))
			return n;
	}
	at = builder_append(b, &b->octets, octets, len, 1);
	builder_append_number(b, &b->ends, at + (uint32_t)len);
	builder_append_number(b, &b->hashes, h);
	builder_append_number(b, &b->class_of, 0);
	builder_append_number(b, &b->packages, 0);
	if (b->failed)
		return 0;
	enter_slot(b, h, b->strings_n++);
	if (2 * b->strings_n > b->slots_n)
		grow_slots(b);
	return b->failed ? 0 : b->strings_n - 1;
}

uint32_t builder_text(struct universe_builder *b, struct classfile_text text)
{
	return builder_string(b, text.data, text.len);
}

void universe_builder_init(struct universe_builder *b, const struct universe_artefact *artefacts, uint32_t n)
{
	*b = (struct universe_builder){ .strings_n = 1 };
#define INIT(table) keel_buffer_init(&b->table, 0);
	BUILDER_TABLES(INIT)
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t low = layout_hash(b->seed, artefacts[i].hash, UNIVERSE_HASH);

		b->seed = (uint64_t)layout_hash(~b->seed, artefacts[i].hash, UNIVERSE_HASH) << 32 | low;
	}
	for (uint32_t i = 0; i < n; i++) {
		builder_append(b, &b->artefacts, artefacts[i].hash, 1, UNIVERSE_HASH);
		builder_append(b, &b->kinds, &artefacts[i].kind, 1, 1);
	}
	builder_append_number(b, &b->ends, 0);
	builder_append_number(b, &b->hashes, 0);
	builder_append_number(b, &b->class_of, 0);
	builder_append_number(b, &b->packages, 0);
	clear_slots(b, FIRST_SLOTS);
}

void universe_builder_free(struct universe_builder *b)
{
#define FREE(table) keel_buffer_free(&b->table);
	BUILDER_TABLES(FREE)
}

uint32_t builder_name(struct universe_builder *b, const struct classfile *c, uint32_t index, enum classfile_tag tag,
		      bool *bad)
{
	const struct classfile_text text = classfile_tag_of(c, index) == tag ? classfile_name_of(c, index)
									     : (struct classfile_text){ 0 };

	*bad |= !text.data;
	return text.data ? builder_text(b, text) : 0;
}

enum universe_reason builder_counted(struct universe_builder *b, enum universe_reason reason)
{
	reason = b->failed ? b->failed : reason;
	b->counts[reason]++;
	return reason;
}

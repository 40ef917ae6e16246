// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "jvm-broker/universe/builder.h"

#define ON_THE_WAY 255 /* a class whose supertypes are being looked at */

/* Where the walk is: a class, and which of its supertypes comes next; 0 is the superclass */
struct step {
	uint32_t class;
	uint32_t next;
};

struct walk {
	struct universe_builder *b;
	struct universe_class *classes;
	struct keel_buffer steps, states;
};

static void step_into(struct walk *w, uint32_t class)
{
	const struct step step = { class, 0 };

	w->states.data[class] = ON_THE_WAY;
	builder_append(w->b, &w->steps, &step, 1, sizeof(step));
}

/* The supertype's state, as far as it is known; WHOLE and *into if it must be looked at first. */
static enum universe_state look(struct walk *w, struct universe_class *c, uint32_t name, bool is_super, uint32_t *into)
{
	const uint32_t other = builder_numbers(&w->b->class_of)[name];

	if (!other)
		return UNIVERSE_MISSING;
	if (is_super)
		c->super_class = other;
	switch (w->states.data[other - 1]) {
	case UNIVERSE_STATES:
		*into = other;
		return UNIVERSE_WHOLE;
	case ON_THE_WAY:
		return UNIVERSE_CIRCULAR;
	default:
		return w->classes[other - 1].state;
	}
}

/* One class after the other: what it says of its supertypes is known when they have been left. */
static void settle(struct walk *w, uint32_t first)
{
	step_into(w, first);
	while (w->steps.len && !w->b->failed) {
		struct step *step = (struct step *)(void *)(w->steps.data + w->steps.len - sizeof(*step));
		struct universe_class *c = &w->classes[step->class];
		enum universe_state state = UNIVERSE_WHOLE;
		uint32_t into = 0;

		if (step->next == 0 && c->super_name)
			state = look(w, c, c->super_name, true, &into);
		else if (step->next && step->next <= c->interfaces_n)
			state = look(w, c, builder_numbers(&w->b->numbers)[c->interfaces + step->next - 1], false,
				     &into);
		if (into) {
			step_into(w, into - 1);
			continue;
		}
		/* the first that is wrong is what a loader would find */
		if (!c->state)
			c->state = (uint8_t)state;
		if (step->next++ < c->interfaces_n)
			continue;
		if (c->super_class && w->states.data[c->super_class - 1] != ON_THE_WAY)
			c->depth = w->classes[c->super_class - 1].depth + 1;
		w->states.data[step->class] = c->state;
		w->steps.len -= sizeof(*step);
	}
}

static void settle_all(struct universe_builder *b)
{
	const uint32_t n = builder_count(&b->classes, sizeof(struct universe_class));
	struct walk w = { .b = b, .classes = (struct universe_class *)(void *)b->classes.data };
	uint32_t *class_of = builder_numbers(&b->class_of);

	for (uint32_t i = 0; i < b->strings_n; i++)
		class_of[i] = class_of[i] == BUILDER_BROKEN ? 0 : class_of[i];
	keel_buffer_init(&w.steps, 0);
	keel_buffer_init(&w.states, 0);
	if (keel_buffer_reserve(&w.states, n)) {
		builder_fail(b, UNIVERSE_REASON_MEMORY);
	} else if (n) {
		memset(w.states.data, UNIVERSE_STATES, n);
		for (uint32_t i = 0; i < n && !b->failed; i++)
			if (w.states.data[i] == UNIVERSE_STATES)
				settle(&w, i);
	}
	keel_buffer_free(&w.steps);
	keel_buffer_free(&w.states);
}

static void put(struct keel_buffer *out, const void *octets, size_t n)
{
	static const uint8_t padding[8];

	keel_buffer_append(out, octets, n);
	keel_buffer_append(out, padding, layout_aligned(n) - n);
}

enum universe_reason universe_builder_finish(struct universe_builder *b, struct keel_buffer *out)
{
	struct layout_head head = {
		.magic = LAYOUT_MAGIC, .seed = b->seed, .strings = b->strings_n, .slots = b->slots_n
	};

	if (!b->failed)
		settle_all(b);
	if (b->failed)
		return b->failed;
	head.numbers = builder_count(&b->numbers, sizeof(uint32_t));
	head.classes = builder_count(&b->classes, sizeof(struct universe_class));
	head.members = builder_count(&b->members, sizeof(struct universe_member));
	head.modules = builder_count(&b->modules, sizeof(struct universe_module));
	head.exports = builder_count(&b->exports, sizeof(struct universe_export));
	head.artefacts = builder_count(&b->artefacts, UNIVERSE_HASH);
	head.octets = builder_count(&b->octets, 1);
	put(out, &head, sizeof(head));
#define PUT(table, type, count) put(out, b->table.data, b->table.len);
	LAYOUT_TABLES(PUT)
	if (out->failed)
		builder_fail(b, UNIVERSE_REASON_MEMORY);
	return b->failed;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/universe/resolve.h"

#include <errno.h>
#include <string.h>

#define OUTCOME_ROW(name, clause, error, text) { error, text },
static const struct {
	const char *error, *text;
} outcomes[] = { UNIVERSE_OUTCOMES(OUTCOME_ROW) };

const char *universe_outcome_error(enum universe_outcome outcome)
{
	return outcomes[outcome < UNIVERSE_OUTCOMES_N ? outcome : UNIVERSE_OUTCOME_FOUND].error;
}

const char *universe_outcome_text(enum universe_outcome outcome)
{
	return outcomes[outcome < UNIVERSE_OUTCOMES_N ? outcome : UNIVERSE_OUTCOME_FOUND].text;
}

static bool make_trail(struct universe_trail *t, const struct universe *u, struct keel_arena *arena)
{
	t->marks = keel_arena_zeroed(arena, u->classes_n, sizeof(*t->marks));
	t->list = keel_arena_take(arena, u->classes_n * sizeof(*t->list));
	return t->marks && t->list;
}

int universe_scratch_init(struct universe_scratch *s, const struct universe *u, struct keel_arena *arena)
{
	*s = (struct universe_scratch){ 0 };
	return make_trail(&s->above, u, arena) && make_trail(&s->hidden, u, arena) ? 0 : -ENOMEM;
}

enum universe_outcome universe_load(const struct universe *u, uint32_t name, const struct universe_class **out)
{
	const struct universe_class *c = universe_class_named(u, name);

	if (!c || c->state == UNIVERSE_MISSING)
		return UNIVERSE_OUTCOME_NO_CLASS;
	if (c->state != UNIVERSE_WHOLE)
		return UNIVERSE_OUTCOME_CIRCULAR;
	*out = c;
	return UNIVERSE_OUTCOME_FOUND;
}

/* ---- superinterfaces --------------------------------------------------------------------------------------------------------------------- */

static bool is_on(const struct universe_scratch *s, const struct universe_trail *t, uint32_t class)
{
	return t->marks[class] == s->search;
}

/* Superinterfaces of c that are not on the trail yet. */
static void add_interfaces(const struct universe *u, const struct universe_scratch *s, struct universe_trail *t,
			   const struct universe_class *c)
{
	for (unsigned i = 0; i < c->interfaces_n; i++) {
		const uint32_t at = u->class_of[u->numbers[c->interfaces + i] & ~UNIVERSE_TRANSITIVE];

		if (!at || is_on(s, t, at - 1))
			continue;
		t->marks[at - 1] = s->search;
		t->list[t->n++] = at - 1;
	}
}

/* And theirs */
static void close_trail(const struct universe *u, const struct universe_scratch *s, struct universe_trail *t)
{
	for (uint32_t at = 0; at < t->n; at++)
		add_interfaces(u, s, t, &u->classes[t->list[at]]);
}

static void begin_search(const struct universe *u, struct universe_scratch *s)
{
	s->above.n = s->hidden.n = 0;
	if (++s->search)
		return;
	memset(s->above.marks, 0, u->classes_n * sizeof(*s->above.marks));
	memset(s->hidden.marks, 0, u->classes_n * sizeof(*s->hidden.marks));
	s->search = 1;
}

/* 'above' becomes every superinterface of c and of its superclasses, nearest first. */
static void gather(const struct universe *u, struct universe_scratch *s, const struct universe_class *c)
{
	begin_search(u, s);
	for (uint32_t left = c->depth; c; c = left-- ? universe_super(u, c) : NULL)
		add_interfaces(u, s, &s->above, c);
	close_trail(u, s, &s->above);
}

bool universe_is_subtype(const struct universe *u, struct universe_scratch *s, const struct universe_class *c,
			 const struct universe_class *super)
{
	if (universe_extends(u, c, super))
		return true;
	if (!(super->access & CLASSFILE_INTERFACE))
		return false;
	gather(u, s, c);
	return is_on(s, &s->above, (uint32_t)(super - u->classes));
}

bool universe_is_assignable(const struct universe *u, const struct universe_class *from,
			    const struct universe_class *to)
{
	return to->access & CLASSFILE_INTERFACE || universe_extends(u, from, to);
}

/* ---- fields (5.4.3.2) ----------------------------------------------------------------------------------------------------------------------- */

/* In the superinterfaces of c, each with its own before the next, as the recursion of JVMS 5.4.3.2 has it: 'above' is the way down, 'hidden' how
 * far each on it has come. Those seen in this search had no such field. */
static bool find_in_superinterfaces(const struct universe *u, struct universe_scratch *s,
				    const struct universe_class *c, uint32_t name, uint32_t descriptor,
				    struct universe_found *out)
{
	uint32_t *way = s->above.list, *come = s->hidden.list, n = 0;

	way[n] = (uint32_t)(c - u->classes);
	s->above.marks[way[n]] = s->search;
	come[n++] = 0;
	while (n) {
		const struct universe_class *here = &u->classes[way[n - 1]], *next;
		const struct universe_member *m;
		uint32_t at;

		if (come[n - 1] == here->interfaces_n) {
			n--;
			continue;
		}
		at = u->class_of[u->numbers[here->interfaces + come[n - 1]++] & ~UNIVERSE_TRANSITIVE];
		if (!at || is_on(s, &s->above, at - 1))
			continue;
		s->above.marks[at - 1] = s->search;
		next = &u->classes[at - 1];
		m = universe_field(u, next, name, descriptor);
		if (m) {
			*out = (struct universe_found){ next, m };
			return true;
		}
		way[n] = at - 1;
		come[n++] = 0;
	}
	return false;
}

enum universe_outcome universe_resolve_field(const struct universe *u, struct universe_scratch *s,
					     const struct universe_class *c, uint32_t name, uint32_t descriptor,
					     struct universe_found *out)
{
	begin_search(u, s);
	/* each class, then its interfaces, then its superclass */
	for (uint32_t left = c->depth; c; c = left-- ? universe_super(u, c) : NULL) {
		const struct universe_member *m = universe_field(u, c, name, descriptor);

		if (m)
			*out = (struct universe_found){ c, m };
		if (m || find_in_superinterfaces(u, s, c, name, descriptor, out))
			return UNIVERSE_OUTCOME_FOUND;
	}
	return UNIVERSE_OUTCOME_NO_FIELD;
}

/* ---- methods (5.4.3.3, 5.4.3.4) -------------------------------------------------------------------------------------------------------------- */

static bool is_named(const struct universe *u, uint32_t name, const char *text, size_t len)
{
	return classfile_text_is(universe_text(u, name), text, len);
}

static bool begins_with(struct classfile_text text, const char *start)
{
	const size_t len = strlen(start);

	return text.len >= len && !memcmp(text.data, start, len);
}

#define IS_NAMED(u, name, text) is_named(u, name, text, sizeof(text) - 1)

/* JVMS 2.9.3: the one method of this name in MethodHandle or VarHandle, if it is native, takes Object... and is declared so. */
static const struct universe_member *find_polymorphic(const struct universe *u, const struct universe_class *c,
						      uint32_t name)
{
	const unsigned wanted = CLASSFILE_VARARGS | CLASSFILE_NATIVE;
	const struct universe_member *only = NULL;

	if (!IS_NAMED(u, c->name, "java/lang/invoke/MethodHandle") &&
	    !IS_NAMED(u, c->name, "java/lang/invoke/VarHandle"))
		return NULL;
	for (unsigned i = 0; i < c->methods_n; i++) {
		const struct universe_member *m = &u->members[c->methods + i];

		if (m->name != name)
			continue;
		if (only)
			return NULL;
		only = m;
	}
	if (!only || (only->access & wanted) != wanted)
		return NULL;
	return begins_with(universe_text(u, only->descriptor), "([Ljava/lang/Object;)") ? only : NULL;
}

static bool find_in_classes(const struct universe *u, const struct universe_class *c, uint32_t name,
			    uint32_t descriptor, struct universe_found *out)
{
	for (uint32_t left = c->depth; c; c = left-- ? universe_super(u, c) : NULL) {
		const struct universe_member *m = find_polymorphic(u, c, name);

		if (!m)
			m = universe_method(u, c, name, descriptor);
		if (m) {
			*out = (struct universe_found){ c, m };
			return true;
		}
	}
	return false;
}

/* The method in interface i of 'above', if it is one that a class inherits */
static const struct universe_member *inherited(const struct universe *u, const struct universe_scratch *s, uint32_t i,
					       uint32_t name, uint32_t descriptor)
{
	const struct universe_member *m = universe_method(u, &u->classes[s->above.list[i]], name, descriptor);

	return m && !(m->access & (CLASSFILE_PRIVATE | CLASSFILE_STATIC)) ? m : NULL;
}

/* The maximally specific method with code, if there is one: of several it may be any, and so it may if there is none. */
static bool find_in_interfaces(const struct universe *u, struct universe_scratch *s, const struct universe_class *c,
			       uint32_t name, uint32_t descriptor, struct universe_found *out)
{
	const struct universe_member *m;
	bool any = false;

	gather(u, s, c);
	/* what is above an interface that has the method is hidden by it */
	for (uint32_t i = 0; i < s->above.n; i++)
		if (inherited(u, s, i, name, descriptor))
			add_interfaces(u, s, &s->hidden, &u->classes[s->above.list[i]]);
	close_trail(u, s, &s->hidden);
	for (uint32_t i = 0; i < s->above.n; i++) {
		m = inherited(u, s, i, name, descriptor);
		if (!m || (any && (m->access & CLASSFILE_ABSTRACT || is_on(s, &s->hidden, s->above.list[i]))))
			continue;
		*out = (struct universe_found){ &u->classes[s->above.list[i]], m };
		if (!(m->access & CLASSFILE_ABSTRACT) && !is_on(s, &s->hidden, s->above.list[i]))
			return true;
		any = true;
	}
	return any;
}

enum universe_outcome universe_resolve_method(const struct universe *u, struct universe_scratch *s,
					      const struct universe_class *c, bool interface, uint32_t name,
					      uint32_t descriptor, struct universe_found *out)
{
	struct universe_found found;

	if (interface != ((c->access & CLASSFILE_INTERFACE) != 0))
		return UNIVERSE_OUTCOME_WRONG_KIND;
	if (!interface && find_in_classes(u, c, name, descriptor, out))
		return UNIVERSE_OUTCOME_FOUND;
	if (interface) {
		const struct universe_class *object = universe_super(u, c);
		const struct universe_member *m = universe_method(u, c, name, descriptor);

		found = (struct universe_found){ c, m };
		if (!m && object) {
			m = universe_method(u, object, name, descriptor);
			m = m && (m->access & (CLASSFILE_PUBLIC | CLASSFILE_STATIC)) == CLASSFILE_PUBLIC ? m : NULL;
			found = (struct universe_found){ object, m };
		}
		if (m) {
			*out = found;
			return UNIVERSE_OUTCOME_FOUND;
		}
	}
	return find_in_interfaces(u, s, c, name, descriptor, out) ? UNIVERSE_OUTCOME_FOUND : UNIVERSE_OUTCOME_NO_METHOD;
}

/* ---- access (5.4.4) --------------------------------------------------------------------------------------------------------------------------- */

enum universe_outcome universe_access_class(const struct universe *u, const struct universe_class *from,
					    const struct universe_class *to)
{
	if (from == to || universe_same_package(from, to))
		return UNIVERSE_OUTCOME_FOUND;
	if (to->access & CLASSFILE_PUBLIC && universe_reads(u, from->module, to->module) &&
	    universe_exported(u, to->module, to->package, from->module))
		return UNIVERSE_OUTCOME_FOUND;
	return UNIVERSE_OUTCOME_NO_ACCESS;
}

/* The nest's host, if it is in the package and says that c is a member; else c itself (5.4.4). */
static const struct universe_class *host(const struct universe *u, const struct universe_class *c)
{
	const struct universe_class *h = c->nest_host ? universe_class_named(u, c->nest_host) : NULL;

	for (unsigned i = 0; h && universe_same_package(h, c) && i < h->nest_members_n; i++)
		if (u->numbers[h->nest_members + i] == c->name)
			return h;
	return c;
}

enum universe_outcome universe_access_member(const struct universe *u, const struct universe_class *from,
					     const struct universe_found *found)
{
	const unsigned access = found->member->access;
	bool may;

	if (access & CLASSFILE_PUBLIC)
		may = true;
	else if (access & CLASSFILE_PRIVATE)
		may = from == found->owner || host(u, from) == host(u, found->owner);
	else
		may = universe_same_package(from, found->owner) ||
		      (access & CLASSFILE_PROTECTED && universe_extends(u, from, found->owner));
	return may ? UNIVERSE_OUTCOME_FOUND : UNIVERSE_OUTCOME_NO_ACCESS;
}

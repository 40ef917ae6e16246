// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "jvm-broker/discharge/discharge.h"

#define NOWHERE UINT32_MAX /* a package or name that no class of the universe has */
#define INCOMPATIBLE "java/lang/IncompatibleClassChangeError"

struct discharge {
	const struct verify_verdict *verdict;
	const struct universe *u;
	struct universe_scratch *scratch;
	struct universe_class self; /* what the universe knows of the class, or would */
	uint32_t above;             /* number of its superclass's name; 0 = the universe has none of that name */
	struct discharge_failure *failures;
	uint32_t n;
};

static uint32_t number(const struct discharge *d, struct classfile_text text)
{
	return text.len ? universe_string(d->u, text.data, text.len) : 0;
}

static bool is_self(const struct discharge *d, const struct universe_class *c)
{
	return c->name == d->self.name;
}

/* The class of a name, as a loader has it; *error: why not. The class itself is there. */
static const struct universe_class *load(struct discharge *d, struct classfile_text name, const char **error)
{
	const struct universe_class *c;
	enum universe_outcome outcome;

	if (classfile_text_equal(name, d->verdict->name))
		return &d->self;
	outcome = universe_load(d->u, number(d, name), &c);
	if (!outcome)
		return c;
	*error = outcome == UNIVERSE_OUTCOME_CIRCULAR ? "java/lang/ClassCircularityError"
						      : "java/lang/NoClassDefFoundError";
	return NULL;
}

static const struct universe_class *super_of(const struct discharge *d, const struct universe_class *c)
{
	if (!is_self(d, c))
		return universe_super(d->u, c);
	return d->above ? universe_class_named(d->u, d->above) : NULL;
}

/* Is a the class b, or below it? */
static bool extends(const struct discharge *d, const struct universe_class *a, const struct universe_class *b)
{
	for (uint32_t left = d->u->classes_n + 1; a && left; a = super_of(d, a), left--)
		if (a->name == b->name)
			return true;
	return false;
}

static bool same_package(const struct discharge *d, const struct universe_class *c)
{
	return universe_same_package(&d->self, c);
}

/* ---- definition ----------------------------------------------------------------------------------------------------------------------- */

/* JVMS 5.3.5: is this class one that a sealed class permits? */
static bool permits(const struct discharge *d, const struct universe_class *c)
{
	if (!c->sealed)
		return true;
	if (c->module != d->self.module || (!c->module && !same_package(d, c)))
		return false;
	for (unsigned i = 0; i < c->permitted_n; i++)
		if (classfile_text_equal(universe_text(d->u, d->u->numbers[c->permitted + i]), d->verdict->name))
			return true;
	return false;
}

static const char *inherit(struct discharge *d, const struct verify_obligation *o)
{
	const bool extends_it = o->kind == VERIFY_EXTENDS;
	const struct universe_class *c;
	const char *error = NULL;

	if (classfile_text_equal(o->to, d->verdict->name))
		return "java/lang/ClassCircularityError";
	c = load(d, o->to, &error);
	if (!c)
		return error;
	/* its own superclasses must not lead back here */
	for (const struct universe_class *up = universe_super(d->u, c); up; up = universe_super(d->u, up))
		if (is_self(d, up))
			return "java/lang/ClassCircularityError";
	if (!(c->access & CLASSFILE_INTERFACE) != extends_it)
		return INCOMPATIBLE;
	if ((extends_it && c->access & CLASSFILE_FINAL) || !permits(d, c))
		return INCOMPATIBLE;
	return universe_access_class(d->u, &d->self, c) ? "java/lang/IllegalAccessError" : NULL;
}

/* As HotSpot looks: up the superclasses, past those whose method is none that can be overridden */
static const char * override(struct discharge *d, const struct verify_obligation *o)
{
	const uint32_t name = number(d, o->name), descriptor = number(d, o->descriptor);
	const struct universe_class *c = super_of(d, &d->self);

	if (!name || !descriptor)
		return NULL;
	for (uint32_t left = d->u->classes_n; c && left; c = universe_super(d->u, c), left--) {
		const struct universe_member *m = universe_method(d->u, c, name, descriptor);

		if (!m || !(m->access & CLASSFILE_FINAL) || m->access & (CLASSFILE_STATIC | CLASSFILE_PRIVATE))
			continue;
		if (m->access & (CLASSFILE_PUBLIC | CLASSFILE_PROTECTED) || same_package(d, c))
			return INCOMPATIBLE;
	}
	return NULL;
}

/* ---- linking -------------------------------------------------------------------------------------------------------------------------- */

static const char *assign(struct discharge *d, const struct verify_obligation *o)
{
	const struct universe_class *to, *from;
	const char *error = NULL;

	to = load(d, o->to, &error);
	if (!to)
		return error;
	if (to->access & CLASSFILE_INTERFACE)
		return NULL;
	from = load(d, o->from, &error);
	if (!from)
		return error;
	return extends(d, from, to) ? NULL : "java/lang/VerifyError";
}

static bool is_above(const struct discharge *d, struct classfile_text name)
{
	const struct universe_class *c = super_of(d, &d->self);
	const uint32_t wanted = number(d, name);

	for (uint32_t left = d->u->classes_n; c && left; c = universe_super(d->u, c), left--)
		if (c->name == wanted)
			return true;
	return false;
}

static bool find(struct discharge *d, const struct verify_obligation *o, const struct universe_class *c,
		 struct universe_found *found)
{
	const uint32_t name = number(d, o->name), descriptor = number(d, o->descriptor);

	if (!name || !descriptor)
		return false;
	if (o->kind == VERIFY_PROTECTED_FIELD)
		return !universe_resolve_field(d->u, d->scratch, c, name, descriptor, found);
	for (uint32_t left = d->u->classes_n; c && left; c = universe_super(d->u, c), left--) {
		found->member = universe_method(d->u, c, name, descriptor);
		found->owner = c;
		if (found->member)
			return true;
	}
	return false;
}

/* JVMS 4.10.1.8 */
static const char *protect(struct discharge *d, const struct verify_obligation *o)
{
	const struct universe_class *owner, *receiver;
	struct universe_found found;
	const char *error = NULL;

	if (!is_above(d, o->to))
		return NULL;
	owner = load(d, o->to, &error);
	if (!owner)
		return error;
	if (!find(d, o, owner, &found) || !(found.member->access & CLASSFILE_PROTECTED) || same_package(d, found.owner))
		return NULL;
	if (o->from.data[0] == '[')
		return "java/lang/VerifyError";
	if (d->verdict->interface && !CLASSFILE_TEXT_IS(o->from, "java/lang/Object"))
		return NULL; /* to HotSpot anything is an interface, here too */
	receiver = load(d, o->from, &error);
	if (!receiver)
		return error;
	return extends(d, receiver, &d->self) ? NULL : "java/lang/VerifyError";
}

static const char *interface(struct discharge *d, const struct verify_obligation *o)
{
	const char *error = NULL;
	const struct universe_class *c = load(d, o->to, &error);

	if (!c)
		return error;
	return c->access & CLASSFILE_INTERFACE ? NULL : "java/lang/VerifyError";
}

static const char *check(struct discharge *d, const struct verify_obligation *o)
{
	const char *error = NULL;

	switch (o->kind) {
	case VERIFY_EXTENDS:
	case VERIFY_IMPLEMENTS:
		return inherit(d, o);
	case VERIFY_OVERRIDES:
		return override(d, o);
	case VERIFY_LOADS:
		load(d, o->to, &error);
		return error;
	case VERIFY_ASSIGNABLE:
		return assign(d, o);
	case VERIFY_INTERFACE:
		return interface(d, o);
	case VERIFY_ABOVE:
		return is_above(d, o->to) ? NULL : "java/lang/VerifyError";
	default:
		return protect(d, o);
	}
}

/* ---- all of them ---------------------------------------------------------------------------------------------------------------------- */

static void know_self(struct discharge *d)
{
	const struct verify_verdict *v = d->verdict;
	const struct universe_class *known = universe_find(d->u, v->name.data, v->name.len);
	uint32_t len = v->name.len;

	while (len && v->name.data[len - 1] != '/')
		len--;
	if (known) {
		d->self = *known;
	} else {
		d->self = (struct universe_class){ .name = NOWHERE };
		d->self.package = universe_string(d->u, v->name.data, len ? len - 1 : 0);
		d->self.package = d->self.package || !len ? d->self.package : NOWHERE;
	}
	d->self.access = v->interface ? CLASSFILE_INTERFACE : 0;
	d->above = number(d, v->above);
}

static bool define_fails(const struct discharge *d)
{
	return d->n && d->failures[0].phase == VERIFY_DEFINE;
}

/* Of a method the first is told: places stand in the order of methods, so it is among the last. */
static void check_places(struct discharge *d, const char **errors, bool *done)
{
	const struct verify_verdict *v = d->verdict;

	for (uint32_t i = 0; i < v->places_n; i++) {
		const struct verify_place *place = &v->places[i];
		const struct verify_obligation *o = &v->obligations[place->obligation];
		const bool define = o->kind <= VERIFY_OVERRIDES;

		if (!define && (define_fails(d) || (d->n && d->failures[d->n - 1].method == place->method)))
			continue;
		if (!done[place->obligation]) {
			errors[place->obligation] = check(d, o);
			done[place->obligation] = true;
		}
		if (errors[place->obligation])
			d->failures[d->n++] = (struct discharge_failure){ errors[place->obligation],
									  place->axiom,
									  define ? VERIFY_DEFINE : VERIFY_LINK,
									  place->method,
									  place->bci,
									  o->to };
	}
}

int discharge(const struct verify_verdict *verdict, const struct universe *u, struct universe_scratch *scratch,
	      struct keel_arena *arena, const struct discharge_failure **out)
{
	struct discharge d = { .verdict = verdict, .u = u, .scratch = scratch };
	const char **errors = keel_arena_take(arena, (verdict->obligations_n + 1) * sizeof(*errors));
	bool *done = keel_arena_zeroed(arena, verdict->obligations_n + 1, sizeof(*done));
	uint32_t at = 0, places;

	d.failures = keel_arena_take(arena, (verdict->places_n + verdict->errors_n + 1) * sizeof(*d.failures));
	if (!errors || !done || !d.failures)
		return -ENOMEM;
	if (verdict->name.len)
		know_self(&d);
	check_places(&d, errors, done);
	places = d.n;
	for (uint32_t i = 0; i < verdict->errors_n; i++) {
		const struct verify_error *e = &verdict->errors[i];

		/* both stand in the order of methods */
		while (at < places && d.failures[at].method < e->method)
			at++;
		if (e->phase == VERIFY_LINK &&
		    (define_fails(&d) || (at < places && d.failures[at].method == e->method)))
			continue;
		d.failures[d.n++] = (struct discharge_failure){
			verify_axiom_error(e->axiom), e->axiom, e->phase, e->method, e->bci, { NULL, 0 }
		};
	}
	*out = d.failures;
	return (int)d.n;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: the state of a walk, and its one checked reader. */
#ifndef JVM_BROKER_CLASSFILE_WALKER_H
#define JVM_BROKER_CLASSFILE_WALKER_H

#include "jvm-broker/classfile/walk.h"

struct walker {
	const struct classfile *c;
	const struct classfile_visitor *v;
	uint32_t at, end; /* end of what is being read: an attribute, a code array, the class */
	uint32_t pc;
	unsigned depth; /* of element values inside element values */
	unsigned malformed;
	bool failed; /* what is being read does not fit: readers give 0 from here on */
};

#define ONE(tag) (1u << CLASSFILE_##tag)
#define ANY_MEMBER (ONE(FIELDREF) | ONE(METHODREF) | ONE(INTERFACE_METHODREF))
#define ANY_METHOD (ONE(METHODREF) | ONE(INTERFACE_METHODREF))
#define LOADABLE_1 \
	(ONE(INTEGER) | ONE(FLOAT) | ONE(CLASS) | ONE(STRING) | ONE(METHOD_HANDLE) | ONE(METHOD_TYPE) | ONE(DYNAMIC))
#define LOADABLE_2 (ONE(LONG) | ONE(DOUBLE) | ONE(DYNAMIC))

static inline void walk_enter(struct walker *w, const char *label, uint32_t i)
{
	if (w->v->enter)
		w->v->enter(w->v->arg, label, i);
}

static inline void walk_leave(struct walker *w)
{
	if (w->v->leave)
		w->v->leave(w->v->arg);
}

/* Tells the visitor of a field of this width at w->at, and passes it. */
static inline void walk_tell(struct walker *w, const char *label, enum classfile_meaning meaning, uint32_t width,
			     uint32_t value, uint32_t expects)
{
	const struct classfile_field field = { .label = label,
					       .meaning = (uint8_t)meaning,
					       .at = w->at,
					       .width = width,
					       .value = value,
					       .expects = expects,
					       .pc = w->pc };

	if (w->v->field)
		w->v->field(w->v->arg, &field);
	w->at += width;
}

/* Reads a field of 1, 2 or 4 octets; 0 once failed. */
uint32_t walk_read(struct walker *w, const char *label, enum classfile_meaning meaning, unsigned width,
		   uint32_t expects);
/* n octets as they are. */
void walk_octets(struct walker *w, const char *label, uint32_t n);
/* What is being read ends here: if it failed, or there is more, that is malformed. */
void walk_close(struct walker *w);
/* A list of attributes: its count and then each; what may not stand in this place is raw octets. */
void walk_attributes(struct walker *w, enum classfile_place place);
/* code[] of a Code attribute, n octets at w->at. */
void walk_code(struct walker *w, uint32_t n);

static inline uint32_t walk_number(struct walker *w, const char *label, unsigned width)
{
	return walk_read(w, label, CLASSFILE_IS_NUMBER, width, 0);
}

static inline uint32_t walk_flags(struct walker *w, const char *label)
{
	return walk_read(w, label, CLASSFILE_IS_FLAGS, 2, 0);
}

static inline uint32_t walk_index(struct walker *w, const char *label, uint32_t expects)
{
	return walk_read(w, label, CLASSFILE_IS_INDEX, 2, expects);
}

static inline uint32_t walk_option(struct walker *w, const char *label, uint32_t expects)
{
	return walk_read(w, label, CLASSFILE_IS_OPTION, 2, expects);
}

static inline uint32_t walk_count(struct walker *w, const char *label, unsigned width)
{
	return walk_read(w, label, CLASSFILE_IS_COUNT, width, 0);
}

#endif

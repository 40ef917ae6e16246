/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A universe for a test: a few words make a class. */
#ifndef TESTS_UNIT_UNIVERSE_WORLD_H
#define TESTS_UNIT_UNIVERSE_WORLD_H

#include "jvm-broker/universe/universe.h"

/* Made anew for each test. Artefact 0 is a JDK's, 1 and 2 are on the class path. */
extern struct world {
	struct keel_arena arena;
	struct universe_builder b;
	struct keel_buffer out;
	struct universe u; /* from world_finish on */
} world;

/* Words are separated by blanks: a class's interfaces, members ("name:descriptor", or "name:descriptor:FLAGS" in hex, else they are public), or names in an attribute. */
struct shape {
	const char *name, *super, *interfaces, *fields, *methods;
	const char *host, *members, *permitted; /* NULL: no attribute */
	unsigned access, major;
};

void world_setup(void);
void world_teardown(void);
struct classfile_text world_text(const char *s);
/* The next word of a list; its length, 0 at the end. */
size_t world_word(const char **at, char out_word[64]);
/* A class file of this shape, in the arena */
struct classfile world_class(const struct shape *s);
/* To artefact: module "" is the class path. world_plain: a class that extends 'super' and has nothing. */
enum universe_reason world_add(uint32_t artefact, const char *module, const struct shape *s);
enum universe_reason world_plain(uint32_t artefact, const char *module, const char *name, const char *super);
/* exports: "package" to all, "package>module" to one; requires: with ! they are transitive. */
enum universe_reason world_module(uint32_t artefact, const char *name, const char *requires, const char *exports);
/* Four modules: java.base with Object, Runnable and a package for 'other' only; other, which requires it transitively; third, which requires
 * other; fourth, which requires third. */
void world_jdk(void);
void world_finish(void);
/* NULL: it does not load; world_must fails the test then. */
const struct universe_class *world_find(const char *name);
const struct universe_class *world_must(const char *name);
uint32_t world_number(const char *s);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
/* universe IMAGE: builds the universe of a JDK's image and prints a line for every class, in the words of Reflect.java; on stderr what it took. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "jvm-broker/archive/jar.h"
#include "jvm-broker/universe/resolve.h"
#include "jvm-broker/universe/universe.h"

#define EVENT "jdk/internal/event/Event"

static struct keel_arena arena, directory;
static struct archive_inflater *inflater;
static struct universe_builder builder;
static struct archive image;

static void die(const char *what)
{
	fprintf(stderr, "universe: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The class of an entry, and its name and module; false: it is none, or not of the wanted kind. */
static bool read_entry(uint32_t i, bool info, struct classfile *c, struct classfile_text *name,
		       struct classfile_text *module)
{
	const struct archive_entry *e = &image.entries[i];
	struct archive_part part;
	const uint8_t *content;

	archive_part(&image, e, &part);
	if (part.role != ARCHIVE_ROLE_CLASS ||
	    (part.name_len == 17 && !memcmp(part.name, "module-info.class", 17)) != info)
		return false;
	*name = (struct classfile_text){ (const uint8_t *)part.name, part.name_len - 6 };
	*module = (struct classfile_text){ (const uint8_t *)e->name + 1, (uint32_t)(part.name - e->name - 2) };
	keel_arena_reset(&arena);
	if (archive_read(&image, e, inflater, &arena, &content) || classfile_parse(content, e->size, &arena, c, NULL))
		die("an entry cannot be read");
	return true;
}

static void build(struct keel_buffer *out)
{
	struct classfile_text name, module;
	struct classfile c;

	for (int classes = 0; classes < 2; classes++)
		for (uint32_t i = 0; i < image.n; i++) {
			if (!read_entry(i, !classes, &c, &name, &module))
				continue;
			if (classes ? universe_add_class(&builder, 0, name, module, &c)
				    : universe_add_module(&builder, 0, &c))
				die("a class is not taken");
		}
	if (universe_builder_finish(&builder, out))
		die("not finished");
}

static void print_text(const struct universe *u, uint32_t n)
{
	const struct classfile_text t = universe_text(u, n);

	printf(" %.*s", n ? (int)t.len : 1, n ? (const char *)t.data : "-");
}

static void print_list(const struct universe *u, uint32_t at, unsigned n)
{
	printf(" [");
	for (unsigned i = 0; i < n; i++) {
		const struct classfile_text t = universe_text(u, u->numbers[at + i]);

		printf("%s%.*s", i ? "," : "", (int)t.len, (const char *)t.data);
	}
	printf("]");
}

/* As the virtual machine has it: an interface has no superclass, and only what loads may extend a sealed class. */
static void print_class(const struct universe *u, const struct universe_class *c)
{
	const struct classfile_text name = universe_text(u, c->name);
	unsigned methods = c->methods_n;

	printf("%.*s", (int)name.len, (const char *)name.data);
	print_text(u, u->modules[c->module - 1].name);
	printf(universe_exported(u, c->module, c->package, 0) ? " exported" : " inside");
	print_text(u, c->access & CLASSFILE_INTERFACE ? 0 : c->super_name);
	print_list(u, c->interfaces, c->interfaces_n);
	print_text(u, c->nest_host ? c->nest_host : c->name);
	if (c->sealed)
		print_list(u, c->permitted, c->permitted_n);
	else
		printf(" -");
	for (unsigned i = 0; i < c->methods_n; i++)
		methods -= CLASSFILE_TEXT_IS(universe_text(u, u->members[c->methods + i].name), "<clinit>");
	if (universe_extends(u, c, universe_find(u, EVENT, sizeof(EVENT) - 1)))
		printf(" event\n");
	else
		printf(" methods %u\n", methods);
	if (c->state != UNIVERSE_WHOLE || universe_class_named(u, c->name) != c)
		die("a class that does not load");
}

/* ---- references ---------------------------------------------------------------------------------------------------------------------------- */

static uint64_t references[UNIVERSE_OUTCOMES_N];

static uint32_t number(const struct universe *u, struct classfile_text text)
{
	return universe_string(u, text.data, text.len);
}

/* What a reference to a member leads to, from class 'from': an array's are Object's. */
static enum universe_outcome resolve(const struct universe *u, struct universe_scratch *s,
				     const struct universe_class *from, const struct classfile_reference_parts *parts)
{
	const bool array = parts->owner_name.data[0] == '[';
	const uint32_t name = number(u, parts->name), descriptor = number(u, parts->descriptor);
	const struct classfile_text object = { (const uint8_t *)"java/lang/Object", 16 };
	const struct universe_class *c;
	struct universe_found found;
	enum universe_outcome outcome = universe_load(u, number(u, array ? object : parts->owner_name), &c);

	if (!outcome)
		outcome = universe_access_class(u, from, c);
	if (outcome)
		return outcome;
	if (parts->tag == CLASSFILE_FIELDREF)
		outcome = universe_resolve_field(u, s, c, name, descriptor, &found);
	else
		outcome = universe_resolve_method(u, s, c, parts->tag == CLASSFILE_INTERFACE_METHODREF, name,
						  descriptor, &found);
	/* an array's clone is public */
	if (!outcome && !array)
		outcome = universe_access_member(u, from, &found);
	return outcome;
}

static void resolve_class(const struct universe *u, struct universe_scratch *s, const struct classfile *c,
			  const struct universe_class *from)
{
	for (uint32_t i = 1; i < c->constants_n; i++) {
		struct classfile_reference_parts parts;
		enum universe_outcome outcome;

		if (classfile_reference(c, i, &parts) || !parts.owner_name.data)
			continue;
		outcome = resolve(u, s, from, &parts);
		references[outcome]++;
		if (outcome)
			fprintf(stderr, "reference %s %.*s -> %.*s.%.*s:%.*s\n", universe_outcome_error(outcome),
				(int)universe_text(u, from->name).len, (const char *)universe_text(u, from->name).data,
				(int)parts.owner_name.len, (const char *)parts.owner_name.data, (int)parts.name.len,
				(const char *)parts.name.data, (int)parts.descriptor.len,
				(const char *)parts.descriptor.data);
	}
}

static void resolve_all(const struct universe *u)
{
	struct classfile_text name, module;
	struct universe_scratch scratch;
	struct classfile c;
	double spent = 0;

	if (universe_scratch_init(&scratch, u, &directory))
		die("no memory");
	for (uint32_t i = 0; i < image.n; i++) {
		double begin;

		if (!read_entry(i, false, &c, &name, &module))
			continue;
		begin = now();
		resolve_class(u, &scratch, &c, universe_find(u, name.data, name.len));
		spent += now() - begin;
	}
	fprintf(stderr, "%.0f ms to resolve:", spent * 1e3);
	for (int i = 0; i < UNIVERSE_OUTCOMES_N; i++)
		fprintf(stderr, " %s %llu", i ? universe_outcome_error((enum universe_outcome)i) : "found",
			(unsigned long long)references[i]);
	fprintf(stderr, "\n");
}

int main(int argc, char **argv)
{
	const struct universe_artefact artefact = { "image", UNIVERSE_MODULES };
	const int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	struct keel_buffer out;
	struct universe u;
	struct stat st;
	double begin;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		die(argc == 2 ? strerror(errno) : "usage: universe IMAGE");
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	keel_arena_init(&arena, 0);
	keel_arena_init(&directory, 0);
	keel_buffer_init(&out, 0);
	inflater = archive_inflater_new();
	begin = now();
	if (map == MAP_FAILED || archive_open(map, (size_t)st.st_size, NULL, &directory, &image) ||
	    image.kind != ARCHIVE_JIMAGE)
		die("no image");
	universe_builder_init(&builder, &artefact, 1);
	build(&out);
	fprintf(stderr, "%.0f ms to build", (now() - begin) * 1e3);
	begin = now();
	if (universe_open(out.data, out.len, &u))
		die("not opened");
	fprintf(stderr, ", %.1f ms to open: %zu octets, %u classes, %u members, %u strings\n", (now() - begin) * 1e3,
		out.len, u.classes_n, u.members_n, u.strings_n);
	for (uint32_t i = 0; i < u.classes_n; i++)
		print_class(&u, &u.classes[i]);
	resolve_all(&u);
	universe_builder_free(&builder);
	archive_inflater_free(&inflater);
	keel_buffer_free(&out);
	keel_arena_free(&directory);
	keel_arena_free(&arena);
	return 0;
}

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
	universe_builder_free(&builder);
	archive_inflater_free(&inflater);
	keel_buffer_free(&out);
	keel_arena_free(&directory);
	keel_arena_free(&arena);
	return 0;
}

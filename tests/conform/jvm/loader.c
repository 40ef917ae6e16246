// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/conform/jvm/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jvm-broker/archive/jar.h"

#define ARTEFACTS_MAX 256

struct building {
	struct universe_builder builder;
	struct archive_inflater *inflater;
	struct keel_arena directory, arena;
	bool flat; /* the image is on the class path but for java.* */
};

enum turn { MODULES, JAVA, OTHERS }; /* of the classes of the image */

static int open_archive(struct building *b, const char *path, struct archive *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map = MAP_FAILED;

	if (fd >= 0 && !fstat(fd, &st))
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED || archive_open(map, (size_t)st.st_size, NULL, &b->directory, out)) {
		fprintf(stderr, "verdicts: %s cannot be read\n", path);
		return -EINVAL;
	}
	return 0;
}

static bool is_java(const struct archive_part *part)
{
	return part->name_len > 5 && !memcmp(part->name, "java/", 5);
}

/* Adds a class of an archive; artefact: which one */
static void add_class(struct building *b, const struct archive *a, const struct archive_entry *e, uint32_t artefact,
		      enum turn turn)
{
	const bool image = a->kind == ARCHIVE_JIMAGE;
	struct classfile_text module = { NULL, 0 };
	struct archive_part part;
	struct classfile c;
	const uint8_t *content;
	bool info;

	archive_part(a, e, &part);
	if (part.role != ARCHIVE_ROLE_CLASS || part.release)
		return;
	info = part.name_len == 17 && !memcmp(part.name, "module-info.class", 17);
	if (info != (turn == MODULES) || (!info && image && b->flat && is_java(&part) != (turn == JAVA)))
		return;
	keel_arena_reset(&b->arena);
	if (archive_read(a, e, b->inflater, &b->arena, &content) ||
	    classfile_parse(content, e->size, &b->arena, &c, NULL))
		return; /* nobody has it */
	if (image && (turn == JAVA || !b->flat))
		module = (struct classfile_text){ (const uint8_t *)e->name + 1, (uint32_t)(part.name - e->name - 2) };
	if (info)
		universe_add_module(&b->builder, artefact, &c);
	else
		universe_add_class(&b->builder, artefact,
				   (struct classfile_text){ (const uint8_t *)part.name, part.name_len - 6 }, module,
				   &c);
}

static void add_all(struct building *b, const struct archive *a, uint32_t artefact, enum turn turn)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (!a->entries[i].reason)
			add_class(b, a, &a->entries[i], artefact, turn);
}

static int build(struct building *b, const char *image, char **entries, int n, struct keel_buffer *out)
{
	struct universe_artefact artefacts[ARTEFACTS_MAX] = { { { 1 }, UNIVERSE_MODULES } };
	struct archive all, jar;
	int err = open_archive(b, image, &all);

	if (n + 2 > ARTEFACTS_MAX)
		return -E2BIG;
	for (int i = 1; i < n + 2; i++)
		artefacts[i] = (struct universe_artefact){ { (uint8_t)(i + 1) }, UNIVERSE_CLASS_PATH };
	universe_builder_init(&b->builder, artefacts, (uint32_t)n + 2);
	if (!err) {
		add_all(b, &all, 0, MODULES);
		add_all(b, &all, 0, JAVA);
	}
	for (int i = 0; i < n && !err; i++) {
		if (!strcmp(entries[i], "IMAGE"))
			continue;
		err = open_archive(b, entries[i], &jar);
		if (!err)
			add_all(b, &jar, (uint32_t)i + 1, JAVA);
	}
	if (!err && b->flat)
		add_all(b, &all, (uint32_t)n + 1, OTHERS);
	if (!err && universe_builder_finish(&b->builder, out))
		err = -EINVAL;
	universe_builder_free(&b->builder);
	return err;
}

int loader_open(const char *image, char **entries, int n, struct loader *out)
{
	struct building b = { .inflater = archive_inflater_new() };
	int err;

	for (int i = 0; i < n; i++)
		b.flat |= !strcmp(entries[i], "IMAGE");
	keel_arena_init(&b.directory, 0);
	keel_arena_init(&b.arena, 0);
	keel_buffer_init(&out->octets, 0);
	err = build(&b, image, entries, n, &out->octets);
	if (!err && universe_open(out->octets.data, out->octets.len, &out->universe))
		err = -EINVAL;
	archive_inflater_free(&b.inflater);
	keel_arena_free(&b.arena);
	keel_arena_free(&b.directory);
	if (err)
		fprintf(stderr, "verdicts: no universe: %s\n", strerror(-err));
	return err;
}

void loader_free(struct loader *loader)
{
	keel_buffer_free(&loader->octets);
}

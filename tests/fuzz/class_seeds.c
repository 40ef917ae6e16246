// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes the seeds of the fuzzers classfile, jar, jimage and universe: class_seeds FOLDER (tests/fuzz/corpus) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "jvm-broker/archive/jar_writer.h"
#include "jvm-broker/universe/universe.h"
#include "tests/unit/archive/image.h"
#include "tests/unit/classfile/specimen.h"

static const char *folder;

static void save(const char *fuzzer, const char *name, struct keel_buffer *b)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, fuzzer);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/%s", folder, fuzzer, name);
	file = fopen(path, "we");
	if (!file || fwrite(b->data, 1, b->len, file) != b->len || fclose(file)) {
		fprintf(stderr, "class_seeds: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	keel_buffer_clear(b);
}

static void add(struct archive_writer *w, const char *name, const char *content, struct archive_deflater *deflater)
{
	if (archive_writer_add(w, name, strlen(name), content, strlen(content), deflater))
		abort();
}

/* A jar with a manifest, versions, a signature, and names that are refused */
static void jar(struct keel_buffer *b, bool jmod, bool wild)
{
	struct archive_deflater *deflater = archive_deflater_new(6);
	struct archive_writer w;

	archive_writer_init(&w, b, jmod);
	add(&w, "META-INF/", "", NULL);
	add(&w, "META-INF/MANIFEST.MF",
	    "Manifest-Version: 1.0\r\nMulti-Release: true\r\nClass-Path: a.jar\r\n b.jar\r\n\r\nName: a/B.class\r\n"
	    "SHA-256-Digest: x\r\n",
	    deflater);
	add(&w, jmod ? "classes/a/B.class" : "a/B.class", "class content class content class content", deflater);
	add(&w, "META-INF/versions/9/a/B.class", "newer", deflater);
	if (wild) {
		add(&w, "../up", "x", NULL);
		add(&w, "a/B.class", "again", NULL);
		add(&w, "/root", "x", NULL);
	}
	if (archive_writer_end(&w))
		abort();
	archive_writer_free(&w);
	archive_deflater_free(&deflater);
}

static void image(struct keel_buffer *b, bool big)
{
	static const char deflated[] = "\x4b\x84\x03\x00"; /* ten a */
	struct image_entry entries[] = {
		{ "java.base", "java/lang", "Object", "class", "content", 7, 0 },
		{ "java.base", "", "module-info", "class", "", 0, 0 },
		{ "m", "", "packed", "", NULL, 0, 10 },
	};
	struct keel_buffer packed;

	keel_buffer_init(&packed, 0);
	image_pack(&packed, deflated, sizeof(deflated) - 1, 10, 1, big);
	entries[2].content = (const char *)packed.data;
	entries[2].size = (uint32_t)packed.len;
	image_make(b, entries, 3, big);
	keel_buffer_free(&packed);
}

/* A universe of a module and a class; behind an octet that says what it is */
static void universe(struct keel_buffer *b)
{
	static const struct universe_artefact artefacts[] = { { "one", UNIVERSE_MODULES },
							      { "two", UNIVERSE_CLASS_PATH } };
	struct keel_buffer octets, built;
	struct universe_builder builder;
	struct keel_arena arena;
	struct classfile c;

	keel_arena_init(&arena, 0);
	keel_buffer_init(&octets, 0);
	keel_buffer_init(&built, 0);
	universe_builder_init(&builder, artefacts, 2);
	specimen_module(&octets, 53);
	if (classfile_parse(octets.data, octets.len, &arena, &c, NULL) || universe_add_module(&builder, 0, &c))
		abort();
	keel_buffer_clear(&octets);
	specimen_class(&octets, 61);
	if (classfile_parse(octets.data, octets.len, &arena, &c, NULL) ||
	    universe_add_class(&builder, 1, classfile_name_of(&c, c.this_class), (struct classfile_text){ 0 }, &c) ||
	    universe_builder_finish(&builder, &built))
		abort();
	keel_buffer_putc(b, 1);
	keel_buffer_append(b, built.data, built.len);
	universe_builder_free(&builder);
	keel_buffer_free(&octets);
	keel_buffer_free(&built);
	keel_arena_free(&arena);
}

int main(int argc, char **argv)
{
	struct keel_buffer b;

	if (argc != 2) {
		fputs("usage: class_seeds FOLDER\n", stderr);
		return 2;
	}
	folder = argv[1];
	keel_buffer_init(&b, 0);
	specimen_class(&b, 45);
	save("classfile", "class-45", &b);
	specimen_class(&b, 69);
	save("classfile", "class-69", &b);
	specimen_module(&b, 53);
	save("classfile", "module-53", &b);
	jar(&b, false, false);
	save("jar", "plain", &b);
	jar(&b, false, true);
	save("jar", "wild", &b);
	jar(&b, true, false);
	save("jar", "jmod", &b);
	keel_buffer_puts(&b, "something before it\n");
	jar(&b, false, false);
	save("jar", "prefix", &b);
	image(&b, false);
	save("jimage", "little", &b);
	image(&b, true);
	save("jimage", "big", &b);
	universe(&b);
	save("universe", "small", &b);
	keel_buffer_putc(&b, 0);
	specimen_class(&b, 61);
	save("universe", "class", &b);
	keel_buffer_putc(&b, 2);
	specimen_module(&b, 53);
	save("universe", "module", &b);
	keel_buffer_free(&b);
	return 0;
}

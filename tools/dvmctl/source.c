// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/dvmctl/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/lib/keel/cleanup.h"

#define DEPTH_MAX 100 /* folders in folders */

void sources_init(struct sources *s, const char *only)
{
	*s = (struct sources){ .only = only };
	keel_arena_init(&s->arena, 0);
}

void sources_free(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		source_unmap(s->list[i].data, s->list[i].size);
		free(s->list[i].path);
	}
	free(s->list);
	free(s->units);
	keel_arena_free(&s->arena);
}

int source_map(const char *path, const uint8_t **data, size_t *size)
{
	KEEL_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	*size = (size_t)st.st_size;
	if (!st.st_size) {
		*data = (const uint8_t *)"";
		return 0;
	}
	map = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*data = map;
	return 0;
}

void source_unmap(const uint8_t *data, size_t size)
{
	if (data && size)
		munmap((void *)data, size);
}

/* Room for one more element of the size */
static int grow(void **list, size_t n, size_t *room, size_t size)
{
	const size_t more = *room ? 2 * *room : 64;
	void *grown;

	if (n < *room)
		return 0;
	grown = reallocarray(*list, more, size);
	if (!grown)
		return -ENOMEM;
	*list = grown;
	*room = more;
	return 0;
}

static int add_unit(struct sources *s, uint32_t source, uint32_t entry)
{
	if (grow((void **)&s->units, s->units_n, &s->units_room, sizeof(*s->units)))
		return -ENOMEM;
	s->units[s->units_n++] = (struct unit){ source, entry };
	return 0;
}

static bool matches(const struct sources *s, const char *name)
{
	return !s->only || !fnmatch(s->only, name, 0);
}

static int add_entries(struct sources *s, uint32_t source)
{
	const struct archive *a = &s->list[source].archive;
	KEEL_AUTO_FREE char *name = NULL;
	int ret = 0;

	for (uint32_t i = 0; i < a->n && !ret; i++) {
		if (!archive_entry_ends(&a->entries[i], ".class"))
			continue;
		if (s->only) {
			free(name);
			name = strndup(a->entries[i].name, a->entries[i].name_len);
			if (!name)
				return -ENOMEM;
		}
		if (matches(s, name))
			ret = add_unit(s, source, i);
	}
	return ret;
}

static bool looks_like_archive(const uint8_t *data, size_t size)
{
	static const char *const heads[] = { "PK\3\4", "PK\5\6", "JM\1", "\xca\xfe\xda\xda", "\xda\xda\xfe\xca" };

	for (size_t i = 0; i < KEEL_COUNT(heads); i++)
		if (size >= 4 && !memcmp(data, heads[i], strlen(heads[i])))
			return true;
	return false;
}

static bool has_suffix(const char *path, const char *suffix)
{
	const size_t len = strlen(path), n = strlen(suffix);

	return len >= n && !strcmp(path + len - n, suffix);
}

static int add_file(struct sources *s, const char *path, bool from_folder)
{
	const bool named_class = has_suffix(path, ".class");
	struct source source = { 0 };
	enum archive_reason reason;
	int ret;

	if (from_folder && named_class && !matches(s, path))
		return 0;
	if (grow((void **)&s->list, s->n, &s->room, sizeof(*s->list)))
		return -ENOMEM;
	ret = named_class && from_folder ? 0 : source_map(path, &source.data, &source.size);
	if (ret) {
		fprintf(stderr, "dvmctl: %s: %s\n", path, strerror(-ret));
		s->unread++;
		return 0;
	}
	source.is_archive = !named_class && (looks_like_archive(source.data, source.size) || has_suffix(path, ".jar") ||
					     has_suffix(path, ".jmod") || has_suffix(path, ".zip"));
	if (!source.is_archive && from_folder && !named_class) {
		source_unmap(source.data, source.size);
		return 0;
	}
	if (source.is_archive) {
		s->archives++;
		reason = archive_open(source.data, source.size, NULL, &s->arena, &source.archive);
		if (reason) {
			fprintf(stderr, "dvmctl: %s: %s (%s)\n", path, archive_reason_text(reason),
				archive_reason_counter(reason));
			s->archives_refused[reason]++;
			source_unmap(source.data, source.size);
			return 0;
		}
	}
	source.path = strdup(path);
	if (!source.path) {
		source_unmap(source.data, source.size);
		return -ENOMEM;
	}
	s->list[s->n++] = source;
	return source.is_archive ? add_entries(s, (uint32_t)s->n - 1) : add_unit(s, (uint32_t)s->n - 1, 0);
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

/* All files below, in the order of their names. Links are not followed. */
static int add_folder(struct sources *s, const char *path, unsigned depth)
{
	struct dirent **names;
	const int n = scandir(path, &names, no_dots, alphasort);
	int ret = 0;

	if (n < 0 || depth > DEPTH_MAX) {
		fprintf(stderr, "dvmctl: %s: %s\n", path, n < 0 ? strerror(errno) : "too deep");
		s->unread++;
		return 0;
	}
	for (int i = 0; i < n; i++) {
		char *below;
		struct stat st;

		if (!ret && asprintf(&below, "%s/%s", path, names[i]->d_name) < 0)
			ret = -ENOMEM;
		if (!ret) {
			if (lstat(below, &st))
				s->unread++;
			else if (S_ISDIR(st.st_mode))
				ret = add_folder(s, below, depth + 1);
			else if (S_ISREG(st.st_mode))
				ret = add_file(s, below, true);
			free(below);
		}
		free(names[i]);
	}
	free(names);
	return ret;
}

int sources_add(struct sources *s, const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode) ? add_folder(s, path, 0) : add_file(s, path, false);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/conform/jvm/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char magic[8] = "OSNCVRD1";

static size_t text_size(const char *text)
{
	return text ? strnlen(text, 65535) : 0;
}

static int put_text(FILE *file, const char *text)
{
	size_t size = text_size(text);
	uint8_t head[2] = { size >> 8, size };

	return fwrite(head, 2, 1, file) == 1 && fwrite(text ?: "", 1, size, file) == size ? 0 : -EIO;
}

int verdict_begin(FILE *file, const char *who)
{
	return fwrite(magic, sizeof(magic), 1, file) == 1 ? put_text(file, who) : -EIO;
}

int verdict_put(FILE *file, const struct verdict *verdict)
{
	const char *texts[] = { verdict->error, verdict->class, verdict->method, verdict->culprit, verdict->message };
	uint32_t size = 18, bci = (uint32_t)verdict->bci;
	uint8_t head[22];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		size += 2 + text_size(texts[i]);
	for (int i = 0; i < 4; i++) {
		head[i] = size >> (24 - 8 * i);
		head[4 + i] = verdict->number >> (24 - 8 * i);
		head[18 + i] = bci >> (24 - 8 * i);
	}
	for (int i = 0; i < 8; i++)
		head[8 + i] = verdict->hash >> (56 - 8 * i);
	head[16] = verdict->phase;
	head[17] = verdict->flags;
	if (fwrite(head, sizeof(head), 1, file) != 1)
		return -EIO;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int err = put_text(file, texts[i]);

		if (err)
			return err;
	}
	return 0;
}

static int take(char *method, size_t room, const char *name, size_t name_size, const char *descriptor, size_t size)
{
	if (name_size + size >= room)
		return -ENOENT;
	memcpy(method, name, name_size);
	memcpy(method + name_size, descriptor, size);
	method[name_size + size] = 0;
	return 0;
}

/* The old verifier: "(class: a/B, method: f signature: (I)V) Unable to pop operand off an empty stack" */
static int place_old(const char *message, const char *class, char *method, size_t room, int32_t *bci)
{
	static const char words[] = ", method: ", next[] = " signature: ";
	size_t length = strlen(class);
	const char *name, *descriptor, *end;
	int err;

	if (strncmp(message, "(class: ", 8) || strncmp(message + 8, class, length))
		return -ENOENT;
	name = message + 8 + length;
	if (strncmp(name, words, sizeof(words) - 1))
		return -ENOENT;
	name += sizeof(words) - 1;
	descriptor = strstr(name, next);
	if (!descriptor)
		return -ENOENT;
	end = strchr(descriptor, ')'); /* of the parameters */
	end = end ? strstr(end + 1, ") ") : NULL;
	if (!end)
		return -ENOENT;
	err = take(method, room, name, descriptor - name, descriptor + sizeof(next) - 1,
		   end - descriptor - (sizeof(next) - 1));
	if (!err)
		*bci = -1;
	return err;
}

/* The type checker: "...\nException Details:\n  Location:\n    a/B.f(I)V @4: aload_0\n  Reason:..." */
static int place_new(const char *message, const char *class, char *method, size_t room, int32_t *bci)
{
	static const char words[] = "Location:\n    ";
	const char *place = strstr(message, words), *end, *at = NULL;
	size_t length = strlen(class);
	int err;

	if (!place)
		return -ENOENT;
	place += sizeof(words) - 1;
	end = strchrnul(place, '\n');
	for (const char *p = place; (p = strstr(p, " @")) && p < end; p++)
		at = p;
	if (!at || (size_t)(at - place) < length + 1 || place[length] != '.')
		return -ENOENT;
	for (size_t i = 0; i < length; i++)
		if (place[i] != class[i] && !(place[i] == '.' && class[i] == '/'))
			return -ENOENT;
	err = take(method, room, place + length + 1, at - place - length - 1, "", 0);
	if (!err)
		*bci = strtol(at + 2, NULL, 10);
	return err;
}

int verdict_place(const char *message, const char *class, char *method, size_t room, int32_t *bci)
{
	if (*message == '(')
		return place_old(message, class, method, room, bci);
	return place_new(message, class, method, room, bci);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "jvm-broker/verify/names.h"

#define FEWEST 64

#define KNOWN_ROW(name, text) { (const uint8_t *)(text), sizeof(text) - 1 },
static const struct classfile_text known[] = { NAME_KNOWN(KNOWN_ROW) };

#define LETTER_ROW(name, letter) letter,
static const uint8_t letters[] = { NAME_PRIMITIVES(LETTER_ROW) };

static uint32_t hash(const uint8_t *text, uint32_t len)
{
	uint64_t h = len * 0x9e3779b97f4a7c15, word = 0;

	for (; len >= 8; text += 8, len -= 8) {
		memcpy(&word, text, 8);
		h = (h ^ word) * 0xff51afd7ed558ccd;
		h ^= h >> 29;
	}
	word = 0;
	memcpy(&word, text, len);
	h = (h ^ word) * 0xff51afd7ed558ccd;
	return (uint32_t)(h >> 32);
}

static bool grow(struct names *names)
{
	const uint32_t n = 2 * names->slots_n;
	uint32_t *slots = keel_arena_zeroed(names->arena, n, sizeof(*slots));
	struct classfile_text *texts = keel_arena_take(names->arena, n / 2 * sizeof(*texts));

	if (!slots || !texts)
		return false;
	memcpy(texts, names->texts, names->n * sizeof(*texts));
	for (uint32_t i = NAME_FIRST; i < names->n; i++) {
		uint32_t at = hash(texts[i].data, texts[i].len);

		while (slots[at & (n - 1)])
			at++;
		slots[at & (n - 1)] = i;
	}
	names->slots = slots;
	names->texts = texts;
	names->slots_n = n;
	names->room = n / 2;
	return true;
}

uint32_t names_add(struct names *names, const uint8_t *text, uint32_t len)
{
	uint32_t at = hash(text, len), probes = 0;

	for (;; at++) {
		const uint32_t n = names->slots[at & (names->slots_n - 1)];

		if (!n)
			break;
		if (names->texts[n].len == len && !memcmp(names->texts[n].data, text, len))
			return n;
		if (++probes > NAME_PROBES_MAX)
			return NAME_NONE;
	}
	if (names->n == NAMES_MAX)
		return NAME_NONE;
	if (names->n == names->room) {
		if (!grow(names))
			return NAME_NONE;
		return names_add(names, text, len);
	}
	names->texts[names->n] = (struct classfile_text){ text, len };
	names->slots[at & (names->slots_n - 1)] = names->n;
	return names->n++;
}

int names_init(struct names *names, struct keel_arena *arena)
{
	*names = (struct names){ .arena = arena, .n = NAME_FIRST, .room = FEWEST, .slots_n = 2 * FEWEST };
	names->slots = keel_arena_zeroed(arena, names->slots_n, sizeof(*names->slots));
	names->texts = keel_arena_take(arena, names->room * sizeof(*names->texts));
	if (!names->slots || !names->texts)
		return -ENOMEM;
	for (uint32_t i = 0; i < NAME_FIRST; i++)
		names->texts[i] = (struct classfile_text){ &letters[i], 1 };
	for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		names_add(names, known[i].data, known[i].len);
	return 0;
}

uint32_t names_primitive(uint8_t letter)
{
	for (uint32_t i = 0; i < NAME_FIRST; i++)
		if (letters[i] == letter)
			return i;
	return NAME_NONE;
}

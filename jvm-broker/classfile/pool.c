// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "jvm-broker/classfile/write.h"

#define ENTRIES_MAX 65535 /* constant_pool_count */
#define FEWEST_SLOTS 64

/* An entry of either part of the pool; a hash of 0 is a free slot */
struct classfile_pool_slot {
	uint32_t hash;
	uint32_t at;  /* of its tag, in the class or in 'added' */
	uint32_t len; /* tag included */
	uint16_t index;
	bool added;
};

static uint32_t hash(const uint8_t *octets, size_t len)
{
	uint64_t h = len * 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < len; i++)
		h = (h ^ octets[i]) * 0x100000001b3;
	h ^= h >> 32;
	return (uint32_t)h | 1;
}

static const uint8_t *octets_of(const struct classfile_pool *p, const struct classfile_pool_slot *slot)
{
	return (slot->added ? p->added.data : p->from->data) + slot->at;
}

/* The slot of this entry, or the free one where it belongs. There always is a free one. */
static struct classfile_pool_slot *find(const struct classfile_pool *p, const uint8_t *octets, uint32_t len, uint32_t h)
{
	for (uint32_t i = h;; i++) {
		struct classfile_pool_slot *slot = &p->slots[i & (p->slots_n - 1)];

		if (!slot->hash || (slot->hash == h && slot->len == len && !memcmp(octets_of(p, slot), octets, len)))
			return slot;
	}
}

static int grow(struct classfile_pool *p)
{
	const struct classfile_pool_slot *old = p->slots;
	const uint32_t old_n = p->slots_n;
	struct classfile_pool_slot *slots = keel_arena_zeroed(p->arena, 2 * (size_t)old_n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	p->slots = slots;
	p->slots_n = 2 * old_n;
	for (uint32_t i = 0; i < old_n; i++)
		for (uint32_t at = old[i].hash; old[i].hash; at++)
			if (!slots[at & (p->slots_n - 1)].hash) {
				slots[at & (p->slots_n - 1)] = old[i];
				break;
			}
	return 0;
}

int classfile_pool_init(struct classfile_pool *p, struct keel_arena *arena, const struct classfile *from)
{
	const uint32_t n = from ? from->constants_n : 1;
	uint32_t at = 10, next;

	*p = (struct classfile_pool){ .from = from, .arena = arena, .n = n, .slots_n = FEWEST_SLOTS };
	keel_buffer_init(&p->added, 0);
	while (p->slots_n < 2 * n)
		p->slots_n *= 2;
	p->slots = keel_arena_zeroed(arena, p->slots_n, sizeof(*p->slots));
	if (!p->slots)
		return -ENOMEM;
	for (uint32_t i = 1; i < n; i++, at = next) {
		const struct classfile_constant *k = &from->constants[i];
		struct classfile_pool_slot *slot;
		uint32_t h;

		next = at;
		if (!k->tag)
			continue;
		next += k->tag == CLASSFILE_UTF8 ? 3 + (uint32_t)k->a : 1 + classfile_tag_octets(k->tag);
		h = hash(from->data + at, next - at);
		slot = find(p, from->data + at, next - at, h);
		if (slot->hash)
			continue; /* the same twice: the first will do */
		*slot = (struct classfile_pool_slot){ h, at, next - at, (uint16_t)i, false };
		p->used++;
	}
	return 0;
}

void classfile_pool_free(struct classfile_pool *p)
{
	keel_buffer_free(&p->added);
}

int classfile_pool_write(const struct classfile_pool *p, struct keel_buffer *out)
{
	if (p->failed)
		return p->failed;
	keel_buffer_be16(out, (uint16_t)p->n);
	if (p->from)
		keel_buffer_append(out, p->from->data + 10, p->from->access_at - 10);
	return keel_buffer_append(out, p->added.data, p->added.len);
}

static uint16_t fail(struct classfile_pool *p, int error)
{
	p->failed = error;
	return 0;
}

/* The entry that stands at the end of 'added', from at on: its index; if it is known already it is dropped again. */
static uint16_t settle(struct classfile_pool *p, size_t at)
{
	const uint32_t len = (uint32_t)(p->added.len - at);
	struct classfile_pool_slot *slot;
	unsigned slots;
	uint32_t h;

	if (p->added.failed)
		return fail(p, p->added.failed);
	slots = classfile_tag_slots(p->added.data[at]);
	h = hash(p->added.data + at, len);
	if (2 * p->used >= p->slots_n && grow(p))
		return fail(p, -ENOMEM);
	slot = find(p, p->added.data + at, len, h);
	if (slot->hash) {
		p->added.len = at;
		return slot->index;
	}
	if (p->n + slots > ENTRIES_MAX) {
		p->added.len = at;
		return fail(p, -ENOSPC);
	}
	*slot = (struct classfile_pool_slot){ h, (uint32_t)at, len, (uint16_t)p->n, true };
	p->used++;
	p->n += slots;
	return slot->index;
}

uint16_t classfile_pool_utf8(struct classfile_pool *p, const void *text, size_t len)
{
	const size_t at = p->added.len;

	if (p->failed)
		return 0;
	if (len > 65535)
		return fail(p, -EMSGSIZE);
	keel_buffer_putc(&p->added, CLASSFILE_UTF8);
	keel_buffer_be16(&p->added, (uint16_t)len);
	keel_buffer_append(&p->added, text, len);
	return settle(p, at);
}

uint16_t classfile_pool_entry(struct classfile_pool *p, enum classfile_tag tag, uint16_t a, uint16_t b)
{
	const size_t at = p->added.len;

	if (p->failed)
		return 0;
	keel_buffer_putc(&p->added, (uint8_t)tag);
	keel_buffer_be16(&p->added, a);
	if (classfile_tag_octets(tag) == 4)
		keel_buffer_be16(&p->added, b);
	return settle(p, at);
}

uint16_t classfile_pool_named(struct classfile_pool *p, enum classfile_tag tag, const char *text)
{
	return classfile_pool_entry(p, tag, classfile_pool_utf8(p, text, strlen(text)), 0);
}

uint16_t classfile_pool_value32(struct classfile_pool *p, enum classfile_tag tag, uint32_t bits)
{
	return classfile_pool_entry(p, tag, (uint16_t)(bits >> 16), (uint16_t)bits);
}

uint16_t classfile_pool_value64(struct classfile_pool *p, enum classfile_tag tag, uint64_t bits)
{
	const size_t at = p->added.len;

	if (p->failed)
		return 0;
	keel_buffer_putc(&p->added, (uint8_t)tag);
	keel_buffer_be64(&p->added, bits);
	return settle(p, at);
}

uint16_t classfile_pool_name_and_type(struct classfile_pool *p, const char *name, const char *descriptor)
{
	const uint16_t a = classfile_pool_utf8(p, name, strlen(name)),
		       b = classfile_pool_utf8(p, descriptor, strlen(descriptor));

	return classfile_pool_entry(p, CLASSFILE_NAME_AND_TYPE, a, b);
}

uint16_t classfile_pool_member(struct classfile_pool *p, enum classfile_tag tag, const char *owner, const char *name,
			       const char *descriptor)
{
	const uint16_t a = classfile_pool_named(p, CLASSFILE_CLASS, owner),
		       b = classfile_pool_name_and_type(p, name, descriptor);

	return classfile_pool_entry(p, tag, a, b);
}

uint16_t classfile_pool_method_handle(struct classfile_pool *p, enum classfile_reference kind, uint16_t member)
{
	const size_t at = p->added.len;

	if (p->failed)
		return 0;
	keel_buffer_putc(&p->added, CLASSFILE_METHOD_HANDLE);
	keel_buffer_putc(&p->added, (uint8_t)kind);
	keel_buffer_be16(&p->added, member);
	return settle(p, at);
}

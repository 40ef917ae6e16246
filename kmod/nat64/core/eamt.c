// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/core/eamt.h"
#include "kmod/nat64/core/octets.h"
#include "kmod/nat64/core/table.h"

#define COUNT_MAX (1u << 24)
#define DEPTH_MAX 130 /* prefixes that can nest */

struct entry {
	struct nat64_key v6;
	__u32 v4; /* host order */
	__u8 v4_length;
	__u8 v6_length;
};

/* ---- keys ------------------------------------------------------------------------------------- */

static NAT64_INLINE struct nat64_key key4(__be32 v4)
{
	return (struct nat64_key){ (__u64)__be32_to_cpu(v4) << 32, 0 };
}

static NAT64_INLINE struct nat64_key key6(const struct nat64_in6 *v6)
{
	__be64 halves[2];

	NAT64_COPY(halves, v6, 16);
	return (struct nat64_key){ __be64_to_cpu(halves[0]), __be64_to_cpu(halves[1]) };
}

static NAT64_INLINE int below(struct nat64_key a, struct nat64_key b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* The highest length bits. */
static struct nat64_key mask_of(__u32 length)
{
	if (length >= 64)
		return (struct nat64_key){ ~0ull, length == 64 ? 0 : ~0ull << (128 - length) };
	return (struct nat64_key){ length ? ~0ull << (64 - length) : 0, 0 };
}

/* 64 bits from bit at (0 to 127) on, zeros behind the end. */
static NAT64_INLINE __u64 bits_from(struct nat64_key key, __u32 at)
{
	if (at >= 64)
		return key.low << (at - 64);
	return at ? key.high << at | key.low >> (64 - at) : key.high;
}

/* The highest bits of value from bit at on, the others 0. */
static NAT64_INLINE struct nat64_key bits_at(__u64 value, __u32 at)
{
	if (at >= 64)
		return (struct nat64_key){ 0, at < 128 ? value >> (at - 64) : 0 };
	return (struct nat64_key){ value >> at, at ? value << (64 - at) : 0 };
}

/* ---- building --------------------------------------------------------------------------------- */

struct range {
	struct nat64_key first;
	struct nat64_key last;
	__u32 length;
};

static struct range range_of(const struct entry *entry, int six)
{
	const struct nat64_key mask = mask_of(six ? entry->v6_length : entry->v4_length);
	const struct nat64_key first = six ? entry->v6 : (struct nat64_key){ (__u64)entry->v4 << 32, 0 };

	return (struct range){ first,
			       { first.high | ~mask.high, first.low | ~mask.low },
			       six ? entry->v6_length : entry->v4_length };
}

/* By first key, of equal ones the shorter prefix. */
static int before(const struct entry *entries, __u32 a, __u32 b, int six)
{
	const struct range x = range_of(&entries[a], six), y = range_of(&entries[b], six);

	return below(x.first, y.first) || (!below(y.first, x.first) && x.length < y.length);
}

static void sink(__u32 *heap, __u32 size, __u32 at, const struct entry *entries, int six)
{
	const __u32 moved = heap[at];

	for (__u32 child; (child = 2 * at + 1) < size; at = child) {
		if (child + 1 < size && before(entries, heap[child], heap[child + 1], six))
			child++;
		if (!before(entries, moved, heap[child], six))
			break;
		heap[at] = heap[child];
	}
	heap[at] = moved;
}

static void sort(__u32 *order, __u32 count, const struct entry *entries, int six)
{
	for (__u32 i = 0; i < count; i++)
		order[i] = i;
	for (__u32 i = count / 2; i-- > 0;)
		sink(order, count, i, entries, six);
	for (__u32 size = count; size > 1;) {
		const __u32 last = order[--size];

		order[size] = order[0];
		order[0] = last;
		sink(order, size, 0, entries, six);
	}
}

static void *at(struct nat64_eamt *eamt, __u32 offset)
{
	return (__u8 *)eamt + offset;
}

#define NO_ENTRY (~0u)

/* From start on, entry value; it replaces what was said of the same start. */
static void cut(struct nat64_eamt *eamt, struct nat64_side *side, struct nat64_key start, __u32 value)
{
	struct nat64_key *starts = at(eamt, side->start);
	__u32 *values = at(eamt, side->value);

	if (side->count && !below(starts[side->count - 1], start))
		side->count--;
	starts[side->count] = start;
	values[side->count++] = value == NO_ENTRY ? 0 : eamt->entries + value * (__u32)sizeof(struct entry);
}

/* The bits that all entries share. order is sorted. */
static void find_prefix(struct nat64_side *side, const struct entry *entries, const __u32 *order, __u32 count, int six)
{
	const struct nat64_key first = range_of(&entries[order[0]], six).first;
	struct nat64_key last = range_of(&entries[order[0]], six).last;
	__u32 length = 0;

	for (__u32 i = 1; i < count; i++) {
		const struct nat64_key end = range_of(&entries[order[i]], six).last;

		if (below(last, end))
			last = end;
	}
	while (length < 127) {
		const struct nat64_key mask = mask_of(length + 1);

		if ((first.high ^ last.high) & mask.high || (first.low ^ last.low) & mask.low)
			break;
		length++;
	}
	side->skip = length;
	side->mask = mask_of(length);
	side->prefix = (struct nat64_key){ first.high & side->mask.high, first.low & side->mask.low };
}

/* Ends the ranges on the stack that lie wholly in front of start; each leaves what it lay in, or none. Returns the depth left. */
static __u32 leave(struct nat64_eamt *eamt, struct nat64_side *side, const struct entry *entries, const __u32 *stack,
		   __u32 depth, const struct nat64_key *start, int six)
{
	while (depth) {
		struct nat64_key next = range_of(&entries[stack[depth - 1]], six).last;

		if (start && !below(next, *start))
			break;
		depth--;
		if (++next.low == 0)
			next.high++;
		/* Behind the end of what is compared at all: nobody asks. */
		if ((next.high & side->mask.high) == side->prefix.high &&
		    (next.low & side->mask.low) == side->prefix.low && (next.high | next.low))
			cut(eamt, side, next, depth ? stack[depth - 1] : NO_ENTRY);
	}
	return depth;
}

/* From interval on, the last one that begins at key (behind the prefix) or in front of it. */
static __u32 reach(const struct nat64_key *starts, const struct nat64_side *side, __u32 interval, struct nat64_key key)
{
	key = (struct nat64_key){ side->prefix.high | key.high, side->prefix.low | key.low };
	while (interval + 1 < side->count && !below(key, starts[interval + 1]))
		interval++;
	return interval;
}

/* The last one that begins in front of key. */
static __u32 before_next(const struct nat64_key *starts, const struct nat64_side *side, __u32 interval,
			 struct nat64_key key)
{
	key = (struct nat64_key){ side->prefix.high | key.high, side->prefix.low | key.low };
	while (interval + 1 < side->count && below(starts[interval + 1], key))
		interval++;
	return interval;
}

static void build_marks(struct nat64_eamt *eamt, struct nat64_side *side)
{
	const struct nat64_key *starts = at(eamt, side->start);
	struct nat64_mark *marks = at(eamt, side->mark);
	__u32 bits = 1, interval = 0;

	while (bits < 128 - side->skip && bits < 24 && 1u << bits < side->count)
		bits++;
	side->shift = 64 - bits;
	for (__u32 i = 0; i < 1u << bits; i++) {
		const struct nat64_key begin = bits_at((__u64)i << side->shift, side->skip);
		const struct nat64_key next = bits_at((__u64)(i + 1) << side->shift, side->skip);

		interval = reach(starts, side, interval, begin);
		marks[i].first = interval;
		marks[i].last = i + 1 < 1u << bits ? before_next(starts, side, interval, next) : side->count - 1;
	}
}

static enum nat64_eam_error build_side(struct nat64_eamt *eamt, struct nat64_side *side, __u32 *order, __u32 count,
				       int overlap, int six, __u32 *bad)
{
	const struct entry *entries = at(eamt, eamt->entries);
	__u32 stack[DEPTH_MAX], depth = 0;

	sort(order, count, entries, six);
	if (count)
		find_prefix(side, entries, order, count, six);
	else
		side->mask = side->prefix = (struct nat64_key){ 0, 0 };
	side->raw_prefix[0] = __cpu_to_be64(side->prefix.high);
	side->raw_prefix[1] = __cpu_to_be64(side->prefix.low);
	side->raw_mask[0] = __cpu_to_be64(side->mask.high);
	side->raw_mask[1] = __cpu_to_be64(side->mask.low);
	cut(eamt, side, side->prefix, NO_ENTRY);
	for (__u32 i = 0; i < count; i++) {
		const struct range range = range_of(&entries[order[i]], six);

		depth = leave(eamt, side, entries, stack, depth, &range.first, six);
		if (depth && (!overlap || range_of(&entries[stack[depth - 1]], six).length == range.length)) {
			*bad = order[i] > stack[depth - 1] ? order[i] : stack[depth - 1];
			return six ? NAT64_EAM_OVERLAP6 : NAT64_EAM_OVERLAP4;
		}
		cut(eamt, side, range.first, order[i]);
		stack[depth++] = order[i];
	}
	leave(eamt, side, entries, stack, depth, NULL, six);
	build_marks(eamt, side);
	return NAT64_EAM_OK;
}

static enum nat64_eam_error check(const struct nat64_eam *eam)
{
	const struct nat64_key v6 = key6(&eam->v6), v4 = key4(eam->v4);
	struct nat64_key mask;

	if (eam->v4_length > 32)
		return NAT64_EAM_V4_LENGTH;
	if (eam->v6_length > 128)
		return NAT64_EAM_V6_LENGTH;
	if (32 - eam->v4_length > 128 - eam->v6_length)
		return NAT64_EAM_SUFFIX;
	mask = mask_of(eam->v6_length);
	if (v6.high & ~mask.high || v6.low & ~mask.low || v4.high & ~mask_of(eam->v4_length).high)
		return NAT64_EAM_HOST_BITS;
	return NAT64_EAM_OK;
}

/* Intervals: two ends an entry and what lies in front; marks: a power of two, less than twice as many. */
static __u32 room_of(__u32 count)
{
	return 2 * count + 2;
}

static __u32 lay_out(struct nat64_side *side, __u32 offset, __u32 room)
{
	side->count = 0;
	side->skip = 0;
	side->start = offset;
	side->value = side->start + room * (__u32)sizeof(struct nat64_key);
	side->mark = side->value + room * 4;
	return side->mark + 2 * room * (__u32)sizeof(struct nat64_mark);
}

__u32 nat64_eamt_size(__u32 count)
{
	const __u32 room = room_of(count);

	if (count > COUNT_MAX)
		return 0;
	return (__u32)sizeof(struct nat64_eamt) + 8 + count * ((__u32)sizeof(struct entry) + 4) +
	       2 * room * ((__u32)(sizeof(struct nat64_key) + 2 * sizeof(struct nat64_mark)) + 4);
}

enum nat64_eam_error nat64_eamt_build(void *memory, const struct nat64_eam *entries, __u32 count, int overlap,
				      __u32 *bad, struct nat64_eamt **out)
{
	struct nat64_eamt *eamt = memory;
	enum nat64_eam_error error = NAT64_EAM_OK;
	struct entry *own;
	__u32 *order;

	eamt->entries = lay_out(&eamt->side4, (__u32)(sizeof(*eamt) + 7) / 8 * 8, room_of(count));
	eamt->entries = lay_out(&eamt->side6, eamt->entries, room_of(count));
	own = at(eamt, eamt->entries);
	order = (__u32 *)(own + count);
	for (__u32 i = 0; i < count && error == NAT64_EAM_OK; i++) {
		error = check(&entries[i]);
		if (error != NAT64_EAM_OK)
			*bad = i;
		own[i] = (struct entry){ key6(&entries[i].v6), __be32_to_cpu(entries[i].v4), entries[i].v4_length,
					 entries[i].v6_length };
	}
	if (error == NAT64_EAM_OK)
		error = build_side(eamt, &eamt->side4, order, count, overlap, 0, bad);
	if (error == NAT64_EAM_OK)
		error = build_side(eamt, &eamt->side6, order, count, overlap, 1, bad);
	if (error == NAT64_EAM_OK)
		*out = eamt;
	return error;
}

/* ---- looking up ------------------------------------------------------------------------------- */

static NAT64_INLINE const struct entry *find(const struct nat64_eamt *eamt, const struct nat64_side *side,
					     struct nat64_key key)
{
	const __u8 *base = (const __u8 *)eamt;
	const struct nat64_key *starts = (const struct nat64_key *)(base + side->start);
	const struct nat64_mark *mark =
		(const struct nat64_mark *)(base + side->mark) + (bits_from(key, side->skip) >> side->shift);
	__u32 low = mark->first, high = mark->last, value;

	while (low < high) {
		const __u32 middle = (low + high + 1) / 2;

		if (below(key, starts[middle]))
			high = middle - 1;
		else
			low = middle;
	}
	value = ((const __u32 *)(base + side->value))[low];
	return value ? (const struct entry *)(base + value) : NULL;
}

int nat64_eamt_near_46(const struct nat64_eamt *eamt, __be32 v4, struct nat64_in6 *v6)
{
	const struct entry *entry = find(eamt, &eamt->side4, key4(v4));
	__be64 halves[2];
	struct nat64_key key;

	if (!entry)
		return 0;
	key = entry->v6;
	if (entry->v4_length < 32) {
		const struct nat64_key suffix =
			bits_at((__u64)__be32_to_cpu(v4) << (32 + entry->v4_length), entry->v6_length);

		key.high |= suffix.high;
		key.low |= suffix.low;
	}
	halves[0] = __cpu_to_be64(key.high);
	halves[1] = __cpu_to_be64(key.low);
	NAT64_COPY(v6, halves, 16);
	return 1;
}

int nat64_eamt_near_64(const struct nat64_eamt *eamt, const struct nat64_in6 *v6, __be32 *v4)
{
	const struct nat64_key key = key6(v6);
	const struct entry *entry = find(eamt, &eamt->side6, key);
	__u32 result;

	if (!entry)
		return 0;
	result = entry->v4;
	if (entry->v4_length < 32)
		result |= (__u32)(bits_from(key, entry->v6_length) >> (32 + entry->v4_length));
	*v4 = __cpu_to_be32(result);
	return 1;
}

int nat64_eamt_46(const struct nat64_eamt *eamt, __be32 v4, struct nat64_in6 *v6)
{
	return !nat64_eamt_far4(eamt, v4) && nat64_eamt_near_46(eamt, v4, v6);
}

int nat64_eamt_64(const struct nat64_eamt *eamt, const struct nat64_in6 *v6, __be32 *v4)
{
	return !nat64_eamt_far6(eamt, v6) && nat64_eamt_near_64(eamt, v6, v4);
}

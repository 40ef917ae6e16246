// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/classfile/walk.h"
#include "jvm-broker/classfile/write.h"
#include "tests/unit/classfile/octets.h"
#include "tests/unit/classfile/specimen.h"

static struct keel_arena arena;
static struct keel_buffer b, again;
static struct classfile c;

static void setup(void)
{
	keel_arena_init(&arena, 0);
	keel_buffer_init(&b, 0);
	keel_buffer_init(&again, 0);
	specimen_class(&b, 69);
	ck_assert_int_eq(classfile_parse(b.data, b.len, &arena, &c, NULL), CLASSFILE_REASON_NONE);
}

static void teardown(void)
{
	keel_arena_free(&arena);
	keel_buffer_free(&b);
	keel_buffer_free(&again);
}

static void assert_identity(void)
{
	keel_buffer_clear(&again);
	ck_assert_int_eq(classfile_write(&c, &again, NULL), 0);
	ck_assert_uint_eq(again.len, c.size);
	ck_assert_mem_eq(again.data, c.data, c.size);
}

/* What a walk has seen */
struct seen {
	uint32_t at;
	int depth;
	unsigned gaps, wrong_tags, opcodes[256], attributes[CLASSFILE_ATTR_N], meanings[CLASSFILE_IS_MALFORMED + 1];
};

static void on_field(void *arg, const struct classfile_field *field)
{
	struct seen *seen = arg;

	seen->gaps += field->at != seen->at;
	seen->at = field->at + field->width;
	seen->meanings[field->meaning]++;
	if (field->meaning == CLASSFILE_IS_OPCODE)
		seen->opcodes[field->value]++;
	if (field->meaning == CLASSFILE_IS_INDEX || (field->meaning == CLASSFILE_IS_OPTION && field->value))
		seen->wrong_tags += !(field->expects >> classfile_tag_of(&c, field->value) & 1);
}

static void on_enter(void *arg, const char *label, uint32_t i)
{
	struct seen *seen = arg;

	seen->depth++;
	seen->attributes[classfile_attribute_named((const uint8_t *)label, strlen(label))]++;
}

static void on_leave(void *arg)
{
	((struct seen *)arg)->depth--;
}

static unsigned walk(struct seen *seen)
{
	const struct classfile_visitor v = { on_field, on_enter, on_leave, seen };

	*seen = (struct seen){ 0 };
	return classfile_walk(&c, &v);
}

START_TEST(every_octet_is_visited_once)
{
	struct seen seen;

	ck_assert_uint_eq(walk(&seen), 0);
	ck_assert_uint_eq(seen.gaps, 0);
	ck_assert_uint_eq(seen.at, c.size);
	ck_assert_int_eq(seen.depth, 0);
	ck_assert_uint_eq(seen.wrong_tags, 0);
	for (unsigned i = 0; i < CLASSFILE_OPCODES_N; i++)
		ck_assert_msg(seen.opcodes[i] >= 1, "opcode %u was not seen", i);
	for (unsigned i = 0; i < CLASSFILE_IS_MALFORMED; i++)
		ck_assert_msg(seen.meanings[i] >= 1, "meaning %u was not seen", i);
	ck_assert_uint_eq(seen.meanings[CLASSFILE_IS_MALFORMED], 0);
}
END_TEST

START_TEST(every_attribute_is_known)
{
	struct seen seen;
	unsigned attributes[CLASSFILE_ATTR_N];

	walk(&seen);
	memcpy(attributes, seen.attributes, sizeof(attributes));
	keel_buffer_clear(&b);
	specimen_module(&b, 61);
	ck_assert_int_eq(classfile_parse(b.data, b.len, &arena, &c, NULL), CLASSFILE_REASON_NONE);
	ck_assert_uint_eq(walk(&seen), 0);
	ck_assert_uint_eq(seen.wrong_tags, 0);
	for (unsigned i = 1; i < CLASSFILE_ATTR_N; i++)
		ck_assert_msg(attributes[i] + seen.attributes[i] >= 1, "%s was not seen", classfile_attribute_name(i));
	assert_identity();
}
END_TEST

START_TEST(written_as_read)
{
	unsigned malformed = 7;

	ck_assert_int_eq(classfile_write(&c, &again, &malformed), 0);
	ck_assert_uint_eq(malformed, 0);
	ck_assert_uint_eq(again.len, b.len);
	ck_assert_mem_eq(again.data, b.data, b.len);
	keel_buffer_clear(&again);
	again.limit = b.len - 1;
	keel_buffer_free(&again);
	ck_assert_int_eq(classfile_write(&c, &again, &malformed), -EMSGSIZE);
}
END_TEST

START_TEST(any_octet_may_change)
{
	unsigned read = 0, malformed = 0;
	struct seen seen;

	for (size_t i = 0; i < b.len; i++) {
		const uint8_t was = b.data[i];

		for (int k = 0; k < 4; k++) {
			b.data[i] = (uint8_t)(k == 0 ? was + 1 : k == 1 ? was - 1 : k == 2 ? 0xff : was ^ 0x80);
			keel_arena_reset(&arena);
			if (classfile_parse(b.data, b.len, &arena, &c, NULL))
				continue;
			read++;
			malformed += walk(&seen) != 0;
			ck_assert_msg(!seen.gaps && seen.at == c.size && !seen.depth, "octet %zu, change %d", i, k);
			assert_identity();
		}
		b.data[i] = was;
	}
	ck_assert_uint_ge(read, 1000);
	ck_assert_uint_ge(malformed, 1000);
}
END_TEST

/* The frames of the specimen, by their reader */
START_TEST(frames)
{
	static const struct {
		uint8_t tag, kind, chop;
		uint16_t delta, locals, stack;
	} wanted[] = {
		{ 0, CLASSFILE_FRAME_SAME, 0, 0, 0, 0 },     { 63, CLASSFILE_FRAME_SAME, 0, 63, 0, 0 },
		{ 64, CLASSFILE_FRAME_SAME_1, 0, 0, 0, 1 },  { 127, CLASSFILE_FRAME_SAME_1, 0, 63, 0, 1 },
		{ 247, CLASSFILE_FRAME_SAME_1, 0, 9, 0, 1 }, { 248, CLASSFILE_FRAME_CHOP, 3, 1, 0, 0 },
		{ 250, CLASSFILE_FRAME_CHOP, 1, 1, 0, 0 },   { 251, CLASSFILE_FRAME_SAME, 0, 300, 0, 0 },
		{ 252, CLASSFILE_FRAME_APPEND, 0, 1, 1, 0 }, { 254, CLASSFILE_FRAME_APPEND, 0, 1, 3, 0 },
		{ 255, CLASSFILE_FRAME_FULL, 0, 1, 2, 2 },   { 255, CLASSFILE_FRAME_FULL, 0, 1, 0, 0 },
	};
	struct classfile_frame_item item;
	struct classfile_attribute a;
	struct classfile_frames list;
	struct classfile_frame frame;
	struct classfile_code code;

	ck_assert_int_eq(classfile_code_read(&c, &c.methods[0], &code), 0);
	ck_assert_int_eq(classfile_attribute_find(&c, code.attributes, CLASSFILE_ATTR_STACK_MAP_TABLE, &a), 1);
	ck_assert_int_eq(classfile_frames_read(&c, &a, &list), 0);
	ck_assert_uint_eq(list.n, 12);
	for (unsigned i = 0; i < 12; i++) {
		ck_assert_int_eq(classfile_frames_next(&list, &frame), 1);
		ck_assert_uint_eq(frame.tag, wanted[i].tag);
		ck_assert_uint_eq(frame.kind, wanted[i].kind);
		ck_assert_uint_eq(frame.chop, wanted[i].chop);
		ck_assert_uint_eq(frame.delta, wanted[i].delta);
		ck_assert_uint_eq(frame.locals_n, wanted[i].locals);
		ck_assert_uint_eq(frame.stack_n, wanted[i].stack);
		if (i != 10)
			continue;
		item = classfile_frame_item(&frame.locals);
		ck_assert_uint_eq(item.type, CLASSFILE_FRAME_UNINITIALIZED_THIS);
		item = classfile_frame_item(&frame.locals);
		ck_assert_uint_eq(item.type, CLASSFILE_FRAME_OBJECT);
		ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&c, item.value), "java/lang/Object"));
		item = classfile_frame_item(&frame.stack);
		ck_assert_uint_eq(item.type, CLASSFILE_FRAME_FLOAT);
		item = classfile_frame_item(&frame.stack);
		ck_assert_uint_eq(item.type, CLASSFILE_FRAME_UNINITIALIZED);
		ck_assert_uint_eq(item.value, 0);
	}
	ck_assert_int_eq(classfile_frames_next(&list, &frame), 0);
	/* every shorter attribute fails somewhere */
	for (uint32_t len = 0; len < a.len; len++) {
		struct classfile_attribute shorter = a;
		int ret;

		shorter.len = len;
		ret = classfile_frames_read(&c, &shorter, &list);
		while (!ret && (ret = classfile_frames_next(&list, &frame)) == 1)
			ret = 0;
		ck_assert_int_eq(ret, -EINVAL);
	}
	/* octets after the last; a reserved frame; an unknown type */
	a.len++;
	ck_assert_int_eq(classfile_frames_read(&c, &a, &list), 0);
	while (classfile_frames_next(&list, &frame) == 1)
		;
	ck_assert_int_eq(classfile_frames_next(&list, &frame), -EINVAL);
	for (unsigned tag = 128; tag < 247; tag++) {
		b.data[a.at + 2] = (uint8_t)tag;
		ck_assert_int_eq(classfile_frames_read(&c, &a, &list), 0);
		ck_assert_int_eq(classfile_frames_next(&list, &frame), -EINVAL);
	}
	b.data[a.at + 2] = 64;
	b.data[a.at + 3] = CLASSFILE_FRAME_TYPES_N;
	ck_assert_int_eq(classfile_frames_read(&c, &a, &list), 0);
	ck_assert_int_eq(classfile_frames_next(&list, &frame), -EINVAL);
}
END_TEST

START_TEST(tables_and_lists)
{
	const struct classfile_attributes list = classfile_class_attributes(&c);
	struct classfile_components components;
	struct classfile_component component;
	struct classfile_bootstraps bootstraps;
	struct classfile_bootstrap bootstrap;
	struct classfile_attribute a;
	struct classfile_table t;

	ck_assert_int_eq(classfile_attribute_find(&c, list, CLASSFILE_ATTR_INNER_CLASSES, &a), 1);
	ck_assert_int_eq(classfile_table_read(&c, &a, &t), 0);
	ck_assert_uint_eq(t.n, 2);
	ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&c, classfile_table_cell(&t, 1, 0)), "a/B$1"));
	ck_assert_uint_eq(classfile_table_cell(&t, 0, 3), 1);
	a.len -= 1;
	ck_assert_int_eq(classfile_table_read(&c, &a, &t), -EINVAL);
	a.len += 2;
	ck_assert_int_eq(classfile_table_read(&c, &a, &t), -EINVAL);
	ck_assert_int_eq(classfile_attribute_find(&c, classfile_member_attributes(&c, &c.methods[0]),
						  CLASSFILE_ATTR_METHOD_PARAMETERS, &a),
			 1);
	ck_assert_int_eq(classfile_table_read(&c, &a, &t), 0);
	ck_assert_uint_eq(t.n, 2);
	ck_assert_uint_eq(classfile_table_cell(&t, 1, 1), CLASSFILE_MANDATED);
	ck_assert_int_eq(classfile_attribute_find(&c, list, CLASSFILE_ATTR_SOURCE_FILE, &a), 1);
	ck_assert(CLASSFILE_TEXT_IS(classfile_utf8(&c, (uint32_t)classfile_attribute_index(&c, &a)), "B.java"));
	ck_assert_int_eq(classfile_table_read(&c, &a, &t), -EINVAL);
	a.len = 3;
	ck_assert_int_eq(classfile_attribute_index(&c, &a), -EINVAL);
	ck_assert_int_eq(classfile_attribute_find(&c, list, CLASSFILE_ATTR_BOOTSTRAP_METHODS, &a), 1);
	ck_assert_int_eq(classfile_bootstraps_read(&c, &a, &bootstraps), 0);
	ck_assert_int_eq(classfile_bootstraps_next(&bootstraps, &bootstrap), 1);
	ck_assert_uint_eq(bootstrap.arguments_n, 0);
	ck_assert_int_eq(classfile_bootstraps_next(&bootstraps, &bootstrap), 1);
	ck_assert_uint_eq(bootstrap.arguments_n, 3);
	ck_assert_uint_eq(classfile_tag_of(&c, classfile_u16(bootstrap.arguments + 4)), CLASSFILE_DYNAMIC);
	ck_assert_int_eq(classfile_bootstraps_next(&bootstraps, &bootstrap), 0);
	a.len--;
	classfile_bootstraps_read(&c, &a, &bootstraps);
	ck_assert_int_eq(classfile_bootstraps_next(&bootstraps, &bootstrap), 1);
	ck_assert_int_eq(classfile_bootstraps_next(&bootstraps, &bootstrap), -EINVAL);
	ck_assert_int_eq(classfile_attribute_find(&c, list, CLASSFILE_ATTR_RECORD, &a), 1);
	ck_assert_int_eq(classfile_components_read(&c, &a, &components), 0);
	ck_assert_uint_eq(components.n, 2);
	ck_assert_int_eq(classfile_components_next(&c, &components, &component), 1);
	ck_assert(CLASSFILE_TEXT_IS(classfile_utf8(&c, component.name), "x"));
	ck_assert_int_eq(classfile_attribute_find(&c, component.attributes, CLASSFILE_ATTR_SIGNATURE, &a), 1);
	ck_assert_int_eq(classfile_components_next(&c, &components, &component), 1);
	ck_assert_int_eq(classfile_components_next(&c, &components, &component), 0);
}
END_TEST

START_TEST(nesting_has_an_end)
{
	struct pool p;
	unsigned name, type;
	struct seen seen;

	/* AnnotationDefault: arrays of one array each, deeper than anybody needs */
	for (unsigned depth = 200; depth < 1000; depth += 300) {
		pool_init(&p);
		keel_buffer_clear(&b);
		name = pool_utf8(&p, "AnnotationDefault");
		type = pool_class(&p, "a/B");
		begin_class(&b, 61, &p);
		u2(&b, 0), u2(&b, type), u4(&b, 0), u2(&b, 0);
		u2(&b, 1), u2(&b, 0), u2(&b, name), u2(&b, name), u2(&b, 1);
		u2(&b, name), u4(&b, 3 * depth + 3);
		for (unsigned i = 0; i < depth; i++)
			u1(&b, '['), u2(&b, 1);
		u1(&b, '['), u2(&b, 0);
		u2(&b, 0);
		ck_assert_int_eq(classfile_parse(b.data, b.len, &arena, &c, NULL), CLASSFILE_REASON_NONE);
		ck_assert_uint_eq(walk(&seen), depth > 256);
		ck_assert_uint_eq(seen.gaps, 0);
		ck_assert_int_eq(seen.depth, 0);
		assert_identity();
		keel_buffer_free(&p.octets);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("classfile_walk");
	TCase *tc = tcase_create("walk");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_octet_is_visited_once);
	tcase_add_test(tc, every_attribute_is_known);
	tcase_add_test(tc, written_as_read);
	tcase_add_test(tc, any_octet_may_change);
	tcase_add_test(tc, frames);
	tcase_add_test(tc, tables_and_lists);
	tcase_add_test(tc, nesting_has_an_end);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reader <STREAM >VERDICTS: what jvm-broker/classfile says of each class of a stream. It only reads: what it cannot read is
 * refused when it is defined, with ClassFormatError; of all else it says that it is open.
 */
#include <errno.h>
#include <string.h>

#include "jvm-broker/classfile/classfile.h"
#include "tests/conform/jvm/stream.h"
#include "tests/conform/jvm/verdict.h"

static int read_class(uint32_t number, const struct stream_class *given, struct keel_arena *arena)
{
	struct verdict verdict = { .number = number, .hash = stream_hash(given->bytes, given->size), .bci = -1 };
	struct classfile class;
	enum classfile_reason reason;

	keel_arena_reset(arena);
	reason = classfile_parse(given->bytes, given->size, arena, &class, NULL);
	if (reason == CLASSFILE_REASON_MEMORY)
		return -ENOMEM;
	verdict.phase = VERDICT_OK;
	verdict.flags = VERDICT_OPEN;
	if (reason) {
		verdict.phase = VERDICT_DEFINE;
		verdict.flags = 0;
		verdict.error = "java/lang/ClassFormatError";
		verdict.message = classfile_reason_text(reason);
	}
	return verdict_put(stdout, &verdict);
}

int main(void)
{
	struct stream_class given = { 0 };
	struct keel_arena arena;
	uint32_t number = 0;
	int more = 0, err;

	keel_arena_init(&arena, 0);
	err = stream_open(stdin) ?: verdict_begin(stdout, "jvm-broker/classfile");
	while (!err && (more = stream_next(stdin, &given)) > 0)
		err = read_class(number++, &given, &arena);
	err = err ?: more;
	if (!err && fflush(stdout))
		err = -EIO;
	if (err)
		fprintf(stderr, "reader: %s\n", strerror(-err));
	stream_class_free(&given);
	keel_arena_free(&arena);
	return err != 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verdicts <STREAM >VERDICTS: what jvm-broker/verify says of each class of a stream. How often each axiom was broken goes to stderr.
 */
#include <errno.h>
#include <string.h>

#include "jvm-broker/verify/verify.h"
#include "tests/conform/jvm/stream.h"
#include "tests/conform/jvm/verdict.h"

static uint64_t counts[VERIFY_AXIOMS_N], refused[VERIFY_REASONS_N];

static void copy(char *out, size_t room, struct classfile_text text)
{
	const size_t n = text.len < room - 1 ? text.len : room - 1;

	if (n)
		memcpy(out, text.data, n);
	out[n] = 0;
}

static int put_error(struct verdict *verdict, const struct classfile *class, const struct verify_error *error)
{
	static char name[65536], method[2 * 65536], message[256];
	const struct classfile_member *m = &class->methods[error->method];

	counts[error->axiom]++;
	verdict->phase = error->phase == VERIFY_DEFINE ? VERDICT_DEFINE : VERDICT_LINK;
	verdict->error = verify_axiom_error(error->axiom);
	verdict->bci = error->bci;
	verdict->method = "";
	if (error->method != VERIFY_NOWHERE) {
		copy(method, sizeof(method), classfile_utf8(class, m->name));
		copy(method + strlen(method), sizeof(method) - strlen(method), classfile_utf8(class, m->descriptor));
		verdict->method = method;
	}
	copy(name, sizeof(name), classfile_name_of(class, class->this_class));
	verdict->class = name;
	snprintf(message, sizeof(message), "%s: %s", verify_axiom_name(error->axiom), verify_axiom_text(error->axiom));
	verdict->message = message;
	return verdict_put(stdout, verdict);
}

static int judge_class(uint32_t number, const struct stream_class *given, struct keel_arena *arena)
{
	struct verdict verdict = { .number = number, .hash = stream_hash(given->bytes, given->size), .bci = -1 };
	struct verify_verdict ours;
	struct classfile class;
	enum classfile_reason unread;
	enum verify_reason reason;
	int err = 0;

	keel_arena_reset(arena);
	unread = classfile_parse(given->bytes, given->size, arena, &class, NULL);
	if (unread == CLASSFILE_REASON_MEMORY)
		return -ENOMEM;
	if (unread) {
		verdict.phase = VERDICT_DEFINE;
		verdict.error = "java/lang/ClassFormatError";
		verdict.message = classfile_reason_text(unread);
		return verdict_put(stdout, &verdict);
	}
	reason = verify_class(&class, NULL, arena, &ours);
	refused[reason]++;
	if (reason == VERIFY_REASON_MEMORY)
		return -ENOMEM;
	if (reason) {
		verdict.phase = VERDICT_CRASH;
		verdict.message = verify_reason_text(reason);
		return verdict_put(stdout, &verdict);
	}
	for (uint32_t i = 0; i < ours.errors_n && !ours.unjudged && !err; i++)
		err = put_error(&verdict, &class, &ours.errors[i]);
	if (err || (ours.errors_n && !ours.unjudged && !ours.obligations_n))
		return err;
	verdict.phase = VERDICT_OK;
	verdict.flags = ours.obligations_n || ours.unjudged ? VERDICT_OPEN : 0;
	verdict.error = verdict.message = verdict.method = NULL;
	verdict.bci = -1;
	return ours.errors_n && !ours.unjudged ? 0 : verdict_put(stdout, &verdict);
}

int main(void)
{
	struct stream_class given = { 0 };
	struct keel_arena arena;
	uint32_t number = 0;
	int more = 0, err;

	keel_arena_init(&arena, 0);
	err = stream_open(stdin) ?: verdict_begin(stdout, "jvm-broker/verify");
	while (!err && (more = stream_next(stdin, &given)) > 0)
		err = judge_class(number++, &given, &arena);
	err = err ?: more;
	if (!err && fflush(stdout))
		err = -EIO;
	if (err)
		fprintf(stderr, "verdicts: %s\n", strerror(-err));
	for (int i = 0; i < VERIFY_AXIOMS_N; i++)
		fprintf(stderr, "axiom %-24s %8llu\n", verify_axiom_name(i), (unsigned long long)counts[i]);
	for (int i = 1; i < VERIFY_REASONS_N; i++)
		if (refused[i])
			fprintf(stderr, "refused %-22s %8llu\n", verify_reason_counter(i),
				(unsigned long long)refused[i]);
	stream_class_free(&given);
	keel_arena_free(&arena);
	return err != 0;
}

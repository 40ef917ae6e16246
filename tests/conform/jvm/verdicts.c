// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verdicts IMAGE-FILE [resident] [JAR|IMAGE]... <STREAM >VERDICTS: what jvm-broker/verify says of each class of a stream, its obligations discharged against
 * the class path of oracle.py. IMAGE-FILE is the JDK's lib/modules; resident: its classes are
 * judged in their place. How often each axiom was broken goes to stderr.
 */
#include <errno.h>
#include <string.h>

#include "jvm-broker/discharge/discharge.h"
#include "tests/conform/jvm/loader.h"
#include "tests/conform/jvm/stream.h"
#include "tests/conform/jvm/verdict.h"

static bool resident;
static uint64_t counts[VERIFY_AXIOMS_N], refused[VERIFY_REASONS_N];

static void copy(char *out, size_t room, struct classfile_text text)
{
	const size_t n = text.len < room - 1 ? text.len : room - 1;

	if (n)
		memcpy(out, text.data, n);
	out[n] = 0;
}

static int put_failure(struct verdict *verdict, const struct classfile *class, const struct discharge_failure *f)
{
	static char name[65536], method[2 * 65536], culprit[65536], message[256];
	const struct classfile_member *m = &class->methods[f->method];

	counts[f->axiom]++;
	verdict->phase = f->phase == VERIFY_DEFINE ? VERDICT_DEFINE : VERDICT_LINK;
	verdict->error = f->error;
	verdict->bci = f->bci;
	verdict->method = "";
	if (f->method != VERIFY_NOWHERE) {
		copy(method, sizeof(method), classfile_utf8(class, m->name));
		copy(method + strlen(method), sizeof(method) - strlen(method), classfile_utf8(class, m->descriptor));
		verdict->method = method;
	}
	copy(name, sizeof(name), classfile_name_of(class, class->this_class));
	verdict->class = name;
	copy(culprit, sizeof(culprit), f->culprit);
	verdict->culprit = culprit;
	snprintf(message, sizeof(message), "%s: %s", verify_axiom_name(f->axiom), verify_axiom_text(f->axiom));
	verdict->message = message;
	return verdict_put(stdout, verdict);
}

static int put_verdict(struct verdict *verdict, const struct classfile *class, const struct discharge_failure *failures,
		       int n)
{
	int err = 0;

	for (int i = 0; i < n && !err; i++)
		err = put_failure(verdict, class, &failures[i]);
	if (n)
		return err;
	verdict->phase = VERDICT_OK;
	return verdict_put(stdout, verdict);
}

/* Version 50: the type checker has an error, or an obligation failed, and so the inference verifier is asked. It counts if it accepts the class. Returns as discharge. */
static int revise(const struct classfile *class, const struct verify_verdict *ours, const struct universe *u,
		  struct universe_scratch *scratch, struct keel_arena *arena, const struct discharge_failure **failures,
		  int n)
{
	const struct verify_options options = { .infer = true };
	const struct discharge_failure *others;
	struct discharge_failure *told;
	struct verify_verdict second;
	bool asked = false;
	int ret;

	for (int i = 0; i < n; i++)
		asked |= (*failures)[i].phase == VERIFY_LINK && !strcmp((*failures)[i].error, "java/lang/VerifyError");
	for (uint32_t i = 0; i < ours->errors_n; i++)
		asked |= ours->errors[i].phase == VERIFY_LINK && !ours->errors[i].final;
	if (!asked || !ours->revisable)
		return n;
	if (verify_class(class, &options, arena, &second))
		return n;
	ret = discharge(&second, u, scratch, arena, &others);
	if (ret < 0)
		return ret;
	if (!ret)
		return 0;
	/* the error is then the inference verifier's, with the type checker's message */
	told = keel_arena_take(arena, (size_t)n * sizeof(*told));
	if (!told)
		return -ENOMEM;
	memcpy(told, *failures, (size_t)n * sizeof(*told));
	for (int i = 0; i < n; i++)
		if (told[i].phase == VERIFY_LINK)
			told[i].error = others[0].error;
	*failures = told;
	return n;
}

static bool is_load_error(const char *error)
{
	return !strcmp(error, "java/lang/ClassCircularityError") || !strcmp(error, "java/lang/NoClassDefFoundError");
}

static int judge_class(uint32_t number, const struct stream_class *given, struct keel_arena *arena,
		       const struct universe *u, struct universe_scratch *scratch)
{
	struct verdict verdict = { .number = number, .hash = stream_hash(given->bytes, given->size), .bci = -1 };
	const struct discharge_failure *failures;
	struct verify_verdict ours;
	struct classfile class;
	enum classfile_reason unread;
	enum verify_reason reason;
	int n;

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
	if (reason) {
		verdict.phase = VERDICT_CRASH;
		verdict.message = verify_reason_text(reason);
		return reason == VERIFY_REASON_MEMORY ? -ENOMEM : verdict_put(stdout, &verdict);
	}
	n = discharge(&ours, u, scratch, arena, &failures);
	if (n > 0)
		n = revise(&class, &ours, u, scratch, arena, &failures, n);
	/* the loader lets nobody else define these; but what they extend is loaded first */
	if (!resident && !(n > 0 && failures[0].phase == VERIFY_DEFINE && is_load_error(failures[0].error)) &&
	    !(ours.errors_n && ours.errors[0].phase == VERIFY_DEFINE) && ours.name.len > 5 &&
	    !memcmp(ours.name.data, "java/", 5)) {
		verdict.phase = VERDICT_DEFINE;
		verdict.error = "java/lang/SecurityException";
		return verdict_put(stdout, &verdict);
	}
	return n < 0 ? n : put_verdict(&verdict, &class, failures, n);
}

int main(int argc, char **argv)
{
	struct keel_arena arena, searches;
	struct stream_class given = { 0 };
	struct universe_scratch scratch;
	struct loader loader;
	uint32_t number = 0;
	int more = 0, err;

	if (argc < 2) {
		fprintf(stderr, "usage: verdicts IMAGE-FILE [resident] [JAR|IMAGE]... <STREAM >VERDICTS\n");
		return 2;
	}
	resident = argc > 2 && !strcmp(argv[2], "resident");
	keel_arena_init(&arena, 0);
	keel_arena_init(&searches, 0);
	err = loader_open(argv[1], argv + 2 + resident, argc - 2 - resident, &loader) ?:
	      universe_scratch_init(&scratch, &loader.universe, &searches) ?: stream_open(stdin) ?:
	      verdict_begin(stdout, "jvm-broker/verify");
	while (!err && (more = stream_next(stdin, &given)) > 0)
		err = judge_class(number++, &given, &arena, &loader.universe, &scratch);
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
	keel_arena_free(&searches);
	keel_arena_free(&arena);
	loader_free(&loader);
	return err != 0;
}

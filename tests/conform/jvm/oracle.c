// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The oracle: HotSpot's verdict on each class of a stream. Loaded by Oracle.java, with which it shares the work: the
 * loader is Java's, the loop is here.
 *
 * A class is defined by JNI's DefineClass into a loader of its own. It is then linked without being initialised by
 * Class.getDeclaredFields0(true), a native method of the JDK that links first and then builds objects for the public
 * fields; what that second half may throw says nothing about the class. Whether it is linked is therefore read from
 * JVMTI's GetClassStatus, and the exception only says why not.
 */
#include <errno.h>
#include <jni.h>
#include <jvmti.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/jvm/stream.h"
#include "tests/conform/jvm/verdict.h"

struct oracle {
	JNIEnv *env;
	jvmtiEnv *jvmti;
	jclass loader;
	jmethodID construct, for_name, link, name_of_class, message, load, interfaces;
	jfieldID broken, missing;
	FILE *out;
	bool resident;
	char method[65536];
};

static jvmtiEnv *tool;

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved)
{
	return (*vm)->GetEnv(vm, (void **)&tool, JVMTI_VERSION_11) == JNI_OK ? JNI_VERSION_10 : JNI_ERR;
}

static _Noreturn void die(struct oracle *oracle, const char *what)
{
	if ((*oracle->env)->ExceptionCheck(oracle->env))
		(*oracle->env)->ExceptionDescribe(oracle->env);
	fprintf(stderr, "oracle: %s\n", what);
	exit(2);
}

static bool linked(struct oracle *oracle, jclass class)
{
	jint status = 0;

	if ((*oracle->jvmti)->GetClassStatus(oracle->jvmti, class, &status))
		die(oracle, "GetClassStatus");
	return status & JVMTI_CLASS_STATUS_VERIFIED;
}

/* "La/B;" -> "a/B"; the result is the caller's, for free() */
static char *class_name(struct oracle *oracle, jclass class)
{
	char *signature, *name;

	if ((*oracle->jvmti)->GetClassSignature(oracle->jvmti, class, &signature, NULL))
		die(oracle, "GetClassSignature");
	name = strndup(signature + 1, strlen(signature) - 2);
	(*oracle->jvmti)->Deallocate(oracle->jvmti, (unsigned char *)signature);
	return name;
}

static char *text_of(struct oracle *oracle, jstring text)
{
	JNIEnv *env = oracle->env;
	const char *chars;
	char *copy;

	if (!text)
		return NULL;
	chars = (*env)->GetStringUTFChars(env, text, NULL);
	copy = strdup(chars);
	(*env)->ReleaseStringUTFChars(env, text, chars);
	return copy;
}

/* The first class above that is not linked, in the order in which HotSpot links: superclass, then interfaces. */
static jclass unlinked_above(struct oracle *oracle, jclass class)
{
	JNIEnv *env = oracle->env;
	jclass above = (*env)->GetSuperclass(env, class), found = NULL;
	jobjectArray interfaces;

	if (above && !linked(oracle, above)) {
		found = unlinked_above(oracle, above);
		return found ?: above;
	}
	interfaces = (*env)->CallObjectMethod(env, class, oracle->interfaces);
	for (jsize i = 0; i < (*env)->GetArrayLength(env, interfaces) && !found; i++) {
		above = (*env)->GetObjectArrayElement(env, interfaces, i);
		if (!linked(oracle, above))
			found = unlinked_above(oracle, above) ?: above;
	}
	return found;
}

/* What HotSpot appends to explain itself is kept, but for the dump of the bytecode. */
static void trim(char *message)
{
	char *dump = strstr(message, "\n  Bytecode:");

	if (dump)
		*dump = 0;
}

static void judge_class(struct oracle *oracle, uint32_t number, struct stream_class *given)
{
	JNIEnv *env = oracle->env;
	struct verdict verdict = { .number = number, .hash = stream_hash(given->bytes, given->size), .bci = -1 };
	jobject loader = NULL;
	jclass class;
	jthrowable thrown = NULL;
	char *name = NULL, *error = NULL, *message = NULL, *culprit = NULL;

	if (oracle->resident) {
		char *dotted = strndup(given->note, strcspn(given->note, " "));

		for (char *p = dotted; *p; p++)
			*p = *p == '/' ? '.' : *p;
		class = (*env)->CallStaticObjectMethod(env, (*env)->FindClass(env, "java/lang/Class"), oracle->for_name,
						       (*env)->NewStringUTF(env, dotted), JNI_FALSE,
						       (*env)->CallStaticObjectMethod(env, oracle->loader,
										      oracle->load));
		free(dotted);
	} else {
		loader = (*env)->NewObject(env, oracle->loader, oracle->construct);
		if (!loader)
			die(oracle, "no loader");
		class = (*env)->DefineClass(env, NULL, loader, (jbyte *)given->bytes, given->size);
	}
	verdict.phase = VERDICT_DEFINE;
	if (!(*env)->ExceptionCheck(env)) {
		name = class_name(oracle, class);
		(*env)->CallObjectMethod(env, class, oracle->link, JNI_TRUE);
		verdict.phase = linked(oracle, class) ? VERDICT_OK : VERDICT_LINK;
		if (verdict.phase == VERDICT_LINK && !(*env)->ExceptionCheck(env))
			die(oracle, "not linked, and no exception");
	}
	thrown = (*env)->ExceptionOccurred(env);
	(*env)->ExceptionClear(env);
	if (verdict.phase != VERDICT_OK) {
		error = class_name(oracle, (*env)->GetObjectClass(env, thrown));
		message = text_of(oracle, (*env)->CallObjectMethod(env, thrown, oracle->message));
		if (loader) {
			culprit = text_of(oracle, (*env)->GetObjectField(env, loader, oracle->missing));
			if (culprit)
				verdict.flags |= VERDICT_MISSING;
			char *broken = text_of(oracle, (*env)->GetObjectField(env, loader, oracle->broken));

			if (broken) {
				verdict.flags |= VERDICT_SIBLING;
				free(culprit);
				culprit = broken;
			}
		}
	}
	if (verdict.phase == VERDICT_LINK) {
		jclass above = unlinked_above(oracle, class);

		if (above) {
			verdict.flags |= VERDICT_SUPER;
			free(culprit);
			culprit = class_name(oracle, above);
		}
	}
	if (message) {
		if (!strcmp(error, "java/lang/VerifyError") &&
		    !verdict_place(message, culprit && (verdict.flags & VERDICT_SUPER) ? culprit : name ?: "", oracle->method,
				   sizeof(oracle->method), &verdict.bci))
			verdict.method = oracle->method;
		trim(message);
	}
	verdict.error = error;
	verdict.class = name;
	verdict.culprit = culprit;
	verdict.message = message;
	if (verdict_put(oracle->out, &verdict))
		die(oracle, "cannot write verdicts");
	free(name);
	free(error);
	free(message);
	free(culprit);
}

static void prepare(struct oracle *oracle)
{
	JNIEnv *env = oracle->env;
	jclass class = (*env)->FindClass(env, "java/lang/Class"),
	       throwable = (*env)->FindClass(env, "java/lang/Throwable");

	oracle->construct = (*env)->GetMethodID(env, oracle->loader, "<init>", "()V");
	oracle->broken = (*env)->GetFieldID(env, oracle->loader, "broken", "Ljava/lang/String;");
	oracle->missing = (*env)->GetFieldID(env, oracle->loader, "missing", "Ljava/lang/String;");
	oracle->load =
		(*env)->GetStaticMethodID(env, oracle->loader, "getSystemClassLoader", "()Ljava/lang/ClassLoader;");
	oracle->for_name = (*env)->GetStaticMethodID(env, class, "forName",
						     "(Ljava/lang/String;ZLjava/lang/ClassLoader;)Ljava/lang/Class;");
	oracle->link = (*env)->GetMethodID(env, class, "getDeclaredFields0", "(Z)[Ljava/lang/reflect/Field;");
	oracle->interfaces = (*env)->GetMethodID(env, class, "getInterfaces", "()[Ljava/lang/Class;");
	oracle->message = (*env)->GetMethodID(env, throwable, "getMessage", "()Ljava/lang/String;");
	if ((*env)->ExceptionCheck(env))
		die(oracle, "this JDK lacks what the oracle needs");
}

JNIEXPORT jlong JNICALL Java_Oracle_judge(JNIEnv *env, jclass loader, jstring who, jstring output, jboolean resident,
					  jlong skip);

JNIEXPORT jlong JNICALL Java_Oracle_judge(JNIEnv *env, jclass loader, jstring who, jstring output, jboolean resident,
					  jlong skip)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));
	struct stream_class given = { 0 };
	uint32_t number = 0;
	char *path, *name;
	int more;

	oracle->env = env;
	oracle->jvmti = tool;
	oracle->loader = loader;
	oracle->resident = resident;
	prepare(oracle);
	path = text_of(oracle, output);
	name = text_of(oracle, who);
	oracle->out = fopen(path, skip ? "ab" : "wb");
	if (!oracle->out || (!skip && verdict_begin(oracle->out, name)))
		die(oracle, "cannot write verdicts");
	if (stream_open(stdin))
		die(oracle, "standard input is no stream of classes");
	for (; (more = stream_next(stdin, &given)) > 0; number++) {
		if (number < skip)
			continue;
		(*env)->PushLocalFrame(env, 16);
		judge_class(oracle, number, &given);
		(*env)->PopLocalFrame(env, NULL);
	}
	if (more < 0)
		die(oracle, "the stream of classes is cut");
	if (fclose(oracle->out))
		die(oracle, "cannot write verdicts");
	stream_class_free(&given);
	free(oracle);
	free(path);
	free(name);
	return number;
}

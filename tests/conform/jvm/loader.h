/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_CONFORM_JVM_LOADER_H
#define TESTS_CONFORM_JVM_LOADER_H

#include "jvm-broker/universe/universe.h"

/*
 * What the loader of Oracle.java sees, as a universe: java.* of the image, then the jars in the order given, then the rest of the image. With
 * IMAGE among the jars that rest is on the class path, one run-time package with what is judged; without, in its modules.
 */
struct loader {
	struct universe universe;
	struct keel_buffer octets; /* owned */
};

/* image: the JDK's lib/modules. 0, or -errno, which was told on stderr. */
int loader_open(const char *image, char **entries, int n, struct loader *out);
void loader_free(struct loader *loader);

#endif

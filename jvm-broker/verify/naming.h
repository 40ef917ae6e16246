/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the folder: names and descriptors (JVMS 4.2, 4.3) as HotSpot 17 takes them. Below version 49 a name is an identifier of Java; of
 * characters outside ASCII each counts as a letter here, where HotSpot asks java.lang.Character.
 */
#ifndef JVM_BROKER_VERIFY_NAMING_H
#define JVM_BROKER_VERIFY_NAMING_H

#include "jvm-broker/classfile/classfile.h"

bool naming_field(unsigned major, struct classfile_text name);
bool naming_method(unsigned major, struct classfile_text name);
bool naming_class(unsigned major, struct classfile_text name); /* or an array */
bool naming_is_field(unsigned major, struct classfile_text descriptor);
/* The words of its parameters, or -EINVAL. name: of the method; what begins with < is void. */
int naming_is_method(unsigned major, struct classfile_text name, struct classfile_text descriptor);

#endif

# SPDX-License-Identifier: GPL-2.0-or-later
# The oracle and what feeds it (tests/conform/jvm/README.md). Not among the programs: only `make conform-jvm` needs a JDK.
JDK17 ?= /usr/lib/jvm/java-17-openjdk-$(shell dpkg --print-architecture)
JVM := $(B)/conform/jvm
jvm_STREAM := $(addprefix tests/conform/jvm/,stream.c verdict.c)

$(JVM)/liboracle.so: tests/conform/jvm/oracle.c $(jvm_STREAM) $(wildcard tests/conform/jvm/*.h) tests/conform/jvm.mk $(B)/command
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -isystem $(JDK17)/include -isystem $(JDK17)/include/linux $(CFLAGS) -fPIC -shared -o $@ $(filter %.c,$^)

$(JVM)/Oracle.class: tests/conform/jvm/Oracle.java tests/conform/jvm.mk
	$(say) JAVAC $@
	@mkdir -p $(@D)
	$(Q)$(JDK17)/bin/javac -Xlint:all -Werror -d $(@D) $<

jvm_mutate := $(addprefix tests/conform/jvm/mutator/,calls.c class.c code.c main.c mutant.c tables.c) tests/conform/jvm/stream.c
jvm_reader := tests/conform/jvm/reader.c $(jvm_STREAM)
jvm_verdicts := $(addprefix tests/conform/jvm/,verdicts.c loader.c) $(jvm_STREAM)
OBJS += $(call objs,$(jvm_mutate) $(jvm_reader) $(jvm_verdicts))
$(JVM)/mutate: $(call objs,$(jvm_mutate))
$(JVM)/reader: $(call objs,$(jvm_reader))
$(JVM)/mutate $(JVM)/reader: $(B)/lib/libclassfile.a $(B)/lib/libkeel.a tests/conform/jvm.mk
	$(say) LD $@
	@mkdir -p $(@D)
	$(link)

$(JVM)/verdicts: $(call objs,$(jvm_verdicts)) $(patsubst %,$(B)/lib/lib%.a,discharge verify universe archive classfile keel) tests/conform/jvm.mk
	$(say) LD $@
	@mkdir -p $(@D)
	$(link)
$(JVM)/verdicts: PKGS := libdeflate

conform-jvm: $(JVM)/mutate $(JVM)/reader $(JVM)/verdicts $(JVM)/liboracle.so $(JVM)/Oracle.class
.PHONY: conform-jvm

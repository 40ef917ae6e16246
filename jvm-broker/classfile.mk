# SPDX-License-Identifier: GPL-2.0-or-later
CLASSFILE := $(patsubst %,jvm-broker/classfile/%.c,attribute constant frame name opcode parse utf8)
$(eval $(call library,classfile,$(CLASSFILE)))

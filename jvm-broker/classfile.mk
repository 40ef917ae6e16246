# SPDX-License-Identifier: GPL-2.0-or-later
CLASSFILE := $(patsubst %,jvm-broker/classfile/%.c,attribute constant frame name opcode parse pool utf8 \
	walk walk_attribute walk_code write)
$(eval $(call library,classfile,$(CLASSFILE)))

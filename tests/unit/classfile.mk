# SPDX-License-Identifier: GPL-2.0-or-later
CLASSFILE_KEEL := tools/lib/keel/arena.c tools/lib/keel/buffer.c
$(eval $(call unit,classfile_parse,tests/unit/classfile/parse.c $(CLASSFILE) $(CLASSFILE_KEEL),,))
$(eval $(call unit,classfile_opcode,tests/unit/classfile/opcode.c jvm-broker/classfile/opcode.c,,))
$(eval $(call unit,classfile_name,tests/unit/classfile/name.c jvm-broker/classfile/name.c jvm-broker/classfile/utf8.c,,))
CLASSFILE_SPECIMEN := tests/unit/classfile/specimen.c $(CLASSFILE) $(CLASSFILE_KEEL)
$(eval $(call unit,classfile_walk,tests/unit/classfile/walk.c $(CLASSFILE_SPECIMEN),,))
$(eval $(call unit,classfile_pool,tests/unit/classfile/pool.c $(CLASSFILE_SPECIMEN),,))

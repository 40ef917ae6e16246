# SPDX-License-Identifier: GPL-2.0-or-later
FUZZ_KEEL := $(patsubst %,tools/lib/keel/%.c,arena buffer cursor sort)
$(eval $(call fuzzer,classfile,tests/fuzz/classfile.c $(CLASSFILE) $(FUZZ_KEEL),,))
$(eval $(call fuzzer,jar,tests/fuzz/jar.c tests/fuzz/opened.c $(ARCHIVE) $(FUZZ_KEEL),libdeflate,))
$(eval $(call fuzzer,jimage,tests/fuzz/jimage.c tests/fuzz/opened.c $(ARCHIVE) $(FUZZ_KEEL),libdeflate,))
$(eval $(call fuzzer,universe,tests/fuzz/universe.c $(UNIVERSE) $(CLASSFILE) $(FUZZ_KEEL),,))
# Writes their seeds: build/default/bin/class_seeds tests/fuzz/corpus
$(eval $(call program,class_seeds,tests/fuzz/class_seeds.c tests/unit/classfile/specimen.c tests/unit/archive/image.c,\
	universe archive classfile keel,libdeflate,))
# Its seeds are classes with certificates (tests/conform/jvm/certificates.py): one of each sort
$(eval $(call fuzzer,verify,tests/fuzz/verify.c $(VERIFY) $(CLASSFILE) $(FUZZ_KEEL),,))

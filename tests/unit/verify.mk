# SPDX-License-Identifier: GPL-2.0-or-later
VERIFY_UNIT := tests/unit/verify/program.c $(VERIFY) $(CLASSFILE) $(patsubst %,tools/lib/keel/%.c,arena buffer sort)
$(eval $(call unit,verify_checker,tests/unit/verify/checker.c $(VERIFY_UNIT),,))
$(eval $(call unit,verify_infer,tests/unit/verify/infer.c $(VERIFY_UNIT),,))

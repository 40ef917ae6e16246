# SPDX-License-Identifier: GPL-2.0-or-later
DISCHARGE_UNIT := tests/unit/universe/world.c $(DISCHARGE) $(UNIVERSE) $(VERIFY) $(CLASSFILE)
$(eval $(call unit,discharge,tests/unit/discharge/discharge.c $(DISCHARGE_UNIT) $(patsubst %,tools/lib/keel/%.c,arena buffer cursor sort),,))

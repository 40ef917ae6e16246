# SPDX-License-Identifier: GPL-2.0-or-later
UNIVERSE_KEEL := $(patsubst %,tools/lib/keel/%.c,arena buffer cursor sort)
UNIVERSE_UNIT := tests/unit/universe/world.c $(UNIVERSE) $(CLASSFILE) $(UNIVERSE_KEEL)
$(eval $(call unit,universe,tests/unit/universe/universe.c $(UNIVERSE_UNIT),,))
$(eval $(call unit,universe_resolve,tests/unit/universe/resolve.c $(UNIVERSE_UNIT),,))

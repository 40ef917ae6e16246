# SPDX-License-Identifier: GPL-2.0-or-later
UNIVERSE_KEEL := $(patsubst %,tools/lib/keel/%.c,arena buffer cursor)
$(eval $(call unit,universe,tests/unit/universe/universe.c $(UNIVERSE) $(CLASSFILE) $(UNIVERSE_KEEL),,))

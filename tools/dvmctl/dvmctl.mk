# SPDX-License-Identifier: GPL-2.0-or-later
DVMCTL := $(patsubst %,tools/dvmctl/%.c,command dump main print source sweep text)
$(eval $(call program,dvmctl,$(DVMCTL),archive classfile keel,libdeflate,-lm))
$(eval $(call install,$(B)/bin/dvmctl,$(BINDIR),755))

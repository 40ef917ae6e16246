# SPDX-License-Identifier: GPL-2.0-or-later
DVMCTL := $(patsubst %,tools/dvmctl/%.c,command dump main print source sweep text verify)
$(eval $(call program,dvmctl,$(DVMCTL),archive verify classfile keel,libdeflate,-lm))
$(eval $(call install,$(B)/bin/dvmctl,$(BINDIR),755))

# SPDX-License-Identifier: GPL-2.0-or-later
UNIVERSE := $(patsubst %,jvm-broker/universe/%.c,class finish module open resolve table universe)
$(eval $(call library,universe,$(UNIVERSE)))

# SPDX-License-Identifier: GPL-2.0-or-later
VERIFY := $(patsubst %,jvm-broker/verify/%.c,assign axiom canonical frames handlers instruction judge names reference verify)
$(eval $(call library,verify,$(VERIFY)))

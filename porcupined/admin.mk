# SPDX-License-Identifier: GPL-2.0-or-later
ADMIN := $(patsubst %,porcupined/admin/%.c,alias care domain user verb)
$(eval $(call library,admin,$(ADMIN)))

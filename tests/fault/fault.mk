# SPDX-License-Identifier: GPL-2.0-or-later
# The library that lies between a server and its disk. It is built once, without sanitizers: the server brings those.
LIAR := build/default/fault/liar.so
$(LIAR): tests/fault/liar.c Makefile tests/fault/fault.mk
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARN) -fPIC -shared -pthread -o $@ $< -ldl

ifeq ($(VARIANT),default)
PROGRAMS += $(LIAR)
endif

$(eval $(call program,storm,tests/fault/storm.c,store keel,$(store_PKGS) libsystemd,))

# SPDX-License-Identifier: GPL-2.0-or-later
# The driver of the conformance cases. Not among the programs: nobody installs or needs it but tests/conform/nat64.test.
nat64_driver_SRCS := tests/conform/nat64/driver.c tests/conform/nat64/request.c $(sort $(wildcard kmod/nat64/core/*.c))
OBJS += $(call objs,$(nat64_driver_SRCS))
$(B)/conform/nat64_driver: $(call objs,$(nat64_driver_SRCS)) tests/conform/nat64.mk
	$(say) LD $@
	@mkdir -p $(@D)
	$(link)

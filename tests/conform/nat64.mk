# SPDX-License-Identifier: GPL-2.0-or-later
# The drivers of the conformance cases. Not among the programs: only tests/conform/nat64_core.test and nat64_stateful.test need them.
nat64_driver_SRCS := tests/conform/nat64/driver.c tests/conform/nat64/request.c $(sort $(wildcard kmod/nat64/core/*.c))
OBJS += $(call objs,$(nat64_driver_SRCS))
$(B)/conform/nat64_driver: $(call objs,$(nat64_driver_SRCS)) tests/conform/nat64.mk
	$(say) LD $@
	@mkdir -p $(@D)
	$(link)

# The session table is kernel code: it is linked with its native twin (kmod/nat64_table.mk).
nat64_stateful_SRCS := tests/conform/nat64/stateful.c tests/conform/nat64/request.c $(NAT64_TABLE) tests/unit/nat64/twin.c \
	$(sort $(wildcard kmod/nat64/core/*.c))
OBJS += $(call objs,$(nat64_stateful_SRCS))
$(B)/tests/conform/nat64/stateful.o: override CPPFLAGS += $(NAT64_TWIN)
$(B)/conform/nat64_stateful: $(call objs,$(nat64_stateful_SRCS)) tests/conform/nat64.mk
	$(say) LD $@
	@mkdir -p $(@D)
	$(link)

conform-nat64: $(B)/conform/nat64_driver $(B)/conform/nat64_stateful
.PHONY: conform-nat64

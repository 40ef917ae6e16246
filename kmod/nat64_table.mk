# SPDX-License-Identifier: GPL-2.0-or-later
# The session table outside of the kernel (unit tests, benchmark): kernel code that finds the kernel's primitives in a header that is forced in.
NAT64_TABLE := $(addprefix kmod/nat64/,table.c bib.c binding.c expect.c foresee.c subscriber.c held.c upkeep.c hash.c pool.c)
NAT64_TABLE_LINK := $(NAT64_TABLE) $(addprefix kmod/nat64/core/,session.c block.c address.c) tests/unit/nat64/twin.c
NAT64_TWIN := -include tests/unit/nat64/twin.h
$(call objs,$(NAT64_TABLE)): override CPPFLAGS += $(NAT64_TWIN)
$(call objs,$(NAT64_TABLE)): override CFLAGS += -fno-strict-aliasing

# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call unit,nat64_session,tests/unit/nat64/session.c kmod/nat64/core/session.c,,))
$(eval $(call unit,nat64_block,tests/unit/nat64/block.c kmod/nat64/core/block.c,,))

NAT64_TABLE_TESTS := $(addprefix tests/unit/nat64/,world.c table.c table_admin.c table_expect.c table_model.c table_threads.c)
$(call objs,$(NAT64_TABLE_TESTS)): override CPPFLAGS += $(NAT64_TWIN)
$(eval $(call unit,nat64_table,tests/unit/nat64/table.c tests/unit/nat64/world.c $(NAT64_TABLE_LINK),,))
$(eval $(call unit,nat64_table_admin,tests/unit/nat64/table_admin.c tests/unit/nat64/world.c $(NAT64_TABLE_LINK),,))
$(eval $(call unit,nat64_table_expect,tests/unit/nat64/table_expect.c tests/unit/nat64/world.c $(NAT64_TABLE_LINK),,))
$(eval $(call unit,nat64_table_model,tests/unit/nat64/table_model.c tests/unit/nat64/world.c $(NAT64_TABLE_LINK),,))
$(eval $(call unit,nat64_table_threads,tests/unit/nat64/table_threads.c $(NAT64_TABLE_LINK),,))
$(call objs,kmod/nat64/datagram.c tests/unit/nat64/datagram.c): override CPPFLAGS += $(NAT64_TWIN)
$(eval $(call unit,nat64_datagram,tests/unit/nat64/datagram.c kmod/nat64/datagram.c tests/unit/nat64/twin.c,,))

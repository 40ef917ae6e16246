# SPDX-License-Identifier: GPL-2.0-or-later
# The translator's session table outside of the kernel: nanoseconds, octets, instructions.
BENCHES += bench-nat64-table

$(eval $(call program,bench-nat64-table,tests/bench/nat64_table.c $(NAT64_TABLE_LINK),,,))
$(B)/tests/bench/nat64_table.o: override CPPFLAGS += $(NAT64_TWIN)

bench-nat64-table: $(B)/bin/bench-nat64-table
	$(Q)tests/bench/nat64-table $(B)/bin/bench-nat64-table

.PHONY: bench-nat64-table

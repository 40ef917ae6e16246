# SPDX-License-Identifier: GPL-2.0-or-later
# The translator's core outside of the kernel: nanoseconds, instructions.
BENCHES += bench-nat64-core

$(eval $(call program,bench-nat64-core,tests/bench/nat64_core.c $(NAT64_CORE),,,))

bench-nat64-core: $(B)/bin/bench-nat64-core
	$(Q)tests/bench/nat64-core $(B)/bin/bench-nat64-core

.PHONY: bench-nat64-core

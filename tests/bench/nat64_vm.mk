# SPDX-License-Identifier: GPL-2.0-or-later
# The translator in a machine whose clock counts instructions. Needs the test kernels: not part of `make bench`'s default programs.
OBJS += $(B)/tests/bench/nat64/writer.o
$(B)/tests/bench/nat64/writer: $(B)/tests/bench/nat64/writer.o
	$(say) LD $@
	$(link)

BENCHES += bench-nat64
bench-nat64:
	$(Q)tests/bench/nat64/run

.PHONY: bench-nat64

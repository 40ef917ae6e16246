# SPDX-License-Identifier: GPL-2.0-or-later
# The store without a network; STORE_BENCH_DIR=... names a directory on the disk to measure.
BENCHES += bench-store
STORE_BENCH_DIR ?= build/bench

$(eval $(call program,bench-store,tests/bench/store.c tests/bench/table.c,store keel message,$(store_PKGS) jansson libsystemd,-lm))

bench-store: $(B)/bin/bench-store
	$(Q)mkdir -p $(STORE_BENCH_DIR) build/bench
	$(Q)$(B)/bin/bench-store $(STORE_BENCH_DIR) build/bench/store.json

.PHONY: bench-store

# SPDX-License-Identifier: GPL-2.0-or-later
# porcupined against Postfix + Dovecot; BENCH_STAGES="pairs idle" for a part of it, tests/bench/mail --help for the rest.
BENCHES += bench-mail
BENCH_STAGES ?=

bench-mail: $(B)/bin/porcupined $(B)/bin/mailload $(B)/bin/benchtable
	$(Q)tests/bench/mail $(BENCH_STAGES)

.PHONY: bench-mail

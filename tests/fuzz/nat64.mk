# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call fuzzer,nat64,tests/fuzz/nat64.c $(NAT64_CORE),,))

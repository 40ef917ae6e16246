# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call fuzzer,nat64,tests/fuzz/nat64.c $(NAT64_CORE),,))
$(eval $(call fuzzer,nat64_ftp,tests/fuzz/nat64_ftp.c tests/unit/nat64/control.c $(NAT64_FTP),,))

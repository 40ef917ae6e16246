# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call fuzzer,pop3,tests/fuzz/pop3.c $(POP3) tools/lib/keel/buffer.c,,))

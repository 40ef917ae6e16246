# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call fuzzer,smtp,tests/fuzz/smtp.c $(SMTP) tools/lib/keel/buffer.c,,))

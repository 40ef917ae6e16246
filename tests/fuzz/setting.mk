# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call fuzzer,setting,tests/fuzz/setting.c $(patsubst %,tools/lib/keel/%.c,setting setting_file buffer cleanup),libconfig,))

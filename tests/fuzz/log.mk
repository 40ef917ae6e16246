# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call fuzzer,log,tests/fuzz/log.c $(addprefix porcupined/store/,crc32c.c footer.c record.c scan.c) $(addprefix tools/lib/keel/,buffer.c cleanup.c cursor.c),,))

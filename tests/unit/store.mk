# SPDX-License-Identifier: GPL-2.0-or-later
store_KEEL := $(addprefix tools/lib/keel/,buffer.c cleanup.c cursor.c log.c metric.c)
store_MESSAGE := $(addprefix porcupined/message/,date.c header.c trace.c)

$(eval $(call unit,store_store,tests/unit/store/store.c tests/unit/store/fixture.c $(store_SRCS) $(store_KEEL) $(store_MESSAGE),$(store_PKGS) libsystemd))
$(eval $(call unit,store_scan,tests/unit/store/scan.c $(addprefix porcupined/store/,crc32c.c footer.c record.c scan.c) $(addprefix tools/lib/keel/,buffer.c cleanup.c cursor.c)))

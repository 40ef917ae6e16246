# SPDX-License-Identifier: GPL-2.0-or-later
COMMA := ,
store_KEEL := $(addprefix tools/lib/keel/,buffer.c cleanup.c cursor.c log.c metric.c)
store_MESSAGE := $(addprefix porcupined/message/,date.c header.c trace.c)

# $(call store_unit,NAME,FILES of tests/unit/store,LDLIBS): a test of the store as a whole
store_unit = $(eval $(call unit,store_$(1),$(addprefix tests/unit/store/,$(2) fixture.c) $(store_SRCS) $(store_KEEL) $(store_MESSAGE),$(store_PKGS) libsystemd,$(3)))

$(call store_unit,store,store.c image.c)
$(call store_unit,account,account.c)
$(call store_unit,apply,apply.c)
$(call store_unit,rows,rows.c)
store_DISK := $(addprefix -Wl$(COMMA)--wrap=,pwritev pwrite write fdatasync fsync ftruncate renameat unlinkat posix_fallocate copy_file_range mdb_env_sync)
$(call store_unit,property,property.c model.c disk.c,$(store_DISK))
$(call store_unit,crash,crash.c model.c disk.c,$(store_DISK))
$(call store_unit,errors,errors.c model.c disk.c image.c,$(store_DISK))
$(call store_unit,export,export.c)
$(call store_unit,damage,damage.c image.c model.c)
$(call store_unit,past,past.c image.c)
$(call store_unit,bytes,bytes.c image.c)
$(call store_unit,together,together.c image.c,-Wl$(COMMA)--wrap=index_read -Wl$(COMMA)--wrap=index_commit)
$(call store_unit,room,room.c,$(addprefix -Wl$(COMMA)--wrap=,fstatvfs index_move_body))

$(eval $(call unit,store_scan,tests/unit/store/scan.c $(addprefix porcupined/store/,crc32c.c footer.c record.c scan.c) $(addprefix tools/lib/keel/,buffer.c cleanup.c cursor.c)))
$(eval $(call unit,store_record,tests/unit/store/record.c porcupined/store/record.c porcupined/store/crc32c.c $(addprefix tools/lib/keel/,buffer.c cleanup.c cursor.c)))
$(eval $(call unit,store_footer,tests/unit/store/footer.c $(addprefix porcupined/store/,crc32c.c footer.c record.c) $(addprefix tools/lib/keel/,buffer.c cleanup.c cursor.c)))
$(eval $(call unit,store_life,tests/unit/store/life.c porcupined/store/life.c porcupined/store/crc32c.c $(addprefix tools/lib/keel/,cleanup.c),,-Wl$(COMMA)--wrap=sync_file_range))

# SPDX-License-Identifier: GPL-2.0-or-later
ARCHIVE_UNIT := $(ARCHIVE) $(patsubst %,tools/lib/keel/%.c,arena buffer cursor sort)
WRAP_MALLOC_FREE := -Wl,--wrap=malloc,--wrap=free
$(eval $(call unit,archive_zip,tests/unit/archive/zip.c $(ARCHIVE_UNIT),libdeflate,$(WRAP_MALLOC_FREE)))
$(eval $(call unit,archive_jar,tests/unit/archive/jar.c $(ARCHIVE_UNIT),libdeflate,))
$(eval $(call unit,archive_jimage,tests/unit/archive/jimage.c tests/unit/archive/image.c $(ARCHIVE_UNIT),libdeflate,))

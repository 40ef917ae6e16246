# SPDX-License-Identifier: GPL-2.0-or-later
K := tools/lib/keel
T := tests/unit/keel
WRAP_REALLOC := -Wl,--wrap=realloc
$(eval $(call unit,keel_buffer,$(T)/buffer.c $(K)/buffer.c,,$(WRAP_REALLOC)))
$(eval $(call unit,keel_cursor,$(T)/cursor.c $(K)/cursor.c,,))
$(eval $(call unit,keel_cleanup,$(T)/cleanup.c $(K)/cleanup.c,,))

# SPDX-License-Identifier: GPL-2.0-or-later
K := tools/lib/keel
T := tests/unit/keel
WRAP_REALLOC := -Wl,--wrap=realloc
WRAP_MALLOC := -Wl,--wrap=malloc
$(eval $(call unit,keel_arena,$(T)/arena.c $(K)/arena.c,,$(WRAP_MALLOC)))
$(eval $(call unit,keel_buffer,$(T)/buffer.c $(K)/buffer.c,,$(WRAP_REALLOC)))
$(eval $(call unit,keel_cursor,$(T)/cursor.c $(K)/cursor.c,,))
$(eval $(call unit,keel_sort,$(T)/sort.c $(K)/sort.c,,))
$(eval $(call unit,keel_cleanup,$(T)/cleanup.c $(K)/cleanup.c,,))
$(eval $(call unit,keel_log,$(T)/log.c $(K)/log.c,libsystemd,))
$(eval $(call unit,keel_metric,$(T)/metric.c $(K)/metric.c $(K)/buffer.c,,))
$(eval $(call unit,keel_extack,$(T)/extack.c $(K)/extack.c $(K)/buffer.c $(K)/cleanup.c,libnl-genl-3.0,))
$(eval $(call unit,keel_netlink,$(T)/netlink.c $(K)/netlink.c $(K)/extack.c $(K)/buffer.c $(K)/cleanup.c,libnl-genl-3.0,))
$(eval $(call unit,keel_option,$(T)/option.c $(K)/option.c $(K)/buffer.c,,))
$(eval $(call unit,keel_subcommand,$(T)/subcommand.c $(K)/subcommand.c $(K)/option.c $(K)/buffer.c,,))
KEEL_SETTING := $(K)/setting.c $(K)/setting_file.c $(K)/buffer.c $(K)/cleanup.c
WRAP_ALLOCATION := -Wl,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup
$(eval $(call unit,keel_setting,$(T)/setting.c $(KEEL_SETTING),libconfig,$(WRAP_ALLOCATION)))
KEEL_CONTROL := $(K)/control.c $(K)/control_client.c $(K)/buffer.c $(K)/cleanup.c
$(eval $(call unit,keel_control_client,$(T)/control_client.c $(KEEL_CONTROL),libevent libevent_pthreads jansson,))
$(eval $(call unit,keel_control,$(T)/control.c $(KEEL_CONTROL),libevent libevent_pthreads jansson,))
KEEL_SERVICE := $(K)/service.c $(K)/service_user.c $(K)/log.c $(K)/option.c $(KEEL_SETTING)
$(eval $(call unit,keel_service,$(T)/service.c $(T)/tinyd.c $(KEEL_SERVICE),libevent libevent_pthreads libconfig libsystemd,))

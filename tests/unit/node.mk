# SPDX-License-Identifier: GPL-2.0-or-later
N := porcupined/node
T := tests/unit/node
KEEL_BASE := tools/lib/keel/buffer.c tools/lib/keel/cleanup.c
$(eval $(call unit,node_endpoint,$(T)/endpoint.c $(N)/endpoint.c $(KEEL_BASE),,))
$(eval $(call unit,node_limits,$(T)/limits.c $(N)/limits.c $(KEEL_BASE),,))
$(eval $(call unit,node_maildrop,$(T)/maildrop.c $(N)/maildrop.c $(KEEL_BASE),,))
$(eval $(call unit,node_worker,$(T)/worker.c $(N)/worker.c $(N)/post.c $(KEEL_BASE),libevent libevent_pthreads,))
$(eval $(call unit,node_settings,$(T)/settings.c $(N)/settings.c $(N)/endpoint.c porcupined/auth/address.c \
	tools/lib/keel/setting.c tools/lib/keel/setting_file.c $(KEEL_BASE),libconfig libidn2 libcrypto,-lunistring))
$(eval $(call unit,node_tls,$(T)/tls.c $(N)/tls.c $(N)/certificate.c $(KEEL_BASE),libssl libcrypto,))

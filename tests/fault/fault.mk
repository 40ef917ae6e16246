# SPDX-License-Identifier: GPL-2.0-or-later
# The library that lies between a server and its disk. It is built once, without sanitizers: the server brings those.
LIAR := build/default/fault/liar.so
$(LIAR): tests/fault/liar.c Makefile tests/fault/fault.mk
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARN) -fPIC -shared -pthread -o $@ $< -ldl

ifeq ($(VARIANT),default)
PROGRAMS += $(LIAR)
endif

$(eval $(call program,storm,tests/fault/storm.c,store keel,$(store_PKGS) libsystemd,))

comma := ,
# porcupined with treason in it (traitor.c): what the checker must find out.
$(eval $(call program,porcupined-traitor,$(NODE) tests/fault/traitor.c,admin auth smtp pop3 message store keel,\
	libevent libevent_pthreads libssl libcrypto libidn2 lmdb libzstd libconfig jansson libsystemd,-lunistring -lcrypt \
	$(addprefix -Wl$(comma)--wrap=,store_txn_deliver store_txn_expunge store_body_append store_commit fdatasync)))

# SPDX-License-Identifier: GPL-2.0-or-later
NODE := $(patsubst %,porcupined/node/%.c,certificate connection control endpoint limits listener loop maildrop main metrics pop3_server post \
	recipient rules settings smtp_server tls worker)
$(eval $(call program,porcupined,$(NODE),admin auth smtp pop3 message store keel,\
	libevent libevent_pthreads libssl libcrypto libidn2 lmdb libzstd libconfig jansson libsystemd,-lunistring -lcrypt))
$(eval $(call install,$(B)/bin/porcupined,$(SBINDIR),755))
$(eval $(call install,$(wildcard porcupined/node/porcupined*.service porcupined/node/porcupined*.socket),$(UNITDIR),644))
$(eval $(call install,porcupined/node/porcupine.conf,$(PREFIX)/lib/sysusers.d,644))

# SPDX-License-Identifier: GPL-2.0-or-later
PORCUPINECTL := $(patsubst %,tools/porcupinectl/%.c,command main secret show size)
$(eval $(call program,porcupinectl,$(PORCUPINECTL),admin auth store message keel,\
	libevent libcrypto libidn2 lmdb libzstd jansson libsystemd,-lunistring -lcrypt))
$(eval $(call install,$(B)/bin/porcupinectl,$(BINDIR),755))

# SPDX-License-Identifier: GPL-2.0-or-later
AUTH := $(patsubst %,porcupined/auth/%.c,address login_cache password)
$(eval $(call library,auth,$(AUTH)))
auth_PKGS := libidn2 libcrypto
auth_LIBS := -lunistring -lcrypt

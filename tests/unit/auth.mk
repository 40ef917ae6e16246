# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call unit,auth_address,tests/unit/auth/address.c porcupined/auth/address.c tools/lib/keel/cleanup.c,libidn2 libcrypto,-lunistring))
$(eval $(call unit,auth_password,tests/unit/auth/password.c porcupined/auth/password.c tools/lib/keel/cleanup.c,libcrypto,-lcrypt))
$(eval $(call unit,auth_login_cache,tests/unit/auth/login_cache.c porcupined/auth/login_cache.c,libcrypto,))

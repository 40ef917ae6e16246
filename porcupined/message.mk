# SPDX-License-Identifier: GPL-2.0-or-later
MESSAGE := $(patsubst %,porcupined/message/%.c,date header trace)
$(eval $(call library,message,$(MESSAGE)))

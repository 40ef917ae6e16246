# SPDX-License-Identifier: GPL-2.0-or-later
SMTP := $(patsubst %,porcupined/smtp/%.c,command data envelope path reply session text)
$(eval $(call library,smtp,$(SMTP)))

# SPDX-License-Identifier: GPL-2.0-or-later
POP3 := $(patsubst %,porcupined/pop3/%.c,command content credential login maildrop reply session)
$(eval $(call library,pop3,$(POP3)))

# SPDX-License-Identifier: GPL-2.0-or-later
pop3_SRCS := $(addprefix porcupined/pop3/,command.c session.c)

$(eval $(call library,pop3,$(pop3_SRCS)))

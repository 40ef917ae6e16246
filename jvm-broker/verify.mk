# SPDX-License-Identifier: GPL-2.0-or-later
VERIFY := $(patsubst %,jvm-broker/verify/%.c,assign axiom canonical format_attribute format_class format_code \
	format_constants format_member frames handlers infer instruction judge merge names naming operands reference \
	subroutine verify)
$(eval $(call library,verify,$(VERIFY)))

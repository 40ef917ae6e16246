# SPDX-License-Identifier: GPL-2.0-or-later
# $(call nat64_unit,NOUN): a test of the translator's core as a whole
nat64_unit = $(eval $(call unit,nat64_$(1),$(addprefix tests/unit/nat64/,$(1).c frame.c translator.c) $(NAT64_CORE)))

$(call nat64_unit,address)
$(call nat64_unit,translate)
$(call nat64_unit,eamt)
$(call nat64_unit,error)
$(call nat64_unit,mss)
$(call nat64_unit,stateless)
$(call nat64_unit,verdict)
$(call nat64_unit,parse)
$(eval $(call unit,nat64_identification,tests/unit/nat64/identification.c))
$(eval $(call unit,nat64_ftp,tests/unit/nat64/ftp.c tests/unit/nat64/control.c $(NAT64_FTP)))
$(eval $(call unit,nat64_ftp_segment,tests/unit/nat64/ftp_segment.c tests/unit/nat64/control.c $(NAT64_FTP)))

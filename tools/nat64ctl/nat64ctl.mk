# SPDX-License-Identifier: GPL-2.0-or-later
NAT64CTL := $(patsubst %,tools/nat64ctl/%.c,arp arrival binding change check command explain fixed follow load main own prefix save setting show)
$(eval $(call program,nat64ctl,$(NAT64CTL),keel,libnl-genl-3.0 jansson,))
$(eval $(call install,$(B)/bin/nat64ctl,$(SBINDIR),755))

# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call unit,nat64ctl_arrival,tests/unit/nat64ctl/arrival.c tools/nat64ctl/arrival.c,,))

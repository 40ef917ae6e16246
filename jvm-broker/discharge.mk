# SPDX-License-Identifier: GPL-2.0-or-later
DISCHARGE := jvm-broker/discharge/discharge.c
$(eval $(call library,discharge,$(DISCHARGE)))

# SPDX-License-Identifier: GPL-2.0-or-later
# libkeel: what links it names the packages of the parts it uses (setting: libconfig; control: libevent, jansson;
# log, service: libsystemd).
KEEL := $(patsubst %,tools/lib/keel/%.c,arena buffer cleanup control control_client cursor log metric option setting \
	service service_user setting_file)
$(eval $(call library,keel,$(KEEL)))

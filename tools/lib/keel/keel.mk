# SPDX-License-Identifier: GPL-2.0-or-later
# libkeel: what links it names the packages of the parts it uses (setting: libconfig; control: libevent, jansson;
# log, service: libsystemd; extack, netlink: libnl-genl-3.0, whose headers have a folder of their own).
KEEL := $(patsubst %,tools/lib/keel/%.c,arena buffer cleanup control control_client cursor extack log metric netlink option \
	setting service service_user setting_file sort subcommand)
$(eval $(call library,keel,$(KEEL)))
override CPPFLAGS += -isystem /usr/include/libnl3

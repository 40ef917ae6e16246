# SPDX-License-Identifier: GPL-2.0-or-later
# What links it names libdeflate.
ARCHIVE := $(patsubst %,jvm-broker/archive/%.c,archive content jar jar_writer jimage order zip)
$(eval $(call library,archive,$(ARCHIVE)))

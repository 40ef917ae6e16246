# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/conform/jvm-universe.test runs; nobody installs it.
$(eval $(call program,universe,tests/conform/universe/universe.c,universe archive classfile keel,libdeflate,))

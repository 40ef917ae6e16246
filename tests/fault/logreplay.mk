# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call program,logreplay,tests/fault/logreplay.c,,,))
$(eval $(call program,logmark,tests/fault/logmark.c,,,))

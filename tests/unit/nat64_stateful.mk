# SPDX-License-Identifier: GPL-2.0-or-later
N := kmod/nat64/core
$(eval $(call unit,nat64_session,tests/unit/nat64/session.c $(N)/session.c,,))
$(eval $(call unit,nat64_block,tests/unit/nat64/block.c $(N)/block.c,,))

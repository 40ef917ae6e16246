# SPDX-License-Identifier: GPL-2.0-or-later
$(eval $(call unit,message_trace,tests/unit/message/trace.c $(MESSAGE) tools/lib/keel/buffer.c,,))
$(eval $(call unit,message_header,tests/unit/message/header.c porcupined/message/header.c,,))

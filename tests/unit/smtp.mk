# SPDX-License-Identifier: GPL-2.0-or-later
SMTP_DIALOGUE := tests/unit/smtp/dialogue.c $(SMTP) tools/lib/keel/buffer.c
$(eval $(call unit,smtp_session,tests/unit/smtp/session.c $(SMTP_DIALOGUE),,$(WRAP_REALLOC)))
$(eval $(call unit,smtp_message,tests/unit/smtp/message.c $(SMTP_DIALOGUE),,$(WRAP_REALLOC)))
$(eval $(call unit,smtp_chunk,tests/unit/smtp/chunk.c $(SMTP_DIALOGUE),,$(WRAP_REALLOC)))
$(eval $(call unit,smtp_path,tests/unit/smtp/path.c porcupined/smtp/path.c tools/lib/keel/buffer.c,,))
$(eval $(call unit,smtp_text,tests/unit/smtp/text.c porcupined/smtp/text.c,,))

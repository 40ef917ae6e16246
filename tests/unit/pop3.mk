# SPDX-License-Identifier: GPL-2.0-or-later
POP3_DIALOGUE := tests/unit/pop3/dialogue.c $(POP3) tools/lib/keel/buffer.c
WRAP_MEMORY := -Wl,--wrap=realloc,--wrap=free
$(eval $(call unit,pop3_session,tests/unit/pop3/session.c $(POP3_DIALOGUE),,$(WRAP_MEMORY)))
$(eval $(call unit,pop3_login,tests/unit/pop3/login.c $(POP3_DIALOGUE),,$(WRAP_MEMORY)))
$(eval $(call unit,pop3_content,tests/unit/pop3/content.c $(POP3_DIALOGUE),,$(WRAP_MEMORY)))
$(eval $(call unit,pop3_credential,tests/unit/pop3/credential.c porcupined/pop3/credential.c tools/lib/keel/buffer.c,,))
$(eval $(call unit,pop3_matrix,tests/unit/pop3/matrix.c $(POP3) tools/lib/keel/buffer.c,,))

# SPDX-License-Identifier: GPL-2.0-or-later
# Load generator; not installed.
mailload_SRCS := $(addprefix tests/bench/mailload/,conn.c corpus.c history.c machine.c main.c pop3.c probe.c run.c smtp.c)

$(eval $(call program,mailload,$(mailload_SRCS),keel,jansson openssl libsystemd,-lm))
$(eval $(call program,mailsink,tests/bench/sink.c,,,))

# SPDX-License-Identifier: GPL-2.0-or-later
store_SRCS := $(addprefix porcupined/store/,apply.c body.c bucket.c commit.c compact.c crc32c.c export.c footer.c guard.c import.c index.c indexer.c keeper.c life.c live.c \
	mailbox.c metrics.c reader.c rebuild.c record.c recover.c salvage.c scan.c scrub.c segment.c store.c txn.c)
store_PKGS := lmdb libzstd libcrypto

$(eval $(call library,store,$(store_SRCS)))

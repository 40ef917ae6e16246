# SPDX-License-Identifier: GPL-2.0-or-later
# What every benchmark prints and writes; scripts use it by the program benchtable. Not installed.
bench_table_SRCS := tests/bench/table.c

$(eval $(call program,benchtable,tests/bench/benchtable.c $(bench_table_SRCS),keel,jansson libsystemd,-lm))

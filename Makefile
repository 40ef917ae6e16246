# SPDX-License-Identifier: GPL-2.0-or-later
# User space, BPF, tests and install. Every folder brings one NAME.mk; there is no recursion.
# Kernel modules are built by Kbuild: see kmod/kmod.mk.
#
#   make                 programs, into build/default
#   make SAN=1 ...       the same with ASan and UBSan, into build/san
#   make TSAN=1 ...      the same with TSan, into build/tsan
#   make FUZZ=1 fuzz     the fuzzers (clang), into build/fuzz
#   make check           rules and unit tests
#   make help            the other targets

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDEXPANSION:

VERSION := 0.1.0

# ---- variants ---------------------------------------------------------------------------------
ifeq ($(FUZZ),1)
VARIANT := fuzz
CC := clang
SANFLAGS := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
else ifeq ($(SAN),1)
VARIANT := san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
else ifeq ($(TSAN),1)
VARIANT := tsan
SANFLAGS := -fsanitize=thread
else
VARIANT := default
SANFLAGS :=
endif
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(CC)$(VARIANT),clangdefault)
VARIANT := clang
endif
B := build/$(VARIANT)

OPT ?= -O2 -g
WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wvla \
	-Wno-unused-parameter -Wno-missing-field-initializers
override CPPFLAGS += -iquote . -iquote $(B) -D_GNU_SOURCE -DOSNC_VERSION='"$(VERSION)"'
override CFLAGS += -std=gnu11 $(OPT) $(WARN) -fno-common -fno-omit-frame-pointer -fstack-protector-strong $(SANFLAGS)
override LDFLAGS += $(SANFLAGS) -pthread
CFLAGS += -pthread

PREFIX ?= /usr
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system
DESTDIR ?=

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

PROGRAMS :=
UNITS :=
FUZZERS :=
BENCHES :=
INSTALL :=
OBJS :=

# The .mk that calls a macro below: what it lists changes with it.
here = $(lastword $(MAKEFILE_LIST))

# $(call objs,SOURCES): the objects of a list of .c files in this variant
objs = $(patsubst %.c,$(B)/%.o,$(1))

# $(call library,NAME,SOURCES): a static archive $(B)/lib/libNAME.a
define library
OBJS += $(call objs,$(2))
$(B)/lib/lib$(1).a: $(call objs,$(2)) $(here)
endef

# $(call program,NAME,SOURCES,ARCHIVES (names of libraries above),PACKAGES (pkg-config),LDLIBS): $(B)/bin/NAME
define program
PROGRAMS += $(B)/bin/$(1)
OBJS += $(call objs,$(2))
$(B)/bin/$(1): $(call objs,$(2)) $(patsubst %,$(B)/lib/lib%.a,$(3)) $(here)
$(B)/bin/$(1): PKGS := $(4)
$(B)/bin/$(1): LIBS := $(5)
endef

# $(call unit,NAME,SOURCES,PACKAGES,LDLIBS): a unit test $(B)/unit/NAME. SOURCES lists every file
# that is linked, the test's and the product's: coupling shows here.
define unit
UNITS += $(B)/unit/$(1)
OBJS += $(call objs,$(2))
$(B)/unit/$(1): $(call objs,$(2)) $(here)
$(B)/unit/$(1): PKGS := check $(3)
$(B)/unit/$(1): LIBS := $(4)
endef

# $(call fuzzer,NAME,SOURCES,PACKAGES,LDLIBS): build/fuzz/fuzzer/NAME; its corpus is tests/fuzz/corpus/NAME
define fuzzer
FUZZERS += $(B)/fuzzer/$(1)
FUZZ_OBJS += $(call objs,$(2))
$(B)/fuzzer/$(1): $(call objs,$(2)) $(here)
$(B)/fuzzer/$(1): PKGS := $(3)
$(B)/fuzzer/$(1): LIBS := $(4)
endef

# $(call install,FILES,FOLDER,MODE): what `make install` puts into DESTDIR. Manual pages are found by themselves.
define install
INSTALL += $(foreach file,$(1),$(file):$(2):$(3))
endef

all: programs

include $(sort $(wildcard tools/lib/*/*.mk) $(wildcard porcupined/*.mk) $(wildcard tools/*/*.mk) \
	$(wildcard kmod/*.mk) $(wildcard bpf/*.mk) $(wildcard daemons/*/*.mk) $(wildcard jvm-broker/*.mk) \
	$(wildcard tests/*/*.mk) $(wildcard Documentation/*.mk))

# ---- rules ------------------------------------------------------------------------------------
# Objects depend on their sources and on the command that made them.
COMMAND := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
ifneq ($(file <$(B)/command),$(COMMAND))
$(shell mkdir -p $(B))
$(file >$(B)/command,$(COMMAND))
endif
$(B)/command: ;

$(B)/%.o: %.c $(B)/command
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/lib/%.a:
	$(say) AR $@
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

pkglibs = $(if $(strip $(PKGS)),$(shell pkg-config --libs $(PKGS)))
link = $(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(pkglibs) $(LIBS)

$(B)/bin/%:
	$(say) LD $@
	@mkdir -p $(@D)
	$(link)

$(B)/unit/%:
	$(say) LD $@
	@mkdir -p $(@D)
	$(link)

$(B)/fuzzer/%:
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(pkglibs) $(LIBS)

programs: $$(PROGRAMS)
units: $$(UNITS)
ifeq ($(VARIANT),fuzz)
fuzz: $$(FUZZERS)
else
fuzz:
	$(Q)$(MAKE) FUZZ=1 fuzz
endif

check:
	$(Q)tests/run check unit

bench: $$(BENCHES)

clean:
	$(Q)rm -rf build

help:
	@echo 'make [programs]     build everything that runs in user space (SAN=1, TSAN=1: with sanitizers; CC=clang)'
	@echo 'make check          rules and unit tests'
	@echo 'make fuzz           the fuzzers, into build/fuzz/fuzzer'
	@echo 'make modules        kernel modules (KERNEL=version; default: each test kernel installed)'
	@echo 'make bench          every benchmark: $(BENCHES)'
	@echo 'make install        into DESTDIR with PREFIX ($(PREFIX)), SYSCONFDIR, UNITDIR'
	@echo 'make clean          remove build/'

$(foreach page,$(wildcard Documentation/man/*.[1-9]),$(eval $(call \
	install,$(page),$(MANDIR)/man$(subst .,,$(suffix $(page))),644)))

installed = $(foreach entry,$(INSTALL),$(firstword $(subst :, ,$(entry))))
install: $$(installed)
	@set -e; for entry in $(INSTALL); do \
		file=$${entry%%:*} mode=$${entry##*:} folder=$${entry#*:}; \
		install -D -m "$$mode" -t "$(DESTDIR)$${folder%:*}" "$$file"; \
	done

# a list variable, for scripts: make -s SAN=1 print-UNITS
print-%:
	@printf '%s\n' $($*)

.PHONY: all programs units fuzz check bench clean help install

-include $(patsubst %.o,%.d,$(sort $(OBJS) $(FUZZ_OBJS)))

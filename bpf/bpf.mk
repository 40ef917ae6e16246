# SPDX-License-Identifier: GPL-2.0-or-later
# BPF programs: NAME.bpf.c anywhere in the tree -> build/bpf/.../NAME.bpf.o and its skeleton build/bpf/.../NAME.skel.h,
# which is included by that path without build/bpf/. One object serves both test kernels (CO-RE); vmlinux.h is always
# 6.12's, never the running kernel's.
#
#   $(call skeletons,OBJECT,NAMES)   OBJECT (a .o of ours) includes these skeletons: NAMES are sources without .bpf.c

BPF_CLANG ?= clang
BPFFLAGS := -std=gnu11 -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -iquote . -iquote build/bpf \
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-declarations
# make expands this even where nothing of BPF is built: without that kernel it is no error yet.
BPF_KERNEL = $(or $(shell kmod/scripts/kernels 6.12 2>/dev/null),none)

override CPPFLAGS += -iquote build/bpf

define skeletons
$(1): | $(patsubst %,build/bpf/%.skel.h,$(2))
endef

build/vm/vmlinux-none:
	@echo 'there is no 6.12 kernel to make vmlinux.h from: run tools/setup kernel' >&2; false

build/bpf/vmlinux.h: $$(addprefix build/vm/vmlinux-,$$(BPF_KERNEL))
	$(say) BTF $@
	@mkdir -p $(@D)
	$(Q)bpftool btf dump file $< format c >$@

build/bpf/%.bpf.o: %.bpf.c build/bpf/vmlinux.h bpf/bpf.mk
	$(say) BPF $<
	@mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(BPFFLAGS) -MMD -MP -c -o $@ $<

build/bpf/%.skel.h: build/bpf/%.bpf.o
	$(say) SKEL $@
	$(Q)bpftool gen skeleton $< name $(subst -,_,$(notdir $*)) >$@

.PRECIOUS: build/bpf/%.bpf.o build/bpf/%.skel.h

-include $(shell find build/bpf -name '*.bpf.d' 2>/dev/null)

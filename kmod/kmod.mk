# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel modules, on the distribution's headers alone and with module BTF, for each test kernel:
#
#   make modules                 both test kernels (kmod/scripts/kernels)
#   make modules KERNEL=6.1      the newest installed of a series, or a full version
#   make modules C=2             with sparse
#   make modules-install         the product's into DESTDIR/lib/modules/VERSION/updates (then: depmod VERSION)
#
# Sources are mirrored (links) into build/VERSION, which is Kbuild's M=: no object lands in the tree, and kernels build
# side by side. The finished modules are build/modules/VERSION/NAME.ko.

# Kbuild leaves BTF to kmod/scripts/finish: 6.1's headers have nothing to make it with, and one way serves both. The
# variable is emptied for Kbuild's makefiles only; the C code still sees the kernel's own configuration.
# No time, host or path gets into a module: it has the same bytes wherever it is built.
KBUILD = +$(Q)KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=osnc KBUILD_BUILD_HOST=osnc \
	$(MAKE) --no-print-directory $(if $(Q),-s) -C /lib/modules/$(1)/build M=$(CURDIR)/build/$(1) W=1 \
	CONFIG_DEBUG_INFO_BTF_MODULES= KCFLAGS="$(KCFLAGS) -ffile-prefix-map=$(CURDIR)/build/$(1)/=" modules

# make expands this even where no module is built: without a kernel it is no error yet.
kernels = $(or $(shell kmod/scripts/kernels $(KERNEL) 2>/dev/null),none)

modules: $$(addprefix modules-,$$(kernels))

modules-none:
	$(Q)kmod/scripts/kernels $(KERNEL); echo 'no kernel to build modules for' >&2; false

modules-%: build/vm/vmlinux-%
	$(say) KBUILD $*
	$(Q)kmod/scripts/mirror build/$*
	$(call KBUILD,$*)
	$(Q)kmod/scripts/finish $*

modules-install: $$(addprefix modules-install-,$$(kernels))

modules-install-%: modules-%
	$(Q)install -D -m 644 -t "$(DESTDIR)/lib/modules/$*/updates" $(addprefix build/modules/$*/,nat64.ko)

build/vm/vmlinux-%: FORCE
	@mkdir -p $(@D)
	$(Q)kmod/scripts/vmlinux /boot/vmlinuz-$* $@

FORCE:

.PHONY: modules modules-none modules-install FORCE
.PRECIOUS: build/vm/vmlinux-%

$(eval $(call install,kmod/include/uapi/linux/osnc_nat64.h,$(PREFIX)/include/linux,644))

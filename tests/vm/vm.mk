# SPDX-License-Identifier: GPL-2.0-or-later
# What runs inside the test machines. Not part of `make`: it needs the test kernels' files. `make vm-programs`

VM_PROGRAMS := $(B)/tests/vm/kfunc/attach

OBJS += $(B)/tests/vm/kfunc/attach.o
$(eval $(call skeletons,$(B)/tests/vm/kfunc/attach.o,tests/vm/kfunc/count))
$(B)/tests/vm/kfunc/attach: $(B)/tests/vm/kfunc/attach.o
$(B)/tests/vm/kfunc/attach: PKGS := libbpf

$(VM_PROGRAMS):
	$(say) LD $@
	$(link)

vm-programs: $(VM_PROGRAMS)

.PHONY: vm-programs

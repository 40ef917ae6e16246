# SPDX-License-Identifier: GPL-2.0-or-later
# The translator's core in user space: for unit tests, fuzzers and conformance.
NAT64_CORE := $(addprefix kmod/nat64/core/,address.c eamt.c extension.c icmp.c mss.c parse.c stateless.c xlat46.c xlat64.c)
# FTP's gateway, which stands by itself.
NAT64_FTP := $(addprefix kmod/nat64/core/,ftp.c ftp_stream.c ftp_text.c)

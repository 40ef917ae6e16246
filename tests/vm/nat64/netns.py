# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets in several network namespaces from one process: what is made within `with inside(NAME):` belongs there."""
import contextlib
import ctypes
import os
import socket

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
own = os.open("/proc/self/ns/net", os.O_RDONLY)


def enter(descriptor):
	if libc.setns(descriptor, CLONE_NEWNET):
		raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(name):
	descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY)
	try:
		enter(descriptor)
		yield
	finally:
		enter(own)
		os.close(descriptor)


def opened(name, family, kind, protocol=0, bind=None):
	with inside(name):
		made = socket.socket(family, kind, protocol)
	made.settimeout(20)
	if bind:
		made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		made.bind(bind)
	return made

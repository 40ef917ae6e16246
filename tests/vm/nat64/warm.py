#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs Python files in forks of one interpreter, one after another: under emulation, starting an interpreter takes a second.

usage: warm.py REQUESTS ANSWERS (two FIFOs). A request is a line of fields with US (octet 31) between them: the network namespace or '-', the
files for standard output and standard error, the file to run, its arguments. Its answer is a line with the exit status.
"""
# what the scenarios import, and nothing that remembers a namespace
import argparse  # noqa: F401
import contextlib  # noqa: F401
import ctypes
import fcntl  # noqa: F401
import hashlib  # noqa: F401
import json  # noqa: F401
import os
import random
import runpy
import select  # noqa: F401
import socket  # noqa: F401
import struct  # noqa: F401
import subprocess  # noqa: F401
import sys
import threading  # noqa: F401
import time  # noqa: F401

CLONE_NEWNET = 0x40000000


def enter(namespace):
	descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
	if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
		raise OSError(ctypes.get_errno(), f"setns {namespace}")
	os.close(descriptor)


def become(namespace, out, err, *arguments):
	"""In the fork: what an interpreter of its own would be."""
	for descriptor, path in ((1, out), (2, err)):
		opened = os.open(path, os.O_WRONLY | os.O_APPEND)
		os.dup2(opened, descriptor)
		os.close(opened)
	if namespace != "-":
		enter(namespace)
	random.seed()
	sys.argv = list(arguments)
	sys.path[0] = os.path.dirname(arguments[0])
	runpy.run_path(arguments[0], run_name="__main__")


def main(requests, answers):
	with open(requests, encoding="utf-8") as asked, open(answers, "w", encoding="ascii") as said:
		for line in asked:
			child = os.fork()
			if child == 0:
				become(*line.rstrip("\n").split("\x1f"))
				return
			status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
			print(status if status >= 0 else 128 - status, file=said, flush=True)


main(*sys.argv[1:])

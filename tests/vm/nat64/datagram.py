#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a datagram from the server's side reaches a port of the client that is mapped by hand.

usage: datagram.py PORT open|closed
"""
import random
import socket
import sys

from netns import opened

port, wanted = int(sys.argv[1]), sys.argv[2]
near = opened("client", socket.AF_INET6, socket.SOCK_DGRAM, bind=("2001:db8:1::2", port))
far = opened("server", socket.AF_INET, socket.SOCK_DGRAM)
data = random.randbytes(20)
far.sendto(data, ("192.0.2.17", port))
near.settimeout(2 if wanted == "closed" else 20)
try:
	got = near.recv(100)
except TimeoutError:
	got = None
assert got == (data if wanted == "open" else None), f"{wanted}: got {got}"

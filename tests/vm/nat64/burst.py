#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Bursts of UDP datagrams that leave as one segmentation-offload packet (UDP_SEGMENT), both ways: every one must arrive, as it was."""
import random
import socket
import sys

from netns import opened

SOL_UDP, UDP_SEGMENT, SO_RCVBUFFORCE = 17, 103, 33
WAYS = [
	("client", socket.AF_INET6, "server", socket.AF_INET, "198.51.100.2", "2001:db8:64::c633:6402"),
	("server", socket.AF_INET, "client", socket.AF_INET6, "2001:db8:1::2", "192.0.2.8"),
]

for near, near_family, far, far_family, bind, seen in WAYS:
	sink = opened(far, far_family, socket.SOCK_DGRAM, bind=(bind, 0))
	sink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)  # a burst is there before the first is read
	source = opened(near, near_family, socket.SOCK_DGRAM)
	source.setsockopt(SOL_UDP, UDP_SEGMENT, 1200)
	for count in (1, 2, 10, 40):
		data = random.randbytes(1200 * count - 100)
		source.sendto(data, (seen, sink.getsockname()[1]))
		got = b"".join(sink.recv(70000) for _ in range(count))
		assert got == data, f"{count} datagrams from {near}: other octets"
	print(f"bursts from {near}")
sys.exit()

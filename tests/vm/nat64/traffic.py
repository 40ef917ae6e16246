#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP and UDP between the client and the server of lab.sh, both ways, every octet compared.

usage: traffic.py [--udp SIZE...] [--tcp OCTETS]
"""
import argparse
import hashlib
import random
import socket
import sys
import threading

from netns import opened

CLIENT6, CLIENT4, SERVER4, SERVER6 = "2001:db8:1::2", "192.0.2.8", "198.51.100.2", "2001:db8:64::c633:6402"
SIDES = {
	"client": ("client", socket.AF_INET6, CLIENT6, SERVER6, "server", socket.AF_INET, SERVER4, CLIENT4),
	"server": ("server", socket.AF_INET, SERVER4, CLIENT4, "client", socket.AF_INET6, CLIENT6, SERVER6),
}


def carry(source, target, sink, data, seen):
	"""Again if need be: the first datagram that a path is too narrow for is answered with an error instead."""
	sink.settimeout(2)
	for attempt in range(4):
		source.sendto(data, target)
		try:
			got, who = sink.recvfrom(70000)
		except TimeoutError:
			continue
		assert got == data, f"UDP {len(data)}: {len(got)} octets, or others"
		assert who[0] == seen, f"UDP {len(data)} seems to come from {who}"
		return who
	raise AssertionError(f"UDP {len(data)} to {target}: lost")


def udp(side, sizes):
	near, near_family, _, far_seen, far, far_family, far_own, near_seen = SIDES[side]
	listener = opened(far, far_family, socket.SOCK_DGRAM, bind=(far_own, 0))
	speaker = opened(near, near_family, socket.SOCK_DGRAM, bind=("::" if near_family == socket.AF_INET6 else "", 0))
	for size in sizes:
		data = random.randbytes(size)
		who = carry(speaker, (far_seen, listener.getsockname()[1]), listener, data, near_seen)
		assert who[1] == speaker.getsockname()[1], f"UDP from {side} seems to come from {who}"
		carry(listener, who, speaker, data[::-1], far_seen)
	print(f"UDP from {side}: {len(sizes)} sizes up to {max(sizes)} there and back")


def receive(sock, digest):
	while data := sock.recv(1 << 17):
		digest.update(data)


def tcp(side, octets):
	near, near_family, _, far_seen, far, far_family, far_own, near_seen = SIDES[side]
	listener = opened(far, far_family, socket.SOCK_STREAM, bind=(far_own, 0))
	listener.listen()
	speaker = opened(near, near_family, socket.SOCK_STREAM)
	speaker.connect((far_seen, listener.getsockname()[1]))
	accepted, who = listener.accept()
	accepted.settimeout(20)
	assert who[0] == near_seen, f"TCP from {side} seems to come from {who}"
	for source, sink in ((speaker, accepted), (accepted, speaker)):
		there, here = hashlib.sha256(), hashlib.sha256()
		reader = threading.Thread(target=receive, args=(sink, there))
		reader.start()
		block = random.randbytes(1 << 16)
		for _ in range(octets >> 16):
			source.sendall(block)
			here.update(block)
		source.shutdown(socket.SHUT_WR)
		reader.join(60)
		assert not reader.is_alive() and there.digest() == here.digest(), f"TCP from {side}: other octets"
	print(f"TCP from {side}: {octets} octets each way")


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--udp", type=int, nargs="*", default=[])
	parser.add_argument("--tcp", type=int, default=0)
	parser.add_argument("--from", dest="sides", choices=list(SIDES), nargs="*", default=list(SIDES))
	given = parser.parse_args()
	for side in given.sides:
		if given.udp:
			udp(side, given.udp)
		if given.tcp:
			tcp(side, given.tcp)


sys.exit(main())

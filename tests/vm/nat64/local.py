#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One check each of what the router itself (namespace nat of lab.sh) sends to the IPv4-only server.

usage: local.py CHECK [ARGUMENT...]
"""
import hashlib
import random
import socket
import struct
import sys
import threading

from netns import opened

SERVER4, SERVER6, OWN6, CLIENT4 = "198.51.100.2", "2001:db8:64::c633:6402", "2001:db8:1::1", "192.0.2.8"
UDP, TCP, IPV6, IPV4 = socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.AF_INET6, socket.AF_INET


def receive(sock, digest):
	while data := sock.recv(1 << 17):
		digest.update(data)


def tcp(octets):
	listener = opened("server", IPV4, TCP, bind=(SERVER4, 0))
	listener.listen()
	near = opened("nat", IPV6, TCP)
	near.connect((SERVER6, listener.getsockname()[1]))
	far, _ = listener.accept()
	far.settimeout(20)
	for source, sink in ((near, far), (far, near)):
		there, here = hashlib.sha256(), hashlib.sha256()
		reader = threading.Thread(target=receive, args=(sink, there))
		reader.start()
		block = random.randbytes(1 << 16)
		for _ in range(int(octets) >> 16):
			source.sendall(block)
			here.update(block)
		source.shutdown(socket.SHUT_WR)
		reader.join(60)
		assert not reader.is_alive() and there.digest() == here.digest(), "TCP: other octets"


def udp(*sizes):
	far = opened("server", IPV4, UDP, bind=(SERVER4, 0))
	near = opened("nat", IPV6, UDP)
	for sock in (far, near):
		sock.settimeout(2)
	for size in map(int, sizes):
		data = random.randbytes(size)
		for attempt in range(4):  # the first one that a path is too narrow for may be answered with an error
			near.sendto(data, (SERVER6, far.getsockname()[1]))
			try:
				got, who = far.recvfrom(70000)
				break
			except TimeoutError:
				continue
		else:
			raise AssertionError(f"UDP {size}: lost")
		assert got == data, f"UDP {size}: {len(got)} octets, or others"
		far.sendto(data[::-1], who)
		got, back = near.recvfrom(70000)
		assert got == data[::-1] and back[0] == SERVER6, f"UDP {size} back from {back}"


def owner():
	"""The packet stays its socket's: what is not sent yet counts against its buffer, and is nobody's when it has gone"""
	far = opened("server", IPV4, UDP, bind=(SERVER4, 0))
	near = opened("nat", IPV6, UDP)
	near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
	for number in range(200):
		near.sendto(bytes(1000), (SERVER6, far.getsockname()[1]))
		assert len(far.recv(2000)) == 1000, number


def refused():
	"""A port that nobody listens on, TCP and UDP: the socket is told"""
	near = opened("nat", IPV6, TCP)
	try:
		near.connect((SERVER6, 1))
		raise AssertionError("connected")
	except ConnectionRefusedError:
		pass
	near = opened("nat", IPV6, UDP)
	near.connect((SERVER6, 1))
	near.send(b"x")
	try:
		near.recv(10)
		raise AssertionError("answered")
	except ConnectionRefusedError:
		pass


def hops():
	wire = opened("server", socket.AF_PACKET, UDP, socket.htons(0x0800), ("s4", 0x0800))
	near = opened("nat", IPV6, UDP)
	for limit in (1, 33):
		near.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, limit)
		near.sendto(b"hops", (SERVER6, 9))
		while not (packet := wire.recv(2000)).endswith(b"hops") or packet[9] != 17:
			pass
		assert packet[8] == limit, f"{limit} became {packet[8]}"


def rejected(router):
	"""What nft rejects of an IPv4 host's is told to it: TCP by a reset, UDP by an error"""
	source = opened("server", IPV4, TCP)
	try:
		source.connect((CLIENT4, 9))
		raise AssertionError("connected")
	except ConnectionRefusedError:
		pass
	errors = opened("server", IPV4, socket.SOCK_RAW, socket.IPPROTO_ICMP)
	errors.settimeout(5)
	source = opened("server", IPV4, UDP)
	source.connect((CLIENT4, 9))
	source.send(b"x")
	while True:
		packet, who = errors.recvfrom(2000)
		if packet[20] == 3:
			break
	assert (who[0], packet[21]) == (router, 10), f"ICMP code {packet[21]} from {who}"
	quoted = struct.unpack_from("!BB", packet, 28)
	assert quoted[0] == 0x45, packet.hex()
	assert packet[40:48] == socket.inet_aton(SERVER4) + socket.inet_aton(CLIENT4), packet.hex()


def hairpin():
	"""The router to itself through an address that one of its sockets is mapped to"""
	far = opened("server", IPV4, UDP, bind=(SERVER4, 0))
	one, two = (opened("nat", IPV6, UDP, bind=(OWN6, 0)) for _ in range(2))
	two.sendto(b"hello", (SERVER6, far.getsockname()[1]))
	_, seen = far.recvfrom(100)
	mapped = socket.inet_ntop(IPV6, socket.inet_pton(IPV6, SERVER6)[:12] + socket.inet_aton(seen[0]))
	one.sendto(b"turn", (mapped, seen[1]))
	assert two.recv(100) == b"turn"


globals()[sys.argv[1]](*sys.argv[2:])
print(f"{sys.argv[1]}: ok", flush=True)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One check each of a stateful translator in the lab of lab.sh.

usage: stateful.py CHECK [ARGUMENT...]
"""
import json
import random
import select
import socket
import struct
import sys
import threading

from netns import opened

CLIENT6, OTHER6, SERVER4, SECOND4, SERVER6 = "2001:db8:1::2", "2001:db8:1:ffff::2", "198.51.100.2", "198.51.100.3", "2001:db8:64::c633:6402"
POOL6, OWN4 = "2001:db8:64::", "198.51.100.1"
UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM


def client(kind, port=0, address=CLIENT6):
	return opened("client", socket.AF_INET6, kind, bind=(address, port))


def server(kind, port=0, address=SERVER4):
	return opened("server", socket.AF_INET, kind, bind=(address, port))


def embedded(address):
	return socket.inet_ntop(
		socket.AF_INET6, socket.inet_pton(socket.AF_INET6, POOL6)[:12] + socket.inet_aton(address))


def mapped(sock, peer):
	"""Sends from an IPv6 socket to an IPv4 one, which says where it seems to come from."""
	data = random.randbytes(20)
	sock.sendto(data, (embedded(peer.getsockname()[0]), peer.getsockname()[1]))
	got, who = peer.recvfrom(100)
	assert got == data, f"{len(got)} octets, or others"
	return who


def silent(sock, seconds=1):
	return not select.select([sock], [], [], seconds)[0]


def tcp(octets):
	listener = server(TCP)
	listener.listen()
	near = client(TCP)
	near.connect((SERVER6, listener.getsockname()[1]))
	far, who = listener.accept()
	far.settimeout(30)
	assert who[0].startswith("192.0.2."), f"comes from {who}"
	data = random.randbytes(int(octets))
	sender = threading.Thread(target=lambda: (near.sendall(data), near.shutdown(socket.SHUT_WR)))
	sender.start()
	got = b""
	while piece := far.recv(1 << 17):
		got += piece
	sender.join()
	assert got == data, f"{len(got)} of {len(data)} octets, or others"
	sender = threading.Thread(target=lambda: (far.sendall(data[::-1]), far.shutdown(socket.SHUT_WR)))
	sender.start()
	got = b""
	while piece := near.recv(1 << 17):
		got += piece
	sender.join()
	assert got == data[::-1], f"back: {len(got)} of {len(data)} octets, or others"


def udp():
	far = server(UDP)
	near = client(UDP)
	for size in (0, 1, 100, 1232):
		data = random.randbytes(size)
		near.sendto(data, (SERVER6, far.getsockname()[1]))
		got, who = far.recvfrom(2000)
		assert got == data, f"UDP {size}"
		far.sendto(data[::-1], who)
		got, back = near.recvfrom(2000)
		assert got == data[::-1] and back[0] == SERVER6, f"UDP {size} back from {back}"


def mapping():
	one, two, stranger = server(UDP), server(UDP, address=SECOND4), server(UDP, address=SECOND4)
	near = client(UDP)
	who = mapped(near, one)
	assert mapped(near, two) == who, "another mapping for another endpoint"
	stranger.sendto(b"hello", who)
	got, back = near.recvfrom(100)
	assert got == b"hello" and back[:2] == (embedded(SECOND4), stranger.getsockname()[1]), f"from {back}"


def filtering():
	one, stranger, sibling = server(UDP), server(UDP, address=SECOND4), server(UDP)
	near = client(UDP)
	who = mapped(near, one)
	stranger.sendto(b"no", who)
	assert silent(near), "a stranger came through"
	sibling.sendto(b"yes", who)
	assert near.recvfrom(100)[0] == b"yes", "the same address from another port did not come through"


def hairpin():
	far, one, two = server(UDP), client(UDP), client(UDP, address=OTHER6)
	of_one, of_two = mapped(one, far), mapped(two, far)
	one.sendto(b"there", (embedded(of_two[0]), of_two[1]))
	got, who = two.recvfrom(100)
	assert got == b"there" and who[:2] == (embedded(of_one[0]), of_one[1]), f"seems to come from {who}, not from {of_one}"
	two.sendto(b"back", who[:2])
	got, who = one.recvfrom(100)
	assert got == b"back" and who[:2] == (embedded(of_two[0]), of_two[1]), f"seems to come from {who}"


def traceroute():
	"""Hop limit 1 ends at the translator, which says so in IPv6."""
	near = client(UDP)
	near.setsockopt(socket.IPPROTO_IPV6, 25, 1)  # IPV6_RECVERR
	near.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
	near.sendto(b"x", (SERVER6, 33434))
	select.select([], [], [near], 5)
	message, ancillary, _, _ = near.recvmsg(100, 1000, 0x2000)  # MSG_ERRQUEUE
	kinds = [data[4:7] for level, kind, data in ancillary if kind == 25]
	assert kinds and kinds[0][1] == 3, f"no Time Exceeded: {ancillary}"


def inward(address, port):
	listener = client(TCP, int(port))
	listener.listen()
	far = server(TCP)
	far.connect((address, int(port)))
	near, who = listener.accept()
	assert who[0] == SERVER6, f"comes from {who}"
	far.sendall(b"hello")
	near.settimeout(10)
	assert near.recv(10) == b"hello"


def quota():
	"""More sockets than the subscriber may have ports: later ones are told, or lost."""
	far, served = server(UDP), 0
	sockets = [client(UDP) for _ in range(80)]
	for sock in sockets:
		sock.sendto(b"x", (SERVER6, far.getsockname()[1]))
	while not silent(far, 0.5):
		far.recvfrom(10)
		served += 1
	assert 40 <= served <= 64, f"{served} of 80 got a port"


def syn():
	near = client(TCP)
	near.settimeout(0.5)
	try:
		near.connect((SERVER6, 81))
	except TimeoutError:
		return
	raise AssertionError("connected")


def unasked(address, port):
	far = server(TCP)
	# Blocking: whom poll() wakes may be there before the kernel has put the error down, and take the connection for made.
	far.settimeout(None)
	far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 20, 0))
	try:
		far.connect((address, int(port)))
	except ConnectionRefusedError:
		return
	raise AssertionError("not refused")


def told(path):
	"""What began while it was followed ended, all of it and once, for in the end there was nothing."""
	with open(path) as file:
		events = [json.loads(line) for line in file]
	assert events and not [event for event in events if event["event"] in ("lost", "overrun")], "events were lost"
	numbers = [event["sequence"] for event in events]
	assert len(set(numbers)) == len(numbers), "an event came twice"
	for kind in ("session", "bib"):
		begun = [event["binding"]["id"] for event in events if event["event"] == f"{kind}-begun"]
		ended = [event["binding"]["id"] for event in events if event["event"] == f"{kind}-ended"]
		assert len(begun) > 5 and len(set(begun)) == len(begun), f"{kind}: begun {begun}"
		assert set(begun) <= set(ended) and len(set(ended)) == len(ended), f"{kind}: begun {begun}, ended {ended}"
	static = [event["binding"] for event in events if event["event"].startswith("bib-") and event["binding"].get("static")]
	assert [binding["pool"] for binding in static] == ["192.0.2.17#8080"] * 2, static


def own():
	"""The router listens and connects on an address that is in the pool4 as well."""
	far = server(TCP)
	listener = opened("nat", socket.AF_INET, TCP, bind=(OWN4, 1500))
	listener.listen()
	far.connect((OWN4, 1500))
	listener.accept()
	far = server(TCP)
	far.listen()
	out = opened("nat", socket.AF_INET, TCP, bind=(OWN4, 0))
	out.connect((SERVER4, far.getsockname()[1]))
	far.accept()
	bound = [opened("nat", socket.AF_INET, UDP, bind=(OWN4, port)) for port in range(1024, 2048) if port % 8]
	seen = server(UDP)
	ports = [mapped(client(UDP), seen) for _ in range(6)]
	assert all(who[0] == OWN4 and 1024 <= who[1] <= 2047 for who in ports), f"mapped to {ports}"
	assert all(who[1] % 8 == 0 for who in ports), f"ports of the router's were given away: {ports} ({len(bound)} are bound)"


globals()[sys.argv[1]](*sys.argv[2:])
print(f"{sys.argv[1]}: ok")

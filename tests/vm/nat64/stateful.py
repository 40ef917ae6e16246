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
import subprocess
import sys
import threading

from netns import opened

CLIENT6, OTHER6, SERVER4, SECOND4, SERVER6 = "2001:db8:1::2", "2001:db8:1:ffff::2", "198.51.100.2", "198.51.100.3", "2001:db8:64::c633:6402"
UDP_NUMBER = 17
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


def ctl(*words):
	return subprocess.run(["ip", "netns", "exec", "nat", "build/default/bin/nat64ctl", *words], check=True, capture_output=True, text=True).stdout


def explain(packet, *options):
	"""What nat64ctl says would become of it."""
	return json.loads(ctl("--json", "explain", *options, "lab", packet.hex()))


def traces():
	"""Ids of what is in the table, and counters."""
	return {entry["id"] for kind in ("bib", "session") for entry in json.loads(ctl("--json", kind, "list", "lab"))}, ctl("stats", "lab")


def datagram6(source, port, destination, destination_port, hops=64):
	payload = struct.pack("!HHHH", port, destination_port, 9, 0x1234) + b"x"
	return struct.pack("!IHBB", 6 << 28, len(payload), UDP_NUMBER, hops) + socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination) + payload


def datagram4(source, port, destination, destination_port):
	payload = struct.pack("!HHHH", port, destination_port, 9, 0x1234) + b"x"
	return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, UDP_NUMBER, 0) + socket.inet_aton(source) + socket.inet_aton(destination) + payload


def explained():
	"""Before and after the first packet, and what nothing is mapped to."""
	near, far = client(UDP), server(UDP)
	port, far_port = near.getsockname()[1], far.getsockname()[1]
	before, _ = traces()
	said = explain(datagram6(CLIENT6, port, SERVER6, far_port))
	assert said["verdict"] == "translated" and said["fate"] == "new-mapping" and not said["packet"] and "binding" not in said, said
	who = mapped(near, far)
	there, stats = traces()
	assert len(there - before) == 2, f"not a mapping and a session: {there - before}"
	said = explain(datagram6(CLIENT6, port, SERVER6, far_port))
	packet = bytes.fromhex(said["packet"])
	assert said["fate"] == "session" and said["binding"]["pool"] == f"{who[0]}#{who[1]}", said
	assert packet[0] == 0x45 and packet[12:20] == socket.inet_aton(who[0]) + socket.inet_aton(SERVER4) and struct.unpack("!H", packet[20:22])[0] == who[1], said
	said = explain(datagram6(CLIENT6, port, embedded(SECOND4), 9))
	assert said["fate"] == "new-session" and said["binding"]["host"] == f"{CLIENT6}#{port}" and said["packet"], said
	said = explain(datagram4(SERVER4, far_port, *who))
	packet = bytes.fromhex(said["packet"])
	assert said["fate"] == "session" and said["binding"]["remote"] == f"{SERVER4}#{far_port}", said
	assert packet[0] >> 4 == 6 and packet[24:40] == socket.inet_pton(socket.AF_INET6, CLIENT6), said
	assert explain(datagram4(SECOND4, 9, *who))["fate"] == "new-session"
	# to itself by its own mapping, and back
	said = explain(datagram6(CLIENT6, port, embedded(who[0]), who[1]))
	packet = bytes.fromhex(said["packet"])
	assert said["fate"] == "new-session" and packet[7] == 63 and packet[24:40] == socket.inet_pton(socket.AF_INET6, CLIENT6), said
	for refused, verdict in ((datagram4(SERVER4, 9, "192.0.2.17", 5), "no_mapping"), (datagram6(CLIENT6, port, SERVER6, far_port, hops=1), "hop_limit"),
				 (datagram6("fe80::1", port, SERVER6, 9), "scope"), (datagram4(SERVER4, 9, SECOND4, 9), "not_ours")):
		said = explain(refused)
		assert said["verdict"] == verdict and not said["packet"] and "fate" not in said, said
	after, counted = traces()
	assert after <= there and counted == stats, f"explain left a trace: {after - there} {counted}"


def explained_mark():
	"""There are addresses for packets without a mark and with 5: no others."""
	packet = datagram6(OTHER6, 7, SERVER6, 9)
	assert [explain(packet, "--mark", mark).get("fate") for mark in ("0", "5")] == ["new-mapping"] * 2
	assert explain(packet, "--mark", "6")["verdict"] == "pool_exhausted"


def askew():
	"""From an address to which the router's way is another."""
	near, stranger = client(UDP, address=OTHER6), server(UDP, address=SECOND4)
	stranger.sendto(b"hello", mapped(near, server(UDP)))
	got, back = near.recvfrom(100)
	assert got == b"hello" and back[0] == embedded(SECOND4), f"from {back}"


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

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One check each of fragments through a stateful translator in the lab of lab.sh: datagrams are cut by hand and sent in some order.

usage: fragment.py CHECK [ARGUMENT...]
"""
import random
import select
import socket
import struct
import sys
import time

from netns import opened

CLIENT6, OTHER6, SERVER4, SERVER6, OWN4 = "2001:db8:1::2", "2001:db8:1:ffff::2", "198.51.100.2", "2001:db8:64::c633:6402", "198.51.100.1"
POOL6 = "2001:db8:64::"
UDP, ICMP, ICMP6, FRAGMENT = 17, 1, 58, 44
IPV6, IPV4 = socket.AF_INET6, socket.AF_INET


def total(octets):
	octets += bytes(len(octets) % 2)
	value = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
	while value >> 16:
		value = (value & 0xFFFF) + (value >> 16)
	return value ^ 0xFFFF


def embedded(address):
	return socket.inet_ntop(IPV6, socket.inet_pton(IPV6, POOL6)[:12] + socket.inet_aton(address))


class Sender:
	"""One end, which sends datagrams in pieces."""

	def __init__(self, family, source, destination):
		self.family = family
		self.source, self.destination = (socket.inet_pton(family, address) for address in (source, destination))
		self.to = (destination, 0)
		self.socket = opened("client" if family == IPV6 else "server", family, socket.SOCK_RAW, socket.IPPROTO_RAW)

	def checked(self, protocol, message, at):
		"""The message with its checksum"""
		pseudo = self.source + self.destination + struct.pack("!II", len(message), protocol)
		value = total((b"" if protocol == ICMP else pseudo) + message)
		return message[:at] + struct.pack("!H", value or (0xFFFF if protocol == UDP else 0)) + message[at + 2 :]

	def udp(self, port, to, data):
		return self.checked(UDP, struct.pack("!HHHH", port, to, 8 + len(data), 0) + data, 6)

	def piece(self, identification, protocol, message, start, end, flags=0):
		"""Octets start to end of the message as a fragment; flags: of IPv4 (DF: 0x4000)"""
		more, end = end < len(message), min(end, len(message))
		if self.family == IPV6:
			return (struct.pack("!IHBB", 6 << 28, 8 + end - start, FRAGMENT, 64) + self.source + self.destination
				+ struct.pack("!BBHI", protocol, 0, start | more, identification) + message[start:end])
		return (struct.pack("!BBHHHBBH", 0x45, 0, 20 + end - start, identification & 0xFFFF, start // 8 | more << 13 | flags, 64, protocol, 0)
			+ self.source + self.destination + message[start:end])

	def cut(self, protocol, message, size=1200, flags=0):
		identification = random.randrange(1, 1 << 16)
		return [self.piece(identification, protocol, message, start, start + size, flags) for start in range(0, len(message), size)]

	def send(self, pieces):
		for piece in pieces:
			self.socket.sendto(piece, self.to)


def shuffled(pieces):
	return random.sample(pieces, len(pieces))


ORDERS = {
	"in order": lambda pieces: pieces,
	"reversed": lambda pieces: pieces[::-1],
	"shuffled": shuffled,
	"the first last": lambda pieces: pieces[1:] + pieces[:1],
	"the last first": lambda pieces: pieces[-1:] + pieces[:-1],
	"twice each": lambda pieces: [piece for piece in pieces[:-1] for _ in range(2)] + pieces[-1:],
}


def sockets():
	"""Two ends that know each other: (near, far, where far sees near)"""
	far = opened("server", IPV4, socket.SOCK_DGRAM, bind=(SERVER4, 0))
	near = opened("client", IPV6, socket.SOCK_DGRAM, bind=(CLIENT6, 0))
	near.sendto(b"hello", (SERVER6, far.getsockname()[1]))
	return near, far, far.recvfrom(100)[1]


def both_ways():
	"""(name, sender, source port, destination port, the socket it arrives at)"""
	near, far, seen = sockets()
	return [
		("6->4", Sender(IPV6, CLIENT6, SERVER6), near.getsockname()[1], far.getsockname()[1], far),
		("4->6", Sender(IPV4, SERVER4, seen[0]), far.getsockname()[1], seen[1], near),
	]


def expect(sock, data, what):
	sock.settimeout(5)
	try:
		got = sock.recv(70000)
	except TimeoutError:
		raise AssertionError(f"{what}: nothing came") from None
	assert got == data, f"{what}: {len(got)} octets of {len(data)}, or others"


def silent(sock, what, seconds=0.5):
	assert not select.select([sock], [], [], seconds)[0], f"{what}: something came"


def orders():
	for way, sender, port, to, sink in both_ways():
		for name, order in ORDERS.items():
			for size in (1201, 3000, 9000):
				data = random.randbytes(size)
				sender.send(order(sender.cut(UDP, sender.udp(port, to, data))))
				expect(sink, data, f"{way} {size} octets, {name}")
		one, two = random.randbytes(3000), random.randbytes(3000)
		pieces = [sender.cut(UDP, sender.udp(port, to, data)) for data in (one, two)]
		sender.send([piece for pair in zip(*pieces) for piece in pair])
		expect(sink, one, f"{way} interleaved")
		expect(sink, two, f"{way} interleaved")


def large():
	"""As long as can be, as the stacks cut it and by hand in reverse"""
	near, far, seen = sockets()
	for source, to, sink in ((near, (SERVER6, far.getsockname()[1]), far), (far, seen, near)):
		for size in (1473, 20000, 65507):
			data = random.randbytes(size)
			source.sendto(data, to)
			expect(sink, data, f"{size} octets to {to}")
	for way, sender, port, to, sink in both_ways():
		data = random.randbytes(65507)
		sender.send(sender.cut(UDP, sender.udp(port, to, data), 1232)[::-1])
		expect(sink, data, f"{way} 65507 octets, reversed")


def hairpin():
	far = opened("server", IPV4, socket.SOCK_DGRAM, bind=(SERVER4, 0))
	one, two = (opened("client", IPV6, socket.SOCK_DGRAM, bind=(address, 0)) for address in (CLIENT6, OTHER6))
	seen = []
	for sock in (one, two):
		sock.sendto(b"hello", (SERVER6, far.getsockname()[1]))
		seen.append(far.recvfrom(100)[1])
	sender = Sender(IPV6, CLIENT6, embedded(seen[1][0]))
	for name, order in ORDERS.items():
		data = random.randbytes(3000)
		sender.send(order(sender.cut(UDP, sender.udp(one.getsockname()[1], seen[1][1], data))))
		expect(two, data, f"hairpin, {name}")


def echo():
	"""Requests in every order; the answers come as the server cuts them"""
	answers = opened("client", IPV6, socket.SOCK_RAW, ICMP6)
	sender = Sender(IPV6, CLIENT6, SERVER6)
	for number, (name, order) in enumerate(ORDERS.items()):
		data = random.randbytes(3001)
		message = sender.checked(ICMP6, struct.pack("!BBHHH", 128, 0, 0, 4711, number) + data, 2)
		sender.send(order(sender.cut(ICMP6, message)))
		until, answer = time.monotonic() + 5, b""
		while answer[:1] != b"\x81" or answer[4:] != message[4:]:
			assert select.select([answers], [], [], max(0, until - time.monotonic()))[0], f"echo, {name}: no answer"
			answer = answers.recv(70000)


def overlap():
	"""A datagram whose pieces overlap does not arrive, nor does the rest of it"""
	for way, sender, port, to, sink in both_ways():
		message = sender.udp(port, to, random.randbytes(3592))
		for name, cuts in {
			"second over the first": [(0, 1200), (1192, 2400), (2400, 3600)],
			"last over the second": [(0, 1200), (1200, 2400), (2392, 3600)],
			"before the first": [(2400, 3600), (1200, 2408), (0, 1200)],
		}.items():
			number = random.randrange(1, 1 << 16)
			sender.send([sender.piece(number, UDP, message, start, end) for start, end in cuts])
			silent(sink, f"{way} overlap, {name}", 0.2)
		number = random.randrange(1, 1 << 16)
		short = sender.piece(number, UDP, message[:2400], 1200, 2400)
		sender.send([sender.piece(number, UDP, message, 0, 1200), sender.piece(number, UDP, message, 2400, 3600), short])
		silent(sink, f"{way} a piece behind the last", 0.2)


def missing():
	"""All but the first: 2 pieces each way"""
	for way, sender, port, to, sink in both_ways():
		sender.send(sender.cut(UDP, sender.udp(port, to, random.randbytes(3000)))[1:])
		silent(sink, f"{way} without the first", 0.1)


def late(seconds):
	for way, sender, port, to, sink in both_ways():
		data = random.randbytes(3000)
		pieces = sender.cut(UDP, sender.udp(port, to, data))
		sender.send(pieces[1:])
		time.sleep(float(seconds))
		sender.send(pieces[:1])
		expect(sink, data, f"{way} the first {seconds} s late")


def flood():
	"""More pieces without a first one than are held, and a datagram beside it"""
	for way, sender, port, to, sink in both_ways():
		sender.send(sender.cut(UDP, bytes(8 * 300), 8)[1:])
		data = random.randbytes(3000)
		sender.send(sender.cut(UDP, sender.udp(port, to, data)))
		expect(sink, data, f"{way} beside a flood")


def pieces_of_an_error():
	near, far, seen = sockets()
	sender = Sender(IPV4, SERVER4, seen[0])
	inner = struct.pack("!BBHHHBBH", 0x45, 0, 1000, 1, 0, 64, UDP, 0) + socket.inet_aton(seen[0]) + socket.inet_aton(SERVER4)
	inner += struct.pack("!HHHH", seen[1], far.getsockname()[1], 980, 0) + bytes(900)
	near.setsockopt(socket.IPPROTO_IPV6, 25, 1)  # IPV6_RECVERR
	sender.send(sender.cut(ICMP, sender.checked(ICMP, struct.pack("!BBHI", 3, 3, 0, 0) + inner, 2), 400))
	silent(near, "an error in pieces")


class Wire:
	def __init__(self, name, device, protocol):
		self.socket = opened(name, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(protocol), (device, protocol))

	def pieces(self, count, accept):
		found, until = [], time.monotonic() + 5
		while len(found) < count:
			assert select.select([self.socket], [], [], max(0, until - time.monotonic()))[0], f"{len(found)} of {count} pieces on the wire"
			packet, address = self.socket.recvfrom(70000)
			if address[2] == socket.PACKET_HOST and accept(packet):
				found.append(packet)
		return found


def width64():
	"""Conntrack put together pieces of 1248 octets: they leave in pieces of 1220, without DF and with one identification"""
	_, sender, port, to, sink = both_ways()[0]
	wire = Wire("server", "s4", 0x0800)
	data = random.randbytes(3992)
	sender.send(sender.cut(UDP, sender.udp(port, to, data), 1200))
	expect(sink, data, "width 6->4")
	found = wire.pieces(4, lambda packet: packet[9] == UDP)
	words = [struct.unpack_from("!HHH", packet, 2) for packet in found]
	assert [length for length, _, _ in words] == [1220, 1220, 1220, 420], words
	assert [offset for _, _, offset in words] == [0x2000, 0x2000 | 150, 0x2000 | 300, 450], words
	assert len({number for _, number, _ in words}) == 1, words


def width46():
	"""Conntrack put together pieces of 820 octets: they leave in pieces no longer than 848, and keep their identification"""
	_, sender, port, to, sink = both_ways()[1]
	wire = Wire("client", "c6", 0x86DD)
	data = random.randbytes(2392)
	sender.send(pieces := sender.cut(UDP, sender.udp(port, to, data), 800))
	expect(sink, data, "width 4->6")
	found = wire.pieces(3, lambda packet: packet[6] == FRAGMENT)
	assert [len(packet) for packet in found] == [848, 848, 848], [len(packet) for packet in found]
	assert {packet[44:48] for packet in found} == {b"\0\0" + pieces[0][4:6]}, [packet[40:48].hex() for packet in found]


def pieces_with_df():
	"""Pieces of 1400 octets that must not be fragmented, towards a link of 1300"""
	_, sender, port, to, sink = both_ways()[1]
	errors = opened("server", IPV4, socket.SOCK_RAW, ICMP)
	sender.send(sender.cut(UDP, sender.udp(port, to, random.randbytes(2500)), 1376, 0x4000))
	silent(sink, "DF and too long")
	errors.settimeout(5)
	while (answer := errors.recv(2000)[20:])[:2] != b"\x03\x04":
		pass
	assert struct.unpack_from("!H", answer, 6)[0] == 1272, answer[:8].hex()


def own():
	sink = opened("nat", IPV4, socket.SOCK_DGRAM, bind=(OWN4, 1500))
	sender = Sender(IPV4, SERVER4, OWN4)
	for name, order in ORDERS.items():
		data = random.randbytes(3000)
		sender.send(order(sender.cut(UDP, sender.udp(4000, 1500, data))))
		expect(sink, data, f"to the router, {name}")
	answers = opened("server", IPV4, socket.SOCK_RAW, ICMP)
	message = sender.checked(ICMP, struct.pack("!BBHHH", 8, 0, 0, 4711, 1) + random.randbytes(3000), 2)
	sender.send(sender.cut(ICMP, message)[::-1])
	until, answer = time.monotonic() + 5, b""
	while answer[20:21] != b"\0" or answer[24:] != message[4:]:
		assert select.select([answers], [], [], max(0, until - time.monotonic()))[0], "the router answers no echo in pieces"
		answer = answers.recv(70000)


globals()[sys.argv[1]](*sys.argv[2:])
print(f"{sys.argv[1]}: ok", flush=True)

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the firewall scenario's last ruleset does to translated packets: a reset, an ICMP error, a way through a queue."""
import socket
import struct
import sys

from netns import inside, opened

CLIENT6, CLIENT4, SERVER4, SERVER6 = "2001:db8:1::2", "192.0.2.8", "198.51.100.2", "2001:db8:64::c633:6402"
WAYS = [("client", socket.AF_INET6, SERVER6, "server", socket.AF_INET, SERVER4), ("server", socket.AF_INET, CLIENT4, "client", socket.AF_INET6, CLIENT6)]
NFNL_SUBSYS_QUEUE, NFQNL_MSG_PACKET, NFQNL_MSG_VERDICT, NFQNL_MSG_CONFIG = 3, 0, 1, 2


def attribute(kind, data):
	return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def message(kind, flags, number, attributes):
	body = struct.pack("!BBH", 0, 0, number) + attributes
	return struct.pack("=IHHII", 16 + len(body), NFNL_SUBSYS_QUEUE << 8 | kind, flags, 1, 0) + body


class Queue:
	"""The queue number 5 of the translator's namespace."""

	def __init__(self):
		with inside("nat"):
			self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
		self.socket.bind((0, 0))
		self.socket.settimeout(20)
		bind = attribute(1, struct.pack("!BBH", 1, 0, socket.AF_INET6))
		copy = attribute(2, struct.pack("!IB", 65535, 2))
		for attributes in (bind, copy):
			self.socket.send(message(NFQNL_MSG_CONFIG, 5, 5, attributes))
			answer = self.socket.recv(65536)
			assert struct.unpack_from("=i", answer, 16)[0] == 0, answer.hex()

	def accept(self):
		"""The octets of the next packet, which goes on."""
		data = self.socket.recv(70000)
		at, payload, packet_id = 20, b"", None
		while at < len(data):
			length, kind = struct.unpack_from("=HH", data, at)
			if kind & 0x3FFF == 1:
				packet_id = data[at + 4 : at + 8]
			elif kind & 0x3FFF == 10:
				payload = data[at + 4 : at + length]
			at += (length + 3) & ~3
		self.socket.send(message(NFQNL_MSG_VERDICT, 1, 5, attribute(2, struct.pack("!I", 1) + packet_id)))
		return payload


def refused(near, family, seen, kind):
	source = opened(near, family, kind)
	try:
		source.connect((seen, 7))
		if kind == socket.SOCK_DGRAM:
			source.send(b"x")
			source.recv(100)
	except (ConnectionRefusedError, PermissionError, OSError) as error:
		assert not isinstance(error, TimeoutError), f"{near}: no answer"
		return type(error).__name__ + f" {error.errno}"
	raise AssertionError(f"{near}: it went through")


def main():
	for near, family, seen, _, _, _ in WAYS:
		print(near, "TCP:", refused(near, family, seen, socket.SOCK_STREAM))
		print(near, "UDP:", refused(near, family, seen, socket.SOCK_DGRAM))
	queue = Queue()
	for near, family, seen, far, far_family, bind in WAYS:
		sink = opened(far, far_family, socket.SOCK_DGRAM, bind=(bind, 11))
		source = opened(near, family, socket.SOCK_DGRAM)
		source.sendto(b"by the queue", (seen, 11))
		packet = queue.accept()
		assert packet[0] >> 4 == 6 and packet.endswith(b"by the queue"), packet.hex()
		data, _ = sink.recvfrom(100)
		assert data == b"by the queue"
		print(near, "queued and on")


sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What arrives on the wire, octet by octet, between the client and the server of lab.sh.

usage: probe.py hops      the hop limit falls by one in either direction, the other fields are what RFC 7915 says
       probe.py inject    IPv4 datagrams that come in by a tap, as by a network card, arrive at the client
"""
import fcntl
import os
import socket
import struct
import subprocess
import sys

from netns import inside, opened

CLIENT6, CLIENT4, SERVER4, SERVER6 = "2001:db8:1::2", "192.0.2.8", "198.51.100.2", "2001:db8:64::c633:6402"
ETH_P = {socket.AF_INET: 0x0800, socket.AF_INET6: 0x86DD}


def tap(name, device, family):
	return opened(name, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P[family]), (device, ETH_P[family]))


def arriving(wire, accept):
	while True:
		packet, address = wire.recvfrom(70000)
		if address[2] == socket.PACKET_HOST and accept(packet):
			return packet


def hops():
	wire = tap("server", "s4", socket.AF_INET)
	speaker = opened("client", socket.AF_INET6, socket.SOCK_DGRAM)
	speaker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 33)
	speaker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0x28)
	speaker.sendto(b"hops", (SERVER6, 9))
	packet = arriving(wire, lambda packet: packet[9] == 17 and packet.endswith(b"hops"))
	version, tos, length, _, fragment, ttl, protocol, _, source, destination = struct.unpack_from("!BBHHHBBH4s4s", packet)
	assert (version, tos, length, fragment, ttl, protocol) == (0x45, 0x28, 32, 0, 32, 17), packet.hex()
	assert (socket.inet_ntoa(source), socket.inet_ntoa(destination)) == (CLIENT4, SERVER4), packet.hex()

	wire = tap("client", "c6", socket.AF_INET6)
	speaker = opened("server", socket.AF_INET, socket.SOCK_DGRAM)
	speaker.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 33)
	speaker.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x28)
	speaker.sendto(b"hops", (CLIENT4, 9))
	packet = arriving(wire, lambda packet: packet[6] == 17 and packet.endswith(b"hops"))
	word, length, protocol, ttl, source, destination = struct.unpack_from("!IHBB16s16s", packet)
	assert (word, length, protocol, ttl) == (0x62800000, 12, 17, 32), packet.hex()
	assert (socket.inet_ntop(socket.AF_INET6, source), socket.inet_ntop(socket.AF_INET6, destination)) == (SERVER6, CLIENT6), packet.hex()
	print("hops: one less each way")


def total(words):
	value = sum(words)
	while value >> 16:
		value = (value & 0xFFFF) + (value >> 16)
	return value ^ 0xFFFF


def inject():
	with inside("nat"):
		tap_file = os.open("/dev/net/tun", os.O_RDWR)
		fcntl.ioctl(tap_file, 0x400454CA, struct.pack("16sH22x", b"tap0", 0x1002))  # TUNSETIFF, IFF_TAP | IFF_NO_PI
		subprocess.run(["ip", "link", "set", "tap0", "address", "02:00:00:00:00:07", "up"], check=True)
	sink = opened("client", socket.AF_INET6, socket.SOCK_DGRAM, bind=(CLIENT6, 4242))
	for number in range(5):
		data = f"injected {number}".encode()
		udp = struct.pack("!HHHH", 4242, 4242, 8 + len(data), 0)
		head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(data), 0, 0x4000, 64, 17, 0, socket.inet_aton(SERVER4), socket.inet_aton(CLIENT4))
		head = head[:10] + struct.pack("!H", total(struct.unpack("!10H", head))) + head[12:]
		pseudo = head[12:20] + struct.pack("!HH", 17, 8 + len(data)) + udp + data + bytes(len(data) % 2)
		udp = udp[:6] + struct.pack("!H", total(struct.unpack(f"!{len(pseudo) // 2}H", pseudo)))
		os.write(tap_file, bytes.fromhex("020000000007020000000009 0800") + head + udp + data)
		assert sink.recv(100) == data
	os.close(tap_file)
	print("injected: 5 arrived")


sys.exit({"hops": hops, "inject": inject}[sys.argv[1]]())

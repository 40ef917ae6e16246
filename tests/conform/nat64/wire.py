# SPDX-License-Identifier: GPL-2.0-or-later
"""Octets as they stand on the wire: the Internet checksum, addresses, big-endian numbers."""
import ipaddress

ICMP4, IGMP, TCP, UDP, DCCP, ICMP6, UDPLITE = 1, 2, 6, 17, 33, 58, 136
HOP_BY_HOP, ROUTING, FRAGMENT, ESP, AUTHENTICATION, NO_NEXT, DESTINATION, MOBILITY, HIP, SHIM6 = 0, 43, 44, 50, 51, 59, 60, 135, 139, 140


def number(octets):
	return int.from_bytes(octets, "big")


def octets(value, count):
	return int(value).to_bytes(count, "big")


def address(text):
	return ipaddress.ip_address(text).packed


def name(packed):
	return str(ipaddress.ip_address(packed))


def total(data):
	"""RFC 1071: the one's complement sum of 16-bit words, as a plain sum that is folded at the end."""
	if len(data) % 2:
		data += b"\0"
	value = sum(number(data[i:i + 2]) for i in range(0, len(data), 2))
	while value > 0xFFFF:
		value = (value & 0xFFFF) + (value >> 16)
	return value


def checksum(data):
	return 0xFFFF - total(data)


def pseudo4(source, destination, protocol, length):
	"""RFC 793 3.1, RFC 768"""
	return source + destination + octets(protocol, 2) + octets(length, 2)


def pseudo6(source, destination, protocol, length):
	"""RFC 8200 8.1"""
	return source + destination + octets(length, 4) + octets(protocol, 4)


def pseudo(source, destination, protocol, length):
	"""What the checksum of an upper layer covers besides itself. ICMP over IPv4 covers nothing more (RFC 792)."""
	if len(source) == 16:
		return pseudo6(source, destination, protocol, length)
	return b"" if protocol == ICMP4 else pseudo4(source, destination, protocol, length)


SUM_AT = {TCP: 16, UDP: 6, DCCP: 6, UDPLITE: 6, ICMP4: 2, ICMP6: 2}


def with_checksum(protocol, front, data):
	"""data with the right checksum put in; front is its pseudo-header. A UDP sum of 0 is sent as 65535 (RFC 768)."""
	at = SUM_AT[protocol]
	value = checksum(front + data[:at] + b"\0\0" + data[at + 2:])
	if protocol == UDP and value == 0:
		value = 0xFFFF
	return data[:at] + octets(value, 2) + data[at + 2:]

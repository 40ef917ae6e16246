# SPDX-License-Identifier: GPL-2.0-or-later
"""IP headers read one field after the other, and refused as RFC 791, 8200, 7112 and 7915 have it."""
import wire
from oracle_config import Drop
from wire import number

LOOSE_SOURCE_ROUTE, STRICT_SOURCE_ROUTE = 131, 137
SKIPPED = (wire.HOP_BY_HOP, wire.ROUTING, wire.DESTINATION)  # RFC 7915 5.1: no meaning in IPv4
CHAIN = 8


class Half:
	"""An IP header and its payload. size: octets of payload as the length field says; payload may hold fewer within an ICMP error.
	front: octets in front of the fragmentable part that count for the longest datagram."""

	fragment = None  # (offset in octets, more, identification) if it is one or has a fragment header
	df = 0

	def whole(self):
		return self.fragment is None or self.fragment[:2] == (0, 0)

	def first(self):
		return self.fragment is None or self.fragment[0] == 0


def read4(data, inner):
	half = Half()
	if len(data) < 20:
		raise Drop("TRUNCATED")
	if data[0] >> 4 != 4:
		raise Drop("BAD_VERSION")
	header = 4 * (data[0] & 15)
	if header < 20:
		raise Drop("BAD_HEADER_LENGTH")
	if header > len(data):
		raise Drop("TRUNCATED")
	length = number(data[2:4])
	if length < header or (length > len(data) and not inner):
		raise Drop("BAD_TOTAL_LENGTH")
	half.family, half.tos, half.ttl, half.protocol = 4, data[1], data[8], data[9]
	half.source, half.destination = data[12:16], data[16:20]
	half.size, half.payload, half.front = length - header, data[header:length], header
	flags = number(data[6:8])
	half.df = flags >> 14 & 1
	offset, more = 8 * (flags & 0x1FFF), flags >> 13 & 1
	if offset or more:
		half.fragment = offset, more, number(data[4:6])
	half.identification = number(data[4:6])
	options(data[20:header])
	fragments(half, wire.ICMP4, inner)
	return half


def options(data):
	"""RFC 791 3.1: a source route is expired when its pointer is behind its end."""
	at = 0
	while at < len(data) and data[at] != 0:
		if data[at] == 1:
			at += 1
			continue
		if at + 2 > len(data) or data[at + 1] < 2:
			return
		if data[at] in (LOOSE_SOURCE_ROUTE, STRICT_SOURCE_ROUTE) and data[at + 2] <= data[at + 1]:
			raise Drop("SOURCE_ROUTE")
		at += data[at + 1]


def read6(data, inner):
	half = Half()
	if len(data) < 40:
		raise Drop("TRUNCATED")
	if data[0] >> 4 != 6:
		raise Drop("BAD_VERSION")
	length = number(data[4:6])
	if 40 + length > len(data) and not inner:
		raise Drop("BAD_TOTAL_LENGTH")
	half.family, half.tos, half.ttl = 6, number(data[:2]) >> 4 & 255, data[7]
	half.source, half.destination = data[8:24], data[24:40]
	half.protocol, half.payload = chain(half, data[6], data[40:40 + length])
	half.size = length - (len(data[40:40 + length]) - len(half.payload))
	half.front = length - half.size - 8
	fragments(half, wire.ICMP6, inner)
	return half


def chain(half, following, data):
	"""RFC 8200 4: (protocol, payload) behind the extension headers"""
	count = 0
	while following in SKIPPED or following == wire.FRAGMENT:
		count += 1
		if count > CHAIN or (following == wire.HOP_BY_HOP and count > 1):
			raise Drop("BAD_CHAIN")
		if len(data) < 8:
			raise Drop("TRUNCATED")
		if following == wire.FRAGMENT:
			field = number(data[2:4])
			half.fragment = field & 0xFFF8, field & 1, number(data[4:8])
			following, data = data[0], data[8:]
			if following in (*SKIPPED, wire.FRAGMENT, wire.AUTHENTICATION, wire.MOBILITY, wire.HIP, wire.SHIM6):
				raise Drop("BAD_CHAIN")  # RFC 7915 5.1.1
			break
		size = 8 * (data[1] + 1)
		if size > len(data):
			raise Drop("TRUNCATED")
		if following == wire.ROUTING and data[3]:
			raise Drop("SOURCE_ROUTE")
		following, data = data[0], data[size:]
	return following, data


def fragments(half, icmp, inner):
	if half.fragment is None or inner:
		return
	offset, more, _ = half.fragment
	if (more and half.size % 8) or half.front + offset + half.size > 65535:
		raise Drop("BAD_FRAGMENT")
	if half.protocol == icmp and not half.whole():
		raise Drop("ICMP_FRAGMENT")  # RFC 7915 1.2
	if more and not offset:
		need = {wire.UDP: 8, wire.TCP: 20}.get(half.protocol, 0)
		if half.protocol == wire.TCP and half.size >= 20:
			need = 4 * (half.payload[12] >> 4)
		if half.size < need:
			raise Drop("TINY_FRAGMENT")  # RFC 7112, RFC 1858


def upper(half):
	"""Lengths of the upper-layer header of a packet that has it whole"""
	data = half.payload
	if not half.first():
		return
	if half.protocol == wire.TCP:
		if len(data) < 20:
			raise Drop("TRUNCATED")
		if not 20 <= 4 * (data[12] >> 4) <= len(data):
			raise Drop("BAD_L4")
	elif half.protocol == wire.UDP:
		if len(data) < 8:
			raise Drop("TRUNCATED")
		if number(data[4:6]) < 8 or (half.whole() and number(data[4:6]) > len(data)):
			raise Drop("BAD_L4")
	elif half.protocol == (wire.ICMP4 if half.family == 4 else wire.ICMP6) and len(data) < 8:
		raise Drop("TRUNCATED")

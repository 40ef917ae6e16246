# SPDX-License-Identifier: GPL-2.0-or-later
"""The translator as the standards tell it: slow, plain, and written without a look at kmod/nat64.

Every packet is taken apart and a new one is made from nothing; checksums are summed anew over whole packets. A checksum that came in wrong
goes out wrong by the same amount (a translator must not mend what was damaged on the way).
"""
import oracle_address as address
import oracle_header as header
import oracle_icmp as icmp
import wire
from oracle_config import Choices, Drop
from wire import number, octets

MOST = 65535
# Deviation from RFC 7915 4.1 and 5.1, which copy every number: these mean another thing in the other family, so that the payload of an IPv4
# packet would become extension headers or ICMPv6 that no IPv4 sender may send, or that of an IPv6 packet ICMPv4.
FOREIGN4 = (wire.HOP_BY_HOP, wire.ROUTING, wire.FRAGMENT, wire.ICMP6, wire.DESTINATION)
FOREIGN6 = (wire.ICMP4,)
MOST4 = 576  # RFC 1812 4.3.2.3: an ICMPv4 error SHOULD be no longer
DF_FROM = 1260  # RFC 7915 5.1: DF is set on longer packets


def translate(config, direction, data):
	"""(verdict, packets): every packet that the standards allow as the result; none unless the verdict is OK."""
	if config.refused:
		return config.refused[0], []
	try:
		choices = Choices()
		packets = [one_way(config, choices, direction, data)]
		for other in choices.others():
			packet = one_way(config, other, direction, data)
			if packet not in packets:
				packets.append(packet)
		return "OK", packets
	except Drop as drop:
		return drop.reason, []


class Given:
	"""Addresses and ports that a session table found: of the packet, and of the packet in error"""

	def __init__(self, ends, ports, inner, inner_ports):
		self.ends, self.ports, self.inner, self.inner_ports = ends, ports, inner, inner_ports


def translate_to(config, direction, data, *given):
	"""Every packet that the standards allow for these addresses and ports (Given's); Drop if there is none."""
	way, choices = {"46": four_to_six, "64": six_to_four}[direction], Choices()
	packets = [way(config, choices, data, given=Given(*given))]
	packets += [way(config, other, data, given=Given(*given)) for other in choices.others()]
	return [packet[0] if direction == "64" else packet for packet in packets]


def ported(protocol, data, ports):
	"""The upper layer with these ports, or this identifier of an echo"""
	if ports is None:
		return data
	if protocol in (wire.TCP, wire.UDP):
		return octets(ports[0], 2) + octets(ports[1], 2) + data[4:]
	return data[:4] + octets(ports[0], 2) + data[6:]


def one_way(config, choices, direction, data):
	packet = translated(config, choices, direction, data)
	return clamped(packet, config["mss"]) if config["mss"] else packet


def clamped(packet, most):
	"""The packet, if it is a TCP SYN with an MSS option (RFC 9293 3.7.1) of no more than most"""
	half = (header.read4 if packet[0] >> 4 == 4 else header.read6)(packet, False)
	data = half.payload
	if half.protocol != wire.TCP or not half.first() or not data[13] & 2:
		return packet
	at, end = 20, min(4 * (data[12] >> 4), len(data))
	while at < end and data[at] != 0:
		if data[at] == 1:
			at += 1
			continue
		if at + 2 > end or data[at + 1] < 2 or at + data[at + 1] > end:
			return packet
		if data[at] == 2 and data[at + 1] == 4 and number(data[at + 2:at + 4]) > most:
			front = wire.pseudo(half.source, half.destination, wire.TCP, half.size)
			new = carried(data, data[:at + 2] + octets(most, 2) + data[at + 4:], (wire.TCP,) * 2, [front, front])
			return packet[:len(packet) - len(data)] + new
		at += data[at + 1]
	return packet


def translated(config, choices, direction, data):
	if direction == "46":
		return four_to_six(config, choices, data)
	packet, hairpin = six_to_four(config, choices, data)
	if not hairpin:
		return packet
	# RFC 7757 4.2.2: straight back, by the rules of simple hairpinning; it is one hop
	return four_to_six(config, choices, packet, simple=True, hops=0)


def carried(old, new, protocols, fronts):
	"""new with its checksum: right if old's was right, else wrong by as much"""
	at = wire.SUM_AT[protocols[0]]
	if len(old) < at + 2:
		return new
	given = number(old[at:at + 2])
	if protocols[0] == wire.UDP and given == 0:
		return new
	right = [wire.checksum(front + data[:at] + b"\0\0" + data[at + 2:]) for front, data in zip(fronts, (old, new))]
	value = (right[1] + given - right[0]) % 65535
	if protocols[1] in (wire.UDP, wire.UDPLITE) and value == 0:
		value = 65535
	return new[:at] + octets(value, 2) + new[at + 2:]


def forward(half, hops):
	"""RFC 7915 4.1, 5.1: one hop of a router, which must not send a packet on with 0"""
	if hops and half.ttl <= hops:
		raise Drop("HOP_LIMIT")
	half.ttl -= hops


# ---- IPv4 -> IPv6: RFC 7915 4 -------------------------------------------------------------------

def four_to_six(config, choices, data, simple=False, hops=None, given=None):
	half = header.read4(data, False)
	simple = simple or config["hairpin"] == "simple"
	if address.martian(half.source):
		raise Drop("SCOPE")
	if address.within(half.destination, address.MARTIAN4):
		raise Drop("NOT_OURS")
	header.upper(half)
	error = icmp.is_error(half)
	inner = header.Half()
	if error:
		inner = inside(header.read4, half, choices)
	source, destination = given.ends if given else map46(config, half, error, inner, simple)
	forward(half, config["hops"] if hops is None else hops)
	if half.fragment is None and config.on("fragment") and not half.df:
		half.fragment = 0, 0, half.identification
	return make6(config, half, source, destination, payload46(config, choices, half, source, destination, False, simple, given))


def map46(config, half, error, inner, simple):
	"""(source, destination)"""
	destination = address.six(config, half.destination)
	if destination is None:
		raise Drop("NOT_OURS")
	# RFC 7757 4.2.1: 1. no error: no mapping for the source; 3. an error: none if the packet in error went to who sends the error
	eam = not simple or (error and inner.destination != half.source)
	source = address.six(config, half.source, eam)
	if source is None and error and config["error-source6"]:
		source = wire.address(config["error-source6"])
	if source is None:
		raise Drop("SOURCE_UNMAPPED")
	return source, destination


def make6(config, half, source, destination, payload, size=None):
	"""RFC 7915 4.1. size: of the payload if it is cut short"""
	protocol = wire.ICMP6 if half.protocol == wire.ICMP4 else half.protocol
	size = len(payload) if size is None else size
	if half.fragment is not None:
		offset, more, identification = half.fragment
		payload = octets(protocol, 1) + b"\0" + octets(offset | more, 2) + octets(identification, 4) + payload
		size += 8
		protocol = wire.FRAGMENT
	tos = half.tos if config["tos"] is None else config["tos"]
	return (octets(6 << 28 | tos << 20, 4) + octets(size, 2) + octets(protocol, 1) + octets(half.ttl, 1) + source + destination + payload)


def payload46(config, choices, half, source, destination, inner, simple, given=None):
	"""The upper layer: RFC 7915 4.2 to 4.5"""
	data = half.payload
	if half.protocol == wire.IGMP:
		raise Drop("ICMP_TYPE")  # RFC 7915 4.2
	if not half.first():
		return data
	fronts = [wire.pseudo(*ends, protocol, half.size) for ends, protocol in
		  (((half.source, half.destination), half.protocol), ((source, destination), wire.ICMP6 if half.protocol == wire.ICMP4 else half.protocol))]
	ports = given and (given.inner_ports if inner else given.ports)
	if half.protocol == wire.UDP and data[6:8] == b"\0\0" and not inner:
		return zero_sum(config, half, ported(wire.UDP, data, ports), fronts[1])
	if half.protocol in (wire.TCP, wire.UDP):
		return carried(data, ported(half.protocol, data, ports), (half.protocol,) * 2, fronts)
	if half.protocol != wire.ICMP4:
		return other(config, choices, half, fronts, FOREIGN4)
	if icmp.is_error(half):
		if inner:
			raise Drop("ICMP_INNER_ERROR")
		return error46(config, choices, half, source, destination, simple, given)
	kind = icmp.echo46(data[0])
	if kind is None:
		raise Drop("ICMP_INNER" if inner else "ICMP_TYPE")
	return carried(data, ported(wire.ICMP4, octets(kind, 1) + data[1:], ports), (wire.ICMP4, wire.ICMP6), fronts)


def zero_sum(config, half, data, front):
	"""RFC 7915 4.5"""
	if not half.whole():
		raise Drop("UDP_ZERO_FRAGMENT")
	if not config.on("amend-udp-zero"):
		raise Drop("UDP_ZERO")
	size = number(data[4:6])
	return wire.with_checksum(wire.UDP, front[:32] + octets(size, 4) + front[36:], data[:size]) + data[size:]


def other(config, choices, half, fronts, foreign):
	if half.protocol in foreign:
		raise Drop("NO_NEXT_HEADER")
	if not config.on("carry-other"):
		raise Drop("UNKNOWN_L4")
	data = half.payload
	if half.protocol in (wire.DCCP, wire.UDPLITE) and choices.pick("other checksums", (True, False)):
		return carried(data, data, (half.protocol,) * 2, fronts)  # RFC 7915 4.5: OPTIONAL
	return data


def inside(read, half, choices):
	"""The packet in error"""
	original = icmp.original_length(half.family, half.payload)
	if original > len(half.payload) - 8:
		raise Drop("ICMP_EXTENSION")
	try:
		return read(half.payload[8:8 + original] if original else half.payload[8:], True)
	except Drop as drop:
		raise Drop("ICMP_INNER") from drop


def reassemble(family, choices, message, head, packet, left):
	"""The translated message: head is its type, code and rest; left: octets behind the packet in error within its field"""
	kind, code, rest = head
	original = icmp.original_length(10 - family, message)
	if not original:
		return octets(kind, 1) + octets(code, 1) + bytes(2) + rest + packet + left
	extension = message[8 + original:]
	keep = packet + choices.pick("padding", (b"", left))
	if not icmp.extended(family, kind):
		# RFC 4884 has no length here: a receiver would take the extension for a part of the datagram
		return octets(kind, 1) + octets(code, 1) + bytes(2) + rest + keep
	# Too long: the datagram may be shortened so that the extension stays whole, or the end of the extension is lost (RFC 7915 4.2)
	if family == 4 and len(keep) + 28 + len(extension) > MOST4 and choices.pick("length", (True, False)):
		keep = keep[:(MOST4 - 28 - len(extension)) // 4 * 4]
	most6 = icmp.LEAST_IPV6_MTU - 48 - len(extension)
	if family == 6 and len(keep) > most6 and choices.pick("length", (True, False)):
		keep = keep[:max(most6, icmp.LEAST_ORIGINAL) // 8 * 8]
	keep = icmp.padded(keep, 4 if family == 4 else 8)
	return octets(kind, 1) + octets(code, 1) + bytes(2) + icmp.with_length(family, rest, len(keep)) + keep + extension


def error46(config, choices, half, source, destination, simple, given):
	"""RFC 7915 4.2, 4.3"""
	message = half.payload
	inner = inside(header.read4, half, choices)
	head = icmp.error46(config, choices, message, inner.size + 20)
	six = given.inner if given else [address.six(config, inner.source), address.six(config, inner.destination, not simple)]
	if None in six:
		raise Drop("ICMP_INNER")
	payload = payload46(config, choices, inner, *six, True, simple, given)
	packet = make6(config, inner, *six, payload, inner.size)
	field = message[8:8 + (icmp.original_length(4, message) or len(message))]
	left = field[4 * (field[0] & 15) + len(inner.payload):]
	new = reassemble(6, choices, message, head, packet, left)[:icmp.LEAST_IPV6_MTU - 40]  # RFC 4443 2.4 (c)
	return carried(message, new, (wire.ICMP4, wire.ICMP6), [b"", wire.pseudo6(source, destination, wire.ICMP6, len(new))])


# ---- IPv6 -> IPv4: RFC 7915 5 -------------------------------------------------------------------

def six_to_four(config, choices, data, given=None):
	"""(packet, whether RFC 7757 4.2.2 sends it back)"""
	half = header.read6(data, False)
	if address.martian(half.source):
		raise Drop("SCOPE")
	header.upper(half)
	error = icmp.is_error(half)
	source, destination, by_prefix = (*given.ends, False) if given else map64(config, choices, half, error)
	forward(half, config["hops"])
	back = not error and by_prefix and address.longest(config, destination, 0) is not None
	payload = payload64(config, choices, half, source, destination, False, given)
	if error and not given:
		inner = inside(header.read6, half, choices)
		inner4, inner_by_prefix = address.four(config, inner.source)
		back = inner_by_prefix and address.longest(config, inner4, 0) is not None
	return make4(config, half, source, destination, payload, config["identification"]), back and config["hairpin"] == "intrinsic"


def map64(config, choices, half, error):
	"""(source, destination, whether the destination is in the prefix)"""
	destination, by_prefix = address.four(config, half.destination)
	if destination is None:
		raise Drop("NOT_OURS")
	if address.martian(destination):
		raise Drop("SCOPE")
	source, _ = address.four(config, half.source)
	if source is None and error and config.error_pool4:
		source = choices.pick("pool", config.error_pool4)
	if source is None:
		raise Drop("SOURCE_UNMAPPED")
	if address.martian(source):
		raise Drop("SCOPE")
	return source, destination, by_prefix


def make4(config, half, source, destination, payload, identification, size=None):
	"""RFC 7915 5.1"""
	length = 20 + (len(payload) if size is None else size)
	if length > MOST:
		raise Drop("TOO_BIG_FOR_IPV4")
	flags = 0x4000 if length > DF_FROM else 0
	if half.fragment is not None:
		offset, more, identification = half.fragment
		if offset + length > MOST:
			raise Drop("TOO_BIG_FOR_IPV4")
		flags = more << 13 | offset // 8
	tos = half.tos if config["tos"] is None else config["tos"]
	protocol = wire.ICMP4 if half.protocol == wire.ICMP6 else half.protocol
	front = (b"\x45" + octets(tos, 1) + octets(length, 2) + octets(identification & 0xFFFF, 2) + octets(flags, 2) + octets(half.ttl, 1) +
		 octets(protocol, 1) + b"\0\0" + source + destination)
	return front[:10] + octets(wire.checksum(front), 2) + front[12:] + payload


def payload64(config, choices, half, source, destination, inner, given=None):
	data = half.payload
	if not half.first():
		return data
	fronts = [wire.pseudo(*ends, protocol, half.size) for ends, protocol in
		  (((half.source, half.destination), half.protocol), ((source, destination), wire.ICMP4 if half.protocol == wire.ICMP6 else half.protocol))]
	ports = given and (given.inner_ports if inner else given.ports)
	if half.protocol in (wire.TCP, wire.UDP):
		return carried(data, ported(half.protocol, data, ports), (half.protocol,) * 2, fronts)
	if half.protocol != wire.ICMP6:
		return other(config, choices, half, fronts, FOREIGN6)
	if icmp.is_error(half):
		if inner:
			raise Drop("ICMP_INNER_ERROR")
		return error64(config, choices, half, given)
	kind = icmp.echo64(data[0])
	if kind is None:
		raise Drop("ICMP_INNER" if inner else "ICMP_TYPE")
	return carried(data, ported(wire.ICMP6, octets(kind, 1) + data[1:], ports), (wire.ICMP6, wire.ICMP4), fronts)


def error64(config, choices, half, given):
	"""RFC 7915 5.2, 5.3"""
	message = half.payload
	inner = inside(header.read6, half, choices)
	head = icmp.error64(config, choices, message, inner.fragment is not None)
	four = given.inner if given else [address.four(config, inner.source)[0], address.four(config, inner.destination)[0]]
	if None in four:
		raise Drop("ICMP_INNER")
	payload = payload64(config, choices, inner, *four, True, given)
	identification = choices.pick("identification within", (config["identification"], 0))
	packet = make4(config, inner, *four, payload, identification, inner.size)
	field = message[8:8 + (icmp.original_length(6, message) or len(message))]
	left = field[40 + number(field[4:6]):]
	new = reassemble(4, choices, message, head, packet, left)
	if len(new) + 20 > MOST4 and choices.pick("length", (True, False)):
		new = new[:MOST4 - 20]
	front = wire.pseudo6(half.source, half.destination, wire.ICMP6, half.size)
	return carried(message, new, (wire.ICMP6, wire.ICMP4), [front, b""])

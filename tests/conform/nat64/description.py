# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets as people write them -> octets.

A packet is its layers, parted by ' / ':

	ip4 192.0.2.1 > 198.51.100.1 ttl=64 df / udp 1000 > 53 / text hello

Whatever is not stated is right: lengths, next headers, checksums. Stating it makes it wrong on purpose.

	ip4 SRC > DST   tos= id= off=OCTETS ttl= proto= ver= ihl= len= sum= opts=HEX df mf reserved
	ip6 SRC > DST   tc= flow= hop= next= plen= ver=
	hbh dst6        data=HEX (options; PadN by itself) next=
	route           type= segs= data=HEX next=
	frag            off=OCTETS id= mf next=
	ah ext          proto= data=HEX next=: any header of the form next, length, data
	tcp SP > DP     seq= ack= flags= win= doff= sum= opts=HEX
	udp SP > DP     len= sum=
	udplite SP > DP cover= sum=     (RFC 3828; covers all)
	dccp SP > DP    sum=            (RFC 4340: a Data packet that covers all)
	icmp4 icmp6 TYPE CODE   id= seq= mtu= ptr= len= rest=HEX(4 octets) sum=
	text WORDS      hex HEX      zero COUNT      fill COUNT: octets 0, 1, 2...
	{ PACKET }      a packet within (of an ICMP error); cut=OCTETS pad=OCTETS
	slice { LAYERS } from= to=   a fragment's part of a datagram whose checksum counts for all of it
	extension       an RFC 4884 structure; class= type= data=HEX sum=
	raw             behind it: whatever is there belongs to no length field
"""
import re

import wire
from wire import number, octets

PROTOCOL = {"hbh": wire.HOP_BY_HOP, "route": wire.ROUTING, "frag": wire.FRAGMENT, "dst6": wire.DESTINATION, "ah": wire.AUTHENTICATION,
	    "tcp": wire.TCP, "udp": wire.UDP, "dccp": wire.DCCP, "udplite": wire.UDPLITE, "icmp4": wire.ICMP4, "icmp6": wire.ICMP6}
DATA = 253  # the protocol of what has none: for experiments (RFC 3692)


class Layer:
	"""One word and its settings"""

	def __init__(self, text):
		self.inside, rest = None, text.strip()
		match = re.match(r"^(slice\s+)?\{(.*)\}(.*)$", rest, re.S)
		if match:
			self.kind, self.inside, rest = (match.group(1) or "inside").strip(), match.group(2), match.group(3)
			words = rest.split()
		else:
			self.kind, *words = rest.split()
		self.words = [word for word in words if "=" not in word]
		self.settings = dict(word.split("=", 1) for word in words if "=" in word)
		self.used = set()

	def number(self, key, default=0):
		self.used.add(key)
		return int(self.settings[key], 0) if key in self.settings else default

	def hex(self, key, default=b""):
		self.used.add(key)
		return bytes.fromhex(self.settings[key]) if key in self.settings else default

	def flag(self, word):
		if word in self.words:
			self.words.remove(word)
			return 1
		return 0

	def pair(self):
		"""A > B"""
		if len(self.words) < 3 or self.words[1] != ">":
			raise ValueError(f"{self.kind}: needs 'A > B'")
		first, second = self.words[0], self.words[2]
		self.words = self.words[3:]
		return first, second

	def done(self):
		left = set(self.settings) - self.used
		if left or self.words:
			raise ValueError(f"{self.kind}: does not know {' '.join(sorted(left) + self.words)}")


def split(text):
	"""The layers' texts, parted by '/' outside of braces"""
	parts, depth, at = [], 0, 0
	for i, sign in enumerate(text):
		depth += {"{": 1, "}": -1}.get(sign, 0)
		if sign == "/" and depth == 0 and text[i - 1:i + 2] == " / ":
			parts.append(text[at:i])
			at = i + 1
	return [Layer(part) for part in parts + [text[at:]]]


def build(text):
	"""The octets of a packet"""
	return assemble(split(text), None)


def protocol_of(layers):
	if layers and layers[0].kind == "slice":
		return protocol_of(split(layers[0].inside))
	return PROTOCOL.get(layers[0].kind, layers[0].number("proto", DATA) if layers[0].kind == "ext" else DATA) if layers else wire.NO_NEXT


def assemble(layers, ends):
	"""The octets of layers; ends: the addresses of the IP header in front of them"""
	if not layers:
		return b""
	layer, rest = layers[0], layers[1:]
	data = BUILDERS[layer.kind](layer, rest, ends)
	layer.done()
	return data


def parted(rest):
	"""Layers in front of the word raw, and behind it"""
	kinds = [layer.kind for layer in rest]
	at = kinds.index("raw") if "raw" in kinds else len(rest)
	return rest[:at], rest[at + 1:]


def ip4(layer, rest, ends):
	source, destination = map(wire.address, layer.pair())
	rest, behind = parted(rest)
	payload = assemble(rest, (source, destination))
	options = layer.hex("opts")
	words = 5 + len(options) // 4
	flags = layer.flag("reserved") << 15 | layer.flag("df") << 14 | layer.flag("mf") << 13
	header = (octets(layer.number("ver", 4) << 4 | layer.number("ihl", words), 1) + octets(layer.number("tos"), 1) +
		  octets(layer.number("len", 4 * words + len(payload)), 2) + octets(layer.number("id"), 2) +
		  octets(flags | layer.number("off") // 8, 2) + octets(layer.number("ttl", 64), 1) +
		  octets(layer.number("proto", protocol_of(rest)), 1) + b"\0\0" + source + destination + options)
	value = layer.number("sum", wire.checksum(header))
	return header[:10] + octets(value, 2) + header[12:] + payload + assemble(behind, None)


def ip6(layer, rest, ends):
	source, destination = map(wire.address, layer.pair())
	rest, behind = parted(rest)
	payload = assemble(rest, (source, destination))
	first = layer.number("ver", 6) << 28 | layer.number("tc") << 20 | layer.number("flow")
	return (octets(first, 4) + octets(layer.number("plen", len(payload)), 2) + octets(layer.number("next", protocol_of(rest)), 1) +
		octets(layer.number("hop", 64), 1) + source + destination + payload + assemble(behind, None))


def extension_header(layer, rest, ends):
	if layer.kind == "route":
		front = octets(layer.number("type"), 1) + octets(layer.number("segs"), 1)
		data = front + layer.hex("data", bytes(4))
	elif layer.kind == "ah":
		data = layer.hex("data", bytes(2) + b"\0\0\0\1\0\0\0\2" + bytes(12))
	else:
		data = layer.hex("data", bytes([1, 4, 0, 0, 0, 0]))
	layer.number("proto")
	length = (len(data) + 2) // 4 - 2 if layer.kind == "ah" else (len(data) + 2) // 8 - 1
	return octets(layer.number("next", protocol_of(rest)), 1) + octets(layer.number("hlen", length), 1) + data + assemble(rest, ends)


def fragment_header(layer, rest, ends):
	payload = assemble(rest, ends)
	return (octets(layer.number("next", protocol_of(rest)), 1) + b"\0" + octets(layer.number("off") | layer.flag("mf"), 2) +
		octets(layer.number("id"), 4) + payload)


def finish(layer, protocol, ends, data):
	"""data with the checksum stated, or the right one"""
	at = wire.SUM_AT[protocol]
	if "sum" in layer.settings and layer.settings["sum"] != "bad":
		return data[:at] + octets(layer.number("sum"), 2) + data[at + 2:]
	data = wire.with_checksum(protocol, wire.pseudo(*ends, protocol, len(data)), data)
	if "sum" in layer.settings:
		layer.used.add("sum")
		data = data[:at] + octets(number(data[at:at + 2]) ^ 0x0101, 2) + data[at + 2:]
	return data


def tcp(layer, rest, ends):
	source, destination = map(int, layer.pair())
	options = layer.hex("opts")
	data = (octets(source, 2) + octets(destination, 2) + octets(layer.number("seq", 1), 4) + octets(layer.number("ack"), 4) +
		octets(layer.number("doff", 5 + len(options) // 4) << 4, 1) + octets(layer.number("flags", 0x10), 1) +
		octets(layer.number("win", 8192), 2) + bytes(4) + options)
	return finish(layer, wire.TCP, ends, data + assemble(rest, ends))


def udp(layer, rest, ends):
	source, destination = map(int, layer.pair())
	rest, behind = parted(rest)
	payload = assemble(rest, ends)
	data = octets(source, 2) + octets(destination, 2) + octets(layer.number("len", 8 + len(payload)), 2) + bytes(2) + payload
	return finish(layer, wire.UDP, ends, data) + assemble(behind, None)


def udplite(layer, rest, ends):
	source, destination = map(int, layer.pair())
	data = octets(source, 2) + octets(destination, 2) + octets(layer.number("cover"), 2) + bytes(2) + assemble(rest, ends)
	return finish(layer, wire.UDPLITE, ends, data)


def dccp(layer, rest, ends):
	source, destination = map(int, layer.pair())
	data = octets(source, 2) + octets(destination, 2) + b"\3\0" + bytes(2) + b"\4\0\0\7" + assemble(rest, ends)
	return finish(layer, wire.DCCP, ends, data)


def icmp(layer, rest, ends):
	protocol = PROTOCOL[layer.kind]
	kind, code = (int(word, 0) for word in layer.words[:2])
	layer.words = layer.words[2:]
	field = bytearray(layer.hex("rest", bytes(4)))
	if "id" in layer.settings or "seq" in layer.settings:
		field[:] = octets(layer.number("id"), 2) + octets(layer.number("seq"), 2)
	if "mtu" in layer.settings:
		field[:] = octets(layer.number("mtu"), 4)
	if "ptr" in layer.settings:
		field[:] = octets(layer.number("ptr"), 1) + bytes(3) if protocol == wire.ICMP4 else octets(layer.number("ptr"), 4)
	if "len" in layer.settings:
		field[1 if protocol == wire.ICMP4 else 0] = layer.number("len")
	data = octets(kind, 1) + octets(code, 1) + bytes(2) + bytes(field) + assemble(rest, ends)
	return finish(layer, protocol, ends, data)


def inside(layer, rest, ends):
	data = build(layer.inside)
	data = data[:layer.number("cut", len(data))]
	data += bytes(max(0, layer.number("pad") - len(data)))
	return data + assemble(rest, ends)


def part(layer, rest, ends):
	data = assemble(split(layer.inside), ends)
	return data[layer.number("from"):layer.number("to", len(data))] + assemble(rest, ends)


def extension(layer, rest, ends):
	"""RFC 4884 7, 8: version 2, checksum, one object"""
	data = layer.hex("data", bytes(4))
	body = octets(4 + len(data), 2) + octets(layer.number("class", 1), 1) + octets(layer.number("type", 1), 1) + data
	head = octets(layer.number("version", 2) << 4, 1) + b"\0"
	value = layer.number("sum", wire.checksum(head + b"\0\0" + body))
	return head + octets(value, 2) + body + assemble(rest, ends)


def text(layer, rest, ends):
	words, layer.words = " ".join(layer.words), []
	return words.encode() + assemble(rest, ends)


def plain(layer, rest, ends):
	word = layer.words.pop(0)
	data = {"hex": bytes.fromhex, "zero": lambda count: bytes(int(count)), "fill": lambda count: bytes(i & 255 for i in range(int(count)))}
	return data[layer.kind](word) + assemble(rest, ends)


BUILDERS = {"ip4": ip4, "ip6": ip6, "hbh": extension_header, "dst6": extension_header, "route": extension_header, "ah": extension_header,
	    "ext": extension_header, "frag": fragment_header, "tcp": tcp, "udp": udp, "udplite": udplite, "dccp": dccp, "icmp4": icmp, "icmp6": icmp, "inside": inside,
	    "slice": part, "extension": extension, "text": text, "hex": plain, "zero": plain, "fill": plain}

# SPDX-License-Identifier: GPL-2.0-or-later
"""Octets -> layers with named fields, to show a packet and to hold it against what a case says of it.

Never fails: what cannot be read is a layer 'rest'. Fields have the names of description.py; sum is 'ok', 'bad' or, where too little of the
packet is there to tell, 'cut'; sum of UDP may also be 'none'.
"""
import wire
from wire import number

EXTENSIONS = {wire.HOP_BY_HOP: "hbh", wire.ROUTING: "route", wire.DESTINATION: "dst6"}
EXTENDED4, EXTENDED6 = (3, 11, 12), (1, 3)


class Layer:
	def __init__(self, kind, **fields):
		self.kind, self.fields = kind, fields

	def __str__(self):
		words = [self.kind]
		for key, value in self.fields.items():
			if key == "pair":
				words += [str(value[0]), ">", str(value[1])]
			elif key == "code":
				words[1:] = [str(self.fields["type"]), str(value)]
			elif key != "type":
				words.append(f"{key}={short(value)}")
		return " ".join(words)


def dissect(data):
	if not data:
		return [Layer("rest", len=0)]
	version = data[0] >> 4
	if version == 4 and len(data) >= 20:
		return four(data)
	if version == 6 and len(data) >= 40:
		return six(data)
	return rest(data)


def rest(data):
	return [Layer("rest", len=len(data), hex=data.hex())] if data else []


def judged(data, whole, protocol, ends, length):
	"""'ok', 'bad', 'none' or 'cut' for the upper-layer checksum in data"""
	if protocol == wire.UDP and data[6:8] == b"\0\0":
		return "none"
	if not whole:
		return "cut"
	return "ok" if wire.total(wire.pseudo(*ends, protocol, length) + data[:length]) == 0xFFFF else "bad"


def four(data):
	words, length = data[0] & 15, number(data[2:4])
	flags = number(data[6:8])
	size = 4 * words
	if words < 5 or size > len(data):
		return rest(data)
	layer = Layer("ip4", pair=(wire.name(data[12:16]), wire.name(data[16:20])), tos=data[1], len=length, id=number(data[4:6]),
		      reserved=flags >> 15, df=flags >> 14 & 1, mf=flags >> 13 & 1, off=(flags & 0x1FFF) * 8, ttl=data[8], proto=data[9],
		      ihl=words, sum="ok" if wire.total(data[:size]) == 0xFFFF else "bad")
	end = max(size, min(length, len(data)))
	ends = data[12:16], data[16:20]
	return [layer] + upper(data[size:end], data[9], ends, flags & 0x3FFF, length - size) + rest(data[end:])


def six(data):
	first, length, following = number(data[:4]), number(data[4:6]), data[6]
	layer = Layer("ip6", pair=(wire.name(data[8:24]), wire.name(data[24:40])), tc=first >> 20 & 255, flow=first & 0xFFFFF, len=length,
		      next=following, hop=data[7])
	ends, layers, fragment = (data[8:24], data[24:40]), [layer], 0
	end = min(40 + length, len(data))
	at = 40
	while following in (*EXTENSIONS, wire.FRAGMENT) and at + 8 <= end and not fragment & 0xFFF8:
		following, kind = data[at], following
		if kind == wire.FRAGMENT:
			fragment = number(data[at + 2:at + 4])
			layers.append(Layer("frag", off=fragment & 0xFFF8, mf=fragment & 1, id=number(data[at + 4:at + 8]), next=following))
			at += 8
		else:
			layers.append(Layer(EXTENSIONS[kind], next=following, hlen=data[at + 1]))
			at += 8 * (data[at + 1] + 1)
	return layers + upper(data[at:end], following, ends, fragment, length - (at - 40)) + rest(data[end:])


def upper(data, protocol, ends, fragment, length):
	"""The layers behind the IP headers; length: what the length field says is there"""
	if fragment & (0x1FFF if len(ends[0]) == 4 else 0xFFF8):
		return [Layer("part", len=len(data), hex=data.hex())]
	whole = len(data) >= length and not fragment
	if protocol == wire.TCP and len(data) >= 20:
		size = max(20, 4 * (data[12] >> 4))
		return [Layer("tcp", pair=(number(data[:2]), number(data[2:4])), seq=number(data[4:8]), ack=number(data[8:12]), flags=data[13],
			      win=number(data[14:16]), opts=data[20:size].hex(), sum=judged(data, whole, protocol, ends, length))] + body(data[size:])
	if protocol == wire.UDP and len(data) >= 8:
		size = number(data[4:6])
		return [Layer("udp", pair=(number(data[:2]), number(data[2:4])), len=size,
			      sum=judged(data, whole and size <= len(data), protocol, ends, size))] + body(data[8:])
	if protocol in (wire.DCCP, wire.UDPLITE) and len(data) >= 8:
		kind = "dccp" if protocol == wire.DCCP else "udplite"
		return [Layer(kind, pair=(number(data[:2]), number(data[2:4])), sum=judged(data, whole, protocol, ends, length))] + body(data[8:])
	if protocol == wire.ICMP4 and len(ends[0]) == 4 and len(data) >= 8:
		return icmp(data, "icmp4", data[0] in (3, 4, 5, 11, 12), data[5] * 4 if data[0] in EXTENDED4 else 0,
			    judged(data, whole, protocol, ends, length))
	if protocol == wire.ICMP6 and len(ends[0]) == 16 and len(data) >= 8:
		return icmp(data, "icmp6", data[0] < 128, data[4] * 8 if data[0] in EXTENDED6 else 0, judged(data, whole, protocol, ends, length))
	return body(data)


def icmp(data, kind, error, original, verdict):
	layer = Layer(kind, type=data[0], code=data[1], sum=verdict)
	if not error:
		layer.fields.update(id=number(data[4:6]), seq=number(data[6:8]))
		return [layer] + body(data[8:])
	layer.fields["rest"] = data[4:8].hex()
	big = data[0] == 2 if kind == "icmp6" else data[:2] == b"\3\4"
	if big:
		layer.fields["mtu"] = number(data[4:8] if kind == "icmp6" else data[6:8])
	if data[0] == (4 if kind == "icmp6" else 12):
		layer.fields["ptr"] = number(data[4:8]) if kind == "icmp6" else data[4]
	if original or not big:
		layer.fields["len"] = original // (8 if kind == "icmp6" else 4)
	payload = data[8:]
	if not original or original > len(payload):
		return [layer] + dissect(payload)
	return [layer] + dissect(payload[:original]) + structure(payload[original:])


def structure(data):
	if len(data) < 4:
		return rest(data)
	plain = data[2:4] == b"\0\0"
	return [Layer("extension", version=data[0] >> 4, sum="none" if plain else "ok" if wire.total(data) == 0xFFFF else "bad", hex=data[4:].hex())]


def body(data):
	return [Layer("data", len=len(data), hex=data.hex())] if data else []


def show(data):
	return " / ".join(str(layer) for layer in dissect(data))


def short(value):
	return f"{value[:64]}... ({len(value) // 2} octets)" if isinstance(value, str) and len(value) > 64 else value


def compare(want, got):
	"""Lines that say where two packets differ, field by field"""
	lines, wants, gots = [], dissect(want), dissect(got)
	for i in range(max(len(wants), len(gots))):
		one = wants[i] if i < len(wants) else Layer("nothing")
		two = gots[i] if i < len(gots) else Layer("nothing")
		if one.kind != two.kind:
			lines.append(f"layer {i}: want {one}, got {two}")
			continue
		lines += [f"{one.kind}[{i}].{key}: want {short(one.fields.get(key))}, got {short(two.fields.get(key))}"
			  for key in {**one.fields, **two.fields} if one.fields.get(key) != two.fields.get(key)]
	if want != got and not lines:
		at = next((i for i in range(min(len(want), len(got))) if want[i] != got[i]), min(len(want), len(got)))
		lines.append(f"differs at octet {at}")
	return lines


def mismatch(pattern, data):
	"""Why data is not as pattern (description.py's language, only the fields that matter, * for any address) says; None if it is."""
	layers = dissect(data)
	for i, part in enumerate(pattern.split(" / ")):
		words = part.split()
		if words[0] == "end":
			return None if i == len(layers) else f"a layer more than the case says: {layers[i]}"
		if i >= len(layers) or layers[i].kind != words[0]:
			return f"layer {i} is {layers[i] if i < len(layers) else 'nothing'}, the case says {part}"
		fields, words = layers[i].fields, words[1:]
		if len(words) >= 3 and words[1] == ">":
			want, have = (words[0], words[2]), tuple(map(str, fields["pair"]))
			if ":" in have[0]:
				want = tuple(one if one == "*" else wire.name(wire.address(one)) for one in want)
			if any(one not in ("*", other) for one, other in zip(want, have)):
				return f"{layers[i].kind}: {' > '.join(have)}, the case says {' > '.join(want)}"
			words = words[3:]
		elif len(words) >= 2 and "=" not in words[0] + words[1]:
			if (int(words[0]), int(words[1])) != (fields.get("type"), fields.get("code")):
				return f"{layers[i]}, the case says {part}"
			words = words[2:]
		for word in words:
			key, _, value = word.partition("=")
			have = fields.get(key)
			same = have == value if isinstance(have, str) else have is not None and have == int(value, 0)
			if not same:
				return f"{layers[i].kind} {key}={have}, the case says {value}"
	return None

# SPDX-License-Identifier: GPL-2.0-or-later
"""What the oracle knows of an instance and of the way out, read from the lines of a case; and the choices a standard leaves open."""
import functools
import ipaddress
import itertools
import random

LENGTHS = (32, 40, 48, 56, 64, 96)  # RFC 6052 2.2
WELL_KNOWN = ipaddress.ip_network("64:ff9b::/96")


class Drop(Exception):
	"""The packet is not translated; the reason has a name of verdict.h."""

	def __init__(self, reason):
		super().__init__(reason)
		self.reason = reason


class Config:
	KEYS = {"hairpin": str, "wkp-non-global": str, "amend-udp-zero": str, "carry-other": str, "tos": lambda text: int(text, 0),
		"lowest-ipv6-mtu": int, "mtu-in": int, "mtu-out": int, "identification": lambda text: int(text, 0), "hops": int, "fragment": str,
		"error-hash": lambda text: int(text, 0), "error-source6": str, "eam-apart": str, "mss": int}

	def __init__(self, lines):
		self.pool6, self.table, self.plateaus, self.error_pool4 = None, [], [], []
		self.values = {"hairpin": "off", "wkp-non-global": "off", "amend-udp-zero": "off", "carry-other": "on", "lowest-ipv6-mtu": 1280,
			       "mtu-in": 0, "mtu-out": 0, "identification": 0, "hops": 1, "fragment": "off", "error-hash": 0, "eam-apart": "off"}
		for line in lines:
			self.read(*line.split())
		self.refused, self.eam = mappings(tuple(self.table), self.on("eam-apart"))

	def read(self, key, *words):
		if key == "pool6":
			self.pool6 = ipaddress.ip_network(words[0]) if words[0] != "none" else None
			assert self.pool6 is None or self.pool6.prefixlen in LENGTHS, words[0]
		elif key == "eam":
			self.table.append((words[0], words[1]))
		elif key == "eam-random":
			self.table += random_table(*map(int, words))
		elif key == "plateaus":
			self.plateaus = [int(word) for word in words]
		elif key == "error-pool4":
			self.error_pool4 = [ipaddress.ip_address(word).packed for word in words]
		else:
			self.values[key] = self.KEYS[key](words[0])

	def __getitem__(self, key):
		return self.values.get(key)

	def on(self, key):
		return self.values[key] == "on"


@functools.lru_cache(maxsize=16)
def mappings(table, apart):
	"""(why the table is refused and at which entry, or None; its mappings). RFC 7757 3.1"""
	found = []
	for place, (text4, text6) in enumerate(table):
		for text, most, reason in ((text4, 32, "V4_LENGTH"), (text6, 128, "V6_LENGTH")):
			if int(text.split("/")[1]) > most:
				return (f"EAM_{reason}", place), []
		four, six = (ipaddress.ip_network(text, strict=False) for text in (text4, text6))
		if 32 - four.prefixlen > 128 - six.prefixlen:
			return ("EAM_SUFFIX", place), []
		if any(network.network_address != ipaddress.ip_address(text.split("/")[0]) for network, text in ((four, text4), (six, text6))):
			return ("EAM_HOST_BITS", place), []
		found.append((four, six))
	for side, reason in ((0, "OVERLAP4"), (1, "OVERLAP6")):
		seen = set()
		for place, one in enumerate(found):
			if one[side] in seen or (apart and any(one[side].overlaps(other[side]) for other in found[:place])):
				return (f"EAM_{reason}", place), []
			seen.add(one[side])
	return None, found


@functools.lru_cache(maxsize=4)
def random_table(seed, count):
	"""Mappings of all lengths that nest deeply: IPv4 within 16.0.0.0/4, IPv6 within 2001:db8:8000::/33"""
	chance, found, seen = random.Random(seed), [], set()
	while len(found) < count:
		length4 = chance.choice((8, 12, 16, 20, 22, 24, 24, 26, 28, 30, 31, 32, 32))
		length6 = chance.choice([length for length in (34, 40, 48, 56, 60, 63, 64, 65, 72, 96, 112, 120, 127, 128) if 128 - length >= 32 - length4])
		four = 0x10000000 | chance.getrandbits(28) & chance.choice((0x0F000000, 0x0F0F0F0F, 0x0FFFFFFF))
		six = 0x20010db880000000 << 64 | (chance.getrandbits(95) & chance.choice((0x7F << 88, 0x0F0F << 64, (1 << 95) - 1)))
		one = ipaddress.ip_network((four, length4), strict=False), ipaddress.ip_network((six, length6), strict=False)
		if one[0] not in seen and one[1] not in seen:
			seen.update(one)
			found.append((str(one[0]), str(one[1])))
	return found


class Choices:
	"""Where the text allows several results. The oracle runs once for each combination."""

	def __init__(self, picked=()):
		self.picked, self.offered = dict(picked), {}

	def pick(self, name, options):
		self.offered[name] = options
		return options[self.picked.get(name, 0)]

	def others(self):
		"""Every combination of what was offered"""
		names = sorted(self.offered)
		for combination in itertools.product(*(range(len(self.offered[name])) for name in names)):
			yield Choices(zip(names, combination))

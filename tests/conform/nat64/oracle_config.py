# SPDX-License-Identifier: GPL-2.0-or-later
"""What the oracle knows of an instance and of the way out, read from the lines of a case; and the choices a standard leaves open."""
import ipaddress
import itertools

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
		"error-hash": lambda text: int(text, 0), "error-source6": str}

	def __init__(self, lines):
		self.pool6, self.eam, self.plateaus, self.error_pool4 = None, [], [], []
		self.values = {"hairpin": "off", "wkp-non-global": "off", "amend-udp-zero": "off", "carry-other": "on", "lowest-ipv6-mtu": 1280,
			       "mtu-in": 0, "mtu-out": 0, "identification": 0, "hops": 1, "fragment": "off", "error-hash": 0}
		for line in lines:
			self.read(*line.split())

	def read(self, key, *words):
		if key == "pool6":
			self.pool6 = ipaddress.ip_network(words[0]) if words[0] != "none" else None
			assert self.pool6 is None or self.pool6.prefixlen in LENGTHS, words[0]
		elif key == "eam":
			self.eam.append((ipaddress.ip_network(words[0]), ipaddress.ip_network(words[1])))
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

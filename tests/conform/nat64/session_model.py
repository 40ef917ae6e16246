# SPDX-License-Identifier: GPL-2.0-or-later
"""The stateful translator as RFC 6146 tells it (with RFC 4787, 5382, 5508, 7857, 6888): dictionaries, a clock that is told, nothing shared.

A port is chosen by the core; the model learns it from the packet that came out, and holds it against the rules of the choice. Everything else it knows
beforehand: the verdict, and every octet of the result.
"""
import ipaddress

import oracle
import oracle_address as address
import oracle_header as header
import oracle_icmp as icmp
import wire
from oracle_config import Config, Drop
from wire import number

FIN, SYN, RST = 1, 2, 4
CLOSED, V4_INIT, V6_INIT, ESTABLISHED, V4_FIN, V6_FIN, BOTH_FIN, TRANS = range(8)
LIFETIMES = {"udp": 300, "icmp": 60, "established": 7440, "opening": 240, "closing": 240, "incoming-syn": 6}


HOLD_DOWN = 120  # RFC 6888 REQ-8; no longer than twice that


class Settings:
	"""What RFC 6146 leaves to the administrator, beside the stateless settings"""

	def __init__(self, lines):
		self.pool4, self.static, self.lifetimes, stateless = [], [], dict(LIFETIMES), []
		self.values = {"filtering": "endpoint", "hold-syn": "on", "max-sessions": 1024, "max-per-subscriber": 1 << 16, "max-blocks": 64,
			       "block-size": 64, "subscriber-length": 64, "inbound-refresh": "on", "paired": "on"}
		for line in lines:
			key, *words = line.split()
			if key == "pool4":
				first, last = words[1].split("-")
				self.pool4.append((ipaddress.ip_network(words[0]), int(first), int(last), int(words[2]) if len(words) > 2 else 0))
			elif key == "static":
				self.static.append(words)
			elif key == "lifetime":
				self.lifetimes[words[0]] = int(words[1])
			elif key in self.values:
				self.values[key] = int(words[0]) if isinstance(self.values[key], int) else words[0]
			else:
				stateless.append(line)
		self.stateless = stateless

	def covers(self, four, port=None):
		return any(ipaddress.ip_address(four) in network and (port is None or first <= port <= last) for network, first, last, _ in self.pool4)


class Session:
	def __init__(self, state, until):
		self.state, self.until = state, until


class Model:
	def __init__(self, lines):
		self.settings = Settings(lines)
		self.bib = {}  # (l4, IPv6 address, port) -> (IPv4 address, port)
		self.back = {}  # (l4, IPv4 address, port) -> (IPv6 address, port)
		self.static = set()
		self.sessions = {}  # (l4, (IPv6 address, port), (remote IPv4 address, port)) -> Session
		self.given = []  # ports in the order in which they were given out
		self.mark = 0  # of the packet in hand
		self.released = {}  # block -> when a port of it was last given back
		self.held = {}  # (IPv4 address, port, remote address, port) -> until
		for l4, six, port6, four, port4 in self.settings.static:
			self.bind(l4, wire.address(six), int(port6), wire.address(four), int(port4))
			self.static.add((l4, wire.address(six), int(port6)))

	def bind(self, l4, six, port6, four, port4):
		self.bib[l4, six, port6] = four, port4
		self.back[l4, four, port4] = six, port6

	def expire(self, now):
		for key in [key for key, session in self.sessions.items() if session.until <= now]:
			session = self.sessions[key]
			if session.state == ESTABLISHED and key[0] == "tcp":
				# 3.5.2.2: both ends are asked, and have TCP_TRANS to answer
				session.state, session.until = TRANS, session.until + self.settings.lifetimes["closing"]
				if session.until > now:
					continue
			del self.sessions[key]
		used = {(l4, *end) for l4, end, _ in self.sessions} | self.static
		for key in [key for key in self.bib if key not in used]:
			four, port = self.bib.pop(key)
			del self.back[key[0], four, port]
			self.released[self.block(four, port)] = now
		self.held = {key: until for key, until in self.held.items() if until > now}

	# ---- a packet -------------------------------------------------------------------------------

	def packet(self, now, family, data, got):
		"""(verdict, packets that may come out); got: what the core made of it, to learn a port from"""
		self.expire(now)
		try:
			return "OK", (self.from_six if family == "6" else self.from_four)(now, data, got)
		except Drop as drop:
			return drop.reason, []

	def tuple_of(self, half):
		"""(l4, source port, destination port, TCP flags) of a packet that has them"""
		data = half.payload
		if half.protocol == wire.TCP:
			return "tcp", number(data[:2]), number(data[2:4]), data[13] if len(data) > 13 else 0
		if half.protocol == wire.UDP:
			return "udp", number(data[:2]), number(data[2:4]), 0
		if half.protocol in (wire.ICMP4, wire.ICMP6) and data[0] in (icmp.ECHO4, icmp.REPLY4, icmp.ECHO6, icmp.REPLY6):
			return "icmp", number(data[4:6]), number(data[4:6]), 0
		if half.protocol in (wire.ICMP4, wire.ICMP6):
			raise Drop("ICMP_TYPE")
		raise Drop("UNKNOWN_L4")  # 3: other protocols

	def result(self, direction, data, ends, ports, inner=None, inner_ports=None):
		"""The octets that RFC 7915 makes with these addresses and ports"""
		config = Config([line for line in self.settings.stateless if not line.startswith("error-pool4")])
		return oracle.translate_to(config, direction, data, ends, ports, inner, inner_ports)

	def remote(self, six):
		config = Config(self.settings.stateless)
		four, _ = address.four(config, six)
		if four is None:
			raise Drop("NOT_OURS")
		return four

	def from_six(self, now, data, got):
		half = header.read6(data, False)
		destination = self.remote(half.destination)
		header.upper(half)
		if icmp.is_error(half):
			return self.error_from_six(half, data, destination)
		l4, sport, dport, flags = self.tuple_of(half)
		key = l4, half.source, sport
		remote = destination, 0 if l4 == "icmp" else dport
		session = self.sessions.get((l4, (half.source, sport), remote))
		if l4 == "tcp" and not session and not flags & SYN:
			if key not in self.bib:
				raise Drop("NO_SESSION")
			create = False
		else:
			create = not session
		if not got and l4 != "icmp" and self.settings.covers(destination) and (l4, destination, dport) not in self.back:
			raise Drop("NO_MAPPING")  # 3.8: and what mapping its source would have had, nobody sees
		if key not in self.bib:
			self.room(half.source)
			self.bind(*key, *self.learn(l4, half.source, got, now))
			self.given.append(self.bib[key][1])
		elif create:
			self.room(half.source)
		if create:
			session = self.sessions[l4, (half.source, sport), remote] = Session(CLOSED, 0)
		four, port = self.bib[key]
		if session:
			self.held.pop((four, port, *remote), None)
			self.step(session, l4, True, flags, now)
		if l4 == "icmp":
			return self.result("64", data, (four, destination), (port, port))
		if self.settings.covers(destination, dport) or self.settings.covers(destination):
			return self.hairpin(now, data, (four, destination), (port, dport), got)
		return self.result("64", data, (four, destination), (port, dport))

	def hairpin(self, now, data, ends, ports, got):
		"""3.8: the packet comes back as if from IPv4; it was one hop"""
		packets = []
		for packet in self.result("64", data, ends, ports):
			packet = packet[:8] + bytes([packet[8] + 1]) + packet[9:10] + b"\0\0" + packet[12:]
			packets += self.from_four(now, packet[:10] + wire.octets(wire.checksum(packet[:20]), 2) + packet[12:], got)
		return packets

	def from_four(self, now, data, got):
		half = header.read4(data, False)
		header.upper(half)
		if not self.settings.covers(half.destination):
			raise Drop("NOT_OURS")
		if icmp.is_error(half):
			return self.error_from_four(half, data)
		l4, sport, dport, flags = self.tuple_of(half)
		remote = half.source, 0 if l4 == "icmp" else sport
		owner = self.back.get((l4, half.destination, dport))
		if owner is None:
			if l4 == "tcp" and flags & SYN and not flags & RST and self.settings.values["hold-syn"] == "on" and \
			   self.settings.covers(half.destination, dport):
				self.held[(half.destination, dport, *remote)] = now + self.settings.lifetimes["incoming-syn"]
				raise Drop("SYN_HELD")
			raise Drop("NO_MAPPING")
		session = self.sessions.get((l4, owner, remote))
		if session is None:
			known = any(one == l4 and end == owner and other[0] == remote[0] for one, end, other in self.sessions)
			if self.settings.values["filtering"] == "address" and not known:
				if l4 == "tcp" and flags & SYN and self.settings.values["hold-syn"] == "on":
					self.held[(half.destination, dport, *remote)] = now + self.settings.lifetimes["incoming-syn"]
					raise Drop("SYN_HELD")
				raise Drop("FILTERED")
			if l4 != "tcp" or flags & SYN:
				self.room(owner[0])
				session = self.sessions[l4, owner, remote] = Session(CLOSED, 0)
		if session:
			self.step(session, l4, False, flags, now)
		six = address.embed(Config(self.settings.stateless).pool6, half.source)
		return self.result("46", data, (six, owner[0]), (owner[1], owner[1]) if l4 == "icmp" else (sport, owner[1]))

	# ---- rules ----------------------------------------------------------------------------------

	def step(self, session, l4, from6, flags, now):
		"""3.5.1 to 3.5.3"""
		life = self.settings.lifetimes
		if l4 != "tcp":
			fresh = session.state == CLOSED
			session.state = ESTABLISHED
			if from6 or fresh or self.settings.values["inbound-refresh"] == "on":
				session.until = now + life[l4]
			return
		state, syn, fin, rst = session.state, flags & SYN, flags & FIN, flags & RST
		new, lifetime = state, None
		if state == CLOSED:
			new, lifetime = (V6_INIT if from6 else V4_INIT), "opening"
		elif state in (V4_INIT, V6_INIT):
			if syn and from6 == (state == V4_INIT):
				new, lifetime = ESTABLISHED, "established"
			elif syn:
				lifetime = "opening"
		elif state == ESTABLISHED:
			if rst:
				new, lifetime = TRANS, "closing"
			elif fin:
				new, lifetime = (V6_FIN if from6 else V4_FIN), "established"
			else:
				lifetime = "established"
		elif state in (V4_FIN, V6_FIN):
			if fin and from6 == (state == V4_FIN):
				new, lifetime = BOTH_FIN, "closing"
			elif rst:
				new, lifetime = TRANS, "closing"
			else:
				lifetime = "established"
		elif state == TRANS and not rst:
			new, lifetime = ESTABLISHED, "established"
		session.state = new
		if lifetime:
			session.until = now + life[lifetime]

	def subscriber(self, six):
		return ipaddress.ip_network((six, self.settings.values["subscriber-length"]), strict=False)

	def room(self, six):
		"""RFC 6888 REQ-4, REQ-5"""
		mine = self.subscriber(six)
		if sum(self.subscriber(end[0]) == mine for _, end, _ in self.sessions) >= self.settings.values["max-per-subscriber"]:
			raise Drop("SUBSCRIBER_SESSIONS")
		if len(self.sessions) >= self.settings.values["max-sessions"]:
			raise Drop("SESSION_LIMIT")

	def block(self, four, port):
		"""(address, first port) of the block that a port of the pool lies in"""
		first = next(first for network, first, last, _ in self.settings.pool4 if ipaddress.ip_address(four) in network and first <= port <= last)
		return four, port - (port - first) % self.settings.values["block-size"]

	def blocks(self):
		"""Every block for the packet's mark -> its ports"""
		size = self.settings.values["block-size"]
		return {(one.packed, at): min(size, last + 1 - at) for network, first, last, mark in self.settings.pool4 if mark == self.mark
			for one in network for at in range(first, last + 1, size)}

	def refusal(self, l4, six, now):
		"""Why there is no port for a new mapping. RFC 6888 REQ-4, REQ-8, REQ-11"""
		owners = {}
		for (_, other, _), (four, port) in self.bib.items():
			owners.setdefault(self.block(four, port), self.subscriber(other))
		blocks = self.blocks()
		mine = [block for block, owner in owners.items() if owner == self.subscriber(six) and block in blocks]
		taken = sum(one == l4 and self.block(four, port) in mine for one, four, port in self.back)
		held = any(now - at < 2 * HOLD_DOWN for at in self.released.values())
		if taken < sum(blocks[block] for block in mine) and not held:
			return "a port of the subscriber's blocks was free"
		if len(mine) >= self.settings.values["max-blocks"]:
			return "SUBSCRIBER_PORTS"
		if any(block not in owners and now - self.released.get(block, -2 * HOLD_DOWN) >= 2 * HOLD_DOWN for block in blocks):
			return "a block was free"
		return "POOL_EXHAUSTED"

	def learn(self, l4, six, got, now):
		"""The address and port that the core chose for a new mapping, if the choice is right"""
		if not got:
			raise Drop(self.refusal(l4, six, now))
		if got[0] >> 4 == 6:
			got = self.seen(got)
		half = header.read4(got, False)
		port = self.tuple_of(half)[1]
		if not self.settings.covers(half.source, port):
			raise Drop("an address and port outside of the pool")
		if (l4, half.source, port) in self.back:
			raise Drop("a port that is another's")
		if now - self.released.get(self.block(half.source, port), -HOLD_DOWN) < HOLD_DOWN and self.settings.values["block-size"] == 1:
			raise Drop("a port that is held down")
		mine = {four for (_, other, _), (four, _) in self.bib.items() if self.subscriber(other) == self.subscriber(six)}
		if self.settings.values["paired"] == "on" and mine and half.source not in mine:
			raise Drop("a second address for the same subscriber")
		return half.source, port

	def seen(self, got):
		"""A hairpinned packet as it was in IPv4: its source is the mapping"""
		half = header.read6(got, False)
		four, _ = address.four(Config(self.settings.stateless), half.source)
		front = b"\x45\0" + wire.octets(20 + len(half.payload), 2) + bytes(5) + bytes([half.protocol]) + bytes(2)
		return front + four + four + half.payload

	# ---- ICMP errors: 3.4, 3.5.4; they make, end and refresh nothing ----------------------------

	def error_from_four(self, half, data):
		inner = oracle.inside(header.read4, half, None)
		l4, sport, dport, _ = self.tuple_of(inner)
		owner = self.back.get((l4, inner.source, sport))
		if owner is None or (l4, owner, (inner.destination, 0 if l4 == "icmp" else dport)) not in self.sessions:
			raise Drop("NO_MAPPING")
		prefix = Config(self.settings.stateless).pool6
		inner_ends = owner[0], address.embed(prefix, inner.destination)
		ports = (owner[1], owner[1]) if l4 == "icmp" else (owner[1], dport)
		return self.result("46", data, (address.embed(prefix, half.source), owner[0]), None, inner_ends, ports)

	def error_from_six(self, half, data, destination):
		inner = oracle.inside(header.read6, half, None)
		l4, sport, dport, _ = self.tuple_of(inner)
		mapped = self.bib.get((l4, inner.destination, dport))
		remote = self.remote(inner.source), 0 if l4 == "icmp" else sport
		if mapped is None or (l4, (inner.destination, dport), remote) not in self.sessions:
			raise Drop("NO_MAPPING")
		ports = (mapped[1], mapped[1]) if l4 == "icmp" else (sport, mapped[1])
		return self.result("64", data, (mapped[0], destination), None, (remote[0], mapped[0]), ports)

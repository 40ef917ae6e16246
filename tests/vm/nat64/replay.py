#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""In the machine: sends every conformance case through nat64.ko and compares what comes out, octet by octet.

usage: replay.py MODULE NAT64CTL CASES      CASES: what tests/conform/nat64/conform bundle wrote

Three namespaces: six -- nat -- four. A case's packet is sent by a packet socket on the far end of its side, what comes out is caught on both. What the
case cannot know is taken from the way: the MTUs are those of the links, and the Identification of an IPv4 header that has none to
carry over is the one that came out. The hop limit is the stack's affair here, and falls by one all the same.
"""
import ctypes
import json
import os
import select
import socket
import subprocess
import sys
import time
import types

sys.path.insert(0, "tests/conform/nat64")
import dissect  # noqa: E402
import fragments  # noqa: E402
import oracle  # noqa: E402
from oracle_config import Config  # noqa: E402
from wire import octets  # noqa: E402

MODULE, NAT64CTL, CASES = sys.argv[1:4]
MTU = 65535
NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
TYPE = {"6": 0x86DD, "4": 0x0800}
FLAGS = {"wkp-non-global": "wkp-non-global", "amend-udp-zero": "amend-udp-checksum-zero", "carry-other": "carry-other"}
PLAIN = {"hairpin": "hairpin", "lowest-ipv6-mtu": "lowest-ipv6-mtu", "error-source6": "error-source6"}


def sh(text):
	subprocess.run(["bash", "-ec", text], check=True)


def run(*words, **more):
	return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def enter(namespace):
	"""This process from now on"""
	there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
	assert libc.setns(there, NEWNET) == 0, os.strerror(ctypes.get_errno())
	os.close(there)


SETUP = """
for ns in six nat four; do ip netns add $ns; ip -n $ns link set lo up; done
for ns in six nat four; do
	ip netns exec $ns sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0 \\
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \\
		net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=100000
done
ip link add r6 netns nat address 02:00:00:00:00:06 mtu 65535 type veth peer name s0 netns six address 02:00:00:00:01:06 mtu 65535
ip link add r4 netns nat address 02:00:00:00:00:04 mtu 65535 type veth peer name f0 netns four address 02:00:00:00:01:04 mtu 65535
ip -n six link set s0 up; ip -n four link set f0 up; ip -n nat link set r6 up; ip -n nat link set r4 up
ip netns exec nat sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n nat addr add fd00:6::1/64 dev r6 nodad; ip -n nat addr add 192.88.99.1/24 dev r4
ip -n nat neigh add fd00:6::2 lladdr 02:00:00:00:01:06 dev r6 nud permanent
ip -n nat neigh add 192.88.99.2 lladdr 02:00:00:00:01:04 dev r4 nud permanent
ip -n nat route add default via fd00:6::2 dev r6; ip -n nat route add default via 192.88.99.2 dev r4
ip -n nat route add unreachable 2001:db8:1::f0/124; ip -n nat route add unreachable 203.0.113.192/26
"""


class Port:
	"""The far end of one side"""

	def __init__(self, namespace, device, mac, router):
		self.header = mac_octets(router) + mac_octets(mac)
		enter(namespace)
		self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
		self.socket.bind((device, 3))
		self.socket.setblocking(False)

	def send(self, family, packet):
		self.socket.send(self.header + octets(TYPE[family], 2) + packet)

	def caught(self):
		"""Packets that came since the last time, without what the kernel says by itself on a link"""
		while True:
			try:
				frame, (_, protocol, kind, *_) = self.socket.recvfrom(70000)
			except BlockingIOError:
				return
			packet = frame[14:]
			if kind == socket.PACKET_OUTGOING or protocol not in TYPE.values():
				continue
			if protocol == TYPE["6"] and (packet[8] == 0xFE or packet[24] == 0xFF):
				continue
			yield packet


def mac_octets(text):
	return bytes.fromhex(text.replace(":", ""))


class Bench:
	def __init__(self):
		sh(SETUP)
		run("insmod", MODULE)
		self.ports = {"6": Port("six", "s0", "02:00:00:00:01:06", "02:00:00:00:00:06"),
			      "4": Port("four", "f0", "02:00:00:00:01:04", "02:00:00:00:00:04")}
		enter("nat")
		self.mtus = {"6": MTU, "4": MTU}
		self.loaded, self.counted = None, {}

	def load(self, config):
		words = [f"instance t eamt-overlap={0 if config.on('eam-apart') else 1}"]
		words += [f"pool6={config.pool6}"] if config.pool6 else []
		words += [f"{name}={1 if config.on(key) else 0}" for key, name in FLAGS.items()]
		words += [f"{name}={config[key]}" for key, name in PLAIN.items() if config[key] is not None]
		words += [f"tos-override=1 tos={config['tos']}"] if config["tos"] is not None else []
		words += ["plateaus=" + ",".join(map(str, config.plateaus))] if config.plateaus else []
		words += ["error-pool4=" + ",".join(socket.inet_ntoa(one) for one in config.error_pool4)] if config.error_pool4 else []
		text = " ".join(words) + "\n" + "".join(f"eamt t {four} {six}\n" for four, six in config.table)
		if text != self.loaded:
			run(NAT64CTL, "load", "-", input=text)
			self.loaded = text

	def set_mtus(self, six, four):
		for family, mtu in (("6", six), ("4", four)):
			if self.mtus[family] != mtu:
				run("ip", "link", "set", f"r{family}", "mtu", str(mtu))
				self.mtus[family] = mtu

	def counters(self):
		"""What has risen since the last time"""
		before, self.counted = self.counted, {}
		for line in run(NAT64CTL, "stats", "t").splitlines():
			_, name, value, _ = line.split(None, 3)
			self.counted[name] = int(value)
		return {name.upper() for name, value in self.counted.items() if value > before.get(name, 0)}

	def pass_through(self, family, packet, wait):
		"""{family of the side: packets that came out there}"""
		for port in self.ports.values():
			list(port.caught())
		self.ports[family].send(family, packet)
		found, until = {"6": [], "4": []}, time.monotonic() + wait
		while True:
			ready = select.select([port.socket for port in self.ports.values()], [], [], max(0, until - time.monotonic()))[0]
			for side, port in self.ports.items():
				found[side] += port.caught()
			if any(found.values()):
				until = min(until, time.monotonic() + 0.005)  # for what else may come
			if not ready and time.monotonic() >= until:
				return found


def allowed(case, bench, got):
	"""The packets that the standards allow as it is on this way"""
	config = Config(case.config)
	for key, family in (("mtu-in", case.direction[0]), ("mtu-out", case.direction[1])):
		config.values[key] = bench.mtus[family]
	# One Identification is made for all headers that have none to carry over: which ones these are, the oracle knows.
	for identification in {layer.fields["id"] for layer in dissect.dissect(got) if layer.kind == "ip4"} or {0}:
		config.values["identification"] = identification
		yield from oracle.translate(config, case.direction, case.packet)[1]


def judge(case, bench):
	config = Config(case.config)
	six, four = (config["mtu-out"], config["mtu-in"]) if case.direction == "46" else (config["mtu-in"], config["mtu-out"])
	bench.set_mtus(six or MTU, four or MTU)
	bench.load(config)
	into, out = case.direction
	if case.drop:
		return refused(case, bench, into)
	found = bench.pass_through(into, case.packet, 1)
	if case.replies:
		return compare(case, case.replies, found[into], found[out])
	packets = found[out] or found[into]  # hairpinning: the same side
	if case.module_only:
		whole = list(allowed(case, bench, packets[0] if packets else b""))
		return compare(case, case.outs, packets, []) + (
			fragments.differs(packets, whole[0]) if whole and len(packets) > 1 and not fragments.piece(case.packet) else [])
	if len(packets) != 1:
		return [f"{len(packets)} packets came out: " + "; ".join(map(dissect.show, packets))]
	results = list(allowed(case, bench, packets[0]))
	if packets[0] in results:
		return []
	return [f"got {dissect.show(packets[0])}"] + ["    " + line for want in results[:1] for line in dissect.compare(want, packets[0])]


def compare(case, patterns, packets, others):
	if len(packets) != len(patterns) or others:
		return [f"{len(packets)} packets came out and {len(others)} elsewhere, want {len(patterns)}: " + "; ".join(map(dissect.show, packets + others))]
	return [why for pattern, packet in zip(patterns, packets) for why in [dissect.mismatch(pattern, packet)] if why]


def refused(case, bench, into):
	if not bench.counted:
		bench.counters()
	found = bench.pass_through(into, case.packet, 0.02)
	rose = bench.counters()
	translated = [packet for side, packets in found.items() for packet in packets if side != into and packet[0] >> 4 != int(into)]
	if translated:
		return [f"was translated: {dissect.show(translated[0])}"]
	if not rose & set(case.drop) and "NOT_OURS" not in case.drop:
		return [f"counted as {' '.join(sorted(rose)) or 'nothing'}, want {'|'.join(case.drop)}"]
	if case.replies:
		return compare(case, case.replies, found[into], [])
	return []


def runs(case):
	config = Config(case.config)
	small = [mtu for mtu in (config["mtu-out"] if case.direction == "46" else config["mtu-in"],) if mtu and mtu < 1280]
	return not case.core_only and not config.refused and not small


def main():
	with open(CASES, encoding="utf-8") as file:
		cases = [types.SimpleNamespace(**{**case, "packet": bytes.fromhex(case["packet"])}) for case in json.load(file)]
	todo = [case for case in cases if runs(case)]
	bench = Bench()
	failed, began = 0, time.monotonic()
	for case in todo:
		try:
			found = judge(case, bench)
		except subprocess.CalledProcessError as error:
			found = [f"{error.cmd}: {error.stderr.strip()}"]
			bench.loaded = None
		if found:
			failed += 1
			print(f"{case.place}: {case.name} [{case.clause}]\n  config: {'; '.join(case.config)}\n  in:     {dissect.show(case.packet)}")
			print("".join(f"  {line}\n" for line in found), end="", flush=True)
	run("rmmod", "nat64")
	print(f"{len(todo)} of {len(cases)} cases sent in {time.monotonic() - began:.0f} s, {failed} failed")
	return 1 if failed or not todo else 0


sys.exit(main())

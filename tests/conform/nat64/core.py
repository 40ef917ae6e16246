# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases on the core, through driver.c: in every layout of memory and with the checksum standing in every way that the kernel knows."""
import subprocess

import dissect
import wire
from oracle_config import Config
from wire import number, octets

PULL = 256  # NAT64_PULL


class Run:
	def __init__(self, layout, linear, total, packet, wanted):
		self.layout, self.linear, self.total, self.packet, self.wanted = layout, linear, total, packet, wanted
		self.verdict = self.result = None


def upper(packet):
	"""(protocol, offset, pseudo-header) of a whole TCP or UDP packet with a checksum, or None"""
	layers = dissect.dissect(packet)
	kinds = [layer.kind for layer in layers]
	if "frag" in kinds or "part" in kinds or not {"tcp", "udp"} & set(kinds[1:5]) or {"icmp4", "icmp6"} & set(kinds):
		return None
	layer = next(layer for layer in layers if layer.kind in ("tcp", "udp"))
	if layer.fields["sum"] != "ok" or layers[0].fields.get("mf"):
		return None
	if packet[0] >> 4 == 4:
		at, protocol, ends = 4 * (packet[0] & 15), packet[9], (packet[12:16], packet[16:20])
		size = number(packet[2:4]) - at
	else:
		at, protocol, ends = 40, packet[6], (packet[8:24], packet[24:40])
		while protocol in (wire.HOP_BY_HOP, wire.ROUTING, wire.DESTINATION):
			protocol, at = packet[at], at + 8 * (packet[at + 1] + 1)
		size = 40 + number(packet[4:6]) - at
	return protocol, at, wire.pseudo(*ends, protocol, size)


def partial(packet):
	"""The packet as a kernel has it while the checksum is still to be computed: the field holds the pseudo-header's sum"""
	found = upper(packet)
	if not found:
		return None
	protocol, at, front = found
	at += wire.SUM_AT[protocol]
	return packet[:at] + octets(wire.total(front), 2) + packet[at + 2:]


def error(packet):
	return any(layer.kind in ("icmp4", "icmp6") and "rest" in layer.fields for layer in dissect.dissect(packet)[:6])


def layouts(case):
	packet, wanted = case.raw.packet, case.raw.results
	runs = [Run("whole", len(packet), "full", packet, wanted)]
	if len(packet) > PULL and not error(packet):
		runs.append(Run("headers only", PULL, "full", packet, wanted))
	if partial(packet) and wanted and all(map(partial, wanted)):
		runs.append(Run("partial checksum", len(packet), "partial", partial(packet), [partial(one) for one in wanted]))
	return runs


def line(case, run):
	config = Config(case.config)
	words = [case.direction[0], str(run.linear), run.total]
	if config.pool6:
		words.append(f"pool6={config.pool6}")
	words += [f"eam={four},{six}" for four, six in config.table]
	words += [f"plateau={mtu}" for mtu in config.plateaus]
	words += [f"error-pool4={wire.name(one)}" for one in config.error_pool4]
	words += [f"{key}={value}" for key, value in config.values.items()]
	return " ".join(words + [run.packet.hex()]) + "\n"


def run(driver, cases):
	"""name -> runs, done"""
	runs = {case.name: layouts(case) for case in cases}
	flat = [(case, one) for case in cases for one in runs[case.name]]
	text = "".join(line(case, one) for case, one in flat)
	done = subprocess.run([driver], input=text, capture_output=True, text=True, check=False)
	answers = done.stdout.splitlines()
	for (_, one), answer in zip(flat, answers):
		one.verdict, _, result = answer.partition(" ")
		one.result = result
	if done.returncode or len(answers) != len(flat):
		case, one = flat[min(len(answers), len(flat) - 1)]
		one.verdict, one.result = "died", done.stderr[-3000:]
		print(f"the driver ended with status {done.returncode} at {case.name} ({one.layout})")
		for _, rest in flat[len(answers) + 1:]:
			rest.verdict = "not run"
	return runs


def expected(case, verdict):
	"""What the driver adds to a refusal: the pointer of a Parameter Problem, the entry of a table"""
	if verdict.startswith("EAM_"):
		return str(Config(case.config).refused[1])
	return case.pointer if verdict == "SOURCE_ROUTE" else ""


def judge(case, runs):
	found = []
	for one in runs:
		allowed = case.drop or ["OK"]
		if one.verdict not in allowed:
			found.append(f"{one.layout}: {one.verdict} {one.result or ''}, want {'|'.join(allowed)}")
			continue
		if one.verdict != "OK":
			if one.result != expected(case, one.verdict):
				found.append(f"{one.layout}: {one.verdict} {one.result}, want {expected(case, one.verdict)}")
			continue
		got = bytes.fromhex(one.result)
		if got not in one.wanted:
			found.append(f"{one.layout}: got {dissect.show(got)}")
			found += ["    " + text for text in dissect.compare(one.wanted[0], got)]
	return found

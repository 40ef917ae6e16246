# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations on the session table and the core, through stateful.c, held against session_model.py."""
import subprocess

import dissect
import flowfile
from oracle_config import Config
from session_model import Model

LIFETIMES = {"udp": "udp", "icmp": "icmp", "established": "tcp_established", "opening": "tcp_opening", "closing": "tcp_closing",
	     "incoming-syn": "tcp_incoming_syn"}


class Driver:
	def __init__(self, path):
		self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

	def ask(self, line):
		self.process.stdin.write(line + "\n")
		self.process.stdin.flush()
		answer = self.process.stdout.readline().strip()
		if not answer:
			raise SystemExit(f"the driver ended at: {line[:200]}")
		return answer

	def end(self):
		self.process.stdin.close()
		return self.process.wait()

	def open(self, model):
		settings, config = model.settings, Config(model.settings.stateless)
		words = ["new"]
		for network, first, last, mark in settings.pool4:
			words.append(f"pool4={network[0]},{network.num_addresses},{first},{last},{mark}")
		words += [f"{key}={value}" for key, value in settings.values.items()]
		words += [f"static={','.join(one)}" for one in settings.static]
		words += [f"life={LIFETIMES[key]},{value}" for key, value in settings.lifetimes.items()]
		words += [f"pool6={config.pool6}"] if config.pool6 else []
		words += [f"{key}={value}" for key, value in config.values.items() if key not in ("eam-apart", "fragment")]
		answer = self.ask(" ".join(words))
		if answer != "ready":
			raise SystemExit(f"the driver refuses {' '.join(words)}: {answer}")


def play(flow, driver):
	"""What is wrong, as lines"""
	model, values = Model(flow.config), {}
	driver.open(model)
	for number, step in enumerate(flow.steps):
		driver.ask(f"pass {step.at}")
		if step.count:
			counts = dict(word.split("=") for word in driver.ask("count").split())
			model.expire(step.at)
			mine = {"sessions": len(model.sessions), "bibs": len(model.bib)}
			wrong = [f"step {number}: {key}: the case says {value}, the core {counts[key]}, the model {mine.get(key, value)}"
				 for key, value in step.count.items() if int(counts[key]) != value or mine.get(key, value) != value]
		else:
			wrong = one_step(number, step, model, driver, values)
		if wrong:
			return wrong
	rising = sum(second == first + 1 for first, second in zip(model.given, model.given[1:]))
	if flow.scattered and 4 * rising > len(model.given):
		return [f"{rising} of {len(model.given)} ports follow the one before: they can be foretold"]
	return [f"{one} and {two} are both {values[one[1:]]}" for one, two in flow.differ if values[one[1:]] == values[two[1:]]]


def one_step(number, step, model, driver, values):
	packet = flowfile.build(step, values)
	family = str(packet[0] >> 4)
	verdict, _, result = driver.ask(f"packet {step.at} {family} {step.mark} {packet.hex()}").partition(" ")
	place = f"step {number} (at {step.at} s: {dissect.show(packet)})"
	got = bytes.fromhex(result) if verdict == "OK" and " " not in result else b""
	model.mark = step.mark
	expected, packets = model.packet(step.at, family, packet, got)
	allowed = step.drop or ["OK"]
	if verdict not in allowed or (verdict != "OK" and result):
		return [f"{place}: {verdict} {result}, want {'|'.join(allowed)}"]
	if expected not in allowed:
		return [f"{place}: the model says {expected}, want {'|'.join(allowed)}" + (f"; got {dissect.show(got)}" if got else "")]
	if verdict != "OK":
		return []
	why = dissect.mismatch(flowfile.bind(step.out, got, values), got)
	if why:
		return [f"{place}: {why}", f"  got {dissect.show(got)}"]
	if got not in packets:
		return [f"{place}: got {dissect.show(got)}"] + ["  " + line for line in dissect.compare(packets[0], got)]
	return []

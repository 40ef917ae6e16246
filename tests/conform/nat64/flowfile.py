# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations: cases of several packets, for the stateful translator.

cases/NAME.flow is like a case file (casefile.py), but a case is a list of steps, each at its second:

	case 6146-3.5.1 a mapping is made, and the answer finds it
		0   in ip6 2001:db8:1::1 > 2001:db8:64::198.51.100.7 / udp 1000 > 53
		    out ip4 203.0.113.1 > 198.51.100.7 / udp $A > 53 sum=ok
		290 in ip4 198.51.100.7 > 203.0.113.1 / udp 53 > $A
		    out ip6 2001:db8:64::198.51.100.7 > 2001:db8:1::1 / udp 53 > 1000 sum=ok
		900 in ip4 198.51.100.7 > 203.0.113.1 / udp 53 > $A
		    drop NO_MAPPING

The translator chooses ports: $A stands for what came out where it is seen first, and must be the same from then on. 'differ $A $B' ends a
case: the two must not be equal. 'each 1-256 in ...' is so many steps, with $N put in. 'scattered': the
ports given out are no rising row. 'mark N' before 'in' is the packet's mark. 'count sessions=N' asks how many there are.
"""
import os
import re

import description
import dissect
from casefile import FOLDER, lines_of


class Step:
	def __init__(self, at, text):
		self.at, self.text, self.out, self.drop, self.mark, self.count = at, text, None, None, 0, None


class Flow:
	def __init__(self, name, clause, config, place):
		self.name, self.clause, self.config, self.place, self.steps, self.differ = name, clause, list(config), place, [], []
		self.scattered = False
		self.mark, self.last = 0, []  # last: the steps that 'out' and 'drop' speak of

	def read(self, line):
		timed = re.match(r"(\d+)\s+(.*)$", line)
		at = int(timed.group(1)) if timed else self.steps[-1].at if self.steps else 0
		key, _, text = (timed.group(2) if timed else line).partition(" ")
		if key == "config":
			self.config = [] if text == "reset" else self.config + [text]
		elif key == "mark":
			self.mark = int(text)
		elif key in ("in", "each"):
			first, last = 0, 0
			if key == "each":
				numbers, _, text = text.split(" ", 2)
				first, last = map(int, numbers.split("-"))
			self.last = [Step(at, text.replace("$N", str(number))) for number in range(first, last + 1)]
			self.steps += self.last
			for step in self.last:
				step.mark = self.mark
		elif key == "count":
			self.steps.append(Step(at, None))
			self.steps[-1].count = dict((word.split("=")[0], int(word.split("=")[1])) for word in text.split())
		elif key == "out":
			for step in self.last:
				step.out = text
		elif key == "drop":
			for step in self.last:
				step.drop = text.split("|")
		elif key == "differ":
			self.differ.append(text.split())
		elif key == "scattered":
			self.scattered = True
		elif key != "note":
			raise ValueError(f"'{key}' is no word of a conversation")

	def check(self):
		for step in self.steps:
			if step.text and (step.out is None) == (step.drop is None):
				raise SystemExit(f"{self.place}: every 'in' needs either 'out' or 'drop'")
		if not self.steps or not self.clause:
			raise SystemExit(f"{self.place}: no steps, or no clause")


def load(path):
	flows, config, clause, flow = [], [], None, None
	for place, line in lines_of(path):
		key, _, text = line.partition(" ")
		where = f"{os.path.relpath(path)}:{place}"
		if key == "case":
			flow = Flow(text, clause, config, where)
			flows.append(flow)
		elif key == "clause":
			clause, flow = text, None
		elif flow is None:
			if key != "config":
				raise SystemExit(f"{where}: '{key}' outside of a case")
			config = [] if text == "reset" else config + [text]
		else:
			try:
				flow.read(line)
			except (ValueError, IndexError) as error:
				raise SystemExit(f"{where}: {error!r}") from error
	for flow in flows:
		flow.check()
	return flows


def load_all():
	flows = [flow for name in sorted(os.listdir(FOLDER)) if name.endswith(".flow") for flow in load(os.path.join(FOLDER, name))]
	names = [flow.name for flow in flows]
	double = {name for name in names if names.count(name) > 1}
	if double:
		raise SystemExit(f"two conversations of the same name: {', '.join(sorted(double))}")
	return flows


def filled(text, values):
	return re.sub(r"\$([A-Z])", lambda match: str(values[match.group(1)]), text)


def bind(pattern, data, values):
	"""The pattern with its $X put in; new ones are taken from data, where the layer stands that names them"""
	parts, layers = pattern.split(" / "), dissect.dissect(data)
	for part, layer in zip(parts, layers):
		words = part.split()
		for name in re.findall(r"\$([A-Z])", part):
			if name in values or layer.kind != words[0]:
				continue
			if f"${name}" in words:
				values[name] = layer.fields["pair"][0 if words.index(f"${name}") == 1 else 1]
			else:
				key = next(word.split("=")[0] for word in words if word.endswith(f"=${name}"))
				values[name] = layer.fields[key]
	return filled(pattern, {**{name: "?" for name in re.findall(r"\$([A-Z])", pattern)}, **values})


def build(step, values):
	return description.build(filled(step.text, values))

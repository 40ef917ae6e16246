# SPDX-License-Identifier: GPL-2.0-or-later
"""Case files, and the raw octets that belong to them.

cases/NAME.case is written by people:

	config pool6 2001:db8:64::/96        for all cases below (repeated: added; 'config reset' forgets)
	clause 7915-4.1                      the ledger's clause that the cases below hold
	case 7915-4.1 TOS becomes the traffic class
		config tos 0x10              for this case
		in ip4 192.0.2.1 > 198.51.100.1 tos=0x28 / udp 1000 > 53
		out ip6 hop=63 tc=0x28 / udp sum=ok
		note why, where a clause alone does not tell

	'in' is a packet in description.py's language, 'hex OCTETS' a raw one (then 'direction 46' or '64' is needed).
	'out' states what the clause asks of the result, in dissect.py's fields; fields that it does not name are still compared
	with the raw octets. 'drop NAME' (or 'drop NAME|NAME', where a packet is wrong in several ways) is a verdict of verdict.h; 'pointer' is where a Parameter Problem about it points.
	'module only' marks what depends on the way out: a hop limit that ends, packets too big, fragments (several 'out'). 'reply' states the
	error that goes back to the sender, which only the module can send.

	'core only' marks what the IP stack drops before a translator sees it. 'wrong sums' marks packets whose checksums are wrong on purpose.

	case 7915-4.2 code $code             a table: one case for every row, with its words put in. A row may
		row code=0 new=0             end in ' : ' and a line of its own.
		row code=14 : drop ICMP_TYPE

cases/NAME.raw is generated (tests/conform/nat64/conform write), reviewed and committed: for every case its packet, the verdict and the
packets that the standards allow as a result, in hex (long ones deflated, in base64). Oracle and core are both held against it.
"""
import base64
import os
import shlex
import string
import zlib

import description

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "cases")
WIDTH, LONG, DEFLATED = 48, 1600, "deflated:"


class Case:
	def __init__(self, name, clause, config, place):
		self.name, self.clause, self.config, self.place = name, clause, list(config), place
		self.direction = self.packet = None
		self.outs, self.replies = [], []  # patterns of what goes on, and of what goes back to the sender
		self.module_only = False
		self.pointer = ""  # octet that a Parameter Problem about the packet points at
		self.drop, self.core_only, self.wrong_sums, self.notes = None, False, False, []
		self.raw = None  # Raw

	def read(self, key, text):
		if key == "config":
			self.config.append(text)
		elif key == "in":
			self.packet = bytes.fromhex(text[4:]) if text.startswith("hex ") else description.build(text)
			self.direction = self.direction or {"ip4": "46", "ip6": "64"}.get(text.split()[0])
		elif key == "direction":
			self.direction = text
		elif key == "out":
			self.outs.append(text)
		elif key == "reply":
			self.replies.append(text)
		elif key == "module" and text == "only":
			self.module_only = True
		elif key == "pointer":
			self.pointer = text
		elif key == "drop":
			self.drop = text.split("|")
		elif key == "core" and text == "only":
			self.core_only = True
		elif key == "wrong" and text == "sums":
			self.wrong_sums = True
		elif key == "note":
			self.notes.append(text)
		else:
			raise ValueError(f"'{key}' is no word of a case")

	def check(self):
		if not self.packet or not self.direction or bool(self.outs) == (self.drop is not None) or (len(self.outs) > 1 and not self.module_only):
			raise ValueError(f"{self.place}: needs one 'in', a direction, and either 'out' or 'drop'")
		if not self.clause:
			raise ValueError(f"{self.place}: belongs to no clause")


class Raw:
	def __init__(self, packet, verdict, results):
		self.packet, self.verdict, self.results = packet, verdict, results


def lines_of(path):
	"""(number, line) with continued lines joined"""
	held, begun = "", 0
	with open(path, encoding="utf-8") as file:
		for place, line in enumerate(file, 1):
			line = line.rstrip("\n")
			begun = begun or place
			if line.endswith("\\"):
				held += line[:-1].strip() + " "
				continue
			line, held = (held + line.strip()).strip(), ""
			if line and not line.startswith("#"):
				yield begun, line
			begun = 0


class Draft:
	"""A case as it is read: its rows, and its other lines"""

	def __init__(self, name, clause, config, place):
		self.name, self.clause, self.config, self.place, self.rows, self.lines = name, clause, config, place, [], []

	def cases(self):
		for row in self.rows or [""]:
			words, _, line = row.partition(" : ")
			values = dict(word.split("=", 1) for word in shlex.split(words))
			case = Case(string.Template(self.name).substitute(values), self.clause, self.config, self.place)
			for key, text in [*self.lines, *([line.split(" ", 1)] if line else [])]:
				case.read(key, string.Template(text).substitute(values))
			case.check()
			yield case


def load(path):
	drafts, config, clause, case = [], [], None, None
	for place, line in lines_of(path):
		key, _, text = line.partition(" ")
		where = f"{os.path.relpath(path)}:{place}"
		try:
			if key == "case":
				case = Draft(text, clause, config, where)
				drafts.append(case)
			elif key == "clause":
				clause, case = text, None
			elif case is None:
				if key != "config":
					raise ValueError(f"'{key}' outside of a case")
				config = [] if text == "reset" else config + [text]
			elif key == "row":
				case.rows.append(text)
			else:
				case.lines.append((key, text.strip()))
		except ValueError as error:
			raise SystemExit(f"{where}: {error}") from error
	cases = []
	for draft in drafts:
		try:
			cases += draft.cases()
		except (ValueError, KeyError, IndexError, AssertionError) as error:
			raise SystemExit(f"{draft.place}: {draft.name}: {error!r}") from error
	return cases


def files():
	return sorted(os.path.join(FOLDER, name) for name in os.listdir(FOLDER) if name.endswith(".case"))


def raw_path(path):
	return path[:-len(".case")] + ".raw"


def wrapped(key, octets):
	text = octets.hex() if len(octets) < LONG else DEFLATED + base64.b64encode(zlib.compress(octets, 9)).decode()
	parts = [text[i:i + 2 * WIDTH] for i in range(0, len(text), 2 * WIDTH)] or [""]
	return "".join(f"\t{key if i == 0 else ''}\t{part}\n" for i, part in enumerate(parts))


def unwrapped(text):
	return zlib.decompress(base64.b64decode(text[len(DEFLATED):])) if text.startswith(DEFLATED) else bytes.fromhex(text)


def raw_text(cases):
	text = "# SPDX-License-Identifier: GPL-2.0-or-later\n# Generated by tests/conform/nat64/conform write; see casefile.py.\n"
	for case in cases:
		if case.module_only:
			continue
		text += f"case {case.name}\n" + wrapped("in", case.raw.packet) + f"\tverdict\t{case.raw.verdict}\n"
		text += "".join(wrapped("out", packet) for packet in case.raw.results)
	return text


def load_raw(path):
	"""name -> Raw"""
	found, raw, part = {}, None, None
	if not os.path.exists(path):
		return found
	with open(path, encoding="utf-8") as file:
		for line in file:
			line = line.rstrip("\n")
			if line.startswith("case "):
				raw = found[line[5:]] = Raw("", "", [])
			elif line.startswith("\t"):
				key, value = line[1:].split("\t")
				part = key or part
				if part == "in":
					raw.packet += value
				elif part == "verdict":
					raw.verdict = value
				elif key == "out":
					raw.results.append(value)
				else:
					raw.results[-1] += value
	for raw in found.values():
		raw.packet, raw.results = unwrapped(raw.packet), [unwrapped(text) for text in raw.results]
	return found


def load_all(stale=False):
	"""Every case with its raw octets; path -> cases. stale: octets without a case are no error"""
	every, names = {}, {}
	for path in files():
		every[path] = load(path)
		raws = load_raw(raw_path(path))
		for case in every[path]:
			if case.name in names:
				raise SystemExit(f"{case.place}: the name stands at {names[case.name]} too")
			names[case.name] = case.place
			case.raw = raws.pop(case.name, None)
		if raws and not stale:
			raise SystemExit(f"{raw_path(path)}: no such case: {', '.join(raws)}")
	return every

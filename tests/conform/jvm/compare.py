#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""compare.py STREAM HOTSPOT OURS: holds our verdicts on the classes of a stream against HotSpot's.

Prints, by what HotSpot says, on how many classes we
  agree    the same phase and error; for a VerifyError of the type checker also the same method and bytecode index
  in set   several errors of ours, one of which is HotSpot's: its order depends on addresses
  place    the same phase and error, another method or bytecode index
  open     we say it depends on obligations that were not looked into, and HotSpot says what they may lead to; or HotSpot speaks of
           another class, which could not be defined or did not link: that one was not ours to judge
  differ   anything else
then the differing classes by kind, the most frequent kind first. Kinds that the file 'explained' has a row for are counted
apart. With --strict the exit status is 1 if a difference is left unexplained.
"""
import argparse
import itertools
import os
import re
import struct
import sys
from collections import Counter, defaultdict

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from records import CERTIFICATES, OPEN, PHASES, SIBLING, SUPER, read_verdicts  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OBLIGED = {"java/lang/VerifyError", "java/lang/NoClassDefFoundError", "java/lang/IncompatibleClassChangeError", "java/lang/IllegalAccessError",
	   "java/lang/ClassFormatError", "java/lang/ClassCircularityError", "java/lang/LinkageError"}


def shape(message):
	"""What a message says, without what it says it of: VerifyErrors group by it."""
	text = message.split("\n")[0]
	if text.startswith("(class: "):
		text = text.split(") ", 2)[-1] if text.count(") ") > 1 else text.split(") ", 1)[-1]
	text = re.sub(r'"[^"]*"', '"..."', text)
	text = re.sub(r"\b[\w$]+(?:[./][\w$<>-]+)+(?:\([^ ]*)?", "NAME", text)
	return re.sub(r"\d+", "N", text)[:110]


def short(error):
	return error.rsplit("/", 1)[-1]


class Explained:
	"""The file 'explained': rows of tab-separated fields, HotSpot's phase, error and message, our phase, error and message (regular
	expressions, '*' for anything), the clause of the JVMS, why."""

	def __init__(self, path):
		self.rows = []
		with open(path, encoding="utf-8") as file:
			for number, line in enumerate(file, 1):
				if not line.strip() or line.startswith("#"):
					continue
				fields = line.rstrip("\n").split("\t")
				if len(fields) != 8 or not all(fields):
					raise ValueError(f"{path}:{number}: 8 fields are wanted")
				self.rows.append([re.compile(".*" if field == "*" else field, re.S) for field in fields[:6]] + fields[6:])
		self.counts = Counter()

	def find(self, theirs, ours):
		texts = [theirs.phase, short(theirs.error), theirs.message]
		for verdict in ours:
			every = texts + [verdict.phase, short(verdict.error), verdict.message]
			for number, row in enumerate(self.rows):
				if all(pattern.search(text) if at % 3 == 2 else pattern.fullmatch(text) for at, (pattern, text) in enumerate(zip(row, every))):
					self.counts[number] += 1
					return True
		return False


def judge(theirs, ours, certified):
	same = [verdict for verdict in ours if (verdict.phase, verdict.error) == (theirs.phase, theirs.error)]
	if theirs.phase == "ok":
		if same:
			return "open" if any(verdict.flags & OPEN for verdict in same) else "agree"
		return "differ"
	if same:
		placed = [verdict for verdict in same if certified or theirs.bci < 0 or not theirs.method or
			  (verdict.method, verdict.bci) == (theirs.method, theirs.bci)]
		if not placed:
			return "place"
		return "agree" if len(ours) == 1 else "in set"
	if theirs.error in OBLIGED and any(verdict.phase == "ok" and verdict.flags & OPEN for verdict in ours):
		return "open"
	return "differ"


def notes(path, numbers):
	"""The notes of these classes of a stream"""
	found, last = {}, max(numbers, default=-1)
	with open(path, "rb") as file:
		file.seek(8)
		for number in range(last + 1):
			size, length = struct.unpack(">IH", file.read(6))
			if number in numbers:
				found[number] = file.read(length).decode("utf-8", "replace")
				file.seek(size, 1)
			else:
				file.seek(size + length, 1)
	return found


def say(verdict):
	place = f" {verdict.method}" if verdict.method else ""
	place += f" @{verdict.bci}" if verdict.bci >= 0 else ""
	lines = verdict.message.split("\n")
	reason = next((lines[i + 1].strip() for i, line in enumerate(lines[:-1]) if line.strip() == "Reason:"), "")
	return f"{verdict.phase} {short(verdict.error)}{place} {lines[0][:300]}{' | ' + reason if reason else ''}".strip()


def main():
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument("--explained", default=os.path.join(HERE, "explained"))
	parser.add_argument("--each", type=int, default=3, help="examples of a kind (3)")
	parser.add_argument("--kinds", type=int, default=30, help="kinds listed (30)")
	parser.add_argument("--strict", action="store_true")
	parser.add_argument("stream")
	parser.add_argument("hotspot")
	parser.add_argument("ours")
	options = parser.parse_args()
	explained = Explained(options.explained)
	table, kinds, crashes = defaultdict(Counter), defaultdict(list), 0
	hotspot, ours = read_verdicts(options.hotspot), read_verdicts(options.ours)
	names = next(hotspot), next(ours)
	certified = names[1] == CERTIFICATES  # they name no places
	print(" and ".join(names))
	groups = itertools.groupby(ours, lambda verdict: verdict.number)
	for theirs in hotspot:
		number, group = next(groups, (None, ()))
		group = list(group)
		if number != theirs.number or any(verdict.hash != theirs.hash for verdict in group):
			sys.exit(f"compare: class {theirs.number} has no verdict of ours, or one on other octets: not the same stream")
		if theirs.phase == "crash":
			crashes += 1
			continue
		result = judge(theirs, group, certified)
		if result in ("differ", "place"):
			if theirs.flags & (SIBLING | SUPER) and theirs.culprit:
				result = "open"
			elif explained.find(theirs, group):
				result = "explained"
			else:
				kinds[(result, theirs.phase, short(theirs.error), shape(theirs.message), group[0].phase, short(group[0].error),
				       shape(group[0].message))].append((theirs, group))
		table[(PHASES.index(theirs.phase), short(theirs.error))][result] += 1
	if next(groups, None):
		sys.exit("compare: more verdicts of ours than of HotSpot's")
	left = report(options, table, kinds, explained, crashes)
	sys.exit(1 if options.strict and (left or not table) else 0)


def report(options, table, kinds, explained, crashes):
	columns = ("agree", "in set", "place", "open", "differ", "explained")
	print(f"\n{'HotSpot':42}" + "".join(f"{column:>10}" for column in columns))
	total = Counter()
	for (phase, error), row in sorted(table.items()):
		print(f"{PHASES[phase] + ' ' + error:42}" + "".join(f"{row[column]:10}" for column in columns))
		total += row
	print(f"{sum(total.values())} classes".ljust(42) + "".join(f"{total[column]:10}" for column in columns))
	if crashes:
		print(f"HotSpot ended at {crashes} classes")
	for number, row in enumerate(explained.rows):
		print(f"explained {explained.counts[number]:6} times: {row[6]}: {row[7]}")
	ranked = sorted(kinds.items(), key=lambda item: -len(item[1]))
	wanted = {theirs.number for _, cases in ranked[:options.kinds] for theirs, _ in cases[:options.each]}
	known = notes(options.stream, wanted)
	for (result, phase, error, text, our_phase, our_error, our_text), cases in ranked[:options.kinds]:
		print(f"\n{len(cases):6} {result}: HotSpot {phase} {error} {text!r}, we {our_phase} {our_error} {our_text!r}")
		for theirs, group in cases[:options.each]:
			print(f"       class {theirs.number}: {known[theirs.number]}\n         HotSpot {say(theirs)}")
			for verdict in group[:4]:
				print(f"         we      {say(verdict)}")
	if len(ranked) > options.kinds:
		print(f"\nand {len(ranked) - options.kinds} kinds more")
	left = total["differ"] + total["place"]
	print(f"\n{left} unexplained")
	return left


if __name__ == "__main__":
	main()

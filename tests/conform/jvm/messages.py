#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""messages.py [--least N] VERDICTS...: how often HotSpot gave each of the messages by which its verifiers refuse a class (the file
'messages'), rarest first. With --least the exit status is 1 if one that can be given was given less often, or one that
cannot be was, or one was given that the list lacks."""
import argparse
import os
import re
import sys
from collections import Counter

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from records import read_verdicts  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
REFUSALS = ("java/lang/VerifyError", "java/lang/ClassFormatError")


def known():
	rows = []
	with open(os.path.join(HERE, "messages"), encoding="utf-8") as file:
		for line in file:
			if line.strip() and not line.startswith("#"):
				who, text, *why = line.rstrip("\n").split("\t")
				pattern = re.escape(text).replace("%d", r"-?\d+").replace("%s", r"[^\n]*")
				rows.append((who, text, re.compile(pattern + r"(?= in method '|$)", re.M), why[0] if why else None))
	# what fits several is what fits most of it word by word
	return sorted(rows, key=lambda row: -len(row[1].replace("%s", "").replace("%d", "")))


def count(paths, rows):
	counts, strange = Counter(), Counter()
	for path in paths:
		verdicts = read_verdicts(path)
		next(verdicts)
		for verdict in verdicts:
			if verdict.phase != "link" or verdict.error not in REFUSALS:
				continue
			head = re.match(r"\((?:class|field|method): .*?\) (?=[A-Z]|catch_type|invokedynamic)", verdict.message)
			who = "inference" if head else "checker"
			text = verdict.message[head.end() if head else 0:].split("\n")[0]
			row = next((row for row in rows if row[0] == who and row[2].match(text)), None)
			if row:
				counts[row[:2]] += 1
			else:
				strange[f"{who}: {text[:200]}"] += 1
	return counts, strange


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--least", type=int)
	parser.add_argument("verdicts", nargs="+")
	options = parser.parse_args()
	rows = known()
	counts, strange = count(options.verdicts, rows)
	wrong = len(strange)
	for who, text, _, why in sorted(rows, key=lambda row: counts[row[:2]]):
		number = counts[who, text]
		print(f"{number:8}  {who:9}  {text}{'  (unreachable: ' + why + ')' if why else ''}")
		wrong += (number > 0) if why else number < (options.least or 0)
	for text, number in strange.most_common():
		print(f"{number:8}  not in the list: {text}")
	given = sum(1 for row in rows if counts[row[:2]])
	print(f"{given} of {len(rows)} messages given, {sum(1 for row in rows if row[3])} said to be unreachable")
	sys.exit(1 if options.least is not None and wrong else 0)


main()

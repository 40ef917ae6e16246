#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""campaign.py FOLDER [OPTION]... JAR...: makes mutants of the classes of jars and has HotSpot judge them, in FOLDER:

  base.cls base.hotspot        classes of the jars, and HotSpot's verdicts
  linkable.cls                 those that link: what mutants are made of
  mutants.cls mutants.hotspot  the mutants, and HotSpot's verdicts

The jars are also the class path; with --class-path J others are too. IMAGE as a jar stands for the JDK's classes outside
java.*. Prints what became of the mutants. --base: stop before making any."""
import argparse
import glob
import os
import subprocess
import sys
from collections import Counter, namedtuple

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from records import BUILD, jdk_home, judge, read_stream, read_verdicts, write_stream  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
Outcome = namedtuple("Outcome", "defined rejected old accepted crashed undefined kinds")


def corpus(path, jars, class_path, largest=1 << 30, one_in=1):
	"""Classes as a stream, and HotSpot's verdicts on them."""
	files = []
	os.makedirs(path, exist_ok=True)
	for jar in jars:
		files += sorted(glob.glob(f"{jdk_home()}/jmods/*.jmod")) if jar == "IMAGE" else [jar]
	command = [sys.executable, f"{HERE}/corpus.py", "--largest", str(largest), "--one-in", str(one_in), "--outside-java"]
	subprocess.run(command + [f"{path}/base.cls", *files], check=True)
	judge(f"{path}/base.cls", f"{path}/base.hotspot", class_path)


def linkable(path, largest=1 << 30):
	"""Those of the classes that link, in a stream of their own; returns how many."""
	verdicts = read_verdicts(f"{path}/base.hotspot")
	next(verdicts)
	kept = 0

	def linking():
		nonlocal kept
		for (note, data), verdict in zip(read_stream(f"{path}/base.cls"), verdicts):
			if verdict.phase == "ok" and len(data) <= largest:
				kept += 1
				yield note, data

	write_stream(f"{path}/linkable.cls", linking())
	return kept


def mutate(path, class_path, kept, count, seed=1, old=35, only=None):
	"""Mutants of the classes that link, and HotSpot's verdicts on them."""
	each = -(-count * 5 // (4 * kept))  # some mutants cannot be made, and some are made twice
	command = [f"{BUILD}/mutate", "--seed", str(seed), "--each", str(each), "--most", str(count), "--old", str(old)]
	if only:
		command += ["--only", only]
	with open(f"{path}/linkable.cls", "rb") as classes, open(f"{path}/mutants.cls", "wb") as mutants:
		subprocess.run(command, stdin=classes, stdout=mutants, check=True)
	judge(f"{path}/mutants.cls", f"{path}/mutants.hotspot", class_path)


def outcome(stream, verdicts, seen=None):
	"""What became of mutants. Old: refused by the inference verifier, alone or after the type checker failed in version 50. None may
	stand twice, but what is in the set `seen`, of other streams, is only left out."""
	counts, kinds, others, mine = Counter(), {}, seen or set(), set()
	verdicts = read_verdicts(verdicts)
	next(verdicts)
	for (note, data), verdict in zip(read_stream(stream), verdicts):
		if verdict.hash in mine:
			raise ValueError(f"mutant {verdict.number} stands twice: {note}")
		mine.add(verdict.hash)
		if verdict.hash in others:
			continue
		words = note.split(" ", 1)[1]
		if words.startswith("in "):
			words = words.split(": ", 1)[1]
		kinds.setdefault(words.split(":")[0], Counter())[verdict.phase] += 1
		counts[verdict.phase] += 1
		if verdict.phase == "link" and verdict.error == "java/lang/VerifyError" and data[6] == 0 and data[7] <= 50:
			counts["old"] += 1
	if seen is not None:
		seen |= mine
	return Outcome(counts["link"] + counts["ok"], counts["link"], counts["old"], counts["ok"], counts["crash"], counts["define"], kinds)


def describe(result):
	for kind, counts in sorted(result.kinds.items()):
		print(f"  {kind:14}" + "".join(f"  {phase} {counts[phase]:7}" for phase in ("define", "link", "ok")))
	print(f"mutants: {result.defined} defined, of which {result.rejected} rejected at link ({result.old} by the old verifier) and "
	      f"{result.accepted} accepted; {result.undefined} not defined, {result.crashed} ended the JVM")


def main():
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument("--count", type=int, default=20000)
	parser.add_argument("--seed", type=int, default=1)
	parser.add_argument("--old", type=int, default=35, help="percent of classes turned into version 49 where that is possible (35)")
	parser.add_argument("--only", help="changes, as mutate --list names them")
	parser.add_argument("--largest", type=int, default=6000, help="octets of a class (6000)")
	parser.add_argument("--one-in", type=int, default=1, help="take every Nth class")
	parser.add_argument("--class-path", action="append", default=[])
	parser.add_argument("--base", action="store_true")
	parser.add_argument("folder")
	parser.add_argument("jar", nargs="+")
	options = parser.parse_args()
	class_path = options.jar + options.class_path
	corpus(options.folder, options.jar, class_path, options.largest, options.one_in)
	kept = linkable(options.folder)
	print(f"{kept} classes link")
	if not options.base:
		mutate(options.folder, class_path, kept, options.count, options.seed, options.old, options.only)
		describe(outcome(f"{options.folder}/mutants.cls", f"{options.folder}/mutants.hotspot"))


if __name__ == "__main__":
	main()

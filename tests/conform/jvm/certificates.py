#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""certificates.py STREAM CERTIFICATES: generated classes as a stream, and what is known to become of each as a file of verdicts,
to hold HotSpot's or ours against with compare.py: each instruction with operands that fit and that do not (operands.py), each
type for each other (assignments.py), the rules of tables, limits and constructors (structure.py), access flags (flags.py),
names and descriptors (names.py), inheritance (inheritance.py), attributes and constants (attributes.py), programs of subroutines (subroutines.py). With --shared
only programs whose subroutines are called from several routines, and with --wild N as many of wild.py, of which nothing is certain: for
comparing verdicts only."""
import argparse
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import assignments  # noqa: E402
import attributes  # noqa: E402
import flags  # noqa: E402
import inheritance  # noqa: E402
import names  # noqa: E402
import operands  # noqa: E402
import structure  # noqa: E402
import subroutines  # noqa: E402
import wild  # noqa: E402
from records import CERTIFICATES, Verdict, fnv, write_stream, write_verdicts  # noqa: E402


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--subroutines", type=int, default=2000)
	parser.add_argument("--flags", type=int, default=8, help="one in N of the combinations of flags (8)")
	parser.add_argument("--shared", action="store_true")
	parser.add_argument("--wild", type=int, default=0)
	parser.add_argument("--seed", type=int, default=1)
	parser.add_argument("stream")
	parser.add_argument("certificates")
	options = parser.parse_args()
	made = []
	if not options.shared:
		for part in (operands, assignments, structure, names, inheritance, attributes):
			made += part.programs()
		made += flags.programs(options.flags)
	made += subroutines.programs(options.subroutines, options.seed, not options.shared)
	made += wild.programs(options.wild, options.seed)
	write_stream(options.stream, ((note, data) for note, data, _, _ in made))
	write_verdicts(options.certificates, CERTIFICATES, (
		Verdict(number, fnv(data), phase, 0, -1, error, note.split()[0], "", "", note)
		for number, (note, data, phase, error) in enumerate(made)))


if __name__ == "__main__":
	main()
